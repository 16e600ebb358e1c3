/*
 * The people part through people.h: changes, undo when the disk refuses, consent, the checks before
 * an enrolment.
 */
#include <errno.h>
#include <string.h>

#include "people_rig.h"
#include "base/clock.h"

/* ---- changes ---- */

static void a_change_of_each_kind_is_in_force_and_on_the_disk(void **state)
{
	struct rig *rig = *state;
	static const char *const types[] = {"person.added", "person.changed", "person.removed"};

	assert_int_equal(rig_change(rig, "person", LI, rig_name("Li Wei")), 0);
	assert_int_equal(rig_change(rig, "person", LI, rig_name("Li")), 0);
	assert_int_equal(rig_change(rig, "group", "staff", json_object()), 0);
	assert_int_equal(rig_change(rig, "schedule", "day",
				    json_pack("{s:[s]}", "week", "daily 08:00-18:00")),
			 0);
	assert_int_equal(rig_change(rig, "rule", "r",
				    json_pack("{s:[s], s:[s], s:s}", "open", "card", "groups",
					      "staff", "schedule", "day")),
			 0);
	assert_int_equal(rig_change(rig, "holder", LI, json_pack("{s:[s]}", "groups", "staff")), 0);
	assert_int_equal(rig_change(rig, "credential", CARD, rig_card("4711")), 0);
	assert_int_equal(rig_change(rig, "area", "yard", json_pack("{s:[s]}", "entries", "main")),
			 0);
	assert_int_equal(
		rig_change(rig, "holiday", "xmas", json_pack("{s:s}", "date", "2026-12-25")), 0);
	assert_int_equal(rig_change(rig, "opening", "main", json_pack("{s:s}", "schedule", "day")),
			 0);
	assert_int_equal(rig_change(rig, "pass", PASS,
				    json_pack("{s:s, s:s}", "title", "Ms Li", "valid_to",
					      "2026-12-01T00:00:00Z")),
			 0);
	assert_int_equal(rig->changes, 11);
	assert_int_equal(rig->r, 0);
	assert_int_equal(rig_events(rig, "access.changed"), 9);
	assert_non_null(fake_store_record(rig->store, "rule", "r"));
	assert_non_null(roster_credentials_match(rig_directory(rig)->credentials, POLICY_CARD,
						 "4711", NULL));
	assert_int_equal(rig_change(rig, "person", LI, NULL), 0);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(rig_events(rig, types[i]), 1);
	assert_true(rig->rules_changes >= 5);
	assert_int_equal(roster_count(rig_directory(rig)->people), 0);
}

static void removing_a_person_removes_cards_and_groups(void **state)
{
	struct rig *rig = *state;

	assert_int_equal(rig_change(rig, "person", LI, rig_name("Li Wei")), 0);
	assert_int_equal(rig_change(rig, "credential", CARD, rig_card("4711")), 0);
	assert_int_equal(rig_change(rig, "credential", PIN,
				    json_pack("{s:s, s:s, s:s}", "person", LI, "type", "pin",
					      "digits", "135790")),
			 0);
	assert_int_equal(rig_change(rig, "holder", LI, json_pack("{s:b}", "extended", 1)), 0);
	assert_int_equal(rig_change(rig, "person", LI, NULL), 0);
	assert_int_equal(roster_credentials_count(rig_directory(rig)->credentials), 0);
	assert_null(fake_store_record(rig->store, "credential", CARD));
	assert_null(fake_store_record(rig->store, "counter", "used/" CARD));
	assert_null(fake_store_record(rig->store, "holder", LI));
	assert_int_equal(rig->forgotten, 1);
}

static void an_invalid_change_changes_nothing(void **state)
{
	struct rig *rig = *state;
	char before[DIGEST_HEX_BYTES], after[DIGEST_HEX_BYTES];

	assert_int_equal(rig_change(rig, "person", LI, rig_name("Li Wei")), 0);
	assert_int_equal(rig_change(rig, "credential", CARD, rig_card("4711")), 0);
	rig_digest(rig, before);
	assert_int_equal(rig_change(rig, "person", LI, rig_name(" ")), -EINVAL);
	assert_int_equal(rig_change(rig, "person", "nobody", rig_name("x")), -EINVAL);
	assert_int_equal(rig_change(rig, "person", WANG, NULL), -ENOENT);
	assert_int_equal(rig_change(rig, "credential", PIN, rig_card("4711")), -EEXIST); /* taken */
	assert_int_equal(rig_change(rig, "holder", WANG, json_object()), -ENOENT);
	assert_int_equal(rig_change(rig, "rule", "r",
				    json_pack("{s:[s], s:[s]}", "open", "card", "groups", "none")),
			 -EINVAL);
	assert_int_equal(rig_change(rig, "planet", "mars", json_object()), -EINVAL);
	rig_digest(rig, after);
	assert_string_equal(before, after);
	assert_int_equal(rig->changes, 2);
}

