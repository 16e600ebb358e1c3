#include "extreme_value_fit.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const double shape_max = 0.25;
/* share of the scores that forms the tail */
static const double share_few = 0.25, share_many = 0.1;
enum { MANY = 400, CALM = 20 };

static int highest_first(const void *left, const void *right)
{
	const struct evt_fit_score *a = left, *b = right;

	if (a->score != b->score)
		return a->score < b->score ? 1 : -1;
	return (a->person > b->person) - (a->person < b->person); /* makes the order reproducible */
}

static double share_wanted(size_t count)
{
	return count >= MANY ? share_many : share_few;
}

/*
 * Moments of the exceedances: b0 = E[y], b1 = E[y (1 - F(y))]. @p weights of the sorted scores sum
 * up to @p all. With few peaks the shape is shrunk towards 0, the exponential tail, which lies
 * between light and heavy tails.
 */
static bool fit_weighted(const struct evt_fit_score *scores, const double *weights, size_t count,
			 double all, struct evt_fit *tail)
{
	double tail_weight = share_wanted(count) * all, sum = 0, b0 = 0, b1 = 0, shape, passed = 0;
	size_t n = 0;

	while (n < count && sum + weights[n] < tail_weight)
		sum += weights[n++];
	if (n < 3 || n >= count || !(sum > 0))
		return false;
	tail->start = scores[n].score;
	tail->share = sum / all;
	tail->above = (double)n;
	for (size_t i = 0; i < n; i++) {
		double y = scores[i].score - tail->start;

		b0 += weights[i] * y / sum;
		b1 += weights[i] * y * (passed + weights[i] / 2) / sum / sum;
		passed += weights[i];
	}
	if (!(b0 > 1e-9))
		return false;
	shape = b0 - 2 * b1 > 1e-12 ? 2 - b0 / (b0 - 2 * b1) : 0;
	shape *= (double)n / (double)(n + CALM);
	tail->shape = shape > shape_max ? shape_max : shape < -shape_max ? -shape_max : shape;
	tail->scale = b0 * (1 - tail->shape); /* keeps the observed mean */
	return true;
}

static bool is_usable(const struct evt_fit_score *scores, size_t count)
{
	if (scores == NULL || count < EVT_FIT_SCORES_MIN || count > EVT_FIT_SCORES_MAX)
		return false;
	for (size_t i = 0; i < count; i++) {
		if (!isfinite(scores[i].score) || scores[i].person >= EVT_FIT_SCORES_MAX ||
		    scores[i].other >= EVT_FIT_SCORES_MAX)
			return false;
	}
	return true;
}

struct people {
	uint32_t counts[EVT_FIT_SCORES_MAX]; /* number of scores of each person */
	uint32_t end;                        /* the highest number in use, plus 1 */
	double chance[EVT_FIT_SCORES_MAX];   /* weight of each person in this bootstrap round */
	double weights[EVT_FIT_SCORES_MAX];  /* weight of each score */
	double score_at[EVT_FIT_ROUNDS], rate_at[EVT_FIT_ROUNDS];
};

static double spread(const struct evt_fit_score *scores, size_t count, struct people *people)
{
	double all = 0;

	for (size_t i = 0; i < count; i++) {
		uint32_t person = scores[i].person, other = scores[i].other;

		people->weights[i] = people->chance[person] / people->counts[person];
		if (other != person)
			people->weights[i] *= people->chance[other];
		all += people->weights[i];
	}
	return all;
}

static uint32_t max_of(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

static struct people *gather(struct evt_fit_score *scores, size_t count)
{
	struct people *people = calloc(1, sizeof(*people));

	if (people == NULL)
		return NULL;
	qsort(scores, count, sizeof(*scores), highest_first);
	for (size_t i = 0; i < count; i++) {
		people->counts[scores[i].person]++;
		people->end = max_of(people->end, max_of(scores[i].person, scores[i].other) + 1);
	}
	for (uint32_t person = 0; person < people->end; person++)
		people->chance[person] = 1;
	return people;
}

int evt_fit(struct evt_fit_score *scores, size_t count, struct evt_fit *ret_tail)
{
	struct people *people;
	struct evt_fit tail;
	bool fits;

	if (!is_usable(scores, count) || ret_tail == NULL)
		return -EINVAL;
	people = gather(scores, count);
	if (people == NULL)
		return -ENOMEM;
	fits = fit_weighted(scores, people->weights, count, spread(scores, count, people), &tail);
	free(people);
	if (!fits)
		return -EINVAL;
	*ret_tail = tail;
	return 0;
}

double evt_fit_rate(const struct evt_fit *tail, double score)
{
	double y = (score - tail->start) / tail->scale, base;

	assert(tail->scale > 0);
	if (!(y > 0))
		return tail->share;
	if (fabs(tail->shape) < 1e-6)
		return tail->share * exp(-y);
	base = 1 + tail->shape * y;
	return base > 0 ? tail->share * pow(base, -1 / tail->shape) : 0;
}

double evt_fit_score_at(const struct evt_fit *tail, double rate)
{
	double part = rate / tail->share;

	assert(rate > 0);
	if (!(part < 1))
		return tail->start;
	if (part < 1e-12)
		part = 1e-12;
	if (fabs(tail->shape) < 1e-6)
		return tail->start - tail->scale * log(part);
	return tail->start + tail->scale * (pow(part, -tail->shape) - 1) / tail->shape;
}

/* splitmix64: the same sequence on every machine */
static double random_weight(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	z ^= z >> 31;
	return -log(((double)(z >> 11) + 1) / 9007199254740993.0); /* exponential */
}

static int rising(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;

	return (a > b) - (a < b);
}

/*
 * Reweighting makes the tails lighter on average, because few scores get most of the weight.
 * Correct this bias: shift the values so that their median is that of the fit, or scale them if
 * they are rates.
 */
static void limits_of(double *values, size_t count, double middle, bool times,
		      struct evt_fit_limits *limits)
{
	double median, low, high;

	qsort(values, count, sizeof(*values), rising);
	median = values[count / 2];
	low = values[count / 20];
	high = values[count - 1 - count / 20];
	if (!times) {
		low += middle - median;
		high += middle - median;
	} else if (median > 0) {
		low *= middle / median;
		high *= middle / median;
	}
	limits->middle = middle;
	limits->low = fmin(middle, low);
	limits->high = fmax(middle, times ? fmin(1, high) : high);
}

int evt_fit_limits(struct evt_fit_score *scores, size_t count, double rate, double score,
		   struct evt_fit_limits *ret_score, struct evt_fit_limits *ret_rate)
{
	uint64_t state = 20261121;
	struct evt_fit tail, other;
	struct people *people;
	size_t rounds = 0;
	int r = evt_fit(scores, count, &tail);

	if (r < 0)
		return r;
	people = gather(scores, count);
	if (people == NULL)
		return -ENOMEM;
	for (int round = 0; round < EVT_FIT_ROUNDS; round++) {
		for (uint32_t person = 0; person < people->end; person++)
			people->chance[person] = random_weight(&state);
		if (!fit_weighted(scores, people->weights, count, spread(scores, count, people),
				  &other))
			continue;
		people->score_at[rounds] = evt_fit_score_at(&other, rate);
		people->rate_at[rounds++] = evt_fit_rate(&other, score);
	}
	if (rounds < EVT_FIT_ROUNDS / 2) {
		free(people);
		return -EINVAL;
	}
	limits_of(people->score_at, rounds, evt_fit_score_at(&tail, rate), false, ret_score);
	limits_of(people->rate_at, rounds, evt_fit_rate(&tail, score), true, ret_rate);
	free(people);
	return 0;
}
