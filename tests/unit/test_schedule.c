#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "unit.h"
#include "access/schedule.h"

static struct schedule_time at(const char *date, int hour, int minute)
{
	struct schedule_time time = {.minute = (uint16_t)(hour * 60 + minute)};

	assert_int_equal(schedule_parse_date(date, &time.date), 0);
	return time;
}

static void add(struct schedule *schedule, const char *text)
{
	struct problem problem = {0};

	if (schedule_parse_span(text, &schedule->spans[schedule->span_count++], &problem) < 0)
		fail_msg("%s", problem.detail);
}

static void except(struct schedule *schedule, const char *text)
{
	struct problem problem = {0};

	if (schedule_parse_exception(text, &schedule->exceptions[schedule->exception_count++],
				     &problem) < 0)
		fail_msg("%s", problem.detail);
}

static void a_span_holds_from_its_first_to_before_its_last_minute(void **state)
{
	struct schedule office = {0};

	(void)state;
	add(&office, "mon-fri 08:00-18:00");
	/* 2026-11-23 is a Monday */
	assert_false(schedule_is_open(&office, NULL, at("2026-11-23", 7, 59)));
	assert_true(schedule_is_open(&office, NULL, at("2026-11-23", 8, 0)));
	assert_true(schedule_is_open(&office, NULL, at("2026-11-23", 8, 1)));
	assert_true(schedule_is_open(&office, NULL, at("2026-11-27", 17, 59)));
	assert_false(schedule_is_open(&office, NULL, at("2026-11-27", 18, 0)));
	assert_false(schedule_is_open(&office, NULL, at("2026-11-28", 12, 0)));
	assert_false(schedule_is_open(&office, NULL, at("2026-11-22", 12, 0)));
}

