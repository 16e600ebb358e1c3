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
#include "people/people.h"
#include "property/property.h"
#include "gate/journal.h"
#include "gate/timers.h"

enum {
	GATE_SOURCE_BYTES = EVENT_SOURCE_BYTES,
	GATE_REPLY_BYTES = 512, /* topic or correlation of a command */
};

struct gate;
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
	struct people *people;
	struct entry *entry;
	struct readers *readers;

	struct gate_vision *vision;
	struct evidence *evidence;
	json_t *site_records;  /* the face cameras' scores, the same */
	json_t *blind_records; /* by camera, what the store had kept; NULL: nothing */
	struct property *property;
	struct api *api;

	sd_event_source *store_source, *api_source, *api_timer;
	bool randomness_told;
	int clock_fd;            /* -1: none */
	int64_t clock_offset_ms; /* wall clock less monotonic, when it was last looked at */
	sd_event_source *clock_source;
};

/* startup.c */
extern const struct store_ops gate_store_ops;

/* clock_watch.c */
int gate_clock_open(struct gate *gate);
void gate_clock_close(struct gate *gate);
/** Once the log can be written: say so when it was not. */
void gate_clock_tell(struct gate *gate);

/* connect_people.c */
int gate_connect_people(struct gate *gate);

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

/* connect_property.c */
int gate_connect_property(struct gate *gate);

/* gate_api.c */
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
/* api_people.c */
/** Fill in the operations about people, faces and the access directory. */
void gate_api_people_ops(struct api_ops *ops);

#endif
