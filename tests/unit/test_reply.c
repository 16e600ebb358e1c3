#include "unit.h"

#include <errno.h>

#include "base/reply.h"

static const struct reply *answered;
static const char *expected;

static void answer(const struct reply *reply, int r, const struct problem *problem, json_t *result)
{
	answered = reply;
	assert_int_equal(r, -EPERM);
	assert_string_equal(problem_name(problem), expected);
	json_decref(result);
}

static void the_result_goes_to_the_answer_function(void **state)
{
	json_t *result = json_object();
	const struct reply reply = {.answer = answer, .request = 7};
	struct problem problem;

	(void)state;
	problem_door_mode_not_possible(&problem);
	expected = "door-mode-not-possible";
	reply_send(&reply, -EPERM, &problem, json_incref(result));
	assert_ptr_equal(answered, &reply);
	assert_int_equal((int)result->refcount, 1);
	json_decref(result);
}

static void a_failure_without_a_problem_says_its_errno(void **state)
{
	const struct reply reply = {.answer = answer};
	const struct problem none = {0};

	(void)state;
	expected = "failed";
	reply_send(&reply, -EPERM, NULL, NULL);
	reply_refuse(&reply, -EPERM, &none);
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
		cmocka_unit_test(a_failure_without_a_problem_says_its_errno),
		cmocka_unit_test(a_discarded_result_is_freed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
