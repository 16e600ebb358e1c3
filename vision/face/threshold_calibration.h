/*
 * threshold_calibration.h - calibrates a camera's match threshold from its own impostor scores.
 *
 * Each passage of a known person yields an impostor score: that of the best other person. Stored is
 * its distance to the model card's threshold, score - threshold_for(enrolled), so that scores of
 * different gallery sizes are comparable. The fitted tail (extreme_value_fit.h) gives the distance
 * at the configured false-match rate and its error. It is combined with the card's value by inverse
 * variance: the fewer people passed, the more the card counts. The aim is the score that is safe in
 * four of five cases. The threshold approaches it in small bounded steps, so that no single day and
 * no single person can lower it far. Pure; no clock, no allocation but the fit's. One thread at a
 * time.
 */
#ifndef GH_VISION_FACE_THRESHOLD_CALIBRATION_H
#define GH_VISION_FACE_THRESHOLD_CALIBRATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/problem.h"

#include "extreme_value_fit.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
	CALIBRATION_PEOPLE_MAX = 1024, /* with stored scores; the least recently seen is evicted */
	CALIBRATION_SCORES_EACH = 4,   /* the latest */
	CALIBRATION_PEOPLE_MIN = 20,   /* fewer leave the threshold unchanged */
	CALIBRATION_SCORES_MAX = CALIBRATION_PEOPLE_MAX * CALIBRATION_SCORES_EACH,
};

/*
 * Error of the card: the two populations it was fitted between deviate by 0.05 and 0.06
 * (threshold.c).
 */
#define CALIBRATION_CARD_ERROR 0.05f
#define CALIBRATION_OFFSET_MIN (-0.06f) /* from the card, at most */
#define CALIBRATION_OFFSET_MAX 0.12f
#define CALIBRATION_STEP_UP 0.02f /* per day; stricter is four times faster */
#define CALIBRATION_STEP_DOWN 0.005f

struct calibration_person {
	uint32_t tag;  /* hash of the id: separates people without identifying them */
	uint32_t turn; /* of the latest score */
	/* of all its scores; the next is stored at count modulo CALIBRATION_SCORES_EACH */
	uint32_t count;
	float distances[CALIBRATION_SCORES_EACH];
	uint32_t others[CALIBRATION_SCORES_EACH]; /* tag of the other person; 0: removed */
};

struct threshold_calibration { /* zeroed at first */
	struct calibration_person people[CALIBRATION_PEOPLE_MAX];
	size_t count;
	uint32_t turn;
};

/**
 * Add the impostor score of a passage of @p person: the best of all others, that of @p other, with
 * @p enrolled templates at the rate @p percent. Non-finite scores are ignored.
 */
void calibration_add(struct threshold_calibration *calibration, const char *person,
		     const char *other, float score, size_t enrolled, double percent);

/** Hash of a person's id. */
uint32_t calibration_tag(const char *person);

/**
 * Remove a person, also as the other person of stored scores. @return whether there was anything to
 * remove.
 */
bool calibration_forget(struct threshold_calibration *calibration, const char *person);

/** Restore a stored score after a restart. Distances outside -2 to 2 are ignored. */
void calibration_restore(struct threshold_calibration *calibration, uint32_t tag, uint32_t other,
			 float distance);

enum calibration_reason {
	CALIBRATION_TOO_FEW,  /* people, or scores that cannot be fitted: unchanged */
	CALIBRATION_CARD,     /* the aim is next to the card's value */
	CALIBRATION_STRICTER, /* people at this camera are more alike than on the card */
	CALIBRATION_LOOSER,   /* people are less alike */
};

struct calibration_judgement {
	enum calibration_reason reason;
	size_t people, scores;
	float card;                      /* threshold_for() */
	float aim;                       /* target offset, within the bounds */
	float next;                      /* offset after one step from the present one */
	struct evt_fit_limits threshold; /* where the configured rate is met; zeros for TOO_FEW */
	/* share of strangers at the present threshold who would match anybody; the same */
	struct evt_fit_limits rate;
};

/** @param offset  the present one. */
void calibration_judge(const struct threshold_calibration *calibration, size_t enrolled,
		       double percent, float offset, struct calibration_judgement *ret_judgement);

/**
 * The threshold of a camera: the card's value and its offset, within threshold_min() and
 * THRESHOLD_MAX.
 */
float calibration_threshold(size_t enrolled, double percent, float offset);

/** The share of strangers who would match at @p score; below 0: the scores say nothing. */
double calibration_rate_at(const struct threshold_calibration *calibration, size_t enrolled,
			   double percent, float score);

/** A reason as text for the operator. */
void calibration_explain(enum calibration_reason reason, struct problem *ret_problem);

#ifdef __cplusplus
}
#endif
#endif
