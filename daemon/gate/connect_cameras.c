/* Connects the cameras: their results go to entry, people and evidence. */
#include "gate_internal.h"

#include <errno.h>

static void face_presented(void *arg, const struct cameras_passage *passage)
{
	struct gate *gate = arg;
	const struct entry_presentation presentation = {.factor = POLICY_FACE,
							.door = passage->door,
							.person = passage->person,
							.presentation_attack =
								passage->presentation_attack,
							.ambiguous_match = passage->ambiguous_match,
							.first_mono_us = passage->first_mono_us,
							.data = passage->data};

	entry_present(gate->entry, &presentation);
}

static void thrown(void *arg, const char *camera, const char *source,
		   const struct litter_result *result)
{
	struct gate *gate = arg;

	evidence_record_throw(gate->journal, camera, source, result);
}

static void enrolled(void *arg, const struct face_result *result)
{
	struct gate *gate = arg;

	people_face_result(gate->people, result);
}

static void faces_ready(void *arg)
{
	struct gate *gate = arg;

	people_faces_ready(gate->people);
}

static void prompt_requested(void *arg, unsigned door)
{
	struct gate *gate = arg;

	if (gate->readers != NULL)
		readers_door_feedback(gate->readers, door, ACCESS_FEEDBACK_MORE);
}

static json_t *outdated(void *arg)
{
	struct gate *gate = arg;

	return people_outdated_json(gate->people);
}

int gate_connect_cameras(struct gate *gate)
{
	static const struct cameras_ops ops = {.face_presented = face_presented,
					       .thrown = thrown,
					       .enrolled = enrolled,
					       .faces_ready = faces_ready,
					       .prompt_requested = prompt_requested,
					       .outdated = outdated};
	const struct cameras_deps deps = {.config = gate->config,
					  .event = gate->event,
					  .journal = gate->journal,
					  .directory = people_directory(gate->people)};

	return cameras_open(&deps, &ops, gate, &gate->cameras);
}

void gate_start_cameras(struct gate *gate)
{
	people_start_enrolment(gate->people);
	if (gate->cameras != NULL)
		cameras_start(gate->cameras);
}
