#include "match.h"

#include "match_scan.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum {
	BUCKETS = 65536,
	FIRST_CAPACITY = 64, /* complete blocks of match_scan.h; doubling keeps it so */
	ALIGN_BYTES = 64,
	HUGE_BYTES = 2 * 1024 * 1024,
	CANDIDATES = 512, /* rows queued for exact scoring */
};
_Static_assert(FIRST_CAPACITY % MATCH_BLOCK == 0, "bounds come in blocks");
static const uint32_t no_person = UINT32_MAX;

/*
 * A vector x is stored as float and as x = scale * q + rest, q in -127..127. With a probe y of norm
 * 1, <x,y> = sx * sy * <qx,qy> + <sx * qx, ry> + <rx, y>. By Cauchy and Schwarz the integer product
 * is off by at most |sx * qx| * |ry| + |rx|. These norms are measured when a vector is stored.
 * match_scan.c adds a bound for float rounding.
 */

struct person {
	char id[GALLERY_PERSON_BYTES];
	unsigned templates; /* 0: this slot is free */
	uint32_t next;      /* in its bucket, or in the free list */
	uint32_t row;       /* the row of the mean */
	/* norm of the sum behind the mean; 0: the templates are separate rows */
	float norm;
	/* sum of the gains of the templates; the row is the mean times their average gain */
	float gains;
};

struct gallery {
	pthread_rwlock_t lock;
	size_t dim, count, capacity;
	float *vectors;            /* count x dim */
	int8_t *quantised;         /* count x dim */
	struct match_sizes *sizes; /* one for each MATCH_BLOCK rows */
	uint32_t *owner;           /* index into people */
	struct person *people;
	size_t people_used, people_capacity, persons;
	uint32_t first_free;
	uint32_t buckets[BUCKETS];
	match_dot_fn *dot;
	float (*gain)(float norm); /* NULL: 1 */
};

static uint32_t bucket_of(const char *id)
{
	uint32_t hash = 2166136261u; /* FNV-1a */

	for (; *id != '\0'; id++)
		hash = (hash ^ (unsigned char)*id) * 16777619u;
	return hash % BUCKETS;
}

static void *allocate(size_t bytes)
{
	size_t align = bytes >= HUGE_BYTES ? HUGE_BYTES : ALIGN_BYTES;
	void *memory = aligned_alloc(align, (bytes + align - 1) / align * align);

	if (memory != NULL && align == HUGE_BYTES)
		(void)madvise(memory, bytes,
			      MADV_HUGEPAGE); /* fewer TLB misses in a scan; optional */
	return memory;
}

int gallery_open(size_t dim, struct gallery **ret_gallery)
{
	struct gallery *gallery;

	if (dim == 0 || dim > GALLERY_DIM_MAX || dim % 64 != 0)
		return -EINVAL;
	gallery = calloc(1, sizeof(*gallery));
	if (gallery == NULL)
		return -ENOMEM;
	pthread_rwlock_init(&gallery->lock, NULL);
	gallery->dim = dim;
	gallery->dot = match_dot_best();
	gallery->first_free = no_person;
	memset(gallery->buckets, 0xff, sizeof(gallery->buckets));
	*ret_gallery = gallery;
	return 0;
}

static void release(struct gallery *gallery)
{
	free(gallery->vectors);
	free(gallery->quantised);
	free(gallery->sizes);
	free(gallery->owner);
	free(gallery->people);
}

void gallery_close(struct gallery *gallery)
{
	if (gallery == NULL)
		return;
	release(gallery);
	pthread_rwlock_destroy(&gallery->lock);
	free(gallery);
}

/* Vectors come from outside: a NaN must not affect later searches. */
static int to_unit(const float *vector, size_t dim, float *ret_unit, float *ret_norm)
{
	double square = 0, norm;

	for (size_t i = 0; i < dim; i++)
		square += (double)vector[i] * vector[i];
	norm = sqrt(square);
	if (!isfinite(square) || norm < 1e-6)
		return -EINVAL;
	for (size_t i = 0; i < dim; i++)
		ret_unit[i] = (float)(vector[i] / norm);
	if (ret_norm != NULL)
		*ret_norm = (float)norm;
	return 0;
}

static void quantise(const float *vector, size_t dim, int8_t *ret_quantised,
		     struct match_sizes *ret_sizes, size_t at)
{
	double scale, part, square = 0, rest = 0, largest = 0;
	int32_t sum = 0;
	long q;

