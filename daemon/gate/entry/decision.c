#include "gate_access.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/log.h"

enum { RULES_TOLD_MAX = 12 };

/* ---- begin and end ---- */

/* Without the key no pass is made and none opens; all the rest works. */
static void load_signer(struct gate *gate)
{
	uint8_t seed[CRYPTO_SIGN_SEED_BYTES];
	char path[CONFIG_PATH_BYTES + 32], error[CRYPTO_ERROR_BYTES];
	int r;

	snprintf(path, sizeof(path), "%s/keys", gate->config->state_dir);
	(void)mkdir(path, 0700); /* there already, or making the key says why it cannot be */
	snprintf(path, sizeof(path), "%s/keys/pass.key", gate->config->state_dir);
	r = crypto_init();
	if (r == 0)
		r = crypto_key_load(path, seed, sizeof(seed), error);
	if (r == -ENOENT)
		r = crypto_key_create(path, seed, sizeof(seed), error);
	if (r < 0) {
		log_error("access", "no visitor's pass opens and none can be made: %s", error);
		return;
	}
	crypto_signer_init(&gate->directory.pass_signer, seed);
	crypto_wipe(seed, sizeof(seed));
	gate->directory.can_sign = true;
}

int gate_access_open(struct gate *gate)
{
	const char *doors[CONFIG_DOORS_MAX];

	gate->access = calloc(1, sizeof(*gate->access));
	if (gate->access == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < gate->config->door_count; i++)
		doors[i] = gate->config->doors[i].name;
	return access_directory_open(doors, gate->config->door_count, &gate->directory);
}

void gate_pending_drop(struct gate_pending *pending)
{
	json_decref(pending->data);
	*pending = (struct gate_pending){0};
}

void gate_access_close(struct gate *gate)
{
	struct gate_access *access = gate->access;

	if (access == NULL)
		return;
	for (size_t i = 0; i < CONFIG_DOORS_MAX; i++)
		gate_pending_drop(&access->at_door[i]);
	for (size_t i = 0; i < GATE_GUARDS_MAX; i++)
		gate_pending_drop(&access->guards[i]);
	free(access);
	gate->access = NULL;
}

/* ---- what the store kept ---- */

static int load_counter(struct gate *gate, const char *id, json_t *json)
{
	struct roster_credential *credential;
	const char *area;
	json_t *at;

	if (strncmp(id, "stay/", 5) == 0) {
		struct roster_person *person = roster_edit(gate->directory.people, id + 5);

		json_object_foreach(json_object_get(json, "areas"), area, at)
		{
			int place = access_rules_area_place(gate->directory.rules, area);

			if (person != NULL && place >= 0)
				person->access.entered_unix_ms[place] = json_integer_value(at);
		}
		return 0;
	}
	credential = roster_credentials_find(gate->directory.credentials, id + strlen("used/"));
	if (credential != NULL) /* else it was removed, and its count with it, but for a crash between */
		credential->policy.used = (uint32_t)json_integer_value(json_object_get(json, "used"));
	return 0;
}

static int load_credential(struct gate *gate, const char *kind, const char *id, const json_t *json,
			   char *error)
{
	struct roster_credential credential;
	int r;

	if (strcmp(kind, "pass") == 0)
		r = roster_pass_parse(id, json, access_rules_names(gate->directory.rules), NULL, &credential,
				      error);
	else
		r = roster_credential_parse(id, json, NULL, &credential, error);
	if (r < 0)
		return r;
	gate_credential_digest(&credential);
	r = roster_credentials_put(gate->directory.credentials, &credential);
	crypto_wipe(&credential, sizeof(credential));
	if (r < 0)
		snprintf(error, ROSTER_ERROR_BYTES, "%s", strerror(-r));
	return r;
}

