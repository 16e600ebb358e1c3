/*
 * Enrolment: a photo, or somebody at the gate, through the face worker; then the template, checked,
 * on its way to the disk.
 */
#include "people_private.h"

#include <errno.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "vision/face/face.h"
#include "vision/face/match.h"
#include "vision/face/threshold_calibration.h"

/*
 * Alike enough to ask: this much below what the door itself would take for the same person, but
 * never less than MIN.
 */
static const float duplicate_margin = 0.05f, duplicate_min = 0.40f;
/* Two photos of one person seldom are less alike; two people seldom are more. */
static const float same_person_min = 0.25f;

struct enrol {
	uint64_t request; /* the face worker's number of it */
	struct people *people;
	struct reply reply;
	char person[ULID_BYTES];
	char by[32];
	char camera[CONFIG_NAME_BYTES]; /* "": from a photo */
	bool accept_look_alike, sent;   /* sent: the template, not a picture */
	float vector[FACE_DIM];
	float quality;
	size_t kept_bytes; /* of the picture that goes with it; 0: none */
	uint8_t kept[FACE_CROP_JPEG_BYTES_MAX];
};

/* the slot of a request the worker has; NULL: none such */
static struct enrol **find_enrol(struct enrolment *enrolment, uint64_t request)
{
	for (size_t i = 0; i < FACE_WATCH_ENROLS_MAX; i++)
		if (enrolment->enrols[i] != NULL && enrolment->enrols[i]->request == request)
			return &enrolment->enrols[i];
	return NULL;
}

static struct enrol **free_slot(struct enrolment *enrolment)
{
	for (size_t i = 0; i < FACE_WATCH_ENROLS_MAX; i++)
		if (enrolment->enrols[i] == NULL)
			return &enrolment->enrols[i];
	return NULL;
}

static void enrol_free(struct enrol *enrol)
{
	explicit_bzero(enrol, sizeof(*enrol)); /* a template is not left lying in memory */
	free(enrol);
}

void enrol_drop(struct people *people)
{
	struct enrolment *enrolment = &people->enrolment;

	for (size_t i = 0; i < FACE_WATCH_ENROLS_MAX; i++)
		if (enrolment->enrols[i] != NULL)
			enrol_free(enrolment->enrols[i]);
}

/* Whoever keeps the faces of so many people must register that with the authority. */
static void count_people(struct people *people, const char *person)
{
	size_t limit = people->deps.config->face.registration_at, count = 0;
	const struct roster_person *at = roster_find(people->directory.people, person);

	if (at == NULL || at->template_count != 1)
		return; /* no new face */
	for (size_t i = 0; (at = roster_at(people->directory.people, i)) != NULL; i++)
		count += at->template_count > 0;
	if (count == limit || count == limit - limit / 10)
		journal_record(people->deps.journal, "face.registration",
			       count == limit ? EVENT_ALARM : EVENT_WARNING, NULL, NULL,
			       json_pack("{s:I, s:I}", "people", (json_int_t)count, "limit",
					 (json_int_t)limit));
}

static void on_template_stored(void *arg, int r, const struct event_row *row)
{
	struct enrol *enrol = arg;
	struct people *people = enrol->people;

	(void)row;
	if (r == 0) {
		(void)roster_count_template(people->directory.people, enrol->person,
					    1); /* removed meanwhile: nothing to count */
		count_people(people, enrol->person);
		if (roster_find(people->directory.people, enrol->person) != NULL)
			templates_add(people, enrol->person, face_engine_recogniser(),
				      enrol->vector);
		reply_send(&enrol->reply, 0, NULL,
			   enrol->sent
				   ? json_object()
				   : json_pack("{s:o}", "quality", json_rounded(enrol->quality)));
		faces_enforce_consent(people, enrol->person);
	} else {
		reply_refuse(&enrol->reply, r, journal_problem(people->deps.journal));
	}
	enrol_free(enrol);
}

static float enrol_alike_min(const struct people *people, struct face_watch *faces)
{
	double percent = people->deps.config->face.false_accept_percent;
	float limit =
		calibration_threshold(gallery_templates(face_watch_gallery(faces)), percent, 0) -
		duplicate_margin;

	return limit > duplicate_min ? limit : duplicate_min;
}

