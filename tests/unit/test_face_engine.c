#include "unit.h"

#include "face_models.h"
#include "vision/face/face.h"
#include "vision/camera/digest.h"
#include "vision/face/face_pipeline.h"
#include "vision/face/face_photo.h"
#include "vision/face/face_quality.h"

#include <errno.h>
#include <math.h>

static int open_engine(void **state)
{
	struct face_engine *engine = NULL;
	struct problem problem = {0};
	int r = face_engine_open(models_dir(), 1, &engine, &problem);

	if (r < 0)
		fail_msg("%s", problem.detail);
	*state = engine;
	return 0;
}

static int close_engine(void **state)
{
	face_engine_close(*state);
	return 0;
}

static void embed_demo(struct face_engine *engine, const char *name, struct face *ret_face,
		       float *ret_embedding)
{
	struct face_photo photo = {0};
	struct problem problem = {0};
	uint8_t crop[FACE_CROP_BYTES];
	size_t bytes, count = 0;
	uint8_t *file = read_demo(name, &bytes);

	assert_int_equal(face_photo_decode(file, bytes, &photo, &problem), 0);
	assert_int_equal(face_detect(engine, &photo.image, NULL, ret_face, 1, &count), 0);
	assert_int_equal(count, 1);
	assert_int_equal(face_find_points(engine, &photo.image, ret_face), 0);
	assert_int_equal(face_align(&photo.image, ret_face, crop), 0);
	assert_int_equal(face_embed(engine, crop, 1, ret_embedding, NULL), 0);
	face_photo_finish(&photo);
	free(file);
}

static float dot(const float *a, const float *b)
{
	float sum = 0;

	for (int i = 0; i < FACE_DIM; i++)
		sum += a[i] * b[i];
	return sum;
}

static void one_person_resembles_himself(void **state)
{
	float first[FACE_DIM], other[FACE_DIM];
	struct face face;

	embed_demo(*state, "franck_01829.jpg", &face, first);
	assert_float_equal(dot(first, first), 1, 1e-4);
	assert_true(face.points[0].x_px < face.points[1].x_px);
	assert_true(face.points[0].y_px < face.points[3].y_px);
	assert_true(face.points[2].x_px > face.x_px &&
		    face.points[2].x_px < face.x_px + face.width_px);
	embed_demo(*state, "franck_03909.jpg", &face, other);
	assert_true(dot(first, other) > 0.6f);
}

static void a_living_face_looks_alive(void **state)
{
	struct face_photo photo = {0};
	struct problem problem = {0};
	size_t bytes, count = 0;
	uint8_t *file = read_demo("franck_02221.jpg", &bytes);
	struct face face;
	float live = -1;

	assert_int_equal(face_photo_decode(file, bytes, &photo, &problem), 0);
	assert_int_equal(face_detect(*state, &photo.image, NULL, &face, 1, &count), 0);
	assert_int_equal(face_liveness(*state, &photo.image, &face, 0, &live), 0);
	assert_true(live > 0.5f && live <= 1);
	face_photo_finish(&photo);
	free(file);
}

static void what_is_no_face_becomes_no_template(void **state)
{
	struct face_photo photo = {0};
	struct problem problem = {0};
	float template[FACE_DIM];
	size_t bytes, count = 0;
	uint8_t *file = read_demo("franck_02221.jpg", &bytes);
	struct face face;

	assert_int_equal(face_photo_decode(file, bytes, &photo, &problem), 0);
	assert_int_equal(face_detect(*state, &photo.image, NULL, &face, 1, &count), 0);
	assert_int_equal(face_find_points(*state, &photo.image, &face), 0);
	assert_int_equal(face_make_template(*state, &photo.image, &face, FACE_CROP_VIEWS, template),
			 0);
	face_aligned_points(face.points); /* of the wall behind him */
	assert_int_equal(face_make_template(*state, &photo.image, &face, FACE_CROP_VIEWS, template),
			 -ENOENT);
	face_photo_finish(&photo);
	free(file);
}

static void a_picture_of_nothing_holds_no_face(void **state)
{
	static uint8_t pixels[240 * 320 * 3];
	struct face_image image = {pixels, 320, 240, 960};
	struct face faces[4];
	size_t count = 9;

	assert_int_equal(face_detect(*state, &image, NULL, faces, 4, &count), 0);
	assert_int_equal(count, 0);
}

