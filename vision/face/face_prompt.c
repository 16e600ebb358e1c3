#include "face_prompt.h"

#include <assert.h>

enum { SETTLE_MS = 400 };

/* of the largest face's height: two faces closer than that are two people side by side */
static const float beside_share = 0.7f;

bool face_prompter_step(struct face_prompter *prompter, enum face_prompt wanted, uint64_t now_ms)
{
	assert(prompter != NULL && wanted < FACE_PROMPTS);
	if (wanted != prompter->wanted) {
		prompter->wanted = wanted;
		prompter->since_ms = now_ms;
	}
	if (wanted == prompter->shown || now_ms < prompter->since_ms + SETTLE_MS)
		return false;
	prompter->shown = wanted;
	return true;
}

static enum face_prompt of_fault(enum face_fault fault)
{
	switch (fault) {
	case FACE_FAULT_SMALL:
		return FACE_PROMPT_CLOSER;
	case FACE_FAULT_TURNED:
	case FACE_FAULT_UNSURE:
		return FACE_PROMPT_LOOK_HERE;
	case FACE_FAULT_BLURRED:
		return FACE_PROMPT_STILL;
	case FACE_FAULT_DARK:
	case FACE_FAULT_BRIGHT:
	case FACE_FAULT_FLAT:
		return FACE_PROMPT_LIGHT;
	case FACE_FAULT_NONE:
		break;
	}
	return FACE_PROMPT_NONE;
}

enum face_prompt face_prompt_of(const struct face_track *track)
{
	enum face_prompt prompt = of_fault((enum face_fault)track->fault);

	if (prompt == FACE_PROMPT_NONE && track->blink_requested_ms != 0)
		prompt = FACE_PROMPT_BLINK;
	return prompt == FACE_PROMPT_NONE && face_track_is_covered(track) ? FACE_PROMPT_MASK
									  : prompt;
}

bool face_prompt_is_request(enum face_prompt prompt)
{
	return prompt == FACE_PROMPT_BLINK || prompt == FACE_PROMPT_MASK;
}

/* Even-odd rule: a ray to the right crosses the outline an odd number of times. */
static bool is_inside(const struct mask_polygon *zone, float x, float y)
{
	bool inside = false;

	if (zone->count < 3)
		return true;
	for (size_t i = 0, j = zone->count - 1; i < zone->count; j = i++) {
		if ((zone->y[i] > y) != (zone->y[j] > y) &&
		    x < (zone->x[j] - zone->x[i]) * (y - zone->y[i]) / (zone->y[j] - zone->y[i]) +
				    zone->x[i])
			inside = !inside;
	}
	return inside;
}

size_t face_prompt_at_door(const struct face *faces, size_t count, const struct mask_polygon *zone,
			   int width_px, int height_px, bool *ret_at)
{
	float largest = 0;
	size_t n = 0;

	assert((faces != NULL && ret_at != NULL) || count == 0);
	for (size_t i = 0; i < count; i++) {
		ret_at[i] =
			is_inside(zone, (faces[i].x_px + faces[i].width_px / 2) / (float)width_px,
				  (faces[i].y_px + faces[i].height_px / 2) / (float)height_px);
		if (ret_at[i] && faces[i].height_px > largest)
			largest = faces[i].height_px;
	}
	for (size_t i = 0; i < count; i++) {
		ret_at[i] = ret_at[i] && faces[i].height_px >= beside_share * largest;
		n += ret_at[i];
	}
	return n;
}

const char *face_prompt_name(enum face_prompt prompt)
{
	static const char *const names[FACE_PROMPTS] = {
		[FACE_PROMPT_NONE] = "none",           [FACE_PROMPT_CLOSER] = "come_closer",
		[FACE_PROMPT_LOOK_HERE] = "look_here", [FACE_PROMPT_STILL] = "hold_still",
		[FACE_PROMPT_LIGHT] = "light",         [FACE_PROMPT_BLINK] = "blink",
		[FACE_PROMPT_MASK] = "take_off_mask",  [FACE_PROMPT_ONE] = "one_by_one",
		[FACE_PROMPT_WELCOME] = "welcome",     [FACE_PROMPT_MORE] = "more",
		[FACE_PROMPT_CARD] = "use_card",
	};

	assert(prompt < FACE_PROMPTS);
	return names[prompt];
}
