/*
 * The access transaction through entry.h: fake doors, a driven clock, a store that refuses, is late
 * or never answers.
 */
#include <errno.h>
#include <string.h>

#include "unit.h"
#include "base/clock.h"
#include "fake_store.h"
#include "gate/entry/entry.h"

#define LI "01ARZ3NDEKTSV4RRFFQ69G5FAV"
#define CARD "01ARZ3NDEKTSV4RRFFQ69G5FB0"
enum { MAIN, SIDE, DOORS, SLOW_MS = 50, GUARD_S = 20, COMBINE_S = 10 };

static const int64_t noon_unix_ms = 1795867200000; /* 2026-11-28T12:00:00Z */

struct rig {
	struct config config;
	sd_event *event;
	struct journal *journal;
	struct timers *timers;
	struct store *store;
	struct access_directory directory;
	struct entry *entry;
	uint64_t now_ms;
	/* the doors */
	enum door_mode mode;
	int interlock, release_r;
	enum door_release release;
	bool tampered;
	unsigned releases, extended, admitted;
	enum access_feedback reader_feedback, face_feedback;
	unsigned reader_feedbacks, face_feedbacks;
	enum policy_reason reason;
	/* the reply */
	int r;
	unsigned replies;
};

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

static void put_card(struct rig *rig, unsigned uses)
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

static void put_rule(struct rig *rig, const char *kind, const char *name, json_t *value)
{
	struct problem problem = {0};

	if (access_rules_put(rig->directory.rules, kind, name, value, &problem) != 0)
		fail_msg("%s", problem.detail);
	json_decref(value);
}

static void put_area(struct rig *rig)
{
	put_rule(rig, "area", "yard",
		 json_pack("{s:[s], s:s}", "entries", "main", "antipassback", "hard"));
}

static void open_entry(struct rig *rig)
{
	const struct entry_deps deps = {.config = &rig->config,
					.journal = rig->journal,
					.timers = rig->timers,
					.directory = &rig->directory};

	assert_int_equal(entry_open(&deps, &ops, rig, &rig->entry), 0);
}

static void set_clock(struct rig *rig, uint64_t now_ms)
{
	rig->now_ms = now_ms;
	clock_fake_set(now_ms, noon_unix_ms + (int64_t)now_ms);
}

/* The driven clock lies behind the real one, so that the loop's timer is always due. */
static void advance(struct rig *rig, uint64_t ms)
{
	set_clock(rig, rig->now_ms + ms);
	assert_true(sd_event_run(rig->event, 0) >= 0);
}

static int setup(void **state)
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

static int teardown(void **state)
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

static void swipe(struct rig *rig, unsigned door)
{
	entry_present_reading(rig->entry, &(struct entry_reading){.factor = POLICY_CARD,
								  .text = "4711",
								  .door = door,
								  .mono_us = clock_mono_us(),
								  .reader = "in"});
}

static void see_face(struct rig *rig, const char *person)
{
	entry_present(rig->entry, &(struct entry_presentation){.factor = POLICY_FACE,
							       .door = MAIN,
							       .person = person,
							       .first_mono_us = clock_mono_us(),
							       .data = json_object()});
}

static void order_open(struct rig *rig)
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

static void pass_by(struct rig *rig, enum door_passage passage)
{
	entry_passage(rig->entry, MAIN, passage, json_pack("{s:s}", "name", "main"));
}

static size_t events(const struct rig *rig, const char *type)
{
	return fake_store_events(rig->store, type);
}

static const char *text_of(const struct rig *rig, const char *type, const char *key)
{
	const struct fake_write *write = fake_store_last(rig->store, type);

	assert_non_null(write);
	return json_string_value(json_object_get(write->data, key));
}

static unsigned used(const struct rig *rig)
{
	return roster_credentials_find(rig->directory.credentials, CARD)->policy.used;
}

static json_int_t used_on_disk(const struct rig *rig, const char *key)
{
	return json_integer_value(
		json_object_get(fake_store_record(rig->store, "counter", "used/" CARD), key));
}

