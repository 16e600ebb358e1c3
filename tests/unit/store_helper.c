#include "store_helper.h"

#include "unit.h"

#include <ftw.h>
#include <poll.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *const store_test_alice = "01HF7YAT00000000000000000A";
const char *const store_test_model =
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

static void on_committed(void *arg, const struct event_row *row)
{
	struct store_test *test = arg;

	if (test->last_seq != 0 && row->seq != test->last_seq + 1)
		test->in_order = false;
	test->last_seq = row->seq;
	snprintf(test->last_json, sizeof(test->last_json), "%s", row->json);
}

static void on_person(void *arg, const struct roster_person *person)
{
	struct store_test *test = arg;

	test->people++;
	test->person = *person;
}

static void on_face(void *arg, const char *person_id, const char *model, const float *vector,
		    size_t dim)
{
	struct store_test *test = arg;

	(void)person_id;
	(void)model;
	test->faces++;
	memcpy(test->vector, vector, dim * sizeof(*vector));
}

static void on_face_removed(void *arg, const char *person_id, const char *model,
			    const float *vector, size_t dim)
{
	struct store_test *test = arg;

	assert_string_equal(person_id, store_test_alice);
	assert_string_equal(model, store_test_model);
	test->gone++;
	memcpy(test->vector, vector, dim * sizeof(*vector));
}

static void on_crop(void *arg, const char *person_id, int64_t number, const void *crop,
		    size_t bytes)
{
	struct store_test *test = arg;

	(void)person_id;
	test->crops++;
	test->crop_number = number;
	snprintf(test->crop, sizeof(test->crop), "%.*s", (int)bytes, (const char *)crop);
}

static void on_record(void *arg, const char *kind, const char *id, json_t *json)
{
	struct store_test *test = arg;

	test->records++;
	snprintf(test->record, sizeof(test->record), "%s/%s", kind, id);
	json_decref(test->record_json);
	test->record_json = json_incref(json);
}

static void on_status(void *arg, enum store_status status, const struct problem *problem)
{
	struct store_test *test = arg;

	test->told[status]++;
	if (problem->code != PROBLEM_NONE)
		snprintf(test->text, sizeof(test->text), "%s", problem->detail);
}

static const struct store_ops ops = {on_committed, on_person, on_face,        on_crop,
				     on_record,    on_status, on_face_removed};

static int remove_one(const char *path, const struct stat *at, int kind, struct FTW *walk)
{
	(void)at;
	(void)kind;
	(void)walk;
	return remove(path);
}

void store_test_make_dir(struct store_test *test)
{
	memset(test, 0, sizeof(*test));
	snprintf(test->dir, sizeof(test->dir), "/tmp/gh-store-XXXXXX");
	assert_non_null(mkdtemp(test->dir));
	snprintf(test->db, sizeof(test->db), "%s/gate.db", test->dir);
}

