#include "schedule.h"

#include <assert.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/scan.h"
#include "base/sorted.h"

static const char *const day_names[SCHEDULE_DAYS] = {"mon", "tue", "wed", "thu",
						     "fri", "sat", "sun", "holiday"};

/* ---- open or closed ---- */

static enum schedule_day weekday(int32_t date)
{
	/* 1970-01-01 was a Thursday */
	return (enum schedule_day)(((date + SCHEDULE_THURSDAY) % 7 + 7) % 7);
}

static int order_of_date(const void *item, const void *key)
{
	int32_t date = ((const struct schedule_date *)item)->date, wanted = *(const int32_t *)key;

	return (date > wanted) - (date < wanted);
}

static size_t place_of(const struct schedule_calendar *calendar, int32_t date)
{
	return sorted_place(calendar->days, calendar->count, sizeof(calendar->days[0]),
			    order_of_date, &date);
}

static enum schedule_day kind_of(const struct schedule_calendar *calendar, int32_t date)
{
	size_t place;

	if (calendar == NULL)
		return weekday(date);
	place = place_of(calendar, date);
	return place < calendar->count && calendar->days[place].date == date
		       ? calendar->days[place].as
		       : weekday(date);
}

/* Whether a span that begins on @p date contains @p minute, counted from that date's midnight. */
static bool date_contains(const struct schedule *schedule, const struct schedule_calendar *calendar,
			  int32_t date, unsigned minute)
{
	bool excepted = false;
	enum schedule_day kind;

	for (size_t i = 0; i < schedule->exception_count; i++) {
		const struct schedule_exception *exception = &schedule->exceptions[i];

		if (exception->date != date)
			continue;
		excepted = true;
		if (minute >= exception->from_minute && minute < exception->to_minute)
			return true;
	}
	if (excepted)
		return false;
	kind = kind_of(schedule->ignores_holidays ? NULL : calendar, date);
	for (size_t i = 0; i < schedule->span_count; i++) {
		const struct schedule_span *span = &schedule->spans[i];

		if ((span->days & 1u << kind) != 0 && minute >= span->from_minute &&
		    minute < span->to_minute)
			return true;
	}
	return false;
}

bool schedule_is_open(const struct schedule *schedule, const struct schedule_calendar *calendar,
		      struct schedule_time at)
{
	assert(schedule->span_count <= SCHEDULE_SPANS_MAX &&
	       schedule->exception_count <= SCHEDULE_EXCEPTIONS_MAX);
	return date_contains(schedule, calendar, at.date, at.minute) ||
	       date_contains(schedule, calendar, at.date - 1, at.minute + SCHEDULE_DAY_MINUTES);
}

/* ---- local time ---- */

/* Days since 1970-01-01 of a Gregorian date, with years that begin in March (Hinnant). */
static int32_t days_of(int year, int month, int day)
{
	int y = month <= 2 ? year - 1 : year;
	int era = (y >= 0 ? y : y - 399) / 400;
	int year_of_era = y - era * 400;
	int day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	int day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

	return era * 146097 + day_of_era - 719468;
}

int schedule_local(int64_t unix_ms, struct schedule_time *ret_at)
{
	time_t seconds = (time_t)(unix_ms >= 0 ? unix_ms / 1000 : (unix_ms - 999) / 1000);
	struct tm local;

	if (localtime_r(&seconds, &local) == NULL || local.tm_year < -1900 || local.tm_year > 8099)
		return -ERANGE;
	ret_at->date = days_of(local.tm_year + 1900, local.tm_mon + 1, local.tm_mday);
	ret_at->minute = (uint16_t)(local.tm_hour * 60 + local.tm_min);
	return 0;
}

void schedule_format(struct schedule_time at, char *text)
{
	time_t seconds = (time_t)at.date * 86400 + at.minute * 60;
	struct tm date;

	gmtime_r(&seconds, &date);
	strftime(text, SCHEDULE_TIME_BYTES, "%Y-%m-%d %H:%M", &date);
}

/* ---- from text ---- */

static int days_in(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return month == 2 && leap ? 29 : days[month - 1];
}

static int read_date(const char **text, int32_t *ret_date)
{
	int year = scan_digits(text, 4), month, day;

	if (year < 1970 || !scan_char(text, '-'))
		return -EINVAL;
	month = scan_digits(text, 2);
	if (month < 1 || month > 12 || !scan_char(text, '-'))
		return -EINVAL;
	day = scan_digits(text, 2);
	if (day < 1 || day > days_in(year, month))
		return -EINVAL;
	*ret_date = days_of(year, month, day);
	return 0;
}

int schedule_parse_date(const char *text, int32_t *ret_date)
{
	int32_t date;

	if (read_date(&text, &date) < 0 || *text != '\0')
		return -EINVAL;
	*ret_date = date;
	return 0;
}

