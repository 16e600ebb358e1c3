/* Face cameras: the face worker, its results, prompts, and its gallery. */
#include "calibration.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/unconst.h"
#include "config/model_manifest.h"
#include "vision/face/match.h"
#include "vision/face/threshold.h"

enum {
	DECIDED_PROMPT_MS = 4000,
	REQUEST_AGAIN_MS = 4000, /* prompt_requested() at most this often */
	/* the smallest boards have two cores, which the control thread hardly uses */
	INFERENCE_THREADS = 2
};

static struct watched_camera *face_camera(struct cameras *cameras, unsigned face_index)
{
	for (size_t i = 0; i < cameras->count; i++)
		if (cameras->list[i].door >= 0 && cameras->list[i].face_index == face_index)
			return &cameras->list[i];
	return NULL;
}

static float liveness_min_of(const struct watched_camera *camera)
{
	struct face_watch_config defaults;

	face_watch_defaults(&defaults);
	return camera->config->liveness_min > 0 ? (float)camera->config->liveness_min
						: defaults.liveness_min;
}

/* Whether the face was a picture that passed because liveness is only observed. */
static bool is_observed_picture(const struct watched_camera *camera,
				const struct face_result *result)
{
	return camera->cameras->deps.config->face.liveness == CONFIG_LIVENESS_OBSERVE &&
	       result->liveness >= 0 && result->liveness < liveness_min_of(camera);
}

static void record_picture(struct cameras *cameras, const struct watched_camera *camera,
			   const struct face_result *result, const json_t *passage_data)
{
	json_t *data = json_copy(unconst(passage_data));

	if (result->kind != FACE_RESULT_SPOOF && data != NULL)
		json_object_set_new(data, "observed", json_true());
	if (data != NULL)
		(void)json_object_del(data, "look_alike"); /* may not be a member */
	journal_record(cameras->deps.journal, "face.spoof", EVENT_WARNING, camera->source, NULL,
		       data);
}

static void on_passage(struct cameras *cameras, const struct face_result *result)
{
	struct watched_camera *camera = face_camera(cameras, result->camera);
	bool picture = result->kind == FACE_RESULT_SPOOF ||
		       (camera != NULL && is_observed_picture(camera, result));
	struct cameras_passage passage = {
		.person = result->kind == FACE_RESULT_STRANGER ? "" : result->person,
		.presentation_attack = result->kind == FACE_RESULT_SPOOF,
		.first_mono_us = result->first_good_mono_us,
	};

	if (camera == NULL)
		return;
	calibration_add_passage(camera, result);
	passage.door = (unsigned)camera->door;
	/* the score reaches the threshold for a second person too: a second factor decides */
	passage.ambiguous_match =
		result->kind == FACE_RESULT_ACCESS && result->rival_score >= result->threshold;
	passage.data =
		json_pack("{s:s, s:o, s:o, s:o, s:i, s:i}", "camera", camera->config->name, "score",
			  json_rounded(result->score), "threshold", json_rounded(result->threshold),
			  "liveness", json_rounded(result->liveness), "good_frames",
			  (int)result->good_frames, "track", (int)result->track);
	camera->covered = result->covered;
	if (result->covered)
		json_object_set_new(passage.data, "covered", json_true());
	if (result->raster && picture)
		json_object_set_new(passage.data, "raster", json_true());
	if (result->no_blink)
		json_object_set_new(passage.data, "no_blink", json_true());
	if (passage.ambiguous_match)
		json_object_set_new(passage.data, "look_alike", json_string(result->rival));
	if (result->still[0] != '\0')
		json_object_set_new(passage.data, "still",
				    json_pack("{s:s, s:s}", "name", result->still, "sha256",
					      result->still_sha256));
	if (picture)
		record_picture(cameras, camera, result, passage.data);
	if (result->kind != FACE_RESULT_STRANGER)
		(void)json_object_del(passage.data, "still"); /* it is in face.spoof */
	cameras->ops->face_presented(cameras->arg, &passage);
}

void cameras_decided(struct cameras *cameras, unsigned door, enum access_feedback feedback)
{
	static const enum face_prompt prompts[] = {[ACCESS_FEEDBACK_GRANTED] = FACE_PROMPT_WELCOME,
						   [ACCESS_FEEDBACK_DENIED] = FACE_PROMPT_CARD,
						   [ACCESS_FEEDBACK_MORE] = FACE_PROMPT_MORE};

	assert_thread(THREAD_CONTROL);
	assert((size_t)feedback < sizeof(prompts) / sizeof(prompts[0]));

	for (size_t i = 0; i < cameras->count; i++) {
		struct watched_camera *camera = &cameras->list[i];

		if (camera->door != (int)door)
			continue;
		camera->decided_prompt = feedback == ACCESS_FEEDBACK_DENIED && camera->covered
						 ? FACE_PROMPT_MASK
						 : prompts[feedback];
		camera->decided_until_ms = clock_mono_ms() + DECIDED_PROMPT_MS;
	}
}

const char *faces_prompt(const struct watched_camera *camera)
{
	return face_prompt_name(clock_mono_ms() < camera->decided_until_ms ? camera->decided_prompt
									   : camera->prompt);
}

