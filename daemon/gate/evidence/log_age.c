/* Rows of the log that are too old go, a few at a time; which those are: retention_log_cutoff(). */
#include "gate/gate_internal.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "retention.h"

enum {
	LOOK_US = 600 * 1000 * 1000,
	SLICE_US = 2 * 1000 * 1000, /* between two slices: doors and people write, too */
	STEP_MS = 60 * 1000         /* of the wall clock against the monotonic: it was set */
};

struct gate_log_age {
	struct gate *gate;
	sd_event_source *timer;
	int64_t offset_ms; /* wall clock less monotonic */
	uint64_t steady_since_ms;
	int64_t first, last; /* of this round; 0: nothing went */
};

static int64_t offset_ms(void)
{
	return clock_unix_ms() - (int64_t)clock_mono_ms();
}

static void look_again(struct gate_log_age *age, uint64_t in_us)
{
	if (sd_event_source_set_time_relative(age->timer, in_us) < 0 ||
	    sd_event_source_set_enabled(age->timer, SD_EVENT_ONESHOT) < 0)
		log_warning("store", "old rows of the log are not dropped until the next start");
}

static void on_dropped(void *arg, int r, const struct event_row *row)
{
	struct gate_log_age *age = arg;
	json_t *data;

	if (r == -ECANCELED || age->gate->closing)
		return;
	if (r == 0) {
		data = json_loads(row->data, 0, NULL);
		age->last = json_integer_value(json_object_get(data, "last"));
		if (age->first == 0)
			age->first = json_integer_value(json_object_get(data, "first"));
		json_decref(data);
		look_again(age, SLICE_US);
		return;
	}
	if (r != -ENODATA)
		log_warning("store", "old rows of the log are not dropped: %s, retrying", strerror(-r));
	else if (age->first != 0)
		log_info("store",
			 "rows %lld to %lld of the log were dropped: they are older than storage.keep_days",
			 (long long)age->first, (long long)age->last);
	age->first = 0;
	look_again(age, LOOK_US);
}

static int on_timer(sd_event_source *source, uint64_t now_us, void *arg)
{
	struct gate_log_age *age = arg;
	struct gate *gate = age->gate;
	int64_t offset = offset_ms(), evidence_unix_ms = 0, to_seq = INT64_MAX, cutoff;
	int r = -EAGAIN;

	(void)source, (void)now_us;
	if (offset - age->offset_ms > STEP_MS || age->offset_ms - offset > STEP_MS)
		age->steady_since_ms = clock_mono_ms();
	age->offset_ms = offset;
	if (gate->config->mqtt.enabled)
		to_seq = store_cursor_get(journal_store(gate->journal), "mqtt");
	cutoff = gate_retention_oldest(gate, &evidence_unix_ms) < 0
			 ? 0
			 : retention_log_cutoff(clock_unix_ms(), gate->config->storage.keep_days,
						clock_mono_ms() - age->steady_since_ms, evidence_unix_ms);
	if (cutoff > 0)
		r = store_drop(journal_store(gate->journal), cutoff, to_seq, on_dropped, age);
	if (r < 0)
		look_again(age, LOOK_US);
	return 0;
}

int gate_log_age_open(struct gate *gate)
{
	struct gate_log_age *age;
	int r;

	if (gate->config->storage.keep_days == 0)
		return 0;
	age = calloc(1, sizeof(*age));
	if (age == NULL)
		return -ENOMEM;
	age->gate = gate;
	age->offset_ms = offset_ms();
	age->steady_since_ms = clock_mono_ms();
	gate->log_age = age;
	r = sd_event_add_time_relative(gate->event, &age->timer, CLOCK_MONOTONIC, LOOK_US, 1000 * 1000,
				       on_timer, age);
	if (r < 0)
		log_error("store", "old rows of the log are not dropped: %s", strerror(-r));
	return r;
}

void gate_log_age_close(struct gate *gate)
{
	if (gate->log_age == NULL)
		return;
	sd_event_source_disable_unref(gate->log_age->timer);
	free(gate->log_age);
	gate->log_age = NULL;
}
