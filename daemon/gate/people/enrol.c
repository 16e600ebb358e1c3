/* Enrolment: a photo, or somebody at the gate, through the face worker; then the template, checked, on its way to the disk. */
#include "enrolment.h"

#include <errno.h>
#include <string.h>

#include "gate/cameras/cameras_private.h"
#include "base/json.h"
#include "base/log.h"
#include "vision/face/match.h"
#include "vision/face/threshold_calibration.h"

/* Alike enough to ask: this much below what the door itself would take for the same person, but never less than MIN. */
static const float duplicate_margin = 0.05f, duplicate_min = 0.40f;
/* Two photos of one person seldom are less alike; two people seldom are more. */
static const float same_person_min = 0.25f;

struct enrol {
	uint64_t request; /* the face worker's number of it */
	struct gate *gate;
	struct reply reply;
	char person[ULID_BYTES];
	char by[32];
	char camera[CONFIG_NAME_BYTES]; /* "": from a photo */
	bool accept_look_alike, sent;   /* sent: the template, not a picture */
	float vector[FACE_DIM];
	float quality;
	size_t kept_bytes; /* of the picture that goes with it; 0: none */
	uint8_t kept[FACE_KEPT_BYTES_MAX];
};

/* the slot of a request the worker has; NULL: none such */
static struct enrol **find_enrol(struct gate_enrolment *enrolment, uint64_t request)
{
	for (size_t i = 0; i < FACE_WATCH_ENROLS_MAX; i++)
		if (enrolment->enrols[i] != NULL && enrolment->enrols[i]->request == request)
			return &enrolment->enrols[i];
	return NULL;
}

static struct enrol **free_slot(struct gate_enrolment *enrolment)
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

void gate_enrol_drop(struct gate *gate)
{
	struct gate_enrolment *enrolment = gate->enrolment;

	for (size_t i = 0; i < FACE_WATCH_ENROLS_MAX; i++)
		if (enrolment->enrols[i] != NULL)
			enrol_free(enrolment->enrols[i]);
}

/* Whoever keeps the faces of so many people must register that with the authority. */
static void count_people(struct gate *gate, const char *person)
{
	size_t limit = gate->config->face.registration_at, count = 0;
	const struct roster_person *at = roster_find(gate->directory.people, person);

	if (at == NULL || at->template_count != 1)
		return; /* no new face */
	for (size_t i = 0; (at = roster_at(gate->directory.people, i)) != NULL; i++)
		count += at->template_count > 0;
	if (count == limit || count == limit - limit / 10)
		journal_record(
			gate->journal, "face.registration", count == limit ? EVENT_ALARM : EVENT_WARNING,
			NULL, NULL,
			json_pack("{s:I, s:I}", "people", (json_int_t)count, "limit", (json_int_t)limit));
}

static void on_template_stored(void *arg, int r, const struct event_row *row)
{
	struct enrol *enrol = arg;
	struct gate *gate = enrol->gate;

	(void)row;
	if (r == 0) {
		(void)roster_count_template(gate->directory.people, enrol->person,
					    1); /* removed meanwhile: nothing to count */
		count_people(gate, enrol->person);
		if (roster_find(gate->directory.people, enrol->person) != NULL)
			gate_template_add(gate, enrol->person, face_engine_recogniser(), enrol->vector);
		reply_send(&enrol->reply, 0, NULL,
			   enrol->sent ? json_object()
				       : json_pack("{s:o}", "quality", json_rounded(enrol->quality)));
		gate_consent_enforce(gate, enrol->person);
	} else {
		reply_send(&enrol->reply, r,
			   journal_trouble(gate->journal)[0] != '\0' ? journal_trouble(gate->journal) : NULL,
			   NULL);
	}
	enrol_free(enrol);
}

float gate_enrol_alike_min(const struct gate *gate, struct face_watch *faces)
{
	double percent = gate->config->face.false_accept_percent;
	float limit = calibration_threshold(gallery_templates(face_watch_gallery(faces)), percent, 0) -
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
		return matches[i].score >= gate_enrol_alike_min(enrol->gate, faces);
	}
	return false;
}

/* For who enrols to read; the property system learns names only where the site shares them. */
static const char *name_of(const struct enrol *enrol, const char *id)
{
	const struct roster_person *person = roster_find(enrol->gate->directory.people, id);
	bool opaque = enrol->reply.leaves_gate && !enrol->gate->config->mqtt.share.names;

	return person != NULL && !opaque ? person->name : id;
}

/* @return 0, or what is against this template, with a sentence. */
static int check(struct face_watch *faces, const struct enrol *enrol, char *reason)
{
	struct gallery_match other;
	float likeness;

	if (gate_consent_is_withdrawn(enrol->gate, enrol->person)) { /* meanwhile */
		snprintf(reason, FACE_ERROR_BYTES, "%s", gate_consent_withdrawn);
		return -EPERM;
	}
	if (gallery_likeness(face_watch_gallery(faces), enrol->person, enrol->vector, &likeness) == 0 &&
	    likeness < same_person_min) {
		snprintf(reason, FACE_ERROR_BYTES,
			 "This face is not that of the other photos of %.100s (%.2f): were photos mixed up?",
			 name_of(enrol, enrol->person), (double)likeness);
		return -EINVAL;
	}
	if (enrol->accept_look_alike || !has_look_alike(faces, enrol, &other))
		return 0;
	snprintf(reason, FACE_ERROR_BYTES,
		 "This face is much like that of %.100s, who is enrolled already (%.2f). If they are two "
		 "people, "
		 "accept the look-alike: where both are recognised, a second factor is asked for.",
		 name_of(enrol, other.person), (double)other.score);
	return -EEXIST;
}

