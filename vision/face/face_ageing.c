#include "face_ageing.h"

#include "match.h"

#include <stdbool.h>

size_t face_ageing_oldest(const struct face_aged *aged, size_t count)
{
	size_t oldest = 0;

	for (size_t i = 1; i < count; i++)
		if (aged[i].unix_ms < aged[oldest].unix_ms)
			oldest = i;
	return oldest;
}

static bool is_early(const struct face_aged *aged, size_t count, int64_t unix_ms)
{
	for (size_t i = 0; i < count; i++)
		if (unix_ms < aged[i].unix_ms + FACE_AGEING_EVERY_MS)
			return true;
	return false;
}

/* @return as gallery_likeness(). */
static int likeness_to_enrolled(struct gallery *gallery, const char *person, const struct face_aged *aged,
				size_t count, const float *vector, float *ret_score)
{
	size_t out = 0;
	int r = 0;

	while (r == 0 && out < count) {
		r = gallery_unmerge(gallery, person, aged[out].vector);
		out += r == 0;
	}
	if (r == 0)
		r = gallery_likeness(gallery, person, vector, ret_score);
	while (out > 0)
		(void)gallery_merge(gallery, person, aged[--out].vector); /* it was there a moment ago */
	return r;
}

enum face_ageing_verdict face_ageing_judge(struct gallery *gallery, const char *person, unsigned enrolled,
					   const struct face_aged *aged, size_t count,
					   const struct face_ageing_sight *sight, float *ret_enrolled)
{
	size_t room = enrolled / 2 < FACE_AGED_MAX ? enrolled / 2 : FACE_AGED_MAX;
	float least = sight->threshold + FACE_AGEING_MARGIN, score = -1;

	*ret_enrolled = -1;
	if (room == 0)
		return FACE_AGEING_FEW;
	if (is_early(aged, count, sight->unix_ms))
		return FACE_AGEING_EARLY;
	/* asked so that what is no number is refused */
	if (sight->good_frames < FACE_AGEING_FRAMES || !(sight->liveness >= FACE_AGEING_LIVENESS) ||
	    !(sight->quality >= FACE_AGEING_QUALITY))
		return FACE_AGEING_POOR;
	if (!(sight->rival_score < sight->alike_min))
		return FACE_AGEING_ALIKE;
	if (gallery_likeness(gallery, person, sight->vector, &score) < 0 || !(score >= least))
		return FACE_AGEING_FAR;
	if (likeness_to_enrolled(gallery, person, aged, count, sight->vector, ret_enrolled) < 0 ||
	    !(*ret_enrolled >= least))
		return FACE_AGEING_FAR;
	return count < room ? FACE_AGEING_ADD : FACE_AGEING_REPLACE;
}
