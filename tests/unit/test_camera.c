#include "unit.h"
#include "video_make.h"
#include "camera_feed.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static char dir[64], clip[128];

static int make_folder(void **state)
{
	const struct video_spec spec = {"libx264", 160, 120, 50, 10, 2};

	(void)state;
	strcpy(dir, "/tmp/gh-camera-XXXXXX");
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(clip, sizeof(clip), "%s/clip.mp4", dir);
	return video_make(clip, &spec);
}

static struct camera_config config_for(const char *url)
{
	struct camera_config config;

	camera_config_defaults(&config);
	strcpy(config.name, "test");
	snprintf(config.url, sizeof(config.url), "%s", url);
	config.realtime = false;
	config.reconnect_min_ms = config.reconnect_max_ms = 10;
	return config;
}

static void a_file_gives_every_frame_once_and_ends(void **state)
{
	struct camera_config config = config_for(clip);
	struct camera_stats stats;
	struct camera *camera;
	struct feed feed;

	(void)state;
	feed_init(&feed);
	assert_int_equal(camera_open(&config, &feed_ops, &feed, &camera), 0);
	feed_wait(&feed, &feed.ended, 1);
	camera_get_stats(camera, &stats);
	assert_int_equal(feed.frames, 50);
	assert_int_equal(feed.out_of_order, 0);
	assert_int_equal(feed.live, 1);
	assert_int_equal(feed.lost, 0);
	assert_int_equal(stats.packets, 50);
	assert_int_equal(stats.corrupt, 0);
	assert_int_equal(feed.last->width_px, 160);
	camera_close(camera);
	feed_finish(&feed); /* the last frame outlives its camera */
}

static void times_rise_across_a_loop(void **state)
{
	struct camera_config config = config_for(clip);
	struct camera *camera;
	struct feed feed;

	(void)state;
	config.loop = true;
	feed_init(&feed);
	assert_int_equal(camera_open(&config, &feed_ops, &feed, &camera), 0);
	feed_wait(&feed, &feed.frames, 120);
	camera_close(camera);
	assert_int_equal(feed.out_of_order, 0);
	assert_true(feed.epoch >= 2);
	assert_true(feed.pts_of_second_epoch >= 50 * 40000);
	assert_int_equal(feed.live, 1);
	feed_finish(&feed);
}

static void a_missing_file_is_lost_once_until_it_appears(void **state)
{
	char path[160];
	struct camera_config config;
	struct camera *camera;
	struct feed feed;

	(void)state;
	snprintf(path, sizeof(path), "%s/late.mp4", dir);
	config = config_for(path);
	feed_init(&feed);
	assert_int_equal(camera_open(&config, &feed_ops, &feed, &camera), 0);
	feed_wait(&feed, &feed.lost, 1);
	assert_non_null(strstr(feed.reason, "no such file"));
	assert_int_equal(link(clip, path), 0);
	feed_wait(&feed, &feed.ended, 1);
	assert_int_equal(feed.lost, 1);
	assert_int_equal(feed.live, 1);
	camera_close(camera);
	feed_finish(&feed);
	unlink(path);
}

static int silent_server(unsigned *port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
	assert_int_equal(listen(fd, 8), 0);
	getsockname(fd, (struct sockaddr *)&address, &size);
	*port = ntohs(address.sin_port);
	return fd;
}

static void a_silent_rtsp_server_is_lost_without_showing_its_password(void **state)
{
	struct camera_config config;
	struct camera *camera;
	struct feed feed;
	char url[128];
	unsigned port;
	int server = silent_server(&port);

	(void)state;
	snprintf(url, sizeof(url), "rtsp://admin:hidden@127.0.0.1:%u/main", port);
	config = config_for(url);
	config.open_timeout_ms = 300;
	feed_init(&feed);
	assert_int_equal(camera_open(&config, &feed_ops, &feed, &camera), 0);
	feed_wait(&feed, &feed.lost, 1);
	assert_null(strstr(feed.reason, "hidden"));
	assert_non_null(strstr(feed.reason, "no answer in 300 ms"));
	camera_close(camera);
	feed_finish(&feed);
	close(server);
}

