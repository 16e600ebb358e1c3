/*
 * api_access_ops.h - what the API asks of the gate about access; part of struct api_ops. The same
 * rules as there.
 */
#ifndef GH_API_API_ACCESS_OPS_H
#define GH_API_API_ACCESS_OPS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct api_token;
struct api_caller;

/*
 * @p kind is one of "person", "holder", "credential", "pass", "group", "schedule", "rule",
 *    "holiday", "area"
 */
struct api_access_ops {
	/** 200 {"items":[{"id",..}],"next": id or null}, by id after @p after ("" = first); of
	 * credentials only those of
	 * @p person ("": everybody's) */
	void (*list)(void *gate, struct api_token token, const char *kind, const char *person,
		     const char *after, unsigned limit);
	/** 200 the item, or 404 */
	void (*get)(void *gate, struct api_token token, const char *kind, const char *id);
	/**
	 * 200 the item; @p id NULL: 201, under a new id; 409, 422 with the mistake in plain words
	 */
	void (*put)(void *gate, struct api_token token, const struct api_caller *by,
		    const char *kind, const char *id, const json_t *value);
	/** 204, 404, 409 (something needs it) */
	void (*remove)(void *gate, struct api_token token, const struct api_caller *by,
		       const char *kind, const char *id);
	/**
	 * 200 {"outcome","reason","rule","needed","rules":[..]}: what would be decided; nothing
	 * moves
	 */
	void (*what_if)(void *gate, struct api_token token, const json_t *question);
	/** 200 {"event":{..},"lines":[..]}: why a door opened or stayed shut; 404 */
	void (*explain)(void *gate, struct api_token token, int64_t seq);
	/** 200 the area; whoever was inside counts as outside */
	void (*area_reset)(void *gate, struct api_token token, const struct api_caller *by,
			   const char *area);
	/** 200 {"id","code"}, the text of a pass's QR code; 404, 409 (revoked) */
	void (*pass_code)(void *gate, struct api_token token, const char *id);
	/** 200 {"requests":[..]} */
	void (*requests)(void *gate, struct api_token token);
	/** 200 {"admitted":bool}; 404, 409 (it opens no more) */
	void (*answer)(void *gate, struct api_token token, const struct api_caller *by,
		       const char *id, bool admit);
};

#endif
