#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store_helper.h"

static const char *const alice = "01HF7YAT00000000000000000A";
static const char *const model = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

static int setup(void **state)
{
	struct store_test *test = calloc(1, sizeof(*test));

	store_test_make_dir(test);
	*state = test;
	return 0;
}

static int teardown(void **state)
{
	struct store_test *test = *state;

	store_close(test->store);
	store_test_remove_dir(test);
	free(test);
	return 0;
}

static void assert_log_good(struct store_test *test, int64_t last_seq)
{
	struct audit_result result;

	assert_int_equal(audit_verify(test->db, NULL, NULL, NULL, &result), 0);
	if (!result.ok)
		fail_msg("%s", result.text);
	assert_true(result.signatures_checked);
	if (last_seq != 0)
		assert_int_equal(result.last_seq, last_seq);
}

static void put_alice(struct store_test *test)
{
	struct roster_person person = {.name = "Alice Plaintext", .enabled = true, .valid_to_unix_ms = 99};
	struct event_draft draft = {.type = "person.added", .person = alice};
	float vector[ROSTER_TEMPLATE_DIM];

	memcpy(person.id, alice, sizeof(person.id));
	for (int i = 0; i < ROSTER_TEMPLATE_DIM; i++)
		vector[i] = (float)i;
	assert_int_equal(store_person_put(test->store, &person, &draft, store_test_done, test), 0);
	draft.type = "person.enrolled";
	assert_int_equal(store_template_add(test->store, alice, model, vector, &draft, store_test_done, test),
			 0);
	store_test_settle(test);
	assert_int_equal(test->r, 0);
}

static void only_one_daemon_claims_a_directory(void **state)
{
	struct store_test *test = *state;
	struct store_claim *claim, *other;
	char dir[80], error[STORE_TEXT_BYTES] = "", pid[24];
	struct stat at;

	snprintf(dir, sizeof(dir), "%s/state", test->dir);
	assert_int_equal(store_claim(dir, &claim, error), 0);
	assert_int_equal(stat(dir, &at), 0);
	assert_int_equal(at.st_mode & 0777, 0700);
	assert_int_equal(store_claim(dir, &other, error), -EBUSY);
	snprintf(pid, sizeof(pid), "pid %d", (int)getpid());
	assert_non_null(strstr(error, pid));
	store_claim_release(claim);
	assert_int_equal(store_claim(dir, &claim, error), 0);
	store_claim_release(claim);
	assert_int_equal(store_claim("/proc/nowhere/state", &claim, error), -ENOENT);
	assert_non_null(strstr(error, "/proc/nowhere"));
}

static void events_come_back_committed_in_order(void **state)
{
	struct store_test *test = *state;
	struct stat at;

	store_test_open(test);
	assert_true(store_is_ready(test->store));
	assert_int_equal(store_last_seq(test->store), 0);
	store_test_fill(test, "door.mode", 10000); /* more than one batch */
	assert_int_equal(test->answered, 10000);
	assert_int_equal(test->last_seq, 10000);
	assert_true(test->in_order);
	assert_int_equal(store_last_seq(test->store), 10000);
	assert_non_null(strstr(test->last_json, "\"seq\":10000,"));
	assert_int_equal(stat(test->db, &at), 0);
	assert_int_equal(at.st_mode & 0777, 0600);
	store_test_close(test);
	assert_log_good(test, 10001);
	store_test_open(test);
	assert_int_equal(store_last_seq(test->store), 10001);
	store_test_fill(test, "door.mode", 1);
	assert_int_equal(test->last_seq, 10003); /* an anchor is first */
	assert_int_equal(test->told[STORE_TAMPERED], 0);
	store_test_close(test);
	assert_log_good(test, 10004);
}

