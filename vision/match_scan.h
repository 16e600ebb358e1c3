/*
 * match_scan.h - the inner loop of match.c: products of one vector with many, in whole numbers.
 * Pure; any thread.
 */
#ifndef GH_VISION_MATCH_SCAN_H
#define GH_VISION_MATCH_SCAN_H

#include <stddef.h>
#include <stdint.h>

/* The processor multiplies unsigned by signed bytes, so the probe is raised by MATCH_OFFSET in the product:
 * product = <probe + MATCH_OFFSET, row> in every version, and callers take MATCH_OFFSET * sum(row) off. */
enum { MATCH_OFFSET = 128, MATCH_BLOCK = 64 };

/**
 * @param probe  @p dim numbers, a multiple of 64, -127 to 127, at a multiple of 64 bytes.
 * @param rows   @p count rows of @p dim numbers, at a multiple of 64 bytes.
 */
typedef void match_dot_fn(const int8_t *probe, const int8_t *rows, size_t dim, size_t count,
			  int32_t *ret_products);

/** The fastest version that this processor can run. */
match_dot_fn *match_dot_best(void);

/** The version that runs anywhere, to hold the others against. */
match_dot_fn match_dot_plain;

#endif
