/*
 * Camera health: how long each camera had no usable picture today, and why. Reported as events,
 * saved over restarts.
 */
#include "cameras_private.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"

enum { TICK_US = 1000 * 1000, TICK_LATE_US = 200 * 1000 };
static const char kind[] = "blind"; /* of the record, by the camera's name */

static void format_day(char *text)
{
	time_t now = (time_t)(clock_unix_ms() / 1000);
	struct tm local;

	if (localtime_r(&now, &local) == NULL ||
	    strftime(text, CAMERA_DAY_BYTES, "%Y-%m-%d", &local) != CAMERA_DAY_BYTES - 1)
		snprintf(text, CAMERA_DAY_BYTES, "1970-01-01");
}

/* ---- the camera's thread ---- */

void health_frame(struct watched_camera *camera, const struct video_frame *frame)
{
	pthread_mutex_lock(&camera->health_lock);
	if (camera->health != NULL)
		camera_health_frame(camera->health, frame->luma, (size_t)frame->stride_bytes,
				    frame->width_px, frame->height_px, clock_mono_ms());
	pthread_mutex_unlock(&camera->health_lock);
}

void health_ended(struct watched_camera *camera)
{
	pthread_mutex_lock(&camera->health_lock);
	if (camera->health != NULL)
		camera_health_ended(camera->health, clock_mono_ms());
	pthread_mutex_unlock(&camera->health_lock);
}

/* ---- the day's sums ---- */

static void add_totals(struct watched_camera *camera)
{
	struct camera_health_totals totals = {0};

	pthread_mutex_lock(&camera->health_lock);
	if (camera->health != NULL)
		camera_health_read(camera->health, clock_mono_ms(), &totals);
	pthread_mutex_unlock(&camera->health_lock);
	for (int cause = 0; cause < CAMERA_HEALTH_CAUSES; cause++)
		camera->day_ms[cause] += totals.ms[cause];
}

static uint64_t blind_ms(const struct watched_camera *camera)
{
	uint64_t sum = 0;

	for (int cause = CAMERA_HEALTH_OK + 1; cause < CAMERA_HEALTH_CAUSES; cause++)
		sum += camera->day_ms[cause];
	return sum;
}

static json_t *seconds_json(const struct watched_camera *camera)
{
	json_t *seconds = json_object();

	for (enum camera_health_cause cause = CAMERA_HEALTH_OK + 1; cause < CAMERA_HEALTH_CAUSES;
	     cause++)
		json_object_set_new(seconds, camera_health_cause_name(cause),
				    json_integer((json_int_t)(camera->day_ms[cause] / 1000)));
	return seconds;
}

static json_t *record_json(const struct watched_camera *camera)
{
	json_t *ms = json_object();

	for (enum camera_health_cause cause = 0; cause < CAMERA_HEALTH_CAUSES; cause++)
		json_object_set_new(ms, camera_health_cause_name(cause),
				    json_integer((json_int_t)camera->day_ms[cause]));
	return json_pack("{s:s, s:o}", "day", camera->day, "ms", ms);
}

/* Record an event and save the sums of the day in the same transaction. */
static void record(struct watched_camera *camera, const char *type, enum event_severity severity,
		   json_t *data)
{
	struct journal *journal = camera->cameras->deps.journal;
	struct event_draft draft = {
		.type = type, .severity = severity, .source = camera->source, .data = data};
	json_t *sums;
	int r = -EIO;

	add_totals(camera);
	sums = record_json(camera);
	if (journal_store(journal) != NULL && sums != NULL)
		r = store_record_put(journal_store(journal), kind, camera->config->name, sums,
				     &draft, NULL, NULL);
	if (r < 0)
		(void)journal_record_draft(journal, &draft, NULL,
					   NULL); /* the event alone; a failure is logged there */
	json_decref(sums);
	json_decref(data);
}

static void record_day(struct watched_camera *camera, bool complete)
{
	json_t *data;

	add_totals(camera);
	data = json_pack("{s:s, s:s, s:b, s:I, s:I, s:o}", "camera", camera->config->name, "day",
			 camera->day, "complete", complete, "watched_s",
			 (json_int_t)((camera->day_ms[CAMERA_HEALTH_OK] + blind_ms(camera)) / 1000),
			 "blind_s", (json_int_t)(blind_ms(camera) / 1000), "seconds",
			 seconds_json(camera));
	if (complete) { /* the event describes the old day, the record saved with it the new one */
		memset(camera->day_ms, 0, sizeof(camera->day_ms));
		format_day(camera->day);
	}
	record(camera, "camera.blind_day", EVENT_INFO, data);
}

