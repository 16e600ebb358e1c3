/*
 * The people part through people.h: changes, undo when the disk refuses, batches, digest, consent,
 * prechecks of enrolment.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "unit.h"
#include "base/clock.h"
#include "base/problem.h"
#include "fake_store.h"
#include "gate/people/people.h"

#define LI "01ARZ3NDEKTSV4RRFFQ69G5FAV"
#define WANG "01ARZ3NDEKTSV4RRFFQ69G5FAW"
#define CARD "01ARZ3NDEKTSV4RRFFQ69G5FB0"
#define PIN "01ARZ3NDEKTSV4RRFFQ69G5FB1"
#define PASS "01ARZ3NDEKTSV4RRFFQ69G5FB2"

static const int64_t noon_unix_ms = 1795867200000; /* 2026-11-28T12:00:00Z */

struct rig {
	char dir[64];
	struct config config;
	sd_event *event;
	struct journal *journal;
	struct store *store;
	struct people *people;
	int faces_why; /* what the face worker's absence is: -EAGAIN or -ENODEV */
	bool uses_templates;
	unsigned rules_changes, forgotten, templates;
	/* the last reply and change */
	int r;
	unsigned replies, changes;
	struct problem problem; /* of the last change, batch or reply */
	json_t *result;
	/* the state */
	unsigned states;
};

/* ---- what is elsewhere ---- */

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

static void open_people(struct rig *rig)
{
	const struct people_deps deps = {
		.config = &rig->config, .event = rig->event, .journal = rig->journal};

	assert_int_equal(people_open(&deps, &ops, rig, &rig->people), 0);
}

static int setup(void **state)
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
	clock_fake_set(1000, noon_unix_ms);
	assert_true(sd_event_new(&rig->event) >= 0);
	rig->journal = journal_open();
	journal_on_state(rig->journal, on_state, rig);
	rig->store = fake_store_open();
	journal_use_store(rig->journal, rig->store);
	open_people(rig);
	people_settle(rig->people);
	*state = rig;
	return 0;
}

static int teardown(void **state)
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

/* @return what people_change() did; takes @p value, NULL: removed */
static int change(struct rig *rig, const char *kind, const char *id, json_t *value)
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

static json_t *name(const char *text)
{
	return json_pack("{s:s}", "name", text);
}

static json_t *card(const char *number)
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

static struct reply reply_to(struct rig *rig)
{
	return (struct reply){.answer = on_reply, .owner = rig};
}

static const struct access_directory *directory(const struct rig *rig)
{
	return people_directory(rig->people);
}

static void digest(const struct rig *rig, char *text)
{
	assert_int_equal(people_digest(rig->people, text), 0);
}

static size_t events(const struct rig *rig, const char *type)
{
	return fake_store_events(rig->store, type);
}

static void set_trouble(struct rig *rig, bool trouble)
{
	struct problem problem;

	(void)problem_store_not_written(&problem, "the disk is full");
	journal_set_trouble(rig->journal, trouble ? &problem : NULL);
}

/* ---- changes ---- */

static void a_change_of_each_kind_is_in_force_and_on_the_disk(void **state)
{
	struct rig *rig = *state;
	static const char *const types[] = {"person.added", "person.changed", "person.removed"};

	assert_int_equal(change(rig, "person", LI, name("Li Wei")), 0);
	assert_int_equal(change(rig, "person", LI, name("Li")), 0);
	assert_int_equal(change(rig, "group", "staff", json_object()), 0);
	assert_int_equal(
		change(rig, "schedule", "day", json_pack("{s:[s]}", "week", "daily 08:00-18:00")),
		0);
	assert_int_equal(change(rig, "rule", "r",
				json_pack("{s:[s], s:[s], s:s}", "open", "card", "groups", "staff",
					  "schedule", "day")),
			 0);
	assert_int_equal(change(rig, "holder", LI, json_pack("{s:[s]}", "groups", "staff")), 0);
	assert_int_equal(change(rig, "credential", CARD, card("4711")), 0);
	assert_int_equal(change(rig, "area", "yard", json_pack("{s:[s]}", "entries", "main")), 0);
	assert_int_equal(change(rig, "holiday", "xmas", json_pack("{s:s}", "date", "2026-12-25")),
			 0);
	assert_int_equal(change(rig, "opening", "main", json_pack("{s:s}", "schedule", "day")), 0);
	assert_int_equal(change(rig, "pass", PASS,
				json_pack("{s:s, s:s}", "title", "Ms Li", "valid_to",
					  "2026-12-01T00:00:00Z")),
			 0);
	assert_int_equal(rig->changes, 11);
	assert_int_equal(rig->r, 0);
	assert_int_equal(events(rig, "access.changed"), 9);
	assert_non_null(fake_store_record(rig->store, "rule", "r"));
	assert_non_null(
		roster_credentials_match(directory(rig)->credentials, POLICY_CARD, "4711", NULL));
	assert_int_equal(change(rig, "person", LI, NULL), 0);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(events(rig, types[i]), 1);
	assert_true(rig->rules_changes >= 5);
	assert_int_equal(roster_count(directory(rig)->people), 0);
}

