#include "unit.h"
#include "video_make.h"
#include "camera_feed.h"
#include "vision/camera/digest.h"
#include "vision/evidence/evidence.h"
#include "vision/camera/mask.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[64];
static struct camera *camera;
static struct feed feed;

static void play(const char *codec, const char *ending, int b_frames)
{
	const struct video_spec spec = {codec, 320, 240, 100, 25, b_frames};
	struct camera_config config;
	char path[128];
	int r;

	snprintf(path, sizeof(path), "%s/source.%s", dir, ending);
	r = video_make(path, &spec);
	if (r == 77) {
		feed_init(&feed);
		print_message("skipped: FFmpeg has no encoder %s\n", codec);
		skip();
	}
	assert_int_equal(r, 0);
	camera_config_defaults(&config);
	strcpy(config.name, "facade");
	strcpy(config.url, path);
	config.realtime = false;
	feed_init(&feed);
	assert_int_equal(camera_open(&config, &feed_ops, &feed, &camera), 0);
	feed_wait(&feed, &feed.ended, 1);
	unlink(path);
}

static int make_folder(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/gh-evidence-XXXXXX");
	return mkdtemp(dir) == NULL ? -1 : 0;
}

static int count_files(void)
{
	DIR *folder = opendir(dir);
	int n = -2; /* . and .. */

	while (readdir(folder) != NULL)
		n++;
	closedir(folder);
	return n;
}

static int remove_folder(void **state)
{
	DIR *folder = opendir(dir);
	struct dirent *entry;
	char path[400];

	(void)state;
	camera_close(camera);
	camera = NULL;
	feed_finish(&feed);
	while ((entry = readdir(folder)) != NULL) {
		snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
		unlink(path);
	}
	closedir(folder);
	return rmdir(dir);
}

static struct evidence_request request_of(void)
{
	static const struct evidence_point points[] = {
		{160, 10}, {162, 60}, {165, 150}, {1e9f, -1e9f}};
	struct evidence_request request = {
		.dir = dir,
		.stem = "throw-1",
		.from_pts_us = 1500000,
		.to_pts_us = 3000000,
		.still = feed.last,
		.points = points,
		.points_count = 4,
		.label = "Floor 12-14, column 3 (~85%)",
	};

	return request;
}

static void check_clip(const char *codec)
{
	struct evidence_request request = request_of();
	struct evidence_result result;
	struct video_facts facts;
	char path[256], hex[DIGEST_HEX_BYTES];
	struct problem problem;

	assert_int_equal(evidence_write(camera_ring(camera), &request, &result, &problem), 0);
	assert_string_equal(problem.detail, "");
	assert_int_equal(count_files(), 3);
	for (int i = 0; i < EVIDENCE_FILES; i++) {
		struct stat status;

		snprintf(path, sizeof(path), "%s/%s", dir, result.files[i].name);
		assert_int_equal(stat(path, &status), 0);
		assert_int_equal(status.st_size, result.files[i].bytes);
		assert_int_equal(digest_sha256_file(path, hex), 0);
		assert_string_equal(hex, result.files[i].sha256);
	}
	assert_string_not_equal(result.files[1].sha256, result.files[2].sha256);
	assert_in_range(result.clip_from_pts_us, 0, 1500000);
	assert_in_range(result.clip_to_pts_us, 2920000, 3120000);
	snprintf(path, sizeof(path), "%s/throw-1.mp4", dir);
	assert_int_equal(video_read(path, &facts), 0);
	assert_string_equal(facts.codec, codec);
	assert_int_equal(facts.first_is_key, 1);
	assert_int_equal(facts.first_pts_us, 0);
	assert_in_range(facts.duration_us, 1400000, 2300000);
	assert_in_range(facts.frames, 36, 56);
}

static void a_clip_is_the_packets_of_the_throw(void **state)
{
	(void)state;
	play("libx264", "mp4", 0);
	check_clip("h264");
}

static void a_clip_with_reordered_pictures_plays_too(void **state)
{
	(void)state;
	play("libx264", "mp4", 2);
	check_clip("h264");
}

static void a_stream_without_headers_of_its_own_plays_too(void **state)
{
	(void)state;
	play("libx264", "ts", 0);
	check_clip("h264");
}

static void other_codecs_are_encoded_again(void **state)
{
	(void)state;
	play("mjpeg", "avi", 0);
	check_clip("h264");
}

static void h265_is_copied_too(void **state)
{
	(void)state;
	play("libx265", "mp4", 0);
	check_clip("hevc");
}

