#include "retention.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const int64_t day_ms = 24 * 3600 * INT64_C(1000);

struct retention {
	/* seq of an alert -> {"reviewed":bool,"held":bool,"seq": of the last event about held} */
	json_t *alerts;
	json_t *stems; /* stem -> seq of its alert */
};

int retention_open(struct retention **ret_retention)
{
	struct retention *retention = calloc(1, sizeof(*retention));

	if (retention == NULL)
		return -ENOMEM;
	retention->alerts = json_object();
	retention->stems = json_object();
	if (retention->alerts == NULL || retention->stems == NULL) {
		retention_close(retention);
		return -ENOMEM;
	}
	*ret_retention = retention;
	return 0;
}

void retention_close(struct retention *retention)
{
	if (retention == NULL)
		return;
	json_decref(retention->alerts);
	json_decref(retention->stems);
	free(retention);
}

const char *retention_protection_name(enum retention_protection protection)
{
	static const char *const names[] = {"none", "unreviewed", "held"};

	assert(protection <= RETENTION_HELD);
	return names[protection];
}

int retention_stem(const char *name, char ret_stem[RETENTION_STEM_BYTES])
{
	static const char *const endings[] = {"-trajectory.jpg", ".jpg", ".mp4"};
	size_t length = strlen(name);

	if (name[0] == '.')
		return -EINVAL;
	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		size_t tail = strlen(endings[i]);

		if (length <= tail || strcmp(name + length - tail, endings[i]) != 0)
			continue;
		if (length - tail >= RETENTION_STEM_BYTES)
			return -EINVAL;
		memcpy(ret_stem, name, length - tail);
		ret_stem[length - tail] = '\0';
		return 0;
	}
	return -EINVAL;
}

/* ---- events of the log ---- */

/* The entry of an alert, added when it is new; NULL: no memory. */
static json_t *alert_of(struct retention *retention, int64_t seq)
{
	char key[24];
	json_t *alert;

	snprintf(key, sizeof(key), "%lld", (long long)seq);
	alert = json_object_get(retention->alerts, key);
	if (alert == NULL) {
		alert = json_pack("{s:b, s:b}", "reviewed", 0, "held", 0);
		if (json_object_set_new(retention->alerts, key, alert) < 0)
			return NULL;
	}
	return alert;
}