static void a_removed_person_takes_cards_and_groups_along(void **state)
{
	struct rig *rig = *state;

	assert_int_equal(change(rig, "person", LI, name("Li Wei")), 0);
	assert_int_equal(change(rig, "credential", CARD, card("4711")), 0);
	assert_int_equal(change(rig, "credential", PIN,
				json_pack("{s:s, s:s, s:s}", "person", LI, "type", "pin", "digits",
					  "135790")),
			 0);
	assert_int_equal(change(rig, "holder", LI, json_pack("{s:b}", "extended", 1)), 0);
	assert_int_equal(change(rig, "person", LI, NULL), 0);
	assert_int_equal(roster_credentials_count(directory(rig)->credentials), 0);
	assert_null(fake_store_record(rig->store, "credential", CARD));
	assert_null(fake_store_record(rig->store, "counter", "used/" CARD));
	assert_null(fake_store_record(rig->store, "holder", LI));
	assert_int_equal(rig->forgotten, 1);
}

static void what_makes_no_sense_changes_nothing(void **state)
{
	struct rig *rig = *state;
	char before[DIGEST_HEX_BYTES], after[DIGEST_HEX_BYTES];

	assert_int_equal(change(rig, "person", LI, name("Li Wei")), 0);
	assert_int_equal(change(rig, "credential", CARD, card("4711")), 0);
	digest(rig, before);
	assert_int_equal(change(rig, "person", LI, name(" ")), -EINVAL);
	assert_int_equal(change(rig, "person", "nobody", name("x")), -EINVAL);
	assert_int_equal(change(rig, "person", WANG, NULL), -ENOENT);
	assert_int_equal(change(rig, "credential", PIN, card("4711")), -EEXIST); /* taken */
	assert_int_equal(change(rig, "holder", WANG, json_object()), -ENOENT);
	assert_int_equal(change(rig, "rule", "r",
				json_pack("{s:[s], s:[s]}", "open", "card", "groups", "none")),
			 -EINVAL);
	assert_int_equal(change(rig, "planet", "mars", json_object()), -EINVAL);
	digest(rig, after);
	assert_string_equal(before, after);
	assert_int_equal(rig->changes, 2);
}

/* Refused at once or later, at whichever write it is: all is as it was before. */
static void what_the_disk_refuses_is_taken_back(void **state)
{
	for (int later = 0; later < 2; later++)
		for (unsigned nth = 1; nth <= 4; nth++) {
			struct rig *rig = *state;
			char before[DIGEST_HEX_BYTES], after[DIGEST_HEX_BYTES];
			int r;

			assert_int_equal(change(rig, "person", LI, name("Li Wei")), 0);
			assert_int_equal(change(rig, "credential", CARD, card("4711")), 0);
			assert_int_equal(
				change(rig, "holder", LI, json_pack("{s:b}", "extended", 1)), 0);
			digest(rig, before);
			fake_store_hold(rig->store, later == 1);
			if (later == 0)
				fake_store_refuse(rig->store, nth, -ENOSPC);
			/* three writes: card, holder, person */
			r = change(rig, "person", LI, NULL);
			if (later == 1) {
				assert_int_equal(r, 0);
				assert_int_equal(roster_count(directory(rig)->people), 0);
				fake_store_answer(rig->store, -EIO);
				assert_int_equal(rig->r, -EIO);
			} else {
				assert_int_equal(r, nth <= 3 ? -ENOSPC : 0);
			}
			digest(rig, after);
			if (later == 1 || nth == 1)
				assert_string_equal(before, after);
			if (later == 0 && nth > 3)
				assert_int_equal(roster_count(directory(rig)->people), 0);
			if (later == 0 && nth <= 3)
				assert_non_null(roster_find(directory(rig)->people, LI));
			assert_int_equal(teardown(state), 0);
			assert_int_equal(setup(state), 0);
		}
}