static bool is_inside(const struct rig *rig)
{
	return roster_find(rig->directory.people, LI)->access.entered_unix_ms[0] != 0;
}

/* ---- record, then open ---- */

static void a_grant_is_recorded_before_the_door_opens(void **state)
{
	struct rig *rig = *state;

	fake_store_hold(rig->store, true);
	swipe(rig, MAIN);
	assert_int_equal(events(rig, "access.request"), 1);
	assert_int_equal(rig->releases, 0);
	fake_store_answer(rig->store, 0);
	assert_int_equal(rig->releases, 1);
	assert_int_equal(events(rig, "access.granted"), 1);
	assert_string_equal(text_of(rig, "access.granted", "storage"), "committed");
	assert_int_equal(json_integer_value(json_object_get(
				 fake_store_last(rig->store, "access.granted")->data, "request")),
			 1);
	assert_string_equal(fake_store_last(rig->store, "access.granted")->person, LI);
	assert_int_equal(rig->admitted, 1);
	assert_int_equal(rig->reader_feedback, ACCESS_FEEDBACK_GRANTED);
	assert_int_equal(rig->face_feedbacks, 0); /* it was a card */
}

static void a_slow_disk_keeps_nobody_waiting(void **state)
{
	struct rig *rig = *state;

	fake_store_hold(rig->store, true);
	swipe(rig, MAIN);
	advance(rig, SLOW_MS - 1);
	assert_int_equal(rig->releases, 0);
	advance(rig, 1);
	assert_int_equal(rig->releases, 1);
	assert_string_equal(text_of(rig, "access.granted", "storage"), "slow");
	assert_true(entry_storage_is_slow(rig->entry));
	fake_store_answer(rig->store, 0); /* late */
	advance(rig, 1);
	assert_int_equal(rig->releases, 1); /* it opened once */
	fake_store_set_pending_ms(rig->store, SLOW_MS);
	swipe(rig, MAIN);
	advance(rig, SLOW_MS + 1);
	assert_int_equal(rig->releases, 2);
	assert_int_equal(events(rig, "storage.slow"), 1); /* one alarm of one time of slowness */
}

static void slowness_is_over_when_the_disk_keeps_up(void **state)
{
	static const struct {
		uint64_t pending_ms;
		bool slow;
	} cases[] = {{SLOW_MS + 1, true}, {SLOW_MS, true}, {SLOW_MS - 1, false}};
	struct rig *rig = *state;

	fake_store_hold(rig->store, true);
	swipe(rig, MAIN);
	advance(rig, SLOW_MS);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fake_store_set_pending_ms(rig->store, cases[i].pending_ms);
		see_face(rig, ""); /* whatever is presented looks at it */
		assert_int_equal(entry_storage_is_slow(rig->entry), cases[i].slow);
	}
}

static void a_broken_disk_locks_nobody_out(void **state)
{
	struct rig *rig = *state;

	fake_store_refuse(rig->store, 1, -EIO);
	swipe(rig, MAIN);
	assert_int_equal(rig->releases, 1);
	assert_string_equal(text_of(rig, "access.granted", "storage"), "failed");
	fake_store_hold(rig->store, true);
	pass_by(rig, DOOR_PASSAGE_TAKEN);
	swipe(rig, MAIN);
	fake_store_answer(rig->store, -EIO);
	assert_int_equal(rig->releases, 2);
}

static void a_signed_order_waits_for_its_nonce(void **state)
{
	struct rig *rig = *state;

	fake_store_hold(rig->store, true);
	order_open(rig);
	assert_string_equal(fake_store_last(rig->store, "access.request")->nonce_key, "desk");
	advance(rig, ENTRY_ORDER_WAIT_MS - 1);
	assert_int_equal(rig->releases + rig->replies, 0);
	fake_store_answer(rig->store, 0);
	assert_int_equal(rig->releases, 1);
	assert_int_equal(rig->replies, 1);
	assert_int_equal(rig->r, 0);
	order_open(rig);
	advance(rig, ENTRY_ORDER_WAIT_MS);
	assert_int_equal(rig->r, -EAGAIN);
	assert_string_equal(text_of(rig, "access.not_opened", "reason"), "log");
	fake_store_answer(rig->store, 0); /* too late: a door that opens now would surprise */
	assert_int_equal(rig->releases, 1);
	fake_store_refuse(rig->store, 1, -EIO);
	order_open(rig);
	assert_int_equal(rig->r, -EAGAIN);
	assert_int_equal(rig->releases, 1);
}

