/* What the API keeps in the store, and operators' acts in the log. */
#include "api_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct api_keeping {
	struct api_keeping *next;
	struct api *api; /* NULL: closed since */
	struct http_token http;
	unsigned status;
	json_t *answer;
	void (*then)(struct api *api, void *arg, int r);
	void *arg;
};

json_t *api_act(const struct api_caller *by, const char *act)
{
	return json_pack("{s:s, s:s, s:s}", "act", act, "by", by->name, "role", by->role_name);
}

void api_record_act(struct api *api, enum event_severity severity, const char *person, json_t *data)
{
	struct event_draft draft = {
		.type = "operator.act", .severity = severity, .person = person, .data = data};

	(void)api->ops->keep(api->gate, NULL, 0, &draft, NULL,
			     NULL); /* the gate logs what it cannot record */
	json_decref(data);
}

static void unlink_keeping(struct api *api, const struct api_keeping *keeping)
{
	struct api_keeping **at = &api->keepings;

	while (*at != NULL && *at != keeping)
		at = &(*at)->next;
	if (*at != NULL)
		*at = keeping->next;
}

static void respond_failure(struct api *api, struct http_token http, int r)
{
	if (r == -ENOSPC || r == -EFBIG)
		http_respond_problem(api->http, http, 507, "there is no room for more of these");
	else
		http_respond_problem_code(api->http, http, 503, "not-kept",
					  "the change could not be written to the disk; nothing was changed");
}

static void on_kept(void *arg, int r, const struct event_row *row)
{
	struct api_keeping *keeping = arg;
	struct api *api = keeping->api;

	(void)row;
	if (api != NULL)
		unlink_keeping(api, keeping);
	if (keeping->then != NULL)
		keeping->then(api, keeping->arg, api == NULL ? -ECANCELED : r);
	if (api != NULL && r == 0)
		api_respond_json(api, keeping->http, keeping->status, json_incref(keeping->answer));
	else if (api != NULL)
		respond_failure(api, keeping->http, r);
	json_decref(keeping->answer);
	free(keeping);
}

void api_keep(struct api *api, struct http_token http, const struct store_record *records, size_t count,
	      struct event_draft *draft, unsigned status, json_t *answer,
	      void (*then)(struct api *api, void *arg, int r), void *arg)
{
	struct api_keeping *keeping = malloc(sizeof(*keeping));
	int r = keeping == NULL ? -ENOMEM : 0;

	if (r == 0) {
		*keeping = (struct api_keeping){.next = api->keepings,
						.api = api,
						.http = http,
						.status = status,
						.answer = json_incref(answer),
						.then = then,
						.arg = arg};
		api->keepings = keeping;
		r = api->ops->keep(api->gate, records, count, draft, on_kept, keeping);
		if (r < 0)
			on_kept(keeping, r, NULL);
	} else {
		if (then != NULL)
			then(api, arg, r);
		respond_failure(api, http, r);
	}
	json_decref(draft->data);
	json_decref(answer);
}

void api_forget_keepings(struct api *api)
{
	for (struct api_keeping *keeping = api->keepings; keeping != NULL; keeping = keeping->next)
		keeping->api = NULL;
	api->keepings = NULL;
}
