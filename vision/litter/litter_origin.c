#include "litter_internal.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* an outward throw appears this far off the plane of the facade, in either direction */
#define PLANE_FLOORS 0.3F
#define PLANE_COLUMNS 0.15F
#define SLOPE_MAX 3
#define SAMPLE_ERROR_PX 3.0F /* error of one sample, in a 720-row picture */
#define FLOOR_M 3.0F
#define GRAVITY_M_S2 9.81F
#define UNSEEN_FALL_FLOORS_MAX 3.0F

static bool solve_8(double m[8][9], double *ret_x)
{
	for (int i = 0; i < 8; i++) {
		int pivot = i;

		for (int j = i + 1; j < 8; j++) {
			if (fabs(m[j][i]) > fabs(m[pivot][i]))
				pivot = j;
		}
		if (fabs(m[pivot][i]) < 1e-9)
			return false;
		for (int k = 0; k < 9; k++) {
			double swap = m[i][k];

			m[i][k] = m[pivot][k];
			m[pivot][k] = swap;
		}
		for (int j = 0; j < 8; j++) {
			double f = m[j][i] / m[i][i];

			for (int k = i; j != i && k < 9; k++)
				m[j][k] -= f * m[i][k];
		}
	}
	for (int i = 0; i < 8; i++)
		ret_x[i] = m[i][8] / m[i][i];
	return true;
}

/* Whether the four corners turn the same way all round, as in every picture of a rectangle. */
static bool is_convex(const struct litter_spot *p)
{
	int left = 0;

	for (int i = 0; i < 4; i++) {
		const struct litter_spot *a = &p[i], *b = &p[(i + 1) % 4], *c = &p[(i + 2) % 4];
		float cross = (b->x - a->x) * (c->y - b->y) - (b->y - a->y) * (c->x - b->x);

		if (!(fabsf(cross) > 1e-5F)) /* also rejects NaN */
			return false;
		left += cross > 0;
	}
	return left == 0 || left == 4;
}

int litter_origin_prepare(const struct litter_calibration *calibration, double *ret_homography)
{
	const struct litter_spot *p = calibration->points;
	double columns = calibration->columns,
	       floors = calibration->floor_high - calibration->floor_low + 1;
	const double to[4][2] = {{0, 0}, {columns, 0}, {columns, floors}, {0, floors}};
	double m[8][9] = {{0}};

	if (calibration->columns < 1 || calibration->columns > 26 ||
	    calibration->floor_high <= calibration->floor_low || floors > 300 || !is_convex(p) ||
	    p[0].y <= p[3].y || p[1].y <= p[2].y)
		return -EINVAL;
	for (int i = 0; i < 4; i++) {
		double x = (double)p[i].x, y = (double)p[i].y;
		double row_u[9] = {x, y, 1, 0, 0, 0, -to[i][0] * x, -to[i][0] * y, to[i][0]};
		double row_v[9] = {0, 0, 0, x, y, 1, -to[i][1] * x, -to[i][1] * y, to[i][1]};

		memcpy(m[2 * i], row_u, sizeof(row_u));
		memcpy(m[2 * i + 1], row_v, sizeof(row_v));
	}
	ret_homography[8] = 1;
	return solve_8(m, ret_homography) ? 0 : -EINVAL;
}

bool litter_origin_plumb(const struct litter *litter, float x, float y, float *ret_slope)
{
	/*
	 * rows 1 and 3 of the homography are both 0 at the vanishing point of the facade's vertical
	 * lines
	 */
	const double *r1 = &litter->homography[0], *r3 = &litter->homography[6];
	const double meet[3] = {r3[1] * r1[2] - r3[2] * r1[1], r3[2] * r1[0] - r3[0] * r1[2],
				r3[0] * r1[1] - r3[1] * r1[0]};
	double w = litter->width, h = litter->height,
	       across = ((double)x / w * meet[2] - meet[0]) * w,
	       down = ((double)y / h * meet[2] - meet[1]) * h;

	if (!litter->config.calibration.known || fabs(across) > SLOPE_MAX * fabs(down))
		return false;
	*ret_slope = (float)(across / down);
	return true;
}

bool litter_origin_locate(const double *h, float x, float y, float *ret_column, float *ret_floor)
{
	double w = h[6] * (double)x + h[7] * (double)y + h[8];

	if (w < 1e-6)
		return false;
	*ret_column = (float)((h[0] * (double)x + h[1] * (double)y + h[2]) / w);
	*ret_floor = (float)((h[3] * (double)x + h[4] * (double)y + h[5]) / w);
	return true;
}

