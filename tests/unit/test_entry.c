/* The access transaction: recorded and opened, several factors, guards. */
#include "unit.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "entry_rig.h"

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

static void a_slow_disk_does_not_delay_the_door_for_long(void **state)
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
	assert_int_equal(events(rig, "storage.slow"), 1); /* one alarm while the disk is slow */
}

static void storage_is_slow_until_the_disk_keeps_up(void **state)
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
		see_face(rig, ""); /* each presentation checks the disk */
		assert_int_equal(entry_storage_is_slow(rig->entry), cases[i].slow);
	}
}

static void a_broken_disk_does_not_keep_residents_out(void **state)
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
	fake_store_answer(rig->store, 0); /* too late: the order has failed */
	assert_int_equal(rig->releases, 1);
	fake_store_refuse(rig->store, 1, -EIO);
	order_open(rig);
	assert_int_equal(rig->r, -EAGAIN);
	assert_int_equal(rig->releases, 1);
}

static void more_uncommitted_grants_than_the_limit_are_refused(void **state)
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
		assert_int_equal(rig_teardown(state), 0);
		assert_int_equal(rig_setup(state), 0);
	}
}

static void a_missing_factor_is_one_denial(void **state)
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

static void an_attempt_waits_for_a_guards_approval(void **state)
{
	struct rig *rig = *state;
	struct problem problem;
	const char *id;

	put_rule(rig, "rule", "asked", json_pack("{s:[s], s:b}", "open", "card", "guard", 1));
	swipe(rig, MAIN);
	swipe(rig, MAIN); /* one request is enough */
	assert_int_equal(events(rig, "access.guard_asked"), 1);
	id = text_of(rig, "access.guard_asked", "id");
	assert_int_equal(entry_guard_answer(rig->entry, "no-such-id", true, "guard", &problem),
			 -ENOENT);
	assert_int_equal(entry_guard_answer(rig->entry, id, true, "guard", &problem), 0);
	assert_int_equal(rig->releases, 1);
	assert_string_equal(text_of(rig, "access.granted", "guard"), "guard");
	assert_int_equal(entry_guard_answer(rig->entry, id, true, "guard", &problem), -ENOENT);
	swipe(rig, MAIN);
	rig->mode = DOOR_MODE_BLOCKED; /* before the guard answers */
	id = text_of(rig, "access.guard_asked", "id");
	assert_int_equal(entry_guard_answer(rig->entry, id, true, "guard", &problem), -EPERM);
	assert_non_null(strstr(problem.detail, "Unauthorized"));
	assert_int_equal(rig->releases, 1);
}

static void without_an_answer_of_a_guard_the_attempt_is_denied(void **state)
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

static void an_attempt_not_recorded_before_the_stop_opens_no_door(void **state)
{
	struct rig *rig = *state;

	fake_store_hold(rig->store, true);
	swipe(rig, MAIN);
	entry_stop(rig->entry);
	fake_store_answer(rig->store, 0);
	assert_int_equal(rig->releases, 0);
}

#define test(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(a_grant_is_recorded_before_the_door_opens),
		test(a_slow_disk_does_not_delay_the_door_for_long),
		test(storage_is_slow_until_the_disk_keeps_up),
		test(a_broken_disk_does_not_keep_residents_out),
		test(a_signed_order_waits_for_its_nonce),
		test(more_uncommitted_grants_than_the_limit_are_refused),
		test(card_and_pin_are_combined_in_time),
		test(a_missing_factor_is_one_denial),
		test(an_attempt_waits_for_a_guards_approval),
		test(without_an_answer_of_a_guard_the_attempt_is_denied),
		test(strangers_and_pictures_are_denied),
		test(what_if_moves_nothing),
		test(an_attempt_not_recorded_before_the_stop_opens_no_door),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
