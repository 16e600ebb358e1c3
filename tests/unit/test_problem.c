/* One error as a code, its parameters and its sentence. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/problem.h"

static void assert_json(json_t *value, const char *expected)
{
	char *text = json_canonical(value);

	assert_string_equal(text, expected);
	free(text);
	json_decref(value);
}

static void a_code_has_its_errno_status_and_sentence(void **state)
{
	struct problem problem;

	(void)state;
	assert_int_equal(problem_door_not_here(&problem, "main"), -ENOENT);
	assert_int_equal(problem_errno(&problem), -ENOENT);
	assert_int_equal(problem_status(&problem), 404);
	assert_string_equal(problem_name(&problem), "door-not-here");
	assert_string_equal(problem.detail, "there is no door \"main\" at this gate");
	assert_json(problem_json(&problem),
		    "{\"code\":\"door-not-here\",\"params\":{\"door\":\"main\"}}");
}

static void a_status_of_its_own_goes_before_that_of_the_errno(void **state)
{
	struct problem problem;

	(void)state;
	assert_int_equal(problem_member_not_bool(&problem, "held"), -EINVAL);
	assert_int_equal(problem_status(&problem), 400);
	assert_int_equal(problem_pin_invalid(&problem), -EINVAL);
	assert_int_equal(problem_status(&problem), 422);
}

static void no_problem_has_no_name(void **state)
{
	const struct problem none = {0};

	(void)state;
	assert_string_equal(problem_name(&none), "");
	assert_int_equal(problem_errno(&none), 0);
	assert_null(problem_json(&none));
}

static void integers_and_numbers_stay_what_they_are(void **state)
{
	struct problem problem;

	(void)state;
	problem_json_too_large(&problem, 20000, 16384);
	assert_string_equal(problem.detail, "20000 bytes are more than the 16384 allowed");
	assert_json(problem_params_json(&problem), "{\"bytes\":20000,\"bytes_max\":16384}");
	problem_face_of_another(&problem, "Anna", 0.6183);
	assert_non_null(strstr(problem.detail, "Anna (0.62)"));
	assert_json(problem_params_json(&problem), "{\"name\":\"Anna\",\"score\":0.62}");
}

static void an_errno_is_said_by_the_system(void **state)
{
	struct problem problem;

	(void)state;
	problem_batch_not_kept(&problem, -ENOSPC);
	assert_string_equal(problem.detail, "the disk did not keep it: No space left on device");
	problem_batch_not_kept(&problem, ENOSPC);
	assert_json(problem_params_json(&problem), "{\"system\":\"No space left on device\"}");
}

static void a_problem_within_a_problem_brings_its_parameters(void **state)
{
	struct problem cause, problem;

	(void)state;
	problem_needs_open_schedule(&cause, "office");
	problem_access_denied(&problem, "NotPermittedAtThisTime", &cause);
	assert_string_equal(
		problem.detail,
		"NotPermittedAtThisTime: it needs to come while schedule office is open");
	assert_json(problem_params_json(&problem),
		    "{\"needed\":\"needs-open-schedule\",\"reason\":"
		    "\"NotPermittedAtThisTime\",\"schedule\":\"office\"}");
}

static void a_parameter_that_reads_like_a_code_is_a_text(void **state)
{
	struct problem problem;

	(void)state;
	problem_door_not_here(&problem, "rule-opens");
	assert_string_equal(problem.detail, "there is no door \"rule-opens\" at this gate");
	problem_door_not_here(&problem, "{door}");
	assert_string_equal(problem.detail, "there is no door \"{door}\" at this gate");
}

static void long_texts_are_cut_at_the_end_of_a_character(void **state)
{
	char name[PROBLEM_TEXT_BYTES * 2], limit[PROBLEM_TEXT_BYTES + 8];
	struct problem problem;
	json_t *params;

	(void)state;
	for (size_t i = 0; i + 3 < sizeof(name); i += 3)
		memcpy(name + i, "\xe9\x97\xa8", 4); /* a door */
	problem_door_not_here(&problem, name);
	params = problem_params_json(&problem);
	assert_string_not_equal(json_string_value(json_object_get(params, "door")), "?");
	json_decref(params);
	for (size_t bytes = PROBLEM_TEXT_BYTES - 4; bytes < PROBLEM_TEXT_BYTES + 2; bytes++) {
		memset(limit, 'a', bytes);
		limit[bytes] = '\0';
		problem_model_not_pinned(&problem, limit, "x",
					 "y"); /* the later ones may find no room */
		assert_true(problem.text_bytes <= PROBLEM_TEXT_BYTES);
		assert_true(strlen(problem.detail) < PROBLEM_DETAIL_BYTES);
	}
}

