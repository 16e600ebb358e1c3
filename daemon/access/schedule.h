/*
 * schedule.h - is a weekly schedule open at a moment of local time?
 *
 * Pure but for schedule_local(), which asks the system's time zone (TZ or /etc/localtime, tz
 * database). All the rest works on local calendar days and minutes: what the clock on the wall
 * shows. So when the clocks go back, the hour that comes twice is open twice; when they go forward,
 * what lies in the missing hour begins right after it.
 *
 * A day is of one kind: its weekday, a holiday, or another day's weekday (a Saturday that works as
 * a Monday, as in China's swapped working days). A span belongs to the day on which it begins and
 * may end on the next: "fri 22:00-06:00+1" is open on Saturday morning even when Saturday is a
 * holiday. An exception of a schedule replaces all that its week says of that date. Any thread.
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

/*
 * minutes after the midnight on which the day begins; from inclusive, to exclusive, at most a day
 * after from
 */
struct schedule_span {
	uint8_t days; /* bit enum schedule_day */
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
	bool ignores_holidays; /* each date counts as its own weekday */
};

/* dates that are not their own weekday, rising, none twice */
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

/** @p calendar NULL: no holidays. */
bool schedule_is_open(const struct schedule *schedule, const struct schedule_calendar *calendar,
		      struct schedule_time at);

/** What the wall clock shows at @p unix_ms. @return 0 or -ERANGE. */
int schedule_local(int64_t unix_ms, struct schedule_time *ret_at);

/** "2026-11-21 08:05"; @p text holds SCHEDULE_TIME_BYTES. */
void schedule_format(struct schedule_time at, char *text);

/** "2026-11-21". @return 0 or -EINVAL. */
int schedule_parse_date(const char *text, int32_t *ret_date);

/**
 * "mon-fri 08:00-18:00", "sat,sun,holiday 09:30-24:00", "daily 22:00-06:00+1": days, then from and
 * to; +1 says that it ends on the next day. "daily" is every weekday and the holiday. A span that
 * ends before it begins is a mistake unless +1 says that midnight is meant.
 * @return 0 or -EINVAL with @p problem. The same for an exception: "2026-12-24 closed", "2026-12-31
 *         08:00-12:00".
 */
int schedule_parse_span(const char *text, struct schedule_span *ret_span, struct problem *problem);
int schedule_parse_exception(const char *text, struct schedule_exception *ret_exception,
			     struct problem *problem);

/** "mon"... "sun", "holiday". @return 0 or -EINVAL. */
int schedule_parse_day(const char *text, enum schedule_day *ret_day);

/**
 * One more date. @return 0, -EEXIST (it is in there already), -ENOSPC (SCHEDULE_DAYS_MAX).
 */
int schedule_calendar_add(struct schedule_calendar *calendar, int32_t date, enum schedule_day as);

#endif
