/*
 * face_film - what the cues that need a film say of one: blinks, and how alike frames that follow
 * each other are.
 *
 *   ffmpeg -v error -i FILM -vf scale=640:480 -f rawvideo -pix_fmt bgr24 - | face_film WIDTHxHEIGHT
 *   FPS [--models DIR] [--every N] bench/face_print.py PHOTO | face_film 640x480 25
 *
 * Frames come as raw BGR on stdin; of each the largest face goes through the gate's own steps,
 * --every N looks at one in N. What is told: blinks and when; from how many of all starting times
 * one is seen within 2, 4 and 8 seconds; the mean liveness, and the share of tracks of 8 frames
 * that liveness refuses; the cosine of each good frame's embedding with the one before.
 */
#include "vision/face/face_blink.h"
#include "vision/face/face_pipeline.h"
#include "vision/face/face_quality.h"
#include "vision/face/face_screen.h"
#include "vision/face/face_track.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FACES_MAX = 16, BLINKS_MAX = 4096, TRACK_FRAMES = 8 };
static const float liveness_min = 0.35f; /* the gate's */

struct film {
	struct face_engine *engine;
	int width_px, height_px;
	double fps;
	unsigned every;
	struct face_blink blink;
	unsigned blinks, frames, good, tracks, tracks_refused, in_track;
	double blink_s[BLINKS_MAX];
	float live[TRACK_FRAMES], before[FACE_DIM], *likeness;
	size_t likenesses;
	double live_sum;
};

static void add_track(struct film *film, float live)
{
	film->live_sum += (double)live;
	film->live[film->in_track++] = live;
	if (film->in_track < TRACK_FRAMES)
		return;
	film->tracks++;
	film->tracks_refused += face_track_live_mean(film->live, TRACK_FRAMES) < liveness_min;
	film->in_track = 0;
}

static void add_embedding(struct film *film, const float *embedding)
{
	float dot = 0, *larger = realloc(film->likeness, (film->likenesses + 1) * sizeof(float));

	if (larger == NULL)
		abort();
	film->likeness = larger;
	for (size_t i = 0; i < FACE_DIM; i++)
		dot += embedding[i] * film->before[i];
	if (film->good > 0)
		film->likeness[film->likenesses++] = dot;
	memcpy(film->before, embedding, sizeof(film->before));
}

static void add_eyes(struct film *film, const struct face *face, double second)
{
	struct face_eyes eyes = face_eyes_of(face);

	if (!face_blink_add(&film->blink, &eyes, (uint64_t)(second * 1000)))
		return;
	if (film->blinks < BLINKS_MAX)
		film->blink_s[film->blinks++] = second;
	memset(&film->blink, 0, sizeof(film->blink));
}

static void analyse(struct film *film, const uint8_t *pixels, double second)
{
	const struct face_image image = {pixels, film->width_px, film->height_px,
					 (size_t)film->width_px * 3};
	struct face faces[FACES_MAX];
	struct face_quality quality;
	uint8_t crop[FACE_CROP_BYTES];
	float embedding[FACE_DIM], live;
	size_t count = 0;

	film->frames++;
	if (face_detect(film->engine, &image, NULL, faces, FACES_MAX, &count) < 0 || count == 0 ||
	    face_find_points(film->engine, &image, &faces[0]) < 0 ||
	    face_align(&image, &faces[0], crop) < 0)
		return;
	face_quality_judge(&faces[0], crop, &face_quality_frame, &quality);
	if (quality.fault != FACE_FAULT_NONE ||
	    face_liveness(film->engine, &image, &faces[0], film->good, &live) < 0 ||
	    face_embed(film->engine, crop, 0, embedding, NULL) < 0)
		return;
	add_eyes(film, &faces[0], second);
	add_embedding(film, embedding);
	add_track(film, face_screen_live(&image, &faces[0], live));
	film->good++;
}

/*
 * Of all times at which somebody could have come, how many have the end of a blink within @p
 * within_s?
 */
static double share_within(const struct film *film, double length_s, double within_s)
{
	double covered_s = 0, until_s = 0, from_s;

	for (unsigned i = 0; i < film->blinks; i++) {
		from_s = film->blink_s[i] - within_s > until_s ? film->blink_s[i] - within_s
							       : until_s;
		covered_s += film->blink_s[i] > from_s ? film->blink_s[i] - from_s : 0;
		until_s = film->blink_s[i];
	}
	return length_s > within_s ? covered_s / (length_s - within_s) : 0;
}

static int rising(const void *left, const void *right)
{
	float a = *(const float *)left, b = *(const float *)right;

	return (a > b) - (a < b);
}

static void print(struct film *film, double length_s)
{
	printf("%.1f s, %u frames, %u good; blinks %u (%.1f a minute); within 2, 4, 8 s: %.0f, "
	       "%.0f, %.0f "
	       "%%\n",
	       length_s, film->frames, film->good, film->blinks,
	       length_s > 0 ? film->blinks * 60 / length_s : 0,
	       100 * share_within(film, length_s, 2), 100 * share_within(film, length_s, 4),
	       100 * share_within(film, length_s, 8));
	printf("liveness: mean %.3f; tracks of %d frames refused: %u of %u\n",
	       film->good > 0 ? film->live_sum / film->good : 0, TRACK_FRAMES, film->tracks_refused,
	       film->tracks);
	if (film->likenesses == 0)
		return;
	qsort(film->likeness, film->likenesses, sizeof(float), rising);
	printf("cosine of frames that follow each other: 5 %% %.4f, half %.4f, 95 %% %.4f\n",
	       (double)film->likeness[film->likenesses / 20],
	       (double)film->likeness[film->likenesses / 2],
	       (double)film->likeness[film->likenesses * 19 / 20]);
	printf("blinks at");
	for (unsigned i = 0; i < film->blinks; i++)
		printf(" %.2f", film->blink_s[i]);
	printf(" s\n");
}

int main(int argc, char **argv)
{
	struct film film = {.every = 1};
	const char *models = "models";
	struct problem problem = {0};
	uint8_t *pixels;
	size_t bytes;
	unsigned n = 0;
	bool right = argc >= 3 && sscanf(argv[1], "%dx%d", &film.width_px, &film.height_px) == 2 &&
		     film.width_px >= 16 && film.width_px <= 16384 && film.height_px >= 16 &&
		     film.height_px <= 16384 && (film.fps = atof(argv[2])) > 0;

	for (int i = 3; i + 1 < argc; i += 2) {
		if (strcmp(argv[i], "--models") == 0)
			models = argv[i + 1];
		else if (strcmp(argv[i], "--every") == 0)
			film.every = (unsigned)atoi(argv[i + 1]);
		else
			right = false;
	}
	if (!right || film.every < 1 || argc % 2 == 0) {
		fprintf(stderr, "usage: face_film WIDTHxHEIGHT FPS [--models DIR] [--every N] < "
				"raw BGR frames\n");
		return 2;
	}
	if (face_engine_open(models, 1, &film.engine, &problem) < 0) {
		fprintf(stderr, "%s\n", problem.detail);
		return 1;
	}
	bytes = (size_t)film.width_px * (size_t)film.height_px * 3;
	pixels = malloc(bytes);
	if (pixels == NULL)
		abort();
	for (; fread(pixels, 1, bytes, stdin) == bytes; n++)
		if (n % film.every == 0)
			analyse(&film, pixels, n / film.fps);
	print(&film, n / film.fps);
	free(pixels);
	free(film.likeness);
	face_engine_close(film.engine);
	return 0;
}