static void bytes_that_are_no_text_are_a_question_mark(void **state)
{
	struct problem problem;

	(void)state;
	problem_door_not_here(&problem, "\xff\xfe");
	assert_json(problem_params_json(&problem), "{\"door\":\"?\"}");
}

static void a_copy_is_whole(void **state)
{
	struct problem first, copy;

	(void)state;
	problem_door_not_here(&first, "main");
	copy = first;
	problem_no_fire(&first);
	assert_string_equal(copy.detail, "there is no door \"main\" at this gate");
	assert_json(problem_params_json(&copy), "{\"door\":\"main\"}");
	assert_json(problem_params_json(&first), "{}");
}

static void what_was_written_is_read_again(void **state)
{
	struct problem cause, first, second;
	json_t *json;

	(void)state;
	problem_needs_open_schedule(&cause, "office");
	problem_access_denied(&first, "NotPermittedAtThisTime", &cause);
	json = problem_json(&first);
	assert_int_equal(problem_read_json(json, &second), 0);
	assert_string_equal(second.detail, first.detail);
	json_decref(json);
	json = json_pack("{s:s, s:{s:i, s:s, s:[]}}", "code", "door-not-here", "params", "newer", 1,
			 "door", "main", "row");
	assert_int_equal(problem_read_json(json, &second), 0);
	assert_string_equal(second.detail, "there is no door \"main\" at this gate");
	json_decref(json);
}

static void what_is_no_problem_is_not_read(void **state)
{
	static const char *const wrong[] = {"{}", "[]", "{\"code\":1}",
					    "{\"code\":\"of-a-newer-program\"}"};
	struct problem problem;

	(void)state;
	assert_int_equal(problem_read_json(NULL, &problem), -EINVAL);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		json_t *json = json_loads(wrong[i], 0, NULL);

		assert_int_equal(problem_read_json(json, &problem), -EINVAL);
		assert_int_equal(problem.code, PROBLEM_NONE);
		json_decref(json);
	}
}

static void an_errno_without_a_code_has_a_status(void **state)
{
	(void)state;
	assert_int_equal(problem_status_of(-ENOENT), 404);
	assert_int_equal(problem_status_of(-EEXIST), 409);
	assert_int_equal(problem_status_of(-EINVAL), 422);
	assert_int_equal(problem_status_of(-ENODEV), 503);
	assert_int_equal(problem_status_of(-EIO), 500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_code_has_its_errno_status_and_sentence),
		cmocka_unit_test(a_status_of_its_own_goes_before_that_of_the_errno),
		cmocka_unit_test(no_problem_has_no_name),
		cmocka_unit_test(integers_and_numbers_stay_what_they_are),
		cmocka_unit_test(an_errno_is_said_by_the_system),
		cmocka_unit_test(a_problem_within_a_problem_brings_its_parameters),
		cmocka_unit_test(a_parameter_that_reads_like_a_code_is_a_text),
		cmocka_unit_test(long_texts_are_cut_at_the_end_of_a_character),
		cmocka_unit_test(bytes_that_are_no_text_are_a_question_mark),
		cmocka_unit_test(a_copy_is_whole),
		cmocka_unit_test(what_was_written_is_read_again),
		cmocka_unit_test(what_is_no_problem_is_not_read),
		cmocka_unit_test(an_errno_without_a_code_has_a_status),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
