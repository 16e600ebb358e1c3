/*
 * calibration.h - the face cameras' thresholds: what passages say of them, and the report. Control thread only.
 */
#ifndef GH_GATE_CAMERAS_CALIBRATION_H
#define GH_GATE_CAMERAS_CALIBRATION_H

#include "cameras_private.h"

#include "base/worker.h"
#include "vision/face/match.h"
#include "vision/face/threshold_calibration.h"

/* of one face camera */
struct gate_site {
	struct threshold_calibration scores;
	float offset;          /* from the model card's score; as last moved */
	int64_t since_unix_ms; /* when counting began */
	uint64_t passages, strangers;
	uint64_t saved; /* scores, as of the last record: site.turn */
};

struct gate_thresholds {
	struct gate_site sites[CONFIG_CAMERAS_MAX]; /* by face_index */
	struct worker *worker;
	sd_event_source *worker_source, *timer, *stills_timer;
	bool measuring;
};

/* calibration.c: once the roster is known */
int gate_threshold_open(struct gate_vision *vision);
void gate_threshold_close(struct gate_vision *vision); /* before the face worker and the store */
/** A decision at a camera: what it says of its scores. */
void gate_threshold_passage(struct watched_camera *camera, const struct face_result *result);
/** How much more than the card's score this camera asks for now. */
float gate_threshold_offset(const struct gate_vision *vision, const struct watched_camera *camera);
/** Somebody was erased. */
void gate_threshold_forget(struct gate *gate, const char *person);

/* stranger_stills.c: needs the worker */
int gate_stills_open(struct gate_vision *vision);

/* survey.c */
enum { MEASURE_CURVE = 9, MEASURE_PAIRS_MAX = 64 };

struct measured_camera {
	struct watched_camera *camera;
	float offset;
	uint64_t turn;
	struct calibration_judgement judgement;
	double curve[MEASURE_CURVE]; /* rates at measure_score(0..); below 0: unknown */
};

struct measured_pair {
	char people[2][GALLERY_PERSON_BYTES];
	float score;
};

/* one look at all cameras' scores and at the gallery, done on the worker's thread */
struct measure {
	struct worker_job job;
	struct gate_vision *vision;
	struct gallery *gallery;
	struct api_token token; /* of a report */
	bool report;            /* with the gallery's look-alikes */
	double percent;
	size_t enrolled, persons, surveyed;
	struct threshold_calibration *sites; /* copies */
	struct measured_camera cameras[CONFIG_CAMERAS_MAX];
	size_t camera_count;
	struct measured_pair pairs[MEASURE_PAIRS_MAX]; /* most alike first */
	size_t pair_count;
};

/** @return the measure to be posted, or NULL: no memory. */
struct measure *gate_measure_new(struct gate_vision *vision, bool report);
/** On the worker's thread. */
void gate_measure_run(struct worker_job *job);
void gate_measure_free(struct measure *measure);
/** The report, docs/reference/openapi.yaml. */
json_t *gate_measure_json(const struct measure *measure);

#endif