	for (size_t i = 0; i < dim; i++)
		largest = fmax(largest, fabs((double)vector[i]));
	scale = (double)(float)(largest / 127);
	for (size_t i = 0; i < dim; i++) {
		q = lrint(vector[i] / scale);
		q = q > 127 ? 127 : q < -127 ? -127 : q;
		ret_quantised[i] = (int8_t)q;
		sum += (int32_t)q;
		part = scale * (double)q;
		square += part * part;
		rest += (vector[i] - part) * (vector[i] - part);
	}
	ret_sizes->scale[at] = (float)scale;
	ret_sizes->norm[at] = (float)sqrt(square);
	ret_sizes->rest_norm[at] = (float)sqrt(rest);
	ret_sizes->sum[at] = sum;
}

static bool grow_one(void **array, size_t item_bytes, size_t used, size_t capacity)
{
	void *larger = allocate(item_bytes * capacity);

	if (larger == NULL)
		return false;
	if (used > 0)
		memcpy(larger, *array, item_bytes * used);
	free(*array);
	*array = larger;
	return true;
}

static int make_room(struct gallery *gallery)
{
	size_t capacity = gallery->capacity == 0 ? FIRST_CAPACITY : gallery->capacity * 2;

	if (gallery->count < gallery->capacity)
		return 0;
	/*
	 * if a later call fails, an array may be larger than its recorded capacity, which is
	 * harmless
	 */
	if (!grow_one((void **)&gallery->vectors, sizeof(float) * gallery->dim, gallery->count,
		      capacity) ||
	    !grow_one((void **)&gallery->quantised, gallery->dim, gallery->count, capacity) ||
	    !grow_one((void **)&gallery->sizes, sizeof(struct match_sizes),
		      gallery->count / MATCH_BLOCK, capacity / MATCH_BLOCK) ||
	    !grow_one((void **)&gallery->owner, sizeof(uint32_t), gallery->count, capacity))
		return -ENOMEM;
	gallery->capacity = capacity;
	return 0;
}

static uint32_t find_person(const struct gallery *gallery, const char *id)
{
	uint32_t index = gallery->buckets[bucket_of(id)];

	while (index != no_person && strcmp(gallery->people[index].id, id) != 0)
		index = gallery->people[index].next;
	return index;
}

static int new_person(struct gallery *gallery, const char *id, uint32_t *ret_index)
{
	size_t capacity =
		gallery->people_capacity == 0 ? FIRST_CAPACITY : gallery->people_capacity * 2;
	uint32_t index = gallery->first_free, bucket = bucket_of(id);
	struct person *person;

	if (index == no_person) {
		if (gallery->people_used == gallery->people_capacity) {
			if (!grow_one((void **)&gallery->people, sizeof(struct person),
				      gallery->people_used, capacity))
				return -ENOMEM;
			gallery->people_capacity = capacity;
		}
		index = (uint32_t)gallery->people_used++;
	} else {
		gallery->first_free = gallery->people[index].next;
	}
	person = &gallery->people[index];
	memset(person, 0, sizeof(*person));
	memcpy(person->id, id, GALLERY_PERSON_BYTES);
	person->next = gallery->buckets[bucket];
	gallery->buckets[bucket] = index;
	gallery->persons++;
	*ret_index = index;
	return 0;
}

static void drop_person(struct gallery *gallery, uint32_t index)
{
	uint32_t *link = &gallery->buckets[bucket_of(gallery->people[index].id)];

	while (*link != index)
		link = &gallery->people[*link].next;
	*link = gallery->people[index].next;
	explicit_bzero(&gallery->people[index], sizeof(struct person));
	gallery->people[index].next = gallery->first_free;
	gallery->first_free = index;
	gallery->persons--;
}

static void set_row(struct gallery *gallery, size_t at, const float *unit, float gain)
{
	float *row = gallery->vectors + at * gallery->dim;

	for (size_t i = 0; i < gallery->dim; i++)
		row[i] = unit[i] * gain;
	quantise(row, gallery->dim, gallery->quantised + at * gallery->dim,
		 &gallery->sizes[at / MATCH_BLOCK], at % MATCH_BLOCK);
}

