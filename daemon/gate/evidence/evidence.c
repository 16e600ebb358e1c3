/* Reads the evidence folder once a minute and deletes what the retention plan names. */
#include "evidence.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/thread_role.h"
#include "base/worker.h"
#include "folder.h"
#include "log_retention.h"
#include "retention.h"

enum {
	BEGIN_US = 2 * 1000 * 1000, /* delay after the start: the API reads its alerts first */
	EVERY_US = 60 * 1000 * 1000,
	SOON_US = 1000 * 1000,
	ROUND_MAX = 64, /* deletions a round, so that the log keeps up */
	PAGE_ROWS = 50, /* rows a query of the log, so that doors are served between pages */
	JOBS_MAX = ROUND_MAX + 8,
};
static const uint64_t reserve_bytes_max = UINT64_C(512) << 20;

struct evidence {
	struct evidence_deps deps;
	struct retention *retention;
	struct log_retention *log_retention;
	struct worker *worker;
	sd_event_source *worker_source, *timer;
	int64_t started_unix_ms, read_seq;
	size_t read_type;   /* index in read_types */
	bool log_requested; /* the first timer event has started to read the log */
	bool low;
	unsigned deleting;
	struct { /* as of the last scan of the folder */
		bool known;
		struct retention_sums sums;
		struct retention_limits limits;
		int64_t oldest_unix_ms; /* 0: no evidence */
	} scanned;
};

/* ---- deleting: recorded first, then done ---- */

static void end_removal(struct worker_job *job, int r)
{
	struct folder_removal *removal = (struct folder_removal *)job;
	struct evidence *evidence = removal->owner;

	if (r == 0 && removal->r < 0)
		log_error("vision", "evidence %s cannot be deleted: %s", removal->stem,
			  strerror(-removal->r));
	evidence->deleting--;
	free(removal);
}

static void on_recorded(void *arg, int r, const struct event_row *row)
{
	struct folder_removal *removal = arg;
	struct evidence *evidence = removal->owner;

	(void)row;
	if (r < 0 || worker_post(evidence->worker, &removal->job) < 0)
		end_removal(&removal->job, -ECANCELED); /* the next round tries it again */
}

static void delete_item(struct evidence *evidence, const struct retention_item *item,
			int64_t now_ms)
{
	struct folder_removal *removal = calloc(1, sizeof(*removal));
	struct event_draft draft = {.type = "evidence.deleted",
				    .severity = item->protection == RETENTION_FREE ? EVENT_INFO
										   : EVENT_ALARM};

	if (removal == NULL)
		return;
	removal->job = (struct worker_job){.run = folder_removal_run, .end = end_removal};
	removal->owner = evidence;
	snprintf(removal->dir, sizeof(removal->dir), "%s", evidence->deps.config->evidence.dir);
	snprintf(removal->stem, sizeof(removal->stem), "%s", item->stem);
	draft.data = json_pack("{s:s, s:i, s:I, s:I, s:s, s:s}", "stem", item->stem, "files",
			       (int)item->files, "bytes", (json_int_t)item->bytes, "age_days",
			       (json_int_t)((now_ms - item->unix_ms) / (24 * 3600 * INT64_C(1000))),
			       "reason", item->reason == RETENTION_AGE ? "age" : "space",
			       "protected", retention_protection_name(item->protection));
	if (item->alert > 0)
		json_object_set_new(draft.data, "alert", json_integer(item->alert));
	evidence->deleting++;
	/* on a full disk the deletion makes the room that its own event needs: do not wait */
	if (journal_trouble(evidence->deps.journal)[0] != '\0') {
		(void)journal_record_draft(evidence->deps.journal, &draft, NULL,
					   NULL); /* queued until there is room */
		on_recorded(removal, 0, NULL);
	} else if (journal_record_draft(evidence->deps.journal, &draft, on_recorded, removal) < 0) {
		end_removal(&removal->job, -ECANCELED);
	}
	json_decref(draft.data);
}

