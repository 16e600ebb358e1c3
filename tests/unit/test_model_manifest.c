#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "unit.h"
#include "config/model_manifest.h"
#include "vision/face/face.h"
#include "vision/face/threshold.h"

#define SHA "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define HEAD "file: a.onnx\nsha256: " SHA "\nlicence: MIT\nsource: a page\n"
#define INPUT "input: {width_px: 128, height_px: 128, colours: rgb, mean: 0, scale: 1}\n"
#define RECOGNISER                                                                                 \
	"role: recogniser\n" HEAD INPUT "dimension: 128\n"                                         \
	"scores:\n  false_match: [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]\n"
#define DETECTOR "role: detector\n" HEAD INPUT "scores: {min: 0.6, overlap_max: 0.3}\n"

static char error[CONFIG_ERROR_BYTES];
static char path[] = "/tmp/gh-manifest-XXXXXX";

static int load(const char *text, enum model_role role, struct model_manifest *ret_manifest)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	return model_manifest_load("/nowhere", path, role, ret_manifest, error, sizeof(error));
}

static void a_manifest_is_read_with_its_folder(void **state)
{
	struct model_manifest manifest;

	(void)state;
	assert_int_equal(load(RECOGNISER, MODEL_RECOGNISER, &manifest), 0);
	assert_string_equal(manifest.file, "a.onnx");
	assert_string_equal(manifest.sha256, SHA);
	assert_string_equal(manifest.folder, "/tmp");
	assert_string_equal(manifest.licence, "MIT");
	assert_int_equal(manifest.dimension, 128);
	assert_int_equal(manifest.input.colours, MODEL_RGB);
	assert_true(manifest.scores.false_match[5] > 0.59 && manifest.scores.false_match[5] < 0.61);
	assert_true(manifest.scores.norm.typical <= 0);
	assert_int_equal(load(DETECTOR "kind: yunet\n", MODEL_DETECTOR, &manifest), 0);
	assert_int_equal(manifest.kind, MODEL_YUNET);
}

static void each_mistake_names_file_line_and_member(void **state)
{
	static const struct {
		const char *text;
		enum model_role role;
		const char *error; /* after the path */
	} mistakes[] = {
		{"", MODEL_RECOGNISER, ":1: the file is empty; it needs at least role, file"},
		{"role: [\n", MODEL_RECOGNISER, ":2: not YAML"},
		{DETECTOR "kind: rfb\n", MODEL_RECOGNISER,
		 ":1: role: \"detector\": expected recogniser"},
		{RECOGNISER "colour: red\n", MODEL_RECOGNISER,
		 ":10: colour: there is no such option (docs/"},
		{"role: recogniser\n", MODEL_RECOGNISER, ":1: file: is missing"},
		{RECOGNISER "  min: 0.75\n", MODEL_RECOGNISER,
		 ":10: scores.min: \"0.75\": expected a number"},
		{RECOGNISER "  norm: {typical: 3, low: 4, high: 2, no_face: 1, exponent: 0.5}\n",
		 MODEL_RECOGNISER, ":10: scores.norm: expected no_face, low and high to rise"},
		{RECOGNISER "  norm: {typical: 3}\n", MODEL_RECOGNISER,
		 ":10: scores.norm.low: is missing"},
		{"role: recogniser\n" HEAD INPUT
		 "dimension: 513\nscores: {false_match: [.1, .2, .3, .4, .5, .6]}\n",
		 MODEL_RECOGNISER, ":7: dimension: \"513\": expected"},
		{"role: recogniser\n" HEAD INPUT
		 "dimension: 9\nscores: {false_match: [.1, .2, .3, .3, .5, .6]}\n",
		 MODEL_RECOGNISER, ":8: scores.false_match: expected scores that rise"},
		{"role: recogniser\n" HEAD INPUT "dimension: 9\nscores: {false_match: [.1, .2]}\n",
		 MODEL_RECOGNISER, ":8: scores.false_match: has 2 items: expected 6"},
		{"role: recogniser\n" HEAD
		 "input: {width_px: 112, height_px: 96, colours: rgb, mean: 0, "
		 "scale: 1}\ndimension: 9\nscores: {false_match: [.1, .2, .3, .4, .5, .6]}\n",
		 MODEL_RECOGNISER, ":6: input.height_px: expected a square"},
		{DETECTOR, MODEL_DETECTOR, ":1: kind: is missing"},
		{"role: detector\n" HEAD
		 "kind: yunet\ninput: {width_px: 320, height_px: 240, colours: bgr, "
		 "mean: 0, scale: 1}\nscores: {min: .5, overlap_max: .5}\n",
		 MODEL_DETECTOR, ":7: input.height_px: expected a multiple of 32"},
		{"role: detector\n" HEAD
		 "kind: rfb\ninput: {width_px: 320, height_px: 240, colours: grey, "
		 "mean: 0, scale: 1}\nscores: {min: .5, overlap_max: .5}\n",
		 MODEL_DETECTOR, ":7: input.colours: expected bgr or rgb"},
		{"role: liveness\nfile: ../a\nsha256: " SHA "\nlicence: a\nsource: b\n" INPUT
		 "scores: {min: .5}\n",
		 MODEL_LIVENESS, ":2: file: expected the name of a file beside the manifest"},
		{"role: liveness\nfile: a\nsha256: abc\nlicence: a\nsource: b\n" INPUT
		 "scores: {min: .5}\n",
		 MODEL_LIVENESS, ":3: sha256: expected 64 small hex digits"},
		{"role: aligner\n" HEAD INPUT, MODEL_ALIGNER, ":6: input.colours: expected grey"},
	};
	char expected[256];

	(void)state;
	for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
		struct model_manifest manifest = {.dimension = 77};

		assert_int_equal(load(mistakes[i].text, mistakes[i].role, &manifest), -EINVAL);
		assert_int_equal(manifest.dimension, 77); /* untouched on failure */
		snprintf(expected, sizeof(expected), "%s%s", path, mistakes[i].error);
		if (strncmp(error, expected, strlen(expected)) != 0)
			fail_msg("expected \"%s...\"\n     got \"%s\"", expected, error);
	}
}

