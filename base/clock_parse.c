#include "clock.h"

#include <errno.h>
#include <stdbool.h>
#include <time.h>

/* As many digits as @p count, at *text; -1 when there are others. */
static int take_digits(const char **text, int count)
{
	int value = 0;

	for (; count > 0; count--, (*text)++) {
		if (**text < '0' || **text > '9')
			return -1;
		value = value * 10 + (**text - '0');
	}
	return value;
}

static bool take(const char **text, char expected)
{
	if (**text != expected)
		return false;
	(*text)++;
	return true;
}

static bool take_date(const char **text, struct tm *date)
{
	date->tm_year = take_digits(text, 4) - 1900;
	if (date->tm_year < 70 || !take(text, '-'))
		return false;
	date->tm_mon = take_digits(text, 2) - 1;
	if (date->tm_mon < 0 || !take(text, '-'))
		return false;
	date->tm_mday = take_digits(text, 2);
	return date->tm_mday > 0;
}

/* "T04:05[:06[.789]]Z" */
static bool take_time(const char **text, struct tm *date, int *ret_ms)
{
	if (!take(text, 'T'))
		return false;
	date->tm_hour = take_digits(text, 2);
	if (date->tm_hour < 0 || !take(text, ':'))
		return false;
	date->tm_min = take_digits(text, 2);
	if (date->tm_min >= 0 && take(text, ':'))
		date->tm_sec = take_digits(text, 2);
	if (date->tm_sec >= 0 && take(text, '.'))
		*ret_ms = take_digits(text, 3);
	return date->tm_min >= 0 && date->tm_sec >= 0 && *ret_ms >= 0 && take(text, 'Z');
}

int clock_parse_utc(const char *text, int64_t *ret_unix_ms)
{
	struct tm date = {0}, back;
	time_t seconds;
	int ms = 0;

	if (!take_date(&text, &date) || (*text != '\0' && !take_time(&text, &date, &ms)) || *text != '\0')
		return -EINVAL;
	back = date;
	seconds = timegm(&back);
	/* timegm() carries 31 February over into March: what changed was no date */
	if (back.tm_mday != date.tm_mday || back.tm_mon != date.tm_mon || back.tm_hour != date.tm_hour ||
	    back.tm_min != date.tm_min || back.tm_sec != date.tm_sec)
		return -EINVAL;
	*ret_unix_ms = (int64_t)seconds * 1000 + ms;
	return 0;
}
