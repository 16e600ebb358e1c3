/*
 * cameras_private.h - what the files of this part share. Control thread, except where noted.
 *
 * Frames go from camera threads to the face worker or a litter worker. Results come back by value
 * through queues that the control loop polls.
 */
#ifndef GH_GATE_CAMERAS_CAMERAS_PRIVATE_H
#define GH_GATE_CAMERAS_CAMERAS_PRIVATE_H

#include "cameras.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/queue.h"
#include "base/thread_role.h"
#include "vision/camera/camera.h"
#include "vision/face/face_prompt.h"
#include "vision/face/face_watch.h"
#include "vision/litter/litter_watch.h"
#include "vision/camera/camera_health.h"

enum { RESULTS_MAX = 32, STATUSES_MAX = 64, CAMERA_DAY_BYTES = 11 };

struct watched_camera {
	struct cameras *cameras;
	const struct config_camera *config;
	struct camera *camera;
	/* guards `newest`, `watched_until_ms` and `litter`: camera's and control thread */
	pthread_mutex_t litter_lock;
	struct video_frame *newest;  /* NULL while nobody watches */
	uint64_t watched_until_ms;   /* CLOCK_MONOTONIC */
	struct litter_watch *litter; /* NULL: a face camera, or the worker is not running */
	int door; /* of a face camera: its index in the config; -1: a facade camera */
	unsigned index, face_index;
	enum camera_state state;
	bool has_state;                          /* `state` was reported once */
	enum face_prompt prompt, decided_prompt; /* of the picture, and of the last decision */
	uint64_t decided_until_ms;
	bool covered;          /* the last presented face had mouth and chin covered */
	uint64_t requested_ms; /* when prompt_requested() was called last */
	char source[EVENT_SOURCE_BYTES];
	struct problem reason;       /* PROBLEM_NONE while it is live */
	pthread_mutex_t health_lock; /* guards `health` between the same two threads */
	struct camera_health *health;
	enum camera_health_cause blind; /* as last reported */
	uint64_t blind_since_ms;        /* CLOCK_MONOTONIC */
	char day[CAMERA_DAY_BYTES];     /* of day_ms: local date, "2026-11-21" */
	uint64_t day_ms[CAMERA_HEALTH_CAUSES];
};

struct camera_status {
	unsigned index;
	enum camera_state state;
	struct problem reason;
};

enum face_state { FACE_OFF, FACE_LOADING, FACE_READY, FACE_FAILED };

struct cameras {
	struct cameras_deps deps;
	const struct cameras_ops *ops;
	void *arg;
	struct watched_camera list[CONFIG_CAMERAS_MAX];
	size_t count, face_cameras;
	struct face_watch *faces;
	enum face_state face_state;
	struct problem face_trouble;
	struct queue *face_results, *litter_results, *status;
	sd_event_source *face_source, *litter_source, *status_source, *health_timer;
	struct calibration *calibration;             /* NULL: not started */
	json_t *blind_records, *calibration_records; /* loaded records by camera; NULL: none */
	bool started;
};

/* faces.c */
int faces_open(struct cameras *cameras);
int faces_on_results(sd_event_source *source, int fd, uint32_t revents, void *cameras);
void faces_close(struct cameras *cameras);

/** The prompt shown to the person before the camera. Static. */
const char *faces_prompt(const struct watched_camera *camera);

/* litter.c */
void litter_mask(const struct config_camera *camera, struct mask *ret_mask);
int litter_on_results(sd_event_source *source, int fd, uint32_t revents, void *cameras);
int litter_start(struct watched_camera *camera);

/* health.c: the first two run on the camera's thread */
void health_frame(struct watched_camera *camera, const struct video_frame *frame);
void health_ended(struct watched_camera *camera);
int health_start(struct cameras *cameras);
void health_stop(struct watched_camera *camera); /* once its camera is closed */
json_t *health_json(struct watched_camera *camera);

#endif
