/* The cameras part: opens, starts and closes the cameras; their frames, states and JSON. */
#include "calibration.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/log.h"
#include "config/camera_login.h"

enum { WATCHED_MS = 3000 }; /* cameras_newest_frame() */

/* ---- frames and states, on the camera threads ---- */

/* Store the newest picture for cameras_newest_frame(), while it is called now and then. */
static void save_newest(struct watched_camera *camera, struct video_frame *frame)
{
	bool watched;

	pthread_mutex_lock(&camera->litter_lock);
	watched = clock_mono_ms() < camera->watched_until_ms;
	if (watched || camera->newest != NULL) {
		video_frame_unref(camera->newest);
		camera->newest = watched ? video_frame_ref(frame) : NULL;
	}
	pthread_mutex_unlock(&camera->litter_lock);
}

static struct watched_camera *find_camera(struct cameras *cameras, const char *name)
{
	for (size_t i = 0; i < cameras->count; i++)
		if (strcmp(cameras->list[i].config->name, name) == 0)
			return &cameras->list[i];
	return NULL;
}

int cameras_find(struct cameras *cameras, const char *name, struct fmp4_mux **ret_live,
		 struct mask *ret_mask)
{
	const struct watched_camera *camera = find_camera(cameras, name);

	if (camera == NULL)
		return -ENOENT;
	*ret_live = camera->camera != NULL ? camera_fmp4(camera->camera) : NULL;
	litter_mask(camera->config, ret_mask);
	return 0;
}

struct video_frame *cameras_newest_frame(struct cameras *cameras, const char *name)
{
	struct watched_camera *camera = find_camera(cameras, name);
	struct video_frame *newest = NULL;

	if (camera != NULL) {
		pthread_mutex_lock(&camera->litter_lock);
		camera->watched_until_ms = clock_mono_ms() + WATCHED_MS;
		if (camera->newest != NULL)
			newest = video_frame_ref(camera->newest);
		pthread_mutex_unlock(&camera->litter_lock);
	}
	return newest;
}

static void on_frame(void *arg, struct video_frame *frame)
{
	struct watched_camera *camera = arg;

	save_newest(camera, frame);
	health_frame(camera, frame);
	if (camera->door >= 0) {
		if (camera->cameras->faces != NULL)
			face_watch_frame(camera->cameras->faces, camera->face_index, frame);
		return;
	}
	pthread_mutex_lock(&camera->litter_lock);
	if (camera->litter != NULL)
		litter_watch_frame(camera->litter, frame);
	pthread_mutex_unlock(&camera->litter_lock);
}

static void on_state(void *arg, enum camera_state state, const struct problem *reason)
{
	struct watched_camera *camera = arg;
	struct camera_status status = {.index = camera->index, .state = state, .reason = *reason};

	pthread_mutex_lock(&camera->litter_lock);
	if (state != CAMERA_LIVE && camera->litter != NULL)
		litter_watch_flush(camera->litter);
	pthread_mutex_unlock(&camera->litter_lock);
	if (state == CAMERA_ENDED)
		health_ended(camera);
	if (state != CAMERA_LIVE && camera->door >= 0 && camera->cameras->faces != NULL)
		face_watch_reset(camera->cameras->faces, camera->face_index);
	(void)queue_push(camera->cameras->status, &status); /* a full queue drops its oldest */
}

/* ---- states ---- */

static const char *state_name(const struct watched_camera *camera)
{
	static const char *const names[] = {
		[CAMERA_LIVE] = "live", [CAMERA_LOST] = "lost", [CAMERA_ENDED] = "ended"};

	return camera->has_state ? names[camera->state] : "starting";
}

static json_t *camera_json(const struct watched_camera *camera)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:o*}", "name", camera->config->name, "role",
			 camera->config->role == CONFIG_CAMERA_FACE ? "face" : "facade", "state",
			 state_name(camera), "reason", camera->reason.detail, "problem",
			 problem_json(&camera->reason));
}

json_t *cameras_json(struct cameras *cameras, bool health)
{
	json_t *list = json_array();

	for (size_t i = 0; i < cameras->count; i++) {
		struct watched_camera *camera = &cameras->list[i];
		json_t *json = camera_json(camera);

		if (health)
			json_object_set_new(json, "sight", health_json(camera));
		if (health && camera->door >= 0)
			json_object_set_new(json, "prompt", json_string(faces_prompt(camera)));
		json_array_append_new(list, json);
	}
	return list;
}

