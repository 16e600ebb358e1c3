#include "face_site.h"

#include "vision/face/threshold_calibration.h"
#include "vision/face/threshold.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { DAYS = 60, PICTURES_MAX = 1024 };

struct person {
	size_t first, count; /* pictures */
	bool able, enrolled;
	size_t order[PICTURES_MAX];
};

struct entry {
	size_t owner, pictures;
	float vector[FACE_DIM], gain;
};

struct gate {
	const struct album *album;
	const struct face_site_setup *setup;
	struct person *people;
	struct entry *entries;
	size_t entry_count;
	struct threshold_calibration *site;
};

static bool to_unit(float *vector)
{
	double square = 0;

	for (size_t i = 0; i < FACE_DIM; i++)
		square += (double)vector[i] * vector[i];
	for (size_t i = 0; i < FACE_DIM && square > 1e-9; i++)
		vector[i] = (float)(vector[i] / sqrt(square));
	return square > 1e-9;
}

static void add_to(float *sum, const float *vector)
{
	for (size_t i = 0; i < FACE_DIM; i++)
		sum[i] += vector[i];
}

static float likeness(const float *a, const float *b)
{
	float sums[16] = {0}, sum = 0;

	for (size_t i = 0; i < FACE_DIM; i += 16)
		for (size_t lane = 0; lane < 16; lane++)
			sums[lane] += a[i + lane] * b[i + lane];
	for (size_t lane = 0; lane < 16; lane++)
		sum += sums[lane];
	return sum;
}

static const struct album_picture *picture_of(const struct gate *gate, const struct person *person,
					      size_t at)
{
	return &gate->album->pictures[person->first + person->order[at]];
}

static void enrol(struct gate *gate, size_t owner)
{
	struct person *person = &gate->people[owner];
	struct entry *entry = NULL;

	person->enrolled = true;
	for (unsigned i = 0; i < gate->setup->enrol; i++) {
		const struct album_picture *picture = picture_of(gate, person, i);

		if (!picture->found)
			continue;
		if (entry == NULL || gate->setup->best) {
			entry = &gate->entries[gate->entry_count++];
			memset(entry, 0, sizeof(*entry));
			entry->owner = owner;
		}
		add_to(entry->vector, picture->vector);
		entry->gain += score_gain_of_template(picture->length);
		entry->pictures++;
	}
	for (size_t i = 0; i < gate->entry_count; i++)
		if (gate->entries[i].owner == owner && to_unit(gate->entries[i].vector))
			gate->entries[i].gain /= (float)gate->entries[i].pictures;
}

struct probe {
	float vector[FACE_DIM], gain;
};

/* The mean of a track's pictures; false: no face in any of them. */
static bool track_of(const struct gate *gate, const struct person *person, size_t from,
		     struct probe *probe)
{
	size_t found = 0;

	probe->gain = 0;
	memset(probe->vector, 0, sizeof(probe->vector));
	for (unsigned i = 0; i < gate->setup->track; i++) {
		const struct album_picture *picture = picture_of(gate, person, from + i);

		if (!picture->found)
			continue;
		add_to(probe->vector, picture->single);
		probe->gain += picture->norm;
		found++;
	}
	probe->gain = score_gain_of_probe(found == 0 ? 0 : probe->gain / (float)found);
	return to_unit(probe->vector);
}

/* The best of all, and the best of others than @p owner. */
struct ranking {
	float score, rival_score;
	size_t owner, rival;
};

static struct ranking rank(const struct gate *gate, const struct probe *probe, size_t owner)
{
	struct ranking ranking = {-1, -1, SIZE_MAX, SIZE_MAX};

	for (size_t i = 0; i < gate->entry_count; i++) {
		const struct entry *entry = &gate->entries[i];
		float score = probe->gain * entry->gain * likeness(entry->vector, probe->vector);

		if (score > ranking.score) {
			ranking.score = score;
			ranking.owner = gate->entries[i].owner;
		}
		if (gate->entries[i].owner != owner && score > ranking.rival_score) {
			ranking.rival_score = score;
			ranking.rival = gate->entries[i].owner;
		}
	}
	return ranking;
}

static const char *name_of(const struct gate *gate, size_t owner)
{
	return gate->album->pictures[gate->people[owner].first].person;
}

/*
 * Each track of an enrolled person passes once: what that says of others is what the gate learns.
 */
static void pass(struct gate *gate, size_t owner)
{
	const struct person *person = &gate->people[owner];
	unsigned step = gate->setup->track;
	struct probe probe;

	for (size_t at = gate->setup->enrol; at + step <= person->count; at += step) {
		struct ranking ranking;

		if (!track_of(gate, person, at, &probe))
			continue;
		ranking = rank(gate, &probe, owner);
		if (ranking.rival != SIZE_MAX)
			calibration_add(gate->site, name_of(gate, owner),
					name_of(gate, ranking.rival), ranking.rival_score,
					gate->entry_count, gate->setup->percent);
	}
}

/*
 * @return the share of a person's tracks that go wrong: refused or taken for another; of a
 *         stranger, taken for somebody.
 */