/* Refused at once or later, at any of the writes: the roster is as it was before. */
static void a_change_that_the_disk_refuses_is_undone(void **state)
{
	for (int later = 0; later < 2; later++)
		for (unsigned nth = 1; nth <= 4; nth++) {
			struct rig *rig = *state;
			char before[DIGEST_HEX_BYTES], after[DIGEST_HEX_BYTES];
			int r;

			assert_int_equal(rig_change(rig, "person", LI, rig_name("Li Wei")), 0);
			assert_int_equal(rig_change(rig, "credential", CARD, rig_card("4711")), 0);
			assert_int_equal(
				rig_change(rig, "holder", LI, json_pack("{s:b}", "extended", 1)),
				0);
			rig_digest(rig, before);
			fake_store_hold(rig->store, later == 1);
			if (later == 0)
				fake_store_refuse(rig->store, nth, -ENOSPC);
			/* three writes: credential, holder, person */
			r = rig_change(rig, "person", LI, NULL);
			if (later == 1) {
				assert_int_equal(r, 0);
				assert_int_equal(roster_count(rig_directory(rig)->people), 0);
				fake_store_answer(rig->store, -EIO);
				assert_int_equal(rig->r, -EIO);
			} else {
				assert_int_equal(r, nth <= 3 ? -ENOSPC : 0);
			}
			rig_digest(rig, after);
			if (later == 1 || nth == 1)
				assert_string_equal(before, after);
			if (later == 0 && nth > 3)
				assert_int_equal(roster_count(rig_directory(rig)->people), 0);
			if (later == 0 && nth <= 3)
				assert_non_null(roster_find(rig_directory(rig)->people, LI));
			assert_int_equal(rig_teardown(state), 0);
			assert_int_equal(rig_setup(state), 0);
		}
}

static void changes_are_refused_while_the_disk_fails(void **state)
{
	struct rig *rig = *state;

	rig_set_trouble(rig, true);
	assert_int_equal(rig_change(rig, "person", LI, rig_name("Li Wei")), -EAGAIN);
	rig_set_trouble(rig, false);
	fake_store_set_ready(rig->store, false);
	assert_int_equal(rig_change(rig, "person", LI, rig_name("Li Wei")), -EAGAIN);
	fake_store_set_ready(rig->store, true);
	assert_int_equal(rig_change(rig, "person", LI, rig_name("Li Wei")), 0);
}

static void a_valid_pass_is_revoked_not_removed(void **state)
{
	struct rig *rig = *state;
	json_t *value =
		json_pack("{s:s, s:s}", "title", "Ms Li", "valid_to", "2026-12-01T00:00:00Z");
	const struct reply reply = rig_reply(rig);

	assert_int_equal(rig_change(rig, "pass", PASS, value), 0);
	assert_int_equal(rig_change(rig, "pass", PASS, NULL), -EEXIST);
	people_remove_item(rig->people, "pass", PASS, "test", &reply);
	assert_int_equal(rig->r, 0);
	assert_false(
		roster_credentials_find(rig_directory(rig)->credentials, PASS)->policy.enabled);
	people_pass_code(rig->people, PASS, &reply);
	assert_int_equal(rig->r, -EPERM);
	clock_fake_set(1000, RIG_NOON_UNIX_MS + 4 * 86400000ll); /* expired */
	assert_int_equal(rig_change(rig, "pass", PASS, NULL), 0);
}

/* ---- loading ---- */

static void saved_records_are_in_force_after_a_restart(void **state)
{
	struct rig *rig = *state;
	const struct roster_person li = {.id = LI, .name = "Li Wei", .enabled = true};
	char before[DIGEST_HEX_BYTES], after[DIGEST_HEX_BYTES];
	json_t *value = rig_card("4711"), *used = json_pack("{s:i}", "used", 3);
	json_t *stay = json_pack("{s:{s:I}}", "areas", "yard", (json_int_t)7);
	json_t *area = json_pack("{s:[s]}", "entries", "main");

	json_object_set_new(value, "uses", json_integer(5));
	assert_int_equal(rig_change(rig, "person", LI, rig_name("Li Wei")), 0);
	assert_int_equal(rig_change(rig, "credential", CARD, json_deep_copy(value)), 0);
	assert_int_equal(rig_change(rig, "area", "yard", json_deep_copy(area)), 0);
	rig_digest(rig, before);
	people_close(rig->people);
	rig_open(rig);
	people_load_person(rig->people, &li);
	people_load_record(rig->people, "area", "yard", area);
	people_load_record(rig->people, "counter", "stay/" LI, stay);
	/* before the item it counts */
	people_load_record(rig->people, "counter", "used/" CARD, used);
	people_load_record(rig->people, "credential", CARD, value);
	people_settle(rig->people);
	rig_digest(rig, after);
	assert_string_equal(before, after);
	assert_int_equal(
		roster_credentials_find(rig_directory(rig)->credentials, CARD)->policy.used, 3);
	assert_int_equal(roster_find(rig_directory(rig)->people, LI)->access.entered_unix_ms[0], 7);
	json_decref(value);
	json_decref(used);
	json_decref(stay);
	json_decref(area);
}

