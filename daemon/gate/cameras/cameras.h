/*
 * cameras.h - the cameras: faces at doors, facades, whether their pictures are usable, and the face
 * cameras' thresholds.
 *
 * Frames go from camera threads to the face worker or a litter worker; what those saw comes back as
 * results by value and goes up to the observer. Control thread only.
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

/* borrowed; each outlives the cameras */
struct cameras_deps {
	const struct config *config;
	sd_event *event;
	struct journal *journal;
	const struct access_directory *directory; /* names, for the report of look-alikes */
};

/* a face that was decided about, before a door; borrowed for the call but for `data` */
struct cameras_passage {
	unsigned door;
	const char *person; /* "": not recognised */
	bool presentation_attack, ambiguous_match;
	uint64_t first_mono_us; /* when the first good frame arrived */
	json_t *data;           /* scores, for the log; the reference is given away */
};

/* where results go; none may be NULL */
struct cameras_ops {
	void (*face_presented)(void *arg, const struct cameras_passage *passage);
	/** A thrown object; @p source is "camera/NAME". */
	void (*thrown)(void *arg, const char *camera, const char *source,
		       const struct litter_result *result);
	/** FACE_RESULT_ENROLLED or FACE_RESULT_ENROL_FAILED. */
	void (*enrolled)(void *arg, const struct face_result *result);
	void (*faces_ready)(void *arg);
	/**
	 * The prompt asks the person before a door for something: its readers' light may draw
	 * attention to it.
	 */
	void (*prompt_asks)(void *arg, unsigned door);
	/** The ids of those who have only templates of another recogniser. A new reference. */
	json_t *(*outdated)(void *arg);
};

/**
 * Read the manifests of the config's nets and use them, before the store is opened and any thread
 * is started.
 * @return the recogniser's identity; NULL: a manifest is missing or wrong, and @p problem says
 *         which.
 */
const char *cameras_use_models(const struct config *config, struct problem *problem);

/**
 * @return 0 or a negative errno; @p ret_cameras is set all the same unless it is -ENOMEM: what
 *         works of it works.
 */
int cameras_open(const struct cameras_deps *deps, const struct cameras_ops *ops, void *arg,
		 struct cameras **ret_cameras);
/** Start the cameras; once the roster is known, so that no resident is a stranger. */
void cameras_start(struct cameras *cameras);
/** Before the store is closed: what was seen at the last moment is still recorded. NULL is fine. */
void cameras_close(struct cameras *cameras);

/**
 * A record of the store, before cameras_start(): kinds "blind" and "facesite", by the camera's
 * name.
 */
void cameras_load_record(struct cameras *cameras, const char *kind, const char *id, json_t *json);

/**
 * [{"name","role","state","reason"}]; with @p health each with its blind time of the day and its
 * prompt. A new reference.
 */
json_t *cameras_json(struct cameras *cameras, bool health);
/** The stream of a camera and what of its picture nobody may see. @return 0 or -ENOENT. */
int cameras_find(struct cameras *cameras, const char *name, struct fmp4_mux **ret_live,
		 struct mask *ret_mask);
/**
 * A reference to its newest picture; NULL: none yet, or no such camera. Asking again keeps them
 * coming.
 */
struct video_frame *cameras_newest_frame(struct cameras *cameras, const char *name);

/** What a face led to: the prompts of the door's cameras follow. */
void cameras_decided(struct cameras *cameras, unsigned door, enum access_feedback feedback);
/**
 * The error rates measured at each face camera, and the gallery's look-alikes; -EAGAIN while models
 * load.
 */
void cameras_report(struct cameras *cameras, const struct reply *reply);

/* ---- for enrolment ---- */

/**
 * The face worker. NULL, and @p ret_why is -EAGAIN (models are loading) or -ENODEV (there is none).
 */
struct face_watch *cameras_faces(const struct cameras *cameras, int *ret_why);
/** Whether faces are searched, or will be once the models are loaded. NULL is fine. */
bool cameras_search_faces(const struct cameras *cameras);
/** Number of a face camera for the face worker. @return it, or -ENOENT. */
int cameras_face_index(const struct cameras *cameras, const char *name);
/** ROSTER_TEMPLATE_DIM numbers of the recogniser in use. NULL cameras are fine, here and below. */
void cameras_template_add(struct cameras *cameras, const char *person, const float *vector);
void cameras_template_remove(struct cameras *cameras, const char *person, const float *vector);
void cameras_person_forget(struct cameras *cameras, const char *person);

#endif
