/* The people part through people.h: batches of changes, and the snapshot. */
#include <errno.h>
#include <string.h>

#include "people_rig.h"

/* ---- batches ---- */

static int batch(struct rig *rig, const char *from, const char *to, unsigned part, unsigned parts,
		 json_t *changes)
{
	const struct people_batch_part of = {.from = from,
					     .to = to,
					     .by = "hub",
					     .part = part,
					     .parts = parts,
					     .changes = changes};
	const struct reply reply = rig_reply(rig);
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

static void a_batch_is_applied_as_one(void **state)
{
	struct rig *rig = *state;

	assert_int_equal(batch(rig, "", "r1", 1, 2, put_person(LI, "Li Wei")), 0);
	/* half of it changes nothing */
	assert_int_equal(roster_count(rig_directory(rig)->people), 0);
	assert_int_equal(batch(rig, "", "r1", 2, 2, put_person(WANG, "Wang Fang")), 0);
	rig_turn(rig);
	assert_int_equal(roster_count(rig_directory(rig)->people), 2);
	assert_string_equal(people_revision(rig->people), "r1");
	assert_int_equal(rig->r, 0);
	assert_int_equal(json_integer_value(json_object_get(rig->result, "put")), 2);
	assert_int_equal(batch(rig, "", "r1", 1, 1, json_array()), 0); /* repeated */
	assert_int_equal(batch(rig, "other", "r2", 1, 1, json_array()), -EEXIST);
	assert_int_equal(batch(rig, "r1", "r2", 2, 2, json_array()),
			 -EEXIST); /* its first part is missing */
	assert_int_equal(batch(rig, "r1", "r2", 0, 1, json_array()), -EINVAL);
	assert_int_equal(batch(rig, "r1", "r2", 1, 64, json_array()), 0);
	assert_int_equal(batch(rig, "r1", "r2", 1, 65, json_array()), -EINVAL);
}

static void a_batch_with_an_invalid_change_changes_nothing(void **state)
{
	struct rig *rig = *state;
	json_t *changes = put_person(LI, "Li Wei");

	json_array_append_new(changes, json_pack("{s:s, s:s, s:s, s:{s:s}}", "op", "put", "kind",
						 "person", "id", "nobody", "value", "name", "x"));
	assert_int_equal(batch(rig, NULL, "r1", 1, 1, changes), 0);
	rig_turn(rig);
	assert_int_equal(rig->r, -EINVAL);
	assert_int_equal(roster_count(rig_directory(rig)->people), 0);
	assert_string_equal(people_revision(rig->people), "");
	assert_int_equal(rig_events(rig, "roster.rejected"), 1);
}

static void other_changes_are_refused_while_a_batch_is_applied(void **state)
{
	struct rig *rig = *state;

	fake_store_hold(rig->store, true);
	assert_int_equal(batch(rig, NULL, "r1", 1, 1, put_person(LI, "Li Wei")), 0);
	rig_turn(rig);
	assert_int_equal(rig_change(rig, "group", "staff", json_object()), -EBUSY);
	assert_int_equal(rig_change(rig, "pass", PASS,
				    json_pack("{s:s, s:s}", "title", "x", "valid_to",
					      "2026-12-01T00:00:00Z")),
			 0); /* a visitor need not wait */
	for (int i = 0; i < 4; i++) {
		fake_store_answer(rig->store, 0);
		rig_turn(rig);
	}
	assert_string_equal(people_revision(rig->people), "r1");
	assert_int_equal(rig_change(rig, "group", "staff", json_object()), 0);
}

static void the_snapshot_is_read_page_by_page(void **state)
{
	struct rig *rig = *state;
	json_t *page;
	char id[32], after[96] = "";
	size_t seen = 0, pages = 0;

	for (int i = 0; i < 201; i++) {
		snprintf(id, sizeof(id), "group-%03d", i);
		assert_int_equal(rig_change(rig, "group", id, json_object()),
				 i < 256 ? 0 : -ENOSPC);
	}
	assert_int_equal(rig_change(rig, "person", LI, rig_name("Li Wei")), 0);
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

#define test(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(a_batch_is_applied_as_one),
		test(a_batch_with_an_invalid_change_changes_nothing),
		test(other_changes_are_refused_while_a_batch_is_applied),
		test(the_snapshot_is_read_page_by_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
