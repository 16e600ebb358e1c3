/* Which templates the cameras use, and who has only templates of another recogniser. */
#include "people_private.h"

#include <string.h>

#include "base/log.h"
#include "vision/face/face.h"

enum { OUTDATED_LISTED_MAX = 100 };

void templates_set_outdated(struct people *people, const char *person, bool outdated)
{
	struct enrolment *enrolment = &people->enrolment;

	if (!outdated) {
		if (enrolment->outdated != NULL)
			(void)json_object_del(enrolment->outdated,
					      person); /* may not be a member */
		return;
	}
	if (enrolment->outdated == NULL)
		enrolment->outdated = json_object();
	(void)json_object_set_new(
		enrolment->outdated, person,
		json_true()); /* without memory the person is missing from the report */
}

json_t *people_outdated_json(const struct people *people)
{
	json_t *list = json_array(), *value;
	const char *id;

	json_object_foreach(people->enrolment.outdated, id, value)
		json_array_append_new(list, json_string(id));
	return list;
}

void templates_record_outdated(struct people *people)
{
	json_t *ids = people_outdated_json(people);
	size_t count = json_array_size(ids);

	while (json_array_size(ids) > OUTDATED_LISTED_MAX)
		(void)json_array_remove(ids, json_array_size(ids) - 1);
	if (count > 0)
		journal_record(people->deps.journal, "face.outdated", EVENT_WARNING, NULL, NULL,
			       json_pack("{s:s, s:I, s:O}", "recogniser", face_engine_recogniser(),
					 "people", (json_int_t)count, "ids", ids));
	json_decref(ids);
}

void templates_add(struct people *people, const char *person, const char *model,
		   const float *vector)
{
	if (!people->ops->uses_templates(people->arg))
		return;
	if (strcmp(model, face_engine_recogniser()) != 0) {
		log_warning("vision", "person %s was enrolled with another model: enrol again",
			    person);
		templates_set_outdated(people, person, true);
		return;
	}
	templates_set_outdated(people, person, false);
	people->ops->template_added(people->arg, person, vector);
}

void people_template_removed(struct people *people, const char *person, const char *model,
			     const float *vector, size_t dim)
{
	if (dim == ROSTER_TEMPLATE_DIM && strcmp(model, face_engine_recogniser()) == 0)
		people->ops->template_removed(people->arg, person, vector);
}

void templates_forget(struct people *people, const char *person)
{
	people->ops->person_forgotten(people->arg, person);
	templates_set_outdated(people, person, false);
}
