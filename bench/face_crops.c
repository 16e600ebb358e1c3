/*
 * face_crops - points and cover measures of many pictures, for bench/face_cover.py.
 *
 *   face_crops [--models DIR] < pictures > records
 *
 * In: for each picture its width and height as 32-bit numbers of this machine, and its pixels, BGR.
 * Out: for each a struct record, of the face nearest to the picture's middle, by the gate's own
 * steps.
 */
#include "vision/face/face_cover.h"
#include "vision/face/face_pipeline.h"
#include "vision/face/face_quality.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FACES_MAX = 16, SIDE_MAX_PX = 4096 };

struct record {
	int32_t good, colours;
	float landmarks[2 * FACE_LANDMARKS], measures[FACE_COVER_MEASURES], cover;
};

static float off_middle(const struct face_image *image, const struct face *face)
{
	return hypotf(face->x_px + face->width_px / 2 - (float)image->width_px / 2,
		      face->y_px + face->height_px / 2 - (float)image->height_px / 2);
}

static void analyse(struct face_engine *engine, const struct face_image *image,
		    struct record *record)
{
	struct face faces[FACES_MAX], *face = faces;
	struct face_quality quality;
	uint8_t crop[FACE_CROP_BYTES];
	size_t count = 0;

	memset(record, 0, sizeof(*record));
	if (face_detect(engine, image, NULL, faces, FACES_MAX, &count) < 0 || count == 0)
		return;
	for (size_t i = 1; i < count; i++)
		face = off_middle(image, &faces[i]) < off_middle(image, face) ? &faces[i] : face;
	if (face_find_points(engine, image, face) < 0 || face_align(image, face, crop) < 0)
		return;
	face_quality_judge(face, crop, &face_quality_frame, &quality);
	record->good = quality.fault == FACE_FAULT_NONE;
	memcpy(record->landmarks, face->landmarks, sizeof(record->landmarks));
	record->colours = face_cover_measure(crop, record->measures);
	record->cover = face_cover(crop);
}

int main(int argc, char **argv)
{
	const char *models = argc == 3 && strcmp(argv[1], "--models") == 0 ? argv[2] : "models";
	struct problem problem = {0};
	struct face_engine *engine;
	struct record record;
	int32_t size[2];
	uint8_t *pixels = malloc((size_t)SIDE_MAX_PX * SIDE_MAX_PX * 3);

	if (pixels == NULL || face_engine_open(models, 1, &engine, &problem) < 0) {
		fprintf(stderr, "%s\n", problem.detail);
		return 1;
	}
	while (fread(size, sizeof(size), 1, stdin) == 1) {
		const struct face_image image = {pixels, size[0], size[1], (size_t)size[0] * 3};

		if (size[0] < 16 || size[1] < 16 || size[0] > SIDE_MAX_PX ||
		    size[1] > SIDE_MAX_PX ||
		    fread(pixels, (size_t)size[0] * (size_t)size[1] * 3, 1, stdin) != 1)
			break;
		analyse(engine, &image, &record);
		if (fwrite(&record, sizeof(record), 1, stdout) != 1)
			break;
	}
	face_engine_close(engine);
	free(pixels);
	return 0;
}
