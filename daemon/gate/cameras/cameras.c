#include "calibration.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/log.h"
#include "config/camera_login.h"

enum { WATCHED_MS = 3000 };

/* ---- what comes from camera threads ---- */

/* For whoever watches live: the newest picture is at hand for as long as somebody asks now and then. */
static void keep_newest(struct watched_camera *camera, struct video_frame *frame)
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

static struct watched_camera *find_camera(const struct gate *gate, const char *name)
{
	for (size_t i = 0; gate->vision != NULL && i < gate->vision->camera_count; i++)
		if (strcmp(gate->vision->cameras[i].config->name, name) == 0)
			return &gate->vision->cameras[i];
	return NULL;
}

int gate_vision_camera(void *arg, const char *name, struct api_camera *ret_camera)
{
	const struct watched_camera *camera = find_camera(arg, name);

	if (camera == NULL)
		return -ENOENT;
	ret_camera->live = camera->camera != NULL ? camera_live(camera->camera) : NULL;
	gate_throws_mask(camera->config, &ret_camera->mask);
	return 0;
}

struct video_frame *gate_vision_newest_frame(void *arg, const char *name)
{
	struct watched_camera *camera = find_camera(arg, name);
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

	keep_newest(camera, frame);
	gate_camera_health_frame(camera, frame);
	if (camera->door != NULL) {
		if (camera->vision->faces != NULL)
			face_watch_frame(camera->vision->faces, camera->face_index, frame);
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
		gate_camera_health_ended(camera);
	if (state != CAMERA_LIVE && camera->door != NULL && camera->vision->faces != NULL)
		face_watch_reset(camera->vision->faces, camera->face_index);
	(void)queue_push(camera->vision->status, &status); /* the newest wins */
}

/* ---- cameras coming and going ---- */

static const char *state_name(const struct watched_camera *camera)
{
	static const char *const names[] = {
		[CAMERA_LIVE] = "live", [CAMERA_LOST] = "lost", [CAMERA_ENDED] = "ended"};

	return camera->seen ? names[camera->state] : "starting";
}

static json_t *camera_json(const struct watched_camera *camera)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:o*}", "name", camera->config->name, "role",
			 camera->config->role == CONFIG_CAMERA_FACE ? "face" : "facade", "state",
			 state_name(camera), "reason", camera->reason.detail, "problem",
			 problem_json(&camera->reason));
}

json_t *gate_cameras_json(struct gate *gate)
{
	json_t *list = json_array();

	for (size_t i = 0; gate->vision != NULL && i < gate->vision->camera_count; i++)
		json_array_append_new(list, camera_json(&gate->vision->cameras[i]));
	return list;
}

json_t *gate_cameras_status(struct gate *gate)
{
	json_t *list = json_array();

	for (size_t i = 0; gate->vision != NULL && i < gate->vision->camera_count; i++) {
		json_t *camera = camera_json(&gate->vision->cameras[i]);

		json_object_set_new(camera, "sight", gate_camera_health_json(&gate->vision->cameras[i]));
		if (gate->vision->cameras[i].door != NULL)
			json_object_set_new(camera, "prompt",
					    json_string(gate_faces_prompt(&gate->vision->cameras[i])));
		json_array_append_new(list, camera);
	}
	return list;
}

static const char *type_of(enum camera_state state)
{
	static const char *const types[] = {[CAMERA_LIVE] = "camera.restored",
					    [CAMERA_LOST] = "camera.lost",
					    [CAMERA_ENDED] = "camera.ended"};

	return types[state];
}

static void on_status_of(struct gate_vision *vision, const struct camera_status *status)
{
	struct watched_camera *camera = &vision->cameras[status->index];
	bool was_lost = camera->seen && camera->state == CAMERA_LOST;

	camera->seen = true;
	camera->state = status->state;
	camera->reason = status->reason;
	if (status->state == CAMERA_LIVE)
		log_info("vision", "camera %s: live", camera->config->name);
	else if (status->state == CAMERA_ENDED)
		log_info("vision", "camera %s: %s", camera->config->name, status->reason.detail);
	else
		log_warning("vision", "camera %s: %s", camera->config->name, status->reason.detail);
	if (status->state != CAMERA_LIVE || was_lost) /* the first picture after a start restores nothing */
		journal_record(vision->gate->journal, type_of(status->state),
			       status->state == CAMERA_LOST ? EVENT_WARNING : EVENT_INFO, camera->source,
			       NULL, camera_json(camera));
	journal_publish(vision->gate->journal, "camera", camera->config->name, camera_json(camera));
}

static int on_camera_news(sd_event_source *source, int fd, uint32_t revents, void *arg)
{
	struct gate_vision *vision = arg;
	struct camera_status status;

	(void)source, (void)fd, (void)revents;
	while (queue_pop(vision->status, &status) == 0)
		on_status_of(vision, &status);
	return 0;
}

