/*
 * litter_suite_book.h - what was measured scene by scene, kept in a file, so that hours add up over
 * many runs.
 *
 * One JSON object a line. A line that was cut off, as by a power cut, is left out and measured
 * again. The file is for one version of the analysis: who calls names it by what that depends on.
 * One thread.
 */
#ifndef GH_BENCH_LITTER_SUITE_BOOK_H
#define GH_BENCH_LITTER_SUITE_BOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct suite_line {
	uint64_t seed; /* of the suite */
	unsigned clip_s;
	unsigned scene; /* its number */
	double seconds; /* its length */
	unsigned alerts, suspected;
	bool h264;
	int height_px;
	uint64_t frames;
	double busy_ms;
};

struct suite_book;

/** @return 0, -ENOMEM or the negative errno of the file, which is made where there is none. */
int suite_book_open(const char *path, struct suite_book **ret_book);
/** NULL is fine. */
void suite_book_close(struct suite_book *book);
/**
 * Fills in the line of that seed, length and scene. @return whether there is one. NULL: there is
 * none.
 */
bool suite_book_find(const struct suite_book *book, struct suite_line *line);
/** @return 0 or a negative errno; NULL: 0. */
int suite_book_add(struct suite_book *book, const struct suite_line *line);

#endif