static void more_grants_than_can_wait_are_refused(void **state)
{
	struct rig *rig = *state;

	fake_store_hold(rig->store, true);
	for (int i = 0; i < ENTRY_RECORDING_MAX; i++)
		order_open(rig);
	assert_int_equal(rig->replies, 0);
	order_open(rig);
	assert_int_equal(rig->replies, 1);
	assert_int_equal(rig->r, -EBUSY);
	fake_store_answer(rig->store, 0);
	assert_int_equal(rig->releases, ENTRY_RECORDING_MAX);
}

/* ---- uses ---- */

static void a_use_is_counted_with_the_request_and_confirmed_by_the_grant(void **state)
{
	struct rig *rig = *state;

	put_card(rig, 2);
	fake_store_hold(rig->store, true);
	swipe(rig, MAIN);
	assert_int_equal(used(rig), 1);
	assert_int_equal(used_on_disk(rig, "used"), 1);
	assert_int_equal(used_on_disk(rig, "pending"), 1);
	fake_store_answer(rig->store, 0);
	assert_int_equal(used_on_disk(rig, "used"), 1);
	assert_int_equal(used_on_disk(rig, "pending"), 0);
	fake_store_answer(rig->store, 0);
	pass_by(rig, DOOR_PASSAGE_NOT_TAKEN);
	assert_int_equal(used(rig), 1); /* the door was open: the use is spent */
}

static void a_use_is_not_spent_twice_while_the_disk_is_asked(void **state)
{
	struct rig *rig = *state;

	put_card(rig, 1);
	fake_store_hold(rig->store, true);
	swipe(rig, MAIN);
	swipe(rig, SIDE);
	assert_int_equal(events(rig, "access.request"), 1);
	assert_string_equal(text_of(rig, "access.denied", "reason"), "CredentialExpired");
	assert_int_equal(used(rig), 1);
}

static void a_use_is_given_back_when_the_door_did_not_open(void **state)
{
	static const struct {
		int r;
		const char *reason;
	} cases[] = {{-EBUSY, "interlock"}, {-EPERM, "mode"}, {-EIO, "relay"}};
	struct rig *rig = *state;

	put_card(rig, 1);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		rig->release_r = cases[i].r;
		swipe(rig, MAIN);
		assert_int_equal(events(rig, "access.not_opened"), i + 1);
		assert_string_equal(text_of(rig, "access.not_opened", "reason"), cases[i].reason);
		assert_int_equal(used(rig), 0);
		assert_int_equal(used_on_disk(rig, "used"), 0);
		assert_int_equal(used_on_disk(rig, "pending"), 0);
		assert_int_equal(rig->reader_feedback, ACCESS_FEEDBACK_DENIED);
	}
	rig->release_r = 0;
	swipe(rig, MAIN);
	assert_int_equal(used(rig), 1);
	swipe(rig, MAIN);
	assert_string_equal(text_of(rig, "access.denied", "reason"), "CredentialExpired");
}

static void two_uses_on_their_way_are_two_pending(void **state)
{
	struct rig *rig = *state;

	put_card(rig, 3);
	fake_store_hold(rig->store, true);
	swipe(rig, MAIN);
	swipe(rig, SIDE);
	assert_int_equal(used_on_disk(rig, "used"), 2);
	assert_int_equal(used_on_disk(rig, "pending"), 2);
	fake_store_answer(rig->store, 0);
	assert_int_equal(used_on_disk(rig, "pending"), 0);
	assert_int_equal(used_on_disk(rig, "used"), 2);
}

/* ---- areas ---- */

