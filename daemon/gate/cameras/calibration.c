/*
 * Threshold calibration: once a day each face camera's threshold moves a small step towards what
 * the scores of its passages show. Each step is an event; the scores are saved over restarts.
 */
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

float calibration_offset(const struct cameras *cameras, const struct watched_camera *camera)
{
	if (cameras->calibration == NULL ||
	    cameras->deps.config->face.calibration != CONFIG_CALIBRATION_FOLLOW)
		return 0;
	return cameras->calibration->sites[camera->face_index].offset;
}

static struct camera_calibration *site_of(const struct watched_camera *camera)
{
	return camera->cameras->calibration == NULL
		       ? NULL
		       : &camera->cameras->calibration->sites[camera->face_index];
}

/* ---- the saved record ---- */

/*
 * One text for each person, short enough that one record holds all: the person's tag, then pairs of
 * a score in steps of 0.0001 and the tag of the other person, in 8, 4 and 8 hex digits.
 */
enum { TAG_DIGITS = 8, SCORE_DIGITS = 4, PASSAGE_DIGITS = SCORE_DIGITS + TAG_DIGITS };

static json_t *passages_json(const struct threshold_calibration *site)
{
	char text[TAG_DIGITS + CALIBRATION_SCORES_EACH * PASSAGE_DIGITS + 1];
	json_t *people = json_array();

	for (size_t i = 0; i < site->count; i++) {
		const struct calibration_person *person = &site->people[i];
		uint32_t count = person->count < CALIBRATION_SCORES_EACH ? person->count
									 : CALIBRATION_SCORES_EACH;
		int length = sprintf(text, "%08x", (unsigned)person->tag);

		for (uint32_t k = person->count - count; k < person->count; k++) {
			uint32_t at = k % CALIBRATION_SCORES_EACH;
			long score = lrintf(10000 * person->distances[at]);

			length += sprintf(text + length, "%04x%08x", (unsigned)score & 0xffffu,
					  (unsigned)person->others[at]);
		}
		json_array_append_new(people, json_string(text));
	}
	return people;
}

static json_t *record_json(const struct camera_calibration *site)
{
	return json_pack("{s:f, s:I, s:I, s:I, s:s, s:o}", "offset", (double)site->offset,
			 "since_unix_ms", (json_int_t)site->since_unix_ms, "passages",
			 (json_int_t)site->passages, "strangers", (json_int_t)site->strangers,
			 "recogniser", face_engine_recogniser(), "passages_of",
			 passages_json(&site->scores));
}

/* Record an event and save the scores in the same transaction. */
static void record(struct watched_camera *camera, const char *type, enum event_severity severity,
		   json_t *data)
{
	struct journal *journal = camera->cameras->deps.journal;
	struct camera_calibration *site = site_of(camera);
	struct event_draft draft = {
		.type = type, .severity = severity, .source = camera->source, .data = data};
	json_t *saved = record_json(site);
	int r = -EIO;

	if (journal_store(journal) != NULL && saved != NULL)
		r = store_record_put(journal_store(journal), kind, camera->config->name, saved,
				     &draft, NULL, NULL);
	if (r == 0)
		site->saved_turn = site->scores.turn;
	else
		(void)journal_record_draft(journal, &draft, NULL,
					   NULL); /* the event alone; a failure is logged there */
	json_decref(saved);
	json_decref(data);
}

static uint64_t count_of(const json_t *saved, const char *key)
{
	json_int_t value = json_integer_value(json_object_get(saved, key));

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
				calibration_restore(site, tag, other,
						    (float)(int16_t)score / 10000);
	}
}

/* The older form, without the other person: a tag and scores. */
static void restore_scores(struct threshold_calibration *site, const json_t *people)
{
	size_t i, k;
	json_t *row, *score;

	json_array_foreach(people, i, row)
	{
		json_array_foreach(row, k, score)
		{
			if (k > 0)
				calibration_restore(
					site, (uint32_t)json_integer_value(json_array_get(row, 0)),
					0, (float)json_integer_value(score) / 10000);
		}
	}
}

