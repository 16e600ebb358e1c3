/*
 * api_ops.h - what the API asks of the gate, and how the gate answers.
 *
 * An op either returns its answer, or takes a token and answers once, now or later, by api_reply()
 * or api_refuse(). A token may outlive its client: the answer is then dropped. All on the control
 * thread.
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
	API_READING_BYTES_MAX = 512, /* what a simulated reader is shown */
	API_PAGE_MAX = 1000,         /* rows of one answer */
	API_PAGE_DEFAULT = 100,
	API_CALLS_MAX = 128, /* answers being waited for */
	API_STREAMS_MAX = 128,
	API_TOKEN_BYTES = 65, /* of metrics.token: 64 hex digits and a zero */
};

/* each may what those before it may */
enum api_role { API_ROLE_ANYONE, API_ROLE_GUARD, API_ROLE_MANAGER, API_ROLE_ADMIN };

/* who asks; borrowed for the call */
#define API_EVERY_DOOR "*" /* in place of a door's name, where that is said */

struct api_caller {
	enum api_role role;
	const char *name;      /* for the log: a user's name, or "socket" */
	const char *role_name; /* "guard", "manager", "admin" */
};

struct api_token {
	uint32_t slot, generation;
};

struct api_person {
	const char *name; /* valid UTF-8, 1 to API_NAME_BYTES_MAX bytes, no control characters */
	int64_t valid_from_unix_ms, valid_to_unix_ms; /* 0: no limit; to is after from */
};

struct api_events_query {
	int64_t after, before; /* seq, exclusive; 0: no limit */
	unsigned limit;        /* 1 to API_PAGE_MAX */
	const char *type;      /* NULL: all; else one type, or a prefix ending in '.' ("door.") */
	const char *person;    /* NULL: all; a ULID */
	const char *source;    /* NULL: all; "door/main" */
	const char *text;      /* NULL: all; somewhere in the row */
	enum event_severity severity_min;
	int64_t from_unix_ms, to_unix_ms; /* to exclusive; 0: no limit */
	bool ascending; /* oldest first (an `after` was asked for), else newest first */
	/* these rows alone, in the order asked for; NULL: as above. At most API_PAGE_MAX */
	const int64_t *seqs;
	size_t seq_count;
	bool without_operators; /* operators' acts are left out: the page is shorter then */
	bool low_priority;      /* answer other queries first, even while this one is running */
};

/* whose face, from where; all borrowed */
struct api_enrol {
	const void *photo;
	size_t photo_bytes;
	const char *camera; /* NULL: from the photo; else live, before this face camera */
	unsigned seconds;   /* that it may take, 5 to 120 */
	bool accept_ambiguous;
};

enum api_level { API_LEVEL_INACTIVE, API_LEVEL_ACTIVE, API_LEVEL_UNKNOWN };

/* of the store, for /metrics */
struct api_figures {
	uint64_t pending, pending_ms, commit_ms;
	int64_t last_seq;
};

struct fmp4_mux;
struct video_frame;

struct api_camera {
	struct fmp4_mux *live; /* NULL: the camera cannot be used; lives as long as the gate */
	struct mask mask;      /* regions of its picture that are hidden from everybody */
};

