#include "log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <systemd/sd-journal.h>

enum { LINE_BYTES_MAX = 1024 };

static enum log_level log_threshold = LOG_LEVEL_INFO;

/* systemd.exec(5): JOURNAL_STREAM names the device and inode of the socket stderr was connected to;
 * a child that inherited the variable but redirected stderr must not write to the journal. */
static bool stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat st;

	return stream != NULL && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
	       fstat(STDERR_FILENO, &st) == 0 && st.st_dev == device && st.st_ino == inode;
}

static void write_stderr(enum log_level level, const char *room, const char *text)
{
	const char *word = level == LOG_LEVEL_ERROR     ? "error: "
			   : level == LOG_LEVEL_WARNING ? "warning: "
							: "";
	struct timespec now;
	struct tm utc;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	/* one call, so that the lines of two threads are not mixed */
	fprintf(stderr, "%02d:%02d:%02d.%03ld %-6s %s%s\n", utc.tm_hour, utc.tm_min, utc.tm_sec,
		now.tv_nsec / 1000000, room, word, text);
}

void log_set_level(enum log_level level)
{
	log_threshold = level;
}

void log_line(enum log_level level, const char *room, const char *format, ...)
{
	char text[LINE_BYTES_MAX];
	va_list args;

	if (level > log_threshold)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (stderr_is_journal())
		sd_journal_send("MESSAGE=%s", text, "PRIORITY=%d", (int)level, "GATEHOUSE_ROOM=%s",
				room, NULL);
	else
		write_stderr(level, room, text);
}