static void while_the_disk_is_in_trouble_changes_wait(void **state)
{
	struct rig *rig = *state;

	set_trouble(rig, true);
	assert_int_equal(change(rig, "person", LI, name("Li Wei")), -EAGAIN);
	set_trouble(rig, false);
	fake_store_set_ready(rig->store, false);
	assert_int_equal(change(rig, "person", LI, name("Li Wei")), -EAGAIN);
	fake_store_set_ready(rig->store, true);
	assert_int_equal(change(rig, "person", LI, name("Li Wei")), 0);
}

static void a_pass_that_is_out_is_revoked_not_removed(void **state)
{
	struct rig *rig = *state;
	json_t *value =
		json_pack("{s:s, s:s}", "title", "Ms Li", "valid_to", "2026-12-01T00:00:00Z");
	const struct reply reply = reply_to(rig);

	assert_int_equal(change(rig, "pass", PASS, value), 0);
	assert_int_equal(change(rig, "pass", PASS, NULL), -EEXIST);
	people_remove_item(rig->people, "pass", PASS, "test", &reply);
	assert_int_equal(rig->r, 0);
	assert_false(roster_credentials_find(directory(rig)->credentials, PASS)->policy.enabled);
	people_pass_code(rig->people, PASS, &reply);
	assert_int_equal(rig->r, -EPERM);
	clock_fake_set(1000, noon_unix_ms + 4 * 86400000ll); /* over */
	assert_int_equal(change(rig, "pass", PASS, NULL), 0);
}

/* ---- what the store kept ---- */

static void what_was_kept_is_in_force_after_a_start(void **state)
{
	struct rig *rig = *state;
	const struct roster_person li = {.id = LI, .name = "Li Wei", .enabled = true};
	char before[DIGEST_HEX_BYTES], after[DIGEST_HEX_BYTES];
	json_t *value = card("4711"), *used = json_pack("{s:i}", "used", 3);
	json_t *stay = json_pack("{s:{s:I}}", "areas", "yard", (json_int_t)7);
	json_t *area = json_pack("{s:[s]}", "entries", "main");

	json_object_set_new(value, "uses", json_integer(5));
	assert_int_equal(change(rig, "person", LI, name("Li Wei")), 0);
	assert_int_equal(change(rig, "credential", CARD, json_deep_copy(value)), 0);
	assert_int_equal(change(rig, "area", "yard", json_deep_copy(area)), 0);
	digest(rig, before);
	people_close(rig->people);
	open_people(rig);
	people_load_person(rig->people, &li);
	people_load_record(rig->people, "area", "yard", area);
	people_load_record(rig->people, "counter", "stay/" LI, stay);
	people_load_record(rig->people, "counter", "used/" CARD, used); /* before what it counts */
	people_load_record(rig->people, "credential", CARD, value);
	people_settle(rig->people);
	digest(rig, after);
	assert_string_equal(before, after);
	assert_int_equal(roster_credentials_find(directory(rig)->credentials, CARD)->policy.used,
			 3);
	assert_int_equal(roster_find(directory(rig)->people, LI)->access.entered_unix_ms[0], 7);
	json_decref(value);
	json_decref(used);
	json_decref(stay);
	json_decref(area);
}

/* ---- batches ---- */

static void turn(struct rig *rig)
{
	for (int i = 0; i < 64; i++)
		assert_true(sd_event_run(rig->event, 0) >= 0);
}

static int batch(struct rig *rig, const char *from, const char *to, unsigned part, unsigned parts,
		 json_t *changes)
{
	const struct people_batch_part of = {.from = from,
					     .to = to,
					     .by = "hub",
					     .part = part,
					     .parts = parts,
					     .changes = changes};
	const struct reply reply = reply_to(rig);
	int r;

	rig->problem = (struct problem){0};
	r = people_batch(rig->people, &of, &reply, &rig->problem);
	json_decref(changes);
	return r;
}

static json_t *put_person(const char *id, const char *text)
{
	return json_pack("[{s:s, s:s, s:s, s:{s:s}}]", "op", "put", "kind", "person", "id", id,
			 "value", "name", text);
}

