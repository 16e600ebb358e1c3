/* Drops rows of the log before retention_log_cutoff(), a slice at a time. */
#include "log_retention.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "retention.h"

enum {
	EVERY_US = 600 * 1000 * 1000,
	SLICE_US = 2 * 1000 * 1000, /* between two slices, for the writes of other parts */
	STEP_MS = 60 * 1000         /* a larger change of the clocks' offset is a clock step */
};

struct log_retention {
	struct evidence_deps deps;
	log_retention_oldest_fn oldest;
	const void *arg; /* for oldest */
	bool stopped;
	sd_event_source *timer;
	int64_t offset_ms; /* wall clock less monotonic */
	uint64_t steady_since_ms;
	int64_t first, last; /* seq of the rows dropped in this round; 0: none */
};

static int64_t offset_ms(void)
{
	return clock_unix_ms() - (int64_t)clock_mono_ms();
}

static void schedule(struct log_retention *retention, uint64_t in_us)
{
	if (sd_event_source_set_time_relative(retention->timer, in_us) < 0 ||
	    sd_event_source_set_enabled(retention->timer, SD_EVENT_ONESHOT) < 0)
		log_warning("store", "old rows of the log are not dropped until the next start");
}

static void on_dropped(void *arg, int r, const struct event_row *row)
{
	struct log_retention *retention = arg;
	json_t *data;

	if (r == -ECANCELED || retention->stopped)
		return;
	if (r == 0) {
		data = json_loads(row->data, 0, NULL);
		retention->last = json_integer_value(json_object_get(data, "last"));
		if (retention->first == 0)
			retention->first = json_integer_value(json_object_get(data, "first"));
		json_decref(data);
		schedule(retention, SLICE_US);
		return;
	}
	if (r != -ENODATA)
		log_warning("store", "old rows of the log are not dropped: %s, retrying",
			    strerror(-r));
	else if (retention->first != 0)
		log_info("store",
			 "rows %lld to %lld of the log were dropped: they are older than "
			 "storage.keep_days",
			 (long long)retention->first, (long long)retention->last);
	retention->first = 0;
	schedule(retention, EVERY_US);
}

static int on_timer(sd_event_source *source, uint64_t now_us, void *arg)
{
	struct log_retention *retention = arg;
	struct store *store = journal_store(retention->deps.journal);
	int64_t offset = offset_ms(), evidence_unix_ms = retention->oldest(retention->arg),
		to_seq = INT64_MAX, cutoff;
	int r = -EAGAIN;

	(void)source, (void)now_us;
	if (offset - retention->offset_ms > STEP_MS || retention->offset_ms - offset > STEP_MS)
		retention->steady_since_ms = clock_mono_ms();
	retention->offset_ms = offset;
	if (store != NULL && retention->deps.config->mqtt.broker_count > 0)
		to_seq = store_cursor_get(store, "mqtt");
	cutoff = store == NULL || evidence_unix_ms < 0
			 ? 0
			 : retention_log_cutoff(
				   clock_unix_ms(), retention->deps.config->storage.keep_days,
				   clock_mono_ms() - retention->steady_since_ms, evidence_unix_ms);
	if (cutoff > 0)
		r = store_drop(store, cutoff, to_seq, on_dropped, retention);
	if (r < 0)
		schedule(retention, EVERY_US);
	return 0;
}

int log_retention_open(const struct evidence_deps *deps, log_retention_oldest_fn oldest,
		       const void *arg, struct log_retention **ret_retention)
{
	struct log_retention *retention;
	int r;

	if (deps->config->storage.keep_days == 0)
		return 0;
	retention = calloc(1, sizeof(*retention));
	if (retention == NULL)
		return -ENOMEM;
	*retention = (struct log_retention){.deps = *deps,
					    .oldest = oldest,
					    .arg = arg,
					    .offset_ms = offset_ms(),
					    .steady_since_ms = clock_mono_ms()};
	r = sd_event_add_time_relative(deps->event, &retention->timer, CLOCK_MONOTONIC, EVERY_US,
				       1000 * 1000, on_timer, retention);
	if (r < 0) {
		free(retention);
		return r;
	}
	*ret_retention = retention;
	return 0;
}

void log_retention_stop(struct log_retention *retention)
{
	if (retention != NULL)
		retention->stopped = true;
}

void log_retention_close(struct log_retention *retention)
{
	if (retention == NULL)
		return;
	sd_event_source_disable_unref(retention->timer);
	free(retention);
}
