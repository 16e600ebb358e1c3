#include "threshold_calibration.h"

#include "threshold.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

uint32_t calibration_tag(const char *person)
{
	uint32_t hash = 2166136261u; /* FNV-1a */

	assert(person != NULL);
	for (; *person != '\0'; person++)
		hash = (hash ^ (unsigned char)*person) * 16777619u;
	return hash;
}

static struct calibration_person *find(struct threshold_calibration *calibration, uint32_t tag)
{
	for (size_t i = 0; i < calibration->count; i++) {
		if (calibration->people[i].tag == tag)
			return &calibration->people[i];
	}
	return NULL;
}

static struct calibration_person *place_for(struct threshold_calibration *calibration, uint32_t tag)
{
	struct calibration_person *person = find(calibration, tag);

	if (person != NULL)
		return person;
	if (calibration->count < CALIBRATION_PEOPLE_MAX) {
		person = &calibration->people[calibration->count++];
	} else {
		person = &calibration->people[0];
		for (size_t i = 1; i < calibration->count; i++) {
			if (calibration->people[i].turn < person->turn)
				person = &calibration->people[i];
		}
	}
	*person = (struct calibration_person){.tag = tag};
	return person;
}

void calibration_restore(struct threshold_calibration *calibration, uint32_t tag, uint32_t other,
			 float distance)
{
	struct calibration_person *person;
	uint32_t at;

	if (!(distance >= -2 && distance <= 2))
		return;
	person = place_for(calibration, tag);
	at = person->count++ % CALIBRATION_SCORES_EACH;
	person->distances[at] = distance;
	person->others[at] = other;
	person->turn = ++calibration->turn;
}

void calibration_add(struct threshold_calibration *calibration, const char *person,
		     const char *other, float score, size_t enrolled, double percent)
{
	assert(calibration->count <= CALIBRATION_PEOPLE_MAX && person != NULL && other != NULL);
	if (score > -1 && score <= 1 && enrolled > 1)
		calibration_restore(calibration, calibration_tag(person), calibration_tag(other),
				    score - threshold_for(enrolled, percent));
}

bool calibration_forget(struct threshold_calibration *calibration, const char *person)
{
	uint32_t tag = calibration_tag(person);
	struct calibration_person *known = find(calibration, tag);
	bool named = known != NULL;

	assert(calibration->count <= CALIBRATION_PEOPLE_MAX);
	if (known != NULL) {
		*known = calibration->people[--calibration->count];
		memset(&calibration->people[calibration->count], 0, sizeof(*known));
	}
	for (size_t i = 0; i < calibration->count; i++) {
		for (size_t k = 0; k < CALIBRATION_SCORES_EACH; k++) {
			named |= calibration->people[i].others[k] == tag;
			if (calibration->people[i].others[k] == tag)
				calibration->people[i].others[k] = 0;
		}
	}
	return named;
}

/* enrolled people who never passed, but were the best match of somebody who did */
struct outsiders {
	uint32_t tags[CALIBRATION_SCORES_MAX];
	uint32_t count;
};

/* Numbers follow those of calibration->people. */
static uint32_t number_of(const struct threshold_calibration *calibration,
			  struct outsiders *outsiders, uint32_t tag)
{
	uint32_t known = (uint32_t)calibration->count;

	for (uint32_t i = 0; i < known; i++)
		if (calibration->people[i].tag == tag)
			return i;
	for (uint32_t i = 0; i < outsiders->count; i++)
		if (outsiders->tags[i] == tag)
			return known + i;
	outsiders->tags[outsiders->count] = tag;
	return known + outsiders->count++;
}

static size_t gather(const struct threshold_calibration *calibration, struct evt_fit_score *scores)
{
	struct outsiders *outsiders = calloc(1, sizeof(*outsiders));
	size_t n = 0;

	_Static_assert(CALIBRATION_PEOPLE_MAX + (int)CALIBRATION_SCORES_MAX <=
			       (int)EVT_FIT_SCORES_MAX,
		       "all have a number");
	for (size_t i = 0; i < calibration->count && outsiders != NULL; i++) {
		const struct calibration_person *person = &calibration->people[i];

		for (size_t k = 0; k < CALIBRATION_SCORES_EACH && k < person->count; k++) {
			uint32_t tag = person->others[k];

			scores[n++] = (struct evt_fit_score){
				(uint32_t)i,
				tag == 0 ? (uint32_t)i : number_of(calibration, outsiders, tag),
				person->distances[k]};
		}
	}
	free(outsiders);
	return n;
}

