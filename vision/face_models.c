#include "face.h"

#include "digest.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/*
 * Each line was measured, not read from the package: the recogniser and the liveness net want BGR although
 * the package's own program feeds RGB. The same hashes stand in tools/models.lock.
 */
static const struct face_model built_in[FACE_MODELS] = {
	[FACE_MODEL_DETECT] = {"fr_detect.onnx",
			       "6c0256ccd3164f844736a401faf936ec2930764a87ae39442180887d0c5c8854", 320, 240,
			       1, 127, 1.0 / 128, 0},
	[FACE_MODEL_LANDMARK] = {"fr_landmark.onnx",
				 "f10b0ba1d2a8a099adefede1ebf3733e44fe370715e7303dbeb7f59c02142258", 64, 64,
				 0, 0, 1.0 / 256, 0},
	[FACE_MODEL_FEATURE] = {"fr_feature.onnx",
				"87aacdfe57510db2af90c0251df680e8eec88f122ee94712121d09bcaaaf3581", 112, 112,
				0, 127.5, 1.0 / 128, FACE_DIM},
	[FACE_MODEL_LIVENESS] = {"fr_liveness.onnx",
				 "afa783b7e902fdfcf323a7240cac2a1c580c25314ea4161129dc1b0d100dc32d", 128, 128,
				 0, 0, 1, 0},
};

static struct face_model other;
static char other_file[FACE_MODEL_FILE_BYTES], other_sha256[FACE_MODEL_SHA256_BYTES];
static char other_identity[FACE_MODEL_SHA256_BYTES]; /* of the file and of how it is fed */

static int is_fit(const struct face_model *model)
{
	return model->file != NULL && model->file[0] != '\0' && model->file[0] != '.' &&
	       strchr(model->file, '/') == NULL && strlen(model->file) < FACE_MODEL_FILE_BYTES &&
	       model->sha256 != NULL && strlen(model->sha256) == FACE_MODEL_SHA256_BYTES - 1 &&
	       strspn(model->sha256, "0123456789abcdef") == FACE_MODEL_SHA256_BYTES - 1 &&
	       model->width_px >= 32 && model->width_px <= 512 && model->height_px == model->width_px &&
	       model->dimension >= 1 && model->dimension <= FACE_DIM && isfinite(model->mean) &&
	       isfinite(model->scale) && model->scale > 0;
}

int face_models_use(const struct face_model *recogniser)
{
	char text[256];
	int r;

	if (recogniser == NULL) {
		other.file = NULL;
		return 0;
	}
	if (!is_fit(recogniser))
		return -EINVAL;
	snprintf(text, sizeof(text), "%s %dx%d %d %.9g %.9g %d", recogniser->sha256, recogniser->width_px,
		 recogniser->height_px, recogniser->swap_rgb, recogniser->mean, recogniser->scale,
		 recogniser->dimension);
	r = digest_sha256_bytes(text, strlen(text), other_identity);
	if (r < 0)
		return r;
	snprintf(other_file, sizeof(other_file), "%s", recogniser->file);
	snprintf(other_sha256, sizeof(other_sha256), "%s", recogniser->sha256);
	other = *recogniser;
	other.file = other_file;
	other.sha256 = other_sha256;
	return 0;
}

const struct face_model *face_model_of(enum face_model_role role)
{
	return role == FACE_MODEL_FEATURE && other.file != NULL ? &other : &built_in[role];
}

const char *face_engine_recogniser(void)
{
	return other.file != NULL ? other_identity : built_in[FACE_MODEL_FEATURE].sha256;
}
