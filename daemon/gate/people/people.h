/*
 * people.h - who is known: the access directory, its changes, consent to face recognition, and
 * enrolment.
 *
 * The people part owns the directory and lends it to the parts that decide and report. A change is
 * checked against all the rest, in force at once, and taken back should the disk not keep it.
 * Answers go to a struct reply, once, now or later; `by` is who did it, for the log. Control thread
 * only.
 */
#ifndef GH_GATE_PEOPLE_PEOPLE_H
#define GH_GATE_PEOPLE_PEOPLE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "access/access_directory.h"
#include "access/pass.h"
#include "base/reply.h"
#include "config/config.h"
#include "gate/journal.h"
#include "vision/face/face_watch.h"

struct people;

/* borrowed; each outlives the people */
struct people_deps {
	const struct config *config;
	sd_event *event;
	struct journal *journal;
};

/* what is known and done elsewhere; none may be NULL */
struct people_ops {
	/**
	 * The face worker; NULL: @p ret_why is -EAGAIN (models are loading) or -ENODEV (there are
	 * none).
	 */
	struct face_watch *(*faces)(void *arg, int *ret_why);
	/** Whether templates are of use: the gate looks for faces, or will. */
	bool (*uses_templates)(void *arg);
	/** @return the face camera's index for face_watch_enrol_live(), or -ENOENT. */
	int (*face_camera)(void *arg, const char *name);
	/**
	 * A template of the recogniser in use, ROSTER_TEMPLATE_DIM numbers: it counts from now on,
	 * or no longer.
	 */
	void (*template_added)(void *arg, const char *person, const float *vector);
	void (*template_removed)(void *arg, const char *person, const float *vector);
	/** The person, or all faces of it, are gone. */
	void (*person_forgotten)(void *arg, const char *person);
	/** Schedules, openings or other rules changed. */
	void (*rules_changed)(void *arg);
};

/** @return 0 or -ENOMEM. */
int people_open(const struct people_deps *deps, const struct people_ops *ops, void *arg,
		struct people **ret_people);
/**
 * What is on its way to the face worker is forgotten; once the cameras are closed, before the store
 * is. NULL is fine.
 */
void people_stop(struct people *people);
/** Once the store is closed. NULL is fine. */
void people_close(struct people *people);
/** The directory, lent as long as the people part lives. */
struct access_directory *people_directory(struct people *people);

/* ---- what the store kept: before people_settle() ---- */

void people_load_person(struct people *people, const struct roster_person *person);
void people_load_template(struct people *people, const char *person, const char *model,
			  const float *vector, size_t dim);
/**
 * A picture that was kept with a template of another recogniser; @p number names that template to
 * the store.
 */
void people_load_picture(struct people *people, const char *person, int64_t number,
			 const void *picture, size_t bytes);
/**
 * A record: groups, rules, credentials, passes, holders, counters "stay/" and "used/", consents, a
 * staged roster.
 */
void people_load_record(struct people *people, const char *kind, const char *id, json_t *json);
/** All of it was loaded: rules are in force, and a roster that a crash interrupted goes on. */
void people_settle(struct people *people);
/**
 * The cameras were started: record who needs a new template, and begin to make them from kept
 * pictures.
 */
void people_start_enrolment(struct people *people);
/** After store_template_remove_one(): what is gone. */
void people_template_gone(struct people *people, const char *person, const char *model,
			  const float *vector, size_t dim);

/* ---- changes ---- */

enum { PEOPLE_REVISION_BYTES = 64 };

typedef void (*people_changed_fn)(void *arg, int r);
/**
 * One change of the roster, as the API, gatectl and the property system make it:
 * {"op","kind","id","value"}: op is "put" or "remove"; kind is person, holder, credential, pass,
 * group, schedule, rule, holiday, area or opening; docs/reference/access.md describes the values.
 * It is in force at once, and on disk
 * with its event when @p done (or NULL) is called with 0; with less, it was taken back.
 * @return 0 (done will be called), -EINVAL, -ENOENT (to remove what is not there), -EEXIST (taken,
 *         or still needed), -ENOSPC, -EAGAIN (the disk takes nothing now), -EBUSY (a roster is
 *         being put in force) or -ENOMEM.
 */
int people_change(struct people *people, const json_t *change, const char *by,
		  people_changed_fn done, void *arg, struct problem *problem);

/**
 * A pass whose token is valid and which is not enrolled. @return as people_change(); a failure was
 * logged.
 */
int people_adopt_pass(struct people *people, const struct pass *pass);

