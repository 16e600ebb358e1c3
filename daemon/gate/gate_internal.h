/*
 * gate_internal.h - what the gate's own files share. Control thread only.
 *
 * gate.c opens and closes it; startup.c loads what the store brings; doors/ owns doors and board; entry/ decides and
 * opens; cameras/ runs cameras and what they see; property/ talks to the property system; people/ and gate_api.c
 * answer the API.
 */
#ifndef GH_GATE_GATE_INTERNAL_H
#define GH_GATE_GATE_INTERNAL_H

#include "gate.h"

#include <stdlib.h>

#include "api/api.h"
#include "base/reply.h"
#include "access/policy.h"
#include "access/access_directory.h"
#include "access/access_feedback.h"
#include "store/store.h"
#include "doors/doors.h"
#include "entry/entry.h"
#include "entry/readers.h"
#include "evidence/evidence.h"
#include "gate/journal.h"
#include "gate/timers.h"

enum {
	GATE_SOURCE_BYTES = EVENT_SOURCE_BYTES,
	GATE_REPLY_BYTES = 512, /* topic or correlation of a command */
};

struct gate;
struct gate_batch;
struct gate_link;
struct gate_enrolment;
struct gate_vision;
struct face_result;
struct litter_result;

/* a door as the parts that are not libraries of their own yet name it */
struct gate_door {
	unsigned place;
	const struct config_door *config;
	char source[GATE_SOURCE_BYTES]; /* "door/NAME" */
};

struct gate_entry_request {
	enum policy_factor factor;
	struct gate_door *door;
	const char *person_id;              /* "" or NULL: nobody was recognised */
	bool presentation_attack, doubtful; /* see policy.h */
	const char *credential_id;          /* "" or NULL: none known */
	bool leaving;                       /* shown on the inside */
	const char *reader;                 /* NULL: none */
	uint64_t first_mono_us;
	json_t *data; /* what the factor knows (score, camera, operator...); the reference is taken */
	const char *nonce_key; /* a command's, to be used up with the record; or NULL */
	int64_t nonce;
	struct reply reply; /* answer NULL: nobody waits */
};

struct gate {
	const struct config *config;
	sd_event *event;
	uint64_t started_us;
	bool closing;
	char *error; /* of gate_open(), only while it runs */
	struct journal *journal;
	struct timers *timers;

	struct store_claim *claim;
	struct doors *doors;
	struct gate_door door_list[CONFIG_DOORS_MAX];

	struct store *store; /* NULL: not begun or given up */
	struct access_directory directory;
	struct entry *entry;
	struct readers *readers;

	struct gate_batch *batch;
	json_t *access_counters; /* only while the store is loaded */
	struct gate_vision *vision;
	struct gate_enrolment *enrolment;
	struct evidence *evidence;
	json_t *site_records;      /* the face cameras' scores, the same */
	json_t *consent_withdrawn; /* the ids of who withdrew it, each true; NULL: nobody */
	json_t *blind_records;     /* by camera, what the store had kept; NULL: nothing */
	struct gate_link *link;
	struct api *api;

	sd_event_source *store_source, *api_source, *api_timer;
	bool randomness_told;
	int clock_fd;            /* -1: none */
	int64_t clock_offset_ms; /* wall clock less monotonic, when it was last looked at */
	sd_event_source *clock_source, *roster_source;
};

/* startup.c */
extern const struct store_ops gate_store_ops;

/* clock_watch.c */
int gate_clock_open(struct gate *gate);
void gate_clock_close(struct gate *gate);
/** Once the log can be written: say so when it was not. */
void gate_clock_tell(struct gate *gate);

/* directory.c */
int gate_directory_open(struct gate *gate);
/** Records of the store, and the end of them. */
void gate_directory_load(struct gate *gate, const char *kind, const char *id, json_t *json);
void gate_directory_settle(struct gate *gate);
/** A pass as its token says it. A new reference. */
json_t *gate_pass_value(const struct pass *pass);

/* roster_change.c, roster_digest.c */
typedef void (*gate_change_fn)(void *arg, int r);
enum { GATE_CHANGE_ERROR_BYTES = 256, GATE_ROSTER_DIGEST_BYTES = EVENT_HASH_TEXT_BYTES };
/**
 * One change of the roster, as the API, gatectl and the property system make it:
 * {"op":"put"|"remove","kind":"person"|"holder"|"credential"|"pass"|"group"|"schedule"|"rule"|"holiday"|"area",
 *  |"opening","id":..,"value":{..}}; docs/reference/access.md describes the values. It is checked wholly, in force at once, and on disk
 * with its event when @p done (or NULL) is called with 0; with less, it was taken back.
 * @param by     who, for the log.
 * @param error  GATE_CHANGE_ERROR_BYTES; a sentence.
 * @return 0 (done will be called), -EINVAL, -ENOENT (to remove what is not there), -EEXIST (taken, or still needed),
 *         -ENOSPC, -EAGAIN (the disk takes nothing now) or -ENOMEM.
 */
