/*
 * retention.h - which evidence goes, and in what order?
 *
 * One throw is one stem: its clip and stills go together. What is reviewed and not held goes when
 * it is older than the days it is kept. Where room is short, that goes first, the oldest before the
 * younger; then what nobody has reviewed; what is held goes last of all. Age alone never takes what
 * is not reviewed or is held. The log says what is what: alerts, verdicts and holds are events.
 * Pure; control thread only.
 */
#ifndef GH_GATE_EVIDENCE_RETENTION_H
#define GH_GATE_EVIDENCE_RETENTION_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RETENTION_STEM_BYTES = 96 };

enum retention_protection { RETENTION_FREE, RETENTION_UNREVIEWED, RETENTION_HELD };
enum retention_reason { RETENTION_KEPT, RETENTION_AGE, RETENTION_SPACE };

struct retention;

int retention_open(struct retention **ret_retention);
void retention_close(struct retention *retention); /* NULL is fine */

/**
 * One event of the log as JSON; twice is fine, and so is another order. Those of no concern are
 * passed over. @return 0 or -ENOMEM.
 */
int retention_see(struct retention *retention, const json_t *event);

/** The stem of an evidence file's bare name. @return 0, or -EINVAL: not such a name. */
int retention_stem(const char *name, char ret_stem[RETENTION_STEM_BYTES]);

/**
 * @param age_ms  since it was written: what no event names yet is as good as unreviewed for its
 *                first day.
 * @param ret_alert  seq of its alert, 0: none known; may be NULL.
 */
enum retention_protection evidence_protection(const struct retention *retention, const char *stem,
					      int64_t age_ms, int64_t *ret_alert);
bool evidence_is_protected(const struct retention *retention, const char *stem, int64_t age_ms);

struct retention_item {
	char stem[RETENTION_STEM_BYTES];
	int64_t unix_ms; /* when its newest file was written */
	uint64_t bytes;
	unsigned files;
	enum retention_protection protection; /* from here on retention_plan()'s */
	int64_t alert;
	enum retention_reason reason;
};

struct retention_limits {
	unsigned days;
	uint64_t bytes_max;
	uint64_t free_bytes,
		reserve_bytes; /* of the disk: free, and never to be taken for evidence */
};

/**
 * Which rows of the log are too old?
 * @param keep_days           0: none are.
 * @param steady_ms           for how long the wall clock was not set: a clock that jumped to a far
 *                            day drops nothing.
 * @param evidence_unix_ms    of the oldest evidence there is; 0: there is none. Its events stay
 *                            with it.
 * @return the time before which rows go; 0: none do.
 */
int64_t retention_log_cutoff(int64_t now_unix_ms, unsigned keep_days, uint64_t steady_ms,
			     int64_t evidence_unix_ms);

struct retention_sums {
	uint64_t used_bytes, protected_bytes;
	/* the next throws cost what is not reviewed, or the disk is nearly at its reserve */
	bool low;
};

/**
 * Put those that go first.
 * @return how many of them are to go; each has its reason.
 */
size_t retention_plan(const struct retention *retention, struct retention_item *items, size_t count,
		      const struct retention_limits *limits, int64_t now_unix_ms,
		      struct retention_sums *ret_sums);

/** "none", "unreviewed", "held". Static. */
const char *retention_protection_name(enum retention_protection protection);

#endif
