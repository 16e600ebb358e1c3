/*
 * people_private.h - what the files of this part share. Control thread only.
 *
 *   values.c         items of the directory as JSON
 *   roster_digest.c  digests of items, and of all
 *   directory.c      the directory: opened, loaded, in force
 *   consent.c        who withdrew consent to face recognition
 *   templates.c      which templates count, and who has only those of another recogniser
 *   roster_apply.c   (roster_change.h) one item in memory: checked and in force
 *   roster_change.c  changes in memory, in lists, and taken back
 *   roster_state.c   the published state of the roster
 *   roster_save.c    changes on disk, each with its event
 *   roster_batch.c   (roster_batch.h, roster_batch_steps.c) many changes at once, from one
 *                    revision to the next
 *   snapshot.c       the whole roster, page by page
 *   faces.c          the faces of one person: listed, removed
 *   enrol.c          a photo, a person at the gate, or a template from elsewhere
 *   reenrol.c        kept pictures, after another recogniser was chosen
 *   persons.c        persons for the API
 *   items.c          rules, credentials and passes for the API
 *   people.c         opens, loads and closes all of it
 */
#ifndef GH_GATE_PEOPLE_PEOPLE_PRIVATE_H
#define GH_GATE_PEOPLE_PEOPLE_PRIVATE_H

#include "people.h"

#include <assert.h>
#include <stdlib.h>

struct enrol;
struct reenrol;
struct roster_batch;

struct enrolment {
	struct enrol *enrols[FACE_WATCH_ENROLS_MAX]; /* those the face worker has; NULL: free */
	uint64_t last_request;
	struct reenrol *reenrols,
		*reenrol; /* kept pictures that wait, and the one the worker has */
	size_t reenrol_count, reenrolled, reenrol_failed;
	bool reenrols_more;
	/* ids of people whose templates are of another recogniser, each true; NULL: none */
	json_t *outdated;
	bool started, stopped;
};

struct people {
	struct people_deps deps;
	const struct people_ops *ops;
	void *arg;
	struct access_directory directory;
	json_t *counters;          /* only while the store is loaded */
	json_t *consent_withdrawn; /* ids, each true; NULL: none */
	struct roster_batch *batch;
	bool batch_runs; /* a new roster is being put in force */
	/* of the roster that was last put in force; "": none was */
	char revision[PEOPLE_REVISION_BYTES];
	struct enrolment enrolment;
	sd_event_source *state_source;
};

/* values.c */
json_t *person_value(const struct roster_person *person);
json_t *holder_value(const struct people *people, const struct roster_person *person);
/**
 * A credential, or a pass with its doors; @p hidden as roster_credential_json(). A new reference.
 */
json_t *credential_value_json(const struct people *people,
			      const struct roster_credential *credential, bool hidden);
/** A pass as its token says it. A new reference. */
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
void consent_note(struct people *people, const char *person, bool withdrawn);
void consent_load(struct people *people, const char *id, const json_t *json);

/* templates.c */
/** A template of @p model: it counts from now on, unless the model is another one. */
void templates_add(struct people *people, const char *person, const char *model,
		   const float *vector);
/** The person, or all faces of it, are gone. */
void templates_forget(struct people *people, const char *person);
/** @p person needs a new template, or no longer. */
void templates_set_outdated(struct people *people, const char *person, bool outdated);
/** Record who has only templates of another recogniser, if anybody. */
void templates_record_outdated(struct people *people);

/* roster_state.c */
/** Publish the roster's state once for all changes of one turn of the loop. */
void people_publish_state(struct people *people);

/* roster_batch.c */
int roster_batch_open(struct people *people);
void roster_batch_load(struct people *people, const char *kind, const char *id, json_t *json);
void roster_batch_settle(struct people *people);
void roster_batch_close(struct people *people); /* once the store is closed */

/* faces.c */
/** Remove all faces of @p person, who has some; the reply comes. */
void faces_drop(struct people *people, const struct roster_person *person, const char *by,
		const struct reply *reply);
/** After a face was stored that was on its way when consent was withdrawn. */
void faces_enforce_consent(struct people *people, const char *person);

/* enrol.c */

void enrol_result(struct people *people, const struct face_result *result);
void enrol_drop(struct people *people);

/* reenrol.c */
/** Begin with the next kept picture, if the face worker is free. */
void reenrol_next(struct people *people);
/** @return whether the result was of a kept picture. */
bool reenrol_result(struct people *people, const struct face_result *result);
void reenrol_drop(struct people *people);

#endif
