#include "model_manifest.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config_schema.h"
#include "config_tree_private.h"

/* ---- the members ---- */

static const struct option_word detector_role[] = {{"detector", MODEL_DETECTOR}, {0}};
static const struct option_word recogniser_role[] = {{"recogniser", MODEL_RECOGNISER}, {0}};
static const struct option_word aligner_role[] = {{"aligner", MODEL_ALIGNER}, {0}};
static const struct option_word liveness_role[] = {{"liveness", MODEL_LIVENESS}, {0}};
static const struct option_word kinds[] = {{"yunet", MODEL_YUNET}, {"rfb", MODEL_RFB}, {0}};
static const struct option_word colours[] = {
	{"bgr", MODEL_BGR}, {"rgb", MODEL_RGB}, {"grey", MODEL_GREY}, {0}};

#define COMMON(role_words)                                                                         \
	{.key = "role",                                                                            \
	 .kind = OPTION_WORD,                                                                      \
	 AT(model_manifest, role),                                                                 \
	 .words = (role_words),                                                                    \
	 .help = "what the net does"},                                                             \
		{.key = "file",                                                                    \
		 .kind = OPTION_TEXT,                                                              \
		 AT(model_manifest, file),                                                         \
		 .help = "its ONNX file, beside the manifest"},                                    \
		{.key = "sha256",                                                                  \
		 .kind = OPTION_TEXT,                                                              \
		 AT(model_manifest, sha256),                                                       \
		 .help = "of that file"},                                                          \
		{.key = "licence",                                                                 \
		 .kind = OPTION_TEXT,                                                              \
		 AT(model_manifest, licence),                                                      \
		 .help = "under which the net is used"},                                           \
		{.key = "source",                                                                  \
		 .kind = OPTION_TEXT,                                                              \
		 AT(model_manifest, source),                                                       \
		 .help = "where the file comes from"},                                             \
	{                                                                                          \
		.key = "input", MEMBERS(input_members), AT(model_manifest, input),                 \
		.help = "how a picture is prepared"                                                \
	}

static const struct option input_members[] = {
	{.key = "width_px",
	 .kind = OPTION_UINT,
	 AT(model_input, width_px),
	 RANGE(32, 1280),
	 .help = "width of its picture"},
	{.key = "height_px",
	 .kind = OPTION_UINT,
	 AT(model_input, height_px),
	 RANGE(32, 1280),
	 .help = "height of its picture"},
	{.key = "colours",
	 .kind = OPTION_WORD,
	 AT(model_input, colours),
	 .words = colours,
	 .help = "their order"},
	{.key = "mean",
	 .kind = OPTION_REAL,
	 AT(model_input, mean),
	 RANGE(-1000, 1000),
	 .help = "a value v of 0 to 255 goes in as (v - mean) * scale"},
	{.key = "scale",
	 .kind = OPTION_REAL,
	 AT(model_input, scale),
	 RANGE(0.00001, 1000),
	 .help = "see mean"},
	{0}};

static const struct option detector_scores[] = {{.key = "min",
						 .kind = OPTION_REAL,
						 AT(model_scores, min),
						 RANGE(0.01, 0.99),
						 .help = "from which score it is a face"},
						{.key = "overlap_max",
						 .kind = OPTION_REAL,
						 AT(model_scores, overlap_max),
						 RANGE(0.01, 0.99),
						 .help = "two boxes that share more are one face"},
						{0}};
static const struct option detector_members[] = {
	COMMON(detector_role),
	{.key = "kind",
	 .kind = OPTION_WORD,
	 AT(model_manifest, kind),
	 .words = kinds,
	 .help = "yunet: boxes with five points; rfb: boxes alone"},
	{.key = "scores",
	 MEMBERS(detector_scores),
	 AT(model_manifest, scores),
	 .help = "what its scores mean"},
	{0}};