/*
 * What the gate does. Strings, structures and bytes are borrowed for the call. Returned json_t are
 * new references; NULL is answered as 500. Ops with a token must answer it exactly once.
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
	/** 0, -ENOENT (no such line), -ENOTSUP (a real board), -EPERM (an output). */
	int (*board_drive)(void *gate, const char *line, enum api_level level);

	/**
	 * [{"name","door","direction":"in"|"out","kind","keypad","fault","wrong_tries","locked_out_s"}]
	 */
	json_t *(*readers)(void *gate);
	/** A card before a reader of a simulated board. 0, -ENOENT (no such reader), -ENOTSUP (a
	 * real board),
	 *  -EIO (the reader is at fault), -EINVAL (no number), -ERANGE (no such card in its
	 *  format). */
	int (*board_swipe)(void *gate, const char *reader, const char *code);
	/** Keys of 0 to 9, * and #. The same, -EPERM: it has no keypad. */
	int (*board_type)(void *gate, const char *reader, const char *keys);

	/**
	 * 200 {"people":[{"id","name","valid_from","valid_to","faces"}], "next": id or null}, by id
	 * after @p after_id ("" = first)
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
	 * 201 {"quality":..}; 404; 409 (much like somebody else); 422 with the reason in plain
	 * words; 503 while models load.
	 */
	void (*enrol)(void *gate, struct api_token token, const struct api_caller *by,
		      const char *id, const struct api_enrol *asked);

	/**
	 * Consent to face recognition is on the disk as withdrawn, or as given, or its record is
	 * gone.
	 */
	void (*consent_changed)(void *gate, const char *person, bool withdrawn);

	/**
	 * 200 {"faces":[{"number","current","enrolled","by","quality","camera"}]}, the last four as
	 * far as the log knows; 404.
	 */
	void (*faces_list)(void *gate, struct api_token token, const char *id);
	/** 204: this face of the person is gone, the others stay; 404. */
	void (*face_remove)(void *gate, struct api_token token, const struct api_caller *by,
			    const char *id, int64_t number);
	/** 204: all faces of the person are gone; 404. */
	void (*faces_remove)(void *gate, struct api_token token, const struct api_caller *by,
			     const char *id);

	/**
	 * 200 the error rates measured at each face camera, and the gallery's look-alikes; 503
	 * while models load.
	 */
	void (*face_report)(void *gate, struct api_token token);

	/**
	 * 200 what the door did, 404 (no such door), 409 (refused in this mode, with the reason).
	 */
	void (*door_open)(void *gate, struct api_token token, const struct api_caller *by,
			  const char *door);
	/**
	 * @p mode is one of "Locked", "Unlocked", "Blocked", "DoubleLocked", "LockedDown",
	 *    "LockedOpen"; @p door may be
	 * API_EVERY_DOOR. The same answers.
	 */
	void (*door_mode)(void *gate, struct api_token token, const struct api_caller *by,
			  const char *door, const char *mode);

	/** 204; 404 (there is no fire), 409 (the panel still calls). */
	void (*fire_reset)(void *gate, struct api_token token, const struct api_caller *by);

	/**
	 * 200 {"events":[...],"next":seq or null} in the order asked for; next: where to go on,
	 * even after a short page.
	 */
	void (*events)(void *gate, struct api_token token, const struct api_events_query *query);
	/** 200 {"ok":true,"rows":N,...} or {"ok":false,"seq":N,"reason":".."} */
	void (*audit_verify)(void *gate, struct api_token token);
	/** {"running":bool,"rows":N,"of":N} */
	json_t *(*audit_progress)(void *gate);
	/** 200 the figures of a span. */
	void (*report)(void *gate, struct api_token token, int64_t from_unix_ms,
		       int64_t to_unix_ms);
	/** 200 {"copies":[{"path","made"}]} as copies_list() has them. */
	void (*copies)(void *gate, struct api_token token, int64_t until_unix_ms);
	/** 0 or -ENOENT. */
	int (*camera)(void *gate, const char *name, struct api_camera *ret_camera);
	/**
	 * A reference to the newest picture of a camera, NULL: none yet, or no such camera. Frames
	 * are made while this is called.
	 */
	struct video_frame *(*newest_frame)(void *gate, const char *camera);
	void (*figures)(void *gate, struct api_figures *ret_figures);
	/**
	 * Write or remove up to STORE_RECORDS_MAX records together with the event that reports it;
	 * with @p count 0 record the event alone. @return and @p done as store_records_write().
	 */
	int (*save_records)(void *gate, const struct store_record *records, size_t count,
			    const struct event_draft *draft, store_done_fn done, void *arg);
	/** Rules, credentials, passes. */
	const struct api_access_ops *access;
	/**
	 * One evidence file is being sent to somebody. Not called for the later ranges of a file.
	 */
	void (*evidence_viewed)(void *gate, const struct api_caller *by, const char *file);
};

/**
 * Answer @p token with @p status and @p body (takes the reference; NULL: no content). Stale tokens
 * are fine.
 */
void api_reply(struct api *api, struct api_token token, unsigned status, json_t *body);

/**
 * Answer with a problem document (RFC 9457); @p problem is borrowed. The status is that of @p r, a
 * negative errno: api_refuse(api, token, problem_door_unknown(&problem), &problem).
 */
/**
 * Answer with a problem document (RFC 9457); @p problem is borrowed. The status is that of @p r, a
 * negative errno: api_refuse(api, token, problem_door_unknown(&problem), &problem).
 */
void api_refuse(struct api *api, struct api_token token, int r, const struct problem *problem);

#endif
