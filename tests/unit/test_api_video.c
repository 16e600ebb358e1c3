#include "unit.h"
#include "api_rig.h"
#include "fmp4_feed.h"
#include "video_make.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define WATCH "GET /api/v1/cameras/facade/live.mp4 HTTP/1.1\r\nHost: localhost\r\n\r\n"

enum { WATCHING_MAX = 16, ROUNDS_MAX = 400 };

static char dir[64], clip[128], other[128];
static struct fmp4_mux *live;

static int make_folder(void **state)
{
	const struct video_spec spec = {"libx264", 320, 240, 50, 10, 0},
				jpeg = {"mjpeg", 160, 120, 5, 1, 0};

	(void)state;
	strcpy(dir, "/tmp/gh-api-video-XXXXXX");
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(clip, sizeof(clip), "%s/clip.mp4", dir);
	snprintf(other, sizeof(other), "%s/other.mkv", dir);
	return video_make(clip, &spec) | video_make(other, &jpeg);
}

static int remove_folder(void **state)
{
	(void)state;
	unlink(clip);
	unlink(other);
	return rmdir(dir);
}

static int setup(void **state)
{
	if (fmp4_mux_open(&live) < 0 || rig_setup(state) != 0)
		return -1;
	gate.live = live;
	return 0;
}

static int teardown(void **state)
{
	int r = rig_teardown(state);

	fmp4_mux_close(live); /* as the camera's: after the API */
	return r;
}

static void pump(struct fmp4_mux *fed)
{
	(void)fed;
	client_pump(&loop);
}

/* Read until @p what; pictures contain zeros, so this is not text. */
static size_t read_until(int fd, char *heard, size_t bytes, const char *what)
{
	size_t filled = 0;

	for (int turn = 0; turn < CLIENT_TURNS_MAX && filled < bytes; turn++) {
		ssize_t got = recv(fd, heard + filled, bytes - filled, 0);

		client_pump(&loop);
		filled += got > 0 ? (size_t)got : 0;
		if (memmem(heard, filled, what, strlen(what)) != NULL)
			return filled;
	}
	fail_msg("%s was not heard", what);
	return 0;
}

static void cameras_without_video_are_refused(void **state)
{
	(void)state;
	assert_status(request("GET /api/v1/cameras/none/live.mp4", ""), "404");
	assert_status(request("GET /api/v1/cameras/facade/live.mp4", ""), "503");
	fmp4_feed(live, other, NULL);
	assert_non_null(strstr(request("GET /api/v1/cameras/facade/live.mp4", ""), "\"no-video\""));
	gate.live = NULL;
	assert_status(request("GET /api/v1/cameras/facade/live.mp4", ""), "503");
}

static void a_viewer_receives_the_head_and_then_pictures(void **state)
{
	static char heard[1 << 17];
	const char *head, *first;
	size_t filled;
	int fd, late;

	(void)state;
	fmp4_feed(live, clip, NULL);
	fd = open_stream(WATCH);
	fmp4_feed(live, clip, pump);
	filled = read_until(fd, heard, sizeof(heard), "moof");
	assert_non_null(memmem(heard, filled, "video/mp4; codecs=\"avc1.", 24));
	head = memmem(heard, filled, "ftyp", 4);
	first = memmem(heard, filled, "moof", 4);
	assert_true(head != NULL && head < first);
	assert_non_null(strstr(gate.recorded, "\"act\":\"camera.watch\""));

	late = open_stream(WATCH); /* while it runs: the head is sent again */
	fmp4_feed(live, clip, pump);
	filled = read_until(late, heard, sizeof(heard), "moof");
	assert_non_null(memmem(heard, filled, "moov", 4));
	close(fd);
	close(late);
}

static bool has_parts(void)
{
	struct pollfd pollfd = {.fd = fmp4_mux_fd(live), .events = POLLIN};

	return poll(&pollfd, 1, 0) == 1;
}

/* @return whether the server closed the connection. */
static bool is_over(int fd)
{
	char bytes[4096];
	ssize_t got;

	do
		got = recv(fd, bytes, sizeof(bytes), 0);
	while (got > 0);
	return got == 0 || errno != EAGAIN;
}

static void a_viewer_who_does_not_read_is_disconnected(void **state)
{
	int slow, round = 0;

	(void)state;
	fmp4_feed(live, clip, NULL);
	slow = open_stream(WATCH);
	/* without a viewer no fragments are made */
	for (bool made = true; made && round < ROUNDS_MAX; round++) {
		fmp4_feed(live, clip, pump);
		fmp4_feed(live, clip, NULL);
		made = round < 2 || has_parts();
		for (int turn = 0; turn < 20; turn++)
			client_pump(&loop);
	}
	assert_in_range(round, 3, ROUNDS_MAX - 1);
	assert_true(is_over(slow));
	close(slow);
}

static void the_number_of_viewers_is_limited(void **state)
{
	int watching[WATCHING_MAX];

	(void)state;
	fmp4_feed(live, clip, NULL);
	for (size_t i = 0; i < WATCHING_MAX; i++)
		watching[i] = open_stream(WATCH);
	for (int turn = 0; turn < 100; turn++)
		client_pump(&loop);
	assert_status(request("GET /api/v1/cameras/facade/live.mp4", ""), "503");
	close(watching[0]);
	for (int i = 0; i < 4; i++)
		fmp4_feed(live, clip, pump); /* a lost client is detected by sending */
	watching[0] = open_stream(WATCH);
	fmp4_feed(live, clip, pump);
	assert_false(is_over(watching[0]));
	for (size_t i = 0; i < WATCHING_MAX; i++)
		close(watching[i]);
}

int main(void)
{
#define WITH_LIVE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		WITH_LIVE(cameras_without_video_are_refused),
		WITH_LIVE(a_viewer_receives_the_head_and_then_pictures),
		WITH_LIVE(a_viewer_who_does_not_read_is_disconnected),
		WITH_LIVE(the_number_of_viewers_is_limited),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
