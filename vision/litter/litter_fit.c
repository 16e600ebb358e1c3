#include "litter_internal.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#define SCALE_MIN 0.8
#define SCALE_MAX 1.3
#define TOWARDS_MAX 0.12 /* of the distance to the wall, per second */

bool litter_fit_polynomial(const float *t, const float *y, int count, int degree, double *ret_c)
{
	double s[5] = {0}, r[3] = {0}, m[3][4];
	int n = degree + 1;

	for (int i = 0; i < count; i++) {
		double p = 1;

		for (int k = 0; k <= 2 * degree; k++) {
			s[k] += p;
			if (k < n)
				r[k] += p * (double)y[i];
			p *= (double)t[i];
		}
	}
	for (int i = 0; i < n; i++) {
		for (int k = 0; k < n; k++)
			m[i][k] = s[i + k];
		m[i][n] = r[i];
	}
	for (int i = 0; i < n; i++) {
		if (fabs(m[i][i]) < 1e-12)
			return false;
		for (int j = 0; j < n; j++) {
			double f = m[j][i] / m[i][i];

			if (j == i)
				continue;
			for (int k = i; k <= n; k++)
				m[j][k] -= f * m[i][k];
		}
	}
	for (int i = 0; i < n; i++)
		ret_c[i] = m[i][n] / m[i][i];
	return true;
}

/*
 * Seen from below, height Z is at y = y0 + A / (Z + B), where y0 is the vanishing point of plumb
 * lines (above the picture), and a fall is Z quadratic in time. So 1 / (y - y0) is quadratic in
 * time. y0 is searched from far away (a level camera: y itself is quadratic) to just above the
 * first sample.
 */
static bool fit_with_vanishing(const float *t, const float *y, int count, double vanishing,
			       double *c)
{
	float u[LITTER_TRACK_POINTS_MAX];
	/* scaled so that u is about 1 + (y / far) for a far vanishing point */
	double far = -vanishing;

	for (int i = 0; i < count; i++)
		u[i] = (float)(-far / ((double)y[i] - vanishing));
	return litter_fit_polynomial(t, u, count, 2, c);
}

static double y_of(const double *c, double vanishing, double t)
{
	double u = c[0] + c[1] * t + c[2] * t * t;

	if (u > -1e-9)
		return 1e9; /* the curve has passed through infinity */
	return vanishing + vanishing / u;
}

static double residual(const float *t, const float *y, int count, const double *c, double vanishing,
		       double slack_s)
{
	double sum = 0;

	for (int i = 0; i < count; i++) {
		double at = y_of(c, vanishing, (double)t[i]);
		double before = y_of(c, vanishing, (double)t[i] - slack_s),
		       after = y_of(c, vanishing, (double)t[i] + slack_s);
		double d = (double)y[i] - at;

		/* half a frame of jitter in time is no error */
		if ((double)y[i] >= fmin(before, after) && (double)y[i] <= fmax(before, after))
			d = 0;
		else
			d = fmin(fabs(d),
				 fmin(fabs((double)y[i] - before), fabs((double)y[i] - after)));
		sum += d * d;
	}
	return sqrt(sum / count);
}

static double lowest(const float *y, int count)
{
	float low = y[0];

	for (int i = 1; i < count; i++)
		low = fminf(low, y[i]);
	return (double)low;
}

void litter_fit_fall(const struct litter_sample *samples, int count, float height,
		     struct litter_fit *ret_fit)
{
	static const double distances[] = {0.12, 0.2, 0.35, 0.6, 1,
					   1.8,  3.5, 8,    50}; /* picture heights */
	float t[LITTER_TRACK_POINTS_MAX], y[LITTER_TRACK_POINTS_MAX];
	float length = samples[count - 1].t - samples[0].t;
	double travel = fmax(1, (double)(samples[count - 1].y - samples[0].y)), best = 1e9;
	double slack = length > 0 ? fmin(0.5 * (double)length / (count - 1), 0.02) : 0;

