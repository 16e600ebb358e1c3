/* Rules, credentials, passes and questions about them, for the API. */
#include "people_private.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"

enum { PASS_KEPT_DAYS = 30, PASSES_DROPPED_MAX = 8 };

static void answer(struct gate *gate, struct api_token token, int r, const char *problem, json_t *result)
{
	struct reply reply = gate_api_reply(gate, token, 200);

	reply_send(&reply, r, problem != NULL && problem[0] != '\0' ? problem : NULL, result);
}

/* ---- what there is ---- */

static json_t *with_id(json_t *value, const char *id)
{
	json_t *item = json_copy(value); /* shallow: the members are shared and not changed */

	json_object_set_new(item, "id", json_string(id));
	return item;
}

/* As shown to people: nothing that opens a door. A new reference, or NULL. */
static json_t *shown(struct gate *gate, const char *kind, const char *id)
{
	const struct roster_credential *credential;
	const struct roster_person *person;
	json_t *value = NULL, *item;

	if (access_rules_keeps(kind)) {
		value = json_incref(access_rules_get(gate->directory.rules, kind, id));
	} else if (strcmp(kind, "credential") == 0 || strcmp(kind, "pass") == 0) {
		credential = roster_credentials_find(gate->directory.credentials, id);
		if (credential != NULL && (credential->factor == POLICY_PASS) == (strcmp(kind, "pass") == 0))
			value = gate_credential_value(gate, credential, true);
	} else {
		person = roster_find(gate->directory.people, id);
		if (person != NULL)
			value = strcmp(kind, "person") == 0 ? gate_person_value(person)
							    : gate_holder_value(gate, person);
	}
	item = value != NULL ? with_id(value, id) : NULL;
	json_decref(value);
	return item;
}

static json_t *list_rules(struct gate *gate, const char *kind, const char *after, unsigned limit,
			  json_t **next)
{
	const char *of, *name, *last = "";
	json_t *list = json_array(), *value;
	size_t at = 0;

	while (access_rules_next(gate->directory.rules, kind, &at, &of, &name, &value)) {
		if (strcmp(name, after) <= 0)
			continue;
		if (json_array_size(list) == limit) {
			*next = json_string(last);
			break;
		}
		json_array_append_new(list, with_id(value, name));
		last = name;
	}
	return list;
}

static json_t *list_credentials(struct gate *gate, const char *kind, const char *person, const char *after,
				unsigned limit, json_t **next)
{
	bool passes = strcmp(kind, "pass") == 0;
	const struct roster_credential *at = roster_credentials_next(gate->directory.credentials, after);
	const char *last = "";
	json_t *list = json_array();

	for (; at != NULL; at = roster_credentials_next(gate->directory.credentials, at->id)) {
		if ((at->factor == POLICY_PASS) != passes ||
		    (person[0] != '\0' && strcmp(at->person, person) != 0))
			continue;
		if (json_array_size(list) == limit) {
			*next = json_string(last);
			break;
		}
		json_array_append_new(list, shown(gate, kind, at->id));
		last = at->id;
	}
	return list;
}

static json_t *list_holders(struct gate *gate, const char *after, unsigned limit, json_t **next)
{
	const struct roster_person *at = roster_next(gate->directory.people, after);
	const char *last = "";
	json_t *list = json_array();

	for (; at != NULL; at = roster_next(gate->directory.people, at->id)) {
		if (!at->has_holder)
			continue;
		if (json_array_size(list) == limit) {
			*next = json_string(last);
			break;
		}
		json_array_append_new(list, shown(gate, "holder", at->id));
		last = at->id;
	}
	return list;
}

static void op_list(void *arg, struct api_token token, const char *kind, const char *person,
		    const char *after, unsigned limit)
{
	struct gate *gate = arg;
	json_t *next = NULL, *list;

	if (access_rules_keeps(kind))
		list = list_rules(gate, kind, after, limit, &next);
	else if (strcmp(kind, "holder") == 0)
		list = list_holders(gate, after, limit, &next);
	else
		list = list_credentials(gate, kind, person, after, limit, &next);
	answer(gate, token, 0, NULL,
	       json_pack("{s:o, s:o}", "items", list, "next", next != NULL ? next : json_null()));
}

static void op_get(void *arg, struct api_token token, const char *kind, const char *id)
{
	struct gate *gate = arg;
	json_t *item = shown(gate, kind, id);

	answer(gate, token, item != NULL ? 0 : -ENOENT, "there is no such thing", item);
}

/* ---- changes ---- */

