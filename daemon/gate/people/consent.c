/* Who withdrew consent to face recognition: no face of theirs is taken until it is given anew, whoever asks. */
#include "gate/gate_internal.h"

#include <string.h>

#include "base/log.h"

const char gate_consent_withdrawn[] =
	"consent to face recognition was withdrawn: it must be given anew first";

static int mark(json_t **set, const char *person, bool is_in)
{
	if (*set == NULL)
		*set = json_object();
	if (is_in)
		return json_object_set_new(*set, person, json_true());
	(void)json_object_del(*set, person); /* who is not there need not go */
	return 0;
}

static void note(struct gate *gate, const char *person, bool withdrawn)
{
	if (mark(&gate->consent_withdrawn, person, withdrawn) < 0)
		log_error("roster", "a withdrawal of consent holds from the next start on: no memory");
}

bool gate_consent_is_withdrawn(const struct gate *gate, const char *person)
{
	return json_object_get(gate->consent_withdrawn, person) != NULL;
}

static void on_removed(const struct reply *reply, int r, const char *problem, json_t *result)
{
	(void)reply;
	json_decref(result);
	if (r < 0)
		log_error("roster", "a face that was enrolled while consent was withdrawn is still there: %s",
			  problem != NULL ? problem : strerror(-r));
}

void gate_consent_enforce(struct gate *gate, const char *person)
{
	const struct roster_person *found = roster_find(gate->directory.people, person);
	const struct reply reply = {.answer = on_removed};

	if (found != NULL && found->template_count > 0 && gate_consent_is_withdrawn(gate, person))
		gate_person_faces_drop(gate, found, "consent", &reply);
}

void gate_consent_changed(void *arg, const char *person, bool withdrawn)
{
	struct gate *gate = arg;

	note(gate, person, withdrawn);
	gate_consent_enforce(gate, person);
}

void gate_consent_load(struct gate *gate, const char *kind, const char *id, json_t *json)
{
	const json_t *entries = json_object_get(json, "entries");
	size_t count = json_array_size(entries);
	const json_t *last = count > 0 ? json_array_get(entries, count - 1) : NULL;

	note(gate, id, last != NULL && !json_is_true(json_object_get(last, "given")));
	gate_api_load(gate, kind, id, json);
}
