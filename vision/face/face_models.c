#include "face.h"

#include "vision/camera/digest.h"
#include "face_boxes.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* generated from models/fr_*.yaml by the build */
static const struct face_model built_in[FACE_MODELS] = {
#include "face_model_table.inc"
};

struct other {
	struct face_model model; /* file NULL: the built-in model is used */
	char file[FACE_MODEL_FILE_BYTES], sha256[DIGEST_HEX_BYTES];
	char folder[FACE_MODEL_FOLDER_BYTES];
};

static struct other recogniser, detector;
/* hash of the configured recogniser's file and of its input parameters */
static char identity[DIGEST_HEX_BYTES];

static bool is_fit(const struct face_model *model)
{
	return model->file != NULL && model->file[0] != '\0' && model->file[0] != '.' &&
	       strchr(model->file, '/') == NULL && strlen(model->file) < FACE_MODEL_FILE_BYTES &&
	       model->sha256 != NULL && hex_is_valid(model->sha256, DIGEST_HEX_BYTES - 1) &&
	       (model->folder == NULL || strlen(model->folder) < FACE_MODEL_FOLDER_BYTES) &&
	       isfinite(model->mean) && isfinite(model->scale) && model->scale > 0;
}

static bool is_recogniser(const struct face_model *model)
{
	return is_fit(model) && model->width_px >= 32 && model->width_px <= 512 &&
	       model->height_px == model->width_px && model->dimension >= 1 &&
	       model->dimension <= FACE_DIM;
}

static bool is_detector(const struct face_model *model)
{
	return is_fit(model) && model->width_px >= 32 && model->width_px <= 1280 &&
	       model->height_px >= 32 && model->height_px <= 1280 && model->score_min > 0 &&
	       model->score_min < 1 && model->overlap_max > 0 && model->overlap_max < 1 &&
	       (model->kind != FACE_DETECTOR_YUNET || (model->width_px % FACE_YUNET_STEP_PX == 0 &&
						       model->height_px % FACE_YUNET_STEP_PX == 0));
}

static void use(struct other *other, const struct face_model *model)
{
	snprintf(other->file, sizeof(other->file), "%s", model->file);
	snprintf(other->sha256, sizeof(other->sha256), "%s", model->sha256);
	other->model = *model;
	other->model.file = other->file;
	other->model.sha256 = other->sha256;
	if (model->folder != NULL) {
		snprintf(other->folder, sizeof(other->folder), "%s", model->folder);
		other->model.folder = other->folder;
	}
}

/* Whether templates of both models can be compared. */
static bool makes_the_same(const struct face_model *a, const struct face_model *b)
{
	return strcmp(a->sha256, b->sha256) == 0 && a->width_px == b->width_px &&
	       a->height_px == b->height_px && a->swap_rgb == b->swap_rgb && !(a->mean < b->mean) &&
	       !(a->mean > b->mean) && !(a->scale < b->scale) && !(a->scale > b->scale) &&
	       a->dimension == b->dimension;
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
	if (makes_the_same(model, &built_in[FACE_MODEL_FEATURE])) {
		snprintf(identity, sizeof(identity), "%s", model->sha256);
		use(&recogniser, model);
		return 0;
	}
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
	assert(role < FACE_MODELS);
	if (role == FACE_MODEL_FEATURE && recogniser.model.file != NULL)
		return &recogniser.model;
	return role == FACE_MODEL_DETECT && detector.model.file != NULL ? &detector.model
									: &built_in[role];
}

const char *face_engine_recogniser(void)
{
	return recogniser.model.file != NULL ? identity : built_in[FACE_MODEL_FEATURE].sha256;
}