static int load_holder(struct gate *gate, const char *id, const json_t *json, char *error)
{
	struct roster_person *person = roster_edit(gate->directory.people, id);
	json_t *value;
	int r;

	if (person == NULL)
		return 0; /* a crash between the two; nobody is meant */
	r = roster_parse_holder(json, access_rules_names(gate->directory.rules), &person->access, error);
	if (r < 0)
		person->access.enabled = false; /* what was meant is not known: nobody is let in by mistake */
	person->has_holder = true;
	value = gate_holder_value(gate, person);
	gate_item_digest("holder", id, value, person->holder_digest);
	json_decref(value);
	return r;
}

/* The store tells kinds in order: counts come before what they count, and wait for gate_access_settle(). */
void gate_access_load(struct gate *gate, const char *kind, const char *id, json_t *json)
{
	char error[ROSTER_ERROR_BYTES] = "";
	int r;

	if (strcmp(kind, "counter") == 0)
		r = json_object_set(gate->access_counters, id, json);
	else if (strcmp(kind, "credential") == 0 || strcmp(kind, "pass") == 0)
		r = load_credential(gate, kind, id, json, error);
	else if (strcmp(kind, "holder") == 0)
		r = load_holder(gate, id, json, error);
	else
		r = access_rules_load(gate->directory.rules, kind, id, json);
	if (r < 0)
		log_error("access", "%s %s is not used: %s", kind, id,
			  error[0] != '\0' ? error : strerror(-r));
}

static void on_unused(void *arg, const char *sentence)
{
	struct gate *gate = arg;

	log_error("access", "%s; it lets nobody in until it is put right", sentence);
	journal_record(gate->journal, "access.unused", EVENT_ALARM, NULL, NULL,
		       json_pack("{s:s}", "reason", sentence));
}

void gate_access_settle(struct gate *gate)
{
	const char *id;
	json_t *json;

	if (access_rules_settle(gate->directory.rules, on_unused, gate) < 0)
		log_error("access", "no memory for the rules");
	json_object_foreach(gate->access_counters, id, json) load_counter(gate, id, json);
	json_decref(gate->access_counters);
	gate->access_counters = NULL;
	load_signer(gate);
}

/* ---- questions to the policy ---- */

unsigned gate_door_place(const struct gate *gate, const struct gate_door *door)
{
	(void)gate;
	return door->place;
}

static void look_up(struct gate *gate, const struct presented_credential *shown,
		    struct policy_shown *ret_shown)
{
	const struct roster_person *person = shown->person[0] != '\0' && shown->factor != POLICY_PASS
						     ? roster_find(gate->directory.people, shown->person)
						     : NULL;
	const struct roster_credential *credential =
		shown->credential[0] != '\0'
			? roster_credentials_find(gate->directory.credentials, shown->credential)
			: NULL;

	*ret_shown = (struct policy_shown){.factor = shown->factor,
					   .person = person != NULL ? &person->access : NULL,
					   .credential = credential != NULL ? &credential->policy : NULL,
					   .doubtful = shown->doubtful};
}

void gate_access_request(struct gate *gate, const struct access_attempt *attempt,
			 struct policy_request *ret_request)
{
	*ret_request = (struct policy_request){
		.ruleset = access_rules_ruleset(gate->directory.rules),
		.door = gate_door_place(gate, attempt->door),
		.leaving = attempt->leaving,
		.door_mode = doors_mode(gate->doors, attempt->door->place),
		.interlocked = doors_interlock(gate->doors, attempt->door->place) >= 0,
		.tampered = doors_tampered(gate->doors),
		.presentation_attack = attempt->presentation_attack,
		.trust_unset_clock = gate->config->access.unset_clock == CONFIG_UNSET_CLOCK_VALIDITY,
		.now_unix_ms = clock_unix_ms(),
		.shown_count = attempt->count,
	};
	ret_request->clock_set = clock_is_set(ret_request->now_unix_ms) &&
				 schedule_local(ret_request->now_unix_ms, &ret_request->local) == 0;
	for (size_t i = 0; i < attempt->count; i++)
		look_up(gate, &attempt->shown[i], &ret_request->shown[i]);
}