static void store_template(struct gate *gate, struct enrol *enrol)
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
	/* while the disk takes nothing, a template would wait without an end: better said at once */
	if (journal_trouble(gate->journal)[0] != '\0')
		r = -EAGAIN;
	else
		r = journal_store(gate->journal) != NULL
			    ? store_template_keep(journal_store(gate->journal), enrol->person,
						  face_engine_recogniser(), enrol->vector,
						  enrol->kept_bytes > 0 ? enrol->kept : NULL,
						  enrol->kept_bytes, 0, &draft, on_template_stored, enrol)
			    : -EIO;
	json_decref(draft.data);
	if (r < 0)
		on_template_stored(enrol, r, NULL);
}

void gate_enrol_result(struct gate *gate, const struct face_result *result)
{
	struct enrol **slot = find_enrol(gate->enrolment, result->request), *enrol;
	char reason[FACE_ERROR_BYTES];
	struct face_watch *faces;
	int r = -EINVAL, why;

	if (slot == NULL)
		return;
	faces = cameras_faces(gate->vision, &why);
	enrol = *slot;
	*slot = NULL; /* from here on it is the store's to give back */
	snprintf(reason, sizeof(reason), "%s", result->reason);
	if (result->kind == FACE_RESULT_ENROLLED && faces != NULL) {
		memcpy(enrol->vector, result->template_vector, sizeof(enrol->vector));
		enrol->quality = result->quality;
		enrol->kept_bytes = result->kept_bytes;
		memcpy(enrol->kept, result->kept, result->kept_bytes);
		r = check(faces, enrol, reason);
	}
	if (r == 0) {
		store_template(gate, enrol);
		return;
	}
	reply_send(&enrol->reply, r, reason, NULL);
	enrol_free(enrol);
}

static int hand_over(struct face_watch *faces, const struct enrol *enrol, const struct api_enrol *asked)
{
	int index;

	if (asked->camera == NULL)
		return face_watch_enrol(faces, enrol->request, asked->photo, asked->photo_bytes);
	index = cameras_face_index(enrol->gate->vision, asked->camera);
	return index < 0 ? index
			 : face_watch_enrol_live(faces, enrol->request, (unsigned)index, asked->seconds);
}

int gate_vision_enrol(struct gate *gate, const char *person, const char *by, const struct api_enrol *asked,
		      const struct reply *reply)
{
	struct face_watch *faces;
	struct enrol **slot, *enrol;
	int r;

	if (gate_consent_is_withdrawn(gate, person))
		return -EPERM;
	faces = cameras_faces(gate->vision, &r);
	if (faces == NULL || gate->enrolment == NULL)
		return faces == NULL ? r : -ENODEV;
	slot = free_slot(gate->enrolment);
	enrol = slot != NULL ? malloc(sizeof(*enrol)) : NULL;
	if (enrol == NULL)
		return -ENOSPC;
	*enrol = (struct enrol){.request = ++gate->enrolment->last_request,
				.gate = gate,
				.reply = *reply,
				.accept_look_alike = asked->accept_look_alike};
	snprintf(enrol->person, sizeof(enrol->person), "%s", person);
	snprintf(enrol->by, sizeof(enrol->by), "%s", by);
	snprintf(enrol->camera, sizeof(enrol->camera), "%s", asked->camera != NULL ? asked->camera : "");
	r = hand_over(faces, enrol, asked);
	if (r < 0)
		enrol_free(enrol);
	else
		*slot = enrol;
	return r;
}

int gate_vision_enrol_template(struct gate *gate, const char *person, const char *by, const char *model,
			       const float *vector, const struct reply *reply)
{
	struct face_watch *faces;
	struct enrol *enrol;
	char reason[FACE_ERROR_BYTES];
	double square = 0;
	int r;

	if (gate_consent_is_withdrawn(gate, person))
		return -EPERM;
	faces = cameras_faces(gate->vision, &r);
	if (faces == NULL || gate->enrolment == NULL)
		return faces == NULL ? r : -ENODEV;
	for (size_t i = 0; i < FACE_DIM; i++)
		square += (double)vector[i] * (double)vector[i];
	if (strcmp(model, face_engine_recogniser()) != 0 ||
	    !(square > 0.98 && square < 1.02)) /* NaN: neither */
		return -EINVAL;
	enrol = malloc(sizeof(*enrol));
	if (enrol == NULL)
		return -ENOMEM;
	*enrol = (struct enrol){.gate = gate, .reply = *reply, .sent = true};
	snprintf(enrol->person, sizeof(enrol->person), "%s", person);
	snprintf(enrol->by, sizeof(enrol->by), "%s", by);
	memcpy(enrol->vector, vector, sizeof(enrol->vector));
	r = check(faces, enrol, reason);
	if (r == 0) {
		store_template(gate, enrol);
		return 0;
	}
	reply_send(reply, r, reason, NULL);
	enrol_free(enrol);
	return 0;
}