static void every_day_is_told_from_its_neighbours(void **state)
{
	static const char *const names[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

	(void)state;
	for (int day = 0; day < 7; day++) {
		struct schedule one = {0};
		char text[32];

		snprintf(text, sizeof(text), "%s 00:00-24:00", names[day]);
		add(&one, text);
		for (int other = 0; other < 7; other++) {
			struct schedule_time time = at("2026-11-23", 12, 0);

			time.date += other;
			assert_int_equal(schedule_is_open(&one, NULL, time), other == day);
		}
	}
}

static void midnight_is_crossed_when_the_span_says_so(void **state)
{
	struct schedule night = {0};

	(void)state;
	add(&night, "fri 22:00-06:00+1");
	assert_false(schedule_is_open(&night, NULL, at("2026-11-27", 21, 59)));
	assert_true(schedule_is_open(&night, NULL, at("2026-11-27", 22, 0)));
	assert_true(schedule_is_open(&night, NULL, at("2026-11-27", 23, 59)));
	assert_true(schedule_is_open(&night, NULL, at("2026-11-28", 0, 0)));
	assert_true(schedule_is_open(&night, NULL, at("2026-11-28", 5, 59)));
	assert_false(schedule_is_open(&night, NULL, at("2026-11-28", 6, 0)));
	assert_false(schedule_is_open(
		&night, NULL, at("2026-11-27", 5, 0))); /* the night before was Thursday's */
}

static void a_whole_day_may_start_anywhere(void **state)
{
	struct schedule day = {0};

	(void)state;
	add(&day, "mon 08:00-08:00+1");
	assert_false(schedule_is_open(&day, NULL, at("2026-11-23", 7, 59)));
	assert_true(schedule_is_open(&day, NULL, at("2026-11-23", 8, 0)));
	assert_true(schedule_is_open(&day, NULL, at("2026-11-24", 7, 59)));
	assert_false(schedule_is_open(&day, NULL, at("2026-11-24", 8, 0)));
}

static void holidays_and_swapped_days_take_their_weekdays_place(void **state)
{
	struct schedule_calendar calendar = {0};
	struct schedule office = {0}, watch = {0}, plain = {.ignores_holidays = true};

	(void)state;
	add(&office, "mon-fri 08:00-18:00");
	add(&plain, "mon-fri 08:00-18:00");
	add(&watch, "holiday 10:00-12:00");
	/* as in China: Thursday 2026-10-01 is a holiday, Saturday 2026-10-10 works as a Monday */
	assert_int_equal(
		schedule_calendar_add(&calendar, at("2026-10-10", 0, 0).date, SCHEDULE_MONDAY), 0);
	assert_int_equal(
		schedule_calendar_add(&calendar, at("2026-10-01", 0, 0).date, SCHEDULE_HOLIDAY), 0);
	assert_int_equal(
		schedule_calendar_add(&calendar, at("2026-10-01", 0, 0).date, SCHEDULE_MONDAY),
		-EEXIST);
	assert_false(schedule_is_open(&office, &calendar, at("2026-10-01", 9, 0)));
	assert_true(schedule_is_open(&plain, &calendar, at("2026-10-01", 9, 0)));
	assert_true(schedule_is_open(&watch, &calendar, at("2026-10-01", 10, 0)));
	assert_false(schedule_is_open(&watch, &calendar, at("2026-10-02", 10, 0)));
	assert_true(schedule_is_open(&office, &calendar, at("2026-10-10", 9, 0)));
	assert_false(schedule_is_open(&plain, &calendar, at("2026-10-10", 9, 0)));
	assert_false(schedule_is_open(&office, &calendar, at("2026-10-11", 9, 0)));
	assert_true(schedule_is_open(&office, &calendar, at("2026-10-02", 9, 0)));
}

static void a_night_goes_on_into_a_holiday(void **state)
{
	struct schedule_calendar calendar = {0};
	struct schedule night = {0};

	(void)state;
	add(&night, "wed 22:00-06:00+1");
	assert_int_equal(
		schedule_calendar_add(&calendar, at("2026-10-01", 0, 0).date, SCHEDULE_HOLIDAY), 0);
	assert_true(schedule_is_open(&night, &calendar, at("2026-10-01", 5, 59)));
	assert_int_equal(
		schedule_calendar_add(&calendar, at("2026-09-30", 0, 0).date, SCHEDULE_HOLIDAY), 0);
	assert_false(schedule_is_open(&night, &calendar, at("2026-10-01", 5, 59)));
}

static void an_exception_replaces_its_day(void **state)
{
	struct schedule office = {0};

	(void)state;
	add(&office, "daily 08:00-18:00");
	except(&office, "2026-12-24 closed");
	except(&office, "2026-12-31 08:00-12:00");
	except(&office, "2026-12-31 20:00-02:00+1");
	assert_false(schedule_is_open(&office, NULL, at("2026-12-24", 12, 0)));
	assert_true(schedule_is_open(&office, NULL, at("2026-12-25", 12, 0)));
	assert_true(schedule_is_open(&office, NULL, at("2026-12-31", 11, 59)));
	assert_false(schedule_is_open(&office, NULL, at("2026-12-31", 12, 0)));
	assert_true(schedule_is_open(&office, NULL, at("2027-01-01", 1, 59)));
	assert_false(schedule_is_open(&office, NULL, at("2027-01-01", 2, 0)));
}

static void zone(const char *name)
{
	setenv("TZ", name, 1);
	tzset();
}

/* what a schedule says at a moment of UTC */
static bool open_at(const struct schedule *schedule, int64_t unix_s)
{
	struct schedule_time time;

	assert_int_equal(schedule_local(unix_s * 1000, &time), 0);
	return schedule_is_open(schedule, NULL, time);
}

static void summer_time_follows_the_clock_on_the_wall(void **state)
{
	struct schedule early = {0}, missing = {0};
	const int64_t spring = 1774746000,
		      autumn = 1792890000; /* 2026-03-29 and 2026-10-25, 01:00 UTC */

	(void)state;
	zone("Europe/Berlin");
	add(&early, "sun 02:00-03:00");
	add(&missing, "sun 02:30-03:30");
	/* forward: 01:59 is followed by 03:00 */
	assert_false(open_at(&early, spring - 1));
	assert_false(open_at(&early, spring));
	assert_false(open_at(&missing, spring - 1));
	assert_true(open_at(&missing, spring));
	assert_true(open_at(&missing, spring + 29 * 60 + 59));
	assert_false(open_at(&missing, spring + 30 * 60));
	/* back: the hour from 02:00 comes twice, and is open twice */
	assert_false(open_at(&early, autumn - 3601));
	assert_true(open_at(&early, autumn - 3600));
	assert_true(open_at(&early, autumn - 1));
	assert_true(open_at(&early, autumn));
	assert_true(open_at(&early, autumn + 3599));
	assert_false(open_at(&early, autumn + 3600));
	zone("Asia/Shanghai");
	assert_false(open_at(&early, spring));
	zone("UTC");
}

static void local_time_is_right_before_1970_too(void **state)
{
	struct schedule_time time;
	char text[SCHEDULE_TIME_BYTES];

	(void)state;
	zone("UTC");
	assert_int_equal(schedule_local(-1, &time), 0);
	schedule_format(time, text);
	assert_string_equal(text, "1969-12-31 23:59");
	assert_int_equal(schedule_local(951782400000, &time), 0); /* a leap day of a century */
	schedule_format(time, text);
	assert_string_equal(text, "2000-02-29 00:00");
	assert_int_equal(schedule_local(INT64_MAX, &time), -ERANGE);
}

static void dates_are_those_of_the_calendar(void **state)
{
	int32_t date = 7;

	(void)state;
	assert_int_equal(schedule_parse_date("1970-01-01", &date), 0);
	assert_int_equal(date, 0);
	assert_int_equal(schedule_parse_date("2028-02-29", &date), 0);
	assert_int_equal(schedule_parse_date("2026-02-29", &date), -EINVAL);
	assert_int_equal(schedule_parse_date("2100-02-29", &date), -EINVAL);
	assert_int_equal(schedule_parse_date("2026-13-01", &date), -EINVAL);
	assert_int_equal(schedule_parse_date("2026-1-1", &date), -EINVAL);
	assert_int_equal(schedule_parse_date("2026-01-01x", &date), -EINVAL);
	assert_int_equal(schedule_parse_date("1969-12-31", &date), -EINVAL);
}

static void mistakes_are_named(void **state)
{
	static const struct {
		const char *text, *says;
	} wrong[] = {
		{"mon 18:00-08:00", "write 08:00+1"},
		{"mon 08:00-08:00", "ends before it begins"},
		{"mon 08:00-09:00+1", "longer than a day"},
		{"mon 24:00-24:00", "expected times"},
		{"mon 08:60-09:00", "expected times"},
		{"mon 08:00-24:01", "expected times"},
		{"mon 8:00-9:00", "expected times"},
		{"mon 08:00-09:00 ", "expected times"},
		{"mon 08:00-09:00+2", "expected times"},
		{"08:00-09:00", "expected days"},
		{"", "expected days"},
		{" 08:00-09:00", "expected days"},
		{"monday 08:00-09:00", "expected days"},
		{"mon- 08:00-09:00", "expected days"},
		{"mon-holiday 08:00-09:00", "expected days"},
		{"holiday-mon 08:00-09:00", "expected days"},
		{"mon,,tue 08:00-09:00", "expected days"},
	};
	struct schedule_span span;
	struct schedule_exception exception;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct problem problem = {0};

		if (schedule_parse_span(wrong[i].text, &span, &problem) != -EINVAL ||
		    strstr(problem.detail, wrong[i].says) == NULL)
			fail_msg("\"%s\": %s", wrong[i].text, problem.detail);
		assert_int_equal(schedule_parse_exception(wrong[i].text, &exception, &problem),
				 -EINVAL);
	}
}

