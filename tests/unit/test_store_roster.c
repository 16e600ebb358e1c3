#include "unit.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "store_helper.h"

static void the_roster_survives_and_is_not_readable_in_the_file(void **state)
{
	struct store_test *test = *state;

	store_test_open(test);
	store_test_put_alice(test);
	assert_false(store_test_file_holds(test, "Plaintext"));
	store_test_close(test);
	assert_false(store_test_file_holds(test, "Plaintext"));
	assert_true(store_test_file_holds(test, "person.enrolled"));
	store_test_open(test);
	assert_int_equal(test->people, 1);
	assert_int_equal(test->faces, 1);
	assert_string_equal(test->person.name, "Alice Plaintext");
	assert_string_equal(test->person.id, store_test_alice);
	assert_true(test->person.enabled);
	assert_int_equal(test->person.valid_to_unix_ms, 99);
	assert_int_equal(test->person.template_count, 1);
	assert_true(test->vector[511] == 511.0f);
}

static void removing_somebody_leaves_the_chain(void **state)
{
	struct store_test *test = *state;
	struct event_draft draft = {.type = "person.removed", .person = store_test_alice};

	store_test_open(test);
	store_test_put_alice(test);
	assert_int_equal(
		store_person_remove(test->store, store_test_alice, &draft, store_test_done, test),
		0);
	store_test_settle(test);
	assert_int_equal(test->r, 0);
	assert_int_equal(test->last_seq, 3);
	/* again: nobody there, and no event of it */
	assert_int_equal(
		store_person_remove(test->store, store_test_alice, &draft, store_test_done, test),
		0);
	store_test_settle(test);
	assert_int_equal(test->r, -ENOENT);
	assert_int_equal(test->last_seq, 3);
	store_test_close(test);
	store_test_assert_log_good(test, 4);
	store_test_open(test);
	assert_int_equal(test->people, 0);
	assert_int_equal(test->faces, 0);
}

static void on_faces(void *arg, int r, json_t *faces)
{
	json_t **list = arg;

	assert_int_equal(r, 0);
	*list = json_incref(faces);
}

/* The numbers of Alice's templates. */
static void assert_faces(struct store_test *test, size_t count, json_int_t first, json_int_t last)
{
	json_t *faces = NULL;

	assert_int_equal(store_faces(test->store, store_test_alice, on_faces, &faces), 0);
	while (faces == NULL)
		store_test_wait(test);
	assert_int_equal(json_array_size(faces), count);
	assert_int_equal(json_integer_value(json_object_get(json_array_get(faces, 0), "number")),
			 first);
	assert_int_equal(
		json_integer_value(json_object_get(json_array_get(faces, count - 1), "number")),
		last);
	assert_string_equal(json_string_value(json_object_get(json_array_get(faces, 0), "model")),
			    store_test_model);
	json_decref(faces);
}

static void remove_face(struct store_test *test, int64_t number, int result)
{
	struct event_draft draft = {.type = "person.face_removed", .person = store_test_alice};

	assert_int_equal(store_template_remove_one(test->store, store_test_alice, number, &draft,
						   store_test_done, test),
			 0);
	store_test_settle(test);
	assert_int_equal(test->r, result);
}

static void one_face_goes_and_is_told(void **state)
{
	struct store_test *test = *state;
	struct event_draft draft = {.type = "person.enrolled", .person = store_test_alice};
	float vector[ROSTER_TEMPLATE_DIM] = {0};

	store_test_open(test);
	store_test_put_alice(test);
	for (int i = 2; i <= 3; i++) {
		vector[0] = (float)i;
		assert_int_equal(store_template_add(test->store, store_test_alice, store_test_model,
						    vector, &draft, store_test_done, test),
				 0);
		store_test_settle(test);
		assert_int_equal(test->r, 0);
	}
	assert_non_null(strstr(test->last_json, "\"face\":3"));
	assert_faces(test, 3, 1, 3);
	assert_int_equal(test->faces, 0); /* what is added, the caller has */
	remove_face(test, 2, 0);
	assert_int_equal(test->gone, 1);
	assert_true(test->vector[0] == 2.0f);
	assert_faces(test, 2, 1, 3);
	remove_face(test, 2, -ENOENT);
	remove_face(test, 99, -ENOENT);
	assert_int_equal(test->gone, 1);
	assert_int_equal(
		store_template_remove_one(test->store, store_test_alice, 0, &draft, NULL, NULL),
		-EINVAL);
	store_test_close(test);
	store_test_open(test);
	assert_int_equal(test->people, 1);
	assert_int_equal(test->faces, 2);
	assert_int_equal(test->person.template_count, 2);
	assert_faces(test, 2, 1, 3);
}

