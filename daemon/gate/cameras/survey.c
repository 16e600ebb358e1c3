/*
 * A survey: the face cameras' error rates, computed on the worker from a copy of the scores, and
 * the report of them.
 */
#include "calibration.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "vision/face/match.h"
#include "vision/face/threshold.h"

enum {
	SURVEY_TEMPLATES = 4096, /* about as many of a gallery are searched */
	SURVEY_MS = 4000,
	MONTH_DAYS = 30
};

/* Pairs are reported from this margin below the lowest threshold in force. */
static const float ambiguous_margin = 0.1f;

static float curve_score(size_t at)
{
	return 0.35f + 0.05f * (float)at;
}

struct survey *survey_new(struct cameras *cameras, bool report)
{
	struct survey *survey = calloc(1, sizeof(*survey));
	struct calibration *calibration = cameras->calibration;

	assert(calibration != NULL);
	if (survey == NULL)
		return NULL;
	survey->cameras = cameras;
	survey->report = report;
	survey->percent = cameras->deps.config->face.false_accept_percent;
	survey->gallery = face_watch_gallery(cameras->faces);
	survey->sites = calloc(CONFIG_CAMERAS_MAX, sizeof(*survey->sites));
	if (survey->sites == NULL) {
		free(survey);
		return NULL;
	}
	for (size_t i = 0; i < cameras->count; i++) {
		struct watched_camera *camera = &cameras->list[i];
		struct surveyed_camera *measured = &survey->surveyed_cameras[survey->camera_count];
		const struct camera_calibration *site;

		if (camera->door < 0)
			continue;
		site = &calibration->sites[camera->face_index];
		measured->camera = camera;
		measured->offset = calibration_offset(cameras, camera);
		measured->turn = site->scores.turn;
		survey->sites[survey->camera_count++] = site->scores;
	}
	return survey;
}

void survey_free(struct survey *survey)
{
	free(survey->sites);
	free(survey);
}

/* ---- on the worker's thread ---- */

static void add_pair(struct survey *survey, const char *person, const struct gallery_match *other)
{
	bool first = strcmp(person, other->person) < 0;
	const char *low = first ? person : other->person, *high = first ? other->person : person;
	struct surveyed_pair pair = {.score = other->score};
	size_t at;

	memcpy(pair.people[0], low, GALLERY_PERSON_BYTES);
	memcpy(pair.people[1], high, GALLERY_PERSON_BYTES);
	for (at = 0; at < survey->pair_count; at++)
		if (memcmp(survey->pairs[at].people, pair.people, sizeof(pair.people)) == 0)
			break;
	if (at < survey->pair_count && survey->pairs[at].score >= pair.score)
		return;
	if (at == survey->pair_count) {
		if (survey->pair_count < SURVEY_PAIRS_MAX)
			survey->pair_count++;
		else if (survey->pairs[--at].score >= pair.score)
			return;
	}
	for (; at > 0 && survey->pairs[at - 1].score < pair.score; at--)
		survey->pairs[at] = survey->pairs[at - 1];
	survey->pairs[at] = pair;
}

/* Search for pairs; in a large gallery in an evenly spread part of it. `surveyed` counts it. */
static void search_pairs(struct survey *survey)
{
	size_t step = survey->enrolled / SURVEY_TEMPLATES + 1;
	uint64_t until_ms = clock_mono_ms() + SURVEY_MS;
	float lowest = THRESHOLD_MAX;

	for (size_t i = 0; i < survey->camera_count; i++)
		lowest = fminf(lowest, calibration_threshold(survey->enrolled, survey->percent,
							     survey->surveyed_cameras[i].offset));
	if (survey->camera_count == 0)
		lowest = calibration_threshold(survey->enrolled, survey->percent, 0);
	for (size_t at = 0; at < survey->enrolled && clock_mono_ms() < until_ms; at += step) {
		char person[GALLERY_PERSON_BYTES];
		struct gallery_match other;

		if (gallery_neighbour(survey->gallery, at, person, &other) < 0)
			continue;
		survey->surveyed++;
		if (other.score >= lowest - ambiguous_margin)
			add_pair(survey, person, &other);
	}
}

void survey_run(struct worker_job *job)
{
	struct survey *survey = (struct survey *)job;

	assert_thread(THREAD_WORKER);
	survey->enrolled = gallery_templates(survey->gallery);
	survey->persons = gallery_persons(survey->gallery);
	for (size_t i = 0; i < survey->camera_count; i++) {
		struct surveyed_camera *camera = &survey->surveyed_cameras[i];

		calibration_judge(&survey->sites[i], survey->enrolled, survey->percent,
				  camera->offset, &camera->judgement);
		for (size_t at = 0; survey->report && at < SURVEY_CURVE; at++)
			camera->curve[at] = calibration_rate_at(&survey->sites[i], survey->enrolled,
								survey->percent, curve_score(at));
	}
	if (survey->report)
		search_pairs(survey);
}