static void who_walks_through_is_inside(void **state)
{
	struct rig *rig = *state;

	put_area(rig);
	swipe(rig, MAIN);
	assert_false(is_inside(rig)); /* granted is not yet inside */
	pass_by(rig, DOOR_PASSAGE_TAKEN);
	assert_true(is_inside(rig));
	assert_string_equal(fake_store_last(rig->store, "access.taken")->person, LI);
	assert_non_null(fake_store_record(rig->store, "counter", "stay/" LI));
	swipe(rig, MAIN);
	assert_string_equal(text_of(rig, "access.denied", "reason"), "AntiPassback");
}

static void who_does_not_walk_through_is_not_locked_out(void **state)
{
	struct rig *rig = *state;

	put_area(rig);
	for (int i = 0; i < 3; i++) {
		swipe(rig, MAIN);
		pass_by(rig, DOOR_PASSAGE_NOT_TAKEN);
		assert_false(is_inside(rig));
	}
	assert_int_equal(events(rig, "access.not_taken"), 3);
	rig->release_r = -EBUSY;
	swipe(rig, MAIN);
	assert_false(is_inside(rig));
	assert_int_equal(events(rig, "access.granted"), 3);
}

static void what_is_told_late_counts(void **state)
{
	struct rig *rig = *state;

	put_area(rig);
	swipe(rig, MAIN);
	pass_by(rig, DOOR_PASSAGE_NOT_TAKEN);
	pass_by(rig, DOOR_PASSAGE_TAKEN); /* opened in time, told after the release was over */
	assert_true(is_inside(rig));
	pass_by(rig, DOOR_PASSAGE_TAKEN);
	assert_int_equal(events(rig, "access.taken"), 1); /* once */
}

static void where_it_cannot_be_seen_the_grant_counts(void **state)
{
	struct rig *rig = *state;

	put_area(rig);
	rig->release = DOOR_RELEASE_NOT_KNOWN;
	swipe(rig, MAIN);
	assert_true(is_inside(rig));
	assert_int_equal(events(rig, "access.taken"), 0);
	assert_true(fake_store_last(rig->store, "access.granted")->record_count >
		    0); /* committed with it */
}

static void a_contact_that_is_lost_meanwhile_counts_as_taken(void **state)
{
	struct rig *rig = *state;

	put_area(rig);
	swipe(rig, MAIN);
	pass_by(rig, DOOR_PASSAGE_UNKNOWN);
	assert_true(is_inside(rig));
	assert_int_equal(events(rig, "access.passage_unknown"), 1);
}

static void before_an_open_leaf_the_grant_is_taken(void **state)
{
	struct rig *rig = *state;

	put_area(rig);
	rig->release = DOOR_RELEASE_TAKEN;
	swipe(rig, MAIN);
	assert_true(is_inside(rig));
	assert_int_equal(events(rig, "access.taken"), 1);
	pass_by(rig, DOOR_PASSAGE_TAKEN);
	assert_int_equal(events(rig, "access.taken"), 1);
}

static void too_many_at_one_door_count_as_taken_oldest_first(void **state)
{
	struct rig *rig = *state;

	for (int i = 0; i < ENTRY_PASSAGES_MAX; i++)
		swipe(rig, MAIN);
	assert_int_equal(events(rig, "access.passage_unknown"), 0);
	swipe(rig, MAIN);
	assert_int_equal(events(rig, "access.passage_unknown"), 1);
	pass_by(rig, DOOR_PASSAGE_TAKEN);
	assert_int_equal(events(rig, "access.taken"), ENTRY_PASSAGES_MAX);
}

static void tailgating_names_who_was_let_in(void **state)
{
	struct rig *rig = *state;

	swipe(rig, MAIN);
	pass_by(rig, DOOR_PASSAGE_TAKEN);
	pass_by(rig, DOOR_PASSAGE_TAILGATING);
	assert_string_equal(fake_store_last(rig->store, "access.tailgating")->person, LI);
}

