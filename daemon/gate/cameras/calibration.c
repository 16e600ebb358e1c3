/* Each face camera's threshold follows what its passages show: once a day, a small step, as an event, kept over restarts. */
#include "calibration.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "vision/face/match.h"

enum { JOBS_MAX = 4 };
static const char kind[] = "facesite"; /* of the record, by the camera's name */

float gate_threshold_offset(const struct gate_vision *vision, const struct watched_camera *camera)
{
	if (vision->thresholds == NULL || vision->gate->config->face.calibration != CONFIG_CALIBRATION_FOLLOW)
		return 0;
	return vision->thresholds->sites[camera->face_index].offset;
}

static struct gate_site *site_of(const struct watched_camera *camera)
{
	return camera->vision->thresholds == NULL ? NULL
						  : &camera->vision->thresholds->sites[camera->face_index];
}

/* ---- what is kept ---- */

/*
 * A text for each person, short enough that a record holds them all: its tag, then each score in steps of 0.0001 and the tag of
 * whom it is like, as 8, 4 and 8 hex digits.
 */
enum { TAG_DIGITS = 8, SCORE_DIGITS = 4, PASSAGE_DIGITS = SCORE_DIGITS + TAG_DIGITS };

static json_t *passages_json(const struct threshold_calibration *site)
{
	char text[TAG_DIGITS + CALIBRATION_SCORES_EACH * PASSAGE_DIGITS + 1];
	json_t *people = json_array();

	for (size_t i = 0; i < site->count; i++) {
		const struct calibration_person *person = &site->people[i];
		uint32_t kept =
			person->count < CALIBRATION_SCORES_EACH ? person->count : CALIBRATION_SCORES_EACH;
		int length = sprintf(text, "%08x", (unsigned)person->tag);

		for (uint32_t k = person->count - kept; k < person->count; k++) {
			uint32_t at = k % CALIBRATION_SCORES_EACH;
			long score = lrintf(10000 * person->distances[at]);

			length += sprintf(text + length, "%04x%08x", (unsigned)score & 0xffffu,
					  (unsigned)person->others[at]);
		}
		json_array_append_new(people, json_string(text));
	}
	return people;
}

static json_t *record_json(const struct gate_site *site)
{
	return json_pack("{s:f, s:I, s:I, s:I, s:s, s:o}", "offset", (double)site->offset, "since_unix_ms",
			 (json_int_t)site->since_unix_ms, "passages", (json_int_t)site->passages, "strangers",
			 (json_int_t)site->strangers, "recogniser", face_engine_recogniser(), "passages_of",
			 passages_json(&site->scores));
}

/* the event, and with it the scores: they are on disk together */
static void record(struct watched_camera *camera, const char *type, enum event_severity severity,
		   json_t *data)
{
	struct gate *gate = camera->vision->gate;
	struct gate_site *site = site_of(camera);
	struct event_draft draft = {
		.type = type, .severity = severity, .source = camera->source, .data = data};
	json_t *kept = record_json(site);
	int r = -EIO;

	if (journal_store(gate->journal) != NULL && kept != NULL)
		r = store_record_put(journal_store(gate->journal), kind, camera->config->name, kept, &draft,
				     NULL, NULL);
	if (r == 0)
		site->saved = site->scores.turn;
	else
		(void)journal_record_draft(gate->journal, &draft, NULL,
					   NULL); /* the log at least; failure is told there */
	json_decref(kept);
	json_decref(data);
}

void gate_threshold_load(struct gate *gate, const char *record_kind, const char *id, json_t *json)
{
	(void)record_kind;
	if (gate->site_records == NULL)
		gate->site_records = json_object();
	(void)json_object_set(gate->site_records, id, json); /* without memory it starts at the card */
}

static uint64_t count_of(const json_t *kept, const char *key)
{
	json_int_t value = json_integer_value(json_object_get(kept, key));

	return value > 0 ? (uint64_t)value : 0;
}

static void restore_passages(struct threshold_calibration *site, const json_t *people)
{
	unsigned tag, score, other;
	const char *text;
	size_t i, length;
	json_t *row;

	json_array_foreach(people, i, row)
	{
		text = json_string_value(row);
		length = text == NULL ? 0 : strlen(text);
		if (length < TAG_DIGITS || sscanf(text, "%8x", &tag) != 1)
			continue;
		for (size_t at = TAG_DIGITS; at + PASSAGE_DIGITS <= length; at += PASSAGE_DIGITS)
			if (sscanf(text + at, "%4x%8x", &score, &other) == 2)
				calibration_restore(site, tag, other, (float)(int16_t)score / 10000);
	}
}