static int add_locked(struct gallery *gallery, const char *id, const float *unit, float gain,
		      float norm)
{
	uint32_t index = find_person(gallery, id);
	size_t at = gallery->count;
	int r;

	if (at == GALLERY_TEMPLATES_MAX)
		return -ENOSPC;
	if (index != no_person && gallery->people[index].norm > 0)
		return -EINVAL;
	if (index != no_person &&
	    gallery->people[index].templates == GALLERY_TEMPLATES_PER_PERSON_MAX)
		return -ENOSPC;
	r = make_room(gallery);
	if (r == 0 && index == no_person)
		r = new_person(gallery, id, &index);
	if (r < 0)
		return r;
	if (at % MATCH_BLOCK == 0) /* the bounds are kept for complete blocks */
		memset(&gallery->sizes[at / MATCH_BLOCK], 0, sizeof(struct match_sizes));
	set_row(gallery, at, unit, gain);
	gallery->owner[at] = index;
	gallery->people[index].templates++;
	gallery->people[index].row = (uint32_t)at;
	gallery->people[index].norm = norm;
	gallery->people[index].gains = gain;
	gallery->count++;
	return 0;
}

/* @p weight: 1 adds to the mean, -1 subtracts from it */
static int merge_locked(struct gallery *gallery, const char *id, const float *unit, float gain,
			float weight)
{
	uint32_t index = find_person(gallery, id);
	struct person *person = index == no_person ? NULL : &gallery->people[index];
	float sum[GALLERY_DIM_MAX], mean[GALLERY_DIM_MAX];
	const float *before;
	double square = 0;
	float norm;

	if (person == NULL)
		return weight > 0 ? add_locked(gallery, id, unit, gain, 1) : -ENOENT;
	if (!(person->norm > 0) || (weight < 0 && person->templates < 2))
		return -EINVAL;
	if (weight > 0 && person->templates == GALLERY_TEMPLATES_PER_PERSON_MAX)
		return -ENOSPC;
	before = gallery->vectors + person->row * gallery->dim;
	norm = person->norm * (float)person->templates /
	       person->gains; /* the gain of a single row is 1 */
	for (size_t i = 0; i < gallery->dim; i++) {
		sum[i] = before[i] * norm + weight * unit[i];
		square += (double)sum[i] * sum[i];
	}
	if (square < 1e-6 || to_unit(sum, gallery->dim, mean, &person->norm) < 0)
		return -EINVAL;
	person->templates += weight > 0 ? 1 : -1u;
	person->gains += weight * gain;
	set_row(gallery, person->row, mean, person->gains / (float)person->templates);
	return 0;
}

/* @p weight: of a template in a mean; 0: a separate row */
static int add(struct gallery *gallery, const char *person, const float *vector, float weight)
{
	float unit[GALLERY_DIM_MAX], norm = 1, gain;
	int r;

	if (person == NULL || vector == NULL ||
	    strnlen(person, GALLERY_PERSON_BYTES) != GALLERY_PERSON_BYTES - 1)
		return -EINVAL;
	r = to_unit(vector, gallery->dim, unit, &norm);
	if (r < 0)
		return r;
	pthread_rwlock_wrlock(&gallery->lock);
	gain = gallery->gain == NULL ? 1 : gallery->gain(norm);
	r = weight != 0 ? merge_locked(gallery, person, unit, gain, weight)
			: add_locked(gallery, person, unit, gain, 0);
	pthread_rwlock_unlock(&gallery->lock);
	return r;
}

void gallery_set_gain(struct gallery *gallery, float (*gain)(float norm))
{
	assert(gallery->persons == 0);
	gallery->gain = gain;
}

int gallery_add(struct gallery *gallery, const char *person, const float *vector)
{
	return add(gallery, person, vector, 0);
}

int gallery_merge(struct gallery *gallery, const char *person, const float *vector)
{
	return add(gallery, person, vector, 1);
}

int gallery_unmerge(struct gallery *gallery, const char *person, const float *vector)
{
	return add(gallery, person, vector, -1);
}

static void move_sizes(struct match_sizes *sizes, size_t to, size_t from)
{
	struct match_sizes *into = &sizes[to / MATCH_BLOCK];
	const struct match_sizes *of = &sizes[from / MATCH_BLOCK];

	to %= MATCH_BLOCK;
	from %= MATCH_BLOCK;
	into->scale[to] = of->scale[from];
	into->norm[to] = of->norm[from];
	into->rest_norm[to] = of->rest_norm[from];
	into->sum[to] = of->sum[from];
}

