#include "unit.h"

#include <errno.h>
#include <string.h>

#include "access/roster.h"

static struct roster_person person(const char *id, const char *name)
{
	struct roster_person person = {.enabled = true};

	snprintf(person.id, sizeof(person.id), "%s", id);
	snprintf(person.name, sizeof(person.name), "%s", name);
	return person;
}

static const char *const id_a = "01HF7YAT00000000000000000A",
			 *const id_b = "01HF7YAT00000000000000000B",
			 *const id_c = "01HF7YAT00000000000000000C";

static void people_come_in_order_of_id_whenever_added(void **state)
{
	struct roster *roster = *state;
	struct roster_person b = person(id_b, "B"), c = person(id_c, "C"), a = person(id_a, "A");

	assert_int_equal(roster_put(roster, &b), 0);
	assert_int_equal(roster_put(roster, &c), 0);
	assert_int_equal(roster_put(roster, &a), 0);
	assert_int_equal(roster_count(roster), 3);
	assert_string_equal(roster_next(roster, "")->name, "A");
	assert_string_equal(roster_next(roster, id_a)->name, "B");
	assert_string_equal(roster_next(roster, id_b)->name, "C");
	assert_null(roster_next(roster, id_c));
}

static void the_same_id_replaces(void **state)
{
	struct roster *roster = *state;
	struct roster_person a = person(id_a, "A"), other = person(id_a, "Other");

	roster_put(roster, &a);
	assert_int_equal(roster_put(roster, &other), 0);
	assert_int_equal(roster_count(roster), 1);
	assert_string_equal(roster_find(roster, id_a)->name, "Other");
}

static void removing_leaves_the_others(void **state)
{
	struct roster *roster = *state;
	struct roster_person a = person(id_a, "A"), b = person(id_b, "B");

	assert_int_equal(roster_remove(roster, id_a), -ENOENT);
	roster_put(roster, &a);
	roster_put(roster, &b);
	assert_int_equal(roster_remove(roster, id_a), 0);
	assert_null(roster_find(roster, id_a));
	assert_non_null(roster_find(roster, id_b));
	assert_string_equal(roster_next(roster, id_a)->id, id_b);
}

static void nobody_without_id_or_name(void **state)
{
	struct roster *roster = *state;
	struct roster_person nameless = person(id_a, ""), idless = person("x", "X"),
			     endless = person(id_a, "A");

	assert_int_equal(roster_put(roster, &nameless), -EINVAL);
	assert_int_equal(roster_put(roster, &idless), -EINVAL);
	memset(endless.name, 'n', sizeof(endless.name));
	assert_int_equal(roster_put(roster, &endless), -EINVAL);
	assert_int_equal(roster_count(roster), 0);
}

static void templates_are_never_fewer_than_none(void **state)
{
	struct roster *roster = *state;
	struct roster_person a = person(id_a, "A");

	assert_int_equal(roster_count_template(roster, id_a, 1), -ENOENT);
	roster_put(roster, &a);
	assert_int_equal(roster_count_template(roster, id_a, 1), 0);
	assert_int_equal(roster_find(roster, id_a)->template_count, 1);
	roster_count_template(roster, id_a, -1);
	roster_count_template(roster, id_a, -1);
	assert_int_equal(roster_find(roster, id_a)->template_count, 0);
}

static void many_people_are_all_found(void **state)
{
	struct roster *roster = *state;
	struct roster_person somebody = person(id_a, "N");
	size_t seen = 0;

	for (unsigned i = 0; i < 5000; i++) {
		snprintf(somebody.id, sizeof(somebody.id), "01HF7YAT00000000000000%04u",
			 i * 7919 % 5000);
		assert_int_equal(roster_put(roster, &somebody), 0);
	}
	for (const struct roster_person *at = roster_next(roster, ""); at != NULL;
	     at = roster_next(roster, at->id))
		seen++;
	assert_int_equal(seen, 5000);
	roster_clear(roster);
	assert_int_equal(roster_count(roster), 0);
	assert_null(roster_next(roster, ""));
}

static int setup(void **state)
{
	struct roster *roster;

	if (roster_open(&roster) < 0)
		return -1;
	*state = roster;
	return 0;
}

static int teardown(void **state)
{
	roster_close(*state);
	return 0;
}

#define WITH_ROSTER(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

static void a_name_can_be_seen_and_fits(void **state)
{
	char longest[ROSTER_NAME_BYTES + 1];

	(void)state;
	assert_true(roster_person_name_is_valid("\u95e8 \u53e3"));
	assert_true(roster_person_name_is_valid(" a "));
	assert_false(roster_person_name_is_valid(""));
	assert_false(roster_person_name_is_valid("  "));
	assert_false(roster_person_name_is_valid("a\tb"));
	assert_false(roster_person_name_is_valid("a\x7f"));
	memset(longest, 'x', sizeof(longest));
	longest[ROSTER_NAME_BYTES] = '\0';
	assert_false(roster_person_name_is_valid(longest));
	longest[ROSTER_NAME_BYTES - 1] = '\0';
	assert_true(roster_person_name_is_valid(longest));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_ROSTER(people_come_in_order_of_id_whenever_added),
		WITH_ROSTER(the_same_id_replaces),
		WITH_ROSTER(removing_leaves_the_others),
		WITH_ROSTER(nobody_without_id_or_name),
		WITH_ROSTER(templates_are_never_fewer_than_none),
		WITH_ROSTER(many_people_are_all_found),
		cmocka_unit_test(a_name_can_be_seen_and_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