/* Somebody else who is much like this face: *ret_other. @return whether there is one. */
static bool has_look_alike(struct face_watch *faces, const struct enrol *enrol,
			   struct gallery_match *ret_other)
{
	struct gallery *gallery = face_watch_gallery(faces);
	struct gallery_match matches[2];
	size_t count = 0;

	if (gallery_search(gallery, enrol->vector, 2, matches, &count) < 0)
		return false; /* it cannot be told: the doors' own rule for look-alikes remains */
	for (size_t i = 0; i < count; i++) {
		if (strcmp(matches[i].person, enrol->person) == 0)
			continue;
		*ret_other = matches[i];
		return matches[i].score >= enrol_alike_min(enrol->people, faces);
	}
	return false;
}

/* For who enrols to read; the property system learns names only where the site shares them. */
static const char *name_of(const struct enrol *enrol, const char *id)
{
	const struct roster_person *person = roster_find(enrol->people->directory.people, id);
	bool opaque = enrol->reply.leaves_gate && !enrol->people->deps.config->mqtt.share.names;

	return person != NULL && !opaque ? person->name : id;
}

/* @return 0, or what is against this template, with a problem. */
static int check(struct face_watch *faces, const struct enrol *enrol, struct problem *problem)
{
	struct gallery_match other;
	float likeness;

	if (consent_is_withdrawn(enrol->people, enrol->person)) /* meanwhile */
		return problem_consent_withdrawn(problem);
	if (gallery_likeness(face_watch_gallery(faces), enrol->person, enrol->vector, &likeness) ==
		    0 &&
	    likeness < same_person_min)
		return problem_face_of_another(problem, name_of(enrol, enrol->person),
					       (double)likeness);
	if (enrol->accept_look_alike || !has_look_alike(faces, enrol, &other))
		return 0;
	return problem_face_look_alike(problem, name_of(enrol, other.person), (double)other.score);
}

static void store_template(struct people *people, struct enrol *enrol)
{
	struct event_draft draft = {.type = "person.enrolled"};
	int r;

	draft.person = enrol->person;
	draft.data = json_pack("{s:s}", "by", enrol->by);
	if (enrol->sent)
		json_object_set_new(draft.data, "template", json_true());
	else
		json_object_set_new(draft.data, "quality", json_rounded(enrol->quality));
	if (enrol->camera[0] != '\0')
		json_object_set_new(draft.data, "camera", json_string(enrol->camera));
	if (enrol->accept_look_alike)
		json_object_set_new(draft.data, "look_alike_accepted", json_true());
	/*
	 * while the disk takes nothing, a template would wait without an end: better said at once
	 */
	if (journal_trouble(people->deps.journal)[0] != '\0')
		r = -EAGAIN;
	else
		r = journal_store(people->deps.journal) != NULL
			    ? store_template_put(journal_store(people->deps.journal), enrol->person,
						 face_engine_recogniser(), enrol->vector,
						 enrol->kept_bytes > 0 ? enrol->kept : NULL,
						 enrol->kept_bytes, 0, &draft, on_template_stored,
						 enrol)
			    : -EIO;
	json_decref(draft.data);
	if (r < 0)
		on_template_stored(enrol, r, NULL);
}

void enrol_result(struct people *people, const struct face_result *result)
{
	struct enrol **slot = find_enrol(&people->enrolment, result->request), *enrol;
	struct problem problem;
	struct face_watch *faces;
	int r = -EINVAL, why;

	if (slot == NULL)
		return;
	faces = people->ops->faces(people->arg, &why);
	enrol = *slot;
	*slot = NULL; /* from here on it is the store's to give back */
	problem = result->reason;
	if (result->kind == FACE_RESULT_ENROLLED && faces != NULL) {
		memcpy(enrol->vector, result->template_vector, sizeof(enrol->vector));
		enrol->quality = result->quality;
		enrol->kept_bytes = result->crop_jpeg_bytes;
		memcpy(enrol->kept, result->crop_jpeg, result->crop_jpeg_bytes);
		r = check(faces, enrol, &problem);
	}
	if (r == 0) {
		store_template(people, enrol);
		return;
	}
	reply_refuse(&enrol->reply, r, &problem);
	enrol_free(enrol);
}

/* ---- begun ---- */

