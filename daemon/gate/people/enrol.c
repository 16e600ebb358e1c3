/*
 * Enrolment: the face worker makes a template from a photo or from a live camera; the template is
 * checked and sent to the store.
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
 * The score from which another person counts as a look-alike: this margin below the threshold at a
 * door, but at least duplicate_min.
 */
static const float duplicate_margin = 0.05f, duplicate_min = 0.40f;
/* Photos of one person seldom score less, and photos of two people seldom more. */
static const float same_person_min = 0.25f;

struct enrol {
	uint64_t request; /* its number at the face worker */
	struct people *people;
	struct reply reply;
	char person[ULID_BYTES];
	char by[32];
	char camera[CONFIG_NAME_BYTES]; /* "": from a photo */
	bool accept_ambiguous;
	bool from_template; /* another gate made the template */
	float vector[FACE_DIM];
	float quality;
	size_t crop_bytes; /* of the picture saved with the template; 0: none */
	uint8_t crop[FACE_CROP_JPEG_BYTES_MAX];
};

/* The slot of a request that the worker has not answered; NULL: there is no such request. */
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
	explicit_bzero(enrol, sizeof(*enrol)); /* leave no template in freed memory */
	free(enrol);
}

void enrol_drop(struct people *people)
{
	struct enrolment *enrolment = &people->enrolment;

	for (size_t i = 0; i < FACE_WATCH_ENROLS_MAX; i++)
		if (enrolment->enrols[i] != NULL)
			enrol_free(enrolment->enrols[i]);
}

/*
 * The law requires registration with the authority from a number of enrolled people on:
 * face.registration_at.
 */
static void check_registration(struct people *people, const char *person)
{
	size_t limit = people->deps.config->face.registration_at, count = 0;
	const struct roster_person *at = roster_find(people->directory.people, person);

	if (at == NULL || at->template_count != 1)
		return; /* not the person's first face */
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
					    1); /* -ENOENT: the person was removed meanwhile */
		check_registration(people, enrol->person);
		if (roster_find(people->directory.people, enrol->person) != NULL)
			templates_add(people, enrol->person, face_engine_recogniser(),
				      enrol->vector);
		reply_send(&enrol->reply, 0, NULL,
			   enrol->from_template
				   ? json_object()
				   : json_pack("{s:o}", "quality", json_rounded(enrol->quality)));
		faces_enforce_consent(people, enrol->person);
	} else {
		reply_refuse(&enrol->reply, r, journal_problem(people->deps.journal));
	}
	enrol_free(enrol);
}

static float ambiguous_score_min(const struct people *people, struct face_watch *faces)
{
	double percent = people->deps.config->face.false_accept_percent;
	float limit =
		calibration_threshold(gallery_templates(face_watch_gallery(faces)), percent, 0) -
		duplicate_margin;

	return limit > duplicate_min ? limit : duplicate_min;
}

/* Whether another person is a look-alike of this face: *ret_other. */
static bool has_ambiguous_match(struct face_watch *faces, const struct enrol *enrol,
				struct gallery_match *ret_other)
{
	struct gallery *gallery = face_watch_gallery(faces);
	struct gallery_match matches[2];
	size_t count = 0;

	if (gallery_search(gallery, enrol->vector, 2, matches, &count) < 0)
		return false; /* unknown; the doors' own check for ambiguous matches remains */
	for (size_t i = 0; i < count; i++) {
		if (strcmp(matches[i].person, enrol->person) == 0)
			continue;
		*ret_other = matches[i];
		return matches[i].score >= ambiguous_score_min(enrol->people, faces);
	}
	return false;
}

/* The name for the enroller to read; the id where names must not leave the gate. */
static const char *name_of(const struct enrol *enrol, const char *id)
{
	const struct roster_person *person = roster_find(enrol->people->directory.people, id);
	bool opaque = enrol->reply.leaves_gate && !enrol->people->deps.config->mqtt.share.names;

	return person != NULL && !opaque ? person->name : id;
}

/* @return 0, or a negative errno with the reason why the template is refused. */
static int check_template(struct face_watch *faces, const struct enrol *enrol,
			  struct problem *problem)
{
	struct gallery_match other;
	float likeness;

