/*
 * match.h - exact 1:N search over unit vectors.
 *
 * A search scans vectors quantised to 8 bits and rescores in float every row that a proven error
 * bound cannot exclude, so the result equals that of a float scan. Any thread; adding and removing
 * wait for running searches.
 */
#ifndef GH_VISION_FACE_MATCH_H
#define GH_VISION_FACE_MATCH_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
	GALLERY_TEMPLATES_MAX = 1048576,
	GALLERY_TEMPLATES_PER_PERSON_MAX = 16,
	GALLERY_RESULTS_MAX = 8,
	GALLERY_DIM_MAX = 1024,
	GALLERY_PERSON_BYTES = 27, /* a ULID and the ending zero */
};

struct gallery;

struct gallery_match {
	char person[GALLERY_PERSON_BYTES];
	float score; /* cosine, -1 to 1, times the person's gain if gallery_set_gain() was called */
};

/**
 * @param dim  length of a vector, a multiple of 64, at most GALLERY_DIM_MAX. @return 0, -EINVAL or
 *             -ENOMEM.
 */
int gallery_open(size_t dim, struct gallery **ret_gallery);

/**
 * Score normalisation: a person's scores are multiplied by the mean over its templates of @p gain
 * (embedding norm). NULL, the default: 1. Call before adding anyone and before other threads use
 * the gallery.
 * @param gain  pure; returns 0.5 to 2.
 */
void gallery_set_gain(struct gallery *gallery, float (*gain)(float norm));

/** NULL is fine. */
void gallery_close(struct gallery *gallery);

/**
 * Add a template. A person may have several; the best one counts.
 * @param vector  norm above 0; scaled to unit length after its norm was passed to the gain
 *                function.
 * @return 0, -EINVAL (not 26 characters; a zero, infinite or NaN vector), -ENOSPC (gallery or
 *         person full) or -ENOMEM.
 */
int gallery_add(struct gallery *gallery, const char *person, const float *vector);

/**
 * Add a template to the mean of a person's templates, which is faster to search and slightly more
 * accurate: on LFW with three templates each, 0.7 % of searches fail at 1 % false accepts, against
 * 0.8 % with the best of three. A person uses gallery_add() or gallery_merge(), not both.
 * @return as gallery_add(); also -EINVAL for a person of gallery_add(), or a vector that makes the
 *         mean zero.
 */
int gallery_merge(struct gallery *gallery, const char *person, const float *vector);

/**
 * Remove a merged vector from its person's mean.
 * @return 0, -ENOENT (no such person) or -EINVAL (as gallery_merge(); the mean would be zero).
 */
int gallery_unmerge(struct gallery *gallery, const char *person, const float *vector);

/** Remove a person. @return the number of rows removed; one for merged templates. */
size_t gallery_remove(struct gallery *gallery, const char *person);

/** Remove all persons. */
void gallery_clear(struct gallery *gallery);

/** Rows that a probe is compared with (a mean is one row), and persons. */
size_t gallery_templates(struct gallery *gallery);
size_t gallery_persons(struct gallery *gallery);

/**
 * The @p results_max nearest persons, best first, each once; the order of equal scores is
 * unspecified.
 * @param probe  as in gallery_add().
 * @return 0 (also for an empty gallery, *ret_count 0), -EINVAL (probe, results_max of 0 or above
 *         GALLERY_RESULTS_MAX) or -ENOMEM.
 */
int gallery_search(struct gallery *gallery, const float *probe, size_t results_max,
		   struct gallery_match *results, size_t *ret_count);

/**
 * Score of a vector against one person's best template, as in gallery_search().
 * @return 0, -ENOENT (no person has this id) or -EINVAL (a zero, infinite or NaN vector).
 */
int gallery_person_score(struct gallery *gallery, const char *person, const float *vector,
			 float *ret_score);

/**
 * The person most similar to the owner of a template; the score includes the gains of both.
 * @param at  row, 0 to gallery_templates() - 1; rows are renumbered when people are removed.
 * @return 0, -ENOENT (no such row, or no other person) or -ENOMEM.
 */
int gallery_neighbour(struct gallery *gallery, size_t at, char ret_person[GALLERY_PERSON_BYTES],
		      struct gallery_match *ret_other);

#ifdef __cplusplus
}
#endif
#endif
