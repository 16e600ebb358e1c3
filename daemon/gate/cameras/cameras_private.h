/*
 * cameras_private.h - what the files of the cameras' seam share. Control thread, but where it says otherwise.
 *
 * Frames go from camera threads to the face or litter worker, and what those saw comes back as results by
 * value, through queues that the control loop watches.
 */
#ifndef GH_GATE_CAMERAS_CAMERAS_PRIVATE_H
#define GH_GATE_CAMERAS_CAMERAS_PRIVATE_H

#include "gate/gate_internal.h"

#include <pthread.h>

#include "base/queue.h"
#include "vision/camera/camera.h"
#include "vision/face/face_prompt.h"
#include "vision/face/face_watch.h"
#include "vision/litter/litter_watch.h"
#include "vision/camera/camera_health.h"

enum { VISION_RESULTS_MAX = 32, VISION_NEWS_MAX = 64, CAMERA_DAY_BYTES = 11 };

struct watched_camera {
	struct gate_vision *vision;
	const struct config_camera *config;
	struct camera *camera;
	pthread_mutex_t litter_lock; /* the camera's thread must not meet a worker that is coming or going */
	struct video_frame *newest;  /* under the same lock; NULL while nobody watches */
	uint64_t watched_until_ms;   /* the same */
	struct litter_watch *litter; /* facade cameras */
	struct gate_door *door;      /* face cameras */
	unsigned index, face_index;
	enum camera_state state;
	bool seen; /* has had any status yet */
	struct {   /* who was let in here last by face alone; track 0: nobody */
		uint32_t track;
		char person[ULID_BYTES];
		bool granted;
	} passed;
	enum face_prompt prompt, decided_prompt; /* by the picture, and by the last decision */
	uint64_t decided_until_ms;
	bool covered;      /* whoever was decided on last had mouth and chin hidden */
	uint64_t asked_ms; /* the readers' light last asked for what the prompt wants */
	char source[GATE_SOURCE_BYTES];
	struct problem reason;      /* PROBLEM_NONE while it is live */
	pthread_mutex_t sight_lock; /* of sight alone, which the camera's thread feeds */
	struct camera_health *sight;
	enum camera_health_cause blind; /* as last told */
	uint64_t blind_since_ms;        /* CLOCK_MONOTONIC */
	char day[CAMERA_DAY_BYTES];     /* local, "2026-11-21"; what day_ms is of */
	uint64_t day_ms[CAMERA_HEALTH_CAUSES];
};

struct camera_status {
	unsigned index;
	enum camera_state state;
	struct problem reason;
};

enum face_state { FACE_OFF, FACE_LOADING, FACE_READY, FACE_FAILED };

struct gate_vision {
	struct gate *gate;
	struct watched_camera cameras[CONFIG_CAMERAS_MAX];
	size_t camera_count, face_cameras;
	struct face_watch *faces;
	enum face_state face_state;
	char face_trouble[FACE_ERROR_BYTES];
	struct queue *face_results, *litter_results, *status;
	sd_event_source *face_source, *litter_source, *status_source, *sight_timer;
	struct gate_thresholds *thresholds; /* NULL: not begun */
	bool started;
};

/* faces.c */
int gate_faces_open(struct gate_vision *vision);
int gate_faces_on_results(sd_event_source *source, int fd, uint32_t revents, void *vision);
void gate_faces_close(struct gate_vision *vision);

const char *gate_faces_prompt(const struct watched_camera *camera); /* what the person there is to be told */

/* The face worker, to enrol with. NULL, and *ret_why is -EAGAIN (models are loading) or -ENODEV (there is none). */
struct face_watch *cameras_faces(const struct gate_vision *vision, int *ret_why);
/* Whether faces are searched, or will be once the models are loaded. NULL is fine. */
bool cameras_search_faces(const struct gate_vision *vision);
/* Number of a face camera for the face worker. @return it, or -ENOENT. */
int cameras_face_index(const struct gate_vision *vision, const char *name);
void cameras_template_add(struct gate_vision *vision, const char *person, const float *vector);
void cameras_template_remove(struct gate_vision *vision, const char *person, const float *vector);
void cameras_person_forget(struct gate_vision *vision, const char *person); /* NULL is fine */

/* litter.c */
void gate_throws_mask(const struct config_camera *camera, struct mask *ret_mask);
int gate_throws_on_results(sd_event_source *source, int fd, uint32_t revents, void *vision);
int gate_throws_watch(struct watched_camera *camera);

/* health.c: the first two are for the camera's thread */
void gate_camera_health_frame(struct watched_camera *camera, const struct video_frame *frame);
void gate_camera_health_ended(struct watched_camera *camera);
int gate_camera_health_start(struct gate_vision *vision);
void gate_camera_health_stop(struct watched_camera *camera); /* once its camera is closed */
json_t *gate_camera_health_json(struct watched_camera *camera);

#endif
