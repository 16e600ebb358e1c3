/* What a reader read: whose it is. */
#include "entry_private.h"

#include <errno.h>
#include <string.h>

/* A PIN counts for who stands at the door; else for its only owner. */
static void find_pin(const struct entry *entry, const char *digits, const char *who,
		     struct presented_credential *ret_shown)
{
	const struct roster_credential *pin = NULL, *found = NULL;
	unsigned owners = 0;

	snprintf(ret_shown->person, sizeof(ret_shown->person), "%s", who);
	while ((pin = roster_credentials_match(entry->deps.directory->credentials, POLICY_PIN, digits,
					       pin)) != NULL)
		if (who[0] == '\0' || strcmp(pin->person, who) == 0) {
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

/* @return what is wrong with it, for the log; NULL when it is a pass of this gate */
static const char *find_pass(struct entry *entry, const char *text, struct presented_credential *ret_shown)
{
	struct pass token;
	int r = entry->deps.directory->can_sign
			? pass_read(entry->deps.directory->pass_signer.public_key, text, &token)
			: -ENOKEY;

	ret_shown->factor = POLICY_PASS;
	if (r == -ENOKEY)
		return "this gate's key for passes cannot be read";
	if (r < 0)
		return r == -EBADMSG ? "forged, or another gate's" : "not readable";
	if (roster_credentials_find(entry->deps.directory->credentials, token.id) == NULL &&
	    entry->ops->adopt_pass(entry->arg, &token) < 0)
		return "its uses cannot be counted";
	snprintf(ret_shown->credential, sizeof(ret_shown->credential), "%s", token.id);
	return NULL;
}

void entry_present_reading(struct entry *entry, const struct entry_reading *reading)
{
	struct presented_credential found = {.factor = reading->factor};
	struct entry_presentation presentation = {.door = reading->door,
						  .leaving = reading->leaving,
						  .reader = reading->reader,
						  .first_mono_us = reading->mono_us};
	char card[ROSTER_CODE_BYTES];
	const char *flaw = NULL;

	/* what was read is never in the log: a card's number is all it takes to make a second card */
	presentation.data = json_pack("{s:s}", "reader", reading->reader != NULL ? reading->reader : "");
	if (reading->leaving)
		json_object_set_new(presentation.data, "leaving", json_true());
	if (reading->factor == POLICY_PIN)
		find_pin(entry, reading->text, entry_person_at_door(entry, reading->door, reading->leaving),
			 &found);
	else if (reading->factor == POLICY_QR && pass_is_like(reading->text))
		flaw = find_pass(entry, reading->text, &found);
	else if (reading->factor != POLICY_CARD || roster_card_text(reading->text, card) < 0)
		find_code(entry, reading->factor, reading->text, &found);
	else
		find_code(entry, reading->factor, card, &found);
	if (flaw != NULL)
		json_object_set_new(presentation.data, "flaw", json_string(flaw));
	presentation.factor = found.factor;
	presentation.person = found.person;
	presentation.credential = found.credential;
	entry_present(entry, &presentation);
}