static void close_does_not_wait_for_a_server_that_hangs(void **state)
{
	struct camera_config config;
	struct camera *camera;
	struct feed feed;
	char url[128];
	unsigned port;
	int server = silent_server(&port);
	int client;

	(void)state;
	snprintf(url, sizeof(url), "rtsp://127.0.0.1:%u/main", port);
	config = config_for(url);
	config.open_timeout_ms = 120000; /* as long as CTest would wait */
	feed_init(&feed);
	assert_int_equal(camera_open(&config, &feed_ops, &feed, &camera), 0);
	client = accept(server, NULL, NULL);
	camera_close(camera);
	assert_int_equal(feed.lost, 0);
	feed_finish(&feed);
	close(client);
	close(server);
}

/* libavformat finds this before the C library's: a name server that does not answer */
static pthread_mutex_t names_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t names_changed = PTHREAD_COND_INITIALIZER;
static int names_waiting;
static bool names_answer;

int getaddrinfo(const char *restrict node, const char *restrict service,
		const struct addrinfo *restrict hints, struct addrinfo **restrict res)
{
	int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);

	if (node != NULL && strcmp(node, "hangs.test") == 0) {
		pthread_mutex_lock(&names_lock);
		names_waiting++;
		pthread_cond_broadcast(&names_changed);
		while (!names_answer)
			pthread_cond_wait(&names_changed, &names_lock);
		names_waiting--;
		pthread_cond_broadcast(&names_changed);
		pthread_mutex_unlock(&names_lock);
		return EAI_AGAIN;
	}
	*(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
	return real(node, service, hints, res);
}

static void close_does_not_wait_for_a_name_server(void **state)
{
	struct camera_config config = config_for("rtsp://hangs.test/main");
	struct camera *camera;
	struct feed feed;

	(void)state;
	feed_init(&feed);
	assert_int_equal(camera_open(&config, &feed_ops, &feed, &camera), 0);
	pthread_mutex_lock(&names_lock);
	while (names_waiting == 0)
		pthread_cond_wait(&names_changed, &names_lock);
	pthread_mutex_unlock(&names_lock);
	camera_close(camera); /* would wait for ever */
	assert_int_equal(feed.lost + feed.live, 0);
	feed_finish(&feed);
	memset(&feed, 0xa5, sizeof(feed)); /* an op that is called now shows */
	pthread_mutex_lock(&names_lock);
	names_answer = true;
	pthread_cond_broadcast(&names_changed);
	while (names_waiting > 0)
		pthread_cond_wait(&names_changed, &names_lock);
	pthread_mutex_unlock(&names_lock);
}

static void a_cut_file_gives_what_it_holds(void **state)
{
	const struct video_spec spec = {"libx264", 160, 120, 50, 10, 0};
	struct camera_config config;
	struct camera *camera;
	struct feed feed;
	char path[160];

	(void)state;
	snprintf(path, sizeof(path), "%s/cut.ts", dir);
	assert_int_equal(video_make(path, &spec), 0);
	assert_int_equal(truncate(path, 188 * 40 + 50), 0);
	config = config_for(path);
	feed_init(&feed);
	assert_int_equal(camera_open(&config, &feed_ops, &feed, &camera), 0);
	feed_wait(&feed, &feed.ended, 1);
	assert_in_range(feed.frames, 1, 49);
	camera_close(camera);
	feed_finish(&feed);
	unlink(path);
}

static void append(const char *to, const char *from)
{
	FILE *in = fopen(from, "rb"), *out = fopen(to, "ab");
	char bytes[4096];
	size_t n;

	while ((n = fread(bytes, 1, sizeof(bytes), in)) > 0)
		assert_int_equal(fwrite(bytes, 1, n, out), n);
	fclose(in);
	fclose(out);
}

