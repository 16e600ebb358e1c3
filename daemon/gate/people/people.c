#include "people_private.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"

/* ---- loading ---- */

void people_load_person(struct people *people, const struct roster_person *person)
{
	struct roster_person known = *person;
	json_t *value = person_value(person);
	int r;

	item_digest("person", person->id, value, known.digest);
	json_decref(value);
	r = roster_put(people->directory.people, &known);
	crypto_wipe(&known, sizeof(known));
	if (r < 0)
		log_error("roster", "person %s: %s", person->id, strerror(-r));
}

void people_load_template(struct people *people, const char *person, const char *model,
			  const float *vector, size_t dim)
{
	if (dim == ROSTER_TEMPLATE_DIM)
		templates_add(people, person, model, vector);
}

void people_load_record(struct people *people, const char *kind, const char *id, json_t *json)
{
	if (strcmp(kind, "consent") == 0)
		consent_load(people, id, json);
	else if (strcmp(kind, "roster") == 0 || strcmp(kind, "staged") == 0)
		roster_batch_load(people, kind, id, json);
	else
		directory_load(people, kind, id, json);
}

void people_settle(struct people *people)
{
	assert_thread(THREAD_CONTROL);
	directory_settle(people);
	roster_batch_settle(people);
	people_publish_state(people);
}

int people_adopt_pass(struct people *people, const struct pass *pass)
{
	struct problem problem = {0};
	json_t *change = json_pack("{s:s, s:s, s:s, s:o}", "op", "put", "kind", "pass", "id",
				   pass->id, "value", pass_value(pass));
	int r = people_change(people, change, "token", NULL, NULL, &problem);

	json_decref(change);
	if (r < 0)
		log_warning("access", "pass %s: %s", pass->id, problem.detail);
	return r;
}

/* ---- enrolment ---- */

void people_start_enrolment(struct people *people)
{
	if (people->enrolment.started)
		return;
	people->enrolment.started = true;
	templates_record_outdated(people);
	reenrol_next(people);
}

void people_faces_ready(struct people *people)
{
	reenrol_next(people);
}

void people_face_result(struct people *people, const struct face_result *result)
{
	if (!reenrol_result(people, result))
		enrol_result(people, result);
	reenrol_next(people);
}

/* ---- begin and end ---- */

struct access_directory *people_directory(struct people *people)
{
	return &people->directory;
}

int people_open(const struct people_deps *deps, const struct people_ops *ops, void *arg,
		struct people **ret_people)
{
	struct people *people;
	int r;

	assert_thread(THREAD_CONTROL);
	assert(deps->config != NULL && deps->event != NULL && deps->journal != NULL);
	assert(ops->faces != NULL && ops->uses_templates != NULL && ops->face_camera != NULL &&
	       ops->template_added != NULL && ops->template_removed != NULL &&
	       ops->person_forgotten != NULL && ops->rules_changed != NULL);
	people = calloc(1, sizeof(*people));
	if (people == NULL)
		return -ENOMEM;
	people->deps = *deps;
	people->ops = ops;
	people->arg = arg;
	people->counters = json_object();
	r = directory_open(people);
	if (r >= 0)
		r = roster_batch_open(people);
	if (r < 0) {
		people_close(people);
		return r;
	}
	*ret_people = people;
	return 0;
}

void people_stop(struct people *people)
{
	if (people == NULL)
		return;
	people->enrolment.stopped = true;
	enrol_drop(people);
	reenrol_drop(people);
}

void people_close(struct people *people)
{
	if (people == NULL)
		return;
	people_stop(people);
	sd_event_source_disable_unref(people->state_source);
	roster_batch_close(people);
	json_decref(people->counters);
	json_decref(people->consent_withdrawn);
	json_decref(people->enrolment.outdated);
	access_directory_close(&people->directory);
	free(people);
}
