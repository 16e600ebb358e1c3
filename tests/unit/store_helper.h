/*
 * store_helper.h - a store in a directory of its own, and the control loop that a test stands in
 * for.
 */
#ifndef GH_TESTS_STORE_HELPER_H
#define GH_TESTS_STORE_HELPER_H

#include <stdbool.h>

#include "store/store.h"

struct store_test {
	char dir[64], db[96];
	struct store *store;
	/* what was told */
	unsigned told[STORE_UNUSABLE + 1];
	char text[STORE_TEXT_BYTES]; /* of the last status that had one */
	int64_t last_seq;
	bool in_order;
	size_t people, faces, records, gone;
	char record[96];     /* "KIND/ID" of the last */
	json_t *record_json; /* of the last; a reference */
	struct roster_person person;
	float vector[ROSTER_TEMPLATE_DIM];
	/* for the next opening; NULL: none, and the program's own */
	const char *recogniser;
	const struct schema *schema, *replica_schema;
	size_t crops;
	int64_t crop_number; /* of the last */
	char crop[32];
	/* of the last `done` */
	int r;
	unsigned answered;
	char last_json[4096];
};

extern const char *const store_test_alice, *const store_test_model; /* an id; a model's hash */

#define STORE_TEST(test)                                                                           \
	cmocka_unit_test_setup_teardown(test, store_test_setup, store_test_teardown)

/* *state is a struct store_test with a directory, not open; the teardown closes it. */
int store_test_setup(void **state);
int store_test_teardown(void **state);
void store_test_make_dir(struct store_test *test);
void store_test_remove_dir(struct store_test *test);
/** Opens without waiting. */
void store_test_start(struct store_test *test);
/** Opens and waits for READY. */
void store_test_open(struct store_test *test);
void store_test_close(struct store_test *test);
/** Dispatches until @p told[status] is above @p times, at most 20 s. */
void store_test_wait_status(struct store_test *test, enum store_status status);
/** Dispatches until nothing is pending. */
void store_test_settle(struct store_test *test);
void store_test_wait(struct store_test *test);
void store_test_done(void *arg, int r, const struct event_row *row);
/** Appends @p count events of @p type and waits for their commit. */
void store_test_fill(struct store_test *test, const char *type, unsigned count);
/** Runs SQL on the file, with another connection; @p test may be open. */
void store_test_sql(struct store_test *test, const char *sql);
/** Enabled until 99, with one template of store_test_model: 0, 1, 2... */
void store_test_put_alice(struct store_test *test);
/** Removes a person and waits for the commit. */
void store_test_remove(struct store_test *test, const char *person_id);
void store_test_copy(const char *from, const char *to);
/** The closed or open file verifies, and ends with @p last_seq (0: wherever). */
void store_test_assert_log_good(struct store_test *test, int64_t last_seq);
/** The first number that SQL finds. */
int64_t store_test_int(struct store_test *test, const char *sql);
/** Whether one of the database's files holds these bytes. */
bool store_test_file_holds(struct store_test *test, const char *bytes);

#endif