static const struct option norm_members[] = {{.key = "typical",
					      .kind = OPTION_REAL,
					      AT(model_norm, typical),
					      RANGE(0.001, 1e6),
					      .help = "norm with a gain of 1"},
					     {.key = "low",
					      .kind = OPTION_REAL,
					      AT(model_norm, low),
					      RANGE(0.001, 1e6),
					      .help = "a lower norm has the gain of this one"},
					     {.key = "high",
					      .kind = OPTION_REAL,
					      AT(model_norm, high),
					      RANGE(0.001, 1e6),
					      .help = "a higher norm has the gain of this one"},
					     {.key = "no_face",
					      .kind = OPTION_REAL,
					      AT(model_norm, no_face),
					      RANGE(0.001, 1e6),
					      .help = "below this norm the picture shows no face"},
					     {.key = "exponent",
					      .kind = OPTION_REAL,
					      AT(model_norm, exponent),
					      RANGE(0.01, 1),
					      .help = "exponent of the gain"},
					     {0}};
static const struct option score_item = {.kind = OPTION_REAL, .bytes = sizeof(double), RANGE(0, 1)};
static const struct option recogniser_scores[] = {
	{.key = "false_match",
	 LIST(&score_item, MODEL_SCORES, MODEL_SCORES),
	 AT(model_scores, false_match),
	 COUNT(model_scores, false_match_count),
	 .help = "the cosines at false-match rates of 1e-1 to 1e-6"},
	{.key = "min",
	 .kind = OPTION_REAL,
	 AT(model_scores, min),
	 RANGE(0, 0.74),
	 FALLBACK("0"),
	 .help = "the lowest threshold"},
	{.key = "norm",
	 MEMBERS(norm_members),
	 AT(model_scores, norm),
	 .presence = OPTION_ABSENT,
	 .help = "what the length of its answer says"},
	{0}};
static const struct option recogniser_members[] = {COMMON(recogniser_role),
						   {.key = "dimension",
						    .kind = OPTION_UINT,
						    AT(model_manifest, dimension),
						    RANGE(1, 512),
						    .help = "how many numbers its answer has"},
						   {.key = "scores",
						    MEMBERS(recogniser_scores),
						    AT(model_manifest, scores),
						    .help = "what its scores mean"},
						   {0}};

static const struct option aligner_members[] = {COMMON(aligner_role), {0}};

static const struct option liveness_scores[] = {{.key = "min",
						 .kind = OPTION_REAL,
						 AT(model_scores, min),
						 RANGE(0.01, 0.99),
						 .help = "from which score it is alive"},
						{0}};
static const struct option liveness_members[] = {COMMON(liveness_role),
						 {.key = "scores",
						  MEMBERS(liveness_scores),
						  AT(model_manifest, scores),
						  .help = "what its scores mean"},
						 {0}};

static const struct option schemas[] = {
	[MODEL_DETECTOR] = {MEMBERS(detector_members), .bytes = sizeof(struct model_manifest)},
	[MODEL_RECOGNISER] = {MEMBERS(recogniser_members), .bytes = sizeof(struct model_manifest)},
	[MODEL_ALIGNER] = {MEMBERS(aligner_members), .bytes = sizeof(struct model_manifest)},
	[MODEL_LIVENESS] = {MEMBERS(liveness_members), .bytes = sizeof(struct model_manifest)}};

/* ---- what one member cannot say alone ---- */

static bool is_plain_name(const char *name)
{
	return name[0] != '\0' && name[0] != '.' && strlen(name) < MODEL_FILE_BYTES &&
	       name[strspn(name,
			   "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")] ==
		       '\0';
}

bool model_name_is_valid(const char *name)
{
	return strchr(name, '/') != NULL || is_plain_name(name);
}

static void check_detector(struct config_tree *tree, const struct model_manifest *manifest)
{
	if (manifest->kind != MODEL_YUNET)
		return;
	if (manifest->input.width_px % MODEL_YUNET_STEP_PX != 0)
		config_mistake(tree, "input.width_px", "expected a multiple of %d",
			       MODEL_YUNET_STEP_PX);
	if (manifest->input.height_px % MODEL_YUNET_STEP_PX != 0)
		config_mistake(tree, "input.height_px", "expected a multiple of %d",
			       MODEL_YUNET_STEP_PX);
}

static void check_recogniser(struct config_tree *tree, const struct model_manifest *manifest)
{
	const struct model_scores *scores = &manifest->scores;
	const struct model_norm *norm = &scores->norm;

	if (manifest->input.width_px != manifest->input.height_px || manifest->input.width_px > 512)
		config_mistake(tree, "input.height_px", "expected a square of at most 512");
	for (size_t i = 0; i < scores->false_match_count; i++)
		if (!(scores->false_match[i] > (i == 0 ? 0 : scores->false_match[i - 1])) ||
		    scores->false_match[i] >= 1) {
			config_mistake(tree, "scores.false_match",
				       "expected scores that rise, below 1");
			break;
		}
	if (norm->typical > 0 && !(norm->no_face <= norm->low && norm->low < norm->high))
		config_mistake(tree, "scores.norm", "expected no_face, low and high to rise");
}