/* Parse "00:00" to "24:00". @return minutes or -1 */
static int read_clock(const char **text)
{
	int hour = scan_digits(text, 2), minute;

	if (hour < 0 || hour > 24 || !scan_char(text, ':'))
		return -1;
	minute = scan_digits(text, 2);
	if (minute < 0 || minute > 59 || (hour == 24 && minute != 0))
		return -1;
	return hour * 60 + minute;
}

/* Parse "08:00-18:00" or "22:00-06:00+1" to the end of the text. */
static int parse_times(const char *text, uint16_t *ret_from, uint16_t *ret_to,
		       struct problem *problem)
{
	const char *at = text;
	int from = read_clock(&at), to = -1;
	bool next_day;
	char end[16];

	if (from >= 0 && from < SCHEDULE_DAY_MINUTES && scan_char(&at, '-'))
		to = read_clock(&at);
	next_day = to >= 0 && at[0] == '+' && at[1] == '1';
	if (next_day)
		at += 2;
	if (to < 0 || *at != '\0') {
		return problem_schedule_times_invalid(problem, text);
	}
	if (!next_day && to <= from) {
		snprintf(end, sizeof(end), "%02d:%02d", to / 60, to % 60);
		return problem_schedule_times_reversed(problem, text, end);
	}
	if (next_day && to > from) {
		return problem_schedule_span_too_long(problem, text);
	}
	*ret_from = (uint16_t)from;
	*ret_to = (uint16_t)(next_day ? to + SCHEDULE_DAY_MINUTES : to);
	return 0;
}

static int find_day(const char *text, size_t length)
{
	for (int i = 0; i < SCHEDULE_DAYS; i++)
		if (strlen(day_names[i]) == length && memcmp(day_names[i], text, length) == 0)
			return i;
	return -1;
}

int schedule_parse_day(const char *text, enum schedule_day *ret_day)
{
	int day = find_day(text, strlen(text));

	if (day < 0)
		return -EINVAL;
	*ret_day = (enum schedule_day)day;
	return 0;
}

/* Parse "mon", "mon-fri" or "daily" of @p length characters. @return bits of the days, 0: invalid */
static unsigned parse_days(const char *word, size_t length)
{
	const char *dash = memchr(word, '-', length);
	unsigned days = 0;
	int from, to;

	if (length == 5 && memcmp(word, "daily", 5) == 0)
		return (1u << SCHEDULE_DAYS) - 1;
	from = find_day(word, dash != NULL ? (size_t)(dash - word) : length);
	to = dash != NULL ? find_day(dash + 1, (size_t)(word + length - dash - 1)) : from;
	if (from < 0 || to < 0 ||
	    (dash != NULL && (from == SCHEDULE_HOLIDAY || to == SCHEDULE_HOLIDAY)))
		return 0;
	for (int day = from;; day = (day + 1) % 7) {
		days |= 1u << day;
		if (day == to)
			return days;
	}
}

int schedule_parse_span(const char *text, struct schedule_span *ret_span, struct problem *problem)
{
	const char *space = strchr(text, ' '), *word = text;
	struct schedule_span span = {0};
	int r;

	while (space != NULL && word < space) {
		size_t length = strcspn(word, ", ");
		unsigned days = parse_days(word, length);

		if (days == 0) {
			return problem_schedule_days_invalid(problem, text);
		}
		span.days |= (uint8_t)days;
		word += length;
		if (*word == ',')
			word++;
	}
	if (span.days == 0) {
		return problem_schedule_span_invalid(problem, text);
	}
	r = parse_times(space + 1, &span.from_minute, &span.to_minute, problem);
	if (r == 0)
		*ret_span = span;
	return r;
}

int schedule_parse_exception(const char *text, struct schedule_exception *ret_exception,
			     struct problem *problem)
{
	struct schedule_exception exception = {0};
	const char *at = text;
	int r;

	if (read_date(&at, &exception.date) < 0 || !scan_char(&at, ' ')) {
		return problem_schedule_exception_invalid(problem, text);
	}
	r = strcmp(at, "closed") == 0
		    ? 0
		    : parse_times(at, &exception.from_minute, &exception.to_minute, problem);
	if (r == 0)
		*ret_exception = exception;
	return r;
}

int schedule_calendar_add(struct schedule_calendar *calendar, int32_t date, enum schedule_day as)
{
	size_t place = place_of(calendar, date);

	assert(calendar->count <= SCHEDULE_DAYS_MAX && as < SCHEDULE_DAYS);
	if (place < calendar->count && calendar->days[place].date == date)
		return -EEXIST;
	if (calendar->count == SCHEDULE_DAYS_MAX)
		return -ENOSPC;
	memmove(&calendar->days[place + 1], &calendar->days[place],
		(calendar->count - place) * sizeof(calendar->days[0]));
	calendar->days[place].date = date;
	calendar->days[place].as = as;
	calendar->count++;
	return 0;
}