/*
 * a camera whose settings somebody changes: one stream whose pictures are of another size, and then
 * of another codec
 */
static void size_and_codec_may_change_in_the_middle(void **state)
{
	static const struct video_spec specs[] = {{"libx264", 160, 120, 40, 10, 0},
						  {"libx264", 320, 240, 40, 10, 0},
						  {"mpeg2video", 320, 240, 40, 10, 0}};
	struct camera_config config;
	struct camera *camera;
	struct feed feed;
	char path[160], part[160];

	(void)state;
	snprintf(path, sizeof(path), "%s/changing.ts", dir);
	snprintf(part, sizeof(part), "%s/part.ts", dir);
	for (int i = 0; i < 3; i++) {
		if (video_make(part, &specs[i]) == 77)
			skip();
		append(path, part);
		unlink(part);
	}
	config = config_for(path);
	feed_init(&feed);
	assert_int_equal(camera_open(&config, &feed_ops, &feed, &camera), 0);
	feed_wait(&feed, &feed.ended, 1);
	assert_in_range(feed.frames, 76, 120);
	assert_int_equal(feed.out_of_order, 0);
	assert_int_equal(feed.last->width_px, 320);
	assert_true(feed.epoch >= 1);
	camera_close(camera);
	feed_finish(&feed);
	unlink(path);
}

/* bytes of the film damaged here and there, as a bad line does */
static void damaged_packets_cost_pictures_and_nothing_else(void **state)
{
	const struct video_spec spec = {"libx264", 160, 120, 200, 10, 2};
	unsigned seed = 1;
	char path[160];

	(void)state;
	snprintf(path, sizeof(path), "%s/damaged.ts", dir);
	for (int round = 0; round < 8; round++) {
		struct camera_config config = config_for(path);
		struct camera_stats stats;
		struct camera *camera;
		struct feed feed;
		FILE *file;
		long bytes;

		assert_int_equal(video_make(path, &spec), 0);
		file = fopen(path, "r+b");
		fseek(file, 0, SEEK_END);
		bytes = ftell(file);
		for (int i = 0; i < 20 << round; i++) {
			seed = seed * 1103515245u + 12345u;
			fseek(file, 188 * 3 + (long)(seed >> 4) % (bytes - 188 * 3), SEEK_SET);
			fputc((int)(seed >> 20) & 255, file);
		}
		fclose(file);
		feed_init(&feed);
		assert_int_equal(camera_open(&config, &feed_ops, &feed, &camera), 0);
		pthread_mutex_lock(&feed.lock);
		while (feed.ended + feed.lost == 0)
			pthread_cond_wait(&feed.changed, &feed.lock);
		pthread_mutex_unlock(&feed.lock);
		camera_get_stats(camera, &stats);
		assert_int_equal(feed.out_of_order, 0);
		assert_true(feed.frames <= 220); /* damage never makes pictures */
		if (round == 0)
			assert_true(feed.frames > 20);
		camera_close(camera);
		feed_finish(&feed);
		unlink(path);
	}
}

static void rubbish_is_lost_with_a_reason(void **state)
{
	struct camera_config config = config_for("file:/proc/self/status");
	struct camera *camera;
	struct feed feed;

	(void)state;
	feed_init(&feed);
	assert_int_equal(camera_open(&config, &feed_ops, &feed, &camera), 0);
	feed_wait(&feed, &feed.lost, 1);
	assert_true(strlen(feed.reason) > 0);
	camera_close(camera);
	feed_finish(&feed);
}

static void passwords_leave_every_url(void **state)
{
	char text[128];

	(void)state;
	camera_url_public("rtsp://u:p@h/x", text, sizeof(text));
	assert_string_equal(text, "rtsp://h/x");
	camera_url_public("rtsp://u:p/@?q@h/x?user=u&password=p", text, sizeof(text));
	assert_string_equal(text, "rtsp://h/x");
	camera_url_public("/dev/video0", text, sizeof(text));
	assert_string_equal(text, "/dev/video0");
}

