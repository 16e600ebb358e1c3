#include "threshold.h"

#include <math.h>

/*
 * False match rate (log10) against cosine of fr_feature. Two curves were measured: 87 million pairs of press
 * photos (0.248, 0.340, 0.418, 0.484 at 1e-2 to 1e-5) and one webcam with people of one origin (0.420, 0.488,
 * 0.531 at 1e-2 to 1e-4). The first is too loose for a real site, and the second, with 15 people, hangs on
 * their most alike pair. This curve, a little above the middle of the two, is a start and no promise: another
 * site's people may be more alike, and what a camera sees of them then moves its threshold (site.h). Beyond 1e-5
 * nothing was measured; the last slope is carried on.
 */
static const struct {
	float rate_log10, score;
} curve[] = {{-1, 0.262f}, {-2, 0.343f},  {-3, 0.423f}, {-4, 0.4835f},
	     {-5, 0.536f}, {-6, 0.5835f}, {-9, 0.726f}};

enum { CURVE_POINTS = sizeof(curve) / sizeof(curve[0]) };

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
	if (score < THRESHOLD_MIN)
		return THRESHOLD_MIN;
	return score > THRESHOLD_MAX ? THRESHOLD_MAX : score;
}
