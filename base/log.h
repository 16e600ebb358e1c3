/*
 * log.h - writes log lines for the operator: to the journal if stderr is connected to it, else to
 * stderr.
 *
 * The layer that handles an error logs it, once, with the door, device or topic; the layers below
 * only return it. No log line may contain an embedding, a picture, a password or a key. Any thread.
 */
#ifndef GH_BASE_LOG_H
#define GH_BASE_LOG_H

#ifdef __cplusplus
extern "C" {
#endif

/* the numbers of syslog and of the journal */
enum log_level {
	LOG_LEVEL_ERROR = 3,
	LOG_LEVEL_WARNING = 4,
	LOG_LEVEL_INFO = 6,
	LOG_LEVEL_DEBUG = 7
};

/** Drop lines above @p level; INFO is the default. Call before threads start. */
void log_set_level(enum log_level level);

/**
 * Log one line without a newline, cut at 1023 bytes. @p room names the part of the program that
 * logs it: "hw", "mqtt"...
 */
void log_line(enum log_level level, const char *room, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#define log_error(room, ...) log_line(LOG_LEVEL_ERROR, room, __VA_ARGS__)
#define log_warning(room, ...) log_line(LOG_LEVEL_WARNING, room, __VA_ARGS__)
#define log_info(room, ...) log_line(LOG_LEVEL_INFO, room, __VA_ARGS__)
#define log_debug(room, ...) log_line(LOG_LEVEL_DEBUG, room, __VA_ARGS__)

#ifdef __cplusplus
}
#endif
#endif
