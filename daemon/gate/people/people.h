/*
 * people.h - the access directory of a gate: its people, credentials and rules, their changes,
 * consent to face recognition, and enrolment.
 *
 * The people part owns the directory; the parts that decide and report borrow it. A change is
 * checked against the rest of the directory and is in force at once. It is undone if the store
 * cannot save it. Each struct reply is answered exactly once, within the call or later. `by` names
 * the person or system that made the change; the event carries it. Control thread only.
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

/* borrowed; each outlives the people part */
struct people_deps {
	const struct config *config;
	sd_event *event;
	struct journal *journal;
};

/* the other parts as the people part uses them; none may be NULL */
struct people_ops {
	/**
	 * @return the face worker, borrowed; NULL with @p ret_why -EAGAIN (models are loading) or
	 *         -ENODEV (there are none).
	 */
	struct face_watch *(*faces)(void *arg, int *ret_why);
	/** Whether the gate recognises faces, now or once the models are loaded. */
	bool (*uses_templates)(void *arg);
	/** @return the face camera's index for face_watch_enrol_live(), or -ENOENT. */
	int (*face_camera)(void *arg, const char *name);
	/**
	 * A template of the current recogniser, ROSTER_TEMPLATE_DIM numbers, was added to the
	 * gallery or removed from it.
	 */
	void (*template_added)(void *arg, const char *person, const float *vector);
	void (*template_removed)(void *arg, const char *person, const float *vector);
	/** The person, or the last template of the person, was removed. */
	void (*person_forgotten)(void *arg, const char *person);
	/** An item of a rule kind changed: rule, group, schedule, holiday, area or opening. */
	void (*rules_changed)(void *arg);
};

/** @return 0 or -ENOMEM. */
int people_open(const struct people_deps *deps, const struct people_ops *ops, void *arg,
		struct people **ret_people);
/**
 * Drop the enrolments that the face worker has not finished. Call it after the cameras are closed
 * and before the store is. NULL is allowed.
 */
void people_stop(struct people *people);
/** Call it after the store is closed. NULL is allowed. */
void people_close(struct people *people);
/** The directory, borrowed while the people part is open. */
struct access_directory *people_directory(struct people *people);

/* ---- loading what the store saved; all of it before people_settle() ---- */

void people_load_person(struct people *people, const struct roster_person *person);
/** A template with another number of dimensions than ROSTER_TEMPLATE_DIM is ignored. */
void people_load_template(struct people *people, const char *person, const char *model,
			  const float *vector, size_t dim);
/**
 * The aligned picture (JPEG) saved with a template of another recogniser. A new template is made
 * from it later. @p number is the store's number of the old template.
 */
void people_load_picture(struct people *people, const char *person, int64_t number,
			 const void *picture, size_t bytes);
/**
 * One record: a rule kind, "credential", "pass", "holder", "counter" ("stay/ID" and "used/ID"),
 * "consent", or "roster" and "staged", which belong to a batch.
 */
void people_load_record(struct people *people, const char *kind, const char *id, json_t *json);
/** Loading is complete: put the rules in force and resume a batch that a crash interrupted. */
void people_settle(struct people *people);
/**
 * The cameras have started: record which people need a new template, and start making templates
 * from saved pictures. A second call has no effect.
 */
void people_start_enrolment(struct people *people);
/** The store has removed this template after store_template_remove_one(). */
void people_template_removed(struct people *people, const char *person, const char *model,
			     const float *vector, size_t dim);

/* ---- changes ---- */

enum { PEOPLE_REVISION_BYTES = 64 };

/** @param r  0: saved with its event; negative errno: undone. */
typedef void (*people_changed_fn)(void *arg, int r);
/**
 * Apply one change of the roster, as the API, gatectl and the property system send it:
 * {"op","kind","id","value"}. op is "put" or "remove"; kind is person, holder, credential, pass,
 * group, schedule, rule, holiday, area or opening. docs/reference/access.md describes the values.
 * @param done  called when the store has saved the change or refused it; may be NULL.
 * @return 0 (done will be called), -EINVAL, -ENOENT (nothing to remove), -EEXIST (already used by
 *         another item, or still in use), -ENOSPC, -EAGAIN (the store cannot write now), -EBUSY (a
 *         batch is being applied) or -ENOMEM, with @p problem.
 */
int people_change(struct people *people, const json_t *change, const char *by,
		  people_changed_fn done, void *arg, struct problem *problem);

/**
 * Enrol a pass whose signature was verified and which the directory does not contain. @return as
 * people_change(); a failure is logged.
 */
int people_adopt_pass(struct people *people, const struct pass *pass);