int gate_roster_apply_change(struct gate *gate, const json_t *change, const char *by, gate_change_fn done,
			     void *arg, char *error);
/* roster_batch.c */
enum { GATE_REVISION_BYTES = 64 };
/* a part of a new roster, all borrowed */
struct gate_batch_part {
	const char *from; /* the revision it goes out from; NULL: whichever is in force */
	const char *to, *by;
	unsigned part, parts; /* from 1 on */
	json_t *changes;      /* as for gate_roster_apply_change(); each thing once, no passes */
};
/**
 * Collect the parts; with the last one put all of it in force, or nothing. A revision that is in force already is
 * answered at once. While it is put in force other changes are refused (-EBUSY), but of passes.
 * @return 0 (the reply comes, or came), -EINVAL, -EEXIST (another revision or part is expected), -E2BIG, -EBUSY or
 *         -EAGAIN, with a sentence in @p error (GATE_CHANGE_ERROR_BYTES).
 */
int gate_batch_take(struct gate *gate, const struct gate_batch_part *part, const struct reply *reply,
		    char *error);
/** Whether @p change has to wait for a batch. */
bool gate_batch_is_busy(const struct gate *gate, const json_t *change);
/** What the property system named the roster that was last put in force; "": none was. */
const char *gate_roster_revision(const struct gate *gate);
int gate_batch_open(struct gate *gate);
/** Records of the store, and the end of them: what a crash interrupted goes on. */
void gate_batch_load(struct gate *gate, const char *kind, const char *id, json_t *json);
void gate_batch_settle(struct gate *gate);
void gate_batch_close(struct gate *gate); /* once the store is closed */

/**
 * BLAKE2b-256, in hex, over the digests of all items in order of kind and id; an item's digest is BLAKE2b-256 over the
 * canonical JSON of {"id","kind","value"}. Passes, which the gate makes itself, and a PIN's digits are not in it.
 * @param text  GATE_ROSTER_DIGEST_BYTES. @return 0 or -ENOMEM. The items' digests are kept: this is one hash over 32 bytes an item.
 */
int gate_roster_digest(const struct gate *gate, char *text);

/* connect_doors.c */
int gate_connect_doors(struct gate *gate);
struct gate_door *gate_door_find(struct gate *gate, const char *name);
json_t *gate_door_state(struct gate *gate, const struct gate_door *door);
void gate_mode_ask(struct gate *gate, struct gate_door *door, const char *mode, json_t *data,
		   const struct reply *reply);
void gate_mode_ask_all(struct gate *gate, const char *mode, json_t *data, const struct reply *reply);

/* connect_entry.c */
int gate_connect_entry(struct gate *gate);
int gate_connect_readers(struct gate *gate); /* after the doors */
void gate_entry_ask(struct gate *gate, const struct gate_entry_request *request);
void gate_readers_show(struct gate *gate, const struct gate_door *door, enum access_feedback feedback);

/* cameras.c */
int gate_vision_open(struct gate *gate);
void gate_vision_close(struct gate *gate);
/* Takes the config's nets into use, before the store is opened. The recogniser's identity; NULL: they make no sense, logged. */
const char *gate_faces_models(const struct config *config);
/** Start the cameras and the face worker; called once the roster is known, so that no resident is a stranger. */
void gate_vision_start(struct gate *gate);
json_t *gate_cameras_json(struct gate *gate);
/** The same, each with its blind time of the day. */
json_t *gate_cameras_status(struct gate *gate);
/* faces.c */
/** What a face led to, for the person at the door: its cameras' prompt, and the lights and buzzers of its readers. */
void gate_faces_decided(struct gate *gate, struct gate_door *door, enum access_feedback feedback);
/* calibration.c */
void gate_threshold_load(struct gate *gate, const char *kind, const char *id, json_t *json);
void gate_face_report(void *arg, struct api_token token);
/* health.c */
void gate_camera_health_load(struct gate *gate, const char *kind, const char *id, json_t *json);

/* enrolment.c */
int gate_enrolment_open(struct gate *gate);
void gate_enrolment_close(struct gate *gate); /* once the cameras are closed */
/** Once the roster is known: record who needs a new template, and begin to make them from kept pictures. */
void gate_enrolment_start(struct gate *gate);
void gate_enrolment_faces_ready(struct gate *gate);
/** FACE_RESULT_ENROLLED or FACE_RESULT_ENROL_FAILED. */
void gate_enrolment_result(struct gate *gate, const struct face_result *result);