static void what_makes_no_sense_is_refused(void **state)
{
	static uint8_t pixels[64 * 64 * 3];
	struct face_image image = {pixels, 64, 64, 192}, narrow = {pixels, 64, 64, 191},
			  empty = {pixels, 0, 64, 192};
	struct face_rect outside = {100, 100, 50, 50};
	struct face face = {.x_px = NAN, .width_px = 20, .height_px = 20},
		    far = {.x_px = 1e9f, .width_px = 20, .height_px = 20};
	struct face flat = {.width_px = 20, .height_px = 20};
	uint8_t crop[FACE_CROP_BYTES];
	size_t count;
	float live;

	assert_int_equal(face_detect(*state, &narrow, NULL, &face, 1, &count), -EINVAL);
	assert_int_equal(face_detect(*state, &empty, NULL, &face, 1, &count), -EINVAL);
	assert_int_equal(face_detect(*state, &image, &outside, &face, 1, &count), -EINVAL);
	assert_int_equal(face_detect(NULL, &image, NULL, &face, 1, &count), -EINVAL);
	assert_int_equal(face_find_points(*state, &image, &face), -EINVAL);
	assert_int_equal(face_liveness(*state, &image, &far, 0, &live), -EINVAL);
	assert_int_equal(face_align(&image, &flat, crop), -EINVAL);
}

/* A poster of a crowd: as many as there is room for, the others are left out. */
static void two_hundred_faces_are_no_trouble(void **state)
{
	enum { ACROSS = 20, DOWN = 10, SIDE_PX = 96 };
	struct face_photo photo = {0};
	struct face faces[16], *face = &faces[0];
	struct problem problem = {0};
	struct face_image crowd = {.width_px = ACROSS * SIDE_PX, .height_px = DOWN * SIDE_PX};
	size_t bytes, count = 0;
	uint8_t *file = read_demo("franck_01829.jpg", &bytes), *pixels;

	assert_int_equal(face_photo_decode(file, bytes, &photo, &problem), 0);
	assert_int_equal(face_detect(*state, &photo.image, NULL, faces, 1, &count), 0);
	assert_int_equal(count, 1);
	crowd.stride_bytes = (size_t)crowd.width_px * 3;
	pixels = malloc(crowd.stride_bytes * (size_t)crowd.height_px);
	assert_non_null(pixels);
	for (int y = 0; y < crowd.height_px; y++) {
		for (int x = 0; x < crowd.width_px; x++) {
			int from_x =
				(int)(face->x_px + face->width_px * (float)(x % SIDE_PX) / SIDE_PX);
			int from_y = (int)(face->y_px +
					   face->height_px * (float)(y % SIDE_PX) / SIDE_PX);

			memcpy(pixels + (size_t)y * crowd.stride_bytes + 3 * (size_t)x,
			       photo.image.pixels + (size_t)from_y * photo.image.stride_bytes +
				       3 * (size_t)from_x,
			       3);
		}
	}
	crowd.pixels = pixels;
	for (int part = 0; part < 3; part++) {
		struct face_rect window = {part * 400, part * 100, 640 - part * 150,
					   480 - part * 110};

		count = 99;
		assert_int_equal(
			face_detect(*state, &crowd, part == 0 ? NULL : &window, faces, 16, &count),
			0);
		assert_true(count <= 16 && (part == 0 || count >= 6));
		for (size_t i = 1; i < count; i++) /* the largest first */
			assert_true(faces[i].width_px * faces[i].height_px <=
				    faces[i - 1].width_px * faces[i - 1].height_px + 1);
	}
	free(pixels);
	face_photo_finish(&photo);
	free(file);
}