static void what_cannot_be_read_is_named(void **state)
{
	struct model_manifest manifest;
	char name[CONFIG_PATH_BYTES];

	(void)state;
	assert_int_equal(model_manifest_load("/nowhere", "sface", MODEL_RECOGNISER, &manifest,
					     error, sizeof(error)),
			 -ENOENT);
	assert_string_equal(error,
			    "/nowhere/sface.yaml: cannot be read: No such file or directory");
	memset(name, 'a', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_int_equal(model_manifest_load("/nowhere", name, MODEL_RECOGNISER, &manifest, error,
					     sizeof(error)),
			 -ENAMETOOLONG);
	assert_true(model_name_is_valid("sface-2021.12_b"));
	assert_true(model_name_is_valid("/etc/gatehouse/models/sface.yaml"));
	assert_false(model_name_is_valid(""));
	assert_false(model_name_is_valid(".."));
	assert_false(model_name_is_valid("a b"));
}

static void load_shipped(const char *name, enum model_role role,
			 struct model_manifest *ret_manifest)
{
	const char *source = getenv("GH_SOURCE_DIR");
	char dir[512];

	snprintf(dir, sizeof(dir), "%s/models", source != NULL ? source : ".");
	if (model_manifest_load(dir, name, role, ret_manifest, error, sizeof(error)) < 0)
		fail_msg("%s", error);
}

/*
 * The tables of the library are made from the same files by a script, which reads a part of YAML
 * only.
 */
static void the_shipped_manifests_are_what_the_library_starts_with(void **state)
{
	static const struct {
		const char *name;
		enum model_role role;
		enum face_model_role face_role;
	} nets[] = {{"fr_detect", MODEL_DETECTOR, FACE_MODEL_DETECT},
		    {"fr_landmark", MODEL_ALIGNER, FACE_MODEL_LANDMARK},
		    {"fr_feature", MODEL_RECOGNISER, FACE_MODEL_FEATURE},
		    {"fr_liveness", MODEL_LIVENESS, FACE_MODEL_LIVENESS}};

	(void)state;
	for (size_t i = 0; i < sizeof(nets) / sizeof(nets[0]); i++) {
		const struct face_model *model = face_model_of(nets[i].face_role);
		struct model_manifest manifest;

		load_shipped(nets[i].name, nets[i].role, &manifest);
		assert_string_equal(manifest.file, model->file);
		assert_string_equal(manifest.sha256, model->sha256);
		assert_int_equal(manifest.input.width_px, model->width_px);
		assert_int_equal(manifest.input.height_px, model->height_px);
		assert_int_equal(manifest.input.colours == MODEL_RGB, model->swap_rgb);
		assert_memory_equal(&manifest.input.mean, &model->mean, sizeof(double));
		assert_memory_equal(&manifest.input.scale, &model->scale, sizeof(double));
		assert_int_equal(manifest.dimension, model->dimension);
		if (nets[i].role == MODEL_DETECTOR)
			assert_int_equal(manifest.kind == MODEL_YUNET,
					 model->kind == FACE_DETECTOR_YUNET);
		if (nets[i].role == MODEL_DETECTOR || nets[i].role == MODEL_LIVENESS)
			assert_float_equal((float)manifest.scores.min, model->score_min, 0);
	}
}

static void the_shipped_curve_is_what_the_library_starts_with(void **state)
{
	struct model_manifest manifest;
	struct threshold_curve curve = {0};
	float before[3][4], after[3][4];

	(void)state;
	load_shipped("fr_feature", MODEL_RECOGNISER, &manifest);
	for (int i = 0; i < 3; i++)
		for (int k = 0; k < 4; k++)
			before[i][k] = i < 2 ? threshold_for(i == 0 ? 10 : 90000, k + 0.5)
					     : score_gain_of_probe((float)k + 1.9f);
	memcpy(curve.scores, manifest.scores.false_match, sizeof(curve.scores));
	curve.min = manifest.scores.min;
	curve.norm = (struct threshold_norm){.typical = manifest.scores.norm.typical,
					     .low = manifest.scores.norm.low,
					     .high = manifest.scores.norm.high,
					     .no_face = manifest.scores.norm.no_face,
					     .exponent = manifest.scores.norm.exponent};
	assert_int_equal(threshold_use(&curve), 0);
	for (int i = 0; i < 3; i++)
		for (int k = 0; k < 4; k++)
			after[i][k] = i < 2 ? threshold_for(i == 0 ? 10 : 90000, k + 0.5)
					    : score_gain_of_probe((float)k + 1.9f);
	assert_memory_equal(before, after, sizeof(before));
	assert_int_equal(threshold_use(NULL), 0);
}

static int make_path(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	return fd < 0 ? -1 : close(fd);
}

static int remove_path(void **state)
{
	(void)state;
	return unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_manifest_is_read_with_its_folder),
		cmocka_unit_test(each_mistake_names_file_line_and_member),
		cmocka_unit_test(what_cannot_be_read_is_named),
		cmocka_unit_test(the_shipped_manifests_are_what_the_library_starts_with),
		cmocka_unit_test(the_shipped_curve_is_what_the_library_starts_with),
	};

	return cmocka_run_group_tests(tests, make_path, remove_path);
}
