#include "face.h"

/*
 * Each line was measured, not read from the package: the recogniser and the liveness net want BGR although
 * the package's own program feeds RGB. The same hashes stand in tools/models.lock.
 */
const struct face_model face_models[FACE_MODELS] = {
	[FACE_MODEL_DETECT] = {"fr_detect.onnx",
			       "6c0256ccd3164f844736a401faf936ec2930764a87ae39442180887d0c5c8854", 320, 240,
			       1, 127, 1.0 / 128},
	[FACE_MODEL_LANDMARK] = {"fr_landmark.onnx",
				 "f10b0ba1d2a8a099adefede1ebf3733e44fe370715e7303dbeb7f59c02142258", 64, 64,
				 0, 0, 1.0 / 256},
	[FACE_MODEL_FEATURE] = {"fr_feature.onnx",
				"87aacdfe57510db2af90c0251df680e8eec88f122ee94712121d09bcaaaf3581", 112, 112,
				0, 127.5, 1.0 / 128},
	[FACE_MODEL_LIVENESS] = {"fr_liveness.onnx",
				 "afa783b7e902fdfcf323a7240cac2a1c580c25314ea4161129dc1b0d100dc32d", 128, 128,
				 0, 0, 1},
};

const char *face_engine_recogniser(void)
{
	return face_models[FACE_MODEL_FEATURE].sha256;
}