static void bad_drafts_are_refused_at_once(void **state)
{
	struct store_test *test = *state;
	struct event_draft draft = {.type = "No Type"};
	char *large = malloc(EVENT_DATA_BYTES_MAX + 1);

	store_test_open(test);
	assert_int_equal(store_append(test->store, &draft, store_test_done, test), -EINVAL);
	memset(large, 'x', EVENT_DATA_BYTES_MAX);
	large[EVENT_DATA_BYTES_MAX] = '\0';
	draft.type = "door.mode";
	draft.data = json_pack("{s:s}", "text", large);
	assert_int_equal(store_append(test->store, &draft, store_test_done, test), -EFBIG);
	json_decref(draft.data);
	free(large);
	assert_int_equal(test->answered, 0);
	assert_int_equal(store_pending(test->store), 0);
}

static void a_full_queue_refuses_and_loses_nothing(void **state)
{
	struct store_test *test = *state;
	struct event_draft draft = {.type = "door.mode"};
	unsigned accepted = 0;

	store_test_start(test);
	while (store_append(test->store, &draft, store_test_done, test) == 0)
		accepted++; /* nobody dispatches: the answers stay on their way */
	assert_int_equal(accepted, STORE_QUEUE_MAX);
	assert_int_equal(store_append(test->store, &draft, NULL, NULL), -ENOSPC);
	store_test_settle(test);
	assert_int_equal(test->answered, accepted);
	assert_int_equal(test->last_seq, accepted);
	store_test_fill(test, "door.mode", 1);
}

static void the_roster_survives_and_is_not_readable_in_the_file(void **state)
{
	struct store_test *test = *state;

	store_test_open(test);
	put_alice(test);
	assert_false(store_test_file_holds(test, "Plaintext"));
	store_test_close(test);
	assert_false(store_test_file_holds(test, "Plaintext"));
	assert_true(store_test_file_holds(test, "person.enrolled"));
	store_test_open(test);
	assert_int_equal(test->people, 1);
	assert_int_equal(test->faces, 1);
	assert_string_equal(test->person.name, "Alice Plaintext");
	assert_string_equal(test->person.id, alice);
	assert_true(test->person.enabled);
	assert_int_equal(test->person.valid_to_unix_ms, 99);
	assert_int_equal(test->person.template_count, 1);
	assert_true(test->vector[511] == 511.0f);
}

static void removing_somebody_leaves_the_chain(void **state)
{
	struct store_test *test = *state;
	struct event_draft draft = {.type = "person.removed", .person = alice};

	store_test_open(test);
	put_alice(test);
	assert_int_equal(store_person_remove(test->store, alice, &draft, store_test_done, test), 0);
	store_test_settle(test);
	assert_int_equal(test->r, 0);
	assert_int_equal(test->last_seq, 3);
	/* again: nobody there, and no event of it */
	assert_int_equal(store_person_remove(test->store, alice, &draft, store_test_done, test), 0);
	store_test_settle(test);
	assert_int_equal(test->r, -ENOENT);
	assert_int_equal(test->last_seq, 3);
	store_test_close(test);
	assert_log_good(test, 4);
	store_test_open(test);
	assert_int_equal(test->people, 0);
	assert_int_equal(test->faces, 0);
}

static void templates_need_a_person_and_have_a_limit(void **state)
{
	struct store_test *test = *state;
	struct event_draft draft = {.type = "person.enrolled", .person = alice};
	float vector[ROSTER_TEMPLATE_DIM] = {1};

	store_test_open(test);
	assert_int_equal(store_template_add(test->store, alice, model, vector, &draft, store_test_done, test),
			 0);
	store_test_settle(test);
	assert_int_equal(test->r, -ENOENT);
	put_alice(test);
	for (int i = 1; i < ROSTER_TEMPLATES_MAX; i++)
		store_template_add(test->store, alice, model, vector, &draft, store_test_done, test);
	store_test_settle(test);
	assert_int_equal(test->r, 0);
	store_template_add(test->store, alice, model, vector, &draft, store_test_done, test);
	store_test_settle(test);
	assert_int_equal(test->r, -E2BIG);
	assert_int_equal(store_template_add(test->store, alice, "short", vector, &draft, NULL, NULL),
			 -EINVAL);
	store_template_remove(test->store, alice, NULL, &draft, store_test_done, test);
	store_test_settle(test);
	assert_int_equal(test->r, 0);
	store_test_close(test);
	assert_log_good(test, 0);
	store_test_open(test);
	assert_int_equal(test->people, 1);
	assert_int_equal(test->faces, 0);
}

