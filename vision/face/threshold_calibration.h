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

#include "extreme_value_fit.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
	SITE_PEOPLE_MAX = 1024, /* of whom scores are kept; then the one heard of longest ago goes */
	SITE_SCORES_EACH = 4,   /* the latest */
	SITE_PEOPLE_MIN = 20,   /* fewer move nothing */
	SITE_SCORES_MAX = SITE_PEOPLE_MAX * SITE_SCORES_EACH,
};

/* What the card is worth: the two populations it was drawn between lie 0.05 and 0.06 beside it (threshold.c). */
#define SITE_CARD_ERROR 0.05f
#define SITE_OFFSET_MIN (-0.06f) /* from the card, at most */
#define SITE_OFFSET_MAX 0.12f
#define SITE_STEP_UP 0.02f /* a day: towards safety four times faster */
#define SITE_STEP_DOWN 0.005f

struct site_person {
	uint32_t tag;   /* a hash of the id: enough to keep people apart, too little to find one */
	uint32_t turn;  /* of the latest score */
	uint32_t count; /* all its scores; the place of the next is count modulo SITE_SCORES_EACH */
	float distances[SITE_SCORES_EACH];
	uint32_t others[SITE_SCORES_EACH]; /* the tag of whom each is like; 0: not known any more */
};

struct site { /* zeroed at first */
	struct site_person people[SITE_PEOPLE_MAX];
	size_t count;
	uint32_t turn;
};

/**
 * @p score: the best of all people but @p person, that of @p other, among @p enrolled, at @p percent. What is no number is left
 * out.
 */
void site_add(struct site *site, const char *person, const char *other, float score, size_t enrolled,
	      double percent);

/** The hash that stands for a person. */
uint32_t site_tag(const char *person);

/** Forgets a person, also as the one whom others are like. @return whether it was known. */
bool site_forget(struct site *site, const char *person);

/** One score as it was kept; for bringing them back after a restart. Values out of -2 to 2 are left out. */
void site_restore(struct site *site, uint32_t tag, uint32_t other, float distance);

enum site_reason {
	SITE_TOO_FEW,  /* people, or scores that say nothing: it stays where it is */
	SITE_CARD,     /* the aim is next to the card's value */
	SITE_STRICTER, /* people here are more alike than the card says */
	SITE_LOOSER,   /* and less */
};

struct site_judgement {
	enum site_reason reason;
	size_t people, scores;
	float card;                   /* threshold_for() */
	float aim;                    /* offset that the scores ask for, within the bounds */
	float next;                   /* offset after one step from the present one */
	struct tail_limits threshold; /* where the configured rate is met; zeros for TOO_FEW */
	struct tail_limits
		rate; /* share of strangers at the present threshold who would match anybody; the same */
};

/** @param offset  the present one. */
void site_judge(const struct site *site, size_t enrolled, double percent, float offset,
		struct site_judgement *ret_judgement);

/** The threshold of a camera: the card's value and its offset, within THRESHOLD_MIN and THRESHOLD_MAX. */
float site_threshold(size_t enrolled, double percent, float offset);

/** The share of strangers who would match at @p score; below 0: the scores say nothing. */
double site_rate_at(const struct site *site, size_t enrolled, double percent, float score);

/** "too few people seen yet"...: in plain words. Static. */
const char *site_reason_text(enum site_reason reason);

#ifdef __cplusplus
}
#endif
#endif
