/* Evidence does not stay for ever: once a minute the folder is read, and what may or must go goes. */
#include "gate/gate_internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "retention.h"
#include "base/worker.h"

enum {
	BEGIN_US = 2 * 1000 * 1000, /* after the log is there: the guard's alerts are read first */
	EVERY_US = 60 * 1000 * 1000,
	SOON_US = 1000 * 1000,
	ROUND_MAX = 64, /* deletions of one round: the log must keep up */
	PAGE_ROWS = 50, /* at once, when the old throws are read: doors come between */
	JOBS_MAX = ROUND_MAX + 8,
};
static const uint64_t reserve_bytes_max = UINT64_C(512) << 20;
static const char sealed_dir[] = "sealed"; /* originals of what is shown masked */

struct gate_retention {
	struct gate *gate;
	struct retention *known;
	struct worker *worker;
	sd_event_source *worker_source, *timer;
	int64_t started_unix_ms, read_seq;
	size_t reading; /* index in read_types */
	bool begun;     /* to read */
	bool low;
	unsigned deleting;
	struct { /* as the last look at the folder found it */
		bool known;
		struct retention_sums sums;
		struct retention_limits limits;
		int64_t oldest_unix_ms;
	} seen;
};

/* ---- the folder, on the worker's thread ---- */

struct scan {
	struct worker_job job;
	struct gate_retention *owner;
	char dir[CONFIG_PATH_BYTES];
	int64_t started_unix_ms;
	struct retention_item *items;
	size_t count, capacity;
	uint64_t free_bytes, disk_bytes;
	unsigned leftovers;
};

static int by_stem(const void *a, const void *b)
{
	return strcmp(((const struct retention_item *)a)->stem, ((const struct retention_item *)b)->stem);
}

/* files of one throw become one item */
static void join_files(struct scan *scan)
{
	size_t last = 0;

	if (scan->count > 1)
		qsort(scan->items, scan->count, sizeof(*scan->items), by_stem);
	for (size_t i = 1; i < scan->count; i++) {
		struct retention_item *to = &scan->items[last], *from = &scan->items[i];

		if (strcmp(to->stem, from->stem) != 0) {
			scan->items[++last] = *from;
			continue;
		}
		to->bytes += from->bytes;
		to->files++;
		if (from->unix_ms > to->unix_ms)
			to->unix_ms = from->unix_ms;
	}
	if (scan->count > 0)
		scan->count = last + 1;
}

static void add_file(struct scan *scan, const char *stem, const struct stat *status, int64_t unix_ms)
{
	if (scan->count == scan->capacity) {
		size_t capacity = scan->capacity > 0 ? scan->capacity * 2 : 256;
		struct retention_item *items = reallocarray(scan->items, capacity, sizeof(*items));

		if (items == NULL)
			return; /* it is found again in a minute */
		scan->items = items;
		scan->capacity = capacity;
	}
	scan->items[scan->count] =
		(struct retention_item){.unix_ms = unix_ms, .bytes = (uint64_t)status->st_size, .files = 1};
	snprintf(scan->items[scan->count++].stem, RETENTION_STEM_BYTES, "%s", stem);
}

