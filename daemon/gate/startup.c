/* The store's callbacks: committed events, stored records and the status of the store. */
#include "gate_internal.h"

#include <errno.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"

static void on_committed(void *arg, const struct event_row *row)
{
	struct gate *gate = arg;

	assert_thread(THREAD_CONTROL);
	if (row->json != NULL) {
		json_t *event = json_loads(row->json, 0, NULL);

		if (event != NULL && gate->api != NULL)
			api_publish_event(gate->api, row->seq, row->type, event);
		if (event != NULL && gate->evidence != NULL)
			evidence_event(gate->evidence, event);
		json_decref(event);
	}
	if (gate->property != NULL)
		property_event(gate->property);
}

static void on_person(void *arg, const struct roster_person *person)
{
	struct gate *gate = arg;

	people_load_person(gate->people, person);
}

static void on_face(void *arg, const char *person_id, const char *model, const float *vector,
		    size_t dim)
{
	struct gate *gate = arg;

	people_load_template(gate->people, person_id, model, vector, dim);
}

static void on_face_removed(void *arg, const char *person_id, const char *model,
			    const float *vector, size_t dim)
{
	struct gate *gate = arg;

	people_template_removed(gate->people, person_id, model, vector, dim);
}

static void on_crop(void *arg, const char *person_id, int64_t number, const void *crop,
		    size_t bytes)
{
	struct gate *gate = arg;

	people_load_picture(gate->people, person_id, number, crop, bytes);
}

static void load_people(struct gate *gate, const char *kind, const char *id, json_t *json)
{
	people_load_record(gate->people, kind, id, json);
}

static void load_cameras(struct gate *gate, const char *kind, const char *id, json_t *json)
{
	if (gate->cameras != NULL)
		cameras_load_record(gate->cameras, kind, id, json);
}

static void load_consent(struct gate *gate, const char *kind, const char *id, json_t *json)
{
	people_load_record(gate->people, kind, id, json);
	gate_api_load(gate, kind, id, json);
}

static void load_reader_counter(struct gate *gate, const char *kind, const char *id, json_t *json)
{
	(void)kind;
	if (gate->readers != NULL)
		readers_load_counter(gate->readers, id, json);
}

static void load_use_counter(struct gate *gate, const char *kind, const char *id, json_t *json)
{
	people_load_record(gate->people, kind, id, json);
	entry_load_counter(gate->entry, id, json);
}

/* Pass a record to the part that owns its kind; all records arrive before STORE_READY. */
static void on_record(void *arg, const char *kind, const char *id, json_t *json)
{
	static const struct {
		const char *kind, *id; /* how its id begins */
		void (*load)(struct gate *gate, const char *kind, const char *id, json_t *json);
	} owners[] = {
		{"area", "", load_people},         {"counter", "reader/", load_reader_counter},
		{"counter", "stay/", load_people}, {"counter", "used/", load_use_counter},
		{"credential", "", load_people},   {"group", "", load_people},
		{"holder", "", load_people},       {"holiday", "", load_people},
		{"opening", "", load_people},      {"pass", "", load_people},
		{"roster", "", load_people},       {"rule", "", load_people},
		{"schedule", "", load_people},     {"staged", "", load_people},
		{"user", "", gate_api_load},       {"alert", "", gate_api_load},
		{"case", "", gate_api_load},       {"consent", "", load_consent},
		{"blind", "", load_cameras},       {"facesite", "", load_cameras},
	};

	for (size_t i = 0; i < sizeof(owners) / sizeof(owners[0]); i++)
		if (strcmp(owners[i].kind, kind) == 0 &&
		    strncmp(owners[i].id, id, strlen(owners[i].id)) == 0) {
			owners[i].load(arg, kind, id, json);
			return;
		}
	log_warning("store", "records of the kind %s belong to a newer version, ignoring", kind);
}

static json_t *storage_state(const struct gate *gate)
{
	return json_pack("{s:s, s:s, s:o*}", "state",
			 journal_trouble(gate->journal)[0] == '\0' ? "ok" : "failed", "reason",
			 journal_trouble(gate->journal), "problem",
			 problem_json(journal_problem(gate->journal)));
}

static void open_evidence(struct gate *gate)
{
	const struct evidence_deps deps = {
		.config = gate->config, .event = gate->event, .journal = gate->journal};

	(void)evidence_open(&deps,
			    &gate->evidence); /* it logs a failure: then nothing is deleted */
}

/* The reason as a sentence, and as a code for translations. */
static json_t *reason_json(const struct problem *problem)
{
	return json_pack("{s:s, s:o}", "reason", problem->detail, "problem", problem_json(problem));
}

/* All records are loaded and the log can be written: start the parts that waited for it. */
static void on_ready(struct gate *gate)
{
	assert(gate->evidence == NULL); /* the store is ready once */
	people_settle(gate->people);
	entry_report_interrupted(gate->entry);
	(void)doors_start_hours(gate->doors); /* it logs a failure itself */
	gate_clock_report_unset(gate);
	log_info("store", "the log stands at event %lld; %zu people enrolled",
		 (long long)store_last_seq(journal_store(gate->journal)),
		 roster_count(people_directory(gate->people)->people));
	journal_record(gate->journal, "system.started", EVENT_INFO, NULL, NULL,
		       json_pack("{s:s}", "version", GH_VERSION));
	gate_start_cameras(gate);
	open_evidence(gate);
	if (gate->property != NULL)
		property_ready(gate->property);
	if (gate->api != NULL)
		api_ready(gate->api);
}

static void on_status(void *arg, enum store_status status, const struct problem *problem)
{
	struct gate *gate = arg;

	/* a gate that is closing before the store is ready starts no part */
	if (gate->closing)
		return;
	journal_set_trouble(gate->journal, NULL);
	switch (status) {
	case STORE_READY:
		on_ready(gate);
		break;
	case STORE_RESTORED:
		log_info("store", "the log can be written again");
		journal_record(gate->journal, "storage.restored", EVENT_INFO, NULL, NULL, NULL);
		break;
	case STORE_FAILED:
		journal_set_trouble(gate->journal, problem);
		log_error("store", "%s", problem->detail);
		journal_record(gate->journal, "storage.failed", EVENT_ALARM, NULL, NULL,
			       reason_json(problem));
		break;
	case STORE_QUARANTINED:
	case STORE_TAMPERED:
		log_error("store", "%s", problem->detail);
		journal_record(gate->journal,
			       status == STORE_TAMPERED ? "storage.tampered" : "storage.set_aside",
			       EVENT_ALARM, NULL, NULL, reason_json(problem));
		break;
	case STORE_REPLICA_RENEWED:
		log_warning("store", "%s", problem->detail);
		journal_record(gate->journal, "storage.copy_renewed", EVENT_WARNING, NULL, NULL,
			       reason_json(problem));
		break;
	case STORE_UNUSABLE:
		journal_set_trouble(gate->journal, problem);
		log_error("store", "%s", problem->detail);
		log_error("store", "doors, exit buttons and fire work; no credential is known and "
				   "nothing is recorded");
		gate_start_cameras(gate);
		break;
	}
	journal_publish(gate->journal, "storage", "log", storage_state(gate));
	if (status == STORE_READY && gate->property != NULL)
		property_states_complete(gate->property);
}

const struct store_ops gate_store_ops = {.committed = on_committed,
					 .person = on_person,
					 .face = on_face,
					 .crop = on_crop,
					 .record = on_record,
					 .status = on_status,
					 .face_removed = on_face_removed};
