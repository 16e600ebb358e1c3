#include "unit.h"
#include "fmp4_feed.h"
#include "video_make.h"
#include "vision/camera/fmp4_mux.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { FRAMES = 50, GOP = 10 };

static char dir[64], clip[128], wide[128], other[128];

static int make_folder(void **state)
{
	const struct video_spec spec = {"libx264", 160, 120, FRAMES, GOP, 2},
				wider = {"libx264", 320, 120, FRAMES, GOP, 0},
				jpeg = {"mjpeg", 160, 120, 5, 1, 0};

	(void)state;
	strcpy(dir, "/tmp/gh-live-XXXXXX");
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(clip, sizeof(clip), "%s/clip.mp4", dir);
	snprintf(wide, sizeof(wide), "%s/wide.mkv", dir);
	snprintf(other, sizeof(other), "%s/other.mkv", dir);
	return video_make(clip, &spec) | video_make(wide, &wider) | video_make(other, &jpeg);
}

static int open_live(void **state)
{
	return fmp4_mux_open((struct fmp4_mux **)state);
}

static int close_live(void **state)
{
	fmp4_mux_close(*state);
	return 0;
}

static struct {
	FILE *file;
	uint32_t turn;
	unsigned heads, keys, parts, parts_before_head, parts_before_key;
} seen;

static void keep(struct fmp4_mux *live)
{
	struct fmp4_part *part;

	while ((part = fmp4_mux_next(live)) != NULL) {
		assert_int_equal(part->session, seen.turn);
		seen.heads += part->init;
		seen.keys += part->key;
		seen.parts += !part->init;
		seen.parts_before_head += seen.heads == 0;
		seen.parts_before_key += !part->init && seen.keys == 0;
		if (seen.file != NULL)
			assert_int_equal(fwrite(part->data, 1, part->bytes, seen.file),
					 part->bytes);
		free(part);
	}
}

static void what_is_watched_plays_across_a_loop(void **state)
{
	struct fmp4_mux *live = *state;
	char type[FMP4_MEDIA_TYPE_BYTES], path[160];
	struct video_facts facts;

	snprintf(path, sizeof(path), "%s/watched.mp4", dir);
	memset(&seen, 0, sizeof(seen));
	assert_int_equal(fmp4_mux_media_type(live, type), -EAGAIN);
	seen.turn = fmp4_mux_enable(live, true);
	seen.file = fopen(path, "wb");
	fmp4_feed(live, clip, keep);
	fmp4_feed(live, clip, keep);
	fclose(seen.file);
	assert_int_equal(fmp4_mux_media_type(live, type), 0);
	assert_memory_equal(type, "video/mp4; codecs=\"avc1.", 24);
	assert_int_equal(strlen(type), 31);
	assert_int_equal(seen.heads, 1);
	assert_int_equal(seen.parts_before_head, 0);
	assert_int_equal(seen.parts, 2 * FRAMES - 1); /* the last waits for its successor */
	assert_int_equal(seen.keys, 2 * FRAMES / GOP);
	assert_int_equal(video_read(path, &facts), 0);
	assert_int_equal(facts.frames, 2 * FRAMES - 1);
	assert_int_equal(facts.first_is_key, 1);
	assert_string_equal(facts.codec, "h264");
}

static void h265_is_named_for_the_browser_to_judge(void **state)
{
	char type[FMP4_MEDIA_TYPE_BYTES], path[160], watched[160];
	const struct video_spec spec = {"libx265", 160, 120, FRAMES, GOP, 0};
	struct video_facts facts;

	snprintf(path, sizeof(path), "%s/hevc.mp4", dir);
	snprintf(watched, sizeof(watched), "%s/hevc-watched.mp4", dir);
	if (video_make(path, &spec) != 0)
		skip();
	memset(&seen, 0, sizeof(seen));
	seen.turn = fmp4_mux_enable(*state, true);
	seen.file = fopen(watched, "wb");
	fmp4_feed(*state, path, keep);
	fclose(seen.file);
	assert_int_equal(fmp4_mux_media_type(*state, type), 0);
	assert_memory_equal(type, "video/mp4; codecs=\"hvc1.1.6.L", 29);
	assert_int_equal(video_read(watched, &facts), 0);
	assert_int_equal(facts.frames, FRAMES - 1);
	assert_string_equal(facts.codec, "hevc");
}

static void nobody_watches_and_nothing_is_made(void **state)
{
	struct pollfd pollfd = {.fd = fmp4_mux_fd(*state), .events = POLLIN};

	fmp4_feed(*state, clip, NULL);
	assert_null(fmp4_mux_next(*state));
	(void)fmp4_mux_enable(*state, true);
	assert_int_equal(fmp4_mux_enable(*state, false), 0);
	fmp4_feed(*state, clip, NULL);
	assert_null(fmp4_mux_next(*state));
	assert_int_equal(poll(&pollfd, 1, 0), 0);
}