	if (consent_is_withdrawn(enrol->people, enrol->person)) /* meanwhile */
		return problem_consent_withdrawn(problem);
	if (gallery_person_score(face_watch_gallery(faces), enrol->person, enrol->vector,
				 &likeness) == 0 &&
	    likeness < same_person_min)
		return problem_face_of_another(problem, name_of(enrol, enrol->person),
					       (double)likeness);
	if (enrol->accept_ambiguous || !has_ambiguous_match(faces, enrol, &other))
		return 0;
	return problem_face_look_alike(problem, name_of(enrol, other.person), (double)other.score);
}

static void store_template(struct people *people, struct enrol *enrol)
{
	struct event_draft draft = {.type = "person.enrolled"};
	int r;

	draft.person = enrol->person;
	draft.data = json_pack("{s:s}", "by", enrol->by);
	if (enrol->from_template)
		json_object_set_new(draft.data, "template", json_true());
	else
		json_object_set_new(draft.data, "quality", json_rounded(enrol->quality));
	if (enrol->camera[0] != '\0')
		json_object_set_new(draft.data, "camera", json_string(enrol->camera));
	if (enrol->accept_ambiguous)
		json_object_set_new(draft.data, "look_alike_accepted", json_true());
	/* while the disk cannot be written, the store would not answer: refuse at once */
	if (journal_trouble(people->deps.journal)[0] != '\0')
		r = -EAGAIN;
	else
		r = journal_store(people->deps.journal) != NULL
			    ? store_template_put(journal_store(people->deps.journal), enrol->person,
						 face_engine_recogniser(), enrol->vector,
						 enrol->crop_bytes > 0 ? enrol->crop : NULL,
						 enrol->crop_bytes, 0, &draft, on_template_stored,
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
	*slot = NULL; /* from here on the store's answer frees it */
	problem = result->reason;
	if (result->kind == FACE_RESULT_ENROLLED && faces != NULL) {
		memcpy(enrol->vector, result->template_vector, sizeof(enrol->vector));
		enrol->quality = result->quality;
		assert(result->crop_jpeg_bytes <= sizeof(enrol->crop));
		enrol->crop_bytes = result->crop_jpeg_bytes;
		memcpy(enrol->crop, result->crop_jpeg, result->crop_jpeg_bytes);
		r = check_template(faces, enrol, &problem);
	}
	if (r == 0) {
		store_template(people, enrol);
		return;
	}
	reply_refuse(&enrol->reply, r, &problem);
	enrol_free(enrol);
}

/* ---- begin ---- */

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

/*
 * The checks that every enrolment begins with. @return the face worker; NULL: refused, and the
 * reply was sent.
 */
static struct face_watch *enrol_precheck(struct people *people, const char *id,
					 const struct reply *reply)
{
	struct problem problem;
	const struct roster_person *person = roster_find(people->directory.people, id);
	struct face_watch *faces;
	int r = 0;

	assert_thread(THREAD_CONTROL);
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
	struct face_watch *faces = enrol_precheck(people, person, reply);
	struct enrol **slot, *enrol;
	int r = -EBUSY;

	if (faces == NULL)
		return;
	slot = free_slot(&people->enrolment);
	enrol = slot != NULL ? enrol_new(people, person, by, reply) : NULL;
	if (enrol != NULL) {
		enrol->request = ++people->enrolment.last_request;
		enrol->accept_ambiguous = from->accept_ambiguous;
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
	return square > 0.98 && square < 1.02; /* false for NaN */
}

void people_enrol_template(struct people *people, const char *person, const char *by,
			   const char *model, const float *vector, const struct reply *reply)
{
	struct face_watch *faces = enrol_precheck(people, person, reply);
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
	enrol->from_template = true;
	memcpy(enrol->vector, vector, sizeof(enrol->vector));
	r = check_template(faces, enrol, &problem);
	if (r == 0) {
		store_template(people, enrol);
		return;
	}
	reply_refuse(reply, r, &problem);
	enrol_free(enrol);
}
