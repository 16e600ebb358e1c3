/* litter_scene.h - small facades drawn in memory, for the tests of the littering analysis. */
#ifndef GH_TESTS_LITTER_SCENE_H
#define GH_TESTS_LITTER_SCENE_H

#include <math.h>
#include <stdint.h>
#include <string.h>

enum { SCENE_WIDTH = 640, SCENE_HEIGHT = 480, SCENE_FRAME_US = 40000 };

struct scene {
	uint8_t luma[SCENE_WIDTH * SCENE_HEIGHT];
	uint32_t seed;
};

static inline uint32_t scene_random(struct scene *scene)
{
	scene->seed = scene->seed * 1664525U + 1013904223U;
	return scene->seed >> 8;
}

/* windows on a wall, moved by (dx, dy), brighter by @p light, with noise of +-2 levels */
static inline void scene_facade(struct scene *scene, int dx, int dy, int light)
{
	for (int y = 0; y < SCENE_HEIGHT; y++) {
		for (int x = 0; x < SCENE_WIDTH; x++) {
			int window = (y + dy + 400) / 20 % 2 == 0 && (x + dx + 400) / 24 % 2 == 0;

			scene->luma[y * SCENE_WIDTH + x] =
				(uint8_t)((window ? 60 : 150) + light +
					  (int)(scene_random(scene) % 5) - 2);
		}
	}
}

static inline void scene_disc(struct scene *scene, float cx, float cy, float radius, uint8_t level)
{
	for (int y = (int)(cy - radius); y <= (int)(cy + radius) + 1; y++) {
		for (int x = (int)(cx - radius); x <= (int)(cx + radius) + 1; x++) {
			if (x >= 0 && y >= 0 && x < SCENE_WIDTH && y < SCENE_HEIGHT &&
			    hypotf((float)x - cx, (float)y - cy) <= radius)
				scene->luma[y * SCENE_WIDTH + x] = level;
		}
	}
}

/*
 * picture row of something that fell for @p s seconds from 40 m, seen from the ground 15 m away,
 * looking up
 */
static inline float scene_fall_y(float s)
{
	float angle = atan2f(40 - 4.905F * s * s, 15), top = atan2f(42, 15);

	return 500 * tanf(top - angle) + 20;
}

#endif
