#include "face_cover.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { PLACE_VALUES_MAX = 1024 };

/* mean distance of colours from grey; lower: an infrared picture */
static const float grey_spread_max = 0.02f;
static const float odds_max = 8;

/* Logarithms: a change of the light's intensity becomes an offset. */
struct planes {
	/* relative to green */
	float red[FACE_CROP_PX][FACE_CROP_PX], blue[FACE_CROP_PX][FACE_CROP_PX];
	float light[FACE_CROP_PX][FACE_CROP_PX];
};

struct place { /* columns and rows of the aligned picture; the last is exclusive */
	int left, right, top, bottom;
};

static const struct place between_eyes = {46, 66, 36, 58},
			  cheeks[2] = {{26, 40, 80, 92}, {72, 86, 80, 92}},
			  chin = {44, 68, 98, 110}, mouth = {46, 66, 88, 97},
			  below_mouth = {46, 66, 102, 108},
			  beside_mouth[2] = {{34, 40, 84, 100}, {72, 78, 84, 100}},
			  lower = {38, 74, 74, 104}, eyes = {30, 82, 44, 58};

static int by_value(const void *left, const void *right)
{
	float a = *(const float *)left, b = *(const float *)right;

	return (a > b) - (a < b);
}

static float median(const float plane[][FACE_CROP_PX], const struct place *place)
{
	float values[PLACE_VALUES_MAX];
	size_t n = 0;

	for (int y = place->top; y < place->bottom; y++)
		for (int x = place->left; x < place->right; x++)
			values[n++] = plane[y][x];
	qsort(values, n, sizeof(values[0]), by_value);
	return values[n / 2];
}

static float mean(const float plane[][FACE_CROP_PX], const struct place *place)
{
	float sum = 0;

	for (int y = place->top; y < place->bottom; y++)
		for (int x = place->left; x < place->right; x++)
			sum += plane[y][x];
	return sum / (float)((place->right - place->left) * (place->bottom - place->top));
}

static float row_mean(const float plane[][FACE_CROP_PX], int y, int left, int right)
{
	const struct place row = {left, right, y, y + 1};

	return mean(plane, &row);
}

static float detail(const float plane[][FACE_CROP_PX], const struct place *place)
{
	float sum = 0;

	for (int y = place->top; y < place->bottom; y++)
		for (int x = place->left; x < place->right; x++)
			sum += fabsf(plane[y][x + 1] - plane[y][x]) +
			       fabsf(plane[y + 1][x] - plane[y][x]);
	return sum / (float)((place->right - place->left) * (place->bottom - place->top));
}

static float colour_away(const struct planes *planes, const struct place *place)
{
	return hypotf(median(planes->red, place) - median(planes->red, &between_eyes),
		      median(planes->blue, place) - median(planes->blue, &between_eyes));
}

static float redness_of_lips(const struct planes *planes)
{
	return mean(planes->red, &mouth) -
	       (mean(planes->red, &beside_mouth[0]) + mean(planes->red, &beside_mouth[1]) +
		mean(planes->red, &below_mouth)) /
		       3;
}

/*
 * How much darker the darkest of rows 82 to 101 is than their median, within the columns of the
 * mouth; and the same after subtracting the sides of the face in each row.
 */
static void lines(const struct planes *planes, float *ret_line, float *ret_own)
{
	enum { TOP = 82, ROWS = 20 };
	float rows[ROWS], sides[ROWS], sorted[ROWS];
	int darkest = 0;

	for (int i = 0; i < ROWS; i++) {
		rows[i] = row_mean(planes->light, TOP + i, mouth.left, mouth.right);
		sides[i] = (row_mean(planes->light, TOP + i, 24, 36) +
			    row_mean(planes->light, TOP + i, 76, 88)) /
			   2;
		darkest = rows[i] < rows[darkest] ? i : darkest;
	}
	memcpy(sorted, rows, sizeof(sorted));
	qsort(sorted, ROWS, sizeof(sorted[0]), by_value);
	*ret_line = fminf(sorted[ROWS / 2] - rows[darkest], 1);
	for (int i = 0; i < ROWS; i++)
		sorted[i] = rows[i] - sides[i];
	*ret_own = -sorted[darkest];
	qsort(sorted, ROWS, sizeof(sorted[0]), by_value);
	*ret_own = fminf(fmaxf(sorted[ROWS / 2] + *ret_own, -0.5f), 1);
}

