/* Handler of the export of an alert as a signed zip, which the file worker writes. */
#include "api_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/thread_role.h"
#include "base/ulid.h"
#include "bundle.h"

struct export
{
	struct worker_job job;
	struct api *api;
	struct http_token http;
	int64_t seq;
	char by[HTTP_CALLER_BYTES];
	enum api_role role;
	char path[API_DIR_BYTES + 48], key_path[API_DIR_BYTES + 24], evidence_dir[API_DIR_BYTES];
	json_t *manifest;
	int fd, r;
	char error[BUNDLE_TEXT_BYTES];
};

static void write_bundle(struct worker_job *job)
{
	struct export *export = (struct export *)job;
	const struct bundle_request request = {.path = export->path,
					       .evidence_dir = export->evidence_dir,
					       .key_path = export->key_path,
					       .manifest = export->manifest};

	assert_thread(THREAD_WORKER);
	export->r = bundle_write(&request, export->error);
	if (export->r < 0)
		return;
	export->fd = open(export->path, O_RDONLY | O_CLOEXEC);
	if (export->fd < 0)
		export->r = -errno;
	unlink(export->path); /* the open file is sent; after that it needs no removal */
}

static int explain(const struct export *export, struct problem *problem)
{
	switch (export->r) {
	case -ENOENT:
		return problem_no_evidence(problem, export->error);
	case -EBADMSG:
		return problem_evidence_changed(problem, export->error);
	case -ENOSPC:
		return problem_no_room(problem);
	default:
		return problem_export_failed(problem, export->error);
	}
}

static void send_bundle(struct api *api, struct export *export)
{
	const struct api_caller by = {.name = export->by, .role_name = api_role_name(export->role)};
	json_t *data = api_act(&by, "alert.export");
	char name[96];

	json_object_set_new(data, "alert", json_integer(export->seq));
	api_record_act(api, EVENT_INFO, NULL, data);
	snprintf(name, sizeof(name), "attachment; filename=\"gatehouse-alert-%lld.zip\"",
		 (long long)export->seq);
	http_set_header(api->http, export->http, "Content-Disposition", name);
	http_respond_fd(api->http, export->http, export->fd, "application/zip");
	export->fd = -1;
}

static void end_export(struct worker_job *job, int r)
{
	struct export *export = (struct export *)job;

	assert_thread(THREAD_CONTROL);
	if (r == 0 && export->r == 0)
		send_bundle(export->api, export);
	else if (r == 0)
		api_respond_problem(export->api, export->http,
				    explain(export, &export->api->problem));
	if (export->fd >= 0)
		close(export->fd);
	json_decref(export->manifest);
	free(export);
}

static void on_event(struct api *api, void *arg, const json_t *body)
{
	struct export *export = arg;
	json_t *event = json_array_get(json_object_get(body, "events"), 0);
	const struct alert *alert = alert_find(api->alerts, export->seq);

	if (event != NULL && alert != NULL)
		export->manifest =
			json_pack("{s:s, s:O, s:o, s:o, s:s, s:s}", "site", api->site, "event",
				  event, "alert", api_alert_json(api, alert, event), "exported",
				  json_utc(clock_unix_ms()), "exported_by", export->by,
				  "exported_by_role", api_role_name(export->role));
	if (export->manifest == NULL) {
		api_respond_problem(api, export->http,
				    body != NULL ? problem_alert_unreadable(&api->problem)
						 : problem_log_busy(&api->problem));
		free(export);
	} else if (worker_post(api->file_worker, &export->job) < 0) {
		api_respond_problem(api, export->http, problem_too_many_exports(&api->problem));
		json_decref(export->manifest);
		free(export);
	}
}

void api_get_export(struct api *api, const struct http_request *request, const char *param)
{
	const struct alert *alert = api_find_alert(api, request, param);
	struct export *export = alert != NULL ? calloc(1, sizeof(*export)) : NULL;
	struct api_events_query query = {.seq_count = 1, .limit = 1};
	struct api_token token;
	char id[ULID_BYTES];

	if (alert == NULL)
		return;
	if (export == NULL || !api_begin_internal(api, on_event, export, &token)) {
		free(export);
		api_reject(api, request, problem_too_many_requests(&api->problem));
		return;
	}
	export->job = (struct worker_job){.run = write_bundle, .end = end_export};
	export->api = api;
	export->http = request->token;
	export->seq = alert->seq;
	export->role = (enum api_role)request->caller.role;
	export->fd = -1;
	ulid_make(clock_unix_ms(), id);
	snprintf(export->by, sizeof(export->by), "%s", request->caller.name);
	snprintf(export->path, sizeof(export->path), "%s/export-%s.zip", api->state_dir, id);
	snprintf(export->key_path, sizeof(export->key_path), "%s/keys/anchor.key", api->state_dir);
	snprintf(export->evidence_dir, sizeof(export->evidence_dir), "%s", api->evidence_dir);
	query.seqs = &export->seq;
	api->ops->events(api->gate, token, &query);
}