/* one part of a batch; all borrowed */
struct people_batch_part {
	const char *from; /* the revision it is based on; NULL: any */
	const char *to, *by;
	unsigned part, parts; /* part: 1 to parts */
	json_t *changes;      /* as for people_change(); each item once, no passes */
};
/**
 * Collect the parts of a batch. After the last part all changes are applied, or none. A batch to
 * the current revision is answered at once and changes nothing. While a batch is applied, all other
 * changes except of passes are refused with -EBUSY.
 * @return 0 (the reply is sent, now or later), -EINVAL, -EEXIST (another revision or part is
 *         expected), -E2BIG, -EBUSY or -EAGAIN, with @p problem.
 */
int people_batch(struct people *people, const struct people_batch_part *part,
		 const struct reply *reply, struct problem *problem);
/** The revision of the batch applied last; "": none was. */
const char *people_revision(const struct people *people);
/**
 * BLAKE2b-256 over the digests of all items in order of kind and id, in hex. An item's digest is
 * BLAKE2b-256 over the canonical JSON of {"id","kind","value"}. Passes, which the gate issues
 * itself, and the digits of PINs are left out. Items cache their digests, so one call hashes only
 * 32 bytes an item, and the rules.
 * @param text  DIGEST_HEX_BYTES.
 * @return 0 or -ENOMEM.
 */
int people_digest(const struct people *people, char *text);
/**
 * One page of all items with their digests, as roster.snapshot answers it:
 * {"revision","digest","items","next"}.
 * @param after  "kind/id" of the last item of the previous page; "" for the first page.
 * @param names  whether persons' names are included.
 * @return a new reference; NULL: @p after is not a cursor.
 */
json_t *people_snapshot(const struct people *people, const char *after, bool names);

/* ---- persons ---- */

/** {"people":[..],"next"}, by id after @p after_id ("" for the first page). A new reference. */
json_t *people_list(const struct people *people, const char *after_id, unsigned limit);
/** A new reference; NULL: no person has this id. */
json_t *people_person_json(const struct people *people, const char *id);
/** @p valid_from_unix_ms, @p valid_to_unix_ms: 0 for no limit. The result is the person. */
void people_add(struct people *people, const char *name, int64_t valid_from_unix_ms,
		int64_t valid_to_unix_ms, const char *by, const struct reply *reply);
void people_remove(struct people *people, const char *id, const char *by,
		   const struct reply *reply);

/* ---- faces ---- */

/**
 * {"faces":[{"number","current","enrolled","by","quality","camera"}]}. The last four come from the
 * event log and are absent if it no longer holds the enrolment.
 */
void people_list_faces(struct people *people, const char *person, const struct reply *reply);
void people_remove_face(struct people *people, const char *person, int64_t number, const char *by,
			const struct reply *reply);
void people_remove_faces(struct people *people, const char *person, const char *by,
			 const struct reply *reply);

/* the source of a face; all borrowed */
struct people_enrolment {
	const void *photo;
	size_t photo_bytes;
	const char *camera; /* live from this face camera; NULL: from the photo */
	unsigned seconds;   /* time limit of a live enrolment, 5 to 120 */
	bool accept_ambiguous;
};
void people_enrol(struct people *people, const char *person, const char *by,
		  const struct people_enrolment *enrolment, const struct reply *reply);
/**
 * Enrol a template that another gate made with the recogniser @p model: ROSTER_TEMPLATE_DIM numbers
 * of norm 1.
 */
void people_enrol_template(struct people *people, const char *person, const char *by,
			   const char *model, const float *vector, const struct reply *reply);
/** @p result is FACE_RESULT_ENROLLED or FACE_RESULT_ENROL_FAILED. */
void people_face_result(struct people *people, const struct face_result *result);
/** The face worker is ready. */
void people_faces_ready(struct people *people);
/** The ids of people who have only templates of another recogniser. A new reference. */
json_t *people_outdated_json(const struct people *people);

/**
 * The store has saved a person's consent or withdrawal, or has erased the record (@p withdrawn is
 * false). A withdrawal removes all faces, also those stored since.
 */
void people_consent_changed(struct people *people, const char *person, bool withdrawn);

/* ---- items of the directory, as the API shows them ---- */

/**
 * {"items":[..],"next"} of one kind, after the id @p after ("" for the first page). @p person
 * selects one person's credentials; "" all.
 */
json_t *people_items_json(const struct people *people, const char *kind, const char *person,
			  const char *after, unsigned limit);
/** Without the secrets that open a door. A new reference; NULL: there is no such item. */
json_t *people_item_json(const struct people *people, const char *kind, const char *id);
/** @param id  NULL: a new id is made. The result is the item. */
void people_put_item(struct people *people, const char *kind, const char *id, const json_t *value,
		     const char *by, const struct reply *reply);
/** A pass is not removed but revoked, because its QR code cannot be recalled. */
void people_remove_item(struct people *people, const char *kind, const char *id, const char *by,
			const struct reply *reply);
/** Count everybody inside the area as outside. */
void people_reset_area(struct people *people, const char *area, const char *by,
		       const struct reply *reply);
/** {"id","code"}: the text of a pass's QR code. */
void people_pass_code(struct people *people, const char *id, const struct reply *reply);

#endif
