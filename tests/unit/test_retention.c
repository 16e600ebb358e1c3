#include "unit.h"
#include "gate/evidence/retention.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define DAY (24 * 3600 * INT64_C(1000))
#define NOW (INT64_C(1000) * DAY)

static struct retention *retention;
static struct retention_sums sums;

static int make(void **state)
{
	(void)state;
	return retention_open(&retention);
}

static int end(void **state)
{
	(void)state;
	retention_close(retention);
	return 0;
}

static void apply(const char *text)
{
	json_t *event = json_loads(text, 0, NULL);

	assert_non_null(event);
	assert_int_equal(retention_apply_event(retention, event), 0);
	json_decref(event);
}

static void alert(int seq, const char *stem)
{
	char text[256];

	snprintf(text, sizeof(text),
		 "{\"seq\":%d,\"type\":\"litter.detected\",\"data\":{\"evidence\":[{\"name\":\"%s."
		 "mp4\"},"
		 "{\"name\":\"%s-trajectory.jpg\"}]}}",
		 seq, stem, stem);
	apply(text);
}

static void review(int seq, int at)
{
	char text[128];

	snprintf(text, sizeof(text),
		 "{\"seq\":%d,\"type\":\"alert.reviewed\",\"data\":{\"alert\":%d}}", at, seq);
	apply(text);
}

static void hold(int seq, bool held, int at)
{
	char text[128];

	snprintf(text, sizeof(text),
		 "{\"seq\":%d,\"type\":\"alert.held\",\"data\":{\"alert\":%d,\"held\":%s}}", at,
		 seq, held ? "true" : "false");
	apply(text);
}

static struct retention_item item(const char *stem, int age_days, uint64_t bytes)
{
	struct retention_item made = {
		.unix_ms = NOW - age_days * DAY - 1000, .bytes = bytes, .files = 3};

	snprintf(made.stem, sizeof(made.stem), "%s", stem);
	return made;
}

static size_t plan(struct retention_item *items, size_t count, uint64_t bytes_max,
		   uint64_t free_bytes)
{
	const struct retention_limits limits = {
		.days = 30, .bytes_max = bytes_max, .free_bytes = free_bytes, .reserve_bytes = 100};

	return retention_plan(retention, items, count, &limits, NOW, &sums);
}

static void only_evidence_names_have_a_stem(void **state)
{
	char stem[RETENTION_STEM_BYTES], name[200];

	(void)state;
	assert_int_equal(retention_stem("facade-17-0.mp4", stem), 0);
	assert_string_equal(stem, "facade-17-0");
	assert_int_equal(retention_stem("facade-17-0-trajectory.jpg", stem), 0);
	assert_string_equal(stem, "facade-17-0");
	assert_int_equal(retention_stem(".facade-17-0.mp4.part", stem), -EINVAL);
	assert_int_equal(retention_stem("notes.txt", stem), -EINVAL);
	assert_int_equal(retention_stem(".mp4", stem), -EINVAL);
	assert_int_equal(retention_stem("", stem), -EINVAL);
	memset(name, 'a', sizeof(name));
	strcpy(name + RETENTION_STEM_BYTES, ".mp4");
	assert_int_equal(retention_stem(name, stem), -EINVAL);
	assert_int_equal(retention_stem(name + 1, stem), 0);
}

static void age_deletes_only_reviewed_evidence_that_is_not_held(void **state)
{
	struct retention_item items[] = {item("new", 31, 10), item("held", 40, 10),
					 item("old", 31, 10), item("young", 29, 10),
					 item("freed", 35, 10)};

	(void)state;
	alert(1, "new");
	alert(2, "held");
	alert(3, "old");
	alert(4, "young");
	alert(5, "freed");
	for (int seq = 2; seq <= 5; seq++)
		review(seq, 10 + seq);
	hold(2, true, 20);
	hold(5, true, 21);
	hold(5, false, 22);
	assert_int_equal(plan(items, 5, 1000, 1000), 2);
	assert_string_equal(items[0].stem, "freed");
	assert_string_equal(items[1].stem, "old");
	assert_int_equal(items[1].reason, RETENTION_AGE);
	assert_int_equal(items[1].alert, 3);
	assert_int_equal(sums.used_bytes, 50);
	assert_int_equal(sums.protected_bytes, 20);
}