static void take_entry(struct scan *scan, int fd, const char *name)
{
	size_t length = strlen(name);
	char stem[RETENTION_STEM_BYTES];
	struct stat status;
	int64_t unix_ms;

	if (fstatat(fd, name, &status, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(status.st_mode))
		return;
	unix_ms = (int64_t)status.st_mtim.tv_sec * 1000 + status.st_mtim.tv_nsec / 1000000;
	if (retention_stem(name, stem) == 0)
		add_file(scan, stem, &status, unix_ms);
	else if (name[0] == '.' && length > 5 && strcmp(name + length - 5, ".part") == 0 &&
		 unix_ms < scan->started_unix_ms && unlinkat(fd, name, 0) == 0)
		scan->leftovers++; /* of a run before this one: nobody finishes it */
}

static void read_folder(struct scan *scan, int at, const char *path)
{
	int fd = openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *entry;

	if (dir == NULL) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while ((entry = readdir(dir)) != NULL)
		if (strcmp(entry->d_name, sealed_dir) == 0)
			read_folder(scan, fd, sealed_dir);
		else
			take_entry(scan, fd, entry->d_name);
	closedir(dir);
}

static void run_scan(struct worker_job *job)
{
	struct scan *scan = (struct scan *)job;
	struct statvfs disk;

	read_folder(scan, AT_FDCWD, scan->dir);
	join_files(scan);
	if (statvfs(scan->dir, &disk) == 0) {
		scan->free_bytes = (uint64_t)disk.f_bavail * disk.f_frsize;
		scan->disk_bytes = (uint64_t)disk.f_blocks * disk.f_frsize;
	} else {
		scan->free_bytes = scan->disk_bytes = UINT64_MAX;
	}
}

/* ---- deleting: told first, then done ---- */

struct removal {
	struct worker_job job;
	struct gate_retention *owner;
	char dir[CONFIG_PATH_BYTES], stem[RETENTION_STEM_BYTES];
	int r;
};

static void run_removal(struct worker_job *job)
{
	static const char *const patterns[] = {"%s/%s.mp4", "%s/%s.jpg", "%s/%s-trajectory.jpg",
					       "%s/sealed/%s.mp4", "%s/sealed/%s.jpg"};
	struct removal *removal = (struct removal *)job;
	char path[CONFIG_PATH_BYTES + RETENTION_STEM_BYTES + 32];

	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		snprintf(path, sizeof(path), patterns[i], removal->dir, removal->stem);
#pragma GCC diagnostic pop
		if (unlink(path) < 0 && errno != ENOENT)
			removal->r = -errno;
	}
}

static void end_removal(struct worker_job *job, int r)
{
	struct removal *removal = (struct removal *)job;

	if (r == 0 && removal->r < 0)
		log_error("vision", "evidence %s cannot be deleted: %s", removal->stem,
			  strerror(-removal->r));
	removal->owner->deleting--;
	free(removal);
}

static void on_told(void *arg, int r, const struct event_row *row)
{
	struct removal *removal = arg;

	(void)row;
	if (r < 0 || removal->owner->worker == NULL || worker_post(removal->owner->worker, &removal->job) < 0)
		end_removal(&removal->job, -ECANCELED); /* the next round finds it again */
}

static void delete_item(struct gate_retention *retention, const struct retention_item *item, int64_t now_ms)
{
	struct gate *gate = retention->gate;
	struct removal *removal = calloc(1, sizeof(*removal));
	struct event_draft draft = {.type = "evidence.deleted",
				    .severity =
					    item->protection == RETENTION_FREE ? EVENT_INFO : EVENT_ALARM};

	if (removal == NULL)
		return;
	removal->job = (struct worker_job){.run = run_removal, .end = end_removal};
	removal->owner = retention;
	snprintf(removal->dir, sizeof(removal->dir), "%s", gate->config->evidence.dir);
	snprintf(removal->stem, sizeof(removal->stem), "%s", item->stem);
	draft.data = json_pack("{s:s, s:i, s:I, s:I, s:s, s:s}", "stem", item->stem, "files",
			       (int)item->files, "bytes", (json_int_t)item->bytes, "age_days",
			       (json_int_t)((now_ms - item->unix_ms) / (24 * 3600 * INT64_C(1000))), "reason",
			       item->reason == RETENTION_AGE ? "age" : "space", "protected",
			       retention_protection_name(item->protection));
	if (item->alert > 0)
		json_object_set_new(draft.data, "alert", json_integer(item->alert));
	retention->deleting++;
	/* a log that cannot be written for want of room must not wait for the room it makes */
	if (journal_trouble(gate->journal)[0] != '\0') {
		(void)journal_record_draft(gate->journal, &draft, NULL,
					   NULL); /* kept queued until there is room */
		on_told(removal, 0, NULL);
	} else if (journal_record_draft(gate->journal, &draft, on_told, removal) < 0) {
		end_removal(&removal->job, -ECANCELED);
	}
	json_decref(draft.data);
}

