/*
 * face_prompt.h - selects the prompt for the person at the door. Pure; any thread.
 *
 * A person is at the door when the face lies in the camera's zone and is nearly as large as the
 * largest there; people who pass behind are ignored. A prompt is shown after it was wanted for a
 * while, so that a face at a limit does not make it flicker.
 */
#ifndef GH_VISION_FACE_FACE_PROMPT_H
#define GH_VISION_FACE_FACE_PROMPT_H

#include "face_quality.h"
#include "face_track.h"
#include "vision/camera/mask.h"

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum face_prompt {
	FACE_PROMPT_NONE,      /* no person, or nothing to correct */
	FACE_PROMPT_CLOSER,    /* come closer */
	FACE_PROMPT_LOOK_HERE, /* look here */
	FACE_PROMPT_STILL,     /* hold still */
	FACE_PROMPT_LIGHT,     /* the face is too dark or too bright */
	FACE_PROMPT_BLINK,     /* blink */
	FACE_PROMPT_MASK,      /* take off what covers mouth and chin */
	FACE_PROMPT_ONE,       /* several people are at the door */
	FACE_PROMPT_WELCOME,   /* the next three follow from the decision, not from the picture */
	FACE_PROMPT_MORE,      /* show a card, PIN or code as well */
	FACE_PROMPT_CARD,      /* please use your card */
	FACE_PROMPTS
};

struct face_prompter { /* zeroed at first */
	enum face_prompt shown, wanted;
	uint64_t since_ms; /* wanted is the same since then */
};

/** @return whether what is shown has changed. @param now_ms  not decreasing, milliseconds. */
bool face_prompter_step(struct face_prompter *prompter, enum face_prompt wanted, uint64_t now_ms);

/** Prompt for an undecided track. */
enum face_prompt face_prompt_of(const struct face_track *track);

/**
 * Whether the prompt requests an action (blink, mask), to be signalled by light or buzzer as well.
 */
bool face_prompt_is_request(enum face_prompt prompt);

/**
 * @param zone    fractions of the picture; fewer than three corners: all of it.
 * @param ret_at  per face: whether it is at the door.
 * @return how many faces are at the door.
 */
size_t face_prompt_at_door(const struct face *faces, size_t count, const struct mask_polygon *zone,
			   int width_px, int height_px, bool *ret_at);

/**
 * "none", "come_closer", "look_here", "hold_still", "light", "blink", "take_off_mask",
 * "one_by_one", "welcome", "more", "use_card". Static.
 */
const char *face_prompt_name(enum face_prompt prompt);

#ifdef __cplusplus
}
#endif
#endif