/* luma of the last picture of the film at two places, as a player shows it */
static void look(const char *path, int x0, int x1, int y, int *ret_first, int *ret_second)
{
	struct camera_config config;
	struct camera *player;
	struct feed seen;

	camera_config_defaults(&config);
	strcpy(config.name, "player");
	snprintf(config.url, sizeof(config.url), "%s", path);
	config.realtime = false;
	feed_init(&seen);
	assert_int_equal(camera_open(&config, &feed_ops, &seen, &player), 0);
	feed_wait(&seen, &seen.ended, 1);
	*ret_first = seen.last->luma[y * (int)seen.last->stride_bytes + x0];
	*ret_second = seen.last->luma[y * (int)seen.last->stride_bytes + x1];
	camera_close(player);
	feed_finish(&seen);
}

static void a_mask_is_in_all_that_is_shown_and_the_original_is_sealed(void **state)
{
	const struct mask mask = {
		.polygons = {{.x = {0.05f, 0.3f, 0.3f, 0.05f}, .y = {-2, -2, 3, 3}, .count = 4}},
		.count = 1};
	struct evidence_request request;
	struct evidence_result result;
	char path[256], hex[DIGEST_HEX_BYTES];
	struct problem problem;
	int hidden, open_to_view;

	(void)state;
	play("libx264", "mp4", 0);
	request = request_of();
	request.mask = &mask;
	request.points_count = 0;
	request.label = NULL;
	assert_int_equal(evidence_write(camera_ring(camera), &request, &result, &problem), 0);
	for (int i = 0; i < EVIDENCE_FILES; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, result.files[i].name);
		look(path, 50, 280, 120, &hidden, &open_to_view);
		assert_in_range(hidden, 0, 24);
		assert_in_range(open_to_view, 80, 130);
	}
	assert_string_equal(result.sealed.name, "sealed/throw-1.mp4");
	snprintf(path, sizeof(path), "%s/%s", dir, result.sealed.name);
	assert_int_equal(digest_sha256_file(path, hex), 0);
	assert_string_equal(hex, result.sealed.sha256);
	look(path, 50, 280, 120, &hidden, &open_to_view);
	assert_in_range(hidden, 80, 130);
	unlink(path);
	snprintf(path, sizeof(path), "%s/sealed", dir);
	assert_int_equal(rmdir(path), 0);
}

static void a_full_disk_leaves_nothing_behind(void **state)
{
	struct evidence_request request;
	struct evidence_result result;
	struct problem problem;
	struct rlimit old, tiny;
	int r;

	(void)state;
	play("libx264", "mp4", 0);
	request = request_of();
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &old);
	tiny = old;
	tiny.rlim_cur = 500;
	setrlimit(RLIMIT_FSIZE, &tiny);
	r = evidence_write(camera_ring(camera), &request, &result, &problem);
	setrlimit(RLIMIT_FSIZE, &old);
	assert_int_equal(r, -ENOSPC);
	assert_non_null(strstr(problem.detail, "no space"));
	assert_int_equal(count_files(), 0);
	assert_string_equal(result.files[0].name, "");
}

static void a_missing_folder_or_a_wrong_name_is_told(void **state)
{
	struct evidence_request request;
	struct evidence_result result;
	struct problem problem;

	(void)state;
	play("libx264", "mp4", 0);
	request = request_of();
	request.dir = "/nonexistent/folder";
	assert_int_equal(evidence_write(camera_ring(camera), &request, &result, &problem), -ENOENT);
	assert_true(strlen(problem.detail) > 0);
	request = request_of();
	request.stem = "../escape";
	assert_int_equal(evidence_write(camera_ring(camera), &request, &result, &problem), -EINVAL);
	assert_int_equal(count_files(), 0);
}

static void a_folder_that_somebody_removed_is_made_again(void **state)
{
	struct evidence_request request;
	struct evidence_result result;
	char again[128], path[512];
	struct problem problem;

	(void)state;
	play("libx264", "mp4", 0);
	request = request_of();
	snprintf(again, sizeof(again), "%s/removed", request.dir);
	request.dir = again;
	assert_int_equal(evidence_write(camera_ring(camera), &request, &result, &problem), 0);
	for (int i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s/%s", again, result.files[i].name);
		assert_int_equal(unlink(path), 0);
	}
	assert_int_equal(rmdir(again), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)
	const struct CMUnitTest tests[] = {
		TEST(a_clip_is_the_packets_of_the_throw),
		TEST(a_clip_with_reordered_pictures_plays_too),
		TEST(a_stream_without_headers_of_its_own_plays_too),
		TEST(other_codecs_are_encoded_again),
		TEST(h265_is_copied_too),
		TEST(a_mask_is_in_all_that_is_shown_and_the_original_is_sealed),
		TEST(a_full_disk_leaves_nothing_behind),
		TEST(a_folder_that_somebody_removed_is_made_again),
		TEST(a_missing_folder_or_a_wrong_name_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
