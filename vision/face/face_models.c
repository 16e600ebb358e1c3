#include "face.h"

#include "vision/camera/digest.h"
#include "face_boxes.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/*
 * Each line was measured, not read from the package: the recogniser and the liveness net want BGR although
 * the package's own program feeds RGB. The same hashes stand in tools/models.lock.
 */
static const struct face_model built_in[FACE_MODELS] = {
	[FACE_MODEL_DETECT] = {"fr_detect.onnx",
			       "6c0256ccd3164f844736a401faf936ec2930764a87ae39442180887d0c5c8854", 320, 240,
			       1, 127, 1.0 / 128, 0, FACE_DETECTOR_RFB},
	[FACE_MODEL_LANDMARK] = {"fr_landmark.onnx",
				 "f10b0ba1d2a8a099adefede1ebf3733e44fe370715e7303dbeb7f59c02142258", 64, 64,
				 0, 0, 1.0 / 256, 0, 0},
	[FACE_MODEL_FEATURE] = {"fr_feature.onnx",
				"87aacdfe57510db2af90c0251df680e8eec88f122ee94712121d09bcaaaf3581", 112, 112,
				0, 127.5, 1.0 / 128, FACE_DIM, 0},
	[FACE_MODEL_LIVENESS] = {"fr_liveness.onnx",
				 "afa783b7e902fdfcf323a7240cac2a1c580c25314ea4161129dc1b0d100dc32d", 128, 128,
				 0, 0, 1, 0, 0},
};

struct other {
	struct face_model model; /* file NULL: the built-in one is in use */
	char file[FACE_MODEL_FILE_BYTES], sha256[FACE_MODEL_SHA256_BYTES];
};

static struct other recogniser, detector;
static char identity[FACE_MODEL_SHA256_BYTES]; /* of the other recogniser's file and of how it is fed */

static bool is_fit(const struct face_model *model)
{
	return model->file != NULL && model->file[0] != '\0' && model->file[0] != '.' &&
	       strchr(model->file, '/') == NULL && strlen(model->file) < FACE_MODEL_FILE_BYTES &&
	       model->sha256 != NULL && strlen(model->sha256) == FACE_MODEL_SHA256_BYTES - 1 &&
	       strspn(model->sha256, "0123456789abcdef") == FACE_MODEL_SHA256_BYTES - 1 &&
	       isfinite(model->mean) && isfinite(model->scale) && model->scale > 0;
}

static bool is_recogniser(const struct face_model *model)
{
	return is_fit(model) && model->width_px >= 32 && model->width_px <= 512 &&
	       model->height_px == model->width_px && model->dimension >= 1 && model->dimension <= FACE_DIM;
}

static bool is_detector(const struct face_model *model)
{
	return is_fit(model) && model->width_px >= 32 && model->width_px <= 1280 && model->height_px >= 32 &&
	       model->height_px <= 1280 &&
	       (model->kind != FACE_DETECTOR_YUNET ||
		(model->width_px % FACE_YUNET_STEP_PX == 0 && model->height_px % FACE_YUNET_STEP_PX == 0));
}

static void use(struct other *other, const struct face_model *model)
{
	snprintf(other->file, sizeof(other->file), "%s", model->file);
	snprintf(other->sha256, sizeof(other->sha256), "%s", model->sha256);
	other->model = *model;
	other->model.file = other->file;
	other->model.sha256 = other->sha256;
}

int face_models_use(const struct face_model *model)
{
	char text[256];
	int r;

	if (model == NULL) {
		recogniser.model.file = NULL;
		return 0;
	}
	if (!is_recogniser(model))
		return -EINVAL;
	snprintf(text, sizeof(text), "%s %dx%d %d %.9g %.9g %d", model->sha256, model->width_px,
		 model->height_px, model->swap_rgb, model->mean, model->scale, model->dimension);
	r = digest_sha256_bytes(text, strlen(text), identity);
	if (r == 0)
		use(&recogniser, model);
	return r;
}

int face_models_use_detector(const struct face_model *model)
{
	if (model == NULL)
		detector.model.file = NULL;
	else if (is_detector(model))
		use(&detector, model);
	else
		return -EINVAL;
	return 0;
}

const struct face_model *face_model_of(enum face_model_role role)
{
	if (role == FACE_MODEL_FEATURE && recogniser.model.file != NULL)
		return &recogniser.model;
	return role == FACE_MODEL_DETECT && detector.model.file != NULL ? &detector.model : &built_in[role];
}

const char *face_engine_recogniser(void)
{
	return recogniser.model.file != NULL ? identity : built_in[FACE_MODEL_FEATURE].sha256;
}
