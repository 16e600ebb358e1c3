#include "litter_internal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/*
 * What a throw is, in numbers. Distances are shares of the picture's height unless they say otherwise.
 * Each reason is a ramp: at `bad` it weighs `at_bad`, at `good` it weighs `at_good`, in between in between.
 */
struct ramp {
	const char *name;
	float bad, at_bad, good, at_good;
};

static const struct ramp ramps[LITTER_MEASURES] = {
	[LITTER_TRAVELS] = {"travels", 0.08F, -1.5F, 0.2F, 1},       /* of the height */
	[LITTER_STOREYS] = {"travels-storeys", 1, -1.5F, 2.5F, 1},   /* when calibrated */
	[LITTER_UNLIKE] = {"unlike-a-fall", 0.07F, -2.5F, 0.03F, 0}, /* misfit in metres, of the travel */
	[LITTER_FAST] = {"faster-than-falling", 1.6F, -3, 1.2F, 0}, /* speed / that of a fall from the roof */
	[LITTER_GRAVITY] = {"falls-like-gravity", 0.06F, -1, 0.015F, 1}, /* misfit, of the travel */
	[LITTER_SPEEDS_UP] = {"speeds-up", 1.15F, -1.5F, 1.8F, 1},       /* speed last / first */
	[LITTER_SLOW] = {"too-slow", 1, -2.5F, 3, 0},                    /* of its own sizes a second */
	[LITTER_CRAWLS] = {"crawls", 0.02F, -2.5F, 0.045F, 0},           /* heights a second */
	[LITTER_UP] = {"keeps-going-down", 0.25F, -2, 0.05F, 0.5F},      /* way up / way down */
	[LITTER_DRIFTS] = {"drifts", 1.3F, -3, 0.6F,
			   0}, /* way across / way down, less what perspective makes */
	[LITTER_WAVERS] = {"wavers", 0.12F, -2, 0.03F, 0},        /* side to side, of the travel */
	[LITTER_STOPS] = {"slows-down", 0.55F, -3, 0.85F, 0},     /* speed in the last third / at most */
	[LITTER_SIDEWAYS] = {"enters-sideways", 0, -1.5F, 1, 0},  /* 0: first seen at a side of the picture */
	[LITTER_SELDOM] = {"seldom-seen", 0.25F, -2.5F, 0.5F, 0}, /* sights / frames */
	[LITTER_LEAPS] = {"leaps", 0.5F, -2, 0.25F, 0}, /* longest step between sights, of the travel */
	[LITTER_FEW] = {"few-sights", 6, -1.5F, 11, 0}, /* sights */
	[LITTER_LARGE] = {"too-large", 0.085F, -2.5F, 0.05F, 0}, /* of the height */
	[LITTER_TINY] = {"tiny", 1.5F, -2, 3.75F, 0}, /* px, of a 720-row picture where that is less */
	[LITTER_AMBIGUOUS] = {"ambiguous", 2, -2.5F, 0.5F, 0}, /* rivals a sight */
	[LITTER_CROWD] = {"crowd", 0.6F, -4, 0.35F, 0},        /* share of the picture where more fell */
	[LITTER_UPSET] = {"picture-upset", 3, -3, 0, 0},       /* frames of light step or shake */
	[LITTER_FOLIAGE] = {"restless-place", 0.9F, -2.5F, 0.55F, 0}, /* share of frames with motion */
	[LITTER_TRODDEN] = {"well-trodden", 7, -3, 3, 0},             /* earlier ones on the same way */
	[LITTER_OUTSIDE] = {"begins-off-the-facade", 1, -1.5F, 0, 0}, /* 1: where no window is */
	[LITTER_AGAIN] = {"goes-where-others-did", 3, -3, 0, 0},      /* earlier ones */
	[LITTER_FLOWN] = {"came-flying", 0.1F, -2.5F, 0.05F, 0},      /* of the height */
	[LITTER_GOES_ON] = {"goes-on-after", 1, -2, 0.4F, 0}, /* up to 1: still about, but falling no more */
};

static void give_reason(struct litter_verdict *verdict, const struct ramp *ramp, float value)
{
	float share = (value - ramp->bad) / (ramp->good - ramp->bad);
	struct litter_reason *reason;
	float weight;

	share = share < 0 ? 0 : share > 1 ? 1 : share;
	weight = ramp->at_bad + share * (ramp->at_good - ramp->at_bad);
	verdict->score += weight;
	if (fabsf(weight) < 0.005F)
		return;
	if (verdict->reason_count == LITTER_REASONS_MAX)
		return;
	reason = &verdict->reasons[verdict->reason_count++];
	snprintf(reason->name, sizeof(reason->name), "%s", ramp->name);
	reason->value = value;
	reason->weight = weight;
}

void litter_weigh(const struct litter *litter, const struct litter_track *track,
		  struct litter_verdict *verdict)
{
	float m[LITTER_MEASURES];

	litter_measure(litter, track, m);
	for (int i = 0; i < LITTER_MEASURES; i++) {
		if (!isnan(m[i]) && ramps[i].name != NULL)
			give_reason(verdict, &ramps[i], m[i]);
	}
}

bool litter_is_habit(const struct litter_reason *reason)
{
	return strcmp(reason->name, ramps[LITTER_TRODDEN].name) == 0 ||
	       strcmp(reason->name, ramps[LITTER_AGAIN].name) == 0;
}