/* Who comes after a pause gets nothing of what was before it. */
static void a_new_turn_begins_with_its_own_head(void **state)
{
	uint32_t first = fmp4_mux_enable(*state, true);

	fmp4_feed(*state, clip, NULL);
	assert_int_equal(fmp4_mux_enable(*state, false), 0);
	memset(&seen, 0, sizeof(seen));
	seen.turn = fmp4_mux_enable(*state, true);
	assert_int_not_equal(seen.turn, first);
	fmp4_feed(*state, clip, keep);
	assert_int_equal(seen.heads, 1);
	assert_int_equal(seen.parts_before_head, 0);
}

static void another_size_has_another_head(void **state)
{
	memset(&seen, 0, sizeof(seen));
	seen.turn = fmp4_mux_enable(*state, true);
	fmp4_feed(*state, clip, keep);
	fmp4_feed(*state, wide, keep);
	assert_int_equal(seen.heads, 2);
}

/*
 * Nobody takes anything: what waits is bounded, and what comes afterwards begins at a key picture.
 */
static void a_watcher_who_stands_still_holds_nobody_up(void **state)
{
	struct fmp4_mux *live = *state;
	struct fmp4_part *part;
	size_t waiting = 0, bytes = 0;

	memset(&seen, 0, sizeof(seen));
	seen.turn = fmp4_mux_enable(live, true);
	for (int i = 0; i < 10; i++)
		fmp4_feed(live, clip, NULL);
	while ((part = fmp4_mux_next(live)) != NULL) {
		waiting++;
		bytes += part->bytes;
		free(part);
	}
	assert_true(waiting > 0 && waiting < 10 * FRAMES);
	assert_true(bytes <= FMP4_QUEUED_BYTES_MAX);
	fmp4_feed(live, clip, keep);
	assert_int_equal(seen.heads, 0); /* it has that one */
	assert_true(seen.keys > 0);
	assert_int_equal(seen.parts_before_key, 0);
}

enum {
	FULL_AFTER = 257
}; /* a head and 256 pictures that nobody takes; the last of them is no key picture */

static unsigned pushed;

static void take_once_one_was_left_out(struct fmp4_mux *live)
{
	struct fmp4_part *part;

	pushed++;
	if (pushed == FULL_AFTER + 1)
		while ((part = fmp4_mux_next(live)) != NULL)
			free(part);
	else if (pushed > FULL_AFTER + 1)
		keep(live);
}

/* Its successor builds on it, and was with the muxer already. */
static void after_a_picture_that_was_left_out_comes_a_key_picture(void **state)
{
	memset(&seen, 0, sizeof(seen));
	pushed = 0;
	seen.turn = fmp4_mux_enable(*state, true);
	for (int i = 0; i < 6; i++)
		fmp4_feed(*state, clip, take_once_one_was_left_out);
	assert_true(seen.keys > 0);
	assert_int_equal(seen.parts_before_key, 0);
}

static void what_no_browser_plays_is_refused(void **state)
{
	char type[FMP4_MEDIA_TYPE_BYTES];

	(void)fmp4_mux_enable(*state, true);
	fmp4_feed(*state, other, NULL);
	assert_int_equal(fmp4_mux_media_type(*state, type), -ENOTSUP);
	assert_null(fmp4_mux_next(*state));
	fmp4_feed(*state, clip, NULL);
	assert_int_equal(fmp4_mux_media_type(*state, type), 0);
}

static int remove_folder(void **state)
{
	char path[160];

	(void)state;
	snprintf(path, sizeof(path), "%s/watched.mp4", dir);
	unlink(path);
	unlink(clip);
	unlink(wide);
	unlink(other);
	return rmdir(dir);
}

int main(void)
{
#define WITH_LIVE(test) cmocka_unit_test_setup_teardown(test, open_live, close_live)
	const struct CMUnitTest tests[] = {
		WITH_LIVE(what_is_watched_plays_across_a_loop),
		WITH_LIVE(h265_is_named_for_the_browser_to_judge),
		WITH_LIVE(nobody_watches_and_nothing_is_made),
		WITH_LIVE(a_new_turn_begins_with_its_own_head),
		WITH_LIVE(another_size_has_another_head),
		WITH_LIVE(a_watcher_who_stands_still_holds_nobody_up),
		WITH_LIVE(after_a_picture_that_was_left_out_comes_a_key_picture),
		WITH_LIVE(what_no_browser_plays_is_refused),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