static void a_face_moved_to_another_person_is_not_used(void **state)
{
	struct store_test *test = *state;
	struct roster_person mallory = {.id = "01HF7YAT00000000000000000M", .name = "M"};
	struct event_draft draft = {.type = "person.added", .person = mallory.id};

	store_test_open(test);
	put_alice(test);
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
	assert_int_equal(store_record_put(test->store, "group", "staff", json, &draft, store_test_done, test),
			 0);
	assert_int_equal(store_record_put(test->store, "rule", "r1", json, &draft, store_test_done, test), 0);
	assert_int_equal(store_record_put(test->store, "rule", "r1", json, &draft, store_test_done, test), 0);
	assert_int_equal(store_record_remove(test->store, "group", "staff", &draft, store_test_done, test),
			 0);
	assert_int_equal(store_record_remove(test->store, "group", "never", &draft, store_test_done, test),
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
	assert_log_good(test, 0);
	json_decref(json);
}

static void several_records_are_written_together_or_not_at_all(void **state)
{
	struct store_test *test = *state;
	struct event_draft draft = {.type = "access.request"};
	json_t *json = json_object(), *large = json_object();
	struct store_record records[] = {{"pass", "a", json}, {"counter", "b", json}, {"Pass", "c", json}};
	char *text = malloc(STORE_RECORD_BYTES_MAX + 1);

	memset(text, 'x', STORE_RECORD_BYTES_MAX);
	text[STORE_RECORD_BYTES_MAX] = '\0';
	json_object_set_new(large, "x", json_string(text));
	free(text);
	store_test_open(test);
	assert_int_equal(store_records_write(test->store, records, 3, &draft, store_test_done, test),
			 -EINVAL);
	records[2] = (struct store_record){"pass", "with space", json};
	assert_int_equal(store_records_write(test->store, records, 3, &draft, store_test_done, test),
			 -EINVAL);
	records[2] = (struct store_record){"pass", "large", large};
	assert_int_equal(store_records_write(test->store, records, 3, &draft, store_test_done, test), -EFBIG);
	assert_int_equal(store_records_write(test->store, records, 0, &draft, store_test_done, test),
			 -EINVAL);
	assert_int_equal(store_record_put(test->store, "pass", "none", NULL, &draft, store_test_done, test),
			 -EINVAL);
	assert_int_equal(store_pending(test->store), 0);
	assert_int_equal(store_records_write(test->store, records, 2, &draft, store_test_done, test), 0);
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
	assert_int_equal(store_record_put(test->store, "pass", "spent", json, &draft, store_test_done, test),
			 0);
	assert_int_equal(store_record_put(test->store, "pass", "good", json, &draft, store_test_done, test),
			 0);
	store_test_close(test);
	store_test_sql(test, "UPDATE record SET box = (SELECT box FROM record WHERE id = 'good') "
			     "WHERE id = 'spent'");
	store_test_open(test);
	assert_int_equal(test->records, 1);
	assert_string_equal(test->record, "pass/good");
	assert_int_equal(test->told[STORE_TAMPERED], 1);
	json_decref(json);
}

static void copy_fixture(struct store_test *test, const char *from, const char *to, bool sql)
{
	const char *source = getenv("GH_SOURCE_DIR");
	char path[256], *text = calloc(1, 65536);
	FILE *file;

	snprintf(path, sizeof(path), "%s/tests/unit/data/schema1/%s", source != NULL ? source : ".", from);
	file = fopen(path, "r");
	assert_non_null(file);
	assert_true(fread(text, 1, 65535, file) > 0);
	fclose(file);
	if (sql) {
		store_test_sql(test, text);
	} else {
		snprintf(path, sizeof(path), "%s/%s", test->dir, to);
		file = fopen(path, "w");
		assert_non_null(file);
		fputs(text, file);
		fclose(file);
		assert_int_equal(chmod(path, 0600), 0);
	}
	free(text);
}

static void a_file_of_schema_1_is_brought_up(void **state)
{
	struct store_test *test = *state;
	struct event_draft draft = {.type = "access.changed"};
	char keys[80];
	json_t *json = json_object();

	snprintf(keys, sizeof(keys), "%s/keys", test->dir);
	assert_int_equal(mkdir(keys, 0700), 0);
	copy_fixture(test, "data.key", "keys/data.key", false);
	copy_fixture(test, "anchor.key", "keys/anchor.key", false);
	copy_fixture(test, "gate.sql", NULL, true);
	store_test_open(test);
	assert_int_equal(test->people, 2);
	assert_int_equal(test->faces, 2);
	assert_int_equal(test->told[STORE_TAMPERED] + test->told[STORE_SET_ASIDE], 0);
	assert_int_equal(store_record_put(test->store, "group", "staff", json, &draft, store_test_done, test),
			 0);
	store_test_close(test);
	assert_log_good(test, 0);
	store_test_open(test);
	assert_int_equal(test->people, 2);
	assert_int_equal(test->records, 1);
	json_decref(json);
}

static void a_newer_schema_is_refused_and_not_touched(void **state)
{
	struct store_test *test = *state;
	struct event_draft draft = {.type = "door.mode"};
	char before[64], after[64];
	struct stat at;

	store_test_open(test);
	store_test_fill(test, "door.mode", 3);
	store_test_close(test);
	store_test_sql(test, "PRAGMA user_version = 7");
	assert_int_equal(stat(test->db, &at), 0);
	snprintf(before, sizeof(before), "%ld.%09ld %ld", at.st_mtim.tv_sec, at.st_mtim.tv_nsec, at.st_size);
	store_test_start(test);
	assert_int_equal(store_append(test->store, &draft, store_test_done, test), 0);
	store_test_wait_news(test, STORE_UNUSABLE);
	assert_non_null(strstr(test->text, "schema 7, this program knows 2: install the newer version"));
	store_test_settle(test);
	assert_int_equal(test->r, -EIO);
	assert_int_equal(store_append(test->store, &draft, NULL, NULL), -EIO);
	store_test_close(test);
	assert_int_equal(stat(test->db, &at), 0);
	snprintf(after, sizeof(after), "%ld.%09ld %ld", at.st_mtim.tv_sec, at.st_mtim.tv_nsec, at.st_size);
	assert_string_equal(before, after);
}

static void replace_key(struct store_test *test, const char *name, bool with_another)
{
	char path[128], error[CRYPTO_ERROR_BYTES];
	uint8_t key[32];

	snprintf(path, sizeof(path), "%s/keys/%s", test->dir, name);
	assert_int_equal(unlink(path), 0);
	if (with_another)
		assert_int_equal(crypto_key_create(path, key, sizeof(key), error), 0);
}

static void a_wrong_or_missing_data_key_is_told_clearly(void **state)
{
	struct store_test *test = *state;
	char path[128];

	store_test_open(test);
	put_alice(test);
	store_test_close(test);
	replace_key(test, "data.key", true);
	store_test_start(test);
	store_test_wait_news(test, STORE_UNUSABLE);
	assert_non_null(strstr(test->text, "data.key: is not the key that gate.db was written with"));
	store_test_close(test);
	replace_key(test, "data.key", false);
	store_test_start(test);
	store_test_wait_news(test, STORE_UNUSABLE);
	assert_non_null(strstr(test->text, "put the key back"));
	store_test_close(test);
	snprintf(path, sizeof(path), "%s/keys/data.key", test->dir);
	assert_int_not_equal(access(path, F_OK), 0); /* none was made in its place */
}

static void a_damaged_file_is_set_aside(void **state)
{
	struct store_test *test = *state;
	FILE *file;

	store_test_open(test);
	store_test_fill(test, "door.mode", 3);
	store_test_close(test);
	file = fopen(test->db, "r+");
	assert_non_null(file);
	for (int i = 0; i < 1000; i++)
		fputs("rubbish", file);
	fclose(file);
	store_test_open(test);
	assert_int_equal(test->told[STORE_SET_ASIDE], 1);
	assert_non_null(strstr(test->text, "gate.db.corrupt-"));
	store_test_fill(test, "door.mode", 1);
	assert_int_equal(test->r, 0);
	store_test_close(test);
	assert_log_good(test, 0);
}

static void what_can_be_read_of_a_damaged_file_is_saved(void **state)
{
	struct store_test *test = *state;
	struct event_draft draft = {.type = "command.accepted", .nonce_key = "key-1", .nonce = 41};

	store_test_open(test);
	put_alice(test);
	store_append(test->store, &draft, store_test_done, test);
	assert_int_equal(store_cursor_set(test->store, "mqtt", 2), 0);
	store_test_settle(test);
	store_test_close(test); /* rows 1 to 3 and an anchor */
	store_test_sql(test, "DROP TABLE event");
	store_test_open(test);
	assert_int_equal(test->told[STORE_SET_ASIDE], 1);
	assert_non_null(strstr(test->text, "after row 4, 1 people were saved"));
	assert_int_equal(test->people, 1);
	assert_int_equal(test->faces, 1);
	assert_int_equal(store_nonce_get(test->store, "key-1"), 41);
	assert_int_equal(store_cursor_get(test->store, "mqtt"), 2);
	store_test_fill(test, "door.mode", 1);
	assert_true(test->last_seq > 4);
	store_test_close(test);
	assert_log_good(test, 0);
}

static void a_file_somebody_changed_is_told_at_start(void **state)
{
	struct store_test *test = *state;

	store_test_open(test);
	store_test_fill(test, "door.mode", 9);
	store_test_close(test);
	store_test_sql(test, "DELETE FROM event WHERE seq > 7");
	store_test_open(test);
	assert_int_equal(test->told[STORE_TAMPERED], 1);
	store_test_fill(test, "door.mode", 1);
	assert_true(test->last_seq > 10); /* the seqs of the rows that were cut off are not given again */
}

/* A file may grow no more: what a full disk does, without filling one. */
static void set_file_limit(rlim_t bytes)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = bytes;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void a_full_disk_delays_and_loses_nothing(void **state)
{
	struct store_test *test = *state;
	struct event_draft draft = {.type = "door.mode"};
	void (*before)(int) = signal(SIGXFSZ, SIG_IGN);

	store_test_open(test);
	store_test_fill(test, "door.mode", 10);
	draft.data = json_pack("{s:s}", "text", "a kilobyte would do as well as this sentence");
	set_file_limit(512 * 1024);
	for (int i = 0; i < 20000; i++)
		assert_int_equal(store_append(test->store, &draft, store_test_done, test), 0);
	store_test_wait_news(test, STORE_FAILED);
	assert_non_null(strstr(test->text, "cannot be written"));
	assert_true(store_pending(test->store) > 0);
	assert_int_equal(test->told[STORE_RESTORED], 0);
	set_file_limit(RLIM_INFINITY);
	store_test_settle(test);
	store_test_wait_news(test, STORE_RESTORED);
	json_decref(draft.data);
	assert_int_equal(test->told[STORE_FAILED], 1);
	assert_int_equal(test->answered, 20010);
	assert_int_equal(test->last_seq, 20010);
	assert_true(test->in_order);
	store_test_close(test);
	assert_log_good(test, 20011);
	(void)signal(SIGXFSZ, before);
}

static void closing_on_a_full_disk_ends_and_says_what_is_lost(void **state)
{
	struct store_test *test = *state;
	struct event_draft draft = {.type = "door.mode"};
	void (*before)(int) = signal(SIGXFSZ, SIG_IGN);

	store_test_open(test);
	store_test_fill(test, "door.mode", 10);
	set_file_limit(16 * 1024);
	for (int i = 0; i < 100; i++)
		store_append(test->store, &draft, store_test_done, test);
	store_test_wait_news(test, STORE_FAILED);
	store_test_close(test);
	set_file_limit(RLIM_INFINITY);
	assert_int_equal(test->answered, 110);
	assert_int_equal(test->r, -ECANCELED);
	assert_log_good(test, 10);
	(void)signal(SIGXFSZ, before);
}

static void cursors_and_nonces_survive(void **state)
{
	struct store_test *test = *state;
	struct event_draft draft = {.type = "command.accepted", .nonce_key = "key-1", .nonce = 7};

	store_test_open(test);
	assert_int_equal(store_nonce_get(test->store, "key-1"), 0);
	assert_int_equal(store_append(test->store, &draft, store_test_done, test), 0);
	assert_int_equal(store_nonce_get(test->store, "key-1"),
			 7); /* at once: the same command is late now */
	draft.nonce = 5;
	assert_int_equal(store_append(test->store, &draft, store_test_done, test), 0);
	assert_int_equal(store_cursor_set(test->store, "mqtt", 1), 0);
	assert_int_equal(store_cursor_set(test->store, "mqtt", 2), 0);
	assert_int_equal(store_cursor_set(test->store, "", 2), -EINVAL);
	store_test_close(test);
	store_test_open(test);
	assert_int_equal(store_nonce_get(test->store, "key-1"), 7);
	assert_int_equal(store_nonce_get(test->store, "key-2"), 0);
	assert_int_equal(store_cursor_get(test->store, "mqtt"), 2);
	for (int i = 1; i < STORE_CURSORS_MAX; i++) {
		char name[8];

		snprintf(name, sizeof(name), "c%d", i);
		assert_int_equal(store_cursor_set(test->store, name, 1), 0);
	}
	assert_int_equal(store_cursor_set(test->store, "more", 1), -ENOSPC);
}

/* The child tells each answered seq through a pipe until it is killed. */
static void append_until_killed(struct store_test *test, int pipe_fd)
{
	struct event_draft draft = {.type = "door.mode"};
	int64_t told = 0;

	store_test_open(test);
	for (;;) {
		for (int i = 0; i < 20; i++)
			(void)store_append(test->store, &draft, store_test_done, test);
		store_test_wait(test);
		if (test->last_seq > told) {
			told = test->last_seq;
			if (write(pipe_fd, &told, sizeof(told)) != sizeof(told))
				_exit(1);
		}
	}
}

static int64_t run_and_kill(struct store_test *test, unsigned answers)
{
	int fds[2];
	int64_t acked = 0, seq;
	pid_t child;

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		append_until_killed(test, fds[1]);
	close(fds[1]);
	while (answers-- > 0 && read(fds[0], &seq, sizeof(seq)) == sizeof(seq))
		acked = seq;
	assert_int_equal(kill(child, SIGKILL), 0);
	while (read(fds[0], &seq, sizeof(seq)) == sizeof(seq))
		acked = seq; /* told before the kill */
	close(fds[0]);
	assert_int_equal(waitpid(child, NULL, 0), child);
	return acked;
}

static void a_kill_loses_no_answered_event(void **state)
{
	struct store_test *test = *state;

	for (unsigned i = 0; i < 20; i++) {
		struct audit_result result;
		int64_t acked = run_and_kill(test, 1 + i * 3);

		assert_true(acked > 0);
		assert_int_equal(audit_verify(test->db, NULL, NULL, NULL, &result), 0);
		if (!result.ok)
			fail_msg("%s", result.text);
		assert_true(result.last_seq >= acked);
	}
	store_test_open(test);
	assert_int_equal(test->told[STORE_TAMPERED] + test->told[STORE_SET_ASIDE], 0);
}

struct page {
	struct store_test *test;
	int r;
	size_t count;
	int64_t first, last;
	bool done;
	char json[512];
};

static void on_rows(void *arg, int r, const struct event_row *rows, size_t count)
{
	struct page *page = arg;

	page->done = true;
	page->r = r;
	page->count = count;
	if (count == 0)
		return;
	page->first = rows[0].seq;
	page->last = rows[count - 1].seq;
	snprintf(page->json, sizeof(page->json), "%s", rows[0].json);
}

static struct page ask(struct store_test *test, const struct store_filter *filter)
{
	struct page page = {.test = test};

	assert_int_equal(store_query_events(test->store, filter, on_rows, &page), 0);
	while (!page.done)
		store_test_wait(test);
	assert_int_equal(page.r, 0);
	return page;
}

static void fill_for_queries(struct store_test *test)
{
	struct event_draft draft = {.type = "door.mode"};

	store_test_open(test);
	for (int i = 1; i <= 300; i++) {
		draft.type = i % 3 == 0 ? "door.mode" : i % 3 == 1 ? "door.forced" : "access.granted";
		draft.person = i % 10 == 0 ? alice : NULL;
		draft.unix_ms = 1000000 + i * 1000;
		assert_int_equal(store_append(test->store, &draft, NULL, NULL), 0);
	}
	store_test_settle(test);
}

static void pages_follow_each_other_both_ways(void **state)
{
	struct store_test *test = *state;
	struct page page;

	fill_for_queries(test);
	page = ask(test, &(struct store_filter){.limit = 100});
	assert_int_equal(page.count, 100);
	assert_int_equal(page.first, 300);
	assert_int_equal(page.last, 201);
	page = ask(test, &(struct store_filter){.limit = 1000, .before_seq = page.last});
	assert_int_equal(page.count, 200);
	assert_int_equal(page.first, 200);
	page = ask(test, &(struct store_filter){.limit = 10, .after_seq = 295, .ascending = true});
	assert_int_equal(page.count, 5);
	assert_int_equal(page.first, 296);
	assert_non_null(strstr(page.json, "\"seq\":296,"));
	assert_null(strstr(page.json, "\"hash\""));
	page = ask(test, &(struct store_filter){.limit = 1, .hashes = true});
	assert_non_null(strstr(page.json, "\"hash\""));
	page = ask(test, &(struct store_filter){.limit = 1, .after_seq = 300});
	assert_int_equal(page.count, 0);
}

static void filters_pick_type_person_and_time(void **state)
{
	struct store_test *test = *state;
	struct page page;

	fill_for_queries(test);
	page = ask(test, &(struct store_filter){.limit = 1000, .type = "door.mode"});
	assert_int_equal(page.count, 100);
	assert_int_equal(page.first, 300);
	page = ask(test, &(struct store_filter){.limit = 1000, .type = "door."});
	assert_int_equal(page.count, 200);
	page = ask(test, &(struct store_filter){.limit = 3, .type = "door.", .ascending = true});
	assert_int_equal(page.first, 1);
	assert_int_equal(page.last, 4);
	page = ask(test, &(struct store_filter){.limit = 9, .type = "nothing."});
	assert_int_equal(page.count, 0);
	page = ask(test, &(struct store_filter){.limit = 1000, .person = alice});
	assert_int_equal(page.count, 30);
	page = ask(test, &(struct store_filter){.limit = 1000, .person = alice, .type = "door.mode"});
	assert_int_equal(page.count, 10);
	page = ask(test, &(struct store_filter){.limit = 1000,
						.from_unix_ms = 1000000 + 5000,
						.to_unix_ms = 1000000 + 9000});
	assert_int_equal(page.count, 4);
	assert_int_equal(page.first, 8);
	assert_int_equal(page.last, 5);
	page = ask(test, &(struct store_filter){.limit = 1000, .from_unix_ms = 9000000});
	assert_int_equal(page.count, 0);
}

static void questions_out_of_range_are_refused(void **state)
{
	struct store_test *test = *state;
	struct page page = {.test = test};
	unsigned asked = 0;

	store_test_start(test);
	assert_int_equal(store_fetch_outbox(test->store, 0, 10, on_rows, &page), -EAGAIN);
	store_test_wait_news(test, STORE_READY);
	assert_int_equal(store_fetch_outbox(test->store, 0, 0, on_rows, &page), -EINVAL);
	assert_int_equal(store_fetch_outbox(test->store, 0, STORE_ROWS_MAX + 1, on_rows, &page), -EINVAL);
	assert_int_equal(store_fetch_outbox(test->store, -1, 1, on_rows, &page), -EINVAL);
	while (store_fetch_outbox(test->store, 0, 1, on_rows, &page) == 0)
		asked++;
	assert_int_equal(asked, STORE_QUERIES_MAX);
	store_test_close(test); /* every question is answered, one way or the other */
	assert_true(page.done);
}

static void on_verified(void *arg, int r, const struct audit_result *result)
{
	*(int *)arg = r == 0 && result->ok ? 1 : 2;
}

static void the_log_is_verified_while_it_grows(void **state)
{
	struct store_test *test = *state;
	int verdict = 0;

	store_test_open(test);
	store_test_fill(test, "door.mode", 6000);
	assert_int_equal(store_audit_verify(test->store, on_verified, &verdict), 0);
	assert_int_equal(store_audit_verify(test->store, on_verified, &verdict), -EBUSY);
	while (verdict == 0)
		store_test_fill(test, "door.mode", 10);
	assert_int_equal(verdict, 1);
	verdict = 0;
	assert_int_equal(store_audit_verify(test->store, on_verified, &verdict), 0);
	store_test_close(test);
	assert_int_not_equal(verdict, 0);
}

static void a_store_that_was_not_used_can_be_closed(void **state)
{
	struct store_test *test = *state;

	store_test_start(test);
	store_test_close(test);
	store_test_open(test);
	assert_int_equal(store_pending_ms(test->store), 0);
}

#define IN_DIRECTORY(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_DIRECTORY(only_one_daemon_claims_a_directory),
		IN_DIRECTORY(events_come_back_committed_in_order),
		IN_DIRECTORY(bad_drafts_are_refused_at_once),
		IN_DIRECTORY(a_full_queue_refuses_and_loses_nothing),
		IN_DIRECTORY(the_roster_survives_and_is_not_readable_in_the_file),
		IN_DIRECTORY(removing_somebody_leaves_the_chain),
		IN_DIRECTORY(templates_need_a_person_and_have_a_limit),
		IN_DIRECTORY(a_face_moved_to_another_person_is_not_used),
		IN_DIRECTORY(records_survive_and_are_not_readable_in_the_file),
		IN_DIRECTORY(several_records_are_written_together_or_not_at_all),
		IN_DIRECTORY(a_record_moved_to_another_place_is_not_used),
		IN_DIRECTORY(a_file_of_schema_1_is_brought_up),
		IN_DIRECTORY(a_newer_schema_is_refused_and_not_touched),
		IN_DIRECTORY(a_wrong_or_missing_data_key_is_told_clearly),
		IN_DIRECTORY(a_damaged_file_is_set_aside),
		IN_DIRECTORY(what_can_be_read_of_a_damaged_file_is_saved),
		IN_DIRECTORY(a_file_somebody_changed_is_told_at_start),
		IN_DIRECTORY(a_full_disk_delays_and_loses_nothing),
		IN_DIRECTORY(closing_on_a_full_disk_ends_and_says_what_is_lost),
		IN_DIRECTORY(cursors_and_nonces_survive),
		IN_DIRECTORY(a_kill_loses_no_answered_event),
		IN_DIRECTORY(pages_follow_each_other_both_ways),
		IN_DIRECTORY(filters_pick_type_person_and_time),
		IN_DIRECTORY(questions_out_of_range_are_refused),
		IN_DIRECTORY(the_log_is_verified_while_it_grows),
		IN_DIRECTORY(a_store_that_was_not_used_can_be_closed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