static void report_room(struct evidence *evidence, const struct retention_sums *sums,
			const struct retention_limits *limits)
{
	if (sums->low == evidence->low)
		return;
	evidence->low = sums->low;
	if (sums->low)
		log_warning("vision",
			    "room for evidence is running out: %llu of %llu MB wait for review",
			    (unsigned long long)(sums->protected_bytes >> 20),
			    (unsigned long long)(limits->bytes_max >> 20));
	journal_record(evidence->deps.journal,
		       sums->low ? "evidence.space_low" : "evidence.space_ok",
		       sums->low ? EVENT_ALARM : EVENT_INFO, NULL, NULL,
		       json_pack("{s:I, s:I, s:I, s:I}", "used_bytes", (json_int_t)sums->used_bytes,
				 "protected_bytes", (json_int_t)sums->protected_bytes,
				 "limit_bytes", (json_int_t)limits->bytes_max, "free_bytes",
				 (json_int_t)(limits->free_bytes & INT64_MAX)));
}

static int64_t oldest_of(const struct folder_scan *scan)
{
	int64_t oldest = 0;

	for (size_t i = 0; i < scan->count; i++)
		if (oldest == 0 || scan->items[i].unix_ms < oldest)
			oldest = scan->items[i].unix_ms;
	return oldest;
}

static void plan(struct evidence *evidence, struct folder_scan *scan)
{
	const struct config_evidence *config = &evidence->deps.config->evidence;
	struct retention_limits limits = {.days = config->days,
					  .bytes_max = (uint64_t)config->max_gb * 1000000000,
					  .free_bytes = scan->free_bytes,
					  .reserve_bytes = scan->disk_bytes / 20};
	int64_t now_ms = clock_unix_ms();
	struct retention_sums sums;
	size_t due_count;

	if (limits.reserve_bytes > reserve_bytes_max)
		limits.reserve_bytes = reserve_bytes_max;
	due_count = retention_plan(evidence->retention, scan->items, scan->count, &limits, now_ms,
				   &sums);
	report_room(evidence, &sums, &limits);
	evidence->scanned.known = true;
	evidence->scanned.sums = sums;
	evidence->scanned.limits = limits;
	evidence->scanned.oldest_unix_ms = oldest_of(scan);
	for (size_t i = 0; i < due_count && i < ROUND_MAX; i++)
		delete_item(evidence, &scan->items[i], now_ms);
	sd_event_source_set_time(evidence->timer,
				 clock_mono_us() + (due_count > ROUND_MAX ? SOON_US : EVERY_US));
	sd_event_source_set_enabled(evidence->timer, SD_EVENT_ONESHOT);
}

static void end_scan(struct worker_job *job, int r)
{
	struct folder_scan *scan = (struct folder_scan *)job;

	if (r == 0 && scan->leftovers > 0)
		log_info("vision", "%u unfinished evidence files of an earlier run are removed",
			 scan->leftovers);
	if (r == 0)
		plan(scan->owner, scan);
	free(scan->items);
	free(scan);
}

static void read_log(struct evidence *evidence);

static int on_timer(sd_event_source *source, uint64_t usec, void *arg)
{
	struct evidence *evidence = arg;
	struct folder_scan *scan;

	(void)usec;
	if (!evidence->log_requested) {
		evidence->log_requested = true;
		read_log(evidence);
		return 0;
	}
	sd_event_source_set_time(source, clock_mono_us() + EVERY_US);
	sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
	if (evidence->deleting > 0)
		return 0; /* the last round has not ended */
	scan = calloc(1, sizeof(*scan));
	if (scan == NULL)
		return 0;
	scan->job = (struct worker_job){.run = folder_scan_run, .end = end_scan};
	scan->owner = evidence;
	scan->started_unix_ms = evidence->started_unix_ms;
	snprintf(scan->dir, sizeof(scan->dir), "%s", evidence->deps.config->evidence.dir);
	if (worker_post(evidence->worker, &scan->job) < 0)
		free(scan);
	return 0;
}

static int on_worker(sd_event_source *source, int fd, uint32_t revents, void *arg)
{
	struct evidence *evidence = arg;

	(void)source, (void)fd, (void)revents;
	worker_dispatch(evidence->worker);
	return 0;
}

/* ---- events of the log ---- */

void evidence_event(struct evidence *evidence, const json_t *event)
{
	assert_thread(THREAD_CONTROL);
	if (retention_apply_event(evidence->retention, event) < 0)
		log_warning("vision",
			    "no memory to follow what is reviewed, retrying at the next start");
}

/* deletions last: they remove what the other events added */
static const char *const read_types[] = {"litter.", "alert.", "evidence."};

