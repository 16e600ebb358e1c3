#include "face_pipeline.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/*
 * The embedding norm grows with how much of a face the recogniser sees. For 25 people of LFW's dev
 * half it is 3.2 to 4.7 upright and 1.6 to 2.7 upside down. Turning a face upright multiplies it by
 * 1.4 or more; turning it upside down reduces it.
 */
static const float longer_min = 1.2f;

enum { VOTES = 3 /* consecutive people, all unknown */ };

/* Copies the surroundings of a face, rotated by 180 degrees. @return 0, -EINVAL or -ENOMEM. */
static int turn(const struct face_image *image, const struct face *face, uint8_t **ret_pixels,
		struct face_image *ret_image, struct face *ret_face)
{
	int left = (int)fmaxf(0, face->x_px - face->width_px),
	    top = (int)fmaxf(0, face->y_px - face->height_px);
	int right = (int)fminf((float)image->width_px, face->x_px + 2 * face->width_px);
	int bottom = (int)fminf((float)image->height_px, face->y_px + 2 * face->height_px);
	int width_px = right - left, height_px = bottom - top;
	uint8_t *pixels;

	if (width_px < 32 || height_px < 32)
		return -EINVAL;
	pixels = malloc((size_t)width_px * 3 * (size_t)height_px);
	if (pixels == NULL)
		return -ENOMEM;
	for (int y = 0; y < height_px; y++) {
		const uint8_t *from =
			image->pixels + (size_t)(bottom - 1 - y) * image->stride_bytes;
		uint8_t *to = pixels + (size_t)y * 3 * (size_t)width_px;

		for (int x = 0; x < width_px; x++)
			memcpy(to + 3 * (size_t)x, from + 3 * (size_t)(right - 1 - x), 3);
	}
	*ret_face = (struct face){
		.width_px = face->width_px, .height_px = face->height_px, .score = face->score};
	ret_face->x_px = (float)right - face->x_px - face->width_px;
	ret_face->y_px = (float)bottom - face->y_px - face->height_px;
	*ret_image = (struct face_image){pixels, width_px, height_px, (size_t)width_px * 3};
	*ret_pixels = pixels;
	return 0;
}

static int norm_of(struct face_engine *engine, const struct face_image *image, struct face *face,
		   float *ret_norm)
{
	uint8_t crop[FACE_CROP_BYTES];
	float embedding[FACE_DIM];
	int r = face_find_points(engine, image, face);

	if (r == 0)
		r = face_align(image, face, crop);
	return r < 0 ? r : face_embed(engine, crop, 0, embedding, ret_norm);
}

bool face_pipeline_is_upside_down(struct face_pipeline *pipeline,
				  struct face_pipeline_camera *camera,
				  const struct face_image *image, const struct face *face,
				  uint32_t track)
{
	struct face_image turned_image;
	struct face here = *face, turned;
	float as_it_is, as_turned;
	uint8_t *pixels;
	bool on_its_head;

	if (camera->upside_down_reported || camera->upside_down_track == track ||
	    turn(image, face, &pixels, &turned_image, &turned) < 0)
		return false;
	camera->upside_down_track = track;
	on_its_head = norm_of(pipeline->engine, image, &here, &as_it_is) == 0 &&
		      norm_of(pipeline->engine, &turned_image, &turned, &as_turned) == 0 &&
		      as_turned > longer_min * as_it_is;
	free(pixels);
	camera->upside_down_votes = on_its_head ? camera->upside_down_votes + 1 : 0;
	camera->upside_down_reported = camera->upside_down_votes >= VOTES;
	return camera->upside_down_reported;
}
