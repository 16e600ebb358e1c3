/* Which templates the cameras use, and who has only those of another recogniser. */
#include "enrolment.h"

#include <string.h>

#include "gate/cameras/cameras_private.h"
#include "base/log.h"

enum { OUTDATED_LISTED_MAX = 100 };

void gate_outdated_set(struct gate *gate, const char *person, bool outdated)
{
	struct gate_enrolment *enrolment = gate->enrolment;

	if (enrolment == NULL)
		return;
	if (!outdated) {
		if (enrolment->outdated != NULL)
			(void)json_object_del(enrolment->outdated, person); /* may not be there */
		return;
	}
	if (enrolment->outdated == NULL)
		enrolment->outdated = json_object();
	(void)json_object_set_new(enrolment->outdated, person, json_true()); /* without memory: only logged */
}

json_t *gate_outdated_list(const struct gate *gate)
{
	json_t *list = json_array(), *value;
	const char *id;

	if (gate->enrolment == NULL)
		return list;
	json_object_foreach(gate->enrolment->outdated, id, value)
		json_array_append_new(list, json_string(id));
	return list;
}

void gate_outdated_record(struct gate *gate)
{
	json_t *ids = gate_outdated_list(gate);
	size_t people = json_array_size(ids);

	while (json_array_size(ids) > OUTDATED_LISTED_MAX)
		(void)json_array_remove(ids, json_array_size(ids) - 1);
	if (people > 0)
		journal_record(gate->journal, "face.outdated", EVENT_WARNING, NULL, NULL,
			       json_pack("{s:s, s:I, s:O}", "recogniser", face_engine_recogniser(), "people",
					 (json_int_t)people, "ids", ids));
	json_decref(ids);
}

void gate_template_add(struct gate *gate, const char *person, const char *model, const float *vector)
{
	if (!cameras_search_faces(gate->vision))
		return;
	if (strcmp(model, face_engine_recogniser()) != 0) {
		log_warning("vision", "person %s was enrolled with another model: enrol again", person);
		gate_outdated_set(gate, person, true);
		return;
	}
	gate_outdated_set(gate, person, false);
	cameras_template_add(gate->vision, person, vector);
}

void gate_template_removed(struct gate *gate, const char *person, const char *model, const float *vector)
{
	if (strcmp(model, face_engine_recogniser()) == 0)
		cameras_template_remove(gate->vision, person, vector);
}

void gate_person_templates_removed(struct gate *gate, const char *person)
{
	cameras_person_forget(gate->vision, person);
	gate_outdated_set(gate, person, false);
}