static const char *event_type(enum camera_state state)
{
	static const char *const types[] = {[CAMERA_LIVE] = "camera.restored",
					    [CAMERA_LOST] = "camera.lost",
					    [CAMERA_ENDED] = "camera.ended"};

	return types[state];
}

static void on_status_of(struct cameras *cameras, const struct camera_status *status)
{
	struct watched_camera *camera = &cameras->list[status->index];
	bool was_lost = camera->has_state && camera->state == CAMERA_LOST;

	camera->has_state = true;
	camera->state = status->state;
	camera->reason = status->reason;
	if (status->state == CAMERA_LIVE)
		log_info("vision", "camera %s: live", camera->config->name);
	else if (status->state == CAMERA_ENDED)
		log_info("vision", "camera %s: %s", camera->config->name, status->reason.detail);
	else
		log_warning("vision", "camera %s: %s", camera->config->name, status->reason.detail);
	/* the first picture after a start is no restored camera */
	if (status->state != CAMERA_LIVE || was_lost)
		journal_record(cameras->deps.journal, event_type(status->state),
			       status->state == CAMERA_LOST ? EVENT_WARNING : EVENT_INFO,
			       camera->source, NULL, camera_json(camera));
	journal_publish(cameras->deps.journal, "camera", camera->config->name, camera_json(camera));
}

static int on_statuses(sd_event_source *source, int fd, uint32_t revents, void *arg)
{
	struct cameras *cameras = arg;
	struct camera_status status;

	(void)source, (void)fd, (void)revents;
	while (queue_pop(cameras->status, &status) == 0)
		on_status_of(cameras, &status);
	return 0;
}

/* ---- begin ---- */

static int open_queues(struct cameras *cameras)
{
	sd_event *event = cameras->deps.event;
	int r = queue_open(sizeof(struct face_result), RESULTS_MAX, QUEUE_REFUSE_WHEN_FULL, NULL,
			   &cameras->face_results);

	if (r == 0)
		r = queue_open(sizeof(struct litter_result), RESULTS_MAX, QUEUE_REFUSE_WHEN_FULL,
			       NULL, &cameras->litter_results);
	if (r == 0)
		r = queue_open(sizeof(struct camera_status), STATUSES_MAX, QUEUE_NEWEST_WINS, NULL,
			       &cameras->status);
	if (r == 0)
		r = sd_event_add_io(event, &cameras->face_source, queue_fd(cameras->face_results),
				    EPOLLIN, faces_on_results, cameras);
	if (r >= 0)
		r = sd_event_add_io(event, &cameras->litter_source,
				    queue_fd(cameras->litter_results), EPOLLIN, litter_on_results,
				    cameras);
	if (r >= 0)
		r = sd_event_add_io(event, &cameras->status_source, queue_fd(cameras->status),
				    EPOLLIN, on_statuses, cameras);
	return r;
}

static int door_of(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->door_count; i++)
		if (strcmp(config->doors[i].name, name) == 0)
			return (int)i;
	return -1;
}

static void add_camera(struct cameras *cameras, const struct config_camera *config)
{
	struct watched_camera *camera = &cameras->list[cameras->count];

	camera->cameras = cameras;
	camera->config = config;
	camera->index = (unsigned)cameras->count++;
	camera->door = -1;
	pthread_mutex_init(&camera->litter_lock, NULL);
	pthread_mutex_init(&camera->health_lock, NULL);
	snprintf(camera->source, sizeof(camera->source), "camera/%s", config->name);
	if (config->role != CONFIG_CAMERA_FACE)
		return;
	camera->door = door_of(cameras->deps.config, config->door);
	assert(camera->door >= 0); /* the config parser checks it */
	camera->face_index = (unsigned)cameras->face_cameras++;
}

int cameras_open(const struct cameras_deps *deps, const struct cameras_ops *ops, void *arg,
		 struct cameras **ret_cameras)
{
	struct cameras *cameras;
	int r;

