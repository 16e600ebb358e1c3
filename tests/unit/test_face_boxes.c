#include "unit.h"

#include "face_models.h"
#include "vision/camera/digest.h"
#include "vision/face/face.h"
#include "vision/face/face_boxes.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>

/*
 * A folder with the landmark and liveness nets as they are, and with those that
 * tests/unit/make_nets.py writes.
 */
static char dir[64];
static const char *const borrowed[] = {"fr_detect.onnx", "fr_landmark.onnx", "fr_feature.onnx",
				       "fr_liveness.onnx"};
static char yunet_sha256[DIGEST_HEX_BYTES], sface_sha256[DIGEST_HEX_BYTES];

enum { WIDTH = 320, HEIGHT = 256, FOUND_MAX = 256 };
static uint8_t blue[WIDTH * HEIGHT * 3]; /* a blue square of 64 px on green, at (64, 128) */

static const char *in_dir(const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static int make_nets(void **state)
{
	const char *source = getenv("GH_SOURCE_DIR");
	char command[600], from[700];

	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/gh-nets-XXXXXX");
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(command, sizeof(command), "/usr/bin/python3 -B '%s/tests/unit/make_nets.py' %s",
		 source != NULL ? source : ".", dir);
	if (system(command) != 0)
		return -1;
	for (size_t i = 0; i < sizeof(borrowed) / sizeof(borrowed[0]); i++) {
		char *real;

		snprintf(from, sizeof(from), "%s/%s", models_dir(), borrowed[i]);
		real = realpath(from, NULL);
		if (real == NULL || symlink(real, in_dir(borrowed[i])) < 0)
			return -1;
		free(real);
	}
	for (int i = 0; i < WIDTH * HEIGHT; i++) {
		int x = i % WIDTH, y = i / WIDTH;
		bool square = x >= 64 && x < 128 && y >= 128 && y < 192;

		blue[3 * i] = square ? 255 : 0;
		blue[3 * i + 1] = square ? 0 : 0x60;
	}
	return digest_sha256_file(in_dir("yunet.onnx"), yunet_sha256) < 0 ||
			       digest_sha256_file(in_dir("sface.onnx"), sface_sha256) < 0
		       ? -1
		       : 0;
}

static int remove_nets(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -r %s", dir);
	return system(command);
}

static struct face_model yunet(void)
{
	return (struct face_model){.file = "yunet.onnx",
				   .sha256 = yunet_sha256,
				   .width_px = WIDTH,
				   .height_px = HEIGHT,
				   .scale = 1,
				   .kind = FACE_DETECTOR_YUNET,
				   .overlap_max = 0.4f,
				   .score_min = 0.7f};
}

static struct face_engine *open_with(const struct face_model *detector, int want,
				     struct problem *problem)
{
	struct face_engine *engine = NULL;

	*problem = (struct problem){0};
	assert_int_equal(face_models_use_detector(detector), 0);
	assert_int_equal(face_engine_open(dir, 1, &engine, problem), want);
	return engine;
}

static void close_all(struct face_engine *engine)
{
	face_engine_close(engine);
	assert_int_equal(face_models_use_detector(NULL), 0);
	assert_int_equal(face_models_use(NULL), 0);
}

static const struct face *at(const struct face *faces, size_t count, float x_px, float y_px)
{
	for (size_t i = 0; i < count; i++)
		if (fabsf(faces[i].x_px - x_px) < 0.02f && fabsf(faces[i].y_px - y_px) < 0.02f)
			return &faces[i];
	return NULL;
}

/* ---- YuNet ---- */

static void a_detector_of_another_kind_is_used_as_its_record_says(void **state)
{
	struct face_image image = {blue, WIDTH, HEIGHT, (size_t)WIDTH * 3};
	struct face found[FOUND_MAX], face;
	struct face_model record = yunet();
	struct problem problem = {0};
	struct face_engine *engine = open_with(&record, 0, &problem);
	const struct face *largest;
	size_t count = 0;

	(void)state;
	assert_int_equal(face_detect(engine, &image, NULL, found, FOUND_MAX, &count), 0);
	largest = at(found, count, -22.9338f, -18.5452f);
	assert_ptr_equal(largest, &found[0]);
	assert_float_equal(largest->width_px, 268.5877, 0.01);
	assert_float_equal(largest->score, 0.9592, 0.001);
	assert_float_equal(largest->points[4].x_px, 172.8, 0.01);
	/* its points are the face's: no landmark net moves them */
	face = *largest;
	assert_int_equal(face_find_points(engine, &image, &face), 0);
	assert_memory_equal(face.points, largest->points, sizeof(face.points));
	/* somebody who comes without any is asked the landmark net */
	memset(face.points, 0, sizeof(face.points));
	assert_int_equal(face_find_points(engine, &image, &face), 0);
	assert_true(face.points[0].x_px > 0);
	close_all(engine);
}

/* Where OpenCV's own reader is at hand, each box and point is held against it. */
static void it_reads_what_opencv_reads(void **state)
{
	struct face_image image = {blue, WIDTH, HEIGHT, (size_t)WIDTH * 3};
	struct face_model record = yunet();
	struct face found[FOUND_MAX];
	struct problem problem = {0};
	struct face_engine *engine;
	float wanted[15];
	size_t count = 0, lines = 0;
	FILE *file = fopen(in_dir("yunet.txt"), "r");

	(void)state;
	if (file == NULL) {
		print_message("OpenCV for Python is not installed: held against its recorded "
			      "answer only\n");
		return;
	}
	engine = open_with(&record, 0, &problem);
	assert_int_equal(face_detect(engine, &image, NULL, found, FOUND_MAX, &count), 0);
	for (;;) {
		const struct face *face;
		int read = 0;

		while (read < 15 && fscanf(file, "%f", &wanted[read]) == 1)
			read++;
		if (read < 15)
			break;
		lines++;
		face = at(found, count, wanted[0], wanted[1]);
		assert_non_null(face);
		assert_float_equal(face->width_px, wanted[2], 0.01);
		assert_float_equal(face->height_px, wanted[3], 0.01);
		for (int i = 0; i < FACE_POINTS; i++) {
			assert_float_equal(face->points[i].x_px, wanted[4 + 2 * i], 0.01);
			assert_float_equal(face->points[i].y_px, wanted[5 + 2 * i], 0.01);
		}
		assert_float_equal(face->score, wanted[14], 0.001);
	}
	fclose(file);
	assert_int_equal(lines, count);
	close_all(engine);
}

/* A picture of another shape is not squeezed: what is found lies where it is, in each window. */
static void faces_lie_where_they_are_in_the_picture(void **state)
{
	enum { WIDE = 1280, HIGH = 512 };
	uint8_t *pixels = calloc((size_t)WIDE * HIGH, 3);
	struct face_image image = {pixels, WIDE, HIGH, (size_t)WIDE * 3};
	struct face_rect window = {640, 0, 640, 512}; /* twice the net's input */
	struct face_model record = yunet();
	struct face found[FOUND_MAX];
	struct problem problem = {0};
	struct face_engine *engine = open_with(&record, 0, &problem);
	size_t count = 0;

	(void)state;
	assert_non_null(pixels);
	for (int y = 256; y < 384; y++) /* the same square, twice as large, in the right half */
		for (int x = 768; x < 896; x++)
			pixels[3 * (y * WIDE + x)] = 255;
	assert_int_equal(face_detect(engine, &image, &window, found, FOUND_MAX, &count), 0);
	assert_non_null(at(found, count, 640 + 2 * 35.7881f, 2 * 75.0402f));
	assert_float_equal(found[0].points[0].x_px, 640 + 2 * 3.84f, 0.1);
	assert_float_equal(found[0].width_px, 2 * 268.5877f, 0.1);
	assert_float_equal(found[0].height_px, 2 * 295.6503f, 0.1);
	/* the whole at a quarter of its size: 32 px of blue at (192, 64) of the input */
	assert_int_equal(face_detect(engine, &image, NULL, found, FOUND_MAX, &count), 0);
	assert_true(count > 0);
	assert_float_equal(found[0].x_px + found[0].width_px / 2, 4 * (192 + 16 + 0.1f * 0.5f * 64),
			   1);
	assert_float_equal(found[0].y_px + found[0].height_px / 2, 4 * (64 + 16 - 0.1f * 64), 1);
	free(pixels);
	close_all(engine);
}

static void a_detector_that_is_not_what_its_record_says_is_refused(void **state)
{
	struct face_model record = yunet();
	char wrong[DIGEST_HEX_BYTES];
	struct problem problem = {0};

	(void)state;
	record.kind = FACE_DETECTOR_RFB; /* no such outputs */
	assert_null(open_with(&record, -EBADMSG, &problem));
	assert_non_null(strstr(problem.detail, "yunet.onnx"));
	record = yunet();
	record.file = "sface.onnx"; /* a net, but none that finds faces */
	record.sha256 = sface_sha256;
	assert_null(open_with(&record, -EBADMSG, &problem));
	memset(wrong, 'a', sizeof(wrong) - 1);
	wrong[sizeof(wrong) - 1] = '\0';
	record = yunet();
	record.sha256 = wrong;
	assert_null(open_with(&record, -EBADMSG, &problem));
	assert_non_null(strstr(problem.detail, "not the pinned model"));
	record = yunet();
	record.file = "nowhere.onnx";
	assert_null(open_with(&record, -ENOENT, &problem));
	record = yunet();
	record.height_px = 240; /* no multiple of 32 */
	assert_int_equal(face_models_use_detector(&record), -EINVAL);
	record = yunet();
	record.width_px = 1312;
	assert_int_equal(face_models_use_detector(&record), -EINVAL);
	record = yunet();
	record.score_min = 0;
	assert_int_equal(face_models_use_detector(&record), -EINVAL);
	record = yunet();
	record.overlap_max = 1;
	assert_int_equal(face_models_use_detector(&record), -EINVAL);
	record = yunet();
	record.file = "/etc/passwd";
	assert_int_equal(face_models_use_detector(&record), -EINVAL);
	record = yunet();
	record.scale = NAN;
	assert_int_equal(face_models_use_detector(&record), -EINVAL);
	close_all(NULL);
}

static void answers_that_are_no_numbers_are_no_faces(void **state)
{
	const struct face_boxes_view view = {32, 32, 1, 1, 0, 0, 0.7f};
	float scores[2 * 64] = {0}, boxes[14 * 64] = {0}, fits[64];
	struct face_boxes_answer answer = {scores, boxes, fits, face_boxes_yunet_places(32, 32)};
	struct face faces[64];
	size_t count = 99;

	(void)state;
	assert_int_equal(answer.count, 16 * 3 + 4 * 2 + 2);
	for (size_t i = 0; i < 64; i++)
		fits[i] = 1;
	assert_int_equal(face_boxes_yunet(&view, &answer, faces, 64, &count), 0);
	assert_int_equal(count, 0);
	scores[7] = NAN;
	assert_int_equal(face_boxes_yunet(&view, &answer, faces, 64, &count), -EIO);
	assert_int_equal(face_boxes_rfb(&view, &answer, faces, 64, &count), -EIO);
	scores[7] = 1;
	fits[3] = INFINITY;
	assert_int_equal(face_boxes_yunet(&view, &answer, faces, 64, &count), -EIO);
	fits[3] = 1;
	boxes[3 * 14] = NAN; /* sure of a face, but not where: left out afterwards */
	assert_int_equal(face_boxes_yunet(&view, &answer, faces, 64, &count), 0);
	assert_int_equal(count, 1);
	assert_int_equal(face_boxes_best(faces, count, 0.4f), 0);
	answer.count--;
	assert_int_equal(face_boxes_yunet(&view, &answer, faces, 64, &count), -EIO);
}

static void of_faces_that_cover_each_other_the_surest_stays(void **state)
{
	struct face faces[] = {{.x_px = 0, .width_px = 10, .height_px = 10, .score = 0.8f},
			       {.x_px = 1, .width_px = 10, .height_px = 10, .score = 0.9f},
			       {.x_px = 50, .width_px = 20, .height_px = 20, .score = 0.75f},
			       {.x_px = 80, .width_px = 3, .height_px = 20, .score = 0.99f},
			       {.x_px = INFINITY, .width_px = 20, .height_px = 20, .score = 0.95f}};

	(void)state;
	assert_int_equal(face_boxes_best(faces, 5, 0.4f), 2);
	assert_float_equal(faces[0].x_px, 50, 0); /* largest first */
	assert_float_equal(faces[1].score, 0.9f, 0);
	assert_int_equal(face_boxes_best(faces, 0, 0.4f), 0);
}

/* ---- SFace ---- */

static void a_recogniser_of_128_numbers_in_raw_rgb_works(void **state)
{
	struct face_model record = {.file = "sface.onnx",
				    .sha256 = sface_sha256,
				    .width_px = 112,
				    .height_px = 112,
				    .swap_rgb = 1,
				    .scale = 1,
				    .dimension = 128};
	uint8_t crop[FACE_CROP_BYTES], swapped[FACE_CROP_BYTES];
	float first[FACE_DIM], other[FACE_DIM], norm = 0, length = 0;
	struct problem problem = {0};
	struct face_engine *engine;

	(void)state;
	for (size_t i = 0; i < sizeof(crop); i++)
		crop[i] = (uint8_t)(i * 31 % 251);
	for (size_t i = 0; i < sizeof(crop); i++)
		swapped[i] = crop[i / 3 * 3 + 2 - i % 3];
	assert_int_equal(face_models_use(&record), 0);
	engine = open_with(NULL, 0, &problem);
	assert_int_equal(face_embed(engine, crop, 0, first, &norm), 0);
	for (int i = 0; i < FACE_DIM; i++) {
		length += first[i] * first[i];
		assert_true(i < 128 || first[i] == 0);
	}
	assert_float_equal(length, 1, 1e-4);
	assert_true(norm > 100); /* raw values went in, not those between -1 and 1 */
	face_engine_close(engine);
	/* the same picture, its channels the other way round: the same to the net */
	record.swap_rgb = 0;
	assert_int_equal(face_models_use(&record), 0);
	engine = open_with(NULL, 0, &problem);
	assert_int_equal(face_embed(engine, swapped, 0, other, NULL), 0);
	for (int i = 0; i < 128; i++)
		assert_float_equal(first[i], other[i], 1e-5);
	close_all(engine);
}

/* Under its right hash: what is wrong with it is the operator set alone. */
static void a_recogniser_of_a_newer_operator_set_is_refused(void **state)
{
	char sha256[DIGEST_HEX_BYTES];
	struct problem problem = {0};
	struct face_model record = {.file = "opset.onnx",
				    .sha256 = sha256,
				    .width_px = 112,
				    .height_px = 112,
				    .scale = 1,
				    .dimension = 128};

	(void)state;
	assert_int_equal(digest_sha256_file(in_dir("opset.onnx"), sha256), 0);
	assert_int_equal(face_models_use(&record), 0);
	assert_null(open_with(NULL, -EIO, &problem));
	assert_non_null(strstr(problem.detail, "opset.onnx"));
	assert_non_null(strstr(problem.detail, "operator set"));
	close_all(NULL);
}

int main(void)
{
	const struct CMUnitTest plain[] = {
		cmocka_unit_test(answers_that_are_no_numbers_are_no_faces),
		cmocka_unit_test(of_faces_that_cover_each_other_the_surest_stays),
	};
	const struct CMUnitTest with_models[] = {
		cmocka_unit_test(a_detector_of_another_kind_is_used_as_its_record_says),
		cmocka_unit_test(it_reads_what_opencv_reads),
		cmocka_unit_test(faces_lie_where_they_are_in_the_picture),
		cmocka_unit_test(a_detector_that_is_not_what_its_record_says_is_refused),
		cmocka_unit_test(a_recogniser_of_128_numbers_in_raw_rgb_works),
		cmocka_unit_test(a_recogniser_of_a_newer_operator_set_is_refused),
	};
	int failed = cmocka_run_group_tests(plain, NULL, NULL);

	if (models_dir() == NULL)
		return failed != 0 ? failed : 77;
	return failed + cmocka_run_group_tests(with_models, make_nets, remove_nets);
}