/* ---- consent and enrolment ---- */

static void enrol(struct rig *rig, const char *person)
{
	const struct people_enrolment enrolment = {.photo = "x", .photo_bytes = 1};
	const struct reply reply = rig_reply(rig);

	people_enrol(rig->people, person, "test", &enrolment, &reply);
}

static void each_enrolment_begins_with_the_same_checks(void **state)
{
	struct rig *rig = *state;
	const struct reply reply = rig_reply(rig);
	static const float vector[ROSTER_TEMPLATE_DIM];

	enrol(rig, LI);
	assert_int_equal(rig->r, -ENOENT);
	assert_int_equal(rig_change(rig, "person", LI, rig_name("Li Wei")), 0);
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
		assert_int_equal(roster_count_template(rig_directory(rig)->people, LI, 1), 0);
		enrol(rig, LI);
		assert_int_equal(rig->r, count < ROSTER_TEMPLATES_MAX ? -ENODEV : -EEXIST);
	}
}

static void withdrawn_consent_removes_the_faces(void **state)
{
	struct rig *rig = *state;

	assert_int_equal(rig_change(rig, "person", LI, rig_name("Li Wei")), 0);
	people_consent_changed(rig->people, LI, true);
	assert_int_equal(rig_events(rig, "person.faces_removed"), 0); /* there is no face */
	assert_int_equal(roster_count_template(rig_directory(rig)->people, LI, 2), 0);
	people_consent_changed(rig->people, LI, true);
	assert_int_equal(rig_events(rig, "person.faces_removed"), 1);
	assert_int_equal(roster_find(rig_directory(rig)->people, LI)->template_count, 0);
	assert_int_equal(rig->forgotten, 1);
}

static void a_face_stays_when_its_removal_is_refused(void **state)
{
	struct rig *rig = *state;
	const struct reply reply = rig_reply(rig);

	assert_int_equal(rig_change(rig, "person", LI, rig_name("Li Wei")), 0);
	people_remove_faces(rig->people, LI, "test", &reply);
	assert_int_equal(rig->r, -ENOENT);
	assert_int_equal(roster_count_template(rig_directory(rig)->people, LI, 1), 0);
	fake_store_refuse(rig->store, 1, -ENOSPC);
	people_remove_faces(rig->people, LI, "test", &reply);
	assert_int_equal(rig->r, -ENOSPC);
	rig_set_trouble(rig, true);
	people_remove_face(rig->people, LI, 1, "test", &reply);
	assert_int_equal(rig->r, -EAGAIN);
	rig_set_trouble(rig, false);
	assert_int_equal(roster_find(rig_directory(rig)->people, LI)->template_count, 1);
	people_remove_face(rig->people, LI, 1, "test", &reply);
	assert_int_equal(rig->r, 0);
	assert_int_equal(roster_find(rig_directory(rig)->people, LI)->template_count, 0);
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
	assert_int_equal(rig_events(rig, "face.outdated"), 1);
	people_start_enrolment(rig->people);
	assert_int_equal(rig_events(rig, "face.outdated"), 1);
}

static void the_state_is_published_once_a_turn(void **state)
{
	struct rig *rig = *state;

	rig_turn(rig);
	rig->states = 0;
	assert_int_equal(rig_change(rig, "person", LI, rig_name("Li Wei")), 0);
	assert_int_equal(rig_change(rig, "person", WANG, rig_name("Wang Fang")), 0);
	assert_int_equal(rig->states, 0);
	rig_turn(rig);
	assert_int_equal(rig->states, 1);
}

#define test(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(a_change_of_each_kind_is_in_force_and_on_the_disk),
		test(removing_a_person_removes_cards_and_groups),
		test(an_invalid_change_changes_nothing),
		test(a_change_that_the_disk_refuses_is_undone),
		test(changes_are_refused_while_the_disk_fails),
		test(a_valid_pass_is_revoked_not_removed),
		test(saved_records_are_in_force_after_a_restart),
		test(each_enrolment_begins_with_the_same_checks),
		test(withdrawn_consent_removes_the_faces),
		test(a_face_stays_when_its_removal_is_refused),
		test(templates_of_another_recogniser_are_reported),
		test(the_state_is_published_once_a_turn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