	assert(count > 0 && count <= LITTER_TRACK_POINTS_MAX && height > 0);
	memset(ret_fit, 0, sizeof(*ret_fit));
	ret_fit->residual = 1;
	for (int i = 0; i < count; i++) {
		t[i] = samples[i].t - samples[0].t;
		y[i] = samples[i].y - samples[0].y;
	}
	for (size_t k = 0; k < sizeof(distances) / sizeof(*distances); k++) {
		double c[3], vanishing = -distances[k] * (double)height, r,
			     e = (double)length * 0.02 + 1e-3;

		if (lowest(y, count) < vanishing * 0.8 ||
		    !fit_with_vanishing(t, y, count, vanishing, c))
			continue; /* the sample is above the vanishing point */
		r = residual(t, y, count, c, vanishing, slack);
		if (r >= best)
			continue;
		best = r;
		ret_fit->residual = (float)(r / travel);
		ret_fit->speed_begin = (float)((y_of(c, vanishing, e) - y_of(c, vanishing, 0)) / e);
		ret_fit->speed_end = (float)((y_of(c, vanishing, (double)length) -
					      y_of(c, vanishing, (double)length - e)) /
					     e);
		ret_fit->acceleration =
			(ret_fit->speed_end - ret_fit->speed_begin) / fmaxf(length, 1e-3F);
		ret_fit->accelerates = ret_fit->acceleration > 0;
	}
}

/* a fall from v0 m/s, at most about vt */
struct drop {
	double v0, vt, a, log_cosh_a;
	bool at_speed; /* from the start */
};

static struct drop drop_of(double v0, double vt)
{
	struct drop drop = {.v0 = v0, .vt = vt, .at_speed = v0 / vt >= 0.999};

	if (!drop.at_speed) {
		drop.a = atanh(v0 / vt);
		drop.log_cosh_a = log(cosh(drop.a));
	}
	return drop;
}

/* The distance fallen after t seconds. */
static double fallen(const struct drop *drop, double t)
{
	const double g = 9.81;

	if (drop->at_speed)
		return drop->v0 * t;
	return drop->vt * drop->vt / g * (log(cosh(drop->a + g * t / drop->vt)) - drop->log_cosh_a);
}

struct metres {
	const float *t, *down_m;
	int count;
	double height_m; /* of the first sample above the camera */
};

static double within(double value, double low, double high)
{
	return fmax(low, fmin(high, value));
}

/*
 * Sum of squared errors of a fall. Storeys are not always three metres, so the scale is free within
 * limits. An object that flies towards the camera appears higher on the wall than it is, by a share
 * of its height that grows with time; this share is fitted too.
 */
static double misfit_of(const struct metres *m, double v0, double vt)
{
	double mean[3] = {0}, c[3][3] = {{0}}, scale, share, n = m->count, det;
	const struct drop drop = drop_of(v0, vt);

	for (int i = 0; i < m->count; i++) {
		double t = (double)m->t[i], d = fallen(&drop, t);
		double v[3] = {(double)m->down_m[i], d, -t * fmax(m->height_m - d, 0)};

		for (int j = 0; j < 3; j++) {
			mean[j] += v[j] / n;
			for (int k = 0; k < 3; k++)
				c[j][k] += v[j] * v[k];
		}
	}
	for (int j = 0; j < 3; j++) {
		for (int k = 0; k < 3; k++)
			c[j][k] -= n * mean[j] * mean[k];
	}
	det = c[1][1] * c[2][2] - c[1][2] * c[1][2];
	share = det > 1e-9 ? within((c[1][1] * c[0][2] - c[1][2] * c[0][1]) / det, 0, TOWARDS_MAX)
			   : 0;
	scale = c[1][1] > 1e-9 ? within((c[0][1] - share * c[1][2]) / c[1][1], SCALE_MIN, SCALE_MAX)
			       : 1;
	return c[0][0] + scale * scale * c[1][1] + share * share * c[2][2] +
	       2 * (scale * share * c[1][2] - scale * c[0][1] - share * c[0][2]);
}

float litter_fit_metres(const float *t, const float *down_m, int count, float height_m)
{
	static const double let_go[] = {0, 1.5, 3, 5, 8, 12, 17, 23},
			    terminal[] = {2.5, 3.6, 5, 7, 10, 14, 20, 30, 80};
	const struct metres m = {t, down_m, count, (double)height_m};
	double best = 1e9, travel = fmax((double)down_m[count - 1], 0.1);

	for (int k = 0; k < 8 * 9; k++) {
		if (let_go[k / 9] <= terminal[k % 9])
			best = fmin(best, misfit_of(&m, let_go[k / 9], terminal[k % 9]));
	}
	return (float)(sqrt(fmax(best, 0) / count) / travel);
}
