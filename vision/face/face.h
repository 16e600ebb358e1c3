/*
 * face.h - face detection, landmarks, liveness and embeddings.
 *
 * Compiles as C and as C++; no OpenCV type and no exception gets past face_opencv.cpp and
 * face_nets.cpp. The models are files with a manifest each (models/ and docs/reference/models.md):
 * SHA-256, exact pre-processing, scores. The library starts with those of models/fr_*.yaml as they
 * were when it was built; a file that differs is refused. An engine belongs to one thread at a
 * time; engines share nothing.
 */
#ifndef GH_VISION_FACE_FACE_H
#define GH_VISION_FACE_FACE_H

#include <stddef.h>
#include <stdint.h>

#include "base/hex.h"
#include "base/problem.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
	FACE_DIM = 512, /* floats of an embedding */
	/* image-left eye, image-right eye, nose, image-left and -right mouth corner */
	FACE_POINTS = 5,
	FACE_LANDMARKS = 68, /* iBUG order */
	FACE_CROP_PX = 112,  /* side of the aligned picture */
	FACE_CROP_BYTES = 112 * 112 * 3,
	FACE_PHOTO_BYTES_MAX = 16 * 1024 * 1024,
	FACE_PHOTO_PIXELS_MAX = 40 * 1000 * 1000,
	FACE_PHOTO_SIDE_MAX_PX = 1600, /* a larger photo is reduced to this while it is decoded */
};

struct face_image {
	const uint8_t *pixels; /* BGR, 8 bits a channel, rows from the top; borrowed for the call */
	int width_px, height_px; /* 16 to 16384 */
	size_t stride_bytes;     /* from one row to the next, at least 3 * width_px */
};

struct face_rect {
	int x_px, y_px, width_px, height_px;
};

struct face_point {
	float x_px, y_px;
};

struct face {
	float x_px, y_px, width_px, height_px; /* as detected; may extend beyond the picture */
	float score;                           /* detector confidence, 0 to 1 */
	/* zero until face_find_points(), unless the detector returns them */
	struct face_point points[FACE_POINTS];
	struct face_point landmarks[FACE_LANDMARKS];
};

/* Output format of a detector net. */
enum face_detector_kind {
	FACE_DETECTOR_RFB, /* "scores" and "boxes", as RFB-320 and RFB-640 have them */
	/* YuNet of March 2022: returns five points, so that no landmark net runs (face_boxes.h) */
	FACE_DETECTOR_YUNET,
};

/* One net file and the pre-processing it needs. */
enum face_model_role {
	FACE_MODEL_DETECT,
	FACE_MODEL_LANDMARK,
	FACE_MODEL_FEATURE,
	FACE_MODEL_LIVENESS,
	FACE_MODELS
};
struct face_model {
	const char *file, *sha256;
	int width_px, height_px;
	int swap_rgb;       /* 1: the net wants RGB, 0: BGR or grey */
	double mean, scale; /* (value - mean) * scale */
	/* recogniser: its output, 1 to FACE_DIM, embeddings are zero-padded; other roles: 0 */
	int dimension;
	enum face_detector_kind kind; /* of the detector; else 0 */
	float overlap_max;            /* detector: IoU above which two boxes are one face, 0 to 1 */
	float score_min;              /* detector and liveness net: minimum score, 0 to 1 */
	const char *folder;           /* folder of the file; NULL: that of face_engine_open() */
};

/** The record of a role in use. Static storage. Any thread. */
const struct face_model *face_model_of(enum face_model_role role);

enum { FACE_MODEL_FILE_BYTES = 64, FACE_MODEL_FOLDER_BYTES = 256 };

/**
 * Select another recogniser for the whole process; NULL: the built-in one. Its input is the aligned
 * picture of FACE_CROP_PX (ArcFace's five points). Call before any engine is opened and any thread
 * started. Strings are copied.
 * @return 0 or -EINVAL: a name with a slash, no SHA-256 in small hex, a size outside 32 to 512, a
 *         dimension outside 1 to FACE_DIM, a folder that is too long, or numbers that are not
 *         finite; or -ENOMEM.
 */
int face_models_use(const struct face_model *recogniser);

