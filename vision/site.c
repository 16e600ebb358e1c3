#include "site.h"

#include "threshold.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

uint32_t site_tag(const char *person)
{
	uint32_t hash = 2166136261u; /* FNV-1a */

	for (; *person != '\0'; person++)
		hash = (hash ^ (unsigned char)*person) * 16777619u;
	return hash;
}

static struct site_person *find(struct site *site, uint32_t tag)
{
	for (size_t i = 0; i < site->count; i++) {
		if (site->people[i].tag == tag)
			return &site->people[i];
	}
	return NULL;
}

static struct site_person *place_for(struct site *site, uint32_t tag)
{
	struct site_person *person = find(site, tag);

	if (person != NULL)
		return person;
	if (site->count < SITE_PEOPLE_MAX) {
		person = &site->people[site->count++];
	} else {
		person = &site->people[0];
		for (size_t i = 1; i < site->count; i++) {
			if (site->people[i].turn < person->turn)
				person = &site->people[i];
		}
	}
	*person = (struct site_person){.tag = tag};
	return person;
}

void site_restore(struct site *site, uint32_t tag, float distance)
{
	struct site_person *person;

	if (!(distance >= -2 && distance <= 2))
		return;
	person = place_for(site, tag);
	person->distances[person->count++ % SITE_SCORES_EACH] = distance;
	person->turn = ++site->turn;
}

void site_add(struct site *site, const char *person, float score, size_t enrolled, double percent)
{
	if (score > -1 && score <= 1 && enrolled > 1)
		site_restore(site, site_tag(person), score - threshold_for(enrolled, percent));
}

bool site_forget(struct site *site, const char *person)
{
	struct site_person *known = find(site, site_tag(person));

	if (known == NULL)
		return false;
	*known = site->people[--site->count];
	memset(&site->people[site->count], 0, sizeof(*known));
	return true;
}

static size_t gather(const struct site *site, struct tail_score *scores)
{
	size_t n = 0;

	for (size_t i = 0; i < site->count; i++) {
		const struct site_person *person = &site->people[i];

		for (size_t k = 0; k < SITE_SCORES_EACH && k < person->count; k++)
			scores[n++] = (struct tail_score){(uint32_t)i, person->distances[k]};
	}
	return n;
}

static float within(float value, float low, float high)
{
	return value < low ? low : value > high ? high : value;
}

float site_threshold(size_t enrolled, double percent, float offset)
{
	return within(threshold_for(enrolled, percent) + within(offset, SITE_OFFSET_MIN, SITE_OFFSET_MAX),
		      threshold_min(), THRESHOLD_MAX);
}

static void aim(struct site_judgement *judgement, const struct tail_limits *distance)
{
	if (distance->safe > 0) {
		judgement->reason = SITE_STRICTER;
		judgement->aim = (float)distance->safe;
	} else if (distance->high < 0) {
		judgement->reason = SITE_LOOSER;
		judgement->aim = (float)distance->high;
	} else {
		judgement->reason = SITE_CARD;
		judgement->aim = 0;
	}
	judgement->aim = within(judgement->aim, SITE_OFFSET_MIN, SITE_OFFSET_MAX);
}

void site_judge(const struct site *site, size_t enrolled, double percent, float offset,
		struct site_judgement *ret_judgement)
{
	struct tail_score *scores = malloc(SITE_SCORES_MAX * sizeof(*scores));
	struct site_judgement judgement = {.card = threshold_for(enrolled, percent)};
	float now = site_threshold(enrolled, percent, offset) - judgement.card;
	struct tail_limits distance;

	judgement.people = site->count;
	judgement.aim = judgement.next = within(offset, SITE_OFFSET_MIN, SITE_OFFSET_MAX);
	if (scores != NULL)
		judgement.scores = gather(site, scores);
	if (scores != NULL && site->count >= SITE_PEOPLE_MIN &&
	    tail_limits(scores, judgement.scores, percent / 100, now, &distance, &judgement.rate) == 0) {
		aim(&judgement, &distance);
		judgement.next += within(judgement.aim - judgement.next, -SITE_STEP_DOWN, SITE_STEP_UP);
		judgement.threshold =
			(struct tail_limits){judgement.card + distance.low, judgement.card + distance.middle,
					     judgement.card + distance.high, judgement.card + distance.safe};
	}
	free(scores);
	*ret_judgement = judgement;
}

double site_rate_at(const struct site *site, size_t enrolled, double percent, float score)
{
	struct tail_score *scores = malloc(SITE_SCORES_MAX * sizeof(*scores));
	struct tail tail;
	double rate = -1;

	if (scores != NULL && site->count >= SITE_PEOPLE_MIN &&
	    tail_fit(scores, gather(site, scores), &tail) == 0)
		rate = tail_rate(&tail, score - threshold_for(enrolled, percent));
	free(scores);
	return rate;
}

const char *site_reason_text(enum site_reason reason)
{
	static const char *const texts[] = {
		[SITE_TOO_FEW] = "too few people were seen here yet: the model card's value holds",
		[SITE_CARD] = "the model card's value is within what was measured here",
		[SITE_STRICTER] = "people here are more alike than the model card says",
		[SITE_LOOSER] = "people here are less alike than the model card says, with certainty",
	};

	return texts[reason];
}
