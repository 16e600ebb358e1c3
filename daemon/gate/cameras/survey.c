/* What the faces' error rates are here: measured on a worker's copy of the scores, told as the report. */
#include "calibration.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "vision/face/match.h"
#include "vision/face/threshold.h"

enum { SURVEY_TEMPLATES = 4096, SURVEY_MS = 4000, MONTH_DAYS = 30 };

/* Alike enough to be named: this much below the lowest threshold in force. */
static const float alike_margin = 0.1f;

static float curve_score(size_t at)
{
	return 0.35f + 0.05f * (float)at;
}

struct measure *gate_measure_new(struct gate_vision *vision, bool report)
{
	struct measure *measure = calloc(1, sizeof(*measure));
	struct gate_thresholds *thresholds = vision->thresholds;

	if (measure == NULL)
		return NULL;
	measure->vision = vision;
	measure->report = report;
	measure->percent = vision->gate->config->face.false_accept_percent;
	measure->gallery = face_watch_gallery(vision->faces);
	measure->sites = calloc(CONFIG_CAMERAS_MAX, sizeof(*measure->sites));
	if (measure->sites == NULL) {
		free(measure);
		return NULL;
	}
	for (size_t i = 0; i < vision->camera_count; i++) {
		struct watched_camera *camera = &vision->cameras[i];
		struct measured_camera *measured = &measure->cameras[measure->camera_count];
		const struct gate_site *site;

		if (camera->door == NULL)
			continue;
		site = &thresholds->sites[camera->face_index];
		measured->camera = camera;
		measured->offset = gate_threshold_offset(vision, camera);
		measured->turn = site->scores.turn;
		measure->sites[measure->camera_count++] = site->scores;
	}
	return measure;
}

void gate_measure_free(struct measure *measure)
{
	free(measure->sites);
	free(measure);
}

/* ---- on the worker's thread ---- */

static void keep_pair(struct measure *measure, const char *person, const struct gallery_match *other)
{
	bool first = strcmp(person, other->person) < 0;
	const char *low = first ? person : other->person, *high = first ? other->person : person;
	struct measured_pair pair = {.score = other->score};
	size_t at;

	memcpy(pair.people[0], low, GALLERY_PERSON_BYTES);
	memcpy(pair.people[1], high, GALLERY_PERSON_BYTES);
	for (at = 0; at < measure->pair_count; at++)
		if (memcmp(measure->pairs[at].people, pair.people, sizeof(pair.people)) == 0)
			break;
	if (at < measure->pair_count && measure->pairs[at].score >= pair.score)
		return;
	if (at == measure->pair_count) {
		if (measure->pair_count < MEASURE_PAIRS_MAX)
			measure->pair_count++;
		else if (measure->pairs[--at].score >= pair.score)
			return;
	}
	for (; at > 0 && measure->pairs[at - 1].score < pair.score; at--)
		measure->pairs[at] = measure->pairs[at - 1];
	measure->pairs[at] = pair;
}

/* Of a large gallery a part, evenly spread, within some seconds: the report says how much. */
static void survey(struct measure *measure)
{
	size_t step = measure->enrolled / SURVEY_TEMPLATES + 1;
	uint64_t until_ms = clock_mono_ms() + SURVEY_MS;
	float lowest = THRESHOLD_MAX;

	for (size_t i = 0; i < measure->camera_count; i++)
		lowest = fminf(lowest, calibration_threshold(measure->enrolled, measure->percent,
							     measure->cameras[i].offset));
	if (measure->camera_count == 0)
		lowest = calibration_threshold(measure->enrolled, measure->percent, 0);
	for (size_t at = 0; at < measure->enrolled && clock_mono_ms() < until_ms; at += step) {
		char person[GALLERY_PERSON_BYTES];
		struct gallery_match other;

		if (gallery_neighbour(measure->gallery, at, person, &other) < 0)
			continue;
		measure->surveyed++;
		if (other.score >= lowest - alike_margin)
			keep_pair(measure, person, &other);
	}
}

void gate_measure_run(struct worker_job *job)
{
	struct measure *measure = (struct measure *)job;

	measure->enrolled = gallery_templates(measure->gallery);
	measure->persons = gallery_persons(measure->gallery);
	for (size_t i = 0; i < measure->camera_count; i++) {
		struct measured_camera *camera = &measure->cameras[i];

		calibration_judge(&measure->sites[i], measure->enrolled, measure->percent, camera->offset,
				  &camera->judgement);
		for (size_t at = 0; measure->report && at < MEASURE_CURVE; at++)
			camera->curve[at] = calibration_rate_at(&measure->sites[i], measure->enrolled,
								measure->percent, curve_score(at));
	}
	if (measure->report)
		survey(measure);
}