/* Scores of another recogniser are not comparable and are ignored. */
static void restore(struct camera_calibration *site, const json_t *saved)
{
	const char *model = json_string_value(json_object_get(saved, "recogniser"));
	double offset = json_number_value(json_object_get(saved, "offset"));

	site->since_unix_ms = clock_unix_ms();
	if (model == NULL || strcmp(model, face_engine_recogniser()) != 0)
		return;
	if (offset >= (double)CALIBRATION_OFFSET_MIN && offset <= (double)CALIBRATION_OFFSET_MAX)
		site->offset = (float)offset;
	if (count_of(saved, "since_unix_ms") > 0)
		site->since_unix_ms = (int64_t)count_of(saved, "since_unix_ms");
	site->passages = count_of(saved, "passages");
	site->strangers = count_of(saved, "strangers");
	restore_passages(&site->scores, json_object_get(saved, "passages_of"));
	restore_scores(&site->scores, json_object_get(saved, "scores"));
	site->saved_turn = site->scores.turn;
}

/* ---- passages ---- */

void calibration_add_passage(struct watched_camera *camera, const struct face_result *result)
{
	struct camera_calibration *site = site_of(camera);
	double percent = camera->cameras->deps.config->face.false_accept_percent;

	if (site == NULL)
		return;
	site->passages += result->kind == FACE_RESULT_ACCESS;
	site->strangers += result->kind == FACE_RESULT_STRANGER;
	/*
	 * Scores of strangers are not used: an unrecognised resident among them would raise the
	 * measured false match rate. Ambiguous matches are not used either: they need a second
	 * factor anyway.
	 */
	if (result->kind == FACE_RESULT_ACCESS && result->rival[0] != '\0' &&
	    result->rival_score < result->threshold)
		calibration_add(&site->scores, result->person, result->rival, result->rival_score,
				result->enrolled, percent);
}

void calibration_forget_person(struct cameras *cameras, const char *person)
{
	for (size_t i = 0; cameras->calibration != NULL && i < cameras->count; i++) {
		struct watched_camera *camera = &cameras->list[i];

		if (camera->door >= 0 && calibration_forget(&site_of(camera)->scores, person))
			record(camera, "face.scores_forgotten", EVENT_INFO,
			       json_pack("{s:s}", "camera", camera->config->name));
	}
}

/* ---- once a day ---- */

static json_t *step_json(const struct survey *survey, const struct surveyed_camera *camera,
			 float offset)
{
	const struct calibration_judgement *judgement = &camera->judgement;
	struct problem why;
	json_t *json;

	calibration_explain(judgement->reason, &why);
	json = json_pack(
		"{s:s, s:o, s:o, s:o, s:s, s:o, s:I, s:I}", "camera", camera->camera->config->name,
		"threshold",
		json_rounded(calibration_threshold(survey->enrolled, survey->percent, offset)),
		"before",
		json_rounded(
			calibration_threshold(survey->enrolled, survey->percent, camera->offset)),
		"card", json_rounded(judgement->card), "reason", why.detail, "problem",
		problem_json(&why), "people", (json_int_t)judgement->people, "scores",
		(json_int_t)judgement->scores);

	if (json != NULL && judgement->reason != CALIBRATION_TOO_FEW)
		json_object_update_new(
			json,
			json_pack("{s:o, s:o, s:o}", "percent",
				  json_rounded((float)(100 * judgement->rate.middle)),
				  "percent_low", json_rounded((float)(100 * judgement->rate.low)),
				  "percent_high",
				  json_rounded((float)(100 * judgement->rate.high))));
	return json;
}

static void apply_step(const struct survey *survey, const struct surveyed_camera *measured)
{
	struct problem why;
	struct cameras *cameras = survey->cameras;
	struct watched_camera *camera = measured->camera;
	struct camera_calibration *site = site_of(camera);
	bool follow = cameras->deps.config->face.calibration == CONFIG_CALIBRATION_FOLLOW;
	float next = measured->judgement.next;
	bool moves = follow && fabsf(next - site->offset) >= 0.0005f;

	if (!moves && site->saved_turn == site->scores.turn)
		return; /* nothing new to save or report */
	if (moves) {
		calibration_explain(measured->judgement.reason, &why);
		site->offset = next;
		face_watch_set_offset(cameras->faces, camera->face_index, next);
		log_info("vision", "camera %s: threshold offset %.3f (%s)", camera->config->name,
			 (double)next, why.detail);
	}
	record(camera, moves ? "face.threshold" : "face.calibrated", EVENT_INFO,
	       step_json(survey, measured, follow ? site->offset : 0));
}

