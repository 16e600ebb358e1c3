#include "evidence.h"

#include <errno.h>

#include "base/json.h"
#include "base/log.h"
#include "base/thread_role.h"
#include "vision/litter/litter_watch.h"

static json_t *reasons_json(const struct litter_verdict *verdict)
{
	json_t *list = json_array();

	for (size_t i = 0; i < verdict->reason_count; i++)
		json_array_append_new(
			list, json_pack("{s:s, s:o, s:o}", "name", verdict->reasons[i].name,
					"value", json_rounded(verdict->reasons[i].value), "weight",
					json_rounded(verdict->reasons[i].weight)));
	return list;
}

static json_t *files_json(const struct litter_result *result)
{
	json_t *list = json_array();

	for (size_t i = 0; i < result->file_count; i++)
		json_array_append_new(list,
				      json_pack("{s:s, s:s, s:I}", "name", result->files[i].name,
						"sha256", result->files[i].sha256, "bytes",
						(json_int_t)result->files[i].bytes));
	return list;
}

static json_t *sealed_json(const struct litter_result *result)
{
	const struct litter_result_file *file = &result->sealed;

	return json_pack("{s:s, s:s, s:I}", "name", file->name, "sha256", file->sha256, "bytes",
			 (json_int_t)file->bytes);
}

static json_t *origin_json(const struct litter_verdict *verdict)
{
	const char low[2] = {verdict->column_low, '\0'}, high[2] = {verdict->column_high, '\0'};

	if (!verdict->origin_known)
		return json_pack("{s:s}", "text", "not known");
	return json_pack("{s:s, s:i, s:i, s:s, s:s}", "text", verdict->origin, "floor_low",
			 verdict->floor_low, "floor_high", verdict->floor_high, "column_low", low,
			 "column_high", high);
}

static json_t *path_json(const struct litter_verdict *verdict)
{
	json_t *list = json_array();

	for (size_t i = 0; i < verdict->point_count; i++)
		json_array_append_new(
			list,
			json_pack("[i, i, i]",
				  (int)((verdict->points[i].pts_us - verdict->begin_pts_us) / 1000),
				  (int)verdict->points[i].x, (int)verdict->points[i].y));
	return list;
}

void evidence_record_throw(struct journal *journal, const char *camera, const char *source,
			   const struct litter_result *result)
{
	const struct litter_verdict *verdict = &result->verdict;
	bool alert = verdict->grade == LITTER_ALERT;
	struct event_draft draft = {.type = alert ? "litter.detected" : "litter.suspected",
				    .severity = alert ? EVENT_ALARM : EVENT_WARNING,
				    .source = source};

	assert_thread(THREAD_CONTROL);
	draft.data =
		json_pack("{s:s, s:s, s:o, s:i, s:o, s:o, s:o, s:[i,i], s:o, s:o, s:I}", "camera",
			  camera, "grade", litter_grade_name(verdict->grade), "first_sight",
			  json_utc(result->first_seen_unix_ms), "fall_ms",
			  (int)((verdict->end_pts_us - verdict->begin_pts_us) / 1000), "score",
			  json_rounded(verdict->score), "origin", origin_json(verdict), "reasons",
			  reasons_json(verdict), "picture", result->width_px, result->height_px,
			  "path", path_json(verdict), "evidence", files_json(result),
			  "first_sight_pts_ms", (json_int_t)(verdict->begin_pts_us / 1000));
	if (result->file_count > 0 && result->clip_offset_ms >= 0)
		json_object_set_new(draft.data, "clip_offset_ms",
				    json_integer(result->clip_offset_ms));
	if (result->sealed.name[0] != '\0')
		json_object_set_new(draft.data, "sealed", sealed_json(result));
	if (result->evidence_problem.code != PROBLEM_NONE) {
		json_object_set_new(draft.data, "evidence_error",
				    json_string(result->evidence_problem.detail));
		json_object_set_new(draft.data, "evidence_problem",
				    problem_json(&result->evidence_problem));
		log_error("vision", "camera %s: evidence: %s", camera,
			  result->evidence_problem.detail);
	}
	(void)journal_record_draft(journal, &draft, NULL, NULL); /* logged there */
	json_decref(draft.data);
}