static float roughness(const struct planes *planes)
{
	float sum = 0;

	for (int y = 71; y < 105; y++)
		sum += fabsf(row_mean(planes->light, y + 1, 44, 68) -
			     row_mean(planes->light, y - 1, 44, 68));
	return logf(sum / 34 + 0.003f);
}

static float nostrils(const struct planes *planes)
{
	const struct place between = {54, 58, 72, 80};
	float darkest[2] = {INFINITY, INFINITY};

	for (int y = 73; y < 80; y++) {
		for (int x = 0; x < 6; x++) {
			darkest[0] = fminf(darkest[0], planes->light[y][47 + x]);
			darkest[1] = fminf(darkest[1], planes->light[y][59 + x]);
		}
	}
	return fminf(fmaxf(mean(planes->light, &between) - (darkest[0] + darkest[1]) / 2, -0.5f),
		     1.5f);
}

/* @return whether the picture has colours */
static bool separate(const uint8_t *crop, struct planes *planes)
{
	float logs[256];
	double spread = 0;

	for (int i = 0; i < 256; i++)
		logs[i] = logf((float)i + 10);
	for (int y = 0; y < FACE_CROP_PX; y++) {
		for (int x = 0; x < FACE_CROP_PX; x++) {
			const uint8_t *bgr = crop + 3 * (y * FACE_CROP_PX + x);
			float green = logs[bgr[1]];

			planes->red[y][x] = logs[bgr[2]] - green;
			planes->blue[y][x] = logs[bgr[0]] - green;
			planes->light[y][x] = logs[(29 * bgr[0] + 150 * bgr[1] + 77 * bgr[2]) >> 8];
			spread += (double)(fabsf(planes->red[y][x]) + fabsf(planes->blue[y][x]));
		}
	}
	return spread / (FACE_CROP_PX * FACE_CROP_PX) > (double)grey_spread_max;
}

int face_cover_measure(const uint8_t *crop, float *ret_measures)
{
	struct planes planes;
	bool colours;

	assert(crop != NULL && ret_measures != NULL);
	colours = separate(crop, &planes);
	ret_measures[FACE_COVER_SKIN] =
		fminf((colour_away(&planes, &cheeks[0]) + colour_away(&planes, &cheeks[1])) / 2,
		      colour_away(&planes, &chin));
	ret_measures[FACE_COVER_LIPS] = redness_of_lips(&planes);
	lines(&planes, &ret_measures[FACE_COVER_LINE], &ret_measures[FACE_COVER_OWN_LINE]);
	ret_measures[FACE_COVER_ROUGH] = roughness(&planes);
	ret_measures[FACE_COVER_NOSTRILS] = nostrils(&planes);
	ret_measures[FACE_COVER_DETAIL] = logf(detail(planes.light, &lower) + 0.003f) -
					  logf(detail(planes.light, &eyes) + 0.003f);
	return colours;
}

float face_cover(const uint8_t *crop)
{
	float measures[FACE_COVER_MEASURES], sum;
	const struct face_cover_weights *table =
		face_cover_measure(crop, measures) ? &face_cover_colour : &face_cover_grey;

	sum = table->bias - table->covered_min;
	for (int i = 0; i < FACE_COVER_MEASURES; i++)
		sum += table->weights[i] * measures[i];
	return fminf(fmaxf(sum, -odds_max), odds_max);
}
