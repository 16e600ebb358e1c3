#include "gate_threshold.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "vision/match.h"

enum { OUTDATED_TOLD_MAX = 100 };

/* a photo on its way through the face worker, then its template on its way to the disk */
struct enrol {
	uint64_t request; /* 0: free */
	struct gate *gate;
	struct gate_reply reply;
	char person[ULID_BYTES];
	char by[32];
	float vector[FACE_DIM];
	float quality;
};

static struct watched_camera *face_camera(struct gate_vision *vision, unsigned face_index)
{
	for (size_t i = 0; i < vision->camera_count; i++)
		if (vision->cameras[i].door != NULL && vision->cameras[i].face_index == face_index)
			return &vision->cameras[i];
	return NULL;
}

static void on_passage(struct gate_vision *vision, const struct face_result *result)
{
	struct watched_camera *camera = face_camera(vision, result->camera);
	bool enforce = vision->gate->config->face.liveness == CONFIG_LIVENESS_ENFORCE;
	struct gate_entry_request request = {
		.factor = POLICY_FACE,
		.person_id = result->kind == FACE_RESULT_STRANGER ? "" : result->person,
		.presentation_attack = result->kind == FACE_RESULT_SPOOF && enforce,
		.first_mono_us = result->first_good_mono_us,
	};

	if (camera == NULL)
		return;
	gate_threshold_passage(camera, result);
	request.door = camera->door;
	/* another person's template is reached too: which of the two it is, a second factor must say */
	request.doubtful = result->kind == FACE_RESULT_ACCESS && result->rival_score >= result->threshold;
	request.data = json_pack("{s:s, s:o, s:o, s:o, s:i, s:i}", "camera", camera->config->name, "score",
				 gate_vision_number(result->score), "threshold",
				 gate_vision_number(result->threshold), "liveness",
				 gate_vision_number(result->liveness), "good_frames",
				 (int)result->good_frames, "track", (int)result->track);
	if (request.doubtful)
		json_object_set_new(request.data, "look_alike", json_string(result->rival));
	if (result->kind == FACE_RESULT_SPOOF)
		gate_record(vision->gate, "face.spoof", EVENT_WARNING, camera->source, NULL,
			    json_incref(request.data));
	if (result->kind == FACE_RESULT_SPOOF && !enforce) {
		json_decref(request.data);
		return; /* observed: told, but neither opened nor refused for it */
	}
	gate_entry_ask(vision->gate, &request);
}

/* the slot of a request the worker has; NULL: none such */
static struct enrol **find_enrol(struct gate_vision *vision, uint64_t request)
{
	for (size_t i = 0; i < FACE_WATCH_ENROLS_MAX; i++)
		if (vision->enrols[i] != NULL && vision->enrols[i]->request == request)
			return &vision->enrols[i];
	return NULL;
}

static struct enrol **free_slot(struct gate_vision *vision)
{
	for (size_t i = 0; i < FACE_WATCH_ENROLS_MAX; i++)
		if (vision->enrols[i] == NULL)
			return &vision->enrols[i];
	return NULL;
}

static void enrol_free(struct enrol *enrol)
{
	explicit_bzero(enrol, sizeof(*enrol)); /* a template is not left lying in memory */
	free(enrol);
}

static void on_template_stored(void *arg, int r, const struct event_row *row)
{
	struct enrol *enrol = arg;
	struct gate *gate = enrol->gate;

	(void)row;
	if (r == 0) {
		(void)roster_count_template(gate->roster, enrol->person,
					    1); /* removed meanwhile: nothing to count */
		if (roster_find(gate->roster, enrol->person) != NULL)
			gate_vision_person_template(gate, enrol->person, face_engine_recogniser(),
						    enrol->vector);
		enrol->reply.answer(gate, &enrol->reply, 0, NULL,
				    json_pack("{s:o}", "quality", gate_vision_number(enrol->quality)));
	} else {
		enrol->reply.answer(gate, &enrol->reply, r,
				    gate->store_trouble[0] != '\0' ? gate->store_trouble : NULL, NULL);
	}
	enrol_free(enrol);
}

static void on_enrolled(struct gate_vision *vision, const struct face_result *result)
{
	struct enrol **slot = find_enrol(vision, result->request), *enrol;
	struct event_draft draft = {.type = "person.enrolled"};
	int r;

	if (slot == NULL)
		return;
	enrol = *slot;
	*slot = NULL; /* from here on it is the store's to give back */
	if (result->kind == FACE_RESULT_ENROL_FAILED) {
		enrol->reply.answer(vision->gate, &enrol->reply, -EINVAL, result->reason, NULL);
		enrol_free(enrol);
		return;
	}
	memcpy(enrol->vector, result->template_vector, sizeof(enrol->vector));
	enrol->quality = result->quality;
	draft.person = enrol->person;
	draft.data = json_pack("{s:s, s:o}", "by", enrol->by, "quality", gate_vision_number(result->quality));
	/* while the disk takes nothing, a template would wait without an end: better said at once */
	if (vision->gate->store_trouble[0] != '\0')
		r = -EAGAIN;
	else
		r = vision->gate->store != NULL
			    ? store_template_add(vision->gate->store, enrol->person, face_engine_recogniser(),
						 enrol->vector, &draft, on_template_stored, enrol)
			    : -EIO;
	json_decref(draft.data);
	if (r < 0)
		on_template_stored(enrol, r, NULL);
}