static void days_are_read_as_written(void **state)
{
	static const struct {
		const char *text;
		uint8_t days;
	} good[] = {
		{"mon 08:00-09:00", 0x01},         {"mon-fri 08:00-09:00", 0x1f},
		{"sat,sun 08:00-09:00", 0x60},     {"fri-mon 08:00-09:00", 0x71},
		{"daily 08:00-09:00", 0xff},       {"holiday 08:00-09:00", 0x80},
		{"mon,holiday 08:00-09:00", 0x81},
	};
	struct schedule_span span;
	struct problem problem = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(schedule_parse_span(good[i].text, &span, &problem), 0);
		assert_int_equal(span.days, good[i].days);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_span_holds_from_its_first_to_before_its_last_minute),
		cmocka_unit_test(every_day_is_told_from_its_neighbours),
		cmocka_unit_test(midnight_is_crossed_when_the_span_says_so),
		cmocka_unit_test(a_whole_day_may_start_anywhere),
		cmocka_unit_test(holidays_and_swapped_days_take_their_weekdays_place),
		cmocka_unit_test(a_night_goes_on_into_a_holiday),
		cmocka_unit_test(an_exception_replaces_its_day),
		cmocka_unit_test(summer_time_follows_the_clock_on_the_wall),
		cmocka_unit_test(local_time_is_right_before_1970_too),
		cmocka_unit_test(dates_are_those_of_the_calendar),
		cmocka_unit_test(mistakes_are_named),
		cmocka_unit_test(days_are_read_as_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
