/*
 * calibration.h - threshold calibration of the face cameras from the scores of passages, and its
 * report. Control thread, except where noted.
 */
#ifndef GH_GATE_CAMERAS_CALIBRATION_H
#define GH_GATE_CAMERAS_CALIBRATION_H

#include "cameras_private.h"

#include "base/worker.h"
#include "vision/face/match.h"
#include "vision/face/threshold_calibration.h"

/* the state of one face camera */
struct camera_calibration {
	struct threshold_calibration scores;
	float offset;          /* from the threshold of the model card, as of the last step */
	int64_t since_unix_ms; /* when counting of passages and strangers began */
	uint64_t passages, strangers;
	uint64_t saved_turn; /* scores.turn as of the last saved record */
};

struct calibration {
	struct camera_calibration sites[CONFIG_CAMERAS_MAX]; /* by face_index */
	struct worker *worker;
	sd_event_source *worker_source, *timer, *stills_timer;
	bool surveying; /* the daily survey is at the worker */
};

/* calibration.c */
/** Call it after the roster is loaded. @return 0 or a negative errno; without a face worker 0. */
int calibration_open(struct cameras *cameras);
/** Call it before the face worker and the store are closed. */
void calibration_close(struct cameras *cameras);
/** Add the scores of a passage at the camera. */
void calibration_add_passage(struct watched_camera *camera, const struct face_result *result);
/** The camera's offset in force, added to the threshold of the model card. */
float calibration_offset(const struct cameras *cameras, const struct watched_camera *camera);
/** Delete the scores of an erased person. */
void calibration_forget_person(struct cameras *cameras, const char *person);

/* stranger_stills.c: needs the worker */
int stranger_stills_open(struct cameras *cameras);

/* survey.c */
enum { SURVEY_CURVE = 9, SURVEY_PAIRS_MAX = 64 };

struct surveyed_camera {
	struct watched_camera *camera;
	float offset;
	uint64_t turn;
	struct calibration_judgement judgement;
	double curve[SURVEY_CURVE]; /* rates at measure_score(0..); below 0: unknown */
};

struct surveyed_pair {
	char people[2][GALLERY_PERSON_BYTES];
	float score;
};

/* one evaluation of all cameras' scores and of the gallery, on the worker's thread */
struct survey {
	struct worker_job job;
	struct cameras *cameras;
	struct gallery *gallery;
	struct reply reply; /* if `report` */
	bool report;        /* for cameras_report(), with the look-alikes of the gallery */
	double percent;     /* false accept rate, as configured */
	size_t enrolled, persons, surveyed;
	struct threshold_calibration *sites; /* copies */
	struct surveyed_camera surveyed_cameras[CONFIG_CAMERAS_MAX];
	size_t camera_count;
	struct surveyed_pair pairs[SURVEY_PAIRS_MAX]; /* most alike first */
	size_t pair_count;
};

/** @return the survey, to be posted to the worker; NULL: no memory. */
struct survey *survey_new(struct cameras *cameras, bool report);
/** The job, on the worker's thread. */
void survey_run(struct worker_job *job);
void survey_free(struct survey *survey);
/** The report as docs/reference/openapi.yaml describes it. */
json_t *survey_json(const struct survey *survey);

#endif
