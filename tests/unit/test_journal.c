#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "gate/journal.h"

static struct {
	unsigned count;
	char what[32], name[32];
	json_t *state;
} published;

static void publish(void *arg, const char *what, const char *name, json_t *state)
{
	assert_ptr_equal(arg, &published);
	published.count++;
	snprintf(published.what, sizeof(published.what), "%s", what);
	snprintf(published.name, sizeof(published.name), "%s", name);
	published.state = json_incref(state);
}

static int setup(void **state)
{
	memset(&published, 0, sizeof(published));
	*state = journal_open();
	return *state == NULL;
}

static int teardown(void **state)
{
	json_decref(published.state);
	journal_close(*state);
	return 0;
}

static void unexpected(void *arg, int r, const struct event_row *row)
{
	(void)arg, (void)r, (void)row;
	fail_msg("not called: the return value reports the failure");
}

static void without_a_store_recording_fails(void **state)
{
	struct event_draft draft = {.type = "door.forced", .severity = EVENT_ALARM};
	json_t *data = json_pack("{s:i}", "n", 1);

	assert_int_equal(journal_record_draft(*state, &draft, unexpected, NULL), -EIO);
	assert_int_equal(journal_record_with(*state, &draft, NULL, 0, unexpected, NULL), -EIO);
	journal_record(*state, "door.forced", EVENT_ALARM, "door/main", "", json_incref(data));
	assert_int_equal((int)data->refcount, 1); /* ownership passed, and it was freed */
	journal_record(*state, "door.exit", EVENT_INFO, NULL, NULL, NULL);
	json_decref(data);
}

static void a_state_goes_to_the_connected_observer(void **state)
{
	journal_on_state(*state, publish, &published);
	journal_publish(*state, "door", "main", json_pack("{s:s}", "lock", "Locked"));
	assert_int_equal(published.count, 1);
	assert_string_equal(published.what, "door");
	assert_string_equal(published.name, "main");
	assert_int_equal((int)published.state->refcount, 1);
	assert_string_equal(json_string_value(json_object_get(published.state, "lock")), "Locked");
}

static void a_state_without_an_observer_is_freed(void **state)
{
	json_t *door = json_object();

	journal_publish(*state, "door", "main", json_incref(door));
	journal_on_state(*state, publish, &published);
	journal_on_state(*state, NULL, NULL);
	journal_publish(*state, "door", "main", json_incref(door));
	assert_int_equal(published.count, 0);
	assert_int_equal((int)door->refcount, 1);
	json_decref(door);
}

static void trouble_is_reported_until_it_is_cleared(void **state)
{
	struct problem problem;

	assert_string_equal(journal_trouble(*state), "");
	assert_null(journal_store(*state));
	assert_false(journal_can_write(*state)); /* no trouble, but no store either */
	problem_store_failed(&problem, -ENOSPC);
	journal_set_trouble(*state, &problem);
	assert_string_equal(journal_trouble(*state), problem.detail);
	assert_string_equal(problem_name(journal_problem(*state)), "store-failed");
	journal_set_trouble(*state, NULL);
	assert_string_equal(journal_trouble(*state), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(without_a_store_recording_fails, setup, teardown),
		cmocka_unit_test_setup_teardown(a_state_goes_to_the_connected_observer, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_state_without_an_observer_is_freed, setup,
						teardown),
		cmocka_unit_test_setup_teardown(trouble_is_reported_until_it_is_cleared, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
