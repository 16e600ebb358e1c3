#include "gate/cameras/cameras_private.h"

#include <errno.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"

static json_t *reasons_json(const struct litter_verdict *verdict)
{
	json_t *list = json_array();

	for (size_t i = 0; i < verdict->reason_count; i++)
		json_array_append_new(list, json_pack("{s:s, s:o, s:o}", "name", verdict->reasons[i].name,
						      "value", json_rounded(verdict->reasons[i].value),
						      "weight", json_rounded(verdict->reasons[i].weight)));
	return list;
}

static json_t *files_json(const struct litter_result *result)
{
	json_t *list = json_array();

	for (size_t i = 0; i < result->file_count; i++)
		json_array_append_new(list, json_pack("{s:s, s:s, s:I}", "name", result->files[i].name,
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
			list, json_pack("[i, i, i]",
					(int)((verdict->points[i].pts_us - verdict->begin_pts_us) / 1000),
					(int)verdict->points[i].x, (int)verdict->points[i].y));
	return list;
}

static void on_throw(struct gate_vision *vision, const struct litter_result *result)
{
	const struct watched_camera *camera = &vision->cameras[result->camera];
	const struct litter_verdict *verdict = &result->verdict;
	bool alert = verdict->grade == LITTER_ALERT;
	char first_sight[CLOCK_UTC_BYTES];
	struct event_draft draft = {.type = alert ? "litter.detected" : "litter.suspected",
				    .severity = alert ? EVENT_ALARM : EVENT_WARNING,
				    .source = camera->source};

	clock_format_utc(result->first_sight_unix_ms, first_sight);
	draft.data =
		json_pack("{s:s, s:s, s:s, s:i, s:o, s:o, s:o, s:[i,i], s:o, s:o, s:I}", "camera",
			  camera->config->name, "grade", litter_grade_name(verdict->grade), "first_sight",
			  first_sight, "fall_ms", (int)((verdict->end_pts_us - verdict->begin_pts_us) / 1000),
			  "score", json_rounded(verdict->score), "origin", origin_json(verdict), "reasons",
			  reasons_json(verdict), "picture", result->width_px, result->height_px, "path",
			  path_json(verdict), "evidence", files_json(result), "first_sight_pts_ms",
			  (json_int_t)(verdict->begin_pts_us / 1000));
	if (result->file_count > 0 && result->clip_offset_ms >= 0)
		json_object_set_new(draft.data, "clip_offset_ms", json_integer(result->clip_offset_ms));
	if (result->sealed.name[0] != '\0')
		json_object_set_new(draft.data, "sealed", sealed_json(result));
	if (result->evidence_error[0] != '\0') {
		json_object_set_new(draft.data, "evidence_error", json_string(result->evidence_error));
		log_error("vision", "camera %s: evidence: %s", camera->config->name, result->evidence_error);
	}
	(void)journal_record_draft(vision->gate->journal, &draft, NULL, NULL); /* logged there */
	json_decref(draft.data);
}

int gate_throws_on_results(sd_event_source *source, int fd, uint32_t revents, void *arg)
{
	struct gate_vision *vision = arg;
	struct litter_result result;

	(void)source, (void)fd, (void)revents;
	while (queue_pop(vision->litter_results, &result) == 0)
		on_throw(vision, &result);
	return 0;
}

static void copy_polygon(const struct config_polygon *from, struct litter_polygon *to)
{
	to->count = from->count;
	for (size_t i = 0; i < from->count; i++)
		to->points[i] =
			(struct litter_spot){.x = (float)from->points[i].x, .y = (float)from->points[i].y};
}

static void copy_facade(const struct config_camera *from, struct litter_config *to)
{
	copy_polygon(&from->roi, &to->roi);
	to->exclusion_count = from->exclude_count;
	for (size_t i = 0; i < from->exclude_count; i++)
		copy_polygon(&from->exclude[i], &to->exclusions[i]);
	to->calibration.known = from->calibration.count == CONFIG_CALIBRATION_POINTS;
	to->calibration.floor_low = from->calibration.floor_low;
	to->calibration.floor_high = from->calibration.floor_high;
	to->calibration.columns = from->calibration.columns;
	for (size_t i = 0; i < from->calibration.count; i++)
		to->calibration.points[i] = (struct litter_spot){.x = (float)from->calibration.points[i].x,
								 .y = (float)from->calibration.points[i].y};
}

void gate_throws_mask(const struct config_camera *from, struct mask *to)
{
	to->count = from->privacy_count;
	for (size_t i = 0; i < from->privacy_count; i++) {
		const struct config_polygon *polygon = &from->privacy[i];

		to->polygons[i].count = polygon->count;
		for (size_t k = 0; k < polygon->count; k++) {
			to->polygons[i].x[k] = (float)polygon->points[k].x;
			to->polygons[i].y[k] = (float)polygon->points[k].y;
		}
	}
}

int gate_throws_watch(struct watched_camera *camera)
{
	const struct config *config = camera->vision->gate->config;
	struct litter_watch_config config_of = {.camera = camera->index,
						.name = camera->config->name,
						.evidence_dir = config->evidence.dir,
						.pre_roll_ms = config->litter.pre_roll_s * 1000,
						.post_roll_ms = config->litter.post_roll_s * 1000,
						.ring = camera_ring(camera->camera)};
	struct litter_watch *litter;
	int r;

	copy_facade(camera->config, &config_of.litter);
	gate_throws_mask(camera->config, &config_of.mask);
	r = litter_watch_open(&config_of, camera->vision->litter_results, &litter);
	if (r < 0)
		return r;
	pthread_mutex_lock(&camera->litter_lock);
	camera->litter = litter;
	pthread_mutex_unlock(&camera->litter_lock);
	return 0;
}
