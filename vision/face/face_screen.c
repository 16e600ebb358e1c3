#include "face_screen.h"

#include <assert.h>
#include <complex.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

enum {
	SIDE = FACE_SCREEN_SIDE_PX,
	RING_FIRST = 6, /* longer waves than a tenth of the window belong to the face itself */
	RING_LAST = 40, /* beyond it only the corners of the spectrum remain */
	/* excludes the axes: JPEG blocks, video blocks and interlaced lines */
	ON_AXIS = 1,
	RING_MIN = 30, /* relative to the median of its ring, as one pure tone has in any face */
	/* closer frequencies belong to the same tone, widened by the tilt of the screen */
	AROUND_FIRST = 4,
	AROUND_LAST = 7,
	PLACES_MAX = 256, /* in a ring, and around a frequency */
};

/* of half a grey level, so that a flat picture has no peaks */
static const float noise_power = 150;

static void transform(float complex *row, size_t stride, const float complex turns[SIDE / 2])
{
	for (unsigned i = 1, j = 0; i < SIDE; i++) {
		unsigned bit = SIDE >> 1;

		for (; (j & bit) != 0; bit >>= 1)
			j ^= bit;
		j |= bit;
		if (i < j) {
			float complex kept = row[i * stride];

			row[i * stride] = row[j * stride];
			row[j * stride] = kept;
		}
	}
	for (unsigned half = 1; half < SIDE; half *= 2) {
		for (unsigned first = 0; first < SIDE; first += 2 * half) {
			for (unsigned k = 0; k < half; k++) {
				float complex *a = &row[(first + k) * stride],
					      *b = &row[(first + k + half) * stride];
				float complex turned = *b * turns[k * (SIDE / 2 / half)];

				*b = *a - turned;
				*a += turned;
			}
		}
	}
}

/* The brightness of the window, less its mean, with a window function that fades to the edge. */
static void windowed(const struct face_image *image, int left, int top,
		     float complex field[SIDE][SIDE])
{
	float fade[SIDE], mean = 0;

	for (int i = 0; i < SIDE; i++)
		fade[i] = 0.5f - 0.5f * cosf(2 * (float)M_PI * ((float)i + 0.5f) / SIDE);
	for (int y = 0; y < SIDE; y++) {
		const uint8_t *row =
			image->pixels + (size_t)(top + y) * image->stride_bytes + (size_t)left * 3;

		for (int x = 0; x < SIDE; x++) {
			float luma = 0.114f * row[3 * x] + 0.587f * row[3 * x + 1] +
				     0.299f * row[3 * x + 2];

			field[y][x] = luma;
			mean += luma / (SIDE * SIDE);
		}
	}
	for (int y = 0; y < SIDE; y++)
		for (int x = 0; x < SIDE; x++)
			field[y][x] = (field[y][x] - mean) * fade[x] * fade[y];
}

static int rising(const void *a, const void *b)
{
	float x = *(const float *)a, y = *(const float *)b;

	return (x > y) - (x < y);
}

static float power(float complex field[SIDE][SIDE], int fx, int fy)
{
	float complex value = field[(fy + SIDE) % SIDE][(fx + SIDE) % SIDE];

	return crealf(value) * crealf(value) + cimagf(value) * cimagf(value);
}

/* All frequencies of one wavelength. */
struct ring {
	float powers[PLACES_MAX], strongest;
	int fx, fy; /* the strongest frequency */
	size_t count;
};

static void collect(float complex field[SIDE][SIDE], struct ring rings[RING_LAST + 1])
{
	for (int fy = ON_AXIS + 1; fy <= SIDE / 2; fy++) { /* the other half mirrors this one */
		for (int fx = -SIDE / 2; fx < SIDE / 2; fx++) {
			int length = (int)sqrtf((float)(fx * fx + fy * fy));
			float magnitude = power(field, fx, fy);
			struct ring *ring;

			if (abs(fx) <= ON_AXIS || length > RING_LAST ||
			    rings[length].count == PLACES_MAX)
				continue;
			ring = &rings[length];
			ring->powers[ring->count++] = magnitude;
			if (magnitude > ring->strongest) {
				ring->strongest = magnitude;
				ring->fx = fx;
				ring->fy = fy;
			}
		}
	}
}

static bool stands_out(struct ring *ring)
{
	if (ring->count == 0)
		return false;
	qsort(ring->powers, ring->count, sizeof(ring->powers[0]), rising);
	return ring->strongest >= RING_MIN * (ring->powers[ring->count / 2] + noise_power);
}

/*
 * How far a frequency stands out from its neighbours, of which a tenth may be as strong. Hair and
 * cloth are strong along a line of frequencies, a raster at one frequency.
 */
static float alone(float complex field[SIDE][SIDE], int fx, int fy)
{
	float powers[PLACES_MAX];
	size_t count = 0;

	for (int dy = -AROUND_LAST; dy <= AROUND_LAST; dy++) {
		for (int dx = -AROUND_LAST; dx <= AROUND_LAST; dx++) {
			float away = hypotf((float)dx, (float)dy);

			if (away >= AROUND_FIRST && away <= AROUND_LAST)
				powers[count++] = power(field, fx + dx, fy + dy);
		}
	}
	qsort(powers, count, sizeof(powers[0]), rising);
	return power(field, fx, fy) / (powers[count * 9 / 10] + noise_power);
}

float face_screen(const struct face_image *image, const struct face *face)
{
	float complex field[SIDE][SIDE], turns[SIDE / 2];
	float x_px = face->x_px + face->width_px * 0.5f - SIDE * 0.5f,
	      y_px = face->y_px + face->height_px * 0.55f - SIDE * 0.5f;
	struct ring rings[RING_LAST + 1] = {0};
	float peak = 0;

	assert(image->pixels != NULL && image->stride_bytes >= 3 * (size_t)image->width_px);
	if (!(face->width_px >= SIDE && face->height_px >= SIDE && x_px >= 0 && y_px >= 0 &&
	      x_px + SIDE <= (float)image->width_px && y_px + SIDE <= (float)image->height_px))
		return 0;
	windowed(image, (int)x_px, (int)y_px, field);
	for (int i = 0; i < SIDE / 2; i++)
		turns[i] = cexpf(-2 * (float)M_PI * (float)i / SIDE * I);
	for (int i = 0; i < SIDE; i++)
		transform(field[i], 1, turns);
	for (int i = 0; i < SIDE; i++)
		transform(&field[0][i], SIDE, turns);
	collect(field, rings);
	for (int i = RING_FIRST; i <= RING_LAST; i++)
		if (stands_out(&rings[i]))
			peak = fmaxf(peak, alone(field, rings[i].fx, rings[i].fy));
	return peak;
}

float face_screen_live(const struct face_image *image, const struct face *face, float live)
{
	return face_screen(image, face) >= FACE_SCREEN_MIN ? FACE_SCREEN_LIVE : live;
}
