#include "unit.h"
#include "vision/camera/ring.h"

#include <errno.h>

#include <libavcodec/avcodec.h>

static struct packet_ring *ring;
static AVCodecParameters *parameters;

static void open_ring(unsigned seconds, uint64_t bytes_max)
{
	assert_int_equal(ring_open(seconds, bytes_max, &ring), 0);
	parameters = avcodec_parameters_alloc();
	assert_int_equal(ring_begin(ring, 0, parameters), 0);
}

static void close_ring(void)
{
	ring_close(ring);
	avcodec_parameters_free(&parameters);
}

static void push(int64_t pts_us, bool key, int bytes)
{
	AVPacket *packet = av_packet_alloc();

	assert_int_equal(av_new_packet(packet, bytes), 0);
	packet->pts = packet->dts = pts_us;
	packet->flags = key ? AV_PKT_FLAG_KEY : 0;
	assert_int_equal(ring_push(ring, packet), 0);
	av_packet_free(&packet);
}

static void push_seconds(int from, int to, int bytes)
{
	for (int n = from * 25; n < to * 25; n++)
		push(n * 40000, n % 25 == 0, bytes);
}

static void memory_stays_bounded_in_time_and_bytes(void **state)
{
	uint64_t bytes;
	size_t packets;

	(void)state;
	open_ring(4, 100000);
	push_seconds(0, 60, 100);
	ring_usage(ring, &bytes, &packets);
	assert_in_range(packets, 4 * 25, 5 * 25);
	push_seconds(60, 90, 1500);
	ring_usage(ring, &bytes, &packets);
	assert_in_range(bytes, 1, 100000);
	assert_int_equal(ring_newest_pts_us(ring), (90 * 25 - 1) * 40000);
	close_ring();
}

static void a_clip_starts_at_the_key_picture_before(void **state)
{
	struct ring_clip clip;

	(void)state;
	open_ring(30, 1 << 20);
	push_seconds(0, 10, 100);
	assert_int_equal(ring_copy(ring, 3500000, 4000000, 5500000, &clip), 0);
	assert_int_equal(clip.packets[0]->pts, 3000000);
	assert_true((clip.packets[0]->flags & AV_PKT_FLAG_KEY) != 0);
	assert_in_range(clip.packets[clip.count - 1]->pts, 5480000, 5500000);
	ring_clip_finish(&clip);
	close_ring();
}

static void a_clip_stays_in_the_epoch_of_its_middle(void **state)
{
	struct ring_clip clip;

	(void)state;
	open_ring(30, 1 << 20);
	push_seconds(0, 5, 100);
	assert_int_equal(ring_begin(ring, 1, parameters), 0);
	push_seconds(5, 10, 100);
	assert_int_equal(ring_copy(ring, 3000000, 4500000, 7000000, &clip), 0);
	assert_int_equal(clip.epoch, 0);
	assert_int_equal(clip.packets[clip.count - 1]->pts, 4960000);
	ring_clip_finish(&clip);
	assert_int_equal(ring_copy(ring, 3000000, 5500000, 7000000, &clip), 0);
	assert_int_equal(clip.epoch, 1);
	assert_int_equal(clip.packets[0]->pts, 5000000);
	ring_clip_finish(&clip);
	close_ring();
}

static void nothing_is_kept_before_a_key_or_of_an_endless_group(void **state)
{
	struct ring_clip clip;
	uint64_t bytes;
	size_t packets;

	(void)state;
	open_ring(30, 10000);
	push(0, false, 10);
	ring_usage(ring, &bytes, &packets);
	assert_int_equal(packets, 0);
	assert_int_equal(ring_copy(ring, 0, 0, 0, &clip), -ENOENT);
	push(40000, true, 10);
	for (int n = 2; n < 100; n++)
		push(n * 40000, false, 400);
	ring_usage(ring, &bytes, &packets);
	assert_int_equal(packets, 0);
	assert_int_equal(ring_copy(ring, 2, 1, 3, &clip), -EINVAL);
	assert_int_equal(ring_begin(ring, 0, parameters), -EINVAL);
	assert_false(ring_has_ended(ring));
	ring_end(ring);
	assert_true(ring_has_ended(ring));
	close_ring();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_stays_bounded_in_time_and_bytes),
		cmocka_unit_test(a_clip_starts_at_the_key_picture_before),
		cmocka_unit_test(a_clip_stays_in_the_epoch_of_its_middle),
		cmocka_unit_test(nothing_is_kept_before_a_key_or_of_an_endless_group),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