struct asked {
	struct gate *gate;
	struct reply reply;
	char kind[STORE_KIND_BYTES], id[STORE_RECORD_ID_BYTES];
};

static void on_changed(void *arg, int r)
{
	struct asked *asked = arg;
	struct gate *gate = asked->gate;

	reply_send(&asked->reply, r,
		   journal_trouble(gate->journal)[0] != '\0' ? journal_trouble(gate->journal) : NULL,
		   r == 0 && asked->reply.ok_status != 204 ? shown(gate, asked->kind, asked->id) : NULL);
	free(asked);
}

static void change(struct gate *gate, struct api_token token, unsigned ok_status, const struct api_caller *by,
		   json_t *json)
{
	struct asked *asked = calloc(1, sizeof(*asked));
	char error[GATE_CHANGE_ERROR_BYTES] = "";
	int r = -ENOMEM;

	if (asked != NULL) {
		asked->gate = gate;
		asked->reply = gate_api_reply(gate, token, ok_status);
		snprintf(asked->kind, sizeof(asked->kind), "%s",
			 json_string_value(json_object_get(json, "kind")));
		snprintf(asked->id, sizeof(asked->id), "%s", json_string_value(json_object_get(json, "id")));
		r = gate_roster_apply_change(gate, json, by->name, on_changed, asked, error);
	}
	json_decref(json);
	if (r < 0) {
		free(asked);
		answer(gate, token, r, error, NULL);
	}
}

/* Passes are of whole minutes, since their tokens are; and are not changed but to be revoked. */
static int check_pass(struct gate *gate, const char *id, const json_t *value, char *error)
{
	struct roster_credential pass;
	struct policy_credential *limits = &pass.policy;
	int r = roster_pass_parse("", value, access_rules_names(gate->directory.rules), NULL, &pass, error);

	if (r < 0)
		return r;
	if (!gate->directory.can_sign) {
		snprintf(error, ROSTER_ERROR_BYTES, "this gate's key for passes cannot be read: see the log");
		return -EIO;
	}
	if (limits->valid_from_unix_ms % 60000 != 0 || limits->valid_to_unix_ms % 60000 != 0) {
		snprintf(error, ROSTER_ERROR_BYTES, "valid_from, valid_to: expected whole minutes");
		return -EINVAL;
	}
	if (limits->uses_max > PASS_USES_MAX) {
		snprintf(error, ROSTER_ERROR_BYTES, "uses: at most %d", PASS_USES_MAX);
		return -EINVAL;
	}
	if (id == NULL && limits->valid_to_unix_ms <= clock_unix_ms()) {
		snprintf(error, ROSTER_ERROR_BYTES, "valid_to: is over already");
		return -EINVAL;
	}
	return 0;
}

/* Passes that were over a month ago go, a few whenever one is made: nobody asks for them any more. */
static void drop_old_passes(struct gate *gate)
{
	const int64_t over_unix_ms = clock_unix_ms() - (int64_t)PASS_KEPT_DAYS * 86400000;
	char old[PASSES_DROPPED_MAX][ULID_BYTES], error[GATE_CHANGE_ERROR_BYTES];
	const struct roster_credential *at;
	size_t count = 0;

	for (size_t i = 0; count < PASSES_DROPPED_MAX &&
			   (at = roster_credentials_at(gate->directory.credentials, i)) != NULL;
	     i++)
		if (at->factor == POLICY_PASS && at->policy.valid_to_unix_ms < over_unix_ms)
			memcpy(old[count++], at->id, ULID_BYTES);
	for (size_t i = 0; i < count; i++) {
		json_t *json = json_pack("{s:s, s:s, s:s}", "op", "remove", "kind", "pass", "id", old[i]);

		(void)gate_roster_apply_change(gate, json, "retention", NULL, NULL, error); /* or later */
		json_decref(json);
	}
}

static void op_put(void *arg, struct api_token token, const struct api_caller *by, const char *kind,
		   const char *id, const json_t *value)
{
	struct gate *gate = arg;
	char made[ULID_BYTES], error[GATE_CHANGE_ERROR_BYTES] = "";
	int r = strcmp(kind, "pass") == 0 ? check_pass(gate, id, value, error) : 0;

	if (r == 0 && id != NULL && strcmp(kind, "pass") == 0) {
		r = -EEXIST;
		snprintf(error, sizeof(error), "a pass is not changed: remove it and make another");
	}
	if (r < 0) {
		answer(gate, token, r, error, NULL);
		return;
	}
	if (strcmp(kind, "pass") == 0)
		drop_old_passes(gate);
	ulid_make(clock_unix_ms(), made);
	change(gate, token, id == NULL ? 201 : 200, by,
	       json_pack("{s:s, s:s, s:s, s:O}", "op", "put", "kind", kind, "id", id != NULL ? id : made,
			 "value", value));
}

