/*
 * match_scan.h - the inner loop of match.c: products of one vector with many, in whole numbers.
 * Pure; any thread.
 */
#ifndef GH_VISION_FACE_MATCH_SCAN_H
#define GH_VISION_FACE_MATCH_SCAN_H

#include <stddef.h>
#include <stdint.h>

/* The processor multiplies unsigned by signed bytes, so the probe is raised by MATCH_OFFSET in the
 * product: product = <probe + MATCH_OFFSET, row> in every version, and callers take MATCH_OFFSET *
 * sum(row) off. */
enum { MATCH_OFFSET = 128, MATCH_BLOCK = 64 };

/**
 * @param probe  @p dim numbers, a multiple of 64, -127 to 127, at a multiple of 64 bytes.
 * @param rows   @p count rows of @p dim numbers, at a multiple of 64 bytes.
 */
typedef void match_dot_fn(const int8_t *probe, const int8_t *rows, size_t dim, size_t count,
			  int32_t *ret_products);

/** What the whole numbers of MATCH_BLOCK rows stand for; see match.c. */
struct match_sizes {
	float scale[MATCH_BLOCK];
	float norm[MATCH_BLOCK];      /* of scale * q */
	float rest_norm[MATCH_BLOCK]; /* of what q leaves out */
	int32_t sum[MATCH_BLOCK];     /* of q */
};

/**
 * Between which scores the first @p count rows of a block lie for certain.
 * @param probe     its sizes stand at index 0.
 * @param products  as match_dot_fn leaves them; MATCH_BLOCK of them are read.
 * @param lowest    MATCH_BLOCK, as @p highest.
 * @return the largest of @p highest.
 */
float match_bounds(const struct match_sizes *rows, const struct match_sizes *probe,
		   const int32_t *products, size_t count, float *lowest, float *highest);

/** The product in float, summed in double: what the bounds are of. @p dim: a multiple of 8. */
float match_exact(const float *a, const float *b, size_t dim);

/** The fastest version that this processor can run. */
match_dot_fn *match_dot_best(void);

/** The version that runs anywhere, to hold the others against. */
match_dot_fn match_dot_plain;

#endif
