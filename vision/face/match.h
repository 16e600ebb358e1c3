/*
 * match.h - who is nearest? An exact 1:N search over unit vectors.
 *
 * A search reads one byte a number first and rescores in float whatever a proven error bound cannot rule out,
 * so its answer is that of a plain float scan. Any thread; adding and removing wait for searches to end.
 */
#ifndef GH_VISION_FACE_MATCH_H
#define GH_VISION_FACE_MATCH_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
	GALLERY_TEMPLATES_MAX = 1048576,
	GALLERY_TEMPLATES_PER_PERSON_MAX = 16,
	GALLERY_RESULTS_MAX = 8,
	GALLERY_DIM_MAX = 1024,
	GALLERY_PERSON_BYTES = 27, /* a ULID and the ending zero */
};

struct gallery;

struct gallery_match {
	char person[GALLERY_PERSON_BYTES];
	float score; /* cosine, -1 to 1; times the person's gain where there is one */
};

/** @param dim  numbers of a vector, a multiple of 64, at most GALLERY_DIM_MAX. @return 0, -EINVAL or -ENOMEM. */
int gallery_open(size_t dim, struct gallery **ret_gallery);

/**
 * What a person's scores are multiplied by: the mean of @p gain of the lengths that its templates came with. NULL, as at first:
 * 1. Before anybody is added, and before other threads use the gallery.
 * @param gain  pure; 0.5 to 2.
 */
void gallery_weigh(struct gallery *gallery, float (*gain)(float length));

/** NULL is fine. */
void gallery_close(struct gallery *gallery);

/**
 * Adds one template of a person; a person may have several and counts with the best.
 * @param vector  any length above 0; scaled to unit length, of which gallery_weigh() makes what it will.
 * @return 0, -EINVAL (not 26 characters; a zero, infinite or NaN vector), -ENOSPC (gallery or person full)
 *         or -ENOMEM.
 */
int gallery_add(struct gallery *gallery, const char *person, const float *vector);

/**
 * The same, but a person counts with the mean of its templates: searched faster, and surer. On LFW with three each, 0.7 % of
 * searches fail at 1 % of strangers and 0.8 % with the best of three. A person is added in one of the two ways only.
 * @return as gallery_add(); -EINVAL also for somebody added the other way, or a vector that leaves no mean.
 */
int gallery_merge(struct gallery *gallery, const char *person, const float *vector);

/**
 * Takes a vector that was merged out of its person's mean again.
 * @return 0, -ENOENT (nobody of this id) or -EINVAL (as gallery_merge(); nothing would be left).
 */
int gallery_unmerge(struct gallery *gallery, const char *person, const float *vector);

/** Removes all templates of a person. @return how many rows there were: one when they were merged. */
size_t gallery_remove(struct gallery *gallery, const char *person);

/** Removes everybody. */
void gallery_clear(struct gallery *gallery);

/** Templates that a probe is compared with, a mean being one, and persons now held. */
size_t gallery_templates(struct gallery *gallery);
size_t gallery_persons(struct gallery *gallery);

/**
 * The @p results_max nearest persons, best first, each once; equal scores in no promised order.
 * @param probe  as in gallery_add().
 * @return 0 (also for an empty gallery, *ret_count 0), -EINVAL (probe, results_max of 0 or above
 *         GALLERY_RESULTS_MAX) or -ENOMEM.
 */
int gallery_search(struct gallery *gallery, const float *probe, size_t results_max,
		   struct gallery_match *results, size_t *ret_count);

/**
 * How alike a vector is to the templates of one person, the best of them, as a search would score it.
 * @return 0, -ENOENT (nobody of this id) or -EINVAL (a zero, infinite or NaN vector).
 */
int gallery_likeness(struct gallery *gallery, const char *person, const float *vector, float *ret_score);

/**
 * Who of all others is most like the owner of a template, by that template; the score is weighed by the gains of both.
 * @param at  0 to gallery_templates() - 1; which template that is changes as people come and go.
 * @return 0, -ENOENT (no such template, or nobody else is there) or -ENOMEM.
 */
int gallery_neighbour(struct gallery *gallery, size_t at, char ret_person[GALLERY_PERSON_BYTES],
		      struct gallery_match *ret_other);

#ifdef __cplusplus
}
#endif
#endif