/* A pass that is out there cannot be called back: it is kept as revoked. */
static json_t *revoke_json(struct gate *gate, const char *id)
{
	const struct roster_credential *pass = roster_credentials_find(gate->directory.credentials, id);
	json_t *value;

	if (pass == NULL || pass->factor != POLICY_PASS)
		return NULL;
	value = gate_credential_value(gate, pass, false);
	json_object_set_new(value, "revoked", json_true());
	return json_pack("{s:s, s:s, s:s, s:o}", "op", "put", "kind", "pass", "id", id, "value", value);
}

static void op_remove(void *arg, struct api_token token, const struct api_caller *by, const char *kind,
		      const char *id)
{
	struct gate *gate = arg;
	json_t *json = strcmp(kind, "pass") == 0
			       ? revoke_json(gate, id)
			       : json_pack("{s:s, s:s, s:s}", "op", "remove", "kind", kind, "id", id);

	if (json == NULL)
		answer(gate, token, -ENOENT, "there is no such pass", NULL);
	else
		change(gate, token, 204, by, json);
}

static void op_area_reset(void *arg, struct api_token token, const struct api_caller *by, const char *area)
{
	struct gate *gate = arg;
	json_t *value = access_rules_get(gate->directory.rules, "area", area);
	char now[CLOCK_UTC_BYTES];

	if (value == NULL) {
		answer(gate, token, -ENOENT, "there is no such area", NULL);
		return;
	}
	value = json_copy(value);
	clock_format_utc(clock_unix_ms(), now);
	json_object_set_new(value, "reset", json_string(now));
	change(gate, token, 200, by,
	       json_pack("{s:s, s:s, s:s, s:o}", "op", "put", "kind", "area", "id", area, "value", value));
}

/* ---- a pass's code ---- */

static void fill_doors(const struct gate *gate, uint32_t doors, struct pass *pass)
{
	for (size_t i = 0;
	     doors != UINT32_MAX && i < gate->config->door_count && pass->door_count < PASS_DOORS_MAX; i++)
		if ((doors & 1u << i) != 0)
			snprintf(pass->doors[pass->door_count++], PASS_DOOR_BYTES, "%s",
				 gate->config->doors[i].name);
}

static void op_pass_code(void *arg, struct api_token token, const char *id)
{
	struct gate *gate = arg;
	const struct roster_credential *known = roster_credentials_find(gate->directory.credentials, id);
	struct pass pass = {0};
	char text[PASS_TEXT_BYTES];

	if (known == NULL || known->factor != POLICY_PASS) {
		answer(gate, token, -ENOENT, "there is no such pass", NULL);
		return;
	}
	if (!known->policy.enabled || !gate->directory.can_sign) {
		answer(gate, token, -EPERM,
		       gate->directory.can_sign ? "this pass was revoked"
						: "the key for passes cannot be read",
		       NULL);
		return;
	}
	snprintf(pass.id, sizeof(pass.id), "%s", id);
	pass.valid_from_unix_ms = known->policy.valid_from_unix_ms;
	pass.valid_to_unix_ms = known->policy.valid_to_unix_ms;
	pass.uses = known->policy.uses_max;
	fill_doors(gate, known->policy.doors, &pass);
	if (pass_write(&gate->directory.pass_signer, &pass, text) < 0)
		answer(gate, token, -EINVAL, "this pass does not fit into a code", NULL);
	else
		answer(gate, token, 0, NULL, json_pack("{s:s, s:s}", "id", id, "code", text));
}

/* ---- questions ---- */

static void op_what_if(void *arg, struct api_token token, const json_t *question)
{
	struct gate *gate = arg;
	char error[ROSTER_ERROR_BYTES] = "";
	json_t *result = entry_what_if(gate->entry, question, error);

	answer(gate, token, result != NULL ? 0 : -EINVAL, error, result);
}

/* ---- why ---- */

struct why {
	struct gate *gate;
	struct api_token token;
};