static void begin_day(struct watched_camera *camera)
{
	const json_t *saved = json_object_get(camera->cameras->blind_records, camera->config->name);
	const char *day = json_string_value(json_object_get(saved, "day"));
	const json_t *ms = json_object_get(saved, "ms");

	format_day(camera->day);
	if (day == NULL || strlen(day) >= sizeof(camera->day))
		return;
	for (enum camera_health_cause cause = 0; cause < CAMERA_HEALTH_CAUSES; cause++) {
		json_int_t value =
			json_integer_value(json_object_get(ms, camera_health_cause_name(cause)));

		camera->day_ms[cause] += value > 0 ? (uint64_t)value : 0;
	}
	snprintf(camera->day, sizeof(camera->day), "%s",
		 day); /* if it is not today, the first tick ends it */
}

/* ---- once a second ---- */

static void on_change(struct watched_camera *camera, enum camera_health_cause cause,
		      uint64_t lasted_ms)
{
	uint64_t was_ms = clock_mono_ms() - lasted_ms - camera->blind_since_ms;

	if (camera->blind != CAMERA_HEALTH_OK) {
		log_info("vision", "camera %s: no longer %s", camera->config->name,
			 camera_health_cause_name(camera->blind));
		record(camera, "camera.sight_restored", EVENT_INFO,
		       json_pack("{s:s, s:s, s:I}", "camera", camera->config->name, "cause",
				 camera_health_cause_name(camera->blind), "seconds",
				 (json_int_t)(was_ms / 1000)));
	}
	camera->blind = cause;
	camera->blind_since_ms = clock_mono_ms() - lasted_ms;
	if (cause == CAMERA_HEALTH_OK)
		return;
	log_warning("vision", "camera %s: no usable picture: %s", camera->config->name,
		    camera_health_cause_name(cause));
	record(camera, "camera.blind", EVENT_WARNING,
	       json_pack("{s:s, s:s}", "camera", camera->config->name, "cause",
			 camera_health_cause_name(cause)));
}

static void tick(struct watched_camera *camera)
{
	char today[CAMERA_DAY_BYTES];
	enum camera_health_cause cause;
	uint64_t lasted_ms;

	pthread_mutex_lock(&camera->health_lock);
	cause = camera->health != NULL ? camera_health_tick(camera->health, clock_mono_ms())
				       : CAMERA_HEALTH_OK;
	lasted_ms = camera->health != NULL
			    ? camera_health_lasted_ms(camera->health, clock_mono_ms())
			    : 0;
	pthread_mutex_unlock(&camera->health_lock);
	if (cause != camera->blind)
		on_change(camera, cause, lasted_ms);
	format_day(today);
	if (strcmp(today, camera->day) != 0)
		record_day(camera, true);
}

static int on_tick(sd_event_source *source, uint64_t usec, void *arg)
{
	struct cameras *cameras = arg;

	(void)usec;
	for (size_t i = 0; i < cameras->count; i++)
		tick(&cameras->list[i]);
	sd_event_source_set_time(source, clock_mono_us() + TICK_US);
	sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
	return 0;
}

int health_start(struct cameras *cameras)
{
	for (size_t i = 0; i < cameras->count; i++) {
		struct watched_camera *camera = &cameras->list[i];
		struct camera_health *health;

		if (camera->camera == NULL || camera_health_open(clock_mono_ms(), &health) < 0)
			continue;
		begin_day(camera);
		pthread_mutex_lock(&camera->health_lock);
		assert(camera->health == NULL);
		camera->health = health;
		pthread_mutex_unlock(&camera->health_lock);
	}
	return sd_event_add_time(cameras->deps.event, &cameras->health_timer, CLOCK_MONOTONIC,
				 clock_mono_us() + TICK_US, TICK_LATE_US, on_tick, cameras);
}

void health_stop(struct watched_camera *camera)
{
	if (camera->health == NULL)
		return;
	record_day(camera, false);
	camera_health_close(camera->health); /* the camera's thread has ended */
	camera->health = NULL;
}

json_t *health_json(struct watched_camera *camera)
{
	uint64_t since_ms = camera->blind_since_ms;

	if (camera->health == NULL)
		return json_null();
	add_totals(camera);
	return json_pack(
		"{s:s, s:I, s:s, s:I, s:I, s:o}", "cause", camera_health_cause_name(camera->blind),
		"blind_since_s",
		(json_int_t)(camera->blind != CAMERA_HEALTH_OK ? (clock_mono_ms() - since_ms) / 1000
							       : 0),
		"day", camera->day, "watched_s",
		(json_int_t)((camera->day_ms[CAMERA_HEALTH_OK] + blind_ms(camera)) / 1000),
		"blind_s", (json_int_t)(blind_ms(camera) / 1000), "seconds", seconds_json(camera));
}
