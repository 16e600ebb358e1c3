/*
 * scene_tile.h - what one moving thing covers of a picture while the shutter is open. Between the
 * generator's files.
 */
#ifndef GH_TESTS_SCENE_TILE_H
#define GH_TESTS_SCENE_TILE_H

#include "scene.h"

/* rows are drawn for the processor at hand */
#if defined(__x86_64__) && defined(__gnu_linux__) && !defined(__clang__) &&                        \
	!defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define SCENE_CLONES __attribute__((target_clones("avx2", "default")))
#else
#define SCENE_CLONES
#endif

enum { SCENE_TILE = 96 }; /* half the side of the largest thing drawn, pixels */

struct scene_tile {
	float cover[2 * SCENE_TILE][2 * SCENE_TILE]; /* 0 to 1 a pixel */
	int left, top;
	int side;                         /* of the square in use, at most 2 * SCENE_TILE */
	int low_x, low_y, high_x, high_y; /* what is used of it; high is past the end */
};

/** @param reach  nothing will be drawn further from there, pixels. */
void scene_tile_begin(struct scene_tile *tile, double x, double y, double reach);
/** One sight of a rounded shape: half axes @p a and @p b, turned. */
void scene_tile_add(struct scene_tile *tile, double x, double y, double a, double b, double turn,
		    double weight);
/** Planes without chroma get luma alone. */
void scene_tile_put(const struct scene_tile *tile, const struct scene_options *options,
		    const struct scene_planes *planes, uint8_t luma, uint8_t cb, uint8_t cr);
/** An upright rectangle with soft edges, of any size, blended by @p part. */
void scene_rectangle(const struct scene_options *options, const struct scene_planes *planes,
		     double x0, double y0, double x1, double y1, uint8_t luma, double part);

#endif
