/*
 * litter_suite.h - scenes by the number: what is thrown, in which weather, seen how, and what else
 * moves. The same seed and number, the same scene.
 */
#ifndef GH_BENCH_LITTER_SUITE_H
#define GH_BENCH_LITTER_SUITE_H

#include "scene.h"
#include "vision/litter/litter.h"

enum suite_weather {
	SUITE_FAIR,
	SUITE_OVERCAST,
	SUITE_RAIN,
	SUITE_NIGHT,
	SUITE_SNOW,
	SUITE_WEATHERS
};

struct suite_scene {
	struct scene_options options;
	enum suite_weather weather;
	int crf; /* of H.264; -1: pictures go straight in */
	unsigned number;
};

struct suite_choice {
	uint64_t seed;
	double h264_share; /* 0 to 1, of the scenes */
	int clip_s;        /* length of one without a throw */
	int height_max_px; /* larger pictures become 720p; 0: none do */
};

/** Five throws, apart or two at once, among a few distractors. */
void suite_throws(const struct suite_choice *choice, unsigned number,
		  struct suite_scene *ret_scene);
/** No throw, with one or more distractors of every kind in turn. */
void suite_negative(const struct suite_choice *choice, unsigned number,
		    struct suite_scene *ret_scene);
/** The calibration of a facade that the generator draws. */
void suite_calibrate(const struct scene *scene, struct litter_calibration *ret_calibration);

const char *suite_weather_name(enum suite_weather weather);

#endif