/**
 * Select another detector, in the same way. RFB's input is scaled without keeping the aspect ratio,
 * YuNet's is letterboxed.
 * @return 0 or -EINVAL: a name, a folder, a SHA-256 or numbers as above, a score or an overlap
 *         outside 0 to 1, a side outside 32 to 1280, or for YuNet one that is no multiple of
 *         FACE_YUNET_STEP_PX.
 */
int face_models_use_detector(const struct face_model *detector);

struct face_engine;

/**
 * Check and load the four nets of @p models_dir.
 * @param threads  how many threads one call may use, 1 to 16 (a setting of OpenCV, for the whole
 *                 process).
 * @param problem  on failure: the file at fault, and the remedy.
 * @return 0, -ENOENT (a file is missing), -EBADMSG (it is not the pinned one), -EINVAL, -ENOMEM or
 *         -EIO.
 */
int face_engine_open(const char *models_dir, int threads, struct face_engine **ret_engine,
		     struct problem *problem);

/** NULL is fine. */
void face_engine_close(struct face_engine *engine);

/**
 * Whether OpenCV runs the net of a role, which takes several times as long as net.h. That is so
 * when net.h lacks an operator of the net, or when its result differed from OpenCV's at load time.
 */
int face_engine_is_slow(const struct face_engine *engine, enum face_model_role role);

/**
 * Identity of the recogniser, stored with each template: the SHA-256 of its file if file, input and
 * dimension are the built-in ones, otherwise the SHA-256 of file and record. Templates of different
 * identities are not comparable. Static storage.
 */
const char *face_engine_recogniser(void);

/**
 * Faces in @p region of the picture (NULL: all of it), largest first, at most @p faces_max. The
 * built-in detector scales the region to 320x240: a face must span about 1/8 of the region's height
 * to be found.
 * @return 0, -EINVAL, -ENOMEM or -EIO.
 */
int face_detect(struct face_engine *engine, const struct face_image *image,
		const struct face_rect *region, struct face *faces, size_t faces_max,
		size_t *ret_count);

/**
 * Fills points and landmarks of a face; points that the detector returned are kept. @return 0,
 * -EINVAL, -ENOMEM or -EIO.
 */
int face_find_points(struct face_engine *engine, const struct face_image *image, struct face *face);

/**
 * Liveness (presentation attack detection) of a face, 0 (a print) to 1.
 * @param view  frame number within a track: selects the margin around the face, which varies to
 *              make the mean more reliable.
 * @return 0, -EINVAL, -ENOMEM or -EIO.
 */
int face_liveness(struct face_engine *engine, const struct face_image *image,
		  const struct face *face, unsigned view, float *ret_live);

/**
 * The aligned BGR picture of a face whose points are known; FACE_CROP_BYTES, rows without gaps.
 * @return 0, -EINVAL (coincident points), -ENOMEM or -EIO.
 */
int face_align(const struct face_image *image, const struct face *face, uint8_t *ret_crop);

/** Reference positions of the five points in an aligned picture. */
void face_aligned_points(struct face_point *ret_points);

/**
 * Unit-length embedding of an aligned picture: that of the picture and of its mirror image summed
 * when
 * @p mirrored is not 0 (twice the time). Compare by dot product.
 * @param ret_norm  embedding norm before normalisation; it grows with the visible part of the face.
 *                 Comparable within one recogniser only; may be NULL.
 * @return 0, -EINVAL, -ENOMEM or -EIO (also for a result that is not finite).
 */
int face_embed(struct face_engine *engine, const uint8_t *crop, int mirrored, float *ret_embedding,
	       float *ret_norm);

/** A decoded photo. Release with face_photo_finish(). */
struct face_photo {
	struct face_image image;
	void *owner;
};

/**
 * Decode a JPEG or PNG held in memory. The size is checked in the header before decoding; EXIF
 * rotation is applied; other formats, and animations, are refused.
 * @param problem  set on failure, except for -EINVAL.
 * @return 0, -EFBIG (bytes or pixels), -EBADMSG (not a JPEG or PNG, or damaged), -ENOMEM or -EIO.
 */
int face_photo_decode(const void *bytes, size_t size, struct face_photo *ret_photo,
		      struct problem *problem);

/** Frees what the photo holds. A zeroed photo is fine. */
void face_photo_finish(struct face_photo *photo);

#ifdef __cplusplus
}
#endif
#endif