static void on_prompt(struct cameras *cameras, const struct face_result *result)
{
	struct watched_camera *camera = face_camera(cameras, result->camera);

	if (camera == NULL)
		return;
	camera->prompt = (enum face_prompt)result->prompt;
	if (face_prompt_is_request(camera->prompt) &&
	    clock_mono_ms() >= camera->requested_ms + REQUEST_AGAIN_MS) {
		camera->requested_ms = clock_mono_ms();
		cameras->ops->prompt_requested(cameras->arg, (unsigned)camera->door);
	}
}

static void report_upside_down(struct cameras *cameras, const struct face_result *result)
{
	struct watched_camera *camera = face_camera(cameras, result->camera);

	if (camera == NULL)
		return;
	log_warning("vision", "camera %s: seems to hang upside down", camera->config->name);
	journal_record(cameras->deps.journal, "camera.upside_down", EVENT_WARNING, camera->source,
		       NULL, json_pack("{s:s}", "camera", camera->config->name));
}

static void fail(struct cameras *cameras, const struct problem *reason)
{
	cameras->face_state = FACE_FAILED;
	cameras->face_trouble = *reason;
	log_error("vision", "%s; the doors work without face recognition", reason->detail);
	journal_record(
		cameras->deps.journal, "model.failed", EVENT_ALARM, NULL, NULL,
		json_pack("{s:s, s:o}", "reason", reason->detail, "problem", problem_json(reason)));
}

static void on_face_result(struct cameras *cameras, const struct face_result *result)
{
	switch (result->kind) {
	case FACE_RESULT_READY:
		cameras->face_state = FACE_READY;
		log_info("vision", "face models are ready");
		cameras->ops->faces_ready(cameras->arg);
		break;
	case FACE_RESULT_FAILED:
		fail(cameras, &result->reason);
		break;
	case FACE_RESULT_ACCESS:
	case FACE_RESULT_STRANGER:
	case FACE_RESULT_SPOOF:
		on_passage(cameras, result);
		break;
	case FACE_RESULT_UPSIDE_DOWN:
		report_upside_down(cameras, result);
		break;
	case FACE_RESULT_PROMPT:
		on_prompt(cameras, result);
		break;
	case FACE_RESULT_ENROLLED:
	case FACE_RESULT_ENROL_FAILED:
		cameras->ops->enrolled(cameras->arg, result);
		break;
	}
}

int faces_on_results(sd_event_source *source, int fd, uint32_t revents, void *arg)
{
	struct cameras *cameras = arg;
	struct face_result result;

	(void)source, (void)fd, (void)revents;
	while (queue_pop(cameras->face_results, &result) == 0) {
		on_face_result(cameras, &result);
		explicit_bzero(result.template_vector, sizeof(result.template_vector));
	}
	return 0;
}

struct face_watch *cameras_faces(const struct cameras *cameras, int *ret_why)
{
	if (cameras != NULL && cameras->faces != NULL && cameras->face_state == FACE_READY)
		return cameras->faces;
	*ret_why = cameras != NULL && cameras->face_state == FACE_LOADING ? -EAGAIN : -ENODEV;
	return NULL;
}

bool cameras_search_faces(const struct cameras *cameras)
{
	return cameras != NULL && cameras->faces != NULL;
}

int cameras_face_index(const struct cameras *cameras, const char *name)
{
	for (size_t i = 0; cameras != NULL && i < cameras->count; i++)
		if (cameras->list[i].door >= 0 && strcmp(cameras->list[i].config->name, name) == 0)
			return (int)cameras->list[i].face_index;
	return -ENOENT;
}

void cameras_template_add(struct cameras *cameras, const char *person, const float *vector)
{
	int r;

	assert_thread(THREAD_CONTROL);
	if (!cameras_search_faces(cameras))
		return;
	r = gallery_merge(face_watch_gallery(cameras->faces), person, vector);
	if (r < 0)
		log_error("vision", "a template of person %s cannot be used: %s", person,
			  strerror(-r));
}

void cameras_template_remove(struct cameras *cameras, const char *person, const float *vector)
{
	if (cameras_search_faces(cameras))
		(void)gallery_unmerge(face_watch_gallery(cameras->faces), person,
				      vector); /* may have been removed with the person */
}

void cameras_person_forget(struct cameras *cameras, const char *person)
{
	if (cameras_search_faces(cameras))
		(void)gallery_remove(face_watch_gallery(cameras->faces),
				     person); /* may have none */
	if (cameras != NULL)
		calibration_forget_person(cameras, person);
}

static void set_zone(const struct config_polygon *roi, struct mask_polygon *zone)
{
	_Static_assert((int)MASK_POINTS_MAX >= (int)CONFIG_POLYGON_POINTS_MAX, "a zone fits");
	assert(roi->count <= MASK_POINTS_MAX);
	zone->count = roi->count;
	for (size_t i = 0; i < roi->count; i++) {
		zone->x[i] = (float)roi->points[i].x;
		zone->y[i] = (float)roi->points[i].y;
	}
}

