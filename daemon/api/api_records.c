/* What the API keeps in the store, and operators' acts in the log. */
#include "api_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct api_save {
	struct api_save *next;
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

	(void)api->ops->save_records(api->gate, NULL, 0, &draft, NULL,
				     NULL); /* the gate logs what it cannot record */
	json_decref(data);
}

static void unlink_keeping(struct api *api, const struct api_save *saving)
{
	struct api_save **at = &api->saves;

	while (*at != NULL && *at != saving)
		at = &(*at)->next;
	if (*at != NULL)
		*at = saving->next;
}

static void respond_failure(struct api *api, struct http_token http, int r)
{
	if (r == -ENOSPC || r == -EFBIG)
		api_respond_problem(api, http, problem_no_room(&api->problem));
	else
		api_respond_problem(api, http, problem_not_kept(&api->problem));
}

static void on_kept(void *arg, int r, const struct event_row *row)
{
	struct api_save *saving = arg;
	struct api *api = saving->api;

	(void)row;
	if (api != NULL)
		unlink_keeping(api, saving);
	if (saving->then != NULL)
		saving->then(api, saving->arg, api == NULL ? -ECANCELED : r);
	if (api != NULL && r == 0)
		api_respond_json(api, saving->http, saving->status, json_incref(saving->answer));
	else if (api != NULL)
		respond_failure(api, saving->http, r);
	json_decref(saving->answer);
	free(saving);
}

void api_save(struct api *api, struct http_token http, const struct store_record *records,
	      size_t count, struct event_draft *draft, unsigned status, json_t *answer,
	      void (*then)(struct api *api, void *arg, int r), void *arg)
{
	struct api_save *saving = malloc(sizeof(*saving));
	int r = saving == NULL ? -ENOMEM : 0;

	if (r == 0) {
		*saving = (struct api_save){.next = api->saves,
					    .api = api,
					    .http = http,
					    .status = status,
					    .answer = json_incref(answer),
					    .then = then,
					    .arg = arg};
		api->saves = saving;
		r = api->ops->save_records(api->gate, records, count, draft, on_kept, saving);
		if (r < 0)
			on_kept(saving, r, NULL);
	} else {
		if (then != NULL)
			then(api, arg, r);
		respond_failure(api, http, r);
	}
	json_decref(draft->data);
	json_decref(answer);
}

void api_detach_saves(struct api *api)
{
	for (struct api_save *saving = api->saves; saving != NULL; saving = saving->next)
		saving->api = NULL;
	api->saves = NULL;
}
