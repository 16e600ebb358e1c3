#include "unit.h"

#include <errno.h>
#include <string.h>

#include "mqtt/command.h"

static const char topic[] = "gatehouse/s/g/cmd/door.open";

static const char good[] =
	"{\"v\":1,\"key\":\"desk\",\"id\":\"c-1\",\"expires\":1795234567890,\"nonce\":7,"
	"\"body\":{\"door\":\"main\",\"a\":true},\"sig\":\"c2ln\"}";

static int parse(const char *text, struct command *command, char *error)
{
	error[0] = '\0';
	return command_parse(topic, text, strlen(text), command, error);
}

static void a_good_envelope_is_read(void **state)
{
	struct command command;
	char error[COMMAND_ERROR_BYTES];

	(void)state;
	assert_int_equal(parse(good, &command, error), 0);
	assert_string_equal(command.key, "desk");
	assert_string_equal(command.id, "c-1");
	assert_true(command.expires_unix_ms == 1795234567890);
	assert_true(command.nonce == 7);
	assert_string_equal(command.signature, "c2ln");
	assert_string_equal(json_string_value(json_object_get(command.body, "door")), "main");
	assert_int_equal(command.signed_bytes, strlen(command.signed_text));
	command_finish(&command);
}

static void the_signed_text_does_not_depend_on_order_or_spaces(void **state)
{
	static const char other[] =
		" { \"sig\":\"c2ln\",\n\"body\":{\"a\":true, \"door\":\"m\\u0061in\"},\"nonce\":7, "
		"\"expires\":1795234567890,\"id\":\"c-1\",\"key\":\"desk\",\"v\":1}";
	struct command command;
	char error[COMMAND_ERROR_BYTES];

	(void)state;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(parse(i == 0 ? good : other, &command, error), 0);
		assert_string_equal(
			command.signed_text,
			"gatehouse/s/g/cmd/door.open\n"
			"{\"body\":{\"a\":true,\"door\":\"main\"},\"expires\":1795234567890,"
			"\"id\":\"c-1\",\"key\":\"desk\",\"nonce\":7,\"v\":1}");
		command_finish(&command);
	}
}

static void the_signer_makes_the_same_text(void **state)
{
	json_t *unsigned_envelope = json_pack(
		"{s:i, s:s, s:s, s:I, s:i, s:{s:s, s:b}}", "v", 1, "key", "desk", "id", "c-1",
		"expires", (json_int_t)1795234567890, "nonce", 7, "body", "door", "main", "a", 1);
	char *text = command_signed_text(topic, unsigned_envelope), error[COMMAND_ERROR_BYTES];
	struct command command;

	(void)state;
	assert_int_equal(parse(good, &command, error), 0);
	assert_string_equal(command.signed_text, text);
	command_finish(&command);
	json_decref(unsigned_envelope);
	free(text);
}

static void the_signature_covers_the_topic(void **state)
{
	json_t *envelope = json_object();
	char *here = command_signed_text("gatehouse/s/g/cmd/ping", envelope);
	char *there = command_signed_text("gatehouse/s/h/cmd/ping", envelope);

	(void)state;
	assert_string_equal(here, "gatehouse/s/g/cmd/ping\n{}");
	assert_string_not_equal(here, there);
	json_decref(envelope);
	free(here);
	free(there);
}

/* the good envelope with one member replaced, or removed */
static void refuses(const char *key, json_t *value, const char *said)
{
	json_t *envelope = json_loads(good, 0, NULL);
	char *text, error[COMMAND_ERROR_BYTES] = "";
	struct command command;

	if (value != NULL)
		json_object_set_new(envelope, key, value);
	else
		json_object_del(envelope, key);
	text = json_dumps(envelope, 0);
	assert_int_equal(parse(text, &command, error), -EINVAL);
	if (strstr(error, said) == NULL)
		fail_msg("%s: \"%s\" says nothing of \"%s\"", text, error, said);
	if (strcmp(key, "id") != 0)
		assert_string_equal(command.id, "c-1"); /* so that the answer can name it */
	command_finish(&command);
	json_decref(envelope);
	free(text);
}

static json_t *letters(size_t count)
{
	char text[256];

	memset(text, 'x', count);
	return json_stringn(text, count);
}

static void each_wrong_member_is_named(void **state)
{
	static const char *const strings[] = {"key", "id", "sig"}, *const numbers[] = {
									   "v", "expires", "nonce"};
	static const size_t bytes[] = {COMMAND_KEY_BYTES, COMMAND_ID_BYTES,
				       COMMAND_SIGNATURE_TEXT_BYTES};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		refuses(strings[i], NULL, strings[i]);
		refuses(strings[i], json_integer(1), strings[i]);
		refuses(strings[i], json_null(), strings[i]);
		refuses(strings[i], json_string(""), strings[i]);
		refuses(strings[i], letters(bytes[i]), strings[i]);
		refuses(numbers[i], NULL, numbers[i]);
		refuses(numbers[i], json_string("1"), numbers[i]);
		refuses(numbers[i], json_real(1.5), numbers[i]);
		refuses(numbers[i], json_true(), numbers[i]);
		refuses(numbers[i], json_integer(0), numbers[i]);
		refuses(numbers[i], json_integer(-1), numbers[i]);
	}
	refuses("v", json_integer(2), "v");
	refuses("body", NULL, "body");
	refuses("body", json_array(), "body");
	refuses("body", json_string("{}"), "body");
	refuses("body", json_null(), "body");
	refuses("door", json_string("main"), "door");
}