static void tell_room(struct gate_retention *retention, const struct retention_sums *sums,
		      const struct retention_limits *limits)
{
	if (sums->low == retention->low)
		return;
	retention->low = sums->low;
	if (sums->low)
		log_warning("vision", "room for evidence is running out: %llu of %llu MB wait for review",
			    (unsigned long long)(sums->protected_bytes >> 20),
			    (unsigned long long)(limits->bytes_max >> 20));
	journal_record(retention->gate->journal, sums->low ? "evidence.space_low" : "evidence.space_ok",
		       sums->low ? EVENT_ALARM : EVENT_INFO, NULL, NULL,
		       json_pack("{s:I, s:I, s:I, s:I}", "used_bytes", (json_int_t)sums->used_bytes,
				 "protected_bytes", (json_int_t)sums->protected_bytes, "limit_bytes",
				 (json_int_t)limits->bytes_max, "free_bytes",
				 (json_int_t)(limits->free_bytes & INT64_MAX)));
}

static int64_t oldest_of(const struct scan *scan)
{
	int64_t oldest = 0;

	for (size_t i = 0; i < scan->count; i++)
		if (oldest == 0 || scan->items[i].unix_ms < oldest)
			oldest = scan->items[i].unix_ms;
	return oldest;
}

static void plan(struct gate_retention *retention, struct scan *scan)
{
	const struct config_evidence *config = &retention->gate->config->evidence;
	struct retention_limits limits = {.days = config->days,
					  .bytes_max = (uint64_t)config->max_gb * 1000000000,
					  .free_bytes = scan->free_bytes,
					  .reserve_bytes = scan->disk_bytes / 20};
	int64_t now_ms = clock_unix_ms();
	struct retention_sums sums;
	size_t go;

	if (limits.reserve_bytes > reserve_bytes_max)
		limits.reserve_bytes = reserve_bytes_max;
	go = retention_plan(retention->known, scan->items, scan->count, &limits, now_ms, &sums);
	tell_room(retention, &sums, &limits);
	retention->seen.known = true;
	retention->seen.sums = sums;
	retention->seen.limits = limits;
	retention->seen.oldest_unix_ms = oldest_of(scan);
	for (size_t i = 0; i < go && i < ROUND_MAX; i++)
		delete_item(retention, &scan->items[i], now_ms);
	sd_event_source_set_time(retention->timer, clock_mono_us() + (go > ROUND_MAX ? SOON_US : EVERY_US));
	sd_event_source_set_enabled(retention->timer, SD_EVENT_ONESHOT);
}

static void end_scan(struct worker_job *job, int r)
{
	struct scan *scan = (struct scan *)job;

	if (r == 0 && scan->leftovers > 0)
		log_info("vision", "%u unfinished evidence files of an earlier run are removed",
			 scan->leftovers);
	if (r == 0)
		plan(scan->owner, scan);
	free(scan->items);
	free(scan);
}

static void read_log(struct gate_retention *retention);

static int on_timer(sd_event_source *source, uint64_t usec, void *arg)
{
	struct gate_retention *retention = arg;
	struct scan *scan;

	(void)usec;
	if (!retention->begun) {
		retention->begun = true;
		read_log(retention);
		return 0;
	}
	sd_event_source_set_time(source, clock_mono_us() + EVERY_US);
	sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
	if (retention->deleting > 0)
		return 0; /* still busy with the last round */
	scan = calloc(1, sizeof(*scan));
	if (scan == NULL)
		return 0;
	scan->job = (struct worker_job){.run = run_scan, .end = end_scan};
	scan->owner = retention;
	scan->started_unix_ms = retention->started_unix_ms;
	snprintf(scan->dir, sizeof(scan->dir), "%s", retention->gate->config->evidence.dir);
	if (worker_post(retention->worker, &scan->job) < 0)
		free(scan);
	return 0;
}

static int on_worker(sd_event_source *source, int fd, uint32_t revents, void *arg)
{
	struct gate_retention *retention = arg;

	(void)source, (void)fd, (void)revents;
	worker_dispatch(retention->worker);
	return 0;
}

/* ---- what the log says of each ---- */

void gate_retention_event(struct gate *gate, const json_t *event)
{
	if (gate->retention != NULL && retention_see(gate->retention->known, event) < 0)
		log_warning("vision", "no memory to follow what is reviewed, retrying at the next start");
}

/* deletions last: they forget what the others taught */
static const char *const read_types[] = {"litter.", "alert.", "evidence."};

