/*
 * retention.h - which evidence is deleted, and in what order?
 *
 * The clip and the stills of one throw share a stem and are deleted together. Evidence that is
 * reviewed and not held is deleted when it exceeds its maximum age. Where room is short, that is
 * deleted first, then evidence not reviewed yet, and held evidence last; within each group the
 * oldest first. Evidence that is not reviewed or is held is never deleted because of its age. The
 * events of the log decide: alerts, verdicts and holds. Pure; control thread only.
 */
#ifndef GH_GATE_EVIDENCE_RETENTION_H
#define GH_GATE_EVIDENCE_RETENTION_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RETENTION_STEM_BYTES = 96 };

enum retention_protection { RETENTION_FREE, RETENTION_UNREVIEWED, RETENTION_HELD };
enum retention_reason { RETENTION_NOT_DUE, RETENTION_AGE, RETENTION_SPACE };

struct retention;

/** @return 0 or -ENOMEM. */
int retention_open(struct retention **ret_retention);
void retention_close(struct retention *retention); /* NULL is allowed */

/**
 * Apply one event of the log, as JSON. Events may be applied twice and out of order; types that do
 * not matter here are ignored. @return 0 or -ENOMEM.
 */
int retention_apply_event(struct retention *retention, const json_t *event);

/** The stem of an evidence file's name without a path. @return 0 or -EINVAL: not such a name. */
int retention_stem(const char *name, char ret_stem[RETENTION_STEM_BYTES]);

/**
 * @param age_ms     since it was written: evidence that no event names counts as unreviewed on its
 *                   first day.
 * @param ret_alert  seq of its alert, 0: unknown; may be NULL.
 */
enum retention_protection retention_protection_of(const struct retention *retention,
						  const char *stem, int64_t age_ms,
						  int64_t *ret_alert);
bool retention_is_protected(const struct retention *retention, const char *stem, int64_t age_ms);

struct retention_item {
	char stem[RETENTION_STEM_BYTES];
	int64_t unix_ms; /* when its newest file was written */
	uint64_t bytes;
	unsigned files;
	/* set by retention_plan(): */
	enum retention_protection protection;
	int64_t alert; /* seq of its alert; 0: unknown */
	enum retention_reason reason;
};

struct retention_limits {
	unsigned days;          /* maximum age of reviewed evidence */
	uint64_t bytes_max;     /* of all evidence */
	uint64_t free_bytes;    /* of the disk */
	uint64_t reserve_bytes; /* of the disk, not available for evidence */
};

/**
 * Which rows of the log are too old?
 * @param keep_days           0: none.
 * @param steady_ms           time since the wall clock was last set: nothing is dropped within an
 *                            hour, because the clock may have jumped to a wrong date.
 * @param evidence_unix_ms    of the oldest evidence; 0: none. The log keeps the events of existing
 *                            evidence.
 * @return the time before which rows are dropped; 0: none are.
 */
int64_t retention_log_cutoff(int64_t now_unix_ms, unsigned keep_days, uint64_t steady_ms,
			     int64_t evidence_unix_ms);

struct retention_sums {
	uint64_t used_bytes, protected_bytes;
	/* protected evidence fills nine tenths of the limit, or the disk is near its reserve */
	bool low;
};

/**
 * Sort @p items so that those to delete come first, and set their protection, alert and reason.
 * @return how many items must be deleted.
 */
size_t retention_plan(const struct retention *retention, struct retention_item *items, size_t count,
		      const struct retention_limits *limits, int64_t now_unix_ms,
		      struct retention_sums *ret_sums);

/** "none", "unreviewed", "held". Static. */
const char *retention_protection_name(enum retention_protection protection);

#endif