static void on_face_result(struct gate_vision *vision, const struct face_result *result)
{
	switch (result->kind) {
	case FACE_RESULT_READY:
		vision->face_state = FACE_READY;
		log_info("vision", "face models are ready");
		break;
	case FACE_RESULT_FAILED:
		vision->face_state = FACE_FAILED;
		snprintf(vision->face_trouble, sizeof(vision->face_trouble), "%s", result->reason);
		log_error("vision", "%s; the doors work on without faces", result->reason);
		gate_record(vision->gate, "model.failed", EVENT_ALARM, NULL, NULL,
			    json_pack("{s:s}", "reason", result->reason));
		break;
	case FACE_RESULT_ACCESS:
	case FACE_RESULT_STRANGER:
	case FACE_RESULT_SPOOF:
		on_passage(vision, result);
		break;
	case FACE_RESULT_ENROLLED:
	case FACE_RESULT_ENROL_FAILED:
		on_enrolled(vision, result);
		break;
	}
}

int gate_faces_on_results(sd_event_source *source, int fd, uint32_t revents, void *arg)
{
	struct gate_vision *vision = arg;
	struct face_result result;

	(void)source, (void)fd, (void)revents;
	while (queue_pop(vision->face_results, &result) == 0)
		on_face_result(vision, &result);
	return 0;
}

void gate_vision_person_template(struct gate *gate, const char *person, const char *model,
				 const float *vector)
{
	struct gate_vision *vision = gate->vision;
	int r;

	if (vision == NULL || vision->faces == NULL)
		return;
	if (strcmp(model, face_engine_recogniser()) != 0) {
		log_warning("vision", "person %s was enrolled with another model: enrol again", person);
		if (vision->outdated == NULL)
			vision->outdated = json_object();
		(void)json_object_set_new(vision->outdated, person, json_true()); /* told above at least */
		return;
	}
	if (vision->outdated != NULL)
		(void)json_object_del(vision->outdated, person); /* came back */
	r = gallery_add(face_watch_gallery(vision->faces), person, vector);
	if (r < 0)
		log_error("vision", "a template of person %s cannot be used: %s", person, strerror(-r));
}

void gate_vision_person_removed(struct gate *gate, const char *person)
{
	if (gate->vision != NULL && gate->vision->faces != NULL)
		(void)gallery_remove(face_watch_gallery(gate->vision->faces), person); /* none is fine */
	if (gate->vision != NULL && gate->vision->outdated != NULL)
		(void)json_object_del(gate->vision->outdated, person); /* the same */
	gate_threshold_forget(gate, person);
}

json_t *gate_vision_outdated(const struct gate_vision *vision)
{
	json_t *list = json_array(), *value;
	const char *id;

	json_object_foreach(vision->outdated, id, value) json_array_append_new(list, json_string(id));
	return list;
}

void gate_faces_tell_outdated(struct gate_vision *vision)
{
	size_t people = json_object_size(vision->outdated);
	json_t *ids = gate_vision_outdated(vision);

	while (json_array_size(ids) > OUTDATED_TOLD_MAX)
		(void)json_array_remove(ids, json_array_size(ids) - 1);
	if (people > 0)
		gate_record(vision->gate, "face.outdated", EVENT_WARNING, NULL, NULL,
			    json_pack("{s:s, s:I, s:O}", "recogniser", face_engine_recogniser(), "people",
				      (json_int_t)people, "ids", ids));
	json_decref(ids);
}

int gate_vision_enrol(struct gate *gate, const char *person, const char *by, const void *photo, size_t bytes,
		      const struct gate_reply *reply)
{
	struct gate_vision *vision = gate->vision;
	struct enrol **slot, *enrol;
	int r;

	if (vision == NULL || vision->faces == NULL || vision->face_state == FACE_FAILED)
		return -ENODEV;
	if (vision->face_state != FACE_READY)
		return -EAGAIN;
	slot = free_slot(vision);
	enrol = slot != NULL ? malloc(sizeof(*enrol)) : NULL;
	if (enrol == NULL)
		return -ENOSPC;
	*enrol = (struct enrol){.request = ++vision->enrol_last, .gate = gate, .reply = *reply};
	snprintf(enrol->person, sizeof(enrol->person), "%s", person);
	snprintf(enrol->by, sizeof(enrol->by), "%s", by);
	r = face_watch_enrol(vision->faces, enrol->request, photo, bytes);
	if (r < 0)
		enrol_free(enrol);
	else
		*slot = enrol;
	return r;
}

int gate_faces_open(struct gate_vision *vision)
{
	const struct config *config = vision->gate->config;
	struct face_watch_config face;
	int r;

	face_watch_defaults(&face);
	face.models_dir = config->models_dir;
	face.cameras =
		vision->face_cameras > 0 ? (unsigned)vision->face_cameras : 1; /* none: enrolment alone */
	face.threads = config->face.threads;
	face.false_accept_percent = config->face.false_accept_percent;
	face.liveness = config->face.liveness != CONFIG_LIVENESS_OFF;
	face.repeat_ms = config->face.repeat_ms;
	r = face_watch_open(&face, vision->face_results, &vision->faces);
	if (r < 0)
		log_error("vision", "the face worker did not start: %s", strerror(-r));
	else
		vision->face_state = FACE_LOADING;
	return r;
}

void gate_faces_close(struct gate_vision *vision)
{
	face_watch_close(vision->faces);
	vision->faces = NULL;
	for (size_t i = 0; i < FACE_WATCH_ENROLS_MAX; i++)
		if (vision->enrols[i] != NULL)
			enrol_free(vision->enrols[i]);
}