static void who_is_erased_meanwhile_is_not_missed(void **state)
{
	struct rig *rig = *state;

	put_area(rig);
	put_card(rig, 1);
	swipe(rig, MAIN);
	assert_int_equal(roster_credentials_remove(rig->directory.credentials, CARD), 0);
	assert_int_equal(roster_remove(rig->directory.people, LI), 0);
	pass_by(rig, DOOR_PASSAGE_TAKEN);
	assert_int_equal(fake_store_last(rig->store, "access.taken")->record_count, 0);
}

/* ---- crashes: the disk as it is at that moment, and a start from it ---- */

static void restart(struct rig *rig)
{
	json_t *counter = json_deep_copy(fake_store_record(rig->store, "counter", "used/" CARD));
	json_t *stay = json_deep_copy(fake_store_record(rig->store, "counter", "stay/" LI));

	/* what people/ does when it loads */
	roster_credentials_find(rig->directory.credentials, CARD)->policy.used =
		(unsigned)json_integer_value(json_object_get(counter, "used"));
	roster_edit(rig->directory.people, LI)->access.entered_unix_ms[0] =
		json_integer_value(json_object_get(json_object_get(stay, "areas"), "yard"));
	timers_close(rig->timers); /* before what it calls goes */
	assert_int_equal(timers_open(rig->event, &rig->timers), 0);
	entry_stop(rig->entry);
	fake_store_close(rig->store);
	entry_close(rig->entry);
	rig->store = fake_store_open();
	journal_use_store(rig->journal, rig->store);
	open_entry(rig);
	if (counter != NULL)
		entry_load_counter(rig->entry, "used/" CARD, counter);
	entry_settle(rig->entry);
	json_decref(counter);
	json_decref(stay);
}

static void a_crash_before_the_record_leaves_nothing(void **state)
{
	struct rig *rig = *state;

	put_card(rig, 1);
	put_area(rig);
	fake_store_refuse(rig->store, 1, -EIO); /* nothing of it came to the disk */
	rig->release_r = -EIO;
	swipe(rig, MAIN);
	restart(rig);
	assert_int_equal(used(rig), 0);
	assert_int_equal(events(rig, "access.interrupted"), 0);
}

static void a_crash_between_record_and_relay_is_reported(void **state)
{
	struct rig *rig = *state;

	put_card(rig, 2);
	put_area(rig);
	fake_store_hold(rig->store, true);
	swipe(rig, MAIN); /* on the disk; the answer never arrives */
	restart(rig);
	assert_int_equal(used(rig), 1);
	assert_false(is_inside(rig));
	assert_int_equal(events(rig, "access.interrupted"), 1);
	assert_string_equal(text_of(rig, "access.interrupted", "credential"), CARD);
	assert_int_equal(used_on_disk(rig, "used"), 1);
	assert_int_equal(used_on_disk(rig, "pending"), 0);
	restart(rig);
	assert_int_equal(events(rig, "access.interrupted"), 0); /* once */
}

static void a_crash_between_relay_and_passage_counts_the_use_alone(void **state)
{
	struct rig *rig = *state;

	put_card(rig, 2);
	put_area(rig);
	swipe(rig, MAIN);
	restart(rig);
	assert_int_equal(used(rig), 1);
	assert_false(is_inside(rig));
	assert_int_equal(events(rig, "access.interrupted"), 0);
	pass_by(rig, DOOR_PASSAGE_TAKEN); /* of before: nobody is meant */
	assert_int_equal(events(rig, "access.taken"), 0);
}

static void a_crash_after_the_passage_keeps_who_is_inside(void **state)
{
	struct rig *rig = *state;

	put_card(rig, 2);
	put_area(rig);
	swipe(rig, MAIN);
	pass_by(rig, DOOR_PASSAGE_TAKEN);
	restart(rig);
	assert_true(is_inside(rig));
	swipe(rig, MAIN);
	assert_string_equal(text_of(rig, "access.denied", "reason"), "AntiPassback");
}

static void a_crash_after_a_refused_relay_gave_the_use_back(void **state)
{
	struct rig *rig = *state;

	put_card(rig, 1);
	rig->release_r = -EIO;
	swipe(rig, MAIN);
	restart(rig);
	assert_int_equal(used(rig), 0);
	assert_int_equal(events(rig, "access.interrupted"), 0);
}