/* ---- what it found, as JSON ---- */

static json_t *rounded(double value, double digits)
{
	return json_real(round(value * digits) / digits);
}

static json_t *limits_json(const struct evt_fit_limits *limits, double times, const char *middle)
{
	return json_pack("{s:o, s:o, s:o}", middle, rounded(times * limits->middle, 1e4), "low",
			 rounded(times * limits->low, 1e4), "high", rounded(times * limits->high, 1e4));
}

static json_t *curve_json(const struct measured_camera *camera)
{
	json_t *curve = json_array();

	for (size_t i = 0; i < MEASURE_CURVE; i++)
		if (camera->curve[i] >= 0)
			json_array_append_new(
				curve, json_pack("{s:o, s:o}", "score", rounded((double)curve_score(i), 1e3),
						 "percent", rounded(100 * camera->curve[i], 1e6)));
	return curve;
}

static json_t *camera_json(const struct measure *measure, const struct measured_camera *camera)
{
	const struct calibration_judgement *judgement = &camera->judgement;
	const struct gate_site *site = &measure->vision->thresholds->sites[camera->camera->face_index];
	double days = (double)(clock_unix_ms() - site->since_unix_ms) / 86400e3, a_month;
	bool known = judgement->reason != CALIBRATION_TOO_FEW;
	json_t *json = json_pack(
		"{s:s, s:o, s:o, s:o, s:o, s:s, s:I, s:I, s:I, s:I, s:o}", "camera",
		camera->camera->config->name, "threshold",
		rounded((double)calibration_threshold(measure->enrolled, measure->percent, camera->offset),
			1e4),
		"card", rounded((double)judgement->card, 1e4), "offset", rounded((double)camera->offset, 1e4),
		"aim", rounded((double)judgement->aim, 1e4), "reason",
		calibration_reason_text(judgement->reason), "people", (json_int_t)judgement->people, "scores",
		(json_int_t)judgement->scores, "passages", (json_int_t)site->passages, "strangers",
		(json_int_t)site->strangers, "days", rounded(days, 1e2));

	if (!known || json == NULL)
		return json;
	json_object_set_new(json, "asked", limits_json(&judgement->threshold, 1, "score"));
	json_object_set_new(json, "measured", limits_json(&judgement->rate, 100, "percent"));
	json_object_set_new(json, "curve", curve_json(camera));
	if (days < 1) /* a month cannot be told from some hours */
		return json;
	a_month = (double)site->strangers / days * MONTH_DAYS;
	json_object_set_new(json, "expected_a_month",
			    limits_json(&judgement->rate, a_month, "false_accepts"));
	return json;
}

static const char *name_of(const struct measure *measure, const char *id)
{
	const struct roster_person *person = roster_find(people_directory(measure->vision->gate->people)->people, id);

	return person != NULL ? person->name : "";
}

static json_t *pairs_json(const struct measure *measure)
{
	float lowest = THRESHOLD_MAX;
	json_t *pairs = json_array();

	for (size_t i = 0; i < measure->camera_count; i++)
		lowest = fminf(lowest, calibration_threshold(measure->enrolled, measure->percent,
							     measure->cameras[i].offset));
	for (size_t i = 0; i < measure->pair_count; i++) {
		const struct measured_pair *pair = &measure->pairs[i];

		json_array_append_new(pairs,
				      json_pack("{s:[s,s], s:[s,s], s:o, s:b}", "people", pair->people[0],
						pair->people[1], "names", name_of(measure, pair->people[0]),
						name_of(measure, pair->people[1]), "score",
						rounded((double)pair->score, 1e3), "second_factor",
						pair->score >= lowest));
	}
	return pairs;
}

json_t *gate_measure_json(const struct measure *measure)
{
	const struct config *config = measure->vision->gate->config;
	json_t *cameras = json_array();

	for (size_t i = 0; i < measure->camera_count; i++)
		json_array_append_new(cameras, camera_json(measure, &measure->cameras[i]));
	return json_pack(
		"{s:s, s:s, s:f, s:I, s:I, s:I, s:o, s:o, s:o}", "recogniser", face_engine_recogniser(),
		"calibration", config->face.calibration == CONFIG_CALIBRATION_FOLLOW ? "follow" : "observe",
		"percent", measure->percent, "templates", (json_int_t)measure->enrolled, "people",
		(json_int_t)measure->persons, "surveyed", (json_int_t)measure->surveyed, "cameras", cameras,
		"look_alikes", pairs_json(measure), "outdated", people_outdated_json(measure->vision->gate->people));
}