static void say(json_t *lines, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void say(json_t *lines, const char *format, ...)
{
	char text[320];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	json_array_append_new(lines, json_string(text));
}

static const char *text_of(const json_t *data, const char *key, const char *otherwise)
{
	const char *text = json_string_value(json_object_get(data, key));

	return text != NULL ? text : otherwise;
}

static void say_factor(json_t *lines, const json_t *data)
{
	const json_t *score = json_object_get(data, "score"), *factors = json_object_get(data, "factors");

	if (json_is_number(score))
		say(lines, "shown: %s, score %.3f, threshold %.3f", text_of(data, "factor", "?"),
		    json_number_value(score), json_number_value(json_object_get(data, "threshold")));
	else
		say(lines, "shown: %s", text_of(data, "factor", "?"));
	for (size_t i = 0; i + 1 < json_array_size(factors); i++)
		say(lines, "shown before: %s", json_string_value(json_array_get(factors, i)));
	if (json_object_get(data, "flaw") != NULL)
		say(lines, "the pass is %s", text_of(data, "flaw", ""));
}

static json_t *explain(const json_t *event)
{
	const json_t *data = json_object_get(event, "data"), *rules = json_object_get(data, "rules");
	const char *type = text_of(event, "type", "");
	json_t *lines = json_array();

	say(lines, "%s at door %s, person %s", type, text_of(data, "door", "?"),
	    text_of(event, "person", "unknown"));
	say_factor(lines, data);
	if (strcmp(type, "access.denied") == 0) {
		say(lines, "denied: %s, decided by %s", text_of(data, "reason", "?"),
		    text_of(data, "rule", "?"));
		say(lines, "it would have needed: %s", text_of(data, "needed", "?"));
	} else {
		say(lines, "decided by rule %s", text_of(data, "rule", "?"));
	}
	if (json_object_get(data, "held_by") != NULL)
		say(lines, "door %s is open or unlocked, or its contact cannot be read",
		    text_of(data, "held_by", "?"));
	if (json_is_true(json_object_get(data, "timed_out")))
		say(lines, "nothing of it came in time");
	for (size_t i = 0; i < json_array_size(rules); i++) {
		const json_t *rule = json_array_get(rules, i);

		say(lines, "rule %s: %s", text_of(rule, "rule", "?"), text_of(rule, "why", "?"));
	}
	return lines;
}

static void on_event(void *arg, int r, const struct event_row *rows, size_t count)
{
	struct why *why = arg;
	struct gate *gate = why->gate;
	struct api_token token = why->token;
	json_t *event = NULL;

	free(why);
	if (gate->api == NULL) /* closing */
		return;
	if (r == 0 && count == 1 && strncmp(rows[0].type, "access.", 7) == 0 && rows[0].json != NULL)
		event = json_loads(rows[0].json, 0, NULL);
	if (event == NULL)
		answer(gate, token, r < 0 ? r : -ENOENT, "this event is no decision about access", NULL);
	else
		answer(gate, token, 0, NULL,
		       json_pack("{s:o, s:o}", "lines", explain(event), "event", event));
}

static void op_explain(void *arg, struct api_token token, int64_t seq)
{
	struct gate *gate = arg;
	const struct store_filter filter = {
		.after_seq = seq - 1, .before_seq = seq + 1, .limit = 1, .ascending = true};
	struct why *why = malloc(sizeof(*why));
	int r = why == NULL ? -ENOMEM : journal_store(gate->journal) == NULL ? -EIO : 0;

	if (r == 0) {
		*why = (struct why){.gate = gate, .token = token};
		r = store_query_events(journal_store(gate->journal), &filter, on_event, why);
	}
	if (r < 0) {
		free(why);
		answer(gate, token, r, "the log cannot be read now", NULL);
	}
}

/* ---- guards ---- */

static void op_requests(void *arg, struct api_token token)
{
	struct gate *gate = arg;

	answer(gate, token, 0, NULL, json_pack("{s:o}", "requests", entry_guard_json(gate->entry)));
}

static void op_answer(void *arg, struct api_token token, const struct api_caller *by, const char *id,
		      bool admit)
{
	const char *why = "there is no such request, or its time is over";
	struct gate *gate = arg;
	int r = entry_guard_answer(gate->entry, id, admit, by->name, &why);

	answer(arg, token, r, why, r == 0 ? json_pack("{s:b}", "admitted", admit) : NULL);
}

const struct api_access_ops gate_access_ops = {
	.list = op_list,
	.get = op_get,
	.put = op_put,
	.remove = op_remove,
	.what_if = op_what_if,
	.explain = op_explain,
	.area_reset = op_area_reset,
	.pass_code = op_pass_code,
	.requests = op_requests,
	.answer = op_answer,
};
