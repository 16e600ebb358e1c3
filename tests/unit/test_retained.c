#include "unit.h"

#include <string.h>

#include "mqtt/retained.h"

static void removed_messages_leave_room_for_others(void **state)
{
	static struct retained retained;
	struct retained_message *message;
	char topic[16];

	(void)state;
	for (int i = 0; i < RETAINED_MAX; i++) {
		snprintf(topic, sizeof(topic), "t%d", i);
		assert_non_null(retained_set(&retained, topic, strdup("x")));
	}
	assert_null(retained_set(&retained, "one more", strdup("x")));
	message = retained_set(&retained, "t3", NULL);
	assert_non_null(message);
	assert_null(retained_set(&retained, "one more",
				 strdup("x"))); /* the broker does not know yet */
	retained_told(message);
	assert_non_null(retained_set(&retained, "one more", strdup("x")));
	retained_finish(&retained);
}

static void has_what_holds_a_payload(void **state)
{
	static struct retained retained;
	struct retained_message *message;

	(void)state;
	assert_false(retained_has(&retained, "a"));
	message = retained_set(&retained, "a", strdup("1"));
	assert_true(retained_has(&retained, "a"));
	retained_told(message); /* nothing to forget */
	assert_string_equal(message->payload, "1");
	message = retained_set(&retained, "a", strdup("2"));
	assert_string_equal(message->payload, "2");
	retained_set(&retained, "a", NULL);
	assert_false(retained_has(&retained, "a"));
	retained_finish(&retained);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(removed_messages_leave_room_for_others),
		cmocka_unit_test(has_what_holds_a_payload),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