/* ---- several factors, guards ---- */

static void card_and_pin_are_combined_in_time(void **state)
{
	static const int offsets[] = {-1, 0, 1};

	for (size_t i = 0; i < 3; i++) {
		struct rig *rig = *state;
		struct problem problem = {0};
		struct roster_credential pin;
		json_t *value = json_pack("{s:s, s:s, s:s}", "person", LI, "type", "pin", "digits",
					  "135790");

		assert_int_equal(roster_credential_parse("01ARZ3NDEKTSV4RRFFQ69G5FB1", value, NULL,
							 &pin, &problem),
				 0);
		assert_int_equal(roster_credentials_put(rig->directory.credentials, &pin), 0);
		json_decref(value);
		put_rule(rig, "rule", "both", json_pack("{s:[s]}", "open", "card+pin"));
		swipe(rig, MAIN);
		assert_int_equal(rig->reader_feedback, ACCESS_FEEDBACK_MORE);
		set_clock(rig, rig->now_ms + (uint64_t)(COMBINE_S * 1000 + offsets[i]));
		entry_present_reading(rig->entry, &(struct entry_reading){.factor = POLICY_PIN,
									  .text = "135790",
									  .door = MAIN,
									  .reader = "in"});
		assert_int_equal(events(rig, "access.granted"), offsets[i] < 0);
		assert_int_equal(teardown(state), 0);
		assert_int_equal(setup(state), 0);
	}
}

static void what_is_not_completed_is_one_denial(void **state)
{
	struct rig *rig = *state;

	put_rule(rig, "rule", "both", json_pack("{s:[s]}", "open", "card+pin"));
	swipe(rig, MAIN);
	advance(rig, COMBINE_S * 1000 - 1);
	assert_int_equal(events(rig, "access.denied"), 0);
	advance(rig, 1);
	assert_int_equal(events(rig, "access.denied"), 1);
	advance(rig, 1);
	assert_int_equal(events(rig, "access.denied"), 1);
	assert_true(json_is_true(
		json_object_get(fake_store_last(rig->store, "access.denied")->data, "timed_out")));
}

static void a_guard_has_the_last_word(void **state)
{
	struct rig *rig = *state;
	struct problem problem;
	const char *id;

	put_rule(rig, "rule", "asked", json_pack("{s:[s], s:b}", "open", "card", "guard", 1));
	swipe(rig, MAIN);
	swipe(rig, MAIN); /* one question is enough */
	assert_int_equal(events(rig, "access.guard_asked"), 1);
	id = text_of(rig, "access.guard_asked", "id");
	assert_int_equal(entry_guard_answer(rig->entry, "no-such-id", true, "guard", &problem),
			 -ENOENT);
	assert_int_equal(entry_guard_answer(rig->entry, id, true, "guard", &problem), 0);
	assert_int_equal(rig->releases, 1);
	assert_string_equal(text_of(rig, "access.granted", "guard"), "guard");
	assert_int_equal(entry_guard_answer(rig->entry, id, true, "guard", &problem), -ENOENT);
	swipe(rig, MAIN);
	rig->mode = DOOR_MODE_BLOCKED; /* while the guard looks */
	id = text_of(rig, "access.guard_asked", "id");
	assert_int_equal(entry_guard_answer(rig->entry, id, true, "guard", &problem), -EPERM);
	assert_non_null(strstr(problem.detail, "Unauthorized"));
	assert_int_equal(rig->releases, 1);
}

static void a_guard_who_does_not_answer_is_a_denial(void **state)
{
	struct rig *rig = *state;
	struct problem problem;
	char id[ULID_BYTES];

	put_rule(rig, "rule", "asked", json_pack("{s:[s], s:b}", "open", "card", "guard", 1));
	swipe(rig, MAIN);
	snprintf(id, sizeof(id), "%s", text_of(rig, "access.guard_asked", "id"));
	advance(rig, GUARD_S * 1000 - 1);
	assert_int_equal(events(rig, "access.denied"), 0);
	advance(rig, 1);
	assert_int_equal(events(rig, "access.denied"), 1);
	assert_int_equal(entry_guard_answer(rig->entry, id, true, "guard", &problem), -ENOENT);
	assert_int_equal(rig->releases, 0);
}