static void end_survey(struct worker_job *job, int r)
{
	struct problem problem;
	struct survey *survey = (struct survey *)job;

	if (survey->report && r < 0)
		reply_refuse(&survey->reply, problem_gate_stopping(&problem), &problem);
	else if (survey->report)
		reply_send(&survey->reply, 0, NULL, survey_json(survey));
	else
		survey->cameras->calibration->surveying = false;
	for (size_t i = 0; r == 0 && !survey->report && i < survey->camera_count; i++)
		apply_step(survey, &survey->surveyed_cameras[i]);
	survey_free(survey);
}

static int post(struct cameras *cameras, const struct reply *reply)
{
	struct survey *survey = survey_new(cameras, reply != NULL);
	int r = survey == NULL ? -ENOMEM : 0;

	if (r < 0)
		return r;
	if (reply != NULL)
		survey->reply = *reply;
	survey->job = (struct worker_job){.run = survey_run, .end = end_survey};
	r = worker_post(cameras->calibration->worker, &survey->job);
	if (r < 0)
		survey_free(survey);
	return r;
}

void cameras_report(struct cameras *cameras, const struct reply *reply)
{
	struct problem problem;

	assert_thread(THREAD_CONTROL);
	if (cameras->faces == NULL || cameras->calibration == NULL)
		reply_refuse(reply, problem_faces_not_ready(&problem), &problem);
	else if (post(cameras, reply) < 0)
		reply_refuse(reply, problem_too_many_reports(&problem), &problem);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *arg)
{
	struct cameras *cameras = arg;
	uint64_t every_us = (uint64_t)cameras->deps.config->face.calibration_s * 1000000;

	(void)usec;
	if (!cameras->calibration->surveying && post(cameras, NULL) == 0)
		cameras->calibration->surveying = true;
	sd_event_source_set_time(source, clock_mono_us() + every_us);
	sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
	return 0;
}

static int on_worker(sd_event_source *source, int fd, uint32_t revents, void *arg)
{
	struct cameras *cameras = arg;

	(void)source, (void)fd, (void)revents;
	worker_dispatch(cameras->calibration->worker);
	return 0;
}

/* ---- begin and end ---- */

int calibration_open(struct cameras *cameras)
{
	const struct cameras_deps *deps = &cameras->deps;
	uint64_t every_us = (uint64_t)deps->config->face.calibration_s * 1000000;
	int r;

	assert_thread(THREAD_CONTROL);
	assert(cameras->calibration == NULL);
	if (cameras->faces == NULL)
		return 0;
	cameras->calibration = calloc(1, sizeof(*cameras->calibration));
	if (cameras->calibration == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < cameras->count; i++) {
		struct watched_camera *camera = &cameras->list[i];

		if (camera->door < 0)
			continue;
		restore(site_of(camera),
			json_object_get(cameras->calibration_records, camera->config->name));
		face_watch_set_offset(cameras->faces, camera->face_index,
				      calibration_offset(cameras, camera));
	}
	r = worker_open("measure", JOBS_MAX, &cameras->calibration->worker);
	if (r == 0)
		r = sd_event_add_io(deps->event, &cameras->calibration->worker_source,
				    worker_fd(cameras->calibration->worker), EPOLLIN, on_worker,
				    cameras);
	if (r >= 0)
		r = sd_event_add_time(deps->event, &cameras->calibration->timer, CLOCK_MONOTONIC,
				      clock_mono_us() + every_us, 1000000, on_timer, cameras);
	if (r >= 0)
		r = stranger_stills_open(cameras);
	if (r < 0)
		calibration_close(cameras);
	return r;
}

void calibration_close(struct cameras *cameras)
{
	struct calibration *calibration = cameras->calibration;

	if (calibration == NULL)
		return;
	sd_event_source_disable_unref(calibration->timer);
	sd_event_source_disable_unref(calibration->stills_timer);
	sd_event_source_disable_unref(calibration->worker_source);
	worker_close(calibration->worker);
	for (size_t i = 0; i < cameras->count; i++) {
		struct watched_camera *camera = &cameras->list[i];

		if (camera->door >= 0 &&
		    site_of(camera)->saved_turn != site_of(camera)->scores.turn)
			record(camera, "face.calibrated", EVENT_INFO,
			       json_pack("{s:s, s:I}", "camera", camera->config->name, "people",
					 (json_int_t)site_of(camera)->scores.count));
	}
	cameras->calibration = NULL;
	free(calibration);
}
