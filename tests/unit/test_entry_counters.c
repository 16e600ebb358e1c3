/* Use counters and areas that an access attempt changes, also across a crash. */
#include "unit.h"

#include <errno.h>

#include "entry_rig.h"

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

static void a_use_is_not_spent_twice_before_the_disk_answers(void **state)
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

static void a_use_is_returned_when_the_door_did_not_open(void **state)
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

static void two_uncommitted_uses_are_two_pending(void **state)
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

static void a_passage_reported_late_counts(void **state)
{
	struct rig *rig = *state;

	put_area(rig);
	swipe(rig, MAIN);
	pass_by(rig, DOOR_PASSAGE_NOT_TAKEN);
	pass_by(rig, DOOR_PASSAGE_TAKEN); /* opened in time, reported after the release was over */
	assert_true(is_inside(rig));
	pass_by(rig, DOOR_PASSAGE_TAKEN);
	assert_int_equal(events(rig, "access.taken"), 1); /* once */
}

static void without_a_contact_the_grant_counts(void **state)
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

static void a_person_erased_before_the_passage_is_skipped(void **state)
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

	/* as people/ loads them */
	roster_credentials_find(rig->directory.credentials, CARD)->policy.used =
		(unsigned)json_integer_value(json_object_get(counter, "used"));
	roster_edit(rig->directory.people, LI)->access.entered_unix_ms[0] =
		json_integer_value(json_object_get(json_object_get(stay, "areas"), "yard"));
	timers_close(rig->timers); /* before the parts that it calls */
	assert_int_equal(timers_open(rig->event, &rig->timers), 0);
	entry_stop(rig->entry);
	fake_store_close(rig->store);
	entry_close(rig->entry);
	rig->store = fake_store_open();
	journal_use_store(rig->journal, rig->store);
	open_entry(rig);
	if (counter != NULL)
		entry_load_counter(rig->entry, "used/" CARD, counter);
	entry_report_interrupted(rig->entry);
	json_decref(counter);
	json_decref(stay);
}

static void a_crash_before_the_record_leaves_no_trace(void **state)
{
	struct rig *rig = *state;

	put_card(rig, 1);
	put_area(rig);
	fake_store_refuse(rig->store, 1, -EIO); /* nothing was written */
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
	pass_by(rig, DOOR_PASSAGE_TAKEN); /* no attempt is left from before the crash */
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

static void a_use_returned_after_a_relay_fault_survives_a_crash(void **state)
{
	struct rig *rig = *state;

	put_card(rig, 1);
	rig->release_r = -EIO;
	swipe(rig, MAIN);
	restart(rig);
	assert_int_equal(used(rig), 0);
	assert_int_equal(events(rig, "access.interrupted"), 0);
}

#define test(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(a_use_is_counted_with_the_request_and_confirmed_by_the_grant),
		test(a_use_is_not_spent_twice_before_the_disk_answers),
		test(a_use_is_returned_when_the_door_did_not_open),
		test(two_uncommitted_uses_are_two_pending),
		test(who_walks_through_is_inside),
		test(who_does_not_walk_through_is_not_locked_out),
		test(a_passage_reported_late_counts),
		test(without_a_contact_the_grant_counts),
		test(a_contact_that_is_lost_meanwhile_counts_as_taken),
		test(before_an_open_leaf_the_grant_is_taken),
		test(too_many_at_one_door_count_as_taken_oldest_first),
		test(tailgating_names_who_was_let_in),
		test(a_person_erased_before_the_passage_is_skipped),
		test(a_crash_before_the_record_leaves_no_trace),
		test(a_crash_between_record_and_relay_is_reported),
		test(a_crash_between_relay_and_passage_counts_the_use_alone),
		test(a_crash_after_the_passage_keeps_who_is_inside),
		test(a_use_returned_after_a_relay_fault_survives_a_crash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
