#include "enrolment.h"

#include <errno.h>

int gate_enrolment_open(struct gate *gate)
{
	gate->enrolment = calloc(1, sizeof(*gate->enrolment));
	return gate->enrolment == NULL ? -ENOMEM : 0;
}

void gate_enrolment_start(struct gate *gate)
{
	if (gate->enrolment == NULL || gate->enrolment->started)
		return;
	gate->enrolment->started = true;
	gate_outdated_record(gate);
	gate_reenrol_next(gate);
}

void gate_enrolment_faces_ready(struct gate *gate)
{
	if (gate->enrolment != NULL)
		gate_reenrol_next(gate);
}

void gate_enrolment_result(struct gate *gate, const struct face_result *result)
{
	if (gate->enrolment == NULL)
		return;
	if (!gate_reenrol_result(gate, result))
		gate_enrol_result(gate, result);
	gate_reenrol_next(gate);
}

void gate_enrolment_close(struct gate *gate)
{
	if (gate->enrolment == NULL)
		return;
	gate_enrol_drop(gate);
	gate_reenrol_drop(gate);
	json_decref(gate->enrolment->outdated);
	free(gate->enrolment);
	gate->enrolment = NULL;
}
