/*
 * calibration.h - the face cameras' thresholds: what passages say of them, and the report. Control
 * thread only.
 */
#ifndef GH_GATE_CAMERAS_CALIBRATION_H
#define GH_GATE_CAMERAS_CALIBRATION_H

#include "cameras_private.h"

#include "base/worker.h"
#include "vision/face/match.h"
#include "vision/face/threshold_calibration.h"

/* of one face camera */
struct camera_calibration {
	struct threshold_calibration scores;
	float offset;          /* from the model card's score; as last moved */
	int64_t since_unix_ms; /* when counting began */
	uint64_t passages, strangers;
	uint64_t saved; /* scores, as of the last record: site.turn */
};

struct calibration {
	struct camera_calibration sites[CONFIG_CAMERAS_MAX]; /* by face_index */
	struct worker *worker;
	sd_event_source *worker_source, *timer, *stills_timer;
	bool measuring;
};

/* calibration.c: once the roster is known */
int calibration_open(struct cameras *cameras);
void calibration_close(struct cameras *cameras); /* before the face worker and the store */
/** A decision at a camera: what it says of its scores. */
void calibration_passage(struct watched_camera *camera, const struct face_result *result);
/** How much more than the card's score this camera asks for now. */
float calibration_offset(const struct cameras *cameras, const struct watched_camera *camera);
/** Somebody was erased. */
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

/* one look at all cameras' scores and at the gallery, done on the worker's thread */
struct survey {
	struct worker_job job;
	struct cameras *cameras;
	struct gallery *gallery;
	struct reply reply; /* of a report */
	bool report;        /* with the gallery's look-alikes */
	double percent;
	size_t enrolled, persons, surveyed;
	struct threshold_calibration *sites; /* copies */
	struct surveyed_camera surveyed_cameras[CONFIG_CAMERAS_MAX];
	size_t camera_count;
	struct surveyed_pair pairs[SURVEY_PAIRS_MAX]; /* most alike first */
	size_t pair_count;
};

/** @return the measure to be posted, or NULL: no memory. */
struct survey *survey_new(struct cameras *cameras, bool report);
/** On the worker's thread. */
void survey_run(struct worker_job *job);
void survey_free(struct survey *survey);
/** The report, docs/reference/openapi.yaml. */
json_t *survey_json(const struct survey *survey);

#endif
