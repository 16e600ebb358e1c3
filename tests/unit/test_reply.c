#include "unit.h"

#include <errno.h>

#include "base/reply.h"

static const struct reply *answered;

static void answer(const struct reply *reply, int r, const char *problem, json_t *result)
{
	answered = reply;
	assert_int_equal(r, -EPERM);
	assert_string_equal(problem, "the door is blocked");
	json_decref(result);
}

static void the_result_goes_to_the_answer_function(void **state)
{
	json_t *result = json_object();
	const struct reply reply = {.answer = answer, .request = 7};

	(void)state;
	reply_send(&reply, -EPERM, "the door is blocked", json_incref(result));
	assert_ptr_equal(answered, &reply);
	assert_int_equal((int)result->refcount, 1);
	json_decref(result);
}

static void a_discarded_result_is_freed(void **state)
{
	json_t *result = json_object();

	(void)state;
	reply_send(&(struct reply){0}, 0, NULL, json_incref(result));
	assert_int_equal((int)result->refcount, 1);
	reply_send(&(struct reply){0}, -EIO, NULL, NULL);
	json_decref(result);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_result_goes_to_the_answer_function),
		cmocka_unit_test(a_discarded_result_is_freed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
