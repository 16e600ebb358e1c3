/*
 * log.h - one line to the operator: the journal when stderr is connected to it, else stderr.
 *
 * The layer that gives up logs, once, naming the door, device or topic; layers below only return.
 * Nothing logged may hold an embedding, a picture, a password or a key. Any thread.
 */
#ifndef GH_BASE_LOG_H
#define GH_BASE_LOG_H

#ifdef __cplusplus
extern "C" {
#endif

/* syslog's numbers, which the journal shares */
enum log_level {
	LOG_LEVEL_ERROR = 3,
	LOG_LEVEL_WARNING = 4,
	LOG_LEVEL_INFO = 6,
	LOG_LEVEL_DEBUG = 7
};

/** Lines above @p level are dropped; INFO until set. Call before threads start. */
void log_set_level(enum log_level level);

/**
 * One line, without a newline at its end, cut at 1023 bytes. @p room names the speaker: "hw",
 * "mqtt"...
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