static void photos_are_measured_before_they_are_decoded(void **state)
{
	static const uint8_t huge_png[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n', 0, 0, 0,
					   13,   'I', 'H', 'D', 'R',  0,    1,    0,    0, 0, 1,
					   0,    0,   8,   2,   0,    0,    0,    0,    0, 0, 0};
	static const uint8_t jpeg_without_frame[] = {0xff, 0xd8, 0xff, 0xe0, 0,
						     4,    1,    2,    0xff, 0xd9};
	struct face_photo photo = {0};
	struct problem problem = {0};
	unsigned width_px = 0, height_px = 0;

	(void)state;
	assert_int_equal(face_photo_size(huge_png, sizeof(huge_png), &width_px, &height_px), 0);
	assert_int_equal(width_px, 65536);
	assert_int_equal(face_photo_decode(huge_png, sizeof(huge_png), &photo, &problem), -EFBIG);
	assert_non_null(strstr(problem.detail, "pixels"));
	assert_int_equal(
		face_photo_decode(jpeg_without_frame, sizeof(jpeg_without_frame), &photo, &problem),
		-EBADMSG);
	assert_int_equal(face_photo_decode("GIF89a......", 12, &photo, &problem), -EBADMSG);
	assert_int_equal(face_photo_decode("", 0, &photo, &problem), -EBADMSG);
	assert_null(photo.owner);
	face_photo_finish(&photo);
}

static void every_shortened_photo_gets_an_answer(void **state)
{
	struct face_photo photo = {0};
	struct problem problem = {0};
	size_t bytes;
	uint8_t *file = read_demo("franck_01829.jpg", &bytes), *part;

	(void)state;
	for (size_t n = 0; n < bytes; n += 1 + bytes / 40) {
		part = malloc(n + 1);
		assert_non_null(part);
		memcpy(part, file, n);
		(void)face_photo_decode(part, n, &photo,
					&problem); /* any answer, but no crash and no leak */
		face_photo_finish(&photo);
		free(part);
	}
	free(file);
}

static void a_missing_model_is_named(void **state)
{
	struct face_engine *engine = NULL;
	struct problem problem = {0};

	(void)state;
	assert_int_equal(face_engine_open("/nonexistent", 1, &engine, &problem), -ENOENT);
	assert_non_null(strstr(problem.detail, "/nonexistent/fr_detect.onnx"));
	assert_non_null(strstr(problem.detail, "tools/setup"));
	assert_null(engine);
}

static void another_file_in_a_models_place_is_refused(void **state)
{
	char dir[] = "/tmp/gh-models-XXXXXX", path[64];
	struct problem problem = {0};
	struct face_engine *engine = NULL;
	FILE *file;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/fr_detect.onnx", dir);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs("not a model", file);
	fclose(file);
	assert_int_equal(face_engine_open(dir, 1, &engine, &problem), -EBADMSG);
	assert_non_null(strstr(problem.detail, "not the pinned model"));
	unlink(path);
	rmdir(dir);
}

/* ---- another recogniser ---- */

static char path_of_model[4096];

static void write_whole(const char *path, const uint8_t *bytes, size_t size)
{
	FILE *file = fopen(path, "wb");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
}

static int open_with(const struct face_model *recogniser, const char *dir, struct problem *problem)
{
	struct face_engine *engine = NULL;
	int r = face_models_use(recogniser);

	assert_int_equal(r, 0);
	r = face_engine_open(dir, 1, &engine, problem);
	face_engine_close(engine);
	assert_int_equal(face_models_use(NULL), 0);
	return r;
}

static void another_recogniser_is_used_as_its_record_says(void **state)
{
	struct face_model record = *face_model_of(FACE_MODEL_FEATURE);
	char before[DIGEST_HEX_BYTES];
	struct problem problem = {0};

	(void)state;
	snprintf(before, sizeof(before), "%s", face_engine_recogniser());
	assert_string_equal(before, record.sha256);
	assert_int_equal(face_models_use(&record),
			 0); /* by a record of its own: still the same templates */
	assert_string_equal(face_engine_recogniser(), before);
	record.score_min = 0.2f;
	assert_int_equal(face_models_use(&record), 0);
	assert_string_equal(face_engine_recogniser(), before);
	record.mean = 127;
	assert_int_equal(face_models_use(&record), 0);
	assert_string_not_equal(face_engine_recogniser(), before);
	assert_int_equal(face_models_use(NULL), 0);
	record = *face_model_of(FACE_MODEL_FEATURE);
	record.swap_rgb = 1; /* the same file, fed otherwise */
	assert_int_equal(open_with(&record, models_dir(), &problem), 0);
	/* the landmark net is a net with the right hash, and no recogniser */
	record = *face_model_of(FACE_MODEL_LANDMARK);
	record.width_px = record.height_px = 112;
	record.dimension = FACE_DIM;
	assert_int_equal(open_with(&record, models_dir(), &problem), -EBADMSG);
	assert_non_null(strstr(problem.detail, "fr_landmark.onnx"));
	assert_string_equal(face_engine_recogniser(), before);
}