struct policy_decision gate_access_decide(struct gate *gate, const struct access_attempt *attempt)
{
	struct policy_request request;

	gate_access_request(gate, attempt, &request);
	return policy_decide(&request);
}

json_t *gate_access_rules_json(struct gate *gate, const struct access_attempt *attempt)
{
	const struct policy_ruleset *ruleset = access_rules_ruleset(gate->directory.rules);
	struct policy_request request;
	json_t *list = json_array();

	gate_access_request(gate, attempt, &request);
	for (size_t i = 0; i < ruleset->by_door_count[request.door] && i < RULES_TOLD_MAX; i++) {
		const struct policy_rule *rule = &ruleset->rules[ruleset->by_door[request.door][i]];

		json_array_append_new(list, json_pack("{s:s, s:s}", "rule", rule->name, "why",
						      policy_verdict_text(policy_judge(&request, rule))));
	}
	return list;
}

/* ---- what a grant uses up ---- */

static json_t *stay_json(const struct gate *gate, const struct policy_person *person)
{
	json_t *areas = json_object();

	for (int i = 0; i < POLICY_AREAS_MAX; i++)
		if (person->entered_unix_ms[i] != 0 && access_rules_area(gate->directory.rules, i) != NULL)
			json_object_set_new(areas, access_rules_area(gate->directory.rules, i),
					    json_integer(person->entered_unix_ms[i]));
	return json_pack("{s:o}", "areas", areas);
}

/* @return whether the person's stay changed */
static bool count_areas(struct gate *gate, const struct access_attempt *attempt, struct policy_person *person)
{
	const struct policy_ruleset *ruleset = access_rules_ruleset(gate->directory.rules);
	unsigned door = gate_door_place(gate, attempt->door);
	uint32_t entered = policy_areas_entered(ruleset, door, attempt->leaving);
	uint32_t left = policy_areas_left(ruleset, door, attempt->leaving);

	for (unsigned i = 0; i < POLICY_AREAS_MAX; i++) {
		if ((entered & 1u << i) != 0)
			person->entered_unix_ms[i] = clock_unix_ms();
		else if ((left & 1u << i) != 0)
			person->entered_unix_ms[i] = 0;
	}
	return (entered | left) != 0;
}

static bool takes_part(const struct access_attempt *attempt, const struct policy_decision *decision, size_t i)
{
	return decision->persons == 2 ||
	       strcmp(attempt->shown[i].person, attempt->shown[attempt->count - 1].person) == 0;
}

size_t gate_access_count(struct gate *gate, const struct access_attempt *attempt,
			 const struct policy_decision *decision, struct store_record *records,
			 char ids[][STORE_RECORD_ID_BYTES])
{
	size_t count = 0;

	for (size_t i = 0; i < attempt->count; i++) {
		struct roster_credential *credential =
			roster_credentials_find(gate->directory.credentials, attempt->shown[i].credential);
		struct roster_person *person = roster_edit(gate->directory.people, attempt->shown[i].person);
		bool before = false;

		if (!takes_part(attempt, decision, i))
			continue;
		if (credential != NULL && credential->policy.uses_max != 0) {
			credential->policy.used++;
			snprintf(ids[count], STORE_RECORD_ID_BYTES, "used/%s", credential->id);
			records[count] = (struct store_record){
				.kind = "counter",
				.id = ids[count],
				.json = json_pack("{s:I}", "used", (json_int_t)credential->policy.used)};
			count++;
		}
		for (size_t j = 0; j < i; j++)
			before |= strcmp(attempt->shown[j].person, attempt->shown[i].person) == 0;
		if (person == NULL || before || attempt->shown[i].factor == POLICY_PASS ||
		    !count_areas(gate, attempt, &person->access))
			continue;
		snprintf(ids[count], STORE_RECORD_ID_BYTES, "stay/%s", attempt->shown[i].person);
		records[count] = (struct store_record){
			.kind = "counter", .id = ids[count], .json = stay_json(gate, &person->access)};
		count++;
	}
	return count;
}