static void a_batch_is_in_force_whole(void **state)
{
	struct rig *rig = *state;

	assert_int_equal(batch(rig, "", "r1", 1, 2, put_person(LI, "Li Wei")), 0);
	assert_int_equal(roster_count(directory(rig)->people), 0); /* half of it is nothing */
	assert_int_equal(batch(rig, "", "r1", 2, 2, put_person(WANG, "Wang Fang")), 0);
	turn(rig);
	assert_int_equal(roster_count(directory(rig)->people), 2);
	assert_string_equal(people_revision(rig->people), "r1");
	assert_int_equal(rig->r, 0);
	assert_int_equal(json_integer_value(json_object_get(rig->result, "put")), 2);
	assert_int_equal(batch(rig, "", "r1", 1, 1, json_array()), 0); /* sent twice */
	assert_int_equal(batch(rig, "other", "r2", 1, 1, json_array()), -EEXIST);
	assert_int_equal(batch(rig, "r1", "r2", 2, 2, json_array()),
			 -EEXIST); /* its first is not here */
	assert_int_equal(batch(rig, "r1", "r2", 0, 1, json_array()), -EINVAL);
	assert_int_equal(batch(rig, "r1", "r2", 1, 64, json_array()), 0);
	assert_int_equal(batch(rig, "r1", "r2", 1, 65, json_array()), -EINVAL);
}

static void a_batch_with_a_mistake_is_nothing(void **state)
{
	struct rig *rig = *state;
	json_t *changes = put_person(LI, "Li Wei");

	json_array_append_new(changes, json_pack("{s:s, s:s, s:s, s:{s:s}}", "op", "put", "kind",
						 "person", "id", "nobody", "value", "name", "x"));
	assert_int_equal(batch(rig, NULL, "r1", 1, 1, changes), 0);
	turn(rig);
	assert_int_equal(rig->r, -EINVAL);
	assert_int_equal(roster_count(directory(rig)->people), 0);
	assert_string_equal(people_revision(rig->people), "");
	assert_int_equal(events(rig, "roster.rejected"), 1);
}

static void while_a_batch_is_put_in_force_other_changes_wait(void **state)
{
	struct rig *rig = *state;

	fake_store_hold(rig->store, true);
	assert_int_equal(batch(rig, NULL, "r1", 1, 1, put_person(LI, "Li Wei")), 0);
	turn(rig);
	assert_int_equal(change(rig, "group", "staff", json_object()), -EBUSY);
	assert_int_equal(
		change(rig, "pass", PASS,
		       json_pack("{s:s, s:s}", "title", "x", "valid_to", "2026-12-01T00:00:00Z")),
		0); /* a visitor does not wait */
	for (int i = 0; i < 4; i++) {
		fake_store_answer(rig->store, 0);
		turn(rig);
	}
	assert_string_equal(people_revision(rig->people), "r1");
	assert_int_equal(change(rig, "group", "staff", json_object()), 0);
}

static void the_snapshot_is_read_page_by_page(void **state)
{
	struct rig *rig = *state;
	json_t *page;
	char id[32], after[96] = "";
	size_t seen = 0, pages = 0;

	for (int i = 0; i < 201; i++) {
		snprintf(id, sizeof(id), "group-%03d", i);
		assert_int_equal(change(rig, "group", id, json_object()), i < 256 ? 0 : -ENOSPC);
	}
	assert_int_equal(change(rig, "person", LI, name("Li Wei")), 0);
	do {
		page = people_snapshot(rig->people, after, false);
		assert_non_null(page);
		seen += json_array_size(json_object_get(page, "items"));
		pages++;
		snprintf(after, sizeof(after), "%s",
			 json_is_string(json_object_get(page, "next"))
				 ? json_string_value(json_object_get(page, "next"))
				 : "");
		json_decref(page);
	} while (after[0] != '\0');
	assert_int_equal(seen, 202);
	assert_int_equal(pages, 2);
	assert_null(people_snapshot(rig->people, "planet/mars", false));
}

/* ---- consent and enrolment ---- */

static void enrol(struct rig *rig, const char *person)
{
	const struct people_enrolment enrolment = {.photo = "x", .photo_bytes = 1};
	const struct reply reply = reply_to(rig);

	people_enrol(rig->people, person, "test", &enrolment, &reply);
}

static void enrolment_asks_first_what_both_ways_must_know(void **state)
{
	struct rig *rig = *state;
	const struct reply reply = reply_to(rig);
	static const float vector[ROSTER_TEMPLATE_DIM];

	enrol(rig, LI);
	assert_int_equal(rig->r, -ENOENT);
	assert_int_equal(change(rig, "person", LI, name("Li Wei")), 0);
	enrol(rig, LI);
	assert_int_equal(rig->r, -EAGAIN); /* models are loading */
	rig->faces_why = -ENODEV;
	people_enrol_template(rig->people, LI, "test", "model", vector, &reply);
	assert_int_equal(rig->r, -ENODEV);
	people_consent_changed(rig->people, LI, true);
	enrol(rig, LI);
	assert_int_equal(rig->r, -EPERM);
	people_enrol_template(rig->people, LI, "test", "model", vector, &reply);
	assert_int_equal(rig->r, -EPERM);
	people_consent_changed(rig->people, LI, false);
	enrol(rig, LI);
	assert_int_equal(rig->r, -ENODEV);
	for (int count = 1; count <= ROSTER_TEMPLATES_MAX; count++) {
		assert_int_equal(roster_count_template(directory(rig)->people, LI, 1), 0);
		enrol(rig, LI);
		assert_int_equal(rig->r, count < ROSTER_TEMPLATES_MAX ? -ENODEV : -EEXIST);
	}
}

