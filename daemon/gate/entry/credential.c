/* What a reader read: whose it is, what stands in the log for it, and who is to show more. */
#include "gate_access.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"

static uint64_t window_ms(const struct gate *gate)
{
	return (uint64_t)gate->config->access.combine_s * 1000;
}

/* ---- several factors at one door ---- */

static bool same_thing(const struct presented_credential *a, const struct presented_credential *b)
{
	return a->factor == b->factor && strcmp(a->person, b->person) == 0;
}

void mfa_pending_merge(struct gate *gate, struct access_attempt *attempt, uint64_t now_ms)
{
	const struct gate_pending *before = &gate->access->at_door[gate_door_place(gate, attempt->door)];
	struct presented_credential now = attempt->shown[0];

	/* an order from afar and a pass stand alone: there is nobody whose other credential could be meant */
	if (before->until_ms == 0 || before->attempt.leaving != attempt->leaving ||
	    now.factor == POLICY_REMOTE || now.factor == POLICY_PASS || attempt->presentation_attack)
		return;
	attempt->count = 0;
	for (size_t i = 0; i < before->attempt.count; i++) {
		const struct presented_credential *shown = &before->attempt.shown[i];

		if (now_ms - shown->mono_ms < window_ms(gate) && !same_thing(shown, &now) &&
		    attempt->count < POLICY_SHOWN_MAX - 1)
			attempt->shown[attempt->count++] = *shown;
	}
	attempt->shown[attempt->count++] = now;
}

void mfa_pending_keep(struct gate *gate, const struct access_attempt *attempt,
		      const struct policy_decision *decision, const char *reader, json_t *data,
		      uint64_t now_ms)
{
	struct gate_pending *pending = &gate->access->at_door[gate_door_place(gate, attempt->door)];

	gate_pending_drop(pending);
	pending->attempt = *attempt;
	pending->decision = *decision;
	pending->data = data;
	pending->until_ms = now_ms + window_ms(gate);
	snprintf(pending->reader, sizeof(pending->reader), "%s", reader != NULL ? reader : "");
}

void mfa_pending_end(struct gate *gate, struct gate_door *door)
{
	gate_pending_drop(&gate->access->at_door[gate_door_place(gate, door)]);
}

/* ---- what was read ---- */

/* Who stands at the door and showed something else a moment ago; "" for nobody. */
static const char *who_stands(const struct gate *gate, const struct gate_door *door, bool leaving)
{
	const struct gate_pending *pending = &gate->access->at_door[gate_door_place(gate, door)];

	if (pending->until_ms == 0 || pending->attempt.leaving != leaving)
		return "";
	return pending->attempt.shown[pending->attempt.count - 1].person;
}

/* A PIN counts for who stands at the door; else for its only owner. */
static void find_pin(const struct gate *gate, const char *digits, const char *who,
		     struct presented_credential *ret_shown)
{
	const struct roster_credential *pin = NULL, *found = NULL;
	unsigned owners = 0;

	snprintf(ret_shown->person, sizeof(ret_shown->person), "%s", who);
	while ((pin = roster_credentials_match(gate->directory.credentials, POLICY_PIN, digits, pin)) != NULL)
		if (who[0] == '\0' || strcmp(pin->person, who) == 0) {
			found = pin;
			owners++;
		}
	if (owners != 1)
		return;
	snprintf(ret_shown->person, sizeof(ret_shown->person), "%s", found->person);
	snprintf(ret_shown->credential, sizeof(ret_shown->credential), "%s", found->id);
}

static void find_code(const struct gate *gate, enum policy_factor factor, const char *text,
		      struct presented_credential *ret_shown)
{
	const struct roster_credential *credential =
		roster_credentials_match(gate->directory.credentials, factor, text, NULL);

	if (credential == NULL)
		return;
	snprintf(ret_shown->person, sizeof(ret_shown->person), "%s", credential->person);
	snprintf(ret_shown->credential, sizeof(ret_shown->credential), "%s", credential->id);
}

json_t *gate_pass_value(const struct pass *pass)
{
	json_t *value = json_object(), *doors = json_array();
	char time[CLOCK_UTC_BYTES];

	for (size_t i = 0; i < pass->door_count; i++)
		json_array_append_new(doors, json_string(pass->doors[i]));
	if (pass->door_count > 0)
		json_object_set(value, "doors", doors);
	json_decref(doors);
	if (pass->valid_from_unix_ms != 0) {
		clock_format_utc(pass->valid_from_unix_ms, time);
		json_object_set_new(value, "valid_from", json_string(time));
	}
	clock_format_utc(pass->valid_to_unix_ms, time);
	json_object_set_new(value, "valid_to", json_string(time));
	if (pass->uses != 0)
		json_object_set_new(value, "uses", json_integer(pass->uses));
	return value;
}

/* The token of a pass that is not in the store, which a restore from a backup may have lost, counts all the same. */
static int adopt_pass(struct gate *gate, const struct pass *token)
{
	json_t *value = gate_pass_value(token), *change;
	char error[ROSTER_ERROR_BYTES] = "";
	int r;

	change = json_pack("{s:s, s:s, s:s, s:o}", "op", "put", "kind", "pass", "id", token->id, "value",
			   value);
	r = gate_roster_apply_change(gate, change, "token", NULL, NULL, error);
	json_decref(change);
	if (r < 0)
		log_warning("access", "pass %s: %s", token->id, error);
	return r;
}

/* @return what is wrong with it, for the log; NULL when it is a pass of this gate */
static const char *find_pass(struct gate *gate, const char *text, struct presented_credential *ret_shown)
{
	struct pass token;
	int r = gate->directory.can_sign ? pass_read(gate->directory.pass_signer.public_key, text, &token)
					 : -ENOKEY;

	ret_shown->factor = POLICY_PASS;
	if (r == -ENOKEY)
		return "this gate's key for passes cannot be read";
	if (r < 0)
		return r == -EBADMSG ? "forged, or another gate's" : "not readable";
	if (roster_credentials_find(gate->directory.credentials, token.id) == NULL &&
	    adopt_pass(gate, &token) < 0)
		return "its uses cannot be counted";
	snprintf(ret_shown->credential, sizeof(ret_shown->credential), "%s", token.id);
	return NULL;
}

void gate_credential_shown(struct gate *gate, struct gate_door *door, const struct gate_credential *shown)
{
	struct presented_credential found = {.factor = shown->factor};
	struct gate_entry_request request = {.door = door,
					     .leaving = shown->leaving,
					     .reader = shown->reader,
					     .first_mono_us = shown->mono_us};
	char card[ROSTER_CODE_BYTES];
	const char *flaw = NULL;

	/* what was read is never in the log: a card's number is all it takes to make a second card */
	request.data = json_pack("{s:s}", "reader", shown->reader != NULL ? shown->reader : "");
	if (shown->leaving)
		json_object_set_new(request.data, "leaving", json_true());
	if (shown->factor == POLICY_PIN)
		find_pin(gate, shown->text, who_stands(gate, door, shown->leaving), &found);
	else if (shown->factor == POLICY_QR && pass_is_like(shown->text))
		flaw = find_pass(gate, shown->text, &found);
	else if (shown->factor != POLICY_CARD || roster_card_text(shown->text, card) < 0)
		find_code(gate, shown->factor, shown->text, &found);
	else
		find_code(gate, shown->factor, card, &found);
	if (flaw != NULL)
		json_object_set_new(request.data, "flaw", json_string(flaw));
	request.factor = found.factor;
	request.person_id = found.person;
	request.credential_id = found.credential;
	gate_entry_ask(gate, &request);
}
