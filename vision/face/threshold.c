#include "threshold.h"

#include <errno.h>
#include <math.h>
#include <stddef.h>

/*
 * False match rate (log10) against cosine of fr_feature. Two curves were measured: 87 million pairs of press
 * photos (0.248, 0.340, 0.418, 0.484 at 1e-2 to 1e-5) and one webcam with people of one origin (0.420, 0.488,
 * 0.531 at 1e-2 to 1e-4). The first is too loose for a real site, and the second, with 15 people, hangs on
 * their most alike pair. This curve, a little above the middle of the two, is a start and no promise: another
 * site's people may be more alike, and what a camera sees of them then moves its threshold (threshold_calibration.h). Beyond 1e-5
 * nothing was measured; the last slope is carried on.
 */
struct point {
	float rate_log10, score;
};

static const struct point built_in[] = {{-1, 0.262f}, {-2, 0.343f},  {-3, 0.423f}, {-4, 0.4835f},
					{-5, 0.536f}, {-6, 0.5835f}, {-9, 0.726f}};

enum { CURVE_POINTS = sizeof(built_in) / sizeof(built_in[0]) };

static struct point other[CURVE_POINTS];
static const struct point *curve = built_in;

int threshold_use(const double scores[THRESHOLD_SCORES])
{
	_Static_assert(CURVE_POINTS == THRESHOLD_SCORES + 1, "one is carried on");
	if (scores == NULL) {
		curve = built_in;
		return 0;
	}
	for (int i = 0; i < THRESHOLD_SCORES; i++) {
		if (!(scores[i] > (i == 0 ? 0 : scores[i - 1]) && scores[i] < 1))
			return -EINVAL;
		other[i] = (struct point){(float)(-1 - i), (float)scores[i]};
	}
	other[THRESHOLD_SCORES].rate_log10 = -9;
	other[THRESHOLD_SCORES].score =
		(float)(scores[THRESHOLD_SCORES - 1] +
			3 * (scores[THRESHOLD_SCORES - 1] - scores[THRESHOLD_SCORES - 2]));
	curve = other;
	return 0;
}

/* With exponents of 0.4 to 0.7 the gain was the same on either half of the people. At this length of 1 the card stays on the
 * safe side: from 0.40 on fewer others pass than by the bare cosine. */
static const float gain_exponent = 0.5f, strength_usual = 3.42f;
/* Where 99 of 100 pictures lie; a length beyond earns nothing more. */
static const float strength_low = 2.5f, strength_high = 5;
/* None of 5,363 pictures of faces gives so short an answer (2.24), but nearly every corner of them where no face is. */
static const float strength_none = 2.2f;
/* Templates of before lengths were kept, and of others' making, are of unit length: it says nothing. */
static const float strength_unknown = 1.5f;

float threshold_gain(float strength)
{
	if (curve != built_in || !(strength > 0))
		return 1;
	if (strength < strength_none)
		return 0;
	return powf(fminf(fmaxf(strength, strength_low), strength_high) / strength_usual, -gain_exponent);
}

float threshold_template_gain(float length)
{
	return length > strength_unknown ? threshold_gain(length) : 1;
}

float threshold_min(void)
{
	return curve == built_in ? THRESHOLD_MIN : curve[2].score;
}

static float score_at(float rate_log10)
{
	int i = 1;
	float part;

	while (i < CURVE_POINTS - 1 && rate_log10 < curve[i].rate_log10)
		i++;
	part = (rate_log10 - curve[i - 1].rate_log10) / (curve[i].rate_log10 - curve[i - 1].rate_log10);
	return curve[i - 1].score + part * (curve[i].score - curve[i - 1].score);
}

float threshold_for(size_t enrolled, double false_accept_percent)
{
	float score;

	if (!(false_accept_percent >= 0.0001)) /* a NaN is the strictest */
		false_accept_percent = 0.0001;
	if (false_accept_percent > 10)
		false_accept_percent = 10;
	score = score_at((float)log10(false_accept_percent / 100 / (double)(enrolled == 0 ? 1 : enrolled)));
	if (score < threshold_min())
		return threshold_min();
	return score > THRESHOLD_MAX ? THRESHOLD_MAX : score;
}