static void a_recogniser_of_another_dimension_is_refused(void **state)
{
	struct face_model record = *face_model_of(FACE_MODEL_FEATURE);
	struct problem problem = {0};

	(void)state;
	record.dimension = 128;
	assert_int_equal(open_with(&record, models_dir(), &problem), -EBADMSG);
	assert_non_null(strstr(problem.detail, "does not answer as its record says"));
}

static const char *const others[] = {"fr_detect.onnx", "fr_landmark.onnx", "fr_liveness.onnx"};

/* A folder with the other models, and room for a recogniser. */
static void make_pack(char *dir)
{
	char from[700], to[128];

	assert_non_null(mkdtemp(dir));
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		snprintf(from, sizeof(from), "%s/%s", models_dir(), others[i]);
		snprintf(to, sizeof(to), "%s/%s", dir, others[i]);
		assert_non_null(realpath(from, path_of_model));
		assert_int_equal(symlink(path_of_model, to), 0);
	}
}

static void remove_pack(const char *dir, const char *recogniser)
{
	char path[128];

	unlink(recogniser);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, others[i]);
		unlink(path);
	}
	rmdir(dir);
}

/* An operator that this OpenCV does not know, as another operator set brings it; weights that are
 * no numbers; bytes that are no net. Each under its right hash. */
static void a_spoilt_recogniser_is_refused_at_the_start(void **state)
{
	char dir[] = "/tmp/gh-pack-XXXXXX", path[128], hex[DIGEST_HEX_BYTES];
	struct problem problem = {0};
	struct face_model record = *face_model_of(FACE_MODEL_FEATURE);
	size_t bytes;
	uint8_t *net;

	(void)state;
	make_pack(dir);
	net = read_demo("../fr_feature.onnx", &bytes);
	snprintf(path, sizeof(path), "%s/spoilt.onnx", dir);
	record.file = "spoilt.onnx";
	record.sha256 = hex;
	for (int kind = 0; kind < 3; kind++) {
		uint8_t *type = memmem(net, bytes,
				       "\x22\x04"
				       "Conv",
				       6);

		if (kind == 0) {
			assert_non_null(type);
			type[3] = 'x'; /* "Cxnv" */
		} else {
			memset(net + (kind == 1 ? bytes / 2 : 0), 0xff, kind == 1 ? 40000 : bytes);
		}
		write_whole(path, net, bytes);
		assert_int_equal(digest_sha256_file(path, hex), 0);
		assert_true(open_with(&record, dir, &problem) < 0);
		assert_non_null(strstr(problem.detail, "spoilt.onnx"));
		if (kind == 0) {
			assert_non_null(strstr(problem.detail, "operator set"));
			type[3] = 'o';
		}
	}
	free(net);
	remove_pack(dir, path);
}

static void every_net_takes_the_short_way(void **state)
{
	for (int role = 0; role < FACE_MODELS; role++)
		assert_false(face_engine_is_slow(*state, (enum face_model_role)role));
}

/* An ONNX file: x, of 3 channels, 64 by 64; Split, an operator with three answers; Concat of the
 * third, first and second; GlobalAveragePool. */