/* ---- the report ---- */

static json_t *rounded(double value, double digits)
{
	return json_real(round(value * digits) / digits);
}

static json_t *limits_json(const struct evt_fit_limits *limits, double times, const char *middle)
{
	return json_pack("{s:o, s:o, s:o}", middle, rounded(times * limits->middle, 1e4), "low",
			 rounded(times * limits->low, 1e4), "high",
			 rounded(times * limits->high, 1e4));
}

static json_t *curve_json(const struct surveyed_camera *camera)
{
	json_t *curve = json_array();

	for (size_t i = 0; i < SURVEY_CURVE; i++)
		if (camera->curve[i] >= 0)
			json_array_append_new(
				curve, json_pack("{s:o, s:o}", "score",
						 rounded((double)curve_score(i), 1e3), "percent",
						 rounded(100 * camera->curve[i], 1e6)));
	return curve;
}

static json_t *camera_json(const struct survey *survey, const struct surveyed_camera *camera)
{
	const struct calibration_judgement *judgement = &camera->judgement;
	const struct camera_calibration *site =
		&survey->cameras->calibration->sites[camera->camera->face_index];
	double days = (double)(clock_unix_ms() - site->since_unix_ms) / 86400e3, a_month;
	bool known = judgement->reason != CALIBRATION_TOO_FEW;
	struct problem why;
	json_t *json;

	calibration_explain(judgement->reason, &why);
	json = json_pack("{s:s, s:o, s:o, s:o, s:o, s:s, s:o, s:I, s:I, s:I, s:I, s:o}", "camera",
			 camera->camera->config->name, "threshold",
			 rounded((double)calibration_threshold(survey->enrolled, survey->percent,
							       camera->offset),
				 1e4),
			 "card", rounded((double)judgement->card, 1e4), "offset",
			 rounded((double)camera->offset, 1e4), "aim",
			 rounded((double)judgement->aim, 1e4), "reason", why.detail, "problem",
			 problem_json(&why), "people", (json_int_t)judgement->people, "scores",
			 (json_int_t)judgement->scores, "passages", (json_int_t)site->passages,
			 "strangers", (json_int_t)site->strangers, "days", rounded(days, 1e2));

	if (!known || json == NULL)
		return json;
	json_object_set_new(json, "asked", limits_json(&judgement->threshold, 1, "score"));
	json_object_set_new(json, "measured", limits_json(&judgement->rate, 100, "percent"));
	json_object_set_new(json, "curve", curve_json(camera));
	if (days < 1) /* too short to extrapolate to a month */
		return json;
	a_month = (double)site->strangers / days * MONTH_DAYS;
	json_object_set_new(json, "expected_a_month",
			    limits_json(&judgement->rate, a_month, "false_accepts"));
	return json;
}

static const char *name_of(const struct survey *survey, const char *id)
{
	const struct roster_person *person =
		roster_find(survey->cameras->deps.directory->people, id);

	return person != NULL ? person->name : "";
}

static json_t *pairs_json(const struct survey *survey)
{
	float lowest = THRESHOLD_MAX;
	json_t *pairs = json_array();

	for (size_t i = 0; i < survey->camera_count; i++)
		lowest = fminf(lowest, calibration_threshold(survey->enrolled, survey->percent,
							     survey->surveyed_cameras[i].offset));
	for (size_t i = 0; i < survey->pair_count; i++) {
		const struct surveyed_pair *pair = &survey->pairs[i];

		json_array_append_new(pairs, json_pack("{s:[s,s], s:[s,s], s:o, s:b}", "people",
						       pair->people[0], pair->people[1], "names",
						       name_of(survey, pair->people[0]),
						       name_of(survey, pair->people[1]), "score",
						       rounded((double)pair->score, 1e3),
						       "second_factor", pair->score >= lowest));
	}
	return pairs;
}

json_t *survey_json(const struct survey *survey)
{
	const struct config *config = survey->cameras->deps.config;
	json_t *cameras = json_array();

	for (size_t i = 0; i < survey->camera_count; i++)
		json_array_append_new(cameras, camera_json(survey, &survey->surveyed_cameras[i]));
	return json_pack(
		"{s:s, s:s, s:f, s:I, s:I, s:I, s:o, s:o, s:o}", "recogniser",
		face_engine_recogniser(), "calibration",
		config->face.calibration == CONFIG_CALIBRATION_FOLLOW ? "follow" : "observe",
		"percent", survey->percent, "templates", (json_int_t)survey->enrolled, "people",
		(json_int_t)survey->persons, "surveyed", (json_int_t)survey->surveyed, "cameras",
		cameras, "look_alikes", pairs_json(survey), "outdated",
		survey->cameras->ops->outdated(survey->cameras->arg));
}