/* As they were kept before it was told whom they are like: a tag and scores. */
static void restore_scores(struct threshold_calibration *site, const json_t *people)
{
	size_t i, k;
	json_t *row, *score;

	json_array_foreach(people, i, row)
	{
		json_array_foreach(row, k, score)
		{
			if (k > 0)
				calibration_restore(site,
						    (uint32_t)json_integer_value(json_array_get(row, 0)), 0,
						    (float)json_integer_value(score) / 10000);
		}
	}
}

/* Scores of another recogniser say nothing of this one's. */
static void restore(struct gate_site *site, const json_t *kept)
{
	const char *model = json_string_value(json_object_get(kept, "recogniser"));
	double offset = json_number_value(json_object_get(kept, "offset"));

	site->since_unix_ms = clock_unix_ms();
	if (model == NULL || strcmp(model, face_engine_recogniser()) != 0)
		return;
	if (offset >= (double)CALIBRATION_OFFSET_MIN && offset <= (double)CALIBRATION_OFFSET_MAX)
		site->offset = (float)offset;
	if (count_of(kept, "since_unix_ms") > 0)
		site->since_unix_ms = (int64_t)count_of(kept, "since_unix_ms");
	site->passages = count_of(kept, "passages");
	site->strangers = count_of(kept, "strangers");
	restore_passages(&site->scores, json_object_get(kept, "passages_of"));
	restore_scores(&site->scores, json_object_get(kept, "scores"));
	site->saved = site->scores.turn;
}

/* ---- what passages say ---- */

void gate_threshold_passage(struct watched_camera *camera, const struct face_result *result)
{
	struct gate_site *site = site_of(camera);
	double percent = camera->vision->gate->config->face.false_accept_percent;

	if (site == NULL)
		return;
	site->passages += result->kind == FACE_RESULT_ACCESS;
	site->strangers += result->kind == FACE_RESULT_STRANGER;
	/* Who a stranger is nobody knows: a resident missed would make strangers look dangerous. And a look-alike
	 * that needs a second factor anyway is no reason to ask more of everybody. */
	if (result->kind == FACE_RESULT_ACCESS && result->rival[0] != '\0' &&
	    result->rival_score < result->threshold)
		calibration_add(&site->scores, result->person, result->rival, result->rival_score,
				result->enrolled, percent);
}

void gate_threshold_forget(struct gate *gate, const char *person)
{
	struct gate_vision *vision = gate->vision;

	for (size_t i = 0; vision != NULL && vision->thresholds != NULL && i < vision->camera_count; i++) {
		struct watched_camera *camera = &vision->cameras[i];

		if (camera->door != NULL && calibration_forget(&site_of(camera)->scores, person))
			record(camera, "face.scores_forgotten", EVENT_INFO,
			       json_pack("{s:s}", "camera", camera->config->name));
	}
}

/* ---- once a day ---- */

static json_t *step_json(const struct measure *measure, const struct measured_camera *camera, float offset)
{
	const struct calibration_judgement *judgement = &camera->judgement;
	json_t *json = json_pack(
		"{s:s, s:o, s:o, s:o, s:s, s:I, s:I}", "camera", camera->camera->config->name, "threshold",
		json_rounded(calibration_threshold(measure->enrolled, measure->percent, offset)), "before",
		json_rounded(calibration_threshold(measure->enrolled, measure->percent, camera->offset)),
		"card", json_rounded(judgement->card), "reason", calibration_reason_text(judgement->reason),
		"people", (json_int_t)judgement->people, "scores", (json_int_t)judgement->scores);

	if (json != NULL && judgement->reason != CALIBRATION_TOO_FEW)
		json_object_update_new(
			json, json_pack("{s:o, s:o, s:o}", "percent",
					json_rounded((float)(100 * judgement->rate.middle)), "percent_low",
					json_rounded((float)(100 * judgement->rate.low)), "percent_high",
					json_rounded((float)(100 * judgement->rate.high))));
	return json;
}

static void step(const struct measure *measure, const struct measured_camera *measured)
{
	struct gate_vision *vision = measure->vision;
	struct watched_camera *camera = measured->camera;
	struct gate_site *site = site_of(camera);
	bool follow = vision->gate->config->face.calibration == CONFIG_CALIBRATION_FOLLOW;
	float next = measured->judgement.next;
	bool moves = follow && fabsf(next - site->offset) >= 0.0005f;

	if (!moves && site->saved == site->scores.turn)
		return; /* nothing new: nothing to keep or tell */
	if (moves) {
		site->offset = next;
		face_watch_set_offset(vision->faces, camera->face_index, next);
		log_info("vision", "camera %s: threshold offset %.3f (%s)", camera->config->name,
			 (double)next, calibration_reason_text(measured->judgement.reason));
	}
	record(camera, moves ? "face.threshold" : "face.calibrated", EVENT_INFO,
	       step_json(measure, measured, follow ? site->offset : 0));
}