static void space_deletes_reviewed_then_unreviewed_then_held(void **state)
{
	struct retention_item items[] = {item("held-old", 20, 10), item("new-old", 19, 10),
					 item("new-young", 2, 10), item("seen-young", 1, 10),
					 item("seen-old", 18, 10)};
	static const char *const order[] = {"seen-old", "seen-young", "new-old", "new-young",
					    "held-old"};

	(void)state;
	alert(1, "held-old");
	alert(2, "new-old");
	alert(3, "new-young");
	alert(4, "seen-young");
	alert(5, "seen-old");
	review(4, 10);
	review(5, 11);
	hold(1, true, 12);
	for (size_t keep = 0; keep <= 5; keep++) {
		assert_int_equal(plan(items, 5, keep * 10, 1000), 5 - keep);
		for (size_t i = 0; i < 5; i++)
			assert_string_equal(items[i].stem, order[i]);
	}
	assert_int_equal(plan(items, 5, 49, 1000), 1);
	assert_int_equal(items[0].reason, RETENTION_SPACE);
	assert_int_equal(items[1].reason, RETENTION_NOT_DUE);
}

static void a_disk_at_its_reserve_deletes_evidence(void **state)
{
	struct retention_item items[] = {item("a", 3, 10), item("b", 2, 10), item("c", 2, 10)};

	(void)state;
	assert_int_equal(plan(items, 3, 1000, 100), 0);
	assert_true(sums.low); /* told before anything has to go */
	assert_int_equal(plan(items, 3, 1000, 89), 2);
	assert_int_equal(plan(items, 3, 1000, 200), 0);
	assert_false(sums.low);
}

static void room_is_low_when_nearly_all_evidence_is_unreviewed(void **state)
{
	struct retention_item items[] = {item("a", 3, 95)};

	(void)state;
	alert(1, "a");
	assert_int_equal(plan(items, 1, 100, 1000), 0);
	assert_true(sums.low);
	review(1, 2);
	assert_int_equal(plan(items, 1, 100, 1000), 0);
	assert_false(sums.low);
}

static void evidence_without_an_event_is_protected_for_a_day(void **state)
{
	struct retention_item items[] = {item("just-now", 0, 10), item("stray", 31, 10)};

	(void)state;
	assert_true(retention_is_protected(retention, "just-now", 1000));
	assert_false(retention_is_protected(retention, "just-now", DAY));
	assert_int_equal(plan(items, 2, 1000, 1000), 1);
	assert_string_equal(items[0].stem, "stray");
}

static void an_older_event_read_late_does_not_undo_a_hold(void **state)
{
	(void)state;
	alert(1, "a");
	review(1, 2);
	hold(1, true, 9);
	hold(1, false, 5);
	assert_int_equal(retention_protection_of(retention, "a", 0, NULL), RETENTION_HELD);
}

static void unknown_events_are_ignored(void **state)
{
	(void)state;
	apply("{}");
	apply("{\"type\":5,\"data\":[]}");
	apply("{\"seq\":1,\"type\":\"litter.detected\"}");
	apply("{\"seq\":1,\"type\":\"litter.detected\",\"data\":{\"evidence\":[1,{\"name\":null},{"
	      "\"name\":"
	      "\"x\"}]}}");
	apply("{\"seq\":2,\"type\":\"evidence.deleted\",\"data\":{}}");
	assert_int_equal(plan(NULL, 0, 0, 0), 0);
}

static void the_log_is_kept_for_its_days_and_for_its_evidence(void **state)
{
	const int64_t day = 24 * 3600 * INT64_C(1000), now = 2000 * day;
	const uint64_t hour = 3600 * 1000;

	(void)state;
	assert_int_equal(retention_log_cutoff(now, 365, hour, 0), 1635 * day);
	assert_int_equal(retention_log_cutoff(now, 0, hour, 0), 0);
	assert_int_equal(retention_log_cutoff(now, 365, hour - 1, 0),
			 0); /* the clock was set just now */
	assert_int_equal(retention_log_cutoff(now, 365, hour, 1600 * day), 1599 * day);
	assert_int_equal(retention_log_cutoff(now, 365, hour, 1990 * day), 1635 * day);
	assert_int_equal(retention_log_cutoff(100 * day, 365, hour, 0),
			 0); /* a clock that was never set */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(only_evidence_names_have_a_stem, make, end),
		cmocka_unit_test_setup_teardown(age_deletes_only_reviewed_evidence_that_is_not_held,
						make, end),
		cmocka_unit_test_setup_teardown(space_deletes_reviewed_then_unreviewed_then_held,
						make, end),
		cmocka_unit_test_setup_teardown(a_disk_at_its_reserve_deletes_evidence, make, end),
		cmocka_unit_test_setup_teardown(room_is_low_when_nearly_all_evidence_is_unreviewed,
						make, end),
		cmocka_unit_test_setup_teardown(evidence_without_an_event_is_protected_for_a_day,
						make, end),
		cmocka_unit_test_setup_teardown(an_older_event_read_late_does_not_undo_a_hold, make,
						end),
		cmocka_unit_test_setup_teardown(unknown_events_are_ignored, make, end),
		cmocka_unit_test(the_log_is_kept_for_its_days_and_for_its_evidence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
