/* Finds the credential and the person of a reading. */
#include "entry_private.h"

#include <errno.h>
#include <string.h>

/*
 * A PIN belongs to @p person, who presented another factor at the door; without one, to its only
 * owner.
 */
static void find_pin(const struct entry *entry, const char *digits, const char *person,
		     struct presented_credential *ret_shown)
{
	const struct roster_credential *pin = NULL, *found = NULL;
	unsigned owners = 0;

	snprintf(ret_shown->person, sizeof(ret_shown->person), "%s", person);
	while ((pin = roster_credentials_match(entry->deps.directory->credentials, POLICY_PIN,
					       digits, pin)) != NULL)
		if (person[0] == '\0' || strcmp(pin->person, person) == 0) {
			found = pin;
			owners++;
		}
	if (owners != 1)
		return;
	snprintf(ret_shown->person, sizeof(ret_shown->person), "%s", found->person);
	snprintf(ret_shown->credential, sizeof(ret_shown->credential), "%s", found->id);
}

static void find_code(const struct entry *entry, enum policy_factor factor, const char *text,
		      struct presented_credential *ret_shown)
{
	const struct roster_credential *credential =
		roster_credentials_match(entry->deps.directory->credentials, factor, text, NULL);

	if (credential == NULL)
		return;
	snprintf(ret_shown->person, sizeof(ret_shown->person), "%s", credential->person);
	snprintf(ret_shown->credential, sizeof(ret_shown->credential), "%s", credential->id);
}

/* @return 0: a pass of this gate; else a negative errno, and @p flaw says why, for the log. */
static int find_pass(struct entry *entry, const char *text, struct presented_credential *ret_shown,
		     struct problem *flaw)
{
	struct pass token;
	int r = entry->deps.directory->can_sign
			? pass_read(entry->deps.directory->pass_signer.public_key, text, &token)
			: -ENOKEY;

	ret_shown->factor = POLICY_PASS;
	if (r == -ENOKEY)
		return problem_pass_flaw_key(flaw);
	if (r < 0)
		return r == -EBADMSG ? problem_pass_flaw_forged(flaw)
				     : problem_pass_flaw_unreadable(flaw);
	if (roster_credentials_find(entry->deps.directory->credentials, token.id) == NULL &&
	    entry->ops->adopt_pass(entry->arg, &token) < 0)
		return problem_pass_flaw_uses(flaw);
	snprintf(ret_shown->credential, sizeof(ret_shown->credential), "%s", token.id);
	return 0;
}

void entry_present_reading(struct entry *entry, const struct entry_reading *reading)
{
	struct presented_credential found = {.factor = reading->factor};
	struct entry_presentation presentation = {.door = reading->door,
						  .leaving = reading->leaving,
						  .reader = reading->reader,
						  .first_mono_us = reading->mono_us};
	char card[ROSTER_CODE_BYTES];
	struct problem flaw = {0};

	assert_thread(THREAD_CONTROL);
	assert(reading->text != NULL);
	/* the text is never logged: a card's number is enough to make a copy of the card */
	presentation.data =
		json_pack("{s:s}", "reader", reading->reader != NULL ? reading->reader : "");
	if (reading->leaving)
		json_object_set_new(presentation.data, "leaving", json_true());
	if (reading->factor == POLICY_PIN)
		find_pin(entry, reading->text,
			 entry_person_at_door(entry, reading->door, reading->leaving), &found);
	else if (reading->factor == POLICY_QR && pass_is_like(reading->text))
		(void)find_pass(entry, reading->text, &found,
				&flaw); /* a flawed pass is an unknown credential */
	else if (reading->factor != POLICY_CARD || roster_card_text(reading->text, card) < 0)
		find_code(entry, reading->factor, reading->text, &found);
	else
		find_code(entry, reading->factor, card, &found);
	if (flaw.code != PROBLEM_NONE) {
		json_object_set_new(presentation.data, "flaw", json_string(flaw.detail));
		json_object_set_new(presentation.data, "flaw_problem", problem_json(&flaw));
	}
	presentation.factor = found.factor;
	presentation.person = found.person;
	presentation.credential = found.credential;
	entry_present(entry, &presentation);
}
