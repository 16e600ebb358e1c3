#include "people_rig.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/problem.h"

/* ---- the other parts ---- */

static struct face_watch *faces(void *arg, int *ret_why)
{
	const struct rig *rig = arg;

	*ret_why = rig->faces_why;
	return NULL;
}

static bool uses_templates(void *arg)
{
	const struct rig *rig = arg;

	return rig->uses_templates;
}

static int face_camera(void *arg, const char *name)
{
	(void)arg, (void)name;
	return -ENOENT;
}

static void template_added(void *arg, const char *person, const float *vector)
{
	struct rig *rig = arg;

	(void)person, (void)vector;
	rig->templates++;
}

static void template_removed(void *arg, const char *person, const float *vector)
{
	struct rig *rig = arg;

	(void)person, (void)vector;
	rig->templates--;
}

static void person_forgotten(void *arg, const char *person)
{
	struct rig *rig = arg;

	(void)person;
	rig->forgotten++;
}

static void rules_changed(void *arg)
{
	struct rig *rig = arg;

	rig->rules_changes++;
}

static const struct people_ops ops = {.faces = faces,
				      .uses_templates = uses_templates,
				      .face_camera = face_camera,
				      .template_added = template_added,
				      .template_removed = template_removed,
				      .person_forgotten = person_forgotten,
				      .rules_changed = rules_changed};

static void on_state(void *arg, const char *what, const char *name, json_t *state)
{
	struct rig *rig = arg;

	(void)state;
	if (strcmp(what, "roster") == 0 && strcmp(name, "summary") == 0)
		rig->states++;
}

/* ---- the rig ---- */

void rig_open(struct rig *rig)
{
	const struct people_deps deps = {
		.config = &rig->config, .event = rig->event, .journal = rig->journal};

	assert_int_equal(people_open(&deps, &ops, rig, &rig->people), 0);
}

int rig_setup(void **state)
{
	struct rig *rig = calloc(1, sizeof(*rig));

	assert_non_null(rig);
	strcpy(rig->dir, "/tmp/gatehouse-people-XXXXXX");
	assert_non_null(mkdtemp(rig->dir));
	snprintf(rig->config.state_dir, sizeof(rig->config.state_dir), "%s", rig->dir);
	rig->config.door_count = 1;
	snprintf(rig->config.doors[0].name, CONFIG_NAME_BYTES, "main");
	rig->faces_why = -EAGAIN;
	rig->uses_templates = true;
	clock_fake_set(1000, RIG_NOON_UNIX_MS);
	assert_true(sd_event_new(&rig->event) >= 0);
	rig->journal = journal_open();
	journal_on_state(rig->journal, on_state, rig);
	rig->store = fake_store_open();
	journal_use_store(rig->journal, rig->store);
	rig_open(rig);
	people_settle(rig->people);
	*state = rig;
	return 0;
}

int rig_teardown(void **state)
{
	struct rig *rig = *state;
	char command[128];

	people_stop(rig->people);
	fake_store_close(rig->store);
	people_close(rig->people);
	journal_close(rig->journal);
	sd_event_unref(rig->event);
	json_decref(rig->result);
	clock_fake_clear();
	snprintf(command, sizeof(command), "rm -rf %s", rig->dir);
	assert_int_equal(system(command), 0);
	free(rig);
	return 0;
}

static void on_changed(void *arg, int r)
{
	struct rig *rig = arg;

	rig->r = r;
	rig->changes++;
}

int rig_change(struct rig *rig, const char *kind, const char *id, json_t *value)
{
	json_t *json = json_pack("{s:s, s:s, s:s}", "op", value != NULL ? "put" : "remove", "kind",
				 kind, "id", id);
	int r;

	if (value != NULL)
		json_object_set_new(json, "value", value);
	rig->problem = (struct problem){0};
	r = people_change(rig->people, json, "test", on_changed, rig, &rig->problem);
	json_decref(json);
	return r;
}

json_t *rig_name(const char *text)
{
	return json_pack("{s:s}", "name", text);
}

json_t *rig_card(const char *number)
{
	return json_pack("{s:s, s:s, s:s}", "person", LI, "type", "card", "number", number);
}

static void on_reply(const struct reply *reply, int r, const struct problem *problem,
		     json_t *result)
{
	struct rig *rig = reply->owner;

	rig->r = r;
	rig->replies++;
	rig->problem = problem != NULL ? *problem : (struct problem){0};
	json_decref(rig->result);
	rig->result = result;
}

struct reply rig_reply(struct rig *rig)
{
	return (struct reply){.answer = on_reply, .owner = rig};
}

const struct access_directory *rig_directory(const struct rig *rig)
{
	return people_directory(rig->people);
}

void rig_digest(const struct rig *rig, char *text)
{
	assert_int_equal(people_digest(rig->people, text), 0);
}

size_t rig_events(const struct rig *rig, const char *type)
{
	return fake_store_events(rig->store, type);
}

void rig_set_trouble(struct rig *rig, bool trouble)
{
	struct problem problem;

	(void)problem_store_not_written(&problem, "the disk is full");
	journal_set_trouble(rig->journal, trouble ? &problem : NULL);
}

void rig_turn(struct rig *rig)
{
	for (int i = 0; i < 64; i++)
		assert_true(sd_event_run(rig->event, 0) >= 0);
}