static void templates_need_a_person_and_have_a_limit(void **state)
{
	struct store_test *test = *state;
	struct event_draft draft = {.type = "person.enrolled", .person = store_test_alice};
	float vector[ROSTER_TEMPLATE_DIM] = {1};

	store_test_open(test);
	assert_int_equal(store_template_add(test->store, store_test_alice, store_test_model, vector,
					    &draft, store_test_done, test),
			 0);
	store_test_settle(test);
	assert_int_equal(test->r, -ENOENT);
	store_test_put_alice(test);
	for (int i = 1; i < ROSTER_TEMPLATES_MAX; i++)
		store_template_add(test->store, store_test_alice, store_test_model, vector, &draft,
				   store_test_done, test);
	store_test_settle(test);
	assert_int_equal(test->r, 0);
	store_template_add(test->store, store_test_alice, store_test_model, vector, &draft,
			   store_test_done, test);
	store_test_settle(test);
	assert_int_equal(test->r, -E2BIG);
	assert_int_equal(store_template_add(test->store, store_test_alice, "short", vector, &draft,
					    NULL, NULL),
			 -EINVAL);
	store_template_remove(test->store, store_test_alice, NULL, &draft, store_test_done, test);
	store_test_settle(test);
	assert_int_equal(test->r, 0);
	store_test_close(test);
	store_test_assert_log_good(test, 0);
	store_test_open(test);
	assert_int_equal(test->people, 1);
	assert_int_equal(test->faces, 0);
}

/* For the day on which another recogniser comes. */
static void a_kept_picture_makes_a_template_anew(void **state)
{
	static const char crop[] = "aligned picture of Alice", other[] = "another picture of her";
	char newer[ROSTER_MODEL_BYTES];
	struct store_test *test = *state;
	struct event_draft draft = {.type = "person.enrolled", .person = store_test_alice};
	float vector[ROSTER_TEMPLATE_DIM] = {1};

	memset(newer, 'f', sizeof(newer) - 1);
	newer[sizeof(newer) - 1] = '\0';
	store_test_open(test);
	store_test_put_alice(test); /* with a template whose picture is not kept */
	assert_int_equal(store_template_put(test->store, store_test_alice, store_test_model, vector,
					    crop, STORE_CROP_BYTES_MAX + 1, 0, &draft, NULL, NULL),
			 -EINVAL);
	assert_int_equal(store_template_put(test->store, store_test_alice, store_test_model, vector,
					    NULL, 3, 0, &draft, NULL, NULL),
			 -EINVAL);
	store_template_put(test->store, store_test_alice, store_test_model, vector, crop,
			   sizeof(crop) - 1, 0, &draft, store_test_done, test);
	store_test_close(test);
	assert_int_equal(test->r, 0);
	assert_false(store_test_file_holds(test, crop));

	test->recogniser = store_test_model; /* the same: nothing to do */
	store_test_open(test);
	assert_int_equal(test->faces, 2);
	assert_int_equal(test->crops, 0);
	store_test_close(test);

	test->recogniser = newer;
	store_test_open(test);
	assert_int_equal(test->faces, 2);
	assert_int_equal(test->crops, 1);
	assert_string_equal(test->crop, crop);
	store_template_put(test->store, store_test_alice, newer, vector, test->crop,
			   strlen(test->crop), test->crop_number + 100, &draft, store_test_done,
			   test);
	store_test_settle(test);
	assert_int_equal(test->r, -ENOENT);
	store_template_put(test->store, store_test_alice, newer, vector, test->crop,
			   strlen(test->crop), test->crop_number, &draft, store_test_done, test);
	store_test_settle(test);
	assert_int_equal(test->r, 0);
	store_test_close(test);

	store_test_open(test);
	assert_int_equal(test->faces, 2);
	assert_int_equal(test->crops, 0);
	store_template_put(test->store, store_test_alice, store_test_model, vector, other,
			   sizeof(other) - 1, 0, &draft, store_test_done, test);
	store_person_remove(test->store, store_test_alice, &draft, store_test_done, test);
	store_test_close(test);
	store_test_open(test);
	assert_int_equal(test->faces, 0);
	assert_int_equal(test->crops, 0); /* gone with the person */
}

static void a_face_moved_to_another_person_is_not_used(void **state)
{
	struct store_test *test = *state;
	struct roster_person mallory = {.id = "01HF7YAT00000000000000000M", .name = "M"};
	struct event_draft draft = {.type = "person.added", .person = mallory.id};

	store_test_open(test);
	store_test_put_alice(test);
	store_person_put(test->store, &mallory, &draft, store_test_done, test);
	store_test_settle(test);
	store_test_close(test);
	store_test_sql(test, "UPDATE template SET person = '01HF7YAT00000000000000000M'");
	store_test_open(test);
	assert_int_equal(test->people, 2);
	assert_int_equal(test->faces, 0);
	assert_int_equal(test->told[STORE_TAMPERED], 1);
}

