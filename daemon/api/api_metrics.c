/* Handler of /metrics, in the Prometheus text format 0.0.4. */
#include "api_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text != NULL ? text : "";
}

static void head(FILE *out, const char *name, const char *type, const char *help)
{
	fprintf(out, "# HELP gatehouse_%s %s\n# TYPE gatehouse_%s %s\n", name, help, name, type);
}

static void put_doors(FILE *out, const json_t *doors)
{
	static const char *const states[] = {"mode", "physical", "lock", "alarm", "fault"};
	const json_t *door;
	size_t index;

	head(out, "door_state", "gauge", "1 for the state each door is in.");
	json_array_foreach(doors, index, door) for (size_t i = 0;
						    i < sizeof(states) / sizeof(states[0]); i++)
	{
		if (text_of(door, states[i])[0] != '\0')
			fprintf(out,
				"gatehouse_door_state{door=\"%s\",kind=\"%s\",state=\"%s\"} 1\n",
				text_of(door, "name"), states[i], text_of(door, states[i]));
	}
}

static void put_cameras(FILE *out, const json_t *cameras)
{
	const json_t *camera, *blind;
	size_t index;

	head(out, "camera_live", "gauge", "1 while the camera's pictures come.");
	json_array_foreach(cameras, index, camera)
		fprintf(out, "gatehouse_camera_live{camera=\"%s\"} %d\n", text_of(camera, "name"),
			strcmp(text_of(camera, "state"), "live") == 0);
	head(out, "camera_blind_seconds_today", "gauge",
	     "Time without a usable picture since local midnight.");
	json_array_foreach(cameras, index, camera)
	{
		blind = json_object_get(json_object_get(camera, "sight"), "blind_s");
		if (json_is_number(blind))
			fprintf(out, "gatehouse_camera_blind_seconds_today{camera=\"%s\"} %.15g\n",
				text_of(camera, "name"), json_number_value(blind));
	}
}

static void put_alerts(FILE *out, const struct alerts *alerts)
{
	static const char *const grades[] = {"alert", "suspected"};
	struct alert_counts counts;

	alerts_count(alerts, &counts);
	head(out, "alerts", "gauge", "Alerts by grade and verdict.");
	for (size_t grade = 0; grade < 2; grade++)
		for (enum alert_verdict i = ALERT_NEW; i < ALERT_VERDICTS; i++)
			fprintf(out, "gatehouse_alerts{grade=\"%s\",verdict=\"%s\"} %zu\n",
				grades[grade], i == ALERT_NEW ? "new" : alert_verdict_name(i),
				counts.by_verdict[grade][i]);
	head(out, "alerts_held", "gauge", "Alerts whose evidence is held.");
	fprintf(out, "gatehouse_alerts_held %zu\n", counts.held);
}

static void put_one(FILE *out, const char *name, const char *type, const char *help, double value)
{
	head(out, name, type, help);
	fprintf(out, "gatehouse_%s %.15g\n", name, value);
}

static void put_store(FILE *out, struct api *api, const json_t *status)
{
	struct api_figures figures;

	api->ops->figures(api->gate, &figures);
	put_one(out, "storage_ok", "gauge", "1 while the log is written.",
		strcmp(text_of(json_object_get(status, "storage"), "state"), "ok") == 0);
	put_one(out, "events_total", "counter", "Events in the log.", (double)figures.last_seq);
	put_one(out, "store_queue", "gauge", "Writes on their way to the disk.",
		(double)figures.pending);
	put_one(out, "store_queue_seconds", "gauge", "How long the oldest of them has waited.",
		(double)figures.pending_ms / 1000);
	put_one(out, "store_commit_seconds", "gauge", "From call to commit of the last write.",
		(double)figures.commit_ms / 1000);
}

void api_get_metrics(struct api *api, const struct http_request *request)
{
	json_t *status = api->ops->status(api->gate);
	char *text = NULL;
	size_t bytes = 0;
	FILE *out = open_memstream(&text, &bytes);

	if (out == NULL || status == NULL) {
		if (out != NULL)
			fclose(out);
		free(text);
		json_decref(status);
		api_respond_problem(api, request->token, problem_no_memory(&api->problem));
		return;
	}
	put_one(out, "uptime_seconds", "gauge", "Since the start.",
		json_number_value(json_object_get(status, "uptime_s")));
	put_one(out, "people", "gauge", "Enrolled.",
		json_number_value(json_object_get(status, "people")));
	put_doors(out, json_object_get(status, "doors"));
	put_cameras(out, json_object_get(status, "cameras"));
	put_alerts(out, api->alerts);
	put_store(out, api, status);
	put_one(out, "evidence_bytes", "gauge", "Size of all evidence files.",
		(double)api->evidence_bytes);
	put_one(out, "evidence_files", "gauge", "Evidence files.", (double)api->evidence_files);
	put_one(out, "evidence_oldest_timestamp_seconds", "gauge",
		"When the oldest was made; 0 without any.",
		(double)api->evidence_oldest_unix_ms / 1000);
	fclose(out);
	json_decref(status);
	http_respond(api->http, request->token, 200, "text/plain; version=0.0.4; charset=utf-8",
		     text, bytes);
	api_files_count(api); /* for the next request: this one does not wait for the directory */
}