	assert_thread(THREAD_CONTROL);
	assert(deps->config != NULL && deps->event != NULL && deps->journal != NULL &&
	       deps->directory != NULL);
	assert(ops->face_presented != NULL && ops->thrown != NULL && ops->enrolled != NULL &&
	       ops->faces_ready != NULL && ops->prompt_requested != NULL && ops->outdated != NULL);
	cameras = calloc(1, sizeof(*cameras));
	if (cameras == NULL)
		return -ENOMEM;
	cameras->deps = *deps;
	cameras->ops = ops;
	cameras->arg = arg;
	for (size_t i = 0; i < deps->config->camera_count; i++)
		add_camera(cameras, &deps->config->cameras[i]);
	*ret_cameras = cameras;
	r = open_queues(cameras);
	return r < 0 ? r : faces_open(cameras);
}

/* Without memory, calibration starts at the model's own threshold and the blind time at zero. */
void cameras_load_record(struct cameras *cameras, const char *kind, const char *id, json_t *json)
{
	json_t **records = strcmp(kind, "blind") == 0 ? &cameras->blind_records
						      : &cameras->calibration_records;

	assert(!cameras->started);

	if (*records == NULL)
		*records = json_object();
	(void)json_object_set(*records, id, json);
}

static void start_camera(struct watched_camera *camera)
{
	static const struct camera_ops ops = {.frame = on_frame, .state = on_state};
	char error[CAMERA_LOGIN_ERROR_BYTES];
	struct camera_config source;
	int r;

	camera_config_defaults(&source);
	snprintf(source.name, sizeof(source.name), "%s", camera->config->name);
	if (camera_login_url(camera->config, source.url, sizeof(source.url), error) < 0)
		log_error("vision", "camera %s: %s; trying without a password",
			  camera->config->name, error);
	source.loop = camera->config->loop;
	if (camera->door >= 0)
		source.ring_seconds = 0; /* no video of people at a door is stored */
	r = camera_open(&source, &ops, camera, &camera->camera);
	if (r == 0 && camera->door < 0)
		r = litter_start(camera);
	if (r < 0)
		log_error("vision", "camera %s cannot be used: %s", camera->config->name,
			  strerror(-r));
}

void cameras_start(struct cameras *cameras)
{
	const char *evidence_dir = cameras->deps.config->evidence.dir;

	assert_thread(THREAD_CONTROL);
	if (cameras->started)
		return;
	cameras->started = true;
	if (mkdir(evidence_dir, 0700) < 0 && errno != EEXIST)
		log_error("vision", "%s: %s; alerts have no evidence", evidence_dir,
			  strerror(errno));
	if (calibration_open(cameras) < 0)
		log_error("vision", "thresholds are not calibrated: no thread or timer");
	for (size_t i = 0; i < cameras->count; i++)
		start_camera(&cameras->list[i]);
	if (health_start(cameras) < 0)
		log_error("vision", "blind time is not measured: no timer");
}

/* ---- end ---- */

static void stop_camera(struct watched_camera *camera)
{
	struct litter_watch *litter;

	pthread_mutex_lock(&camera->litter_lock);
	litter = camera->litter;
	camera->litter = NULL;
	pthread_mutex_unlock(&camera->litter_lock);
	litter_watch_close(litter); /* before the camera, whose ring holds the last evidence */
	camera_close(camera->camera);
	video_frame_unref(camera->newest);
	health_stop(camera);
	pthread_mutex_destroy(&camera->health_lock);
	pthread_mutex_destroy(&camera->litter_lock);
}

void cameras_close(struct cameras *cameras)
{
	assert_thread(THREAD_CONTROL);
	if (cameras == NULL)
		return;
	sd_event_source_disable_unref(cameras->health_timer);
	for (size_t i = 0; i < cameras->count; i++)
		stop_camera(&cameras->list[i]);
	calibration_close(cameras);
	faces_close(cameras);
	/* record the last thrown objects */
	if (cameras->litter_results != NULL)
		(void)litter_on_results(NULL, -1, 0, cameras);
	sd_event_source_disable_unref(cameras->face_source);
	sd_event_source_disable_unref(cameras->litter_source);
	sd_event_source_disable_unref(cameras->status_source);
	queue_close(cameras->face_results);
	queue_close(cameras->litter_results);
	queue_close(cameras->status);
	json_decref(cameras->blind_records);
	json_decref(cameras->calibration_records);
	free(cameras);
}