static int start(struct face_watch *faces, const struct enrol *enrol,
		 const struct people_enrolment *from)
{
	const struct people *people = enrol->people;
	int index;

	if (from->camera == NULL)
		return face_watch_enrol(faces, enrol->request, from->photo, from->photo_bytes);
	index = people->ops->face_camera(people->arg, from->camera);
	return index < 0 ? index
			 : face_watch_enrol_live(faces, enrol->request, (unsigned)index,
						 from->seconds);
}

/* What both ways of enrolling ask first. @return the face worker; NULL: the reply was sent. */
static struct face_watch *precheck(struct people *people, const char *id, const struct reply *reply)
{
	struct problem problem;
	const struct roster_person *person = roster_find(people->directory.people, id);
	struct face_watch *faces;
	int r = 0;

	if (person == NULL) {
		reply_refuse(reply, problem_person_not_enrolled(&problem), &problem);
		return NULL;
	}
	if (person->template_count >= ROSTER_TEMPLATES_MAX) {
		reply_refuse(reply, problem_too_many_faces(&problem, ROSTER_TEMPLATES_MAX),
			     &problem);
		return NULL;
	}
	if (consent_is_withdrawn(people, id)) {
		reply_refuse(reply, problem_consent_withdrawn(&problem), &problem);
		return NULL;
	}
	faces = people->enrolment.stopped ? NULL : people->ops->faces(people->arg, &r);
	if (faces == NULL)
		reply_refuse(reply,
			     r == -EAGAIN ? problem_face_models_loading(&problem)
					  : problem_face_models_missing(&problem),
			     &problem);
	return faces;
}

static struct enrol *enrol_new(struct people *people, const char *person, const char *by,
			       const struct reply *reply)
{
	struct enrol *enrol = calloc(1, sizeof(*enrol));

	if (enrol == NULL)
		return NULL;
	enrol->people = people;
	enrol->reply = *reply;
	snprintf(enrol->person, sizeof(enrol->person), "%s", person);
	snprintf(enrol->by, sizeof(enrol->by), "%s", by);
	return enrol;
}

static int explain_start(int r, struct problem *problem)
{
	return r == -EFBIG    ? problem_photo_too_large(problem)
	       : r == -ENOENT ? problem_face_camera_unknown(problem)
			      : problem_too_many_photos(problem);
}

void people_enrol(struct people *people, const char *person, const char *by,
		  const struct people_enrolment *from, const struct reply *reply)
{
	struct problem problem;
	struct face_watch *faces = precheck(people, person, reply);
	struct enrol **slot, *enrol;
	int r = -EBUSY;

	if (faces == NULL)
		return;
	slot = free_slot(&people->enrolment);
	enrol = slot != NULL ? enrol_new(people, person, by, reply) : NULL;
	if (enrol != NULL) {
		enrol->request = ++people->enrolment.last_request;
		enrol->accept_look_alike = from->accept_look_alike;
		snprintf(enrol->camera, sizeof(enrol->camera), "%s",
			 from->camera != NULL ? from->camera : "");
		r = start(faces, enrol, from);
	}
	if (r == 0) {
		*slot = enrol;
		return;
	}
	if (enrol != NULL)
		enrol_free(enrol);
	reply_refuse(reply, explain_start(r, &problem), &problem);
}

static bool is_unit(const float *vector)
{
	double square = 0;

	for (size_t i = 0; i < FACE_DIM; i++)
		square += (double)vector[i] * (double)vector[i];
	return square > 0.98 && square < 1.02; /* NaN: neither */
}

void people_enrol_template(struct people *people, const char *person, const char *by,
			   const char *model, const float *vector, const struct reply *reply)
{
	struct face_watch *faces = precheck(people, person, reply);
	struct problem problem;
	struct enrol *enrol;
	int r;

	if (faces == NULL)
		return;
	if (strcmp(model, face_engine_recogniser()) != 0 || !is_unit(vector)) {
		reply_refuse(reply, problem_template_invalid(&problem), &problem);
		return;
	}
	enrol = enrol_new(people, person, by, reply);
	if (enrol == NULL) {
		reply_refuse(reply, problem_no_memory(&problem), &problem);
		return;
	}
	enrol->sent = true;
	memcpy(enrol->vector, vector, sizeof(enrol->vector));
	r = check(faces, enrol, &problem);
	if (r == 0) {
		store_template(people, enrol);
		return;
	}
	reply_refuse(reply, r, &problem);
	enrol_free(enrol);
}
