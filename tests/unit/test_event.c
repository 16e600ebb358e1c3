#include "unit.h"

#include <errno.h>
#include <string.h>

#include "crypto/crypto.h"
#include "store/event.h"

static struct event_row sample(void)
{
	return (struct event_row){.seq = 7,
				  .id = "01HF7YAT00000000000000000A",
				  .unix_ms = 1763697906789,
				  .type = "access.granted",
				  .severity = EVENT_INFO,
				  .source = "door/main",
				  .data = "{\"v\":1}"};
}

static void a_draft_must_have_words_in_shape(void **state)
{
	struct event_draft draft = {.type = "door.mode"};
	char type[EVENT_TYPE_BYTES + 1];
	json_t *array = json_array();

	(void)state;
	assert_int_equal(event_draft_check(&draft), 0);
	draft.source = "door/main";
	draft.person = "01HF7YAT00000000000000000A";
	assert_int_equal(event_draft_check(&draft), 0);
	draft.source = "door\"";
	assert_int_equal(event_draft_check(&draft), -EINVAL);
	draft.source = NULL;
	draft.person = "bob";
	assert_int_equal(event_draft_check(&draft), -EINVAL);
	draft.person = NULL;
	draft.data = array;
	assert_int_equal(event_draft_check(&draft), -EINVAL);
	draft.data = NULL;
	memset(type, 'a', sizeof(type));
	type[EVENT_TYPE_BYTES - 1] = '\0';
	draft.type = type;
	assert_int_equal(event_draft_check(&draft), 0);
	type[EVENT_TYPE_BYTES - 1] = 'a';
	type[EVENT_TYPE_BYTES] = '\0';
	assert_int_equal(event_draft_check(&draft), -EINVAL);
	draft.type = "";
	assert_int_equal(event_draft_check(&draft), -EINVAL);
	draft.type = "Door";
	assert_int_equal(event_draft_check(&draft), -EINVAL);
	draft.type = "a";
	draft.nonce_key = "key-1";
	assert_int_equal(event_draft_check(&draft), 0);
	draft.nonce = -1;
	assert_int_equal(event_draft_check(&draft), -EINVAL);
	json_decref(array);
}

static void data_is_canonical_and_has_a_version(void **state)
{
	json_t *data = json_pack("{s:i,s:s}", "z", 1, "a", "b");
	char *text = event_data_text(data);

	(void)state;
	assert_string_equal(text, "{\"a\":\"b\",\"v\":1,\"z\":1}");
	assert_null(json_object_get(data, "v"));
	free(text);
	json_object_set_new(data, "v", json_integer(2));
	text = event_data_text(data);
	assert_string_equal(text, "{\"a\":\"b\",\"v\":2,\"z\":1}");
	free(text);
	text = event_data_text(NULL);
	assert_string_equal(text, "{\"v\":1}");
	free(text);
	json_decref(data);
}

static void json_has_the_agreed_members(void **state)
{
	struct event_row row = sample();
	char *text = event_json(&row, false);

	(void)state;
	assert_string_equal(
		text,
		"{\"seq\":7,\"id\":\"01HF7YAT00000000000000000A\",\"time\":"
		"\"2025-11-21T04:05:06.789Z\",\"type\":\"access.granted\",\"severity\":\"info\","
		"\"source\":\"door/main\",\"person\":null,\"data\":{\"v\":1}}");
	free(text);
	memset(row.hash, 0xab, sizeof(row.hash));
	strcpy(row.person, "01HF7YAT00000000000000000B");
	text = event_json(&row, true);
	assert_non_null(strstr(text, "\"person\":\"01HF7YAT00000000000000000B\""));
	assert_non_null(strstr(text, "\"prev\":\"0000"));
	assert_non_null(strstr(text, "\"hash\":\"abab"));
	free(text);
}

/* The format of docs/reference/audit.md, made there by Python's hashlib: it must never change. */
static void the_hash_is_the_documented_one(void **state)
{
	struct event_row row = sample();
	uint8_t hash[DIGEST_BYTES];
	char text[DIGEST_HEX_BYTES];

	(void)state;
	event_hash(&row, hash);
	event_hash_text(hash, text);
	assert_string_equal(text,
			    "fd1368c126041afbed880e8e65608c64b7ac6e388a6daead34231a4556d1d7e1");
}

static void every_field_changes_the_hash(void **state)
{
	struct event_row rows[10];
	uint8_t hash[10][DIGEST_BYTES];

	(void)state;
	for (int i = 0; i < 10; i++)
		rows[i] = sample();
	rows[1].seq++;
	rows[2].id[25] = 'B';
	rows[3].unix_ms++;
	rows[4].type[0] = 'b';
	rows[5].severity = EVENT_ALARM;
	rows[6].source[0] = 'D';
	strcpy(rows[7].person, "01HF7YAT00000000000000000A");
	rows[8].data = "{\"v\":2}";
	rows[9].prev[31] = 1;
	for (int i = 0; i < 10; i++)
		event_hash(&rows[i], hash[i]);
	for (int i = 0; i < 10; i++)
		for (int k = 0; k < i; k++)
			assert_memory_not_equal(hash[i], hash[k], DIGEST_BYTES);
}

static void text_cannot_move_from_one_field_to_the_next(void **state)
{
	struct event_row a = sample(), b = sample();
	uint8_t hash_a[DIGEST_BYTES], hash_b[DIGEST_BYTES];

	(void)state;
	strcpy(a.type, "ab");
	strcpy(a.source, "c");
	strcpy(b.type, "a");
	strcpy(b.source, "bc");
	event_hash(&a, hash_a);
	event_hash(&b, hash_b);
	assert_memory_not_equal(hash_a, hash_b, sizeof(hash_a));
}

static int setup(void **state)
{
	(void)state;
	return crypto_init();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_draft_must_have_words_in_shape),
		cmocka_unit_test(data_is_canonical_and_has_a_version),
		cmocka_unit_test(json_has_the_agreed_members),
		cmocka_unit_test(the_hash_is_the_documented_one),
		cmocka_unit_test(every_field_changes_the_hash),
		cmocka_unit_test(text_cannot_move_from_one_field_to_the_next),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