static void a_withdrawal_takes_the_faces(void **state)
{
	struct rig *rig = *state;

	assert_int_equal(change(rig, "person", LI, name("Li Wei")), 0);
	people_consent_changed(rig->people, LI, true);
	assert_int_equal(events(rig, "person.faces_removed"), 0); /* there are none */
	assert_int_equal(roster_count_template(directory(rig)->people, LI, 2), 0);
	people_consent_changed(rig->people, LI, true);
	assert_int_equal(events(rig, "person.faces_removed"), 1);
	assert_int_equal(roster_find(directory(rig)->people, LI)->template_count, 0);
	assert_int_equal(rig->forgotten, 1);
}

static void faces_that_the_disk_keeps_are_still_there(void **state)
{
	struct rig *rig = *state;
	const struct reply reply = reply_to(rig);

	assert_int_equal(change(rig, "person", LI, name("Li Wei")), 0);
	people_remove_faces(rig->people, LI, "test", &reply);
	assert_int_equal(rig->r, -ENOENT);
	assert_int_equal(roster_count_template(directory(rig)->people, LI, 1), 0);
	fake_store_refuse(rig->store, 1, -ENOSPC);
	people_remove_faces(rig->people, LI, "test", &reply);
	assert_int_equal(rig->r, -ENOSPC);
	set_trouble(rig, true);
	people_remove_face(rig->people, LI, 1, "test", &reply);
	assert_int_equal(rig->r, -EAGAIN);
	set_trouble(rig, false);
	assert_int_equal(roster_find(directory(rig)->people, LI)->template_count, 1);
	people_remove_face(rig->people, LI, 1, "test", &reply);
	assert_int_equal(rig->r, 0);
	assert_int_equal(roster_find(directory(rig)->people, LI)->template_count, 0);
}

static void templates_of_another_recogniser_are_reported(void **state)
{
	struct rig *rig = *state;
	static const float vector[ROSTER_TEMPLATE_DIM];
	json_t *outdated;

	people_load_template(rig->people, LI, "another", vector, ROSTER_TEMPLATE_DIM);
	people_load_template(rig->people, WANG, face_engine_recogniser(), vector,
			     ROSTER_TEMPLATE_DIM);
	people_load_template(rig->people, WANG, face_engine_recogniser(), vector,
			     ROSTER_TEMPLATE_DIM - 1);
	assert_int_equal(rig->templates, 1);
	people_start_enrolment(rig->people);
	outdated = people_outdated_json(rig->people);
	assert_int_equal(json_array_size(outdated), 1);
	json_decref(outdated);
	assert_int_equal(events(rig, "face.outdated"), 1);
	people_start_enrolment(rig->people);
	assert_int_equal(events(rig, "face.outdated"), 1);
}

static void the_state_is_published_once_a_turn(void **state)
{
	struct rig *rig = *state;

	turn(rig);
	rig->states = 0;
	assert_int_equal(change(rig, "person", LI, name("Li Wei")), 0);
	assert_int_equal(change(rig, "person", WANG, name("Wang Fang")), 0);
	assert_int_equal(rig->states, 0);
	turn(rig);
	assert_int_equal(rig->states, 1);
}

#define test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(a_change_of_each_kind_is_in_force_and_on_the_disk),
		test(a_removed_person_takes_cards_and_groups_along),
		test(what_makes_no_sense_changes_nothing),
		test(what_the_disk_refuses_is_taken_back),
		test(while_the_disk_is_in_trouble_changes_wait),
		test(a_pass_that_is_out_is_revoked_not_removed),
		test(what_was_kept_is_in_force_after_a_start),
		test(a_batch_is_in_force_whole),
		test(a_batch_with_a_mistake_is_nothing),
		test(while_a_batch_is_put_in_force_other_changes_wait),
		test(the_snapshot_is_read_page_by_page),
		test(enrolment_asks_first_what_both_ways_must_know),
		test(a_withdrawal_takes_the_faces),
		test(faces_that_the_disk_keeps_are_still_there),
		test(templates_of_another_recogniser_are_reported),
		test(the_state_is_published_once_a_turn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