static void wrong_settings_are_refused(void **state)
{
	struct camera_config config = config_for("http://example/");
	struct camera *camera = NULL;
	struct feed feed;

	(void)state;
	feed_init(&feed);
	assert_int_equal(camera_open(&config, &feed_ops, &feed, &camera), -EINVAL);
	config = config_for(clip);
	config.decoder_threads = 0;
	assert_int_equal(camera_open(&config, &feed_ops, &feed, &camera), -EINVAL);
	assert_null(camera);
	feed_finish(&feed);
}

static void colours_come_out_as_they_went_in(void **state)
{
	uint8_t bgr[6 * 4 * 3], back[6 * 4 * 3];
	struct bgr_converter converter = {0};
	struct video_frame *frame;

	(void)state;
	for (size_t i = 0; i < sizeof(bgr); i++)
		bgr[i] = (uint8_t)(i * 3);
	assert_int_equal(video_frame_from_bgr(bgr, 18, 6, 4, &frame), 0);
	assert_int_equal(video_frame_to_bgr(&converter, frame, back, 17), -EINVAL);
	assert_int_equal(video_frame_to_bgr(&converter, frame, back, 18), 0);
	assert_memory_equal(bgr, back, sizeof(bgr));
	bgr_converter_finish(&converter);
	video_frame_unref(frame);
}

/* 360: swscale works in steps of 16 pixels */
static void a_picture_stays_within_its_buffer(void **state)
{
	enum { WIDTH = 360, HEIGHT = 96, BYTES = WIDTH * HEIGHT * 3, GUARD = 256 };
	const struct video_spec spec = {"libx264", WIDTH, HEIGHT, 2, 1, 0};
	struct bgr_converter converter = {0};
	uint8_t *bgr = malloc(BYTES + GUARD);
	struct camera_config config;
	struct camera *camera;
	struct feed feed;
	char path[128];
	int made;

	(void)state;
	snprintf(path, sizeof(path), "%s/narrow.mp4", dir);
	made = video_make(path, &spec);
	if (made == 77) {
		free(bgr);
		skip();
	}
	assert_int_equal(made, 0);
	config = config_for(path);
	feed_init(&feed);
	assert_int_equal(camera_open(&config, &feed_ops, &feed, &camera), 0);
	feed_wait(&feed, &feed.ended, 1);
	camera_close(camera);
	assert_non_null(bgr);
	memset(bgr, 0xa5, BYTES + GUARD);
	assert_int_equal(video_frame_to_bgr(&converter, feed.last, bgr, WIDTH * 3), 0);
	for (int i = 0; i < GUARD; i++)
		assert_int_equal(bgr[BYTES + i], 0xa5);
	assert_int_not_equal(bgr[BYTES - 1], 0xa5);
	bgr_converter_finish(&converter);
	feed_finish(&feed);
	unlink(path);
	free(bgr);
}

static int remove_folder(void **state)
{
	(void)state;
	unlink(clip);
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_gives_every_frame_once_and_ends),
		cmocka_unit_test(times_rise_across_a_loop),
		cmocka_unit_test(a_missing_file_is_lost_once_until_it_appears),
		cmocka_unit_test(a_silent_rtsp_server_is_lost_without_showing_its_password),
		cmocka_unit_test(close_does_not_wait_for_a_server_that_hangs),
		cmocka_unit_test(close_does_not_wait_for_a_name_server),
		cmocka_unit_test(a_cut_file_gives_what_it_holds),
		cmocka_unit_test(size_and_codec_may_change_in_the_middle),
		cmocka_unit_test(damaged_packets_cost_pictures_and_nothing_else),
		cmocka_unit_test(rubbish_is_lost_with_a_reason),
		cmocka_unit_test(passwords_leave_every_url),
		cmocka_unit_test(a_picture_stays_within_its_buffer),
		cmocka_unit_test(wrong_settings_are_refused),
		cmocka_unit_test(colours_come_out_as_they_went_in),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
