/* Connects people to the cameras and the doors. */
#include "gate_internal.h"

#include <errno.h>

static struct face_watch *faces(void *arg, int *ret_why)
{
	struct gate *gate = arg;

	return cameras_faces(gate->cameras, ret_why);
}

static bool uses_templates(void *arg)
{
	struct gate *gate = arg;

	return cameras_search_faces(gate->cameras);
}

static int face_camera(void *arg, const char *name)
{
	struct gate *gate = arg;

	return cameras_face_index(gate->cameras, name);
}

static void template_added(void *arg, const char *person, const float *vector)
{
	struct gate *gate = arg;

	cameras_template_add(gate->cameras, person, vector);
}

static void template_removed(void *arg, const char *person, const float *vector)
{
	struct gate *gate = arg;

	cameras_template_remove(gate->cameras, person, vector);
}

static void person_forgotten(void *arg, const char *person)
{
	struct gate *gate = arg;

	cameras_person_forget(gate->cameras, person);
}

static void rules_changed(void *arg)
{
	struct gate *gate = arg;

	doors_update_hours(gate->doors);
}

int gate_connect_people(struct gate *gate)
{
	static const struct people_ops ops = {.faces = faces,
					      .uses_templates = uses_templates,
					      .face_camera = face_camera,
					      .template_added = template_added,
					      .template_removed = template_removed,
					      .person_forgotten = person_forgotten,
					      .rules_changed = rules_changed};
	const struct people_deps deps = {
		.config = gate->config, .event = gate->event, .journal = gate->journal};

	return people_open(&deps, &ops, gate, &gate->people);
}