static void the_longest_strings_are_taken(void **state)
{
	json_t *envelope = json_loads(good, 0, NULL);
	char *text, error[COMMAND_ERROR_BYTES];
	struct command command;

	(void)state;
	json_object_set_new(envelope, "key", letters(COMMAND_KEY_BYTES - 1));
	json_object_set_new(envelope, "id", letters(COMMAND_ID_BYTES - 1));
	json_object_set_new(envelope, "sig", letters(COMMAND_SIGNATURE_TEXT_BYTES - 1));
	text = json_dumps(envelope, 0);
	assert_int_equal(parse(text, &command, error), 0);
	assert_int_equal(strlen(command.key), COMMAND_KEY_BYTES - 1);
	assert_int_equal(strlen(command.id), COMMAND_ID_BYTES - 1);
	assert_int_equal(strlen(command.signature), COMMAND_SIGNATURE_TEXT_BYTES - 1);
	command_finish(&command);
	json_decref(envelope);
	free(text);
}

static void what_is_no_envelope_is_refused(void **state)
{
	static const char *const wrong[] = {
		"",
		" ",
		"null",
		"1",
		"\"x\"",
		"[]",
		"[{}]",
		"{}",
		"{",
		"{\"v\":1",
		"{\"v\":1}{}",
		"{\"id\":\"a\",\"id\":\"b\"}",
		"{\"id\":\"\\u0000\"}",
		"{\"id\":\"\xff\xfe\"}",
		"{\"id\":\"\xc0\x80\"}",
		"{\"id\":\"\xed\xa0\x80\"}",
		"{\"id\":\"\\ud800\"}",
		"{\"nonce\":99999999999999999999}",
		"{\"nonce\":1e999}",
		"\xef\xbb\xbf{}",
	};
	struct command command;
	char error[COMMAND_ERROR_BYTES];

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(parse(wrong[i], &command, error), -EINVAL);
		assert_true(error[0] != '\0');
		command_finish(&command);
	}
	assert_int_equal(command_parse(topic, "{}\0{}", 5, &command, error), -EINVAL);
	command_finish(&command);
}

static void a_part_of_an_envelope_is_refused(void **state)
{
	struct command command;
	char error[COMMAND_ERROR_BYTES];

	(void)state;
	for (size_t bytes = 0; bytes < strlen(good); bytes++) {
		char *part =
			malloc(bytes + 1); /* its exact size, so that reading beyond it is seen */

		memcpy(part, good, bytes);
		assert_int_equal(command_parse(topic, part, bytes, &command, error), -EINVAL);
		command_finish(&command);
		free(part);
	}
}

static void deep_and_huge_envelopes_are_refused(void **state)
{
	size_t bytes = COMMAND_BYTES_MAX + 1;
	char *text = malloc(bytes), error[COMMAND_ERROR_BYTES];
	struct command command;

	(void)state;
	memset(text, '[', bytes);
	assert_int_equal(command_parse(topic, text, bytes - 1, &command, error), -EINVAL);
	command_finish(&command);
	memset(text, ' ', bytes);
	memcpy(text, good, strlen(good));
	assert_int_equal(command_parse(topic, text, bytes - 1, &command, error), 0);
	command_finish(&command);
	assert_int_equal(command_parse(topic, text, bytes, &command, error), -EINVAL);
	command_finish(&command);
	free(text);
}

static void replies_name_what_they_answer(void **state)
{
	json_t *ok = command_reply_ok("c-1", json_pack("{s:i}", "n", 1)),
	       *bare = command_reply_ok("c-2", NULL);
	json_t *error = command_reply_error("", "invalid", "no id");
	char *text = json_dumps(ok, JSON_COMPACT);

	(void)state;
	assert_string_equal(text, "{\"id\":\"c-1\",\"ok\":true,\"result\":{\"n\":1}}");
	free(text);
	text = json_dumps(bare, JSON_COMPACT);
	assert_string_equal(text, "{\"id\":\"c-2\",\"ok\":true,\"result\":{}}");
	free(text);
	text = json_dumps(error, JSON_COMPACT);
	assert_string_equal(text, "{\"id\":\"\",\"ok\":false,\"error\":{\"code\":\"invalid\","
				  "\"message\":\"no id\"}}");
	free(text);
	json_decref(ok);
	json_decref(bare);
	json_decref(error);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_envelope_is_read),
		cmocka_unit_test(the_signed_text_does_not_depend_on_order_or_spaces),
		cmocka_unit_test(the_signer_makes_the_same_text),
		cmocka_unit_test(the_signature_covers_the_topic),
		cmocka_unit_test(each_wrong_member_is_named),
		cmocka_unit_test(the_longest_strings_are_taken),
		cmocka_unit_test(what_is_no_envelope_is_refused),
		cmocka_unit_test(a_part_of_an_envelope_is_refused),
		cmocka_unit_test(deep_and_huge_envelopes_are_refused),
		cmocka_unit_test(replies_name_what_they_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