/* reenrol.c */
/** A picture that was kept with a template of another recogniser. */
void gate_reenrol_add(struct gate *gate, const char *person, int64_t number, const void *kept, size_t bytes);

/* templates.c */
/** A template of @p model, ROSTER_TEMPLATE_DIM numbers: cameras use it from now on, unless the model is another one. */
void gate_template_add(struct gate *gate, const char *person, const char *model, const float *vector);
/** One of the person's templates is gone; the others count on. */
void gate_template_removed(struct gate *gate, const char *person, const char *model, const float *vector);
/** The person, or all faces of it, are gone. */
void gate_person_templates_removed(struct gate *gate, const char *person);
/** The ids of those who have only templates of another recogniser; a new reference. */
json_t *gate_outdated_list(const struct gate *gate);

/* enrol.c */
/** @return 0 (the reply comes), -EAGAIN (models are loading), -ENODEV (no models), -ENOENT (no such face camera) or as
 *  face_watch_enrol(), or -EPERM (gate_consent_withdrawn). */
int gate_vision_enrol(struct gate *gate, const char *person, const char *by, const struct api_enrol *asked,
		      const struct reply *reply);

/**
 * A face that another gate measured with the same model: ROSTER_TEMPLATE_DIM numbers of unit length.
 * @return 0 (the reply comes), -EINVAL (another model's, or no unit vector), -EAGAIN, -ENODEV, -ENOMEM or
 *         -EPERM (gate_consent_withdrawn).
 */
int gate_vision_enrol_template(struct gate *gate, const char *person, const char *by, const char *model,
			       const float *vector, const struct reply *reply);

/* consent.c */
extern const char gate_consent_withdrawn[]; /* a sentence */
bool gate_consent_is_withdrawn(const struct gate *gate, const char *person);
/** Somebody's last word is on the disk: withdrawn, or (false) given, or the record is gone. Faces that slipped in go. */
void gate_consent_changed(void *arg, const char *person, bool withdrawn);
/** After a face was stored that was on its way meanwhile. */
void gate_consent_enforce(struct gate *gate, const char *person);
void gate_consent_load(struct gate *gate, const char *kind, const char *id, json_t *json);

/* gate_link.c */
int gate_link_open(struct gate *gate);
void gate_link_close(struct gate *gate);
void gate_link_ready(struct gate *gate);              /* the store can be read */
void gate_link_event(struct gate *gate, int64_t seq); /* a new event is committed */
void gate_link_states_told(struct gate *gate); /* all that exists: what the broker holds beyond it goes */
json_t *gate_link_json(struct gate *gate);

/* gate_api.c, persons.c */
int gate_api_open(struct gate *gate);
void gate_api_close(struct gate *gate);
unsigned gate_api_status_of(int r);

/* gate_log.c */
void gate_log_events(void *arg, struct api_token token, const struct api_events_query *query);
void gate_log_verify(void *arg, struct api_token token);
json_t *gate_log_progress(void *arg);
void gate_log_report(void *arg, struct api_token token, int64_t from_unix_ms, int64_t to_unix_ms);
void gate_log_copies(void *arg, struct api_token token, int64_t until_unix_ms);
void gate_log_figures(void *arg, struct api_figures *ret_figures);
int gate_vision_camera(void *arg, const char *name, struct api_camera *ret_camera);
struct video_frame *gate_vision_newest_frame(void *arg, const char *camera);

void gate_api_load(struct gate *gate, const char *kind, const char *id, json_t *json);
/** What answers a request of the API: @p ok_status with the result, or a problem. */
struct reply gate_api_reply(struct gate *gate, struct api_token token, unsigned ok_status);
void gate_people_list(void *arg, struct api_token token, const char *after_id, unsigned limit);
void gate_person_add(void *arg, struct api_token token, const struct api_caller *by,
		     const struct api_person *person);
void gate_person_get(void *arg, struct api_token token, const char *id);
void gate_person_faces_list(void *arg, struct api_token token, const char *id);
void gate_person_face_remove(void *arg, struct api_token token, const struct api_caller *by, const char *id,
			     int64_t number);
void gate_person_faces_remove(void *arg, struct api_token token, const struct api_caller *by, const char *id);
/** Asks the store to remove all faces of @p person, who has some; the reply comes. */
void gate_person_faces_drop(struct gate *gate, const struct roster_person *person, const char *by,
			    const struct reply *reply);
void gate_person_remove(void *arg, struct api_token token, const struct api_caller *by, const char *id);
void gate_person_enrol(void *arg, struct api_token token, const struct api_caller *by, const char *id,
		       const struct api_enrol *asked);
void gate_roster_state(struct gate *gate);

#endif
