/*
 * alert.h - the alerts of the facade cameras and the guard's verdicts on them, in memory.
 *
 * The alert itself is an event of the log (litter.detected, litter.suspected). This index holds its
 * seq, time and grade, and the record that the store holds beside it: verdict and hold. No I/O;
 * control thread only.
 */
#ifndef GH_API_ALERT_H
#define GH_API_ALERT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	ALERTS_MAX = 200000, /* beyond it the oldest leave the index; the log has them */
	ALERT_CAMERA_BYTES = 32
};

enum alert_verdict { ALERT_NEW, ALERT_CONFIRMED, ALERT_FALSE, ALERT_UNSURE, ALERT_VERDICTS };
enum alert_state { ALERT_STATE_ALL, ALERT_STATE_NEW, ALERT_STATE_REVIEWED, ALERT_STATE_HELD };

struct alert {
	int64_t seq;
	int64_t unix_ms; /* 0: its record is known, its event is not yet */
	char camera[ALERT_CAMERA_BYTES];
	bool suspected; /* the grade: suspected, else alert */
	bool held;
	enum alert_verdict verdict;
	json_t *record; /* as in the store, or NULL; owned by the index */
};

struct alerts;

/** @return 0 or -ENOMEM. */
int alerts_open(struct alerts **ret_alerts);
void alerts_close(struct alerts *alerts); /* NULL is allowed */

/** "confirmed", "false", "unsure"; NULL for ALERT_NEW. */
const char *alert_verdict_name(enum alert_verdict verdict);
/** @return 0 or -EINVAL. */
int alert_verdict_parse(const char *name, enum alert_verdict *ret_verdict);
/** "all", "new", "reviewed" or "held"; NULL: all. @return 0 or -EINVAL. */
int alert_state_parse(const char *name, enum alert_state *ret_state);

/** Add or replace what the event of an alert says. @return 0 or -ENOMEM. */
int alert_add(struct alerts *alerts, int64_t seq, int64_t unix_ms, const char *camera,
	      bool suspected);

/**
 * Set the record of an alert; the index adds a reference to @p record.
 * @return 0, -EBADMSG (not a record of an alert) or -ENOMEM.
 */
int alert_set_record(struct alerts *alerts, int64_t seq, json_t *record);

/** NULL: not in the index. Valid until the next alert_add() or alert_set_record(). */
const struct alert *alert_find(const struct alerts *alerts, int64_t seq);

/**
 * List alerts, newest first, with a seq below @p before (0: no limit), of one camera (NULL: of
 * all).
 * @param ret_more  whether older ones exist.
 * @return how many are in @p ret_seqs, at most @p max.
 */
size_t alerts_page(const struct alerts *alerts, enum alert_state state, const char *camera,
		   int64_t before, size_t max, int64_t *ret_seqs, bool *ret_more);

struct alert_counts {
	size_t unreviewed, held;              /* unreviewed: without a verdict */
	size_t by_verdict[2][ALERT_VERDICTS]; /* [suspected] */
};
void alerts_count(const struct alerts *alerts, struct alert_counts *ret_counts);

#endif