/* a part of a new roster, all borrowed */
struct people_batch_part {
	const char *from; /* the revision it goes out from; NULL: whichever is in force */
	const char *to, *by;
	unsigned part, parts; /* from 1 on */
	json_t *changes;      /* as for people_change(); each thing once, no passes */
};
/**
 * Collect the parts; with the last one put all of it in force, or nothing. A revision that is in
 * force already is answered at once. While it is put in force other changes are refused (-EBUSY),
 * but of passes.
 * @return 0 (the reply comes, or came), -EINVAL, -EEXIST (another revision or part is expected),
 *         -E2BIG, -EBUSY or -EAGAIN, with @p problem.
 */
int people_batch(struct people *people, const struct people_batch_part *part,
		 const struct reply *reply, struct problem *problem);
/** What the property system named the roster that was last put in force; "": none was. */
const char *people_revision(const struct people *people);
/**
 * BLAKE2b-256, in hex, over the digests of all items in order of kind and id; an item's digest is
 * BLAKE2b-256 over the canonical JSON of {"id","kind","value"}. Passes, which the gate makes
 * itself, and a PIN's digits are not in it.
 * @param text  DIGEST_HEX_BYTES.
 * @return 0 or -ENOMEM. The items' digests are kept: this is one hash over 32 bytes an item.
 */
int people_digest(const struct people *people, char *text);
/**
 * A page of all items with their digests, as roster.snapshot answers it:
 * {"revision","digest","items","next"}.
 * @param after  "kind/id" of the last item of the page before; "" begins.
 * @param names  whether people's names are in it.
 * @return a new reference; NULL: no such cursor.
 */
json_t *people_snapshot(const struct people *people, const char *after, bool names);

/* ---- persons ---- */

/** {"people":[..],"next"}, by id after @p after_id ("" begins). A new reference. */
json_t *people_list(const struct people *people, const char *after_id, unsigned limit);
/** NULL: nobody is enrolled under this id. A new reference. */
json_t *people_person_json(const struct people *people, const char *id);
/** @p valid_from_unix_ms, @p valid_to_unix_ms: 0 for no limit. The result is the person. */
void people_add(struct people *people, const char *name, int64_t valid_from_unix_ms,
		int64_t valid_to_unix_ms, const char *by, const struct reply *reply);
void people_remove(struct people *people, const char *id, const char *by,
		   const struct reply *reply);

/* ---- faces ---- */

/**
 * {"faces":[{"number","current","enrolled","by","quality","camera"}]}, the last four as far as the
 * log knows.
 */
void people_list_faces(struct people *people, const char *person, const struct reply *reply);
void people_remove_face(struct people *people, const char *person, int64_t number, const char *by,
			const struct reply *reply);
void people_remove_faces(struct people *people, const char *person, const char *by,
			 const struct reply *reply);

/* whose face, from where; all borrowed */
struct people_enrolment {
	const void *photo;
	size_t photo_bytes;
	const char *camera; /* NULL: from the photo; else live, before this face camera */
	unsigned seconds;   /* that it may take, 5 to 120 */
	bool accept_look_alike;
};
void people_enrol(struct people *people, const char *person, const char *by,
		  const struct people_enrolment *enrolment, const struct reply *reply);
/**
 * A face that another gate measured with the same @p model: ROSTER_TEMPLATE_DIM numbers of unit
 * length.
 */
void people_enrol_template(struct people *people, const char *person, const char *by,
			   const char *model, const float *vector, const struct reply *reply);
/** FACE_RESULT_ENROLLED or FACE_RESULT_ENROL_FAILED. */
void people_face_result(struct people *people, const struct face_result *result);
/** The face worker is ready. */
void people_faces_ready(struct people *people);
/** The ids of those who have only templates of another recogniser. A new reference. */
json_t *people_outdated_json(const struct people *people);

/**
 * Somebody's last word is on the disk: withdrawn, or (false) given, or the record is gone. Faces
 * that slipped in go.
 */
void people_consent_changed(struct people *people, const char *person, bool withdrawn);

/* ---- items of the directory, for people to read ---- */

/**
 * {"items":[..],"next"} of a kind, after @p after ("" begins); of credentials those of @p person
 * ("": everybody's).
 */
json_t *people_items_json(const struct people *people, const char *kind, const char *person,
			  const char *after, unsigned limit);
/** As shown to people: nothing that opens a door. A new reference; NULL: no such thing. */
json_t *people_item_json(const struct people *people, const char *kind, const char *id);
/** @p id NULL: under a new id. The result is the item. */
void people_put_item(struct people *people, const char *kind, const char *id, const json_t *value,
		     const char *by, const struct reply *reply);
void people_remove_item(struct people *people, const char *kind, const char *id, const char *by,
			const struct reply *reply);
/** Whoever was inside counts as outside. */
void people_reset_area(struct people *people, const char *area, const char *by,
		       const struct reply *reply);
/** {"id","code"}: the text of a pass's QR code. */
void people_pass_code(struct people *people, const char *id, const struct reply *reply);

#endif