/* Moves the last template to the position of the removed one. */
static void remove_at(struct gallery *gallery, size_t at)
{
	size_t last = --gallery->count, dim = gallery->dim;

	if (at != last) {
		memcpy(gallery->vectors + at * dim, gallery->vectors + last * dim,
		       dim * sizeof(float));
		memcpy(gallery->quantised + at * dim, gallery->quantised + last * dim, dim);
		move_sizes(gallery->sizes, at, last);
		gallery->owner[at] = gallery->owner[last];
		gallery->people[gallery->owner[at]].row = (uint32_t)at;
	}
	/* wipes the removed template */
	explicit_bzero(gallery->vectors + last * dim, dim * sizeof(float));
	explicit_bzero(gallery->quantised + last * dim, dim);
}

size_t gallery_remove(struct gallery *gallery, const char *person)
{
	size_t removed = 0, at = 0;
	uint32_t index;

	if (person == NULL)
		return 0;
	pthread_rwlock_wrlock(&gallery->lock);
	index = find_person(gallery, person);
	while (index != no_person && at < gallery->count) {
		if (gallery->owner[at] != index) {
			at++;
			continue;
		}
		remove_at(gallery, at);
		removed++;
	}
	if (index != no_person)
		drop_person(gallery, index);
	pthread_rwlock_unlock(&gallery->lock);
	return removed;
}

void gallery_clear(struct gallery *gallery)
{
	pthread_rwlock_wrlock(&gallery->lock);
	release(gallery);
	gallery->vectors = NULL;
	gallery->quantised = NULL;
	gallery->sizes = NULL;
	gallery->owner = NULL;
	gallery->people = NULL;
	gallery->count = gallery->capacity = gallery->people_used = gallery->people_capacity =
		gallery->persons = 0;
	gallery->first_free = no_person;
	memset(gallery->buckets, 0xff, sizeof(gallery->buckets));
	pthread_rwlock_unlock(&gallery->lock);
}

static size_t read_size(struct gallery *gallery, const size_t *size)
{
	size_t value;

	pthread_rwlock_rdlock(&gallery->lock);
	value = *size;
	pthread_rwlock_unlock(&gallery->lock);
	return value;
}

size_t gallery_templates(struct gallery *gallery)
{
	return read_size(gallery, &gallery->count);
}

size_t gallery_persons(struct gallery *gallery)
{
	return read_size(gallery, &gallery->persons);
}

struct best {
	size_t max, count;
	struct {
		uint32_t owner;
		float score;
	} items[GALLERY_RESULTS_MAX];
};

static float worst_of(const struct best *best)
{
	return best->count < best->max ? -INFINITY : best->items[best->count - 1].score;
}

static void offer(struct best *best, uint32_t owner, float score)
{
	size_t at = 0;

	if (!(score > worst_of(best)))
		return;
	while (at < best->count && best->items[at].owner != owner)
		at++;
	if (at < best->count) {
		if (score <= best->items[at].score)
			return;
	} else if (best->count < best->max) {
		best->count++;
	} else {
		at = best->count - 1;
	}
	for (; at > 0 && best->items[at - 1].score < score; at--)
		best->items[at] = best->items[at - 1];
	best->items[at].owner = owner;
	best->items[at].score = score;
}

/* One search: the results that are certain so far, and the rows that may still be better. */
struct search {
	const struct gallery *gallery;
	const float *unit;
	struct best floor, *best; /* lower bounds of the best; the exact results */
	struct {
		uint32_t row;
		float highest; /* upper bound of its score */
	} candidates[CANDIDATES];
	size_t count;
};

static void rescore(struct search *search)
{
	const struct gallery *gallery = search->gallery;

	for (size_t i = 0; i < search->count; i++) {
		size_t row = search->candidates[i].row;

		if (search->candidates[i].highest >= worst_of(&search->floor))
			offer(search->best, gallery->owner[row],
			      match_exact(search->unit, gallery->vectors + row * gallery->dim,
					  gallery->dim));
	}
	search->count = 0;
}

static void score_row(struct search *search, size_t row, float lowest, float highest)
{
	if (highest < worst_of(&search->floor))
		return;
	offer(&search->floor, search->gallery->owner[row], lowest);
	if (search->count == CANDIDATES)
		rescore(search);
	search->candidates[search->count].row = (uint32_t)row;
	search->candidates[search->count++].highest = highest;
}

