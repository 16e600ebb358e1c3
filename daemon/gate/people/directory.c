/* The access directory: opened, loaded from the store, put in force. */
#include "people_private.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/log.h"

/* ---- begin and end ---- */

/* Without the key no pass can be issued or opens a door; everything else works. */
static void load_signer(struct people *people)
{
	uint8_t seed[CRYPTO_SIGN_SEED_BYTES];
	char path[CONFIG_PATH_BYTES + 32], error[CRYPTO_ERROR_BYTES] = "";
	int r;

	snprintf(path, sizeof(path), "%s/keys", people->deps.config->state_dir);
	(void)mkdir(path, 0700); /* may exist; creating the key reports any other failure */
	snprintf(path, sizeof(path), "%s/keys/pass.key", people->deps.config->state_dir);
	r = crypto_init();
	if (r == 0)
		r = crypto_key_load(path, seed, sizeof(seed), error);
	if (r == -ENOENT)
		r = crypto_key_create(path, seed, sizeof(seed), error);
	if (r < 0) {
		log_error("access", "no visitor's pass opens a door and none can be issued: %s",
			  error);
		return;
	}
	crypto_signer_init(&people->directory.pass_signer, seed);
	crypto_wipe(seed, sizeof(seed));
	people->directory.can_sign = true;
}

int directory_open(struct people *people)
{
	const char *doors[CONFIG_DOORS_MAX];

	for (size_t i = 0; i < people->deps.config->door_count; i++)
		doors[i] = people->deps.config->doors[i].name;
	return access_directory_open(doors, people->deps.config->door_count, &people->directory);
}

/* ---- loading ---- */

static int load_counter(struct people *people, const char *id, json_t *json)
{
	struct roster_credential *credential;
	const char *area;
	json_t *at;

	if (strncmp(id, "stay/", 5) == 0) {
		struct roster_person *person = roster_edit(people->directory.people, id + 5);

		json_object_foreach(json_object_get(json, "areas"), area, at)
		{
			int place = access_rules_area_place(people->directory.rules, area);

			if (person != NULL && place >= 0)
				person->access.entered_unix_ms[place] = json_integer_value(at);
		}
		return 0;
	}
	credential = roster_credentials_find(people->directory.credentials, id + strlen("used/"));
	if (credential != NULL) /* NULL: removed; a crash left its counter */
		credential->policy.used =
			(uint32_t)json_integer_value(json_object_get(json, "used"));
	return 0;
}

static int load_credential(struct people *people, const char *kind, const char *id,
			   const json_t *json, struct problem *problem)
{
	struct roster_credential credential;
	int r;

	if (strcmp(kind, "pass") == 0)
		r = roster_pass_parse(id, json, access_rules_names(people->directory.rules), NULL,
				      &credential, problem);
	else
		r = roster_credential_parse(id, json, NULL, &credential, problem);
	if (r < 0)
		return r;
	credential_digest(&credential);
	r = roster_credentials_put(people->directory.credentials, &credential);
	crypto_wipe(&credential, sizeof(credential));
	if (r < 0)
		problem_failed(problem, r);
	return r;
}

static int load_holder(struct people *people, const char *id, const json_t *json,
		       struct problem *problem)
{
	struct roster_person *person = roster_edit(people->directory.people, id);
	json_t *value;
	int r;

	if (person == NULL)
		return 0; /* the person was removed; a crash left the holder */
	r = roster_parse_holder(json, access_rules_names(people->directory.rules), &person->access,
				problem);
	/* the intended groups and blocks are unknown: admit nobody by mistake */
	if (r < 0)
		person->access.enabled = false;
	person->has_holder = true;
	value = holder_value(people, person);
	item_digest("holder", id, value, person->holder_digest);
	json_decref(value);
	return r;
}

/*
 * The store loads kinds in alphabetical order: counters come before the items they count, and wait
 * for directory_settle().
 */
void directory_load(struct people *people, const char *kind, const char *id, json_t *json)
{
	struct problem problem = {0};
	int r;

	if (strcmp(kind, "counter") == 0)
		r = json_object_set(people->counters, id, json);
	else if (strcmp(kind, "credential") == 0 || strcmp(kind, "pass") == 0)
		r = load_credential(people, kind, id, json, &problem);
	else if (strcmp(kind, "holder") == 0)
		r = load_holder(people, id, json, &problem);
	else
		r = access_rules_load(people->directory.rules, kind, id, json);
	if (r < 0)
		log_error("access", "%s %s is not used: %s", kind, id,
			  problem.code != PROBLEM_NONE ? problem.detail : strerror(-r));
}

static void on_unused(void *arg, const struct problem *problem)
{
	struct people *people = arg;

	log_error("access", "%s; it admits nobody until it is corrected", problem->detail);
	journal_record(people->deps.journal, "access.unused", EVENT_ALARM, NULL, NULL,
		       json_pack("{s:s, s:o}", "reason", problem->detail, "problem",
				 problem_json(problem)));
}

void directory_settle(struct people *people)
{
	const char *id;
	json_t *json;

	if (access_rules_apply(people->directory.rules, on_unused, people) < 0)
		log_error("access", "no memory for the rules");
	json_object_foreach(people->counters, id, json) load_counter(people, id, json);
	json_decref(people->counters);
	people->counters = NULL;
	load_signer(people);
}