static void end_measure(struct worker_job *job, int r)
{
	struct measure *measure = (struct measure *)job;
	struct gate *gate = measure->vision->gate;

	if (measure->report && gate->api == NULL)
		(void)r; /* nobody is there any more to hear it */
	else if (measure->report && r < 0)
		api_reply_problem(gate->api, measure->token, 503, "the gate is stopping");
	else if (measure->report)
		api_reply(gate->api, measure->token, 200, gate_measure_json(measure));
	else
		measure->vision->thresholds->measuring = false;
	for (size_t i = 0; r == 0 && !measure->report && i < measure->camera_count; i++)
		step(measure, &measure->cameras[i]);
	gate_measure_free(measure);
}

static int post(struct gate_vision *vision, bool report, struct api_token token)
{
	struct measure *measure = gate_measure_new(vision, report);
	int r = measure == NULL ? -ENOMEM : 0;

	if (r < 0)
		return r;
	measure->token = token;
	measure->job = (struct worker_job){.run = gate_measure_run, .end = end_measure};
	r = worker_post(vision->thresholds->worker, &measure->job);
	if (r < 0)
		gate_measure_free(measure);
	return r;
}

void gate_face_report(void *arg, struct api_token token)
{
	struct gate *gate = arg;
	struct gate_vision *vision = gate->vision;
	int r;

	if (vision == NULL || vision->faces == NULL || vision->thresholds == NULL) {
		api_reply_problem(gate->api, token, 503, "faces are not ready yet; try again in a moment");
		return;
	}
	r = post(vision, true, token);
	if (r < 0)
		api_reply_problem(gate->api, token, 503, "too many reports at once; try again in a moment");
}

static int on_timer(sd_event_source *source, uint64_t usec, void *arg)
{
	struct gate_vision *vision = arg;
	uint64_t every_us = (uint64_t)vision->gate->config->face.calibration_s * 1000000;

	(void)usec;
	if (!vision->thresholds->measuring && post(vision, false, (struct api_token){0}) == 0)
		vision->thresholds->measuring = true;
	sd_event_source_set_time(source, clock_mono_us() + every_us);
	sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
	return 0;
}

static int on_worker(sd_event_source *source, int fd, uint32_t revents, void *arg)
{
	struct gate_vision *vision = arg;

	(void)source, (void)fd, (void)revents;
	worker_dispatch(vision->thresholds->worker);
	return 0;
}

/* ---- begin and end ---- */

int gate_threshold_open(struct gate_vision *vision)
{
	struct gate *gate = vision->gate;
	uint64_t every_us = (uint64_t)gate->config->face.calibration_s * 1000000;
	int r;

	if (vision->faces == NULL)
		return 0;
	vision->thresholds = calloc(1, sizeof(*vision->thresholds));
	if (vision->thresholds == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < vision->camera_count; i++) {
		struct watched_camera *camera = &vision->cameras[i];

		if (camera->door == NULL)
			continue;
		restore(site_of(camera), json_object_get(gate->site_records, camera->config->name));
		face_watch_set_offset(vision->faces, camera->face_index,
				      gate_threshold_offset(vision, camera));
	}
	r = worker_open("measure", JOBS_MAX, &vision->thresholds->worker);
	if (r == 0)
		r = sd_event_add_io(gate->event, &vision->thresholds->worker_source,
				    worker_fd(vision->thresholds->worker), EPOLLIN, on_worker, vision);
	if (r >= 0)
		r = sd_event_add_time(gate->event, &vision->thresholds->timer, CLOCK_MONOTONIC,
				      clock_mono_us() + every_us, 1000000, on_timer, vision);
	if (r >= 0)
		r = gate_stills_open(vision);
	if (r < 0)
		gate_threshold_close(vision);
	return r;
}

void gate_threshold_close(struct gate_vision *vision)
{
	struct gate_thresholds *thresholds = vision->thresholds;

	if (thresholds == NULL)
		return;
	sd_event_source_disable_unref(thresholds->timer);
	sd_event_source_disable_unref(thresholds->stills_timer);
	sd_event_source_disable_unref(thresholds->worker_source);
	worker_close(thresholds->worker);
	for (size_t i = 0; i < vision->camera_count; i++) {
		struct watched_camera *camera = &vision->cameras[i];

		if (camera->door != NULL && site_of(camera)->saved != site_of(camera)->scores.turn)
			record(camera, "face.calibrated", EVENT_INFO,
			       json_pack("{s:s, s:I}", "camera", camera->config->name, "people",
					 (json_int_t)site_of(camera)->scores.count));
	}
	vision->thresholds = NULL;
	free(thresholds);
}