static void check(struct config_tree *tree, const struct model_manifest *manifest,
		  enum model_role role)
{
	bool grey = manifest->input.colours == MODEL_GREY;

	if (!is_plain_name(manifest->file))
		config_mistake(tree, "file", "expected the name of a file beside the manifest");
	if (!hex_is_valid(manifest->sha256, DIGEST_HEX_BYTES - 1))
		config_mistake(tree, "sha256", "expected 64 small hex digits");
	if (grey != (role == MODEL_ALIGNER))
		config_mistake(tree, "input.colours", "expected %s", grey ? "bgr or rgb" : "grey");
	if (role == MODEL_DETECTOR)
		check_detector(tree, manifest);
	else if (role == MODEL_RECOGNISER)
		check_recogniser(tree, manifest);
}

/* ---- the file ---- */

static int path_of(const char *models_dir, const char *name, char *path, size_t bytes)
{
	int length = strchr(name, '/') != NULL
			     ? snprintf(path, bytes, "%s", name)
			     : snprintf(path, bytes, "%s/%s.yaml", models_dir, name);

	return (size_t)length < bytes ? 0 : -ENAMETOOLONG;
}

/*
 * Of a net for something else only that is reported: that its other members are wrong follows from
 * it.
 */
static bool has_other_role(struct config_tree *tree, enum model_role role)
{
	yaml_node_t *root = yaml_document_get_root_node(&tree->document);
	yaml_node_t *node =
		root->type == YAML_MAPPING_NODE ? config_tree_member(tree, root, "role") : NULL;
	const char *wanted = schemas[role].members[0].words[0].text;

	if (node == NULL || node->type != YAML_SCALAR_NODE ||
	    strcmp((const char *)node->data.scalar.value, wanted) == 0)
		return false;
	config_mistake(tree, "role", "\"%.40s\": expected %s",
		       (const char *)node->data.scalar.value, wanted);
	return true;
}

static int fill(const char *text, size_t bytes, const char *path, enum model_role role,
		struct model_manifest *manifest, char *error, size_t error_bytes)
{
	struct config_tree tree = {.file_name = path,
				   .error = error,
				   .error_bytes = error_bytes,
				   .needs = "role, file, sha256, input, licence and source",
				   .page = "docs/reference/models.md"};
	int r = bytes > CONFIG_BYTES_MAX ? -EFBIG : config_tree_parse(&tree, text, bytes);

	if (r == -EFBIG)
		config_mistake_at_line(&tree, 1, "larger than %d KiB", CONFIG_BYTES_MAX / 1024);
	if (r < 0)
		return r;
	if (!has_other_role(&tree, role))
		config_tree_fill(&tree, &schemas[role], manifest);
	if (tree.mistakes == 0)
		check(&tree, manifest, role);
	yaml_document_delete(&tree.document);
	return tree.mistakes == 0 ? 0 : -EINVAL;
}

int model_manifest_load(const char *models_dir, const char *name, enum model_role role,
			struct model_manifest *ret_manifest, char *error, size_t error_bytes)
{
	struct model_manifest manifest = {0};
	char path[CONFIG_PATH_BYTES], *text = NULL;
	size_t bytes = 0;
	int r = path_of(models_dir, name, path, sizeof(path));

	if (error_bytes > 0)
		error[0] = '\0';
	if (r == 0)
		r = config_read_file(path, &text, &bytes);
	if (r < 0) {
		snprintf(error, error_bytes, "%s: cannot be read: %s",
			 r == -ENAMETOOLONG ? name : path, strerror(-r));
		return r;
	}
	r = fill(text, bytes, path, role, &manifest, error, error_bytes);
	free(text);
	if (r < 0)
		return r;
	*strrchr(path, '/') = '\0'; /* both forms have one */
	snprintf(manifest.folder, sizeof(manifest.folder), "%s", path[0] != '\0' ? path : "/");
	*ret_manifest = manifest;
	return 0;
}