static void records_survive_and_are_not_readable_in_the_file(void **state)
{
	struct store_test *test = *state;
	struct event_draft draft = {.type = "access.changed"};
	json_t *json = json_pack("{s:s, s:i}", "plain", "text of nobody", "number", 7);

	store_test_open(test);
	assert_int_equal(store_record_put(test->store, "group", "staff", json, &draft,
					  store_test_done, test),
			 0);
	assert_int_equal(
		store_record_put(test->store, "rule", "r1", json, &draft, store_test_done, test),
		0);
	assert_int_equal(
		store_record_put(test->store, "rule", "r1", json, &draft, store_test_done, test),
		0);
	assert_int_equal(
		store_record_remove(test->store, "group", "staff", &draft, store_test_done, test),
		0);
	assert_int_equal(
		store_record_remove(test->store, "group", "never", &draft, store_test_done, test),
		0);
	store_test_settle(test);
	assert_int_equal(test->answered, 5);
	assert_int_equal(test->r, 0);
	store_test_close(test);
	store_test_open(test);
	assert_int_equal(test->records, 1);
	assert_string_equal(test->record, "rule/r1");
	assert_true(json_equal(test->record_json, json));
	store_test_close(test);
	assert_false(store_test_file_holds(test, "text of nobody"));
	store_test_assert_log_good(test, 0);
	json_decref(json);
}

static void several_records_are_written_together_or_not_at_all(void **state)
{
	struct store_test *test = *state;
	struct event_draft draft = {.type = "access.request"};
	json_t *json = json_object(), *large = json_object();
	struct store_record records[] = {
		{"pass", "a", json}, {"counter", "b", json}, {"Pass", "c", json}};
	char *text = malloc(STORE_RECORD_BYTES_MAX + 1);

	memset(text, 'x', STORE_RECORD_BYTES_MAX);
	text[STORE_RECORD_BYTES_MAX] = '\0';
	json_object_set_new(large, "x", json_string(text));
	free(text);
	store_test_open(test);
	assert_int_equal(
		store_records_write(test->store, records, 3, &draft, store_test_done, test),
		-EINVAL);
	records[2] = (struct store_record){"pass", "with space", json};
	assert_int_equal(
		store_records_write(test->store, records, 3, &draft, store_test_done, test),
		-EINVAL);
	records[2] = (struct store_record){"pass", "large", large};
	assert_int_equal(
		store_records_write(test->store, records, 3, &draft, store_test_done, test),
		-EFBIG);
	assert_int_equal(
		store_records_write(test->store, records, 0, &draft, store_test_done, test),
		-EINVAL);
	assert_int_equal(
		store_record_put(test->store, "pass", "none", NULL, &draft, store_test_done, test),
		-EINVAL);
	assert_int_equal(store_pending(test->store), 0);
	assert_int_equal(
		store_records_write(test->store, records, 2, &draft, store_test_done, test), 0);
	store_test_close(test);
	store_test_open(test);
	assert_int_equal(test->records, 2);
	json_decref(json);
	json_decref(large);
}

static void a_record_moved_to_another_place_is_not_used(void **state)
{
	struct store_test *test = *state;
	struct event_draft draft = {.type = "access.changed"};
	json_t *json = json_object();

	store_test_open(test);
	assert_int_equal(
		store_record_put(test->store, "pass", "spent", json, &draft, store_test_done, test),
		0);
	assert_int_equal(
		store_record_put(test->store, "pass", "good", json, &draft, store_test_done, test),
		0);
	store_test_close(test);
	store_test_sql(test,
		       "UPDATE record SET sealed = (SELECT sealed FROM record WHERE id = 'good') "
		       "WHERE id = 'spent'");
	store_test_open(test);
	assert_int_equal(test->records, 1);
	assert_string_equal(test->record, "pass/good");
	assert_int_equal(test->told[STORE_TAMPERED], 1);
	json_decref(json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(the_roster_survives_and_is_not_readable_in_the_file),
		STORE_TEST(removing_somebody_leaves_the_chain),
		STORE_TEST(one_face_goes_and_is_told),
		STORE_TEST(templates_need_a_person_and_have_a_limit),
		STORE_TEST(a_kept_picture_makes_a_template_anew),
		STORE_TEST(a_face_moved_to_another_person_is_not_used),
		STORE_TEST(records_survive_and_are_not_readable_in_the_file),
		STORE_TEST(several_records_are_written_together_or_not_at_all),
		STORE_TEST(a_record_moved_to_another_place_is_not_used),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