static int add_files(struct retention *retention, int64_t seq, const json_t *data)
{
	const json_t *file;
	size_t index;

	json_array_foreach(json_object_get(data, "evidence"), index, file)
	{
		const char *name = json_string_value(json_object_get(file, "name"));
		char stem[RETENTION_STEM_BYTES];

		if (name != NULL && retention_stem(name, stem) == 0 &&
		    json_object_set_new(retention->stems, stem, json_integer(seq)) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* The files were deleted: drop their entries. */
static void drop_deleted(struct retention *retention, const json_t *data)
{
	const char *stem = json_string_value(json_object_get(data, "stem"));
	char key[24];

	if (stem == NULL)
		return;
	snprintf(key, sizeof(key), "%lld",
		 (long long)json_integer_value(json_object_get(data, "alert")));
	(void)json_object_del(retention->alerts, key); /* either may be unknown */
	(void)json_object_del(retention->stems, stem);
}

int retention_apply_event(struct retention *retention, const json_t *event)
{
	const char *type = json_string_value(json_object_get(event, "type"));
	const json_t *data = json_object_get(event, "data");
	int64_t seq = json_integer_value(json_object_get(event, "seq"));
	json_t *alert;

	if (type == NULL)
		return 0;
	if (strcmp(type, "litter.detected") == 0 || strcmp(type, "litter.suspected") == 0)
		return add_files(retention, seq, data);
	if (strcmp(type, "evidence.deleted") == 0)
		drop_deleted(retention, data);
	if (strcmp(type, "alert.reviewed") != 0 && strcmp(type, "alert.held") != 0)
		return 0;
	alert = alert_of(retention, json_integer_value(json_object_get(data, "alert")));
	if (alert == NULL)
		return -ENOMEM;
	if (strcmp(type, "alert.held") != 0)
		return json_object_set_new(alert, "reviewed", json_true()) < 0 ? -ENOMEM : 0;
	if (seq < json_integer_value(json_object_get(alert, "seq")))
		return 0; /* out of order: a newer event was applied before */
	if (json_object_set(alert, "held", json_object_get(data, "held")) < 0 ||
	    json_object_set_new(alert, "seq", json_integer(seq)) < 0)
		return -ENOMEM;
	return 0;
}

enum retention_protection retention_protection_of(const struct retention *retention,
						  const char *stem, int64_t age_ms,
						  int64_t *ret_alert)
{
	const json_t *seq = json_object_get(retention->stems, stem), *alert;
	char key[24];

	if (ret_alert != NULL)
		*ret_alert = json_integer_value(seq);
	if (seq == NULL)
		return age_ms < day_ms ? RETENTION_UNREVIEWED : RETENTION_FREE;
	snprintf(key, sizeof(key), "%lld", (long long)json_integer_value(seq));
	alert = json_object_get(retention->alerts, key);
	if (json_is_true(json_object_get(alert, "held")))
		return RETENTION_HELD;
	return json_is_true(json_object_get(alert, "reviewed")) ? RETENTION_FREE
								: RETENTION_UNREVIEWED;
}

bool retention_is_protected(const struct retention *retention, const char *stem, int64_t age_ms)
{
	return retention_protection_of(retention, stem, age_ms, NULL) != RETENTION_FREE;
}

/* ---- the plan ---- */

static int by_deletion_order(const void *a, const void *b)
{
	const struct retention_item *one = a, *other = b;

	if (one->protection != other->protection)
		return one->protection < other->protection ? -1 : 1;
	if (one->unix_ms != other->unix_ms)
		return one->unix_ms < other->unix_ms ? -1 : 1;
	return strcmp(one->stem, other->stem);
}

static uint64_t excess_bytes(const struct retention_limits *limits, uint64_t used)
{
	uint64_t over = used > limits->bytes_max ? used - limits->bytes_max : 0;
	uint64_t missing = limits->free_bytes < limits->reserve_bytes
				   ? limits->reserve_bytes - limits->free_bytes
				   : 0;

	return over > missing ? over : missing;
}

size_t retention_plan(const struct retention *retention, struct retention_item *items, size_t count,
		      const struct retention_limits *limits, int64_t now_unix_ms,
		      struct retention_sums *ret_sums)
{
	struct retention_sums sums = {0};
	uint64_t excess, freed = 0;
	size_t due_count = 0;

	for (size_t i = 0; i < count; i++) {
		struct retention_item *item = &items[i];

		item->protection = retention_protection_of(
			retention, item->stem, now_unix_ms - item->unix_ms, &item->alert);
		item->reason = RETENTION_NOT_DUE;
		sums.used_bytes += item->bytes;
		sums.protected_bytes += item->protection != RETENTION_FREE ? item->bytes : 0;
	}
	if (count > 1)
		qsort(items, count, sizeof(*items), by_deletion_order);
	excess = excess_bytes(limits, sums.used_bytes);
	for (; due_count < count; due_count++) {
		struct retention_item *item = &items[due_count];

		if (item->protection == RETENTION_FREE &&
		    now_unix_ms - item->unix_ms > (int64_t)limits->days * day_ms)
			item->reason = RETENTION_AGE;
		else if (freed < excess)
			item->reason = RETENTION_SPACE;
		else /* the items that follow are younger, or protected */
			break;
		freed += item->bytes;
	}
	sums.low = sums.protected_bytes > limits->bytes_max / 10 * 9 ||
		   limits->free_bytes < limits->reserve_bytes * 2;
	*ret_sums = sums;
	return due_count;
}

int64_t retention_log_cutoff(int64_t now_unix_ms, unsigned keep_days, uint64_t steady_ms,
			     int64_t evidence_unix_ms)
{
	int64_t cutoff = now_unix_ms - keep_days * day_ms;

	assert(evidence_unix_ms >= 0);
	if (keep_days == 0 || steady_ms < 3600 * 1000 || cutoff < 0)
		return 0;
	/* an alert is recorded a little before its files are written */
	if (evidence_unix_ms != 0 && evidence_unix_ms - day_ms < cutoff)
		cutoff = evidence_unix_ms - day_ms;
	return cutoff < 0 ? 0 : cutoff;
}
