/*
 * cameras.h - the gate's cameras: face cameras at doors, facade cameras, camera health, and the
 * calibration of the face cameras' thresholds.
 *
 * Frames go from camera threads to the face worker or to a litter worker. The workers post results
 * by value; this part dispatches them to its ops. Control thread only.
 */
#ifndef GH_GATE_CAMERAS_CAMERAS_H
#define GH_GATE_CAMERAS_CAMERAS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "access/access_directory.h"
#include "access/access_feedback.h"
#include "base/reply.h"
#include "config/config.h"
#include "gate/journal.h"
#include "vision/camera/camera.h"
#include "vision/camera/mask.h"
#include "vision/face/face_watch.h"
#include "vision/litter/litter_watch.h"

struct cameras;

/* borrowed; each outlives the cameras part */
struct cameras_deps {
	const struct config *config;
	sd_event *event;
	struct journal *journal;
	const struct access_directory *directory; /* names for the report of look-alikes */
};

/* a face presented at a door; borrowed for the call, except `data` */
struct cameras_passage {
	unsigned door;
	const char *person; /* "": not recognised */
	bool presentation_attack, ambiguous_match;
	uint64_t first_mono_us; /* when the first good frame arrived */
	json_t *data;           /* scores for the event; ownership passes to the callee */
};

/* the other parts as the cameras part uses them; none may be NULL */
struct cameras_ops {
	void (*face_presented)(void *arg, const struct cameras_passage *passage);
	/** A thrown object was detected; @p source is "camera/NAME". */
	void (*thrown)(void *arg, const char *camera, const char *source,
		       const struct litter_result *result);
	/** FACE_RESULT_ENROLLED or FACE_RESULT_ENROL_FAILED. */
	void (*enrolled)(void *arg, const struct face_result *result);
	void (*faces_ready)(void *arg);
	/**
	 * A prompt requests something of the person before the door: its readers may signal that.
	 */
	void (*prompt_requested)(void *arg, unsigned door);
	/** The ids of people who have only templates of another recogniser. A new reference. */
	json_t *(*outdated)(void *arg);
};

/**
 * Read the manifests of the configured nets and use them. Call it before the store is opened and
 * before any thread is started.
 * @return the recogniser's identity; NULL: a manifest is missing or invalid, and @p problem says
 *         which.
 */
const char *cameras_use_models(const struct config *config, struct problem *problem);

/**
 * Open the part without starting the cameras.
 * @return 0 or a negative errno. A failure other than -ENOMEM sets @p ret_cameras all the same:
 *         without face models the facade cameras still work.
 */
int cameras_open(const struct cameras_deps *deps, const struct cameras_ops *ops, void *arg,
		 struct cameras **ret_cameras);
/**
 * Start the cameras. Call it after the roster is loaded, or residents would be strangers. A second
 * call has no effect.
 */
void cameras_start(struct cameras *cameras);
/** Call it before the store is closed: the last results are still recorded. NULL is allowed. */
void cameras_close(struct cameras *cameras);

/**
 * Load a record of the store, before cameras_start(): kind "blind" or "facesite", id the camera's
 * name.
 */
void cameras_load_record(struct cameras *cameras, const char *kind, const char *id, json_t *json);

/**
 * [{"name","role","state","reason"}]; with @p health also the blind time of the day and the prompt.
 * A new reference.
 */
json_t *cameras_json(struct cameras *cameras, bool health);
/**
 * @param ret_live  the live stream, borrowed; NULL: the camera could not be opened.
 * @param ret_mask  the privacy mask.
 * @return 0 or -ENOENT.
 */
int cameras_find(struct cameras *cameras, const char *name, struct fmp4_mux **ret_live,
		 struct mask *ret_mask);
/**
 * The newest picture of a camera, which is stored for 3 s after each call. @return a reference;
 * NULL: there is none yet, or no such camera.
 */
struct video_frame *cameras_newest_frame(struct cameras *cameras, const char *name);

/** Show the outcome of a decision as the prompt of the door's cameras, for some seconds. */
void cameras_decided(struct cameras *cameras, unsigned door, enum access_feedback feedback);
/**
 * The error rates measured at each face camera, and the gallery's look-alikes. Answers -EAGAIN
 * while there is no face worker.
 */
void cameras_report(struct cameras *cameras, const struct reply *reply);

/* ---- for enrolment ---- */

/**
 * @return the face worker, borrowed; NULL with @p ret_why -EAGAIN (models are loading) or -ENODEV
 *         (there is none).
 */
struct face_watch *cameras_faces(const struct cameras *cameras, int *ret_why);
/** Whether the gate recognises faces, now or once the models are loaded. NULL is allowed. */
bool cameras_search_faces(const struct cameras *cameras);
/** @return the face camera's index at the face worker, or -ENOENT. */
int cameras_face_index(const struct cameras *cameras, const char *name);
/**
 * A template of the current recogniser, ROSTER_TEMPLATE_DIM numbers. Here and below @p cameras may
 * be NULL.
 */
void cameras_template_add(struct cameras *cameras, const char *person, const float *vector);
void cameras_template_remove(struct cameras *cameras, const char *person, const float *vector);
void cameras_person_forget(struct cameras *cameras, const char *person);

#endif