/*
 * Skips a block if no row in it can be among the best. In a large gallery that is nearly every
 * block.
 */
static void search_locked(const struct gallery *gallery, const float *unit, struct best *best)
{
	struct search search = {
		.gallery = gallery, .unit = unit, .floor = {.max = best->max}, .best = best};
	_Alignas(ALIGN_BYTES) int8_t whole[GALLERY_DIM_MAX];
	_Alignas(ALIGN_BYTES) int32_t products[MATCH_BLOCK] = {0};
	float lowest[MATCH_BLOCK], highest[MATCH_BLOCK];
	struct match_sizes probe;
	size_t n;

	quantise(unit, gallery->dim, whole, &probe, 0);
	for (size_t at = 0; at < gallery->count; at += n) {
		n = gallery->count - at < MATCH_BLOCK ? gallery->count - at : MATCH_BLOCK;
		gallery->dot(whole, gallery->quantised + at * gallery->dim, gallery->dim, n,
			     products);
		if (match_bounds(&gallery->sizes[at / MATCH_BLOCK], &probe, products, n, lowest,
				 highest) < worst_of(&search.floor))
			continue;
		for (size_t i = 0; i < n; i++)
			score_row(&search, at + i, lowest[i], highest[i]);
	}
	rescore(&search);
}

int gallery_search(struct gallery *gallery, const float *probe, size_t results_max,
		   struct gallery_match *results, size_t *ret_count)
{
	struct best best = {.max = results_max};
	float unit[GALLERY_DIM_MAX];
	int r;

	assert(gallery != NULL);
	if (probe == NULL || results == NULL || ret_count == NULL || results_max == 0 ||
	    results_max > GALLERY_RESULTS_MAX)
		return -EINVAL;
	r = to_unit(probe, gallery->dim, unit, NULL);
	if (r < 0)
		return r;
	pthread_rwlock_rdlock(&gallery->lock);
	search_locked(gallery, unit, &best);
	for (size_t i = 0; i < best.count; i++) {
		memcpy(results[i].person, gallery->people[best.items[i].owner].id,
		       GALLERY_PERSON_BYTES);
		results[i].score = best.items[i].score;
	}
	pthread_rwlock_unlock(&gallery->lock);
	*ret_count = best.count;
	return 0;
}

int gallery_neighbour(struct gallery *gallery, size_t at, char ret_person[GALLERY_PERSON_BYTES],
		      struct gallery_match *ret_other)
{
	struct best best = {.max = 2};
	float unit[GALLERY_DIM_MAX], gain = 1;
	uint32_t self;
	int r = -ENOENT;

	assert(gallery != NULL && ret_person != NULL && ret_other != NULL);
	pthread_rwlock_rdlock(&gallery->lock);
	if (at < gallery->count && gallery->persons > 1) {
		self = gallery->owner[at];
		r = to_unit(gallery->vectors + at * gallery->dim, gallery->dim, unit, &gain);
		if (r == 0)
			search_locked(gallery, unit, &best);
		for (size_t i = best.count; i-- > 0;) {
			if (best.items[i].owner == self)
				continue;
			memcpy(ret_person, gallery->people[self].id, GALLERY_PERSON_BYTES);
			memcpy(ret_other->person, gallery->people[best.items[i].owner].id,
			       GALLERY_PERSON_BYTES);
			ret_other->score = best.items[i].score * gain;
		}
	}
	pthread_rwlock_unlock(&gallery->lock);
	return r;
}

int gallery_person_score(struct gallery *gallery, const char *person, const float *vector,
			 float *ret_score)
{
	float unit[GALLERY_DIM_MAX] = {0}, best = -1;
	uint32_t index;
	int r;

	assert(gallery != NULL && ret_score != NULL);
	r = to_unit(vector, gallery->dim, unit, NULL);
	if (r < 0)
		return r;
	pthread_rwlock_rdlock(&gallery->lock);
	index = find_person(gallery, person);
	for (size_t at = 0; index != no_person && at < gallery->count; at++) {
		if (gallery->owner[at] == index)
			best = fmaxf(best, match_exact(unit, gallery->vectors + at * gallery->dim,
						       gallery->dim));
	}
	pthread_rwlock_unlock(&gallery->lock);
	if (index == no_person)
		return -ENOENT;
	*ret_score = best;
	return 0;
}
