#include "unit.h"

#include "entry_rig.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"

static const int64_t noon_unix_ms = 1795867200000; /* 2026-11-28T12:00:00Z */

/* ---- the doors ---- */

static enum door_mode door_mode_of(void *arg, unsigned door)
{
	struct rig *rig = arg;

	(void)door;
	return rig->mode;
}

static int door_interlock(void *arg, unsigned door)
{
	struct rig *rig = arg;

	(void)door;
	return rig->interlock;
}

static bool tampered(void *arg)
{
	struct rig *rig = arg;

	return rig->tampered;
}

static json_t *door_state(void *arg, unsigned door)
{
	(void)arg;
	return json_pack("{s:i}", "door", (int)door);
}

static int release_door(void *arg, unsigned door, bool extended, uint64_t *ret_relay_us,
			enum door_release *ret_release)
{
	struct rig *rig = arg;

	(void)door;
	rig->releases++;
	rig->extended += extended;
	*ret_relay_us = clock_mono_us();
	*ret_release = rig->release;
	return rig->release_r;
}

static void admitted(void *arg, unsigned door, const char *person)
{
	struct rig *rig = arg;

	(void)door;
	assert_string_equal(person, LI);
	rig->admitted++;
}

static void reader_feedback(void *arg, unsigned door, const char *reader,
			    enum access_feedback feedback, enum policy_reason reason)
{
	struct rig *rig = arg;

	(void)door;
	assert_string_equal(reader, "in");
	rig->reader_feedbacks++;
	rig->reader_feedback = feedback;
	rig->reason = reason;
}

static void face_feedback(void *arg, unsigned door, enum access_feedback feedback)
{
	struct rig *rig = arg;

	(void)door;
	rig->face_feedbacks++;
	rig->face_feedback = feedback;
}

static int adopt_pass(void *arg, const struct pass *pass)
{
	(void)arg, (void)pass;
	return -EINVAL;
}

static const struct entry_ops ops = {.door_mode = door_mode_of,
				     .door_interlock = door_interlock,
				     .tampered = tampered,
				     .door_state = door_state,
				     .release = release_door,
				     .admitted = admitted,
				     .reader_feedback = reader_feedback,
				     .face_feedback = face_feedback,
				     .adopt_pass = adopt_pass};

/* ---- the rig ---- */

void put_card(struct rig *rig, unsigned uses)
{
	struct problem problem = {0};
	struct roster_credential card;
	json_t *value =
		json_pack("{s:s, s:s, s:s}", "person", LI, "type", "card", "number", "4711");

	if (uses > 0)
		json_object_set_new(value, "uses", json_integer(uses));
	assert_int_equal(roster_credential_parse(CARD, value, NULL, &card, &problem), 0);
	assert_int_equal(roster_credentials_put(rig->directory.credentials, &card), 0);
	json_decref(value);
}

void put_rule(struct rig *rig, const char *kind, const char *name, json_t *value)
{
	struct problem problem = {0};

	if (access_rules_put(rig->directory.rules, kind, name, value, &problem) != 0)
		fail_msg("%s", problem.detail);
	json_decref(value);
}

void put_area(struct rig *rig)
{
	put_rule(rig, "area", "yard",
		 json_pack("{s:[s], s:s}", "entries", "main", "antipassback", "hard"));
}

void open_entry(struct rig *rig)
{
	const struct entry_deps deps = {.config = &rig->config,
					.journal = rig->journal,
					.timers = rig->timers,
					.directory = &rig->directory};

	assert_int_equal(entry_open(&deps, &ops, rig, &rig->entry), 0);
}

void set_clock(struct rig *rig, uint64_t now_ms)
{
	rig->now_ms = now_ms;
	clock_fake_set(now_ms, noon_unix_ms + (int64_t)now_ms);
}

/* The driven clock lies behind the real one, so that the loop's timer is always due. */
void advance(struct rig *rig, uint64_t ms)
{
	set_clock(rig, rig->now_ms + ms);
	assert_true(sd_event_run(rig->event, 0) >= 0);
}