struct span {
	float low, high;
};

/* The range in which a sample may be, given its error in the picture. */
static bool spans_of(const struct litter *litter, const struct litter_point *point,
		     struct span *ret_column, struct span *ret_floor)
{
	static const float ways[][2] = {{0, 0}, {-1, 0}, {1, 0}, {0, -1}, {0, 1}};
	float error = fmaxf(SAMPLE_ERROR_PX * litter->unit, fminf(point->w, point->h) / 2);

	*ret_column = *ret_floor = (struct span){INFINITY, -INFINITY};
	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
		float column, floor;

		if (!litter_origin_locate(litter->homography,
					  (point->x + ways[i][0] * error) / (float)litter->width,
					  (point->y + ways[i][1] * error) / (float)litter->height,
					  &column, &floor))
			return false;
		ret_column->low = fminf(ret_column->low, column);
		ret_column->high = fmaxf(ret_column->high, column);
		ret_floor->low = fminf(ret_floor->low, floor);
		ret_floor->high = fmaxf(ret_floor->high, floor);
	}
	return true;
}

/* How far it had fallen before the first sample, in floors, from its initial speed. */
static float unseen_fall(const struct litter *litter, const struct litter_verdict *verdict)
{
	const struct litter_point *a = &verdict->points[0], *b;
	float column, floor_a, floor_b, seconds, speed_m_s;
	size_t n = verdict->point_count < 6 ? verdict->point_count : 6;

	if (n < 2)
		return 0;
	b = &verdict->points[n - 1];
	seconds = (float)(b->pts_us - a->pts_us) / 1e6F;
	if (seconds <= 0 ||
	    !litter_origin_locate(litter->homography, a->x / (float)litter->width,
				  a->y / (float)litter->height, &column, &floor_a) ||
	    !litter_origin_locate(litter->homography, b->x / (float)litter->width,
				  b->y / (float)litter->height, &column, &floor_b))
		return 0;
	/* the mean speed of a section is the speed at its middle */
	speed_m_s = (floor_a - floor_b) * FLOOR_M / seconds - GRAVITY_M_S2 * seconds / 2;
	if (speed_m_s <= 0)
		return 0;
	return fminf(speed_m_s * speed_m_s / (2 * GRAVITY_M_S2) / FLOOR_M, UNSEEN_FALL_FLOORS_MAX);
}

static int clamp_int(float value, int low, int high)
{
	int i = (int)floorf(value);

	return i < low ? low : i > high ? high : i;
}

static void write_name(struct litter_verdict *v)
{
	char columns[16];
	size_t bytes = sizeof(v->origin);

	if (v->column_low == v->column_high)
		snprintf(columns, sizeof(columns), "column %c", v->column_low);
	else
		snprintf(columns, sizeof(columns), "column %c-%c", v->column_low, v->column_high);
	if (v->floor_low == v->floor_high)
		snprintf(v->origin, bytes, "floor %d, %s", v->floor_low, columns);
	else if (v->floor_low < 0) /* "-2--1" is hard to read */
		snprintf(v->origin, bytes, "floor %d to %d, %s", v->floor_low, v->floor_high,
			 columns);
	else
		snprintf(v->origin, bytes, "floor %d-%d, %s", v->floor_low, v->floor_high, columns);
}

void litter_origin_name(const struct litter *litter, struct litter_verdict *verdict)
{
	const struct litter_calibration *c = &litter->config.calibration;
	int floors = c->floor_high - c->floor_low + 1, columns = (int)c->columns;
	struct span column, floor;

	if (!c->known || verdict->point_count == 0 ||
	    !spans_of(litter, &verdict->points[0], &column, &floor))
		return;
	floor.low -= PLANE_FLOORS;
	floor.high += PLANE_FLOORS + unseen_fall(litter, verdict);
	column.low -= PLANE_COLUMNS;
	column.high += PLANE_COLUMNS;
	if (column.high < 0 || column.low > (float)columns || floor.high < 0 ||
	    floor.low > (float)floors)
		return; /* from beside or above the facade */
	verdict->origin_known = true;
	verdict->floor_low = c->floor_low + clamp_int(floor.low, 0, floors - 1);
	verdict->floor_high = c->floor_low + clamp_int(floor.high, 0, floors - 1);
	verdict->column_low = (char)('A' + clamp_int(column.low, 0, columns - 1));
	verdict->column_high = (char)('A' + clamp_int(column.high, 0, columns - 1));
	write_name(verdict);
}
