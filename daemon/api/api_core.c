/* Pending calls of operations, and the answers to requests. */
#include "api_parts.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/thread_role.h"

struct api_caller api_caller_of(const struct http_request *request)
{
	enum api_role role = (enum api_role)request->caller.role;

	return (struct api_caller){
		.role = role, .name = request->caller.name, .role_name = api_role_name(role)};
}

const char *api_role_name(enum api_role role)
{
	static const char *const names[] = {[API_ROLE_ANYONE] = "anyone",
					    [API_ROLE_GUARD] = "guard",
					    [API_ROLE_MANAGER] = "manager",
					    [API_ROLE_ADMIN] = "admin"};

	assert(role <= API_ROLE_ADMIN);
	return names[role];
}

static bool claim_call(struct api *api, const struct api_call *wanted, struct api_token *ret_token)
{
	assert_thread(THREAD_CONTROL);
	for (uint32_t slot = 0; slot < API_CALLS_MAX; slot++) {
		struct api_call *call = &api->calls[slot];
		uint32_t generation = call->generation + 1;

		if (call->used)
			continue;
		*call = *wanted;
		call->used = true;
		call->generation = generation;
		*ret_token = (struct api_token){.slot = slot, .generation = generation};
		return true;
	}
	return false;
}

bool api_begin_call(struct api *api, struct http_token http, struct api_token *ret_token)
{
	const struct api_call wanted = {.http = http};
	bool begun = claim_call(api, &wanted, ret_token);

	if (!begun)
		api_respond_problem(api, http, problem_too_many_requests(&api->problem));
	return begun;
}

bool api_begin_internal(struct api *api, api_result_fn result, void *arg,
			struct api_token *ret_token)
{
	const struct api_call wanted = {.result = result, .arg = arg};

	return claim_call(api, &wanted, ret_token);
}

void api_cancel_internal(struct api *api)
{
	for (uint32_t slot = 0; slot < API_CALLS_MAX; slot++) {
		struct api_call *call = &api->calls[slot];

		if (call->used && call->result != NULL) {
			call->used = false;
			call->result(api, call->arg, NULL);
		}
	}
}

/* End the call of a token; NULL: it has been answered before. */
static const struct api_call *end_call(struct api *api, struct api_token token)
{
	struct api_call *call = token.slot < API_CALLS_MAX ? &api->calls[token.slot] : NULL;

	if (call == NULL || !call->used || call->generation != token.generation)
		return NULL;
	call->used = false;
	return call;
}

/* The version of a resource, for If-Match: a digest of the body that GET of its path returns. */
static void etag_of(const json_t *body, char *etag)
{
	char *text = json_canonical(body);
	const struct crypto_bytes part = {.at = text, .bytes = text != NULL ? strlen(text) : 0};
	uint8_t digest[DIGEST_BYTES];
	char hex[DIGEST_HEX_BYTES];

	crypto_digest(&part, 1, digest);
	hex_format(digest, sizeof(digest), hex);
	snprintf(etag, API_ETAG_BYTES, "\"%.*s\"", (API_ETAG_BYTES / 2 - 2) * 2, hex);
	free(text);
}

/* Compute the ETag of a resource. @return whether the answer was for the probe only. */
static bool answers_probe(struct api *api, struct http_token http, unsigned status,
			  const json_t *body)
{
	char etag[API_ETAG_BYTES];

	if (api->probe.etag != NULL && api->probe.http.slot == http.slot &&
	    api->probe.http.generation == http.generation) {
		if (status == 200 && body != NULL)
			etag_of(body, api->probe.etag);
		return status == 200;
	}
	if ((status == 200 || status == 201) &&
	    (json_object_get(body, "id") != NULL || json_object_get(body, "created") != NULL)) {
		etag_of(body, etag);
		http_set_header(api->http, http, "ETag", etag);
	}
	return false;
}

void api_respond_json(struct api *api, struct http_token http, unsigned status, json_t *body)
{
	char *text;

	if (answers_probe(api, http, status, body)) {
		json_decref(body);
		return;
	}
	text = body != NULL ? json_text(body) : NULL;
	if (body != NULL && text == NULL)
		api_respond_problem(api, http, problem_answer_not_written(&api->problem));
	else
		http_respond(api->http, http, status, text != NULL ? "application/json" : NULL,
			     text, text != NULL ? strlen(text) : 0);
	json_decref(body);
}

void api_reply(struct api *api, struct api_token token, unsigned status, json_t *body)
{
	const struct api_call *call = end_call(api, token);

	assert_thread(THREAD_CONTROL);
	if (call != NULL && call->result == NULL) {
		api_respond_json(api, call->http, status, body);
		return;
	}
	if (call != NULL)
		call->result(api, call->arg, status < 300 ? body : NULL);
	json_decref(body);
}

void api_refuse(struct api *api, struct api_token token, int r, const struct problem *problem)
{
	const struct api_call *call = end_call(api, token);

	assert_thread(THREAD_CONTROL);
	assert(r < 0 && problem != NULL);
	if (call == NULL)
		return;
	if (call->result != NULL)
		call->result(api, call->arg, NULL);
	else
		http_respond_problem(api->http, call->http, problem_status_of(r), problem);
}

void api_respond_problem(struct api *api, struct http_token http, int r)
{
	(void)r;
	http_respond_problem(api->http, http, problem_status(&api->problem), &api->problem);
}

void api_reject(struct api *api, const struct http_request *request, int r)
{
	api_respond_problem(api, request->token, r);
}
