/* Rows of the log that are too old go, a few at a time; which those are: retention_log_cutoff(). */
#include "log_age.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "retention.h"

enum {
	EVERY_US = 600 * 1000 * 1000,
	SLICE_US = 2 * 1000 * 1000, /* between two slices: doors and people write, too */
	STEP_MS = 60 * 1000         /* of the wall clock against the monotonic: it was set */
};

struct log_age {
	struct evidence_deps deps;
	log_age_oldest_fn oldest;
	const void *arg; /* for oldest */
	bool stopped;
	sd_event_source *timer;
	int64_t offset_ms; /* wall clock less monotonic */
	uint64_t steady_since_ms;
	int64_t first, last; /* of this round; 0: nothing went */
};

static int64_t offset_ms(void)
{
	return clock_unix_ms() - (int64_t)clock_mono_ms();
}

static void try_again(struct log_age *age, uint64_t in_us)
{
	if (sd_event_source_set_time_relative(age->timer, in_us) < 0 ||
	    sd_event_source_set_enabled(age->timer, SD_EVENT_ONESHOT) < 0)
		log_warning("store", "old rows of the log are not dropped until the next start");
}

static void on_dropped(void *arg, int r, const struct event_row *row)
{
	struct log_age *age = arg;
	json_t *data;

	if (r == -ECANCELED || age->stopped)
		return;
	if (r == 0) {
		data = json_loads(row->data, 0, NULL);
		age->last = json_integer_value(json_object_get(data, "last"));
		if (age->first == 0)
			age->first = json_integer_value(json_object_get(data, "first"));
		json_decref(data);
		try_again(age, SLICE_US);
		return;
	}
	if (r != -ENODATA)
		log_warning("store", "old rows of the log are not dropped: %s, retrying",
			    strerror(-r));
	else if (age->first != 0)
		log_info("store",
			 "rows %lld to %lld of the log were dropped: they are older than "
			 "storage.keep_days",
			 (long long)age->first, (long long)age->last);
	age->first = 0;
	try_again(age, EVERY_US);
}

static int on_timer(sd_event_source *source, uint64_t now_us, void *arg)
{
	struct log_age *age = arg;
	struct store *store = journal_store(age->deps.journal);
	int64_t offset = offset_ms(), evidence_unix_ms = age->oldest(age->arg), to_seq = INT64_MAX,
		cutoff;
	int r = -EAGAIN;

	(void)source, (void)now_us;
	if (offset - age->offset_ms > STEP_MS || age->offset_ms - offset > STEP_MS)
		age->steady_since_ms = clock_mono_ms();
	age->offset_ms = offset;
	if (store != NULL && age->deps.config->mqtt.broker_count > 0)
		to_seq = store_cursor_get(store, "mqtt");
	cutoff = store == NULL || evidence_unix_ms < 0
			 ? 0
			 : retention_log_cutoff(
				   clock_unix_ms(), age->deps.config->storage.keep_days,
				   clock_mono_ms() - age->steady_since_ms, evidence_unix_ms);
	if (cutoff > 0)
		r = store_drop(store, cutoff, to_seq, on_dropped, age);
	if (r < 0)
		try_again(age, EVERY_US);
	return 0;
}

int log_age_open(const struct evidence_deps *deps, log_age_oldest_fn oldest, const void *arg,
		 struct log_age **ret_age)
{
	struct log_age *age;
	int r;

	if (deps->config->storage.keep_days == 0)
		return 0;
	age = calloc(1, sizeof(*age));
	if (age == NULL)
		return -ENOMEM;
	*age = (struct log_age){.deps = *deps,
				.oldest = oldest,
				.arg = arg,
				.offset_ms = offset_ms(),
				.steady_since_ms = clock_mono_ms()};
	r = sd_event_add_time_relative(deps->event, &age->timer, CLOCK_MONOTONIC, EVERY_US,
				       1000 * 1000, on_timer, age);
	if (r < 0) {
		free(age);
		return r;
	}
	*ret_age = age;
	return 0;
}

void log_age_stop(struct log_age *age)
{
	if (age != NULL)
		age->stopped = true;
}

void log_age_close(struct log_age *age)
{
	if (age == NULL)
		return;
	sd_event_source_disable_unref(age->timer);
	free(age);
}