/* ---- begin ---- */

static int open_queues(struct gate_vision *vision)
{
	sd_event *event = vision->gate->event;
	int r = queue_open(sizeof(struct face_result), VISION_RESULTS_MAX, QUEUE_REFUSE_WHEN_FULL, NULL,
			   &vision->face_results);

	if (r == 0)
		r = queue_open(sizeof(struct litter_result), VISION_RESULTS_MAX, QUEUE_REFUSE_WHEN_FULL, NULL,
			       &vision->litter_results);
	if (r == 0)
		r = queue_open(sizeof(struct camera_status), VISION_NEWS_MAX, QUEUE_NEWEST_WINS, NULL,
			       &vision->status);
	if (r == 0)
		r = sd_event_add_io(event, &vision->face_source, queue_fd(vision->face_results), EPOLLIN,
				    gate_faces_on_results, vision);
	if (r >= 0)
		r = sd_event_add_io(event, &vision->litter_source, queue_fd(vision->litter_results), EPOLLIN,
				    gate_throws_on_results, vision);
	if (r >= 0)
		r = sd_event_add_io(event, &vision->status_source, queue_fd(vision->status), EPOLLIN,
				    on_camera_news, vision);
	return r;
}

int gate_vision_open(struct gate *gate)
{
	struct gate_vision *vision = calloc(1, sizeof(*vision));
	int r;

	if (vision == NULL)
		return -ENOMEM;
	vision->gate = gate;
	gate->vision = vision;
	for (size_t i = 0; i < gate->config->camera_count; i++) {
		struct watched_camera *camera = &vision->cameras[vision->camera_count++];

		camera->vision = vision;
		camera->config = &gate->config->cameras[i];
		camera->index = (unsigned)i;
		pthread_mutex_init(&camera->litter_lock, NULL);
		pthread_mutex_init(&camera->sight_lock, NULL);
		snprintf(camera->source, sizeof(camera->source), "camera/%s", camera->config->name);
		if (camera->config->role != CONFIG_CAMERA_FACE)
			continue;
		camera->door = gate_door_find(gate, camera->config->door);
		camera->face_index = (unsigned)vision->face_cameras++;
	}
	r = open_queues(vision);
	if (r >= 0)
		r = gate_faces_open(vision);
	return r;
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
		log_error("vision", "camera %s: %s; trying without a password", camera->config->name, error);
	source.loop = camera->config->loop;
	source.realtime = camera->config->realtime;
	if (camera->door != NULL)
		source.ring_seconds = 0; /* a door keeps no film of those who pass */
	r = camera_open(&source, &ops, camera, &camera->camera);
	if (r == 0 && camera->door == NULL)
		r = gate_throws_watch(camera);
	if (r < 0)
		log_error("vision", "camera %s cannot be used: %s", camera->config->name, strerror(-r));
}

void gate_vision_start(struct gate *gate)
{
	struct gate_vision *vision = gate->vision;

	if (vision == NULL || vision->started)
		return;
	vision->started = true;
	if (mkdir(gate->config->evidence.dir, 0700) < 0 && errno != EEXIST)
		log_error("vision", "%s: %s; alerts come without evidence", gate->config->evidence.dir,
			  strerror(errno));
	people_start_enrolment(gate->people);
	if (gate_threshold_open(vision) < 0)
		log_error("vision", "the thresholds do not follow the site: no thread or timer");
	for (size_t i = 0; i < vision->camera_count; i++)
		start_camera(&vision->cameras[i]);
	if (gate_camera_health_start(vision) < 0)
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
	litter_watch_close(litter); /* before the camera: its last evidence comes from the camera's ring */
	camera_close(camera->camera);
	video_frame_unref(camera->newest);
	gate_camera_health_stop(camera);
	pthread_mutex_destroy(&camera->sight_lock);
	pthread_mutex_destroy(&camera->litter_lock);
}

void gate_vision_close(struct gate *gate)
{
	struct gate_vision *vision = gate->vision;

	if (vision == NULL)
		return;
	sd_event_source_disable_unref(vision->sight_timer);
	for (size_t i = 0; i < vision->camera_count; i++)
		stop_camera(&vision->cameras[i]);
	gate_threshold_close(vision);
	gate_faces_close(vision);
	if (vision->litter_results != NULL)
		(void)gate_throws_on_results(NULL, -1, 0,
					     vision); /* a throw seen at the last moment is still recorded */
	sd_event_source_disable_unref(vision->face_source);
	sd_event_source_disable_unref(vision->litter_source);
	sd_event_source_disable_unref(vision->status_source);
	queue_close(vision->face_results);
	queue_close(vision->litter_results);
	queue_close(vision->status);
	gate->vision = NULL;
	free(vision);
}