static void on_rows(void *arg, int r, const struct event_row *rows, size_t count)
{
	struct gate_retention *retention = arg;

	if (r == -ECANCELED)
		return;
	for (size_t i = 0; r == 0 && i < count; i++) {
		json_t *event = json_loads(rows[i].json, 0, NULL);

		retention->read_seq = rows[i].seq;
		r = event != NULL ? retention_see(retention->known, event) : -ENOMEM;
		json_decref(event);
	}
	if (r < 0) {
		log_error("vision", "evidence is not deleted: the log cannot be read: %s", strerror(-r));
		return;
	}
	if (count == PAGE_ROWS) {
		read_log(retention);
		return;
	}
	retention->read_seq = 0;
	if (++retention->reading < sizeof(read_types) / sizeof(read_types[0])) {
		read_log(retention);
		return;
	}
	sd_event_source_set_time(retention->timer, clock_mono_us());
	sd_event_source_set_enabled(retention->timer, SD_EVENT_ONESHOT);
}

static void read_log(struct gate_retention *retention)
{
	struct store_filter filter = {.after_seq = retention->read_seq,
				      .limit = PAGE_ROWS,
				      .ascending = true,
				      .patient = true,
				      .type = read_types[retention->reading]};
	int r = store_query_events(journal_store(retention->gate->journal), &filter, on_rows, retention);

	if (r < 0)
		log_error("vision", "evidence is not deleted: the log cannot be read: %s", strerror(-r));
}

int gate_retention_oldest(const struct gate *gate, int64_t *ret_unix_ms)
{
	if (gate->retention == NULL || !gate->retention->seen.known)
		return -EAGAIN;
	*ret_unix_ms = gate->retention->seen.oldest_unix_ms;
	return 0;
}

json_t *gate_retention_json(const struct gate *gate)
{
	const struct gate_retention *retention = gate->retention;
	char oldest[CLOCK_UTC_BYTES];
	const struct retention_limits *limits;
	uint64_t room;

	if (retention == NULL || !retention->seen.known)
		return json_null();
	limits = &retention->seen.limits;
	room = limits->free_bytes > limits->reserve_bytes ? limits->free_bytes - limits->reserve_bytes : 0;
	clock_format_utc(retention->seen.oldest_unix_ms, oldest);
	return json_pack("{s:I, s:I, s:I, s:I, s:i, s:s?}", "used_bytes",
			 (json_int_t)retention->seen.sums.used_bytes, "protected_bytes",
			 (json_int_t)retention->seen.sums.protected_bytes, "limit_bytes",
			 (json_int_t)limits->bytes_max, "room_bytes", (json_int_t)(room & INT64_MAX), "days",
			 (int)limits->days, "oldest", retention->seen.oldest_unix_ms != 0 ? oldest : NULL);
}

/* ---- begin and end ---- */

int gate_retention_open(struct gate *gate)
{
	struct gate_retention *retention = calloc(1, sizeof(*retention));
	int r;

	if (retention == NULL)
		return -ENOMEM;
	retention->gate = gate;
	retention->started_unix_ms = clock_unix_ms();
	gate->retention = retention;
	r = retention_open(&retention->known);
	if (r == 0)
		r = worker_open("retention", JOBS_MAX, &retention->worker);
	if (r == 0)
		r = sd_event_add_io(gate->event, &retention->worker_source, worker_fd(retention->worker),
				    EPOLLIN, on_worker, retention);
	if (r >= 0)
		r = sd_event_add_time_relative(gate->event, &retention->timer, CLOCK_MONOTONIC, BEGIN_US,
					       1000, on_timer, retention);
	if (r < 0)
		log_error("vision", "evidence is not deleted: %s", strerror(-r));
	return r < 0 ? r : 0;
}

/* after the store, which calls back to the last */
void gate_retention_close(struct gate *gate)
{
	struct gate_retention *retention = gate->retention;

	if (retention == NULL)
		return;
	sd_event_source_disable_unref(retention->timer);
	sd_event_source_disable_unref(retention->worker_source);
	worker_close(retention->worker);
	retention_close(retention->known);
	free(retention);
	gate->retention = NULL;
}