static const uint8_t channel_means[] = {
	0x08, 0x04, 0x3a, 0x9d, 0x01, 0x0a, 0x20, 0x0a, 0x01, 0x78, 0x12, 0x01, 0x61, 0x12,
	0x01, 0x62, 0x12, 0x01, 0x63, 0x22, 0x05, 0x53, 0x70, 0x6c, 0x69, 0x74, 0x2a, 0x0b,
	0x0a, 0x04, 0x61, 0x78, 0x69, 0x73, 0x18, 0x01, 0xa0, 0x01, 0x02, 0x0a, 0x21, 0x0a,
	0x01, 0x63, 0x0a, 0x01, 0x61, 0x0a, 0x01, 0x62, 0x12, 0x01, 0x64, 0x22, 0x06, 0x43,
	0x6f, 0x6e, 0x63, 0x61, 0x74, 0x2a, 0x0b, 0x0a, 0x04, 0x61, 0x78, 0x69, 0x73, 0x18,
	0x01, 0xa0, 0x01, 0x02, 0x0a, 0x19, 0x0a, 0x01, 0x64, 0x12, 0x01, 0x79, 0x22, 0x11,
	0x47, 0x6c, 0x6f, 0x62, 0x61, 0x6c, 0x41, 0x76, 0x65, 0x72, 0x61, 0x67, 0x65, 0x50,
	0x6f, 0x6f, 0x6c, 0x12, 0x01, 0x67, 0x5a, 0x1b, 0x0a, 0x01, 0x78, 0x12, 0x16, 0x0a,
	0x14, 0x08, 0x01, 0x12, 0x10, 0x0a, 0x02, 0x08, 0x01, 0x0a, 0x02, 0x08, 0x03, 0x0a,
	0x02, 0x08, 0x40, 0x0a, 0x02, 0x08, 0x40, 0x62, 0x1b, 0x0a, 0x01, 0x79, 0x12, 0x16,
	0x0a, 0x14, 0x08, 0x01, 0x12, 0x10, 0x0a, 0x02, 0x08, 0x01, 0x0a, 0x02, 0x08, 0x03,
	0x0a, 0x02, 0x08, 0x01, 0x0a, 0x02, 0x08, 0x01, 0x42, 0x04, 0x0a, 0x00, 0x10, 0x0b,
};

static void a_net_that_we_cannot_run_is_left_to_opencv(void **state)
{
	char dir[] = "/tmp/gh-pack-XXXXXX", path[128], hex[DIGEST_HEX_BYTES];
	struct problem problem = {0};
	struct face_model record = {.file = "means.onnx",
				    .sha256 = hex,
				    .width_px = 64,
				    .height_px = 64,
				    .scale = 1,
				    .dimension = 3};
	float embedding[FACE_DIM], square = 0;
	static uint8_t crop[FACE_CROP_BYTES];
	struct face_engine *engine = NULL;

	(void)state;
	make_pack(dir);
	snprintf(path, sizeof(path), "%s/means.onnx", dir);
	write_whole(path, channel_means, sizeof(channel_means));
	assert_int_equal(digest_sha256_file(path, hex), 0);
	assert_int_equal(face_models_use(&record), 0);
	if (face_engine_open(dir, 1, &engine, &problem) < 0)
		fail_msg("%s", problem.detail);
	assert_true(face_engine_is_slow(engine, FACE_MODEL_FEATURE));
	assert_false(face_engine_is_slow(engine, FACE_MODEL_DETECT));
	for (int i = 0; i < FACE_CROP_BYTES; i++)
		crop[i] = (uint8_t)(10 * (i % 3 + 1)); /* BGR: 10, 20, 30 */
	assert_int_equal(face_embed(engine, crop, 0, embedding, NULL), 0);
	for (int i = 0; i < 3; i++)
		square += (float)((i + 1) * (i + 1));
	for (int i = 0; i < 3; i++)
		assert_true(fabsf(embedding[i] - (float)((i + 2) % 3 + 1) / sqrtf(square)) < 1e-5f);
	face_engine_close(engine);
	assert_int_equal(face_models_use(NULL), 0);
	remove_pack(dir, path);
}

static void a_record_that_makes_no_sense_is_refused(void **state)
{
	const struct face_model good = *face_model_of(FACE_MODEL_FEATURE);
	struct face_model record;

	(void)state;
	record = good;
	record.file = "../elsewhere.onnx";
	assert_int_equal(face_models_use(&record), -EINVAL);
	record = good;
	record.sha256 = "abc";
	assert_int_equal(face_models_use(&record), -EINVAL);
	record = good;
	record.dimension = FACE_DIM + 1;
	assert_int_equal(face_models_use(&record), -EINVAL);
	record = good;
	record.scale = 0;
	assert_int_equal(face_models_use(&record), -EINVAL);
	record = good;
	record.width_px = 16;
	assert_int_equal(face_models_use(&record), -EINVAL);
	assert_string_equal(face_engine_recogniser(), good.sha256);
}

