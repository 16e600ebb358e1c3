#include "threshold.h"

#include <errno.h>
#include <math.h>
#include <stddef.h>

/* generated from models/fr_feature.yaml, which describes the measurement */
static const struct threshold_curve built_in = {
#include "face_curve.inc"
};

static struct threshold_curve other;
static const struct threshold_curve *curve = &built_in;

int threshold_use(const struct threshold_curve *wanted)
{
	const struct threshold_norm *norm;

	if (wanted == NULL) {
		curve = &built_in;
		return 0;
	}
	norm = &wanted->norm;
	for (int i = 0; i < THRESHOLD_SCORES; i++)
		if (!(wanted->scores[i] > (i == 0 ? 0 : wanted->scores[i - 1]) &&
		      wanted->scores[i] < 1))
			return -EINVAL;
	if (!(wanted->min >= 0 && wanted->min < (double)THRESHOLD_MAX))
		return -EINVAL;
	if (!(norm->typical <= 0) &&
	    !(norm->no_face > 0 && norm->no_face <= norm->low && norm->low < norm->high &&
	      norm->exponent > 0 && norm->exponent <= 1))
		return -EINVAL;
	other = *wanted;
	curve = &other;
	return 0;
}

/* used for a template that was stored without its norm */
static const float norm_unknown = 1.5f;

float score_gain_of_probe(float norm)
{
	const struct threshold_norm *norms = &curve->norm;
	float low = (float)norms->low, high = (float)norms->high;

	if (!(norms->typical > 0) || !(norm > 0))
		return 1;
	if (norm < (float)norms->no_face)
		return 0;
	return powf(fminf(fmaxf(norm, low), high) / (float)norms->typical, -(float)norms->exponent);
}

float score_gain_of_template(float norm)
{
	return norm > norm_unknown ? score_gain_of_probe(norm) : 1;
}

float threshold_min(void)
{
	return (float)(curve->min > 0 ? curve->min : curve->scores[2]);
}

/* Extrapolates with the last slope, and before the first point with the first one. */
static float score_at(float rate_log10)
{
	int i = 1;

	while (i < THRESHOLD_SCORES - 1 && rate_log10 < (float)(-1 - i))
		i++;
	return (float)curve->scores[i - 1] +
	       ((float)-i - rate_log10) * (float)(curve->scores[i] - curve->scores[i - 1]);
}

float threshold_for(size_t enrolled, double false_accept_percent)
{
	float score;

	if (!(false_accept_percent >= 0.0001)) /* NaN gives the strictest threshold */
		false_accept_percent = 0.0001;
	if (false_accept_percent > 10)
		false_accept_percent = 10;
	score = score_at(
		(float)log10(false_accept_percent / 100 / (double)(enrolled == 0 ? 1 : enrolled)));
	if (score < threshold_min())
		return threshold_min();
	return score > THRESHOLD_MAX ? THRESHOLD_MAX : score;
}