static void on_rows(void *arg, int r, const struct event_row *rows, size_t count)
{
	struct evidence *evidence = arg;

	if (r == -ECANCELED)
		return;
	for (size_t i = 0; r == 0 && i < count; i++) {
		json_t *event = json_loads(rows[i].json, 0, NULL);

		evidence->read_seq = rows[i].seq;
		r = event != NULL ? retention_apply_event(evidence->retention, event) : -ENOMEM;
		json_decref(event);
	}
	if (r < 0) {
		log_error("vision", "evidence is not deleted: the log cannot be read: %s",
			  strerror(-r));
		return;
	}
	if (count == PAGE_ROWS) {
		read_log(evidence);
		return;
	}
	evidence->read_seq = 0;
	if (++evidence->read_type < sizeof(read_types) / sizeof(read_types[0])) {
		read_log(evidence);
		return;
	}
	sd_event_source_set_time(evidence->timer, clock_mono_us());
	sd_event_source_set_enabled(evidence->timer, SD_EVENT_ONESHOT);
}

static void read_log(struct evidence *evidence)
{
	struct store_filter filter = {.after_seq = evidence->read_seq,
				      .limit = PAGE_ROWS,
				      .ascending = true,
				      .low_priority = true,
				      .type = read_types[evidence->read_type]};
	int r = store_query_events(journal_store(evidence->deps.journal), &filter, on_rows,
				   evidence);

	if (r < 0)
		log_error("vision", "evidence is not deleted: the log cannot be read: %s",
			  strerror(-r));
}

static int64_t oldest(const void *arg)
{
	const struct evidence *evidence = arg;

	return evidence->scanned.known ? evidence->scanned.oldest_unix_ms : -EAGAIN;
}

json_t *evidence_json(const struct evidence *evidence)
{
	const struct retention_limits *limits;
	uint64_t room;

	if (!evidence->scanned.known)
		return json_null();
	limits = &evidence->scanned.limits;
	room = limits->free_bytes > limits->reserve_bytes
		       ? limits->free_bytes - limits->reserve_bytes
		       : 0;
	return json_pack("{s:I, s:I, s:I, s:I, s:i, s:o}", "used_bytes",
			 (json_int_t)evidence->scanned.sums.used_bytes, "protected_bytes",
			 (json_int_t)evidence->scanned.sums.protected_bytes, "limit_bytes",
			 (json_int_t)limits->bytes_max, "room_bytes",
			 (json_int_t)(room & INT64_MAX), "days", (int)limits->days, "oldest",
			 evidence->scanned.oldest_unix_ms != 0
				 ? json_utc(evidence->scanned.oldest_unix_ms)
				 : json_null());
}

/* ---- open and close ---- */

int evidence_open(const struct evidence_deps *deps, struct evidence **ret_evidence)
{
	struct evidence *evidence = calloc(1, sizeof(*evidence));
	int r;

	assert_thread(THREAD_CONTROL);
	assert(deps->config != NULL && deps->event != NULL && deps->journal != NULL);
	if (evidence == NULL)
		return -ENOMEM;
	evidence->deps = *deps;
	evidence->started_unix_ms = clock_unix_ms();
	r = retention_open(&evidence->retention);
	if (r == 0)
		r = worker_open("retention", JOBS_MAX, &evidence->worker);
	if (r == 0)
		r = sd_event_add_io(deps->event, &evidence->worker_source,
				    worker_fd(evidence->worker), EPOLLIN, on_worker, evidence);
	if (r >= 0)
		r = sd_event_add_time_relative(deps->event, &evidence->timer, CLOCK_MONOTONIC,
					       BEGIN_US, 1000, on_timer, evidence);
	if (r >= 0)
		r = log_retention_open(deps, oldest, evidence, &evidence->log_retention);
	if (r < 0) {
		log_error("vision", "evidence and old rows of the log are not deleted: %s",
			  strerror(-r));
		evidence_close(evidence);
		return r;
	}
	*ret_evidence = evidence;
	return 0;
}

void evidence_stop(struct evidence *evidence)
{
	if (evidence != NULL)
		log_retention_stop(evidence->log_retention);
}

void evidence_close(struct evidence *evidence)
{
	if (evidence == NULL)
		return;
	sd_event_source_disable_unref(evidence->timer);
	sd_event_source_disable_unref(evidence->worker_source);
	worker_close(evidence->worker);
	log_retention_close(evidence->log_retention);
	retention_close(evidence->retention);
	free(evidence);
}
