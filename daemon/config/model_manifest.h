/*
 * model_manifest.h - what a net is, how a picture is prepared for it and what its scores mean: one
 * YAML file a net.
 *
 * docs/reference/models.md lists the members. The file is read like the config: a mistake names
 * file, line and member. The net itself is not read here; its SHA-256 is compared when it is loaded
 * (vision/face/face.h). Any thread; reads one file.
 */
#ifndef GH_CONFIG_MODEL_MANIFEST_H
#define GH_CONFIG_MODEL_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/hex.h"
#include "config.h"

enum {
	MODEL_FILE_BYTES = 64,
	MODEL_TEXT_BYTES = 256,
	MODEL_SCORES = 6, /* at false-match rates of 1e-1 to 1e-6 */
	MODEL_YUNET_STEP_PX = 32
};

enum model_role { MODEL_DETECTOR, MODEL_RECOGNISER, MODEL_ALIGNER, MODEL_LIVENESS };
enum model_colours { MODEL_BGR, MODEL_RGB, MODEL_GREY };
enum model_detector_kind { MODEL_YUNET, MODEL_RFB };

struct model_input {
	unsigned width_px, height_px;
	enum model_colours colours;
	double mean, scale; /* a value v of 0 to 255 goes in as (v - mean) * scale */
};

struct model_norm {
	double typical, low, high, no_face, exponent; /* typical 0: not known */
};

struct model_scores {
	double false_match[MODEL_SCORES]; /* of a recogniser: cosines, rising */
	size_t false_match_count; /* MODEL_SCORES for a recogniser: the loader's, not yours */
	double min;               /* of a recogniser 0: its score at 1e-3 */
	double overlap_max;       /* of a detector */
	struct model_norm norm;   /* of a recogniser */
};

struct model_manifest {
	enum model_role role;
	char file[MODEL_FILE_BYTES];    /* beside the manifest */
	char sha256[DIGEST_HEX_BYTES];  /* 64 small hex digits */
	char folder[CONFIG_PATH_BYTES]; /* of the manifest */
	char licence[MODEL_TEXT_BYTES], source[MODEL_TEXT_BYTES];
	enum model_detector_kind kind; /* of a detector */
	unsigned dimension;            /* of a recogniser: how many numbers its answer has */
	struct model_input input;
	struct model_scores scores;
};

/**
 * Whether @p name is one: a path with a slash, or up to 63 characters of a-z, A-Z, 0-9, -, _ and .,
 * no . in front.
 */
bool model_name_is_valid(const char *name);

/**
 * Read and check the manifest @p name: a path if it has a slash, otherwise @p models_dir/NAME.yaml.
 * @param role   which it must be.
 * @param error  @p error_bytes (CONFIG_ERROR_BYTES is enough); as of config_load().
 * @return 0, -EINVAL (a mistake in it), -ENAMETOOLONG, or as config_load().
 */
int model_manifest_load(const char *models_dir, const char *name, enum model_role role,
			struct model_manifest *ret_manifest, char *error, size_t error_bytes);

#endif
