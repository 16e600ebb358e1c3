/*
 * gate_internal.h - declarations shared by the files of the composition root. Control thread only.
 *
 * Only the root knows all parts. It opens them (gate.c), passes them the stored records
 * (startup.c), connects the callbacks of one to the functions of another (connect_*.c), and maps
 * the API's calls and the property system's commands to them (gate_api.c, api_people.c, gate_log.c,
 * command_*.c).
 */
#ifndef GH_GATE_GATE_INTERNAL_H
#define GH_GATE_GATE_INTERNAL_H

#include "gate.h"

#include <stdlib.h>

#include "api/api.h"
#include "base/reply.h"
#include "base/thread_role.h"
#include "access/policy.h"
#include "access/access_directory.h"
#include "access/access_feedback.h"
#include "store/store.h"
#include "cameras/cameras.h"
#include "doors/doors.h"
#include "entry/entry.h"
#include "entry/readers.h"
#include "evidence/evidence.h"
#include "people/people.h"
#include "property/property.h"
#include "gate/journal.h"
#include "gate/timers.h"

struct gate {
	const struct config *config;
	sd_event *event;
	uint64_t started_us;
	bool closing;
	char *error; /* the parameter of gate_open(); NULL afterwards */
	struct journal *journal;
	struct timers *timers;

	struct store_claim *claim;
	struct doors *doors;

	struct store *store; /* NULL: not opened */
	struct people *people;
	struct entry *entry;
	struct readers *readers;

	struct cameras *cameras;
	struct evidence *evidence;
	struct property *property;
	struct api *api;

	sd_event_source *store_source, *api_source, *api_timer;
	bool randomness_logged;
	int clock_fd;            /* -1: none */
	int64_t clock_offset_ms; /* wall clock minus monotonic, when last read */
	sd_event_source *clock_source;
};

/* startup.c */
extern const struct store_ops gate_store_ops;

/* clock_watch.c */
int gate_clock_open(struct gate *gate);
void gate_clock_close(struct gate *gate);
/** Record clock.unset if the clock was never set; call it once the log can be written. */
void gate_clock_report_unset(struct gate *gate);

/* connect_people.c */
int gate_connect_people(struct gate *gate);

/* connect_doors.c */
int gate_connect_doors(struct gate *gate);

/* connect_entry.c */
int gate_connect_entry(struct gate *gate);
int gate_connect_readers(struct gate *gate); /* after the doors */

/* connect_cameras.c */
int gate_connect_cameras(struct gate *gate);
/**
 * Start the cameras, and enrolment from stored pictures; call it once the roster is loaded or
 * cannot be loaded.
 */
void gate_start_cameras(struct gate *gate);

/* connect_property.c */
int gate_connect_property(struct gate *gate);

/* gate_api.c */
int gate_api_open(struct gate *gate);
void gate_api_close(struct gate *gate);

/* gate_log.c */
void gate_log_events(void *arg, struct api_token token, const struct api_events_query *query);
void gate_log_verify(void *arg, struct api_token token);
json_t *gate_log_progress(void *arg);
void gate_log_report(void *arg, struct api_token token, int64_t from_unix_ms, int64_t to_unix_ms);
void gate_log_copies(void *arg, struct api_token token, int64_t until_unix_ms);
void gate_log_figures(void *arg, struct api_figures *ret_figures);
void gate_api_load(struct gate *gate, const char *kind, const char *id, json_t *json);
/** A reply that answers the API request @p token: @p ok_status with the result, or a problem. */
struct reply gate_api_reply(struct gate *gate, struct api_token token, unsigned ok_status);

/* api_people.c */
/* the operations of struct api_ops about people, faces and the access directory */
void gate_op_people_list(void *arg, struct api_token token, const char *after_id, unsigned limit);
void gate_op_person_add(void *arg, struct api_token token, const struct api_caller *by,
			const struct api_person *person);
void gate_op_person_get(void *arg, struct api_token token, const char *id);
void gate_op_person_remove(void *arg, struct api_token token, const struct api_caller *by,
			   const char *id);
void gate_op_faces_list(void *arg, struct api_token token, const char *id);
void gate_op_face_remove(void *arg, struct api_token token, const struct api_caller *by,
			 const char *id, int64_t number);
void gate_op_faces_remove(void *arg, struct api_token token, const struct api_caller *by,
			  const char *id);
void gate_op_consent_changed(void *arg, const char *person, bool withdrawn);
void gate_op_enrol(void *arg, struct api_token token, const struct api_caller *by, const char *id,
		   const struct api_enrol *request);
extern const struct api_access_ops gate_access_ops;

#endif
