/* Facade cameras: the worker that detects thrown objects, and its results. */
#include "cameras_private.h"

static void copy_polygon(const struct config_polygon *from, struct litter_polygon *to)
{
	to->count = from->count;
	for (size_t i = 0; i < from->count; i++)
		to->points[i] = (struct litter_spot){.x = (float)from->points[i].x,
						     .y = (float)from->points[i].y};
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
		to->calibration.points[i] =
			(struct litter_spot){.x = (float)from->calibration.points[i].x,
					     .y = (float)from->calibration.points[i].y};
}

void litter_mask(const struct config_camera *from, struct mask *to)
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

int litter_start(struct watched_camera *camera)
{
	const struct config *config = camera->cameras->deps.config;
	struct litter_watch_config config_of = {.camera = camera->index,
						.name = camera->config->name,
						.evidence_dir = config->evidence.dir,
						.pre_roll_ms = config->litter.pre_roll_s * 1000,
						.post_roll_ms = config->litter.post_roll_s * 1000,
						.ring = camera_ring(camera->camera)};
	struct litter_watch *litter;
	int r;

	assert(camera->door < 0);
	copy_facade(camera->config, &config_of.litter);
	litter_mask(camera->config, &config_of.mask);
	r = litter_watch_open(&config_of, camera->cameras->litter_results, &litter);
	if (r < 0)
		return r;
	pthread_mutex_lock(&camera->litter_lock);
	camera->litter = litter;
	pthread_mutex_unlock(&camera->litter_lock);
	return 0;
}

int litter_on_results(sd_event_source *source, int fd, uint32_t revents, void *arg)
{
	struct cameras *cameras = arg;
	struct litter_result result;

	(void)source, (void)fd, (void)revents;
	while (queue_pop(cameras->litter_results, &result) == 0) {
		const struct watched_camera *camera = &cameras->list[result.camera];

		assert(result.camera < cameras->count);

		cameras->ops->thrown(cameras->arg, camera->config->name, camera->source, &result);
	}
	return 0;
}
