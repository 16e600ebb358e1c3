/*
 * api_access_ops.h - the operations on rules, credentials and passes that the gate provides to the
 * API; part of struct api_ops, with the same contract.
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
 * "holiday", "area", "opening".
 */
struct api_access_ops {
	/**
	 * 200 {"items":[{"id",..}],"next": id or null}, in order of id, after @p after ("": from
	 * the first). @p person restricts credentials to one person ("": all).
	 */
	void (*list)(void *gate, struct api_token token, const char *kind, const char *person,
		     const char *after, unsigned limit);
	/** 200 the item, or 404 */
	void (*get)(void *gate, struct api_token token, const char *kind, const char *id);
	/** 200 the item; @p id NULL: 201, under a new id; 409, 422 with the reason */
	void (*put)(void *gate, struct api_token token, const struct api_caller *by,
		    const char *kind, const char *id, const json_t *value);
	/** 204, 404, 409 (another item refers to it) */
	void (*remove)(void *gate, struct api_token token, const struct api_caller *by,
		       const char *kind, const char *id);
	/**
	 * 200 {"outcome","reason","rule","needed","rules":[..]}: the decision of the policy; no
	 * door is opened
	 */
	void (*what_if)(void *gate, struct api_token token, const json_t *question);
	/** 200 {"event":{..},"lines":[..]}: why a door opened or did not; 404 */
	void (*explain)(void *gate, struct api_token token, int64_t seq);
	/** 200 the area; every person counts as outside of it from now on */
	void (*area_reset)(void *gate, struct api_token token, const struct api_caller *by,
			   const char *area);
	/** 200 {"id","code"}, the text of the QR code of a pass; 404, 409 (revoked) */
	void (*pass_code)(void *gate, struct api_token token, const char *id);
	/** 200 {"requests":[..]}, which wait for the confirmation of a guard */
	void (*requests)(void *gate, struct api_token token);
	/** 200 {"admitted":bool}; 404, 409 (the door cannot be opened any more) */
	void (*answer)(void *gate, struct api_token token, const struct api_caller *by,
		       const char *id, bool admit);
};

#endif
