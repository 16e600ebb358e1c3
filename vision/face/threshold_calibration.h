/*
 * threshold_calibration.h - which score is enough at this camera, by what the camera itself has seen?
 *
 * Each passage of a known person gives an impostor score for nothing: how alike the best of all others was, and who that
 * was. Kept are distances to the card, score - threshold_for(enrolled): so scores from a smaller gallery stay comparable with
 * today's.
 * Their tail (extreme_value_fit.h) says at which distance one in so many would be taken for somebody else, and how sure that is. It is
 * weighed against the card, as two measurements are by their errors: the fewer people passed, the more the card says. Aimed at
 * is the score that by both is safe in four of five cases;
 * the threshold moves there slowly and within bounds, so that no single day, and no crowd of a person's own, opens the
 * gate wide.
 * Pure; no clock, no allocation but the fit's. One thread at a time.
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
	CALIBRATION_PEOPLE_MAX = 1024, /* of whom scores are kept; then the one heard of longest ago goes */
	CALIBRATION_SCORES_EACH = 4,   /* the latest */
	CALIBRATION_PEOPLE_MIN = 20,   /* fewer move nothing */
	CALIBRATION_SCORES_MAX = CALIBRATION_PEOPLE_MAX * CALIBRATION_SCORES_EACH,
};

/* What the card is worth: the two populations it was drawn between lie 0.05 and 0.06 beside it (threshold.c). */
#define CALIBRATION_CARD_ERROR 0.05f
#define CALIBRATION_OFFSET_MIN (-0.06f) /* from the card, at most */
#define CALIBRATION_OFFSET_MAX 0.12f
#define CALIBRATION_STEP_UP 0.02f /* a day: towards safety four times faster */
#define CALIBRATION_STEP_DOWN 0.005f

struct calibration_person {
	uint32_t tag;   /* a hash of the id: enough to keep people apart, too little to find one */
	uint32_t turn;  /* of the latest score */
	uint32_t count; /* all its scores; the place of the next is count modulo CALIBRATION_SCORES_EACH */
	float distances[CALIBRATION_SCORES_EACH];
	uint32_t others[CALIBRATION_SCORES_EACH]; /* the tag of whom each is like; 0: not known any more */
};

struct threshold_calibration { /* zeroed at first */
	struct calibration_person people[CALIBRATION_PEOPLE_MAX];
	size_t count;
	uint32_t turn;
};

/**
 * @p score: the best of all people but @p person, that of @p other, among @p enrolled, at @p percent. What is no number is left
 * out.
 */
void calibration_add(struct threshold_calibration *site, const char *person, const char *other, float score,
		     size_t enrolled, double percent);

/** The hash that stands for a person. */
uint32_t calibration_tag(const char *person);

/** Forgets a person, also as the one whom others are like. @return whether it was known. */
bool calibration_forget(struct threshold_calibration *site, const char *person);

/** One score as it was kept; for bringing them back after a restart. Values out of -2 to 2 are left out. */
void calibration_restore(struct threshold_calibration *site, uint32_t tag, uint32_t other, float distance);

enum calibration_reason {
	CALIBRATION_TOO_FEW,  /* people, or scores that say nothing: it stays where it is */
	CALIBRATION_CARD,     /* the aim is next to the card's value */
	CALIBRATION_STRICTER, /* people here are more alike than the card says */
	CALIBRATION_LOOSER,   /* and less */
};

struct calibration_judgement {
	enum calibration_reason reason;
	size_t people, scores;
	float card;                      /* threshold_for() */
	float aim;                       /* offset that the scores ask for, within the bounds */
	float next;                      /* offset after one step from the present one */
	struct evt_fit_limits threshold; /* where the configured rate is met; zeros for TOO_FEW */
	struct evt_fit_limits
		rate; /* share of strangers at the present threshold who would match anybody; the same */
};

/** @param offset  the present one. */
void calibration_judge(const struct threshold_calibration *site, size_t enrolled, double percent,
		       float offset, struct calibration_judgement *ret_judgement);

/** The threshold of a camera: the card's value and its offset, within threshold_min() and THRESHOLD_MAX. */
float calibration_threshold(size_t enrolled, double percent, float offset);

/** The share of strangers who would match at @p score; below 0: the scores say nothing. */
double calibration_rate_at(const struct threshold_calibration *site, size_t enrolled, double percent,
			   float score);

/** What a reason means, for people to read. */
void calibration_explain(enum calibration_reason reason, struct problem *ret_problem);

#ifdef __cplusplus
}
#endif
#endif
