/*
 * api_ops.h - the operations that the gate provides to the API, and how the gate answers them.
 *
 * An operation either returns its result, or receives a token and answers it exactly once, at once
 * or later, with api_reply() or api_refuse(). A token may outlive its client; the answer is then
 * dropped. Control thread only.
 */
#ifndef GH_API_API_OPS_H
#define GH_API_API_OPS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api_access_ops.h"
#include "base/problem.h"
#include "store/store.h"
#include "vision/camera/mask.h"

struct api;

enum {
	API_NAME_BYTES_MAX = ROSTER_NAME_BYTES - 1, /* a person's name, UTF-8, without the zero */
	API_PHOTO_BYTES_MAX = 10 << 20,
	API_READING_BYTES_MAX = 512, /* input of a simulated reader */
	API_PAGE_MAX = 1000,         /* rows of one answer */
	API_PAGE_DEFAULT = 100,
	API_CALLS_MAX = 128, /* pending answers */
	API_STREAMS_MAX = 128,
	API_TOKEN_BYTES = 65, /* of metrics.token: 64 hex digits and a zero */
};

/* each role includes the rights of the roles before it */
enum api_role { API_ROLE_ANYONE, API_ROLE_GUARD, API_ROLE_MANAGER, API_ROLE_ADMIN };

#define API_EVERY_DOOR "*" /* in place of a door's name, where an operation allows it */

/* the client of a request; borrowed for the call */
struct api_caller {
	enum api_role role;
	const char *name;      /* for the log: the name of the user, or "socket" */
	const char *role_name; /* "guard", "manager", "admin" */
};

struct api_token {
	uint32_t slot, generation;
};

struct api_person {
	const char *name; /* valid UTF-8, 1 to API_NAME_BYTES_MAX bytes, no control characters */
	int64_t valid_from_unix_ms, valid_to_unix_ms; /* 0: no limit; `to` is later */
};

struct api_events_query {
	int64_t after, before; /* seq, exclusive; 0: no limit */
	unsigned limit;        /* 1 to API_PAGE_MAX */
	const char *type;      /* NULL: all; else one type, or a prefix ending in '.' ("door.") */
	const char *person;    /* NULL: all; a ULID */
	const char *source;    /* NULL: all; "door/main" */
	const char *text;      /* NULL: all; anywhere in the row */
	enum event_severity severity_min;
	int64_t from_unix_ms, to_unix_ms; /* to exclusive; 0: no limit */
	bool ascending;                   /* oldest first, else newest first */
	/* only these rows, at most API_PAGE_MAX; NULL: as above */
	const int64_t *seqs;
	size_t seq_count;
	bool exclude_operators; /* they are left out, which makes a page shorter */
	bool low_priority;      /* answer other queries first, even while this one is running */
};

/* the source of a face; all pointers are borrowed */
struct api_enrol {
	const void *photo;
	size_t photo_bytes;
	const char *camera; /* NULL: from the photo; else from live frames of this face camera */
	unsigned seconds;   /* time limit of a live enrolment, 5 to 120 */
	bool accept_ambiguous;
};

enum api_level { API_LEVEL_INACTIVE, API_LEVEL_ACTIVE, API_LEVEL_UNKNOWN };

/* figures of the store, for /metrics; times in milliseconds */
struct api_figures {
	uint64_t pending, pending_ms, commit_ms;
	int64_t last_seq;
};

struct fmp4_mux;
struct video_frame;

struct api_camera {
	struct fmp4_mux *live; /* NULL: the camera cannot be used; valid as long as the gate */
	struct mask mask;      /* its privacy mask */
};

/*
 * Strings, structures and bytes are borrowed for the call. A returned json_t is a new reference;
 * NULL is answered with 500. An operation with a token must answer it exactly once. The comments
 * state the status and body of each answer.
 */
struct api_ops {
	/**
	 * {"site","gate","version","uptime_s","doors":[..],"cameras":[..],"storage":{..},"mqtt":{..},
	 * ...}
	 */
	json_t *(*status)(void *gate);
	/** [{"name","mode","physical","lock","alarm","fault",...}] */
	json_t *(*doors)(void *gate);
	/**
	 * {"driver":"sim","lines":[{"name","direction":"input"|"output","level":"active"|"inactive"|"unknown"}]}
	 */
	json_t *(*board)(void *gate);
	/**
	 * Drive an input. 0, -ENOENT (no such line), -ENOTSUP (a real board), -EPERM (an output).
	 */
	int (*board_drive)(void *gate, const char *line, enum api_level level);

	/**
	 * [{"name","door","direction":"in"|"out","kind","keypad","fault","wrong_tries","locked_out_s"}]
	 */
	json_t *(*readers)(void *gate);
	/**
	 * Present a card to a reader of a simulated board. 0, -ENOENT (no such reader), -ENOTSUP
	 * (not a simulated board), -EIO (the reader has a fault), -EINVAL (not a number), -ERANGE
	 * (outside the range of its format).
	 */
	int (*board_swipe)(void *gate, const char *reader, const char *code);
	/** Type keys, 0 to 9, * and #. The same errors, and -EPERM (the reader has no keypad). */
	int (*board_type)(void *gate, const char *reader, const char *keys);

