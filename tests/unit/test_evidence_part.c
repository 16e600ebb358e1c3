/*
 * gate/evidence: the scan of the folder, deletions that are recorded first, and the event of a
 * throw.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "unit.h"
#include "base/clock.h"
#include "fake_store.h"
#include "gate/evidence/evidence.h"
#include "gate/evidence/folder.h"

#define STEM "facade-20261128T120000.000Z"

struct rig {
	char dir[64];
	struct config config;
	sd_event *event;
	struct journal *journal;
	struct store *store;
	struct evidence *evidence;
};

static void write_file(const struct rig *rig, const char *name, size_t bytes, unsigned days_old)
{
	const struct timespec times[2] = {{.tv_sec = time(NULL) - (time_t)days_old * 86400},
					  {.tv_sec = time(NULL) - (time_t)days_old * 86400}};
	static const char zeros[4096];
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", rig->dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, zeros, bytes), (ssize_t)bytes);
	assert_int_equal(futimens(fd, times), 0);
	close(fd);
}

static bool exists(const struct rig *rig, const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", rig->dir, name);
	return access(path, F_OK) == 0;
}

static int setup(void **state)
{
	struct rig *rig = calloc(1, sizeof(*rig));

	assert_non_null(rig);
	strcpy(rig->dir, "/tmp/gatehouse-evidence-XXXXXX");
	assert_non_null(mkdtemp(rig->dir));
	snprintf(rig->config.evidence.dir, sizeof(rig->config.evidence.dir), "%s", rig->dir);
	rig->config.evidence.days = 30;
	rig->config.evidence.max_gb = 1;
	assert_true(sd_event_new(&rig->event) >= 0);
	rig->journal = journal_open();
	rig->store = fake_store_open();
	journal_use_store(rig->journal, rig->store);
	*state = rig;
	return 0;
}

static int teardown(void **state)
{
	struct rig *rig = *state;
	char command[128];

	evidence_stop(rig->evidence);
	fake_store_close(rig->store);
	evidence_close(rig->evidence);
	journal_close(rig->journal);
	sd_event_unref(rig->event);
	snprintf(command, sizeof(command), "rm -rf %s", rig->dir);
	assert_int_equal(system(command), 0);
	free(rig);
	return 0;
}

static void files_of_one_throw_are_one_item(void **state)
{
	struct rig *rig = *state;
	struct folder_scan scan = {.started_unix_ms = clock_unix_ms()};
	char sealed[128];

	snprintf(sealed, sizeof(sealed), "%s/sealed", rig->dir);
	assert_int_equal(mkdir(sealed, 0700), 0);
	write_file(rig, STEM ".mp4", 1000, 2);
	write_file(rig, STEM ".jpg", 100, 1);
	write_file(rig, STEM "-trajectory.jpg", 10, 2);
	write_file(rig, "sealed/" STEM ".mp4", 1, 2);
	write_file(rig, ".facade-1.mp4.part", 50, 1);
	write_file(rig, "notes.txt", 7, 1);
	snprintf(scan.dir, sizeof(scan.dir), "%s", rig->dir);
	folder_scan_run(&scan.job);
	assert_int_equal(scan.count, 1);
	assert_string_equal(scan.items[0].stem, STEM);
	assert_int_equal(scan.items[0].files, 4);
	assert_int_equal(scan.items[0].bytes, 1111);
	assert_true(scan.items[0].unix_ms >
		    clock_unix_ms() - 2 * 86400000ll); /* the newest of them */
	assert_int_equal(scan.leftovers, 1);
	assert_false(exists(rig, ".facade-1.mp4.part"));
	assert_true(exists(rig, "notes.txt")); /* no evidence file */
	free(scan.items);
}

static void a_removal_deletes_every_file_of_the_item(void **state)
{
	struct rig *rig = *state;
	struct folder_removal removal = {0};

	write_file(rig, STEM ".mp4", 10, 0);
	write_file(rig, STEM "-trajectory.jpg", 10, 0);
	write_file(rig, "other-20261128T120000.000Z.mp4", 10, 0);
	snprintf(removal.dir, sizeof(removal.dir), "%s", rig->dir);
	snprintf(removal.stem, sizeof(removal.stem), STEM);
	folder_removal_run(&removal.job);
	assert_int_equal(removal.r, 0);
	assert_false(exists(rig, STEM ".mp4"));
	assert_false(exists(rig, STEM "-trajectory.jpg"));
	assert_true(exists(rig, "other-20261128T120000.000Z.mp4"));
	folder_removal_run(&removal.job); /* deleting it again is no error */
	assert_int_equal(removal.r, 0);
}

