#include "face_light.h"

#include <math.h>
#include <stdint.h>

#include "base/unconst.h"

const char *const face_light_names[FACE_LIGHTS] = {"plain", "dark", "grey", "backlit", "ir"};

static uint8_t to_byte(float value)
{
	return (uint8_t)(value <= 0 ? 0 : value >= 255 ? 255 : lrintf(value));
}

static float bent(float value, float gamma)
{
	return 255 * powf(value / 255, gamma);
}

/* 0 in the middle, 1 at a third of the picture's height from it and beyond; the step is soft */
static float away(const struct face_image *image, int x, int y)
{
	float dx = ((float)x - (float)image->width_px / 2) / (0.26f * (float)image->height_px);
	float dy = ((float)y - (float)image->height_px / 2) / (0.34f * (float)image->height_px);
	float far = (hypotf(dx, dy) - 0.85f) / 0.3f;

	return far <= 0 ? 0 : far >= 1 ? 1 : far;
}

static void alter_pixel(const struct face_image *image, int x, int y, enum face_light light,
			uint8_t *bgr)
{
	float grey = 0.114f * (float)bgr[0] + 0.587f * (float)bgr[1] + 0.299f * (float)bgr[2];
	float ir = 0.75f * (float)bgr[2] + 0.2f * (float)bgr[1] + 0.05f * (float)bgr[0];
	float dx = (float)(2 * x - image->width_px) / (float)image->width_px;
	float dy = (float)(2 * y - image->height_px) / (float)image->height_px;
	float behind = away(image, x, y);
	uint32_t noise = ((uint32_t)x * 73856093u ^ (uint32_t)y * 19349663u) * 2654435761u;

	for (int channel = 0; channel < 3; channel++) {
		float value = (float)bgr[channel];

		if (light == FACE_LIGHT_DARK)
			value = 12 + 0.5f * bent(value, 1.6f);
		else if (light == FACE_LIGHT_GREY)
			value = grey;
		else if (light == FACE_LIGHT_BACKLIT)
			value = (1 - behind) * (28 + 0.3f * bent(value, 1.8f)) +
				behind * (170 + 0.5f * value);
		else if (light == FACE_LIGHT_IR)
			value = bent(ir, 0.65f) * (1.1f - 0.6f * (dx * dx + dy * dy)) +
				(float)(noise >> 28) - 7.5f;
		bgr[channel] = to_byte(value);
	}
}

void face_light_alter(const struct face_image *image, enum face_light light)
{
	for (int y = 0; light != FACE_LIGHT_PLAIN && y < image->height_px; y++) {
		uint8_t *row = (uint8_t *)unconst(image->pixels) + (size_t)y * image->stride_bytes;

		for (int x = 0; x < image->width_px; x++)
			alter_pixel(image, x, y, light, row + 3 * (size_t)x);
	}
}
