/*
 * schedule.h - is a weekly schedule open at a moment of local time?
 *
 * Pure, except for schedule_local(), which reads the system's time zone (TZ or /etc/localtime).
 * All other functions work on local calendar days and minutes, as a wall clock shows them. When the
 * clocks are set back, the repeated hour is therefore open twice. When they are set forward, a span
 * that begins in the missing hour begins right after it.
 *
 * Each day counts as one kind: its weekday, a holiday, or another weekday (a Saturday that counts
 * as a Monday, as with China's swapped working days). A span belongs to the day on which it begins
 * and may end on the next: "fri 22:00-06:00+1" is open on Saturday morning even when Saturday is a
 * holiday. An exception replaces all spans of that date. Any thread.
 */
#ifndef GH_ACCESS_SCHEDULE_H
#define GH_ACCESS_SCHEDULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/problem.h"

enum {
	SCHEDULE_SPANS_MAX = 32,
	SCHEDULE_EXCEPTIONS_MAX = 64,
	SCHEDULE_DAYS_MAX = 1024, /* of a calendar */
	SCHEDULE_TIME_BYTES = 32,
	SCHEDULE_DAY_MINUTES = 24 * 60
};

enum schedule_day {
	SCHEDULE_MONDAY,
	SCHEDULE_TUESDAY,
	SCHEDULE_WEDNESDAY,
	SCHEDULE_THURSDAY,
	SCHEDULE_FRIDAY,
	SCHEDULE_SATURDAY,
	SCHEDULE_SUNDAY,
	SCHEDULE_HOLIDAY,
	SCHEDULE_DAYS
};

/* in minutes since the day's midnight; `to` is exclusive and at most a day after `from` */
struct schedule_span {
	uint8_t days; /* bits of enum schedule_day */
	uint16_t from_minute, to_minute;
};

struct schedule_exception {
	int32_t date;                    /* days since 1970-01-01 */
	uint16_t from_minute, to_minute; /* both 0: closed on that date */
};

struct schedule {
	struct schedule_span spans[SCHEDULE_SPANS_MAX];
	size_t span_count;
	struct schedule_exception exceptions[SCHEDULE_EXCEPTIONS_MAX];
	size_t exception_count;
	bool ignores_holidays; /* every date counts as its own weekday */
};

/* the dates that do not count as their own weekday, ascending, each once */
struct schedule_calendar {
	struct schedule_date {
		int32_t date;
		enum schedule_day as;
	} days[SCHEDULE_DAYS_MAX];
	size_t count;
};

struct schedule_time {
	int32_t date;    /* days since 1970-01-01, local */
	uint16_t minute; /* of the day, local */
};

/** Whether the schedule is open at local time @p at. @p calendar NULL: no holidays. */
bool schedule_is_open(const struct schedule *schedule, const struct schedule_calendar *calendar,
		      struct schedule_time at);

/** Local time at @p unix_ms. @return 0, or -ERANGE outside the years 0 to 9999. */
int schedule_local(int64_t unix_ms, struct schedule_time *ret_at);

/** Format as "2026-11-21 08:05"; @p text holds SCHEDULE_TIME_BYTES. */
void schedule_format(struct schedule_time at, char *text);

/** Parse "2026-11-21". @return 0 or -EINVAL. */
int schedule_parse_date(const char *text, int32_t *ret_date);

/**
 * Parse a span, the days before the times: "mon-fri 08:00-18:00", "sat,sun,holiday 09:30-24:00",
 * "daily 22:00-06:00+1". "daily" means every weekday and holidays. +1 means the next day; without
 * it a span must end after it begins. Parse an exception: "2026-12-24 closed", "2026-12-31
 * 08:00-12:00".
 * @return 0, or -EINVAL with @p problem.
 */
int schedule_parse_span(const char *text, struct schedule_span *ret_span, struct problem *problem);
int schedule_parse_exception(const char *text, struct schedule_exception *ret_exception,
			     struct problem *problem);

/** Parse "mon" to "sun" or "holiday". @return 0 or -EINVAL. */
int schedule_parse_day(const char *text, enum schedule_day *ret_day);

/** Add a date. @return 0, -EEXIST (the calendar has this date) or -ENOSPC (SCHEDULE_DAYS_MAX). */
int schedule_calendar_add(struct schedule_calendar *calendar, int32_t date, enum schedule_day as);

#endif