static void quality_names_what_is_wrong(void **state)
{
	struct problem problem;
	static const struct face_point frontal[FACE_POINTS] = {
		{30, 40}, {70, 40}, {50, 60}, {35, 80}, {65, 80}};
	static const struct face_point turned[FACE_POINTS] = {
		{30, 40}, {70, 40}, {85, 60}, {45, 80}, {75, 80}};
	struct face face = {.width_px = 80, .height_px = 100, .score = 1};
	static uint8_t crop[FACE_CROP_BYTES];
	struct face_quality quality;

	(void)state;
	memcpy(face.points, frontal, sizeof(frontal));
	face_quality_judge(&face, crop, &face_quality_frame, &quality);
	assert_int_equal(quality.fault, FACE_FAULT_DARK);
	for (size_t i = 0; i < sizeof(crop); i++)
		crop[i] = 128;
	face_quality_judge(&face, crop, &face_quality_frame, &quality);
	assert_int_equal(quality.fault, FACE_FAULT_FLAT);
	for (size_t i = 0; i < sizeof(crop); i++)
		crop[i] = (uint8_t)(i / 3 % FACE_CROP_PX * 2); /* a smooth slope has no edges */
	face_quality_judge(&face, crop, &face_quality_frame, &quality);
	assert_int_equal(quality.fault, FACE_FAULT_BLURRED);
	for (size_t i = 0; i < sizeof(crop); i++)
		crop[i] = i / 3 / 4 % 2 == 0 ? 90 : 160;
	face_quality_judge(&face, crop, &face_quality_frame, &quality);
	assert_int_equal(quality.fault, FACE_FAULT_NONE);
	assert_true(quality.value > 0 && quality.value <= 1);
	memcpy(face.points, turned, sizeof(turned));
	face_quality_judge(&face, crop, &face_quality_frame, &quality);
	assert_int_equal(quality.fault, FACE_FAULT_TURNED);
	memcpy(face.points, frontal, sizeof(frontal));
	face.height_px = 40;
	face_quality_judge(&face, crop, &face_quality_enrol, &quality);
	assert_int_equal(quality.fault,
			 FACE_FAULT_UNSURE); /* eyes further apart than such a face has */
	memset(face.points, 0, sizeof(face.points));
	face_quality_judge(&face, crop, &face_quality_frame, &quality);
	assert_int_equal(quality.fault, FACE_FAULT_UNSURE);
	face_fault_explain(FACE_FAULT_UNSURE, &problem);
	assert_true(strlen(problem.detail) > 0);
}

int main(void)
{
	const struct CMUnitTest plain[] = {
		cmocka_unit_test(photos_are_measured_before_they_are_decoded),
		cmocka_unit_test(a_missing_model_is_named),
		cmocka_unit_test(a_record_that_makes_no_sense_is_refused),
		cmocka_unit_test(another_file_in_a_models_place_is_refused),
		cmocka_unit_test(quality_names_what_is_wrong),
	};
	const struct CMUnitTest with_models[] = {
		cmocka_unit_test(one_person_resembles_himself),
		cmocka_unit_test(two_hundred_faces_are_no_trouble),
		cmocka_unit_test(another_recogniser_is_used_as_its_record_says),
		cmocka_unit_test(a_recogniser_of_another_dimension_is_refused),
		cmocka_unit_test(a_spoilt_recogniser_is_refused_at_the_start),
		cmocka_unit_test(every_net_takes_the_short_way),
		cmocka_unit_test(a_net_that_we_cannot_run_is_left_to_opencv),
		cmocka_unit_test(a_living_face_looks_alive),
		cmocka_unit_test(what_is_no_face_becomes_no_template),
		cmocka_unit_test(a_picture_of_nothing_holds_no_face),
		cmocka_unit_test(what_makes_no_sense_is_refused),
		cmocka_unit_test(every_shortened_photo_gets_an_answer),
	};
	int failed = cmocka_run_group_tests(plain, NULL, NULL);

	if (failed != 0)
		return failed;
	if (models_dir() == NULL)
		return UNIT_SKIPPED;
	return cmocka_run_group_tests(with_models, open_engine, close_engine);
}
