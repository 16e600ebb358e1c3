/*
 * face_quality.h - is a picture of a face good enough to recognise, or to enrol? Pure; any thread.
 */
#ifndef GH_VISION_FACE_FACE_QUALITY_H
#define GH_VISION_FACE_FACE_QUALITY_H

#include "face.h"

#ifdef __cplusplus
extern "C" {
#endif

enum face_fault {
	FACE_FAULT_NONE,
	FACE_FAULT_UNSURE, /* low detector score, or points that form no face */
	FACE_FAULT_SMALL,
	FACE_FAULT_TURNED,
	FACE_FAULT_BLURRED,
	FACE_FAULT_DARK,
	FACE_FAULT_BRIGHT,
	FACE_FAULT_FLAT, /* no contrast: fog, or a lamp into the lens */
};

struct face_quality_limits {
	float score_min; /* of the detector */
	float height_min_px;
	float turn_max; /* nose off the middle of the eyes, in eye distances */
	float roll_max_degrees;
	float sharpness_min;      /* variance of the Laplacian of the aligned picture */
	float luma_min, luma_max; /* mean, 0 to 255 */
	float contrast_min;       /* standard deviation of luma */
};

/* Limits for a frame at the door, and stricter ones for enrolment. */
extern const struct face_quality_limits face_quality_frame, face_quality_enrol;

struct face_quality {
	float turn, roll_degrees, sharpness, luma, contrast;
	float value; /* 0 to 1: margin above the limits */
	enum face_fault fault;
};

/**
 * @param face  with its points found.
 * @param crop  the aligned picture, FACE_CROP_BYTES.
 */
void face_quality_judge(const struct face *face, const uint8_t *crop,
			const struct face_quality_limits *limits, struct face_quality *ret_quality);

/** The fault as a problem for the enrolling operator; PROBLEM_NONE for FACE_FAULT_NONE. */
void face_fault_explain(enum face_fault fault, struct problem *ret_problem);

#ifdef __cplusplus
}
#endif
#endif
