#include "litter_internal.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>

#define REASON_WEIGHT_MIN 0.05F /* reasons of less weight are not reported */

/* Linear between the knots, constant beyond them; 0 if the measure is unknown. */
static float weight_of(const struct litter_curve *curve, float value)
{
	int i = 1;
	float share;

	if (isnan(value))
		return 0;
	while (i < curve->count - 1 && value > curve->at[i])
		i++;
	share = (value - curve->at[i - 1]) / (curve->at[i] - curve->at[i - 1]);
	share = fminf(fmaxf(share, 0), 1);
	return curve->weight[i - 1] + share * (curve->weight[i] - curve->weight[i - 1]);
}

/* Keeps reasons sorted by weight; the smallest beyond LITTER_REASONS_MAX are dropped. */
static void add_reason(struct litter_verdict *verdict, const char *name, float value, float weight)
{
	size_t at = verdict->reason_count;

	if (fabsf(weight) < REASON_WEIGHT_MIN)
		return;
	if (at == LITTER_REASONS_MAX && fabsf(verdict->reasons[at - 1].weight) >= fabsf(weight))
		return;
	if (at == LITTER_REASONS_MAX)
		at--;
	else
		verdict->reason_count++;
	for (; at > 0 && fabsf(verdict->reasons[at - 1].weight) < fabsf(weight); at--)
		verdict->reasons[at] = verdict->reasons[at - 1];
	verdict->reasons[at] = (struct litter_reason){.value = value, .weight = weight};
	snprintf(verdict->reasons[at].name, sizeof(verdict->reasons[at].name), "%s", name);
}

void litter_score_measures(const float *measures, struct litter_verdict *verdict)
{
	assert(measures != NULL && verdict != NULL);
	verdict->score = 0;
	verdict->reason_count = 0;
	for (int i = 0; i < LITTER_MEASURES; i++) {
		float weight = weight_of(&litter_curves[i], measures[i]);

		verdict->score += weight;
		add_reason(verdict, litter_curves[i].name, measures[i], weight);
	}
}

float litter_repeat_score(const float *measures)
{
	return weight_of(&litter_curves[LITTER_REPEATED_PATH], measures[LITTER_REPEATED_PATH]) +
	       weight_of(&litter_curves[LITTER_RECENT_PATH], measures[LITTER_RECENT_PATH]);
}