static struct face_model model_of(const struct model_manifest *manifest)
{
	return (struct face_model){.file = manifest->file,
				   .sha256 = manifest->sha256,
				   .folder = manifest->folder,
				   .width_px = (int)manifest->input.width_px,
				   .height_px = (int)manifest->input.height_px,
				   .swap_rgb = manifest->input.colours == MODEL_RGB,
				   .mean = manifest->input.mean,
				   .scale = manifest->input.scale,
				   .dimension = (int)manifest->dimension,
				   .kind = manifest->kind == MODEL_YUNET ? FACE_DETECTOR_YUNET
									 : FACE_DETECTOR_RFB,
				   .overlap_max = (float)manifest->scores.overlap_max,
				   .score_min = (float)manifest->scores.min};
}

static int use_recogniser(const struct model_manifest *manifest)
{
	const struct face_model model = model_of(manifest);
	const struct model_norm *norm = &manifest->scores.norm;
	struct threshold_curve curve = {.min = manifest->scores.min,
					.norm = {.typical = norm->typical,
						 .low = norm->low,
						 .high = norm->high,
						 .no_face = norm->no_face,
						 .exponent = norm->exponent}};
	int r;

	_Static_assert((int)MODEL_SCORES == (int)THRESHOLD_SCORES, "a curve fits");
	memcpy(curve.scores, manifest->scores.false_match, sizeof(curve.scores));
	r = face_models_use(&model);
	return r < 0 ? r : threshold_use(&curve);
}

static int use_detector(const struct config *config, const struct model_manifest *manifest,
			struct problem *problem)
{
	const struct face_model model = model_of(manifest);

	if (config->face.blink == CONFIG_BLINK_REQUIRED && manifest->kind == MODEL_YUNET)
		return problem_blink_without_landmarks(problem, config->face.detector);
	return face_models_use_detector(&model) < 0
		       ? problem_model_manifest(problem, config->face.detector)
		       : 0;
}

/* Report the first of several errors, which names file and line. */
static void refuse_manifest(const char *error, struct problem *problem)
{
	char first[PROBLEM_TEXT_BYTES];

	snprintf(first, sizeof(first), "%.*s", (int)strcspn(error, "\n"), error);
	(void)problem_model_manifest(problem, first); /* the caller returns NULL instead */
}

const char *cameras_use_models(const struct config *config, struct problem *problem)
{
	struct model_manifest detector, recogniser;
	char error[CONFIG_ERROR_BYTES];

	if (model_manifest_load(config->models_dir, config->face.recogniser, MODEL_RECOGNISER,
				&recogniser, error, sizeof(error)) < 0 ||
	    model_manifest_load(config->models_dir, config->face.detector, MODEL_DETECTOR,
				&detector, error, sizeof(error)) < 0) {
		refuse_manifest(error, problem);
		return NULL;
	}
	if (use_detector(config, &detector, problem) < 0)
		return NULL;
	if (use_recogniser(&recogniser) < 0) {
		problem_model_manifest(problem, config->face.recogniser);
		return NULL;
	}
	return face_engine_recogniser();
}

int faces_open(struct cameras *cameras)
{
	struct problem problem;
	const struct config *config = cameras->deps.config;
	struct face_watch_config face;
	int r;

	if (cameras_use_models(config, &problem) == NULL) {
		fail(cameras, &problem);
		return -EINVAL;
	}
	face_watch_defaults(&face);
	face.models_dir = config->models_dir;
	face.cameras = cameras->face_cameras > 0 ? (unsigned)cameras->face_cameras
						 : 1; /* for enrolment alone */
	face.threads = INFERENCE_THREADS;
	face.false_accept_percent = config->face.false_accept_percent;
	face.liveness = config->face.liveness != CONFIG_LIVENESS_OFF;
	face.enforce = config->face.liveness == CONFIG_LIVENESS_ENFORCE;
	face.reject_screens = config->face.screens == CONFIG_SCREENS_REFUSE;
	face.blink = config->face.blink == CONFIG_BLINK_REQUIRED;
	face.stills_dir = config->evidence.dir;
	face.keep_pictures = config->face.keep_pictures;
	face.stranger_stills = config->face.stranger_still_hours > 0;
	_Static_assert((int)FACE_WATCH_CAMERAS_MAX >= (int)CONFIG_CAMERAS_MAX,
		       "each of them may be a face camera");
	for (size_t i = 0; i < cameras->count; i++) {
		const struct watched_camera *camera = &cameras->list[i];

		if (camera->door < 0)
			continue;
		face.camera[camera->face_index].name = camera->config->name;
		face.camera[camera->face_index].liveness_min = (float)camera->config->liveness_min;
		set_zone(&camera->config->roi, &face.camera[camera->face_index].zone);
	}
	face.repeat_ms = config->face.repeat_ms;
	r = face_watch_open(&face, cameras->face_results, &cameras->faces);
	if (r < 0) {
		problem_face_worker_not_started(&problem);
		fail(cameras, &problem);
	} else {
		cameras->face_state = FACE_LOADING;
	}
	return r;
}

void faces_close(struct cameras *cameras)
{
	face_watch_close(cameras->faces);
	cameras->faces = NULL;
}