static void strangers_and_pictures_are_denied(void **state)
{
	struct rig *rig = *state;

	see_face(rig, "");
	assert_string_equal(text_of(rig, "access.denied", "reason"), "CredentialNotFound");
	assert_int_equal(rig->face_feedback, ACCESS_FEEDBACK_DENIED);
	see_face(rig, LI);
	assert_int_equal(rig->face_feedback, ACCESS_FEEDBACK_GRANTED);
	rig->tampered = true;
	see_face(rig, LI);
	assert_int_equal(rig->face_feedback, ACCESS_FEEDBACK_DENIED);
	swipe(rig, MAIN);
	assert_int_equal(rig->reader_feedback, ACCESS_FEEDBACK_GRANTED); /* a card still opens */
}

static void what_if_moves_nothing(void **state)
{
	struct rig *rig = *state;
	struct problem problem = {0};
	json_t *question =
		json_pack("{s:s, s:s, s:[s]}", "door", "main", "person", LI, "factors", "card");
	json_t *answer;

	put_card(rig, 1);
	answer = entry_what_if(rig->entry, question, &problem);
	assert_string_equal(json_string_value(json_object_get(answer, "outcome")), "grant");
	json_decref(answer);
	assert_int_equal(used(rig), 0);
	assert_int_equal(fake_store_count(rig->store), 0);
	json_object_set_new(question, "door", json_string("none"));
	assert_null(entry_what_if(rig->entry, question, &problem));
	assert_string_equal(problem.detail, "door: there is no door \"none\"");
	json_decref(question);
}

static void what_is_not_recorded_at_the_end_opens_no_door(void **state)
{
	struct rig *rig = *state;

	fake_store_hold(rig->store, true);
	swipe(rig, MAIN);
	entry_stop(rig->entry);
	fake_store_answer(rig->store, 0);
	assert_int_equal(rig->releases, 0);
}

#define test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(a_grant_is_recorded_before_the_door_opens),
		test(a_slow_disk_keeps_nobody_waiting),
		test(slowness_is_over_when_the_disk_keeps_up),
		test(a_broken_disk_locks_nobody_out),
		test(a_signed_order_waits_for_its_nonce),
		test(more_grants_than_can_wait_are_refused),
		test(a_use_is_counted_with_the_request_and_confirmed_by_the_grant),
		test(a_use_is_not_spent_twice_while_the_disk_is_asked),
		test(a_use_is_given_back_when_the_door_did_not_open),
		test(two_uses_on_their_way_are_two_pending),
		test(who_walks_through_is_inside),
		test(who_does_not_walk_through_is_not_locked_out),
		test(what_is_told_late_counts),
		test(where_it_cannot_be_seen_the_grant_counts),
		test(a_contact_that_is_lost_meanwhile_counts_as_taken),
		test(before_an_open_leaf_the_grant_is_taken),
		test(too_many_at_one_door_count_as_taken_oldest_first),
		test(tailgating_names_who_was_let_in),
		test(who_is_erased_meanwhile_is_not_missed),
		test(a_crash_before_the_record_leaves_nothing),
		test(a_crash_between_record_and_relay_is_reported),
		test(a_crash_between_relay_and_passage_counts_the_use_alone),
		test(a_crash_after_the_passage_keeps_who_is_inside),
		test(a_crash_after_a_refused_relay_gave_the_use_back),
		test(card_and_pin_are_combined_in_time),
		test(what_is_not_completed_is_one_denial),
		test(a_guard_has_the_last_word),
		test(a_guard_who_does_not_answer_is_a_denial),
		test(strangers_and_pictures_are_denied),
		test(what_if_moves_nothing),
		test(what_is_not_recorded_at_the_end_opens_no_door),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