static double share_wrong(const struct gate *gate, size_t owner, float threshold,
			  size_t *ret_tracks)
{
	const struct person *person = &gate->people[owner];
	size_t from = person->enrolled ? gate->setup->enrol : 0, wrong = 0, all = 0;
	unsigned step = gate->setup->track;
	struct probe probe;

	for (size_t at = from; at + step <= person->count; at += step, all++) {
		struct ranking ranking = {-1, -1, SIZE_MAX, SIZE_MAX};
		bool matches;

		if (track_of(gate, person, at, &probe))
			ranking = rank(gate, &probe, owner);
		matches = ranking.score >= threshold;
		wrong += person->enrolled ? !matches || ranking.owner != owner : matches;
	}
	*ret_tracks = all;
	return all == 0 ? 0 : (double)wrong / (double)all;
}

static void open_gate(struct gate *gate, uint32_t seed)
{
	size_t able = 0, wanted, *chosen = calloc(gate->album->people, sizeof(*chosen));
	uint32_t state = seed;

	if (chosen == NULL)
		abort();
	for (size_t i = 0; i < gate->album->count; i++) {
		struct person *person = &gate->people[gate->album->pictures[i].owner];

		if (person->count == 0)
			person->first = i;
		if (person->count < PICTURES_MAX)
			person->count++;
	}
	for (size_t i = 0; i < gate->album->people; i++) {
		album_shuffle(gate->people[i].order, gate->people[i].count, &state);
		gate->people[i].able = gate->people[i].count >= gate->setup->pictures_min;
		if (gate->people[i].able)
			chosen[able++] = i;
	}
	wanted = able * gate->setup->enrolled_share / 100;
	for (size_t i = 0; i < wanted; i++) {
		size_t other = i + album_random(&state) % (able - i), kept = chosen[i];

		chosen[i] = chosen[other];
		chosen[other] = kept;
		enrol(gate, chosen[i]);
	}
	free(chosen);
}

static void measure(const struct gate *gate, struct face_site_trial *trial)
{
	size_t people = 0, tracks;

	for (size_t i = 0; i < gate->album->people; i++) {
		const struct person *person = &gate->people[i];
		double wrong;

		if (!person->enrolled && gate->setup->ambiguous_strangers && !person->able)
			continue;
		wrong = share_wrong(gate, i, (float)trial->threshold, &tracks);
		if (tracks == 0)
			continue;
		if (person->enrolled) {
			trial->frr += wrong;
			trial->tracks += tracks;
			people++;
		} else {
			trial->far += wrong;
			trial->strangers++;
		}
	}
	trial->frr /= people == 0 ? 1 : (double)people;
	trial->far /= trial->strangers == 0 ? 1 : (double)trial->strangers;
}

static void judge(struct gate *gate, struct face_site_trial *trial)
{
	struct calibration_judgement judgement = {0};
	float offset = 0;

	for (size_t i = 0; i < gate->album->people; i++)
		if (gate->people[i].enrolled)
			pass(gate, i);
	for (int day = 0; day < DAYS; day++) {
		calibration_judge(gate->site, gate->entry_count, gate->setup->percent, offset,
				  &judgement);
		offset = judgement.next;
	}
	calibration_judge(gate->site, gate->entry_count, gate->setup->percent, offset, &judgement);
	trial->threshold =
		(double)calibration_threshold(gate->entry_count, gate->setup->percent, offset);
	trial->card = (double)judgement.card;
	trial->low = judgement.rate.low;
	trial->high = judgement.rate.high;
	trial->judged = judgement.reason != CALIBRATION_TOO_FEW;
}

/* How likely at most @p hits of @p tries are, each with a chance of @p rate. */
static double at_most(size_t hits, size_t tries, double rate)
{
	double sum = 0;

	if (rate <= 0 || rate >= 1)
		return rate <= 0 || hits >= tries ? 1 : 0;
	for (size_t k = 0; k <= hits && k <= tries; k++)
		sum += exp(lgamma((double)tries + 1) - lgamma((double)k + 1) -
			   lgamma((double)(tries - k) + 1) + (double)k * log(rate) +
			   (double)(tries - k) * log1p(-rate));
	return sum;
}

/* A hundred strangers of whom none passes do not refute 0.1 %. */
static bool is_refuted(const struct face_site_trial *trial)
{
	size_t hits = (size_t)lrint(trial->far * (double)trial->strangers);

	return at_most(hits, trial->strangers, trial->low) <= 0.05 ||
	       (hits > 0 && 1 - at_most(hits - 1, trial->strangers, trial->high) <= 0.05);
}

int face_site_try(const struct album *album, const struct face_site_setup *setup, uint32_t seed,
		  struct face_site_trial *ret_trial)
{
	struct gate gate = {.album = album,
			    .setup = setup,
			    .people = calloc(album->people, sizeof(*gate.people)),
			    .entries = calloc(album->count, sizeof(*gate.entries)),
			    .site = calloc(1, sizeof(*gate.site))};
	struct face_site_trial trial = {0};
	int r = gate.people == NULL || gate.entries == NULL || gate.site == NULL ? -ENOMEM : 0;

	if (r == 0) {
		open_gate(&gate, seed);
		r = gate.entry_count == 0 ? -EINVAL : 0;
	}
	if (r == 0) {
		for (size_t i = 0; i < album->people; i++)
			trial.enrolled += gate.people[i].enrolled;
		judge(&gate, &trial);
		measure(&gate, &trial);
		trial.refuted = trial.judged && is_refuted(&trial);
		*ret_trial = trial;
	}
	free(gate.people);
	free(gate.entries);
	free(gate.site);
	return r;
}
