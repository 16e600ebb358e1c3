#include "unit.h"

#include <errno.h>
#include <string.h>

#include "mqtt/topics.h"

static void a_topic_names_site_and_gate(void **state)
{
	char topic[TOPIC_BYTES];

	(void)state;
	assert_int_equal(topic_make("hof-5", "north", "event/door.mode", topic), 0);
	assert_string_equal(topic, "gatehouse/hof-5/north/event/door.mode");
}

static void a_topic_that_does_not_fit_is_an_error(void **state)
{
	char topic[TOPIC_BYTES], rest[TOPIC_BYTES];
	size_t room = TOPIC_BYTES - 1 - strlen("gatehouse/s/g/");

	(void)state;
	memset(rest, 'a', sizeof(rest));
	rest[room] = '\0';
	assert_int_equal(topic_make("s", "g", rest, topic), 0);
	assert_int_equal(strlen(topic), TOPIC_BYTES - 1);
	rest[room] = 'a';
	rest[room + 1] = '\0';
	assert_int_equal(topic_make("s", "g", rest, topic), -ENAMETOOLONG);
}

static void a_command_is_known_by_its_topic(void **state)
{
	char name[TOPIC_NAME_BYTES];

	(void)state;
	assert_int_equal(topic_command("gatehouse/s/g/cmd/door.open", "s", "g", name), 0);
	assert_string_equal(name, "door.open");
}

static void another_topic_is_no_command(void **state)
{
	static const char *const wrong[] = {
		"",
		"gatehouse",
		"gatehouse/s/g/cmd",
		"gatehouse/s/g/cmd/",
		"gatehouse/s/g/cmd/a/b",
		"gatehouse/s/g/cmd/Door",
		"gatehouse/s/g/cmd/+",
		"gatehouse/s/g/cmd/a b",
		"gatehouse/s/g/cmd/\xc3\xa4",
		"gatehouse/s/other/cmd/ping",
		"gatehouse/other/g/cmd/ping",
		"gatehouse/s/gg/cmd/ping",
		"gatehouse/s/g/event/ping",
		"xgatehouse/s/g/cmd/ping",
	};
	char name[TOPIC_NAME_BYTES] = "kept";

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(topic_command(wrong[i], "s", "g", name), -EINVAL);
	assert_string_equal(name, "kept");
}

static void the_longest_command_name_fits(void **state)
{
	char topic[TOPIC_BYTES] = "gatehouse/s/g/cmd/", name[TOPIC_NAME_BYTES];
	size_t start = strlen(topic);

	(void)state;
	memset(topic + start, 'a', TOPIC_NAME_BYTES - 1);
	topic[start + TOPIC_NAME_BYTES - 1] = '\0';
	assert_int_equal(topic_command(topic, "s", "g", name), 0);
	assert_int_equal(strlen(name), TOPIC_NAME_BYTES - 1);
	topic[start + TOPIC_NAME_BYTES - 1] = 'a';
	topic[start + TOPIC_NAME_BYTES] = '\0';
	assert_int_equal(topic_command(topic, "s", "g", name), -EINVAL);
}

static void answers_go_where_they_cannot_pass_for_a_gate(void **state)
{
	static const char *const good[] = {
		"desk/answers", "a",           "gatehouse/s/g/reply/x", "gatehouse/s/g2/reply/a/b",
		"gatehouse",    "gatehouses/x"};
	static const char *const bad[] = {
		"",
		"desk/#",
		"desk/+/a",
		"$SYS/broker",
		"gatehouse/",
		"gatehouse/s/g",
		"gatehouse/s/g/",
		"gatehouse/s/g/reply",
		"gatehouse/s/g/reply/",
		"gatehouse/s/g/event/access.granted",
		"gatehouse/s/g/status",
		"gatehouse/s/g/cmd/door.open",
		"gatehouse/s/g/state/reply/main",
		"gatehouse/reply/x",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(topic_may_answer(good[i], strlen(good[i])));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(topic_may_answer(bad[i], strlen(bad[i])));
	assert_false(topic_may_answer("a\0b", 3));
}

static void a_long_answer_topic_is_refused(void **state)
{
	char topic[TOPIC_BYTES + 1];

	(void)state;
	memset(topic, 'a', sizeof(topic));
	assert_true(topic_may_answer(topic, TOPIC_BYTES - 1));
	assert_false(topic_may_answer(topic, TOPIC_BYTES));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_topic_names_site_and_gate),
		cmocka_unit_test(a_topic_that_does_not_fit_is_an_error),
		cmocka_unit_test(a_command_is_known_by_its_topic),
		cmocka_unit_test(another_topic_is_no_command),
		cmocka_unit_test(the_longest_command_name_fits),
		cmocka_unit_test(answers_go_where_they_cannot_pass_for_a_gate),
		cmocka_unit_test(a_long_answer_topic_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
