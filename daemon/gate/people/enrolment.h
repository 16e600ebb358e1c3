/*
 * enrolment.h - what the files of enrolment share: templates on their way through the face worker, and who needs a new one.
 * Control thread only.
 *
 *   enrolment.c     begins and ends it, and hands each result of the face worker to the file that asked for it
 *   enrol.c    a photo, a person at the gate, or a template from elsewhere
 *   reenrol.c  kept pictures, after another recogniser was chosen
 *   templates.c     which templates the cameras use, and who has only those of another recogniser
 */
#ifndef GH_GATE_PEOPLE_ENROLMENT_H
#define GH_GATE_PEOPLE_ENROLMENT_H

#include "gate/gate_internal.h"
#include "vision/face/face_watch.h"

struct enrol;
struct gate_reenrol;

struct gate_enrolment {
	struct enrol *enrols[FACE_WATCH_ENROLS_MAX]; /* those the face worker has; NULL: free */
	uint64_t last_request;
	struct gate_reenrol *reenrols, *reenrol; /* kept pictures that wait, and the one the worker has */
	size_t reenrol_count, reenrolled, reenrol_failed;
	bool reenrols_more;
	json_t *outdated; /* ids of people whose templates are of another recogniser, each true; NULL: none */
	bool started;
};

/* templates.c */
/** Record who has only templates of another recogniser, if anybody. */
void gate_outdated_record(struct gate *gate);
/** @p person needs a new template, or no longer. */
void gate_outdated_set(struct gate *gate, const char *person, bool outdated);

/* enrol.c */
void gate_enrol_result(struct gate *gate, const struct face_result *result);
void gate_enrol_drop(struct gate *gate);
/** From this score on two people are much alike. */
float gate_enrol_alike_min(const struct gate *gate, struct face_watch *faces);

/* reenrol.c */
/** Begin with the next kept picture, if the face worker is free. */
void gate_reenrol_next(struct gate *gate);
/** @return whether the result was of a kept picture. */
bool gate_reenrol_result(struct gate *gate, const struct face_result *result);
void gate_reenrol_drop(struct gate *gate);

#endif