int rig_setup(void **state)
{
	static const char *const doors[] = {"main", "side"};
	struct rig *rig = calloc(1, sizeof(*rig));
	struct roster_person li = {.id = LI, .name = "Li", .enabled = true};

	assert_non_null(rig);
	rig->config.door_count = DOORS;
	for (size_t i = 0; i < DOORS; i++)
		snprintf(rig->config.doors[i].name, CONFIG_NAME_BYTES, "%s", doors[i]);
	rig->config.storage.slow_ms = SLOW_MS;
	rig->config.access.combine_s = COMBINE_S;
	rig->config.access.guard_s = GUARD_S;
	rig->mode = DOOR_MODE_LOCKED;
	rig->interlock = -1;
	rig->release = DOOR_RELEASE_WAITS;
	set_clock(rig, 1000);
	assert_true(sd_event_new(&rig->event) >= 0);
	rig->journal = journal_open();
	assert_int_equal(timers_open(rig->event, &rig->timers), 0);
	rig->store = fake_store_open();
	journal_use_store(rig->journal, rig->store);
	assert_int_equal(access_directory_open(doors, DOORS, &rig->directory), 0);
	assert_int_equal(roster_put(rig->directory.people, &li), 0);
	put_card(rig, 0);
	open_entry(rig);
	*state = rig;
	return 0;
}

int rig_teardown(void **state)
{
	struct rig *rig = *state;

	entry_stop(rig->entry);
	fake_store_close(rig->store);
	entry_close(rig->entry);
	access_directory_close(&rig->directory);
	timers_close(rig->timers);
	journal_close(rig->journal);
	sd_event_unref(rig->event);
	clock_fake_clear();
	free(rig);
	return 0;
}

static void on_reply(const struct reply *reply, int r, const struct problem *problem,
		     json_t *result)
{
	struct rig *rig = reply->owner;

	(void)problem;
	rig->r = r;
	rig->replies++;
	json_decref(result);
}

void swipe(struct rig *rig, unsigned door)
{
	entry_present_reading(rig->entry, &(struct entry_reading){.factor = POLICY_CARD,
								  .text = "4711",
								  .door = door,
								  .mono_us = clock_mono_us(),
								  .reader = "in"});
}

void see_face(struct rig *rig, const char *person)
{
	entry_present(rig->entry, &(struct entry_presentation){.factor = POLICY_FACE,
							       .door = MAIN,
							       .person = person,
							       .first_mono_us = clock_mono_us(),
							       .data = json_object()});
}

void order_open(struct rig *rig)
{
	entry_present(rig->entry,
		      &(struct entry_presentation){.factor = POLICY_REMOTE,
						   .door = MAIN,
						   .data = json_object(),
						   .first_mono_us = clock_mono_us(),
						   .nonce_key = "desk",
						   .nonce = 7,
						   .reply = {.answer = on_reply, .owner = rig}});
}

void pass_by(struct rig *rig, enum door_passage passage)
{
	entry_passage(rig->entry, MAIN, passage, json_pack("{s:s}", "name", "main"));
}

size_t events(const struct rig *rig, const char *type)
{
	return fake_store_events(rig->store, type);
}

const char *text_of(const struct rig *rig, const char *type, const char *key)
{
	const struct fake_write *write = fake_store_last(rig->store, type);

	assert_non_null(write);
	return json_string_value(json_object_get(write->data, key));
}

unsigned used(const struct rig *rig)
{
	return roster_credentials_find(rig->directory.credentials, CARD)->policy.used;
}

json_int_t used_on_disk(const struct rig *rig, const char *key)
{
	return json_integer_value(
		json_object_get(fake_store_record(rig->store, "counter", "used/" CARD), key));
}

bool is_inside(const struct rig *rig)
{
	return roster_find(rig->directory.people, LI)->access.entered_unix_ms[0] != 0;
}
