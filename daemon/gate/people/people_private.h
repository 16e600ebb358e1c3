/*
 * people_private.h - what the files of this part share. Control thread only.
 *
 *   values.c              items of the directory as JSON
 *   roster_digest.c       digests of items, and of the whole roster
 *   directory.c           the directory: opened, loaded, put in force
 *   consent.c             who has withdrawn consent to face recognition
 *   templates.c           which templates are used, and who has only those of another recogniser
 *   roster_apply.c        (roster_change.h) one item in memory: checked and put in force
 *   roster_change.c       (roster_change.h) changes in memory: parsed, listed, undone
 *   roster_state.c        the published state of the roster
 *   roster_save.c         changes saved by the store, each with its event
 *   roster_batch.c        (roster_batch.h) a batch of changes: its parts collected, and resumed
 *   roster_batch_steps.c  a batch applied, in time slices
 *   snapshot.c            the whole roster, page by page
 *   faces.c               the faces of one person: listed, removed
 *   enrol.c               a face from a photo, from a camera, or a template of another gate
 *   reenrol.c             new templates from saved pictures, after a change of the recogniser
 *   persons.c             persons for the API
 *   items.c               rules, credentials and passes for the API
 *   people.c              opens, loads and closes the part
 */
#ifndef GH_GATE_PEOPLE_PEOPLE_PRIVATE_H
#define GH_GATE_PEOPLE_PEOPLE_PRIVATE_H

#include "people.h"

#include <assert.h>
#include <stdlib.h>

#include "base/thread_role.h"

struct enrol;
struct reenrol;
struct roster_batch;

struct enrolment {
	/* requests that the face worker has not answered; NULL: free */
	struct enrol *enrols[FACE_WATCH_ENROLS_MAX];
	uint64_t last_request;
	struct reenrol *reenrols; /* saved pictures that wait, a list */
	struct reenrol *reenrol;  /* the one that the face worker has; NULL: none */
	size_t reenrol_count, reenrolled, reenrol_failed;
	bool reenrols_deferred; /* more pictures than fit: the rest waits for the next start */
	/* ids of people who have only templates of another recogniser, each true; NULL: none */
	json_t *outdated;
	bool started, stopped;
};

struct people {
	struct people_deps deps;
	const struct people_ops *ops;
	void *arg;
	struct access_directory directory;
	json_t *counters;          /* loaded, until people_settle() */
	json_t *consent_withdrawn; /* ids, each true; NULL: none */
	struct roster_batch *batch;
	bool batch_runs; /* a batch is being applied: other changes are refused */
	/* of the batch that was applied last; "": none was */
	char revision[PEOPLE_REVISION_BYTES];
	struct enrolment enrolment;
	sd_event_source *state_source;
};

/* values.c: each returns a new reference */
json_t *person_value(const struct roster_person *person);
json_t *holder_value(const struct people *people, const struct roster_person *person);
/** A credential, or a pass with its doors; @p hidden as for roster_credential_json(). */
json_t *credential_value_json(const struct people *people,
			      const struct roster_credential *credential, bool hidden);
/** A pass as its token describes it. */
json_t *pass_value(const struct pass *pass);

/* roster_digest.c */
void item_digest(const char *kind, const char *id, json_t *value, uint8_t ret_digest[DIGEST_BYTES]);
void credential_digest(struct roster_credential *credential);

/* directory.c */
int directory_open(struct people *people);
void directory_load(struct people *people, const char *kind, const char *id, json_t *json);
void directory_settle(struct people *people);

/* consent.c */
bool consent_is_withdrawn(const struct people *people, const char *person);
void consent_set_withdrawn(struct people *people, const char *person, bool withdrawn);
void consent_load(struct people *people, const char *id, const json_t *json);

/* templates.c */
/** Use a template of @p model; of another model only the need of a new template is recorded. */
void templates_add(struct people *people, const char *person, const char *model,
		   const float *vector);
/** The person, or the last template of the person, was removed. */
void templates_forget(struct people *people, const char *person);
/** Whether @p person needs a new template. */
void templates_set_outdated(struct people *people, const char *person, bool outdated);
/** Record the people who have only templates of another recogniser, if there are any. */
void templates_record_outdated(struct people *people);

/* roster_state.c */
/** Publish the roster's state, once for all changes of one turn of the loop. */
void people_publish_state(struct people *people);

/* roster_batch.c */
int roster_batch_open(struct people *people);
void roster_batch_load(struct people *people, const char *kind, const char *id, json_t *json);
void roster_batch_settle(struct people *people);
void roster_batch_close(struct people *people); /* once the store is closed */

/* faces.c */
/** Remove all faces of @p person, who has at least one. */
void faces_remove_all(struct people *people, const struct roster_person *person, const char *by,
		      const struct reply *reply);
/** Remove faces that were stored after the person's consent was withdrawn. */
void faces_enforce_consent(struct people *people, const char *person);

/* enrol.c */
void enrol_result(struct people *people, const struct face_result *result);
/** Drop the enrolments that the face worker has not finished, without a reply. */
void enrol_drop(struct people *people);

/* reenrol.c */
/** Send the next saved picture to the face worker, if the worker is free. */
void reenrol_next(struct people *people);
/** @return whether @p result belongs to a saved picture; it is handled then. */
bool reenrol_result(struct people *people, const struct face_result *result);
void reenrol_drop(struct people *people);

#endif