static float within(float value, float low, float high)
{
	return value < low ? low : value > high ? high : value;
}

float calibration_threshold(size_t enrolled, double percent, float offset)
{
	return within(threshold_for(enrolled, percent) +
			      within(offset, CALIBRATION_OFFSET_MIN, CALIBRATION_OFFSET_MAX),
		      threshold_min(), THRESHOLD_MAX);
}

/* Combines two measurements of one value, this site's and the model card's, each with its error. */
static void aim(struct calibration_judgement *judgement, const struct evt_fit_limits *distance)
{
	static const double errors_between_limits = 2 * 1.645, errors_to_safe = 0.84,
			    beside_card = 0.005;
	double error = (distance->high - distance->low) / errors_between_limits;
	double card = (double)CALIBRATION_CARD_ERROR * (double)CALIBRATION_CARD_ERROR;
	double weight = card / (card + error * error);
	double at = weight * distance->middle + errors_to_safe * sqrt(weight) * error;

	judgement->reason = at > beside_card    ? CALIBRATION_STRICTER
			    : at < -beside_card ? CALIBRATION_LOOSER
						: CALIBRATION_CARD;
	judgement->aim = within((float)at, CALIBRATION_OFFSET_MIN, CALIBRATION_OFFSET_MAX);
}

void calibration_judge(const struct threshold_calibration *calibration, size_t enrolled,
		       double percent, float offset, struct calibration_judgement *ret_judgement)
{
	struct evt_fit_score *scores = malloc(CALIBRATION_SCORES_MAX * sizeof(*scores));
	struct calibration_judgement judgement = {.card = threshold_for(enrolled, percent)};
	float now = calibration_threshold(enrolled, percent, offset) - judgement.card;
	struct evt_fit_limits distance;

	assert(calibration != NULL && ret_judgement != NULL);
	judgement.people = calibration->count;
	judgement.aim = judgement.next =
		within(offset, CALIBRATION_OFFSET_MIN, CALIBRATION_OFFSET_MAX);
	if (scores != NULL)
		judgement.scores = gather(calibration, scores);
	if (scores != NULL && calibration->count >= CALIBRATION_PEOPLE_MIN &&
	    evt_fit_limits(scores, judgement.scores, percent / 100, now, &distance,
			   &judgement.rate) == 0) {
		aim(&judgement, &distance);
		judgement.next += within(judgement.aim - judgement.next, -CALIBRATION_STEP_DOWN,
					 CALIBRATION_STEP_UP);
		judgement.threshold = (struct evt_fit_limits){judgement.card + distance.low,
							      judgement.card + distance.middle,
							      judgement.card + distance.high};
	}
	free(scores);
	*ret_judgement = judgement;
}

double calibration_rate_at(const struct threshold_calibration *calibration, size_t enrolled,
			   double percent, float score)
{
	struct evt_fit_score *scores = malloc(CALIBRATION_SCORES_MAX * sizeof(*scores));
	struct evt_fit tail;
	double rate = -1;

	if (scores != NULL && calibration->count >= CALIBRATION_PEOPLE_MIN &&
	    evt_fit(scores, gather(calibration, scores), &tail) == 0)
		rate = evt_fit_rate(&tail, score - threshold_for(enrolled, percent));
	free(scores);
	return rate;
}

void calibration_explain(enum calibration_reason reason, struct problem *ret_problem)
{
	static int (*const explanations[])(struct problem * problem) = {
		[CALIBRATION_TOO_FEW] = problem_threshold_too_few,
		[CALIBRATION_CARD] = problem_threshold_fits,
		[CALIBRATION_STRICTER] = problem_threshold_more_alike,
		[CALIBRATION_LOOSER] = problem_threshold_less_alike,
	};

	explanations[reason](ret_problem);
}
