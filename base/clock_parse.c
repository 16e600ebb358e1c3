#include "clock.h"

#include <errno.h>
#include <stdbool.h>
#include <time.h>

#include "scan.h"

static bool read_date(const char **text, struct tm *date)
{
	date->tm_year = scan_digits(text, 4) - 1900;
	if (date->tm_year < 70 || !scan_char(text, '-'))
		return false;
	date->tm_mon = scan_digits(text, 2) - 1;
	if (date->tm_mon < 0 || !scan_char(text, '-'))
		return false;
	date->tm_mday = scan_digits(text, 2);
	return date->tm_mday > 0;
}

/* "T04:05[:06[.789]]Z" */
static bool read_time(const char **text, struct tm *date, int *ret_ms)
{
	if (!scan_char(text, 'T'))
		return false;
	date->tm_hour = scan_digits(text, 2);
	if (date->tm_hour < 0 || !scan_char(text, ':'))
		return false;
	date->tm_min = scan_digits(text, 2);
	if (date->tm_min >= 0 && scan_char(text, ':'))
		date->tm_sec = scan_digits(text, 2);
	if (date->tm_sec >= 0 && scan_char(text, '.'))
		*ret_ms = scan_digits(text, 3);
	return date->tm_min >= 0 && date->tm_sec >= 0 && *ret_ms >= 0 && scan_char(text, 'Z');
}

int clock_parse_utc(const char *text, int64_t *ret_unix_ms)
{
	struct tm date = {0}, back;
	time_t seconds;
	int ms = 0;

	if (!read_date(&text, &date) || (*text != '\0' && !read_time(&text, &date, &ms)) ||
	    *text != '\0')
		return -EINVAL;
	back = date;
	seconds = timegm(&back);
	/* timegm() turns 31 February into a date in March: a changed date did not exist */
	if (back.tm_mday != date.tm_mday || back.tm_mon != date.tm_mon ||
	    back.tm_hour != date.tm_hour || back.tm_min != date.tm_min ||
	    back.tm_sec != date.tm_sec)
		return -EINVAL;
	*ret_unix_ms = (int64_t)seconds * 1000 + ms;
	return 0;
}