	/**
	 * 200 {"people":[{"id","name","valid_from","valid_to","faces"}], "next": id or null}, in
	 * order of id, after @p after_id ("": from the first)
	 */
	void (*people_list)(void *gate, struct api_token token, const char *after_id,
			    unsigned limit);
	/** 201 the person; 409, 507... */
	void (*person_add)(void *gate, struct api_token token, const struct api_caller *by,
			   const struct api_person *person);
	/** 200 the person, or 404. @p id is a valid ULID here and below. */
	void (*person_get)(void *gate, struct api_token token, const char *id);
	/** 204 (NULL body), or 404. */
	void (*person_remove)(void *gate, struct api_token token, const struct api_caller *by,
			      const char *id);
	/**
	 * 201 {"quality":..}; 404; 409 (the face is similar to another person's); 422 with the
	 * reason; 503 while the models are loaded.
	 */
	void (*enrol)(void *gate, struct api_token token, const struct api_caller *by,
		      const char *id, const struct api_enrol *source);

	/**
	 * The consent of a person to face recognition was given or withdrawn, or its record was
	 * erased (@p withdrawn false). The change has been committed.
	 */
	void (*consent_changed)(void *gate, const char *person, bool withdrawn);

	/**
	 * 200 {"faces":[{"number","current","enrolled","by","quality","camera"}]}, the last four if
	 * the log has them; 404.
	 */
	void (*faces_list)(void *gate, struct api_token token, const char *id);
	/** 204: one face of the person was removed; 404. */
	void (*face_remove)(void *gate, struct api_token token, const struct api_caller *by,
			    const char *id, int64_t number);
	/** 204: all faces of the person were removed; 404. */
	void (*faces_remove)(void *gate, struct api_token token, const struct api_caller *by,
			     const char *id);

	/**
	 * 200 the error rates measured at each face camera, and the pairs of similar people in the
	 * gallery; 503 while the models are loaded.
	 */
	void (*face_report)(void *gate, struct api_token token);

	/**
	 * 200 the state of the door; 404 (no such door); 409 (refused, with the reason).
	 */
	void (*door_open)(void *gate, struct api_token token, const struct api_caller *by,
			  const char *door);
	/**
	 * @p mode is one of "Locked", "Unlocked", "Blocked", "DoubleLocked", "LockedDown",
	 * "LockedOpen"; @p door may be API_EVERY_DOOR. The same answers.
	 */
	void (*door_mode)(void *gate, struct api_token token, const struct api_caller *by,
			  const char *door, const char *mode);

	/** 204; 404 (no fire alarm), 409 (the fire input is still active). */
	void (*fire_reset)(void *gate, struct api_token token, const struct api_caller *by);

	/**
	 * 200 {"events":[...],"next":seq or null} in the requested order. `next` is where the next
	 * page starts; a page may be shorter than the limit and have a `next`.
	 */
	void (*events)(void *gate, struct api_token token, const struct api_events_query *query);
	/** 200 {"ok":true,"rows":N,...} or {"ok":false,"seq":N,"reason":".."} */
	void (*audit_verify)(void *gate, struct api_token token);
	/** {"running":bool,"rows":N,"of":N} */
	json_t *(*audit_progress)(void *gate);
	/** 200 the figures of a period. */
	void (*report)(void *gate, struct api_token token, int64_t from_unix_ms,
		       int64_t to_unix_ms);
	/** 200 {"copies":[{"path","made"}]} from copies_list(). */
	void (*copies)(void *gate, struct api_token token, int64_t until_unix_ms);
	/** 0 or -ENOENT. */
	int (*camera)(void *gate, const char *name, struct api_camera *ret_camera);
	/**
	 * A reference to the newest frame of a camera; NULL: none yet, or no such camera. The
	 * camera converts frames only while this is called regularly.
	 */
	struct video_frame *(*newest_frame)(void *gate, const char *camera);
	void (*figures)(void *gate, struct api_figures *ret_figures);
	/**
	 * Write or remove up to STORE_RECORDS_MAX records in one transaction with their event; with
	 * @p count 0 record only the event. @return and @p done as store_records_write().
	 */
	int (*save_records)(void *gate, const struct store_record *records, size_t count,
			    const struct event_draft *draft, store_done_fn done, void *arg);
	/** Rules, credentials, passes. */
	const struct api_access_ops *access;
	/** An evidence file is being sent. Called for its first byte, not for later ranges. */
	void (*evidence_viewed)(void *gate, const struct api_caller *by, const char *file);
};

/**
 * Answer @p token with @p status and @p body, whose reference passes to this call; NULL: no
 * content. Stale tokens are ignored.
 */
void api_reply(struct api *api, struct api_token token, unsigned status, json_t *body);

/**
 * Answer with a problem document (RFC 9457); @p problem is borrowed. The status is that of @p r, a
 * negative errno: api_refuse(api, token, problem_door_unknown(&problem), &problem).
 */
void api_refuse(struct api *api, struct api_token token, int r, const struct problem *problem);

#endif