static void open_evidence(struct rig *rig)
{
	const struct evidence_deps deps = {
		.config = &rig->config, .event = rig->event, .journal = rig->journal};

	assert_int_equal(evidence_open(&deps, &rig->evidence), 0);
}

/* Run the loop until @p done holds. */
static void run_until(struct rig *rig, bool (*done)(const struct rig *rig))
{
	while (!done(rig))
		assert_true(sd_event_run(rig->event, 20000000) > 0);
}

static bool is_deleted(const struct rig *rig)
{
	return !exists(rig, STEM ".mp4");
}

static bool is_recorded(const struct rig *rig)
{
	return fake_store_events(rig->store, "evidence.deleted") > 0;
}

static void a_deletion_is_committed_before_the_file_is_deleted(void **state)
{
	struct rig *rig = *state;
	json_t *review =
		json_pack("{s:i, s:s, s:{s:i, s:s, s:b}}", "seq", 8, "type", "alert.reviewed",
			  "data", "alert", 7, "verdict", "confirmed", "held", 0);
	json_t *alert = json_pack("{s:i, s:s, s:{s:[{s:s}]}}", "seq", 7, "type", "litter.detected",
				  "data", "evidence", "name", STEM ".mp4");

	write_file(rig, STEM ".mp4", 10, 31);
	fake_store_hold(rig->store, true);
	open_evidence(rig);
	assert_true(json_is_null(evidence_json(rig->evidence)));
	evidence_event(rig->evidence, alert);
	evidence_event(rig->evidence, review);
	run_until(rig, is_recorded);
	assert_true(exists(rig, STEM ".mp4"));
	assert_int_equal(json_integer_value(json_object_get(
				 fake_store_last(rig->store, "evidence.deleted")->data, "alert")),
			 7);
	fake_store_answer(rig->store, 0);
	run_until(rig, is_deleted);
	json_decref(alert);
	json_decref(review);
}

static void evidence_is_not_deleted_when_its_event_fails(void **state)
{
	struct rig *rig = *state;
	json_t *status;

	write_file(rig, STEM ".mp4", 10, 31);
	fake_store_hold(rig->store, true);
	open_evidence(rig);
	run_until(rig, is_recorded);
	fake_store_answer(rig->store, -EIO);
	while (sd_event_run(rig->event, 0) > 0)
		;
	assert_true(exists(rig, STEM ".mp4"));
	status = evidence_json(rig->evidence);
	assert_int_equal(json_integer_value(json_object_get(status, "used_bytes")), 10);
	json_decref(status);
}

static void a_throw_is_recorded_with_its_reasons_and_files(void **state)
{
	struct rig *rig = *state;
	struct litter_result *result = calloc(1, sizeof(*result));
	const struct fake_write *write;

	result->verdict.grade = LITTER_ALERT;
	result->verdict.end_pts_us = 1500000;
	result->verdict.reason_count = 1;
	snprintf(result->verdict.reasons[0].name, sizeof(result->verdict.reasons[0].name), "falls");
	result->file_count = 1;
	snprintf(result->files[0].name, sizeof(result->files[0].name), STEM ".mp4");
	result->clip_offset_ms = 5000;
	evidence_record_throw(rig->journal, "facade", "camera/facade", result);
	write = fake_store_last(rig->store, "litter.detected");
	assert_non_null(write);
	assert_string_equal(write->source, "camera/facade");
	assert_int_equal(json_integer_value(json_object_get(write->data, "fall_ms")), 1500);
	assert_int_equal(json_integer_value(json_object_get(write->data, "clip_offset_ms")), 5000);
	assert_null(json_object_get(write->data, "evidence_error"));
	result->verdict.grade = LITTER_SUSPECTED;
	result->file_count = 0;
	problem_evidence_no_space(&result->evidence_problem, "clip");
	evidence_record_throw(rig->journal, "facade", "camera/facade", result);
	write = fake_store_last(rig->store, "litter.suspected");
	assert_non_null(write); /* recorded although its evidence failed */
	assert_null(json_object_get(write->data, "clip_offset_ms"));
	assert_string_equal(json_string_value(json_object_get(write->data, "evidence_error")),
			    "clip: no space left for it");
	assert_string_equal(json_string_value(json_object_get(
				    json_object_get(write->data, "evidence_problem"), "code")),
			    "evidence-no-space");
	free(result);
}

#define test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(files_of_one_throw_are_one_item),
		test(a_removal_deletes_every_file_of_the_item),
		test(a_deletion_is_committed_before_the_file_is_deleted),
		test(evidence_is_not_deleted_when_its_event_fails),
		test(a_throw_is_recorded_with_its_reasons_and_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
