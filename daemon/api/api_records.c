/* Writes the records of the API to the store, and operator.act events to the log. */
#include "api_parts.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/thread_role.h"

struct api_save {
	struct api_save *next;
	struct api *api; /* NULL after api_close() */
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

	/* the gate reports an event that it cannot record */
	(void)api->ops->save_records(api->gate, NULL, 0, &draft, NULL, NULL);
	json_decref(data);
}

static void unlink_save(struct api *api, const struct api_save *save)
{
	struct api_save **at = &api->saves;

	while (*at != NULL && *at != save)
		at = &(*at)->next;
	if (*at != NULL)
		*at = save->next;
}

static void respond_failure(struct api *api, struct http_token http, int r)
{
	if (r == -ENOSPC || r == -EFBIG)
		api_respond_problem(api, http, problem_no_room(&api->problem));
	else
		api_respond_problem(api, http, problem_not_kept(&api->problem));
}

static void on_saved(void *arg, int r, const struct event_row *row)
{
	struct api_save *save = arg;
	struct api *api = save->api;

	assert_thread(THREAD_CONTROL);
	(void)row;
	if (api != NULL)
		unlink_save(api, save);
	if (save->then != NULL)
		save->then(api, save->arg, api == NULL ? -ECANCELED : r);
	if (api != NULL && r == 0)
		api_respond_json(api, save->http, save->status, json_incref(save->answer));
	else if (api != NULL)
		respond_failure(api, save->http, r);
	json_decref(save->answer);
	free(save);
}

void api_save(struct api *api, struct http_token http, const struct store_record *records,
	      size_t count, struct event_draft *draft, unsigned status, json_t *answer,
	      void (*then)(struct api *api, void *arg, int r), void *arg)
{
	struct api_save *save = malloc(sizeof(*save));
	int r = save == NULL ? -ENOMEM : 0;

	assert_thread(THREAD_CONTROL);
	assert(count > 0 && count <= STORE_RECORDS_MAX);
	if (r == 0) {
		*save = (struct api_save){.next = api->saves,
					  .api = api,
					  .http = http,
					  .status = status,
					  .answer = json_incref(answer),
					  .then = then,
					  .arg = arg};
		api->saves = save;
		r = api->ops->save_records(api->gate, records, count, draft, on_saved, save);
		if (r < 0)
			on_saved(save, r, NULL);
	} else {
		if (then != NULL)
			then(api, arg, r);
		respond_failure(api, http, r);
	}
	json_decref(draft->data);
	json_decref(answer);
}

void api_cancel_saves(struct api *api)
{
	for (struct api_save *save = api->saves; save != NULL; save = save->next)
		save->api = NULL;
	api->saves = NULL;
}