void store_test_remove_dir(struct store_test *test)
{
	json_decref(test->record_json);
	(void)nftw(test->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

void store_test_start(struct store_test *test)
{
	struct store_config config = {.state_dir = test->dir,
				      .ops = &ops,
				      .arg = test,
				      .recogniser = test->recogniser,
				      .schema = test->schema,
				      .replica_schema = test->replica_schema};

	memset(test->told, 0, sizeof(test->told));
	test->text[0] = '\0';
	test->last_seq = 0;
	test->people = test->faces = test->records = test->crops = test->gone = 0;
	test->in_order = true;
	assert_int_equal(store_open(&config, &test->store), 0);
}

void store_test_wait(struct store_test *test)
{
	struct pollfd fd = {.fd = store_fd(test->store), .events = POLLIN};

	if (poll(&fd, 1, 20000) != 1)
		fail_msg("the store said nothing for 20 s; last status: %s", test->text);
	store_dispatch(test->store);
}

void store_test_wait_status(struct store_test *test, enum store_status status)
{
	while (test->told[status] == 0)
		store_test_wait(test);
}

void store_test_open(struct store_test *test)
{
	store_test_start(test);
	store_test_wait_status(test, STORE_READY);
}

void store_test_close(struct store_test *test)
{
	store_close(test->store);
	test->store = NULL;
}

void store_test_settle(struct store_test *test)
{
	while (store_pending(test->store) > 0)
		store_test_wait(test);
}

void store_test_done(void *arg, int r, const struct event_row *row)
{
	struct store_test *test = arg;

	assert_int_equal(row == NULL, r < 0);
	test->r = r;
	test->answered++;
}

void store_test_fill(struct store_test *test, const char *type, unsigned count)
{
	struct event_draft draft = {.type = type, .source = "door/main"};

	for (unsigned i = 0; i < count; i++)
		assert_int_equal(store_append(test->store, &draft, store_test_done, test), 0);
	store_test_settle(test);
}

void store_test_sql(struct store_test *test, const char *sql)
{
	sqlite3 *db;
	char *error = NULL;

	assert_int_equal(sqlite3_open(test->db, &db), SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, &error) != SQLITE_OK)
		fail_msg("%s: %s", sql, error);
	sqlite3_close(db);
}

int64_t store_test_int(struct store_test *test, const char *sql)
{
	sqlite3_stmt *statement;
	sqlite3 *db;
	int64_t value;

	assert_int_equal(sqlite3_open(test->db, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	value = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	sqlite3_close(db);
	return value;
}

bool store_test_file_holds(struct store_test *test, const char *bytes)
{
	static const char *const suffixes[] = {"", "-wal"};
	bool found = false;

	for (int i = 0; i < 2; i++) {
		char path[128];
		struct stat at;
		char *text;
		FILE *file;

		snprintf(path, sizeof(path), "%s%s", test->db, suffixes[i]);
		file = fopen(path, "r");
		if (file == NULL)
			continue;
		assert_int_equal(fstat(fileno(file), &at), 0);
		text = malloc((size_t)at.st_size + 1);
		assert_non_null(text);
		assert_int_equal(fread(text, 1, (size_t)at.st_size, file), at.st_size);
		found = found || memmem(text, (size_t)at.st_size, bytes, strlen(bytes)) != NULL;
		free(text);
		fclose(file);
	}
	return found;
}

int store_test_setup(void **state)
{
	struct store_test *test = calloc(1, sizeof(*test));

	store_test_make_dir(test);
	*state = test;
	return 0;
}

int store_test_teardown(void **state)
{
	struct store_test *test = *state;

	store_close(test->store);
	store_test_remove_dir(test);
	free(test);
	return 0;
}

void store_test_assert_log_good(struct store_test *test, int64_t last_seq)
{
	struct audit_result result;

	assert_int_equal(audit_verify(test->db, NULL, NULL, NULL, &result), 0);
	if (!result.ok)
		fail_msg("%s", result.verdict.detail);
	assert_true(result.signatures_checked);
	if (last_seq != 0)
		assert_int_equal(result.last_seq, last_seq);
}

void store_test_put_alice(struct store_test *test)
{
	struct roster_person person = {
		.name = "Alice Plaintext", .enabled = true, .valid_to_unix_ms = 99};
	struct event_draft draft = {.type = "person.added", .person = store_test_alice};
	float vector[ROSTER_TEMPLATE_DIM];

	memcpy(person.id, store_test_alice, sizeof(person.id));
	for (int i = 0; i < ROSTER_TEMPLATE_DIM; i++)
		vector[i] = (float)i;
	assert_int_equal(store_person_put(test->store, &person, &draft, store_test_done, test), 0);
	draft.type = "person.enrolled";
	assert_int_equal(store_template_add(test->store, store_test_alice, store_test_model, vector,
					    &draft, store_test_done, test),
			 0);
	store_test_settle(test);
	assert_int_equal(test->r, 0);
}

void store_test_remove(struct store_test *test, const char *person_id)
{
	struct event_draft draft = {.type = "person.removed", .person = person_id};

	assert_int_equal(store_person_remove(test->store, person_id, &draft, store_test_done, test),
			 0);
	store_test_settle(test);
	assert_int_equal(test->r, 0);
}

void store_test_copy(const char *from, const char *to)
{
	FILE *in = fopen(from, "r"), *out = fopen(to, "w");
	char chunk[4096];
	size_t bytes;

	assert_non_null(in);
	assert_non_null(out);
	while ((bytes = fread(chunk, 1, sizeof(chunk), in)) > 0)
		assert_int_equal(fwrite(chunk, 1, bytes, out), bytes);
	fclose(in);
	assert_int_equal(fclose(out), 0);
}
