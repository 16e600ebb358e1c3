/*
 * Whatever a camera or a film sends: what is ours behind FFmpeg's demuxer. A file as it is (opened,
 * read, kept, cut into a clip), packets with any times and any contents (ring, clip, live
 * pictures), and addresses without their passwords.
 */
#include <libavcodec/avcodec.h>
#include <libavutil/log.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vision/camera/camera.h"
#include "vision/evidence/clip.h"
#include "vision/camera/fmp4_mux.h"
#include "vision/camera/ring.h"
#include "vision/camera/source.h"

enum { RING_BYTES_MAX = 1 << 16, PACKETS_MAX = 120, PATH_BYTES = 40 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static struct packet_ring *ring;
static struct fmp4_mux *live;
static AVCodecParameters *parameters;
static AVPacket *packet;
static char input_path[PATH_BYTES], clip_path[PATH_BYTES];
static int input_fd, clip_fd;

static int memory_file(const char *name, char *path)
{
	int fd = memfd_create(name, MFD_CLOEXEC);

	if (fd < 0)
		abort();
	snprintf(path, PATH_BYTES, "/proc/self/fd/%d", fd);
	return fd;
}

static void begin(void)
{
	packet = av_packet_alloc();
	parameters = avcodec_parameters_alloc();
	input_fd = memory_file("input", input_path);
	clip_fd = memory_file("clip", clip_path);
	if (packet == NULL || parameters == NULL)
		abort();
}

/* A player must get a head first, and after each head a key picture first. */
static void take_parts(void)
{
	static bool headed, keyed;
	static uint32_t turn;

	for (struct fmp4_part *part = fmp4_mux_next(live); part != NULL;
	     part = fmp4_mux_next(live)) {
		if (part->session != turn)
			headed = keyed = false;
		turn = part->session;
		if (part->init)
			headed = true, keyed = false;
		else if (!headed || (!keyed && !part->key))
			abort();
		else
			keyed = true;
		free(part);
	}
}

static void push(void)
{
	uint64_t bytes;
	size_t count;

	if (ring_push(ring, packet) == 0)
		fmp4_mux_push(live, packet);
	ring_usage(ring, &bytes, &count);
	if (bytes > RING_BYTES_MAX)
		abort();
	take_parts();
}

static void cut(int64_t from_us, int64_t at_us, int64_t to_us)
{
	struct ring_clip clip;

	if (ring_copy(ring, from_us, at_us, to_us, &clip) < 0)
		return;
	if (clip.count == 0 || (clip.packets[0]->flags & AV_PKT_FLAG_KEY) == 0)
		abort();
	/* what is not copied is encoded, which is x264's time and not ours */
	if (clip.parameters->codec_id == AV_CODEC_ID_H264 ||
	    clip.parameters->codec_id == AV_CODEC_ID_HEVC)
		(void)clip_write(&clip, clip_path, NULL); /* much of it cannot be written */
	ring_clip_finish(&clip);
}

static void from_file(const uint8_t *data, size_t bytes)
{
	static const atomic_bool stop;
	struct source_options options = {.url = input_path,
					 .stop = &stop,
					 .open_timeout_ms = 2000,
					 .stall_timeout_ms = 2000,
					 .decoder_threads = 1};
	struct problem problem = {0};
	struct source *source = NULL;
	int64_t last_us = INT64_MIN;
	int r;

	if (ftruncate(input_fd, 0) < 0 || pwrite(input_fd, data, bytes, 0) != (ssize_t)bytes)
		abort();
	r = source_open(&options, &source, &problem);
	if (r < 0) {
		if (r == -EIO && problem.code == PROBLEM_NONE)
			abort(); /* refused without saying why */
		return;
	}
	if (ring_begin(ring, 1, source_parameters(source)) == 0)
		fmp4_mux_begin(live, source_parameters(source));
	for (int n = 0; n < PACKETS_MAX && source_read(source, packet, &problem) == 1; n++) {
		if (packet->dts == AV_NOPTS_VALUE || packet->dts <= last_us)
			packet->dts =
				last_us == INT64_MIN ? 0 : last_us + 1; /* as the camera does */
		if (packet->pts == AV_NOPTS_VALUE || packet->pts < packet->dts)
			packet->pts = packet->dts;
		last_us = packet->dts;
		push();
		av_packet_unref(packet);
	}
	source_close(source);
	cut(INT64_MIN, last_us, INT64_MAX);
}

static void use_codec(const uint8_t **at, const uint8_t *end)
{
	static const enum AVCodecID codecs[] = {AV_CODEC_ID_H264, AV_CODEC_ID_HEVC,
						AV_CODEC_ID_MJPEG, AV_CODEC_ID_H264};
	size_t extra = end - *at > 2 ? (*at)[1] : 0;

	av_freep(&parameters->extradata);
	parameters->extradata_size = 0;
	parameters->codec_type = AVMEDIA_TYPE_VIDEO;
	parameters->codec_id = codecs[**at % 4];
	parameters->width = 320;
	parameters->height = 240;
	*at += end - *at > 2 ? 2 : 1;
	if (extra > (size_t)(end - *at))
		extra = (size_t)(end - *at);
	parameters->extradata = av_mallocz(extra + AV_INPUT_BUFFER_PADDING_SIZE);
	if (parameters->extradata == NULL)
		abort();
	memcpy(parameters->extradata, *at, extra);
	parameters->extradata_size = (int)extra;
	*at += extra;
}

/* Each op: what, then what it needs. */
static void from_packets(const uint8_t *at, const uint8_t *end)
{
	int64_t dts_us = 0;
	uint32_t epoch = 0;
	char type[FMP4_MEDIA_TYPE_BYTES];

	for (int n = 0; n < PACKETS_MAX && end - at > 4; n++) {
		uint8_t op = *at++;
		size_t bytes;

		if (op % 16 == 0) {
			use_codec(&at, end);
			if (ring_begin(ring, ++epoch, parameters) == 0)
				fmp4_mux_begin(live, parameters);
			if (fmp4_mux_media_type(live, type) == 0 &&
			    memchr(type, '\0', sizeof(type)) == NULL)
				abort();
		} else if (op % 16 == 1) {
			cut(dts_us - at[0] * 40000, dts_us - at[1] * 40000, dts_us);
		} else if (op % 16 == 2) {
			fmp4_mux_enable(live, op & 16);
		} else if (epoch > 0) {
			bytes = at[2] < (size_t)(end - at - 3) ? at[2] : (size_t)(end - at - 3);
			if (av_new_packet(packet, (int)bytes) < 0)
				abort();
			memcpy(packet->data, at + 3, bytes);
			dts_us += 1 + (at[0] << (op & 32 ? 20 : 8));
			packet->dts = dts_us;
			packet->pts = dts_us + (int8_t)at[1] * 10000;
			packet->duration = at[1] * 1000;
			packet->flags = op & 64 ? AV_PKT_FLAG_KEY : 0;
			at += 3 + bytes;
			push();
			av_packet_unref(packet);
		}
	}
	cut(INT64_MIN, dts_us, INT64_MAX);
}

static void address(const uint8_t *data, size_t bytes)
{
	char url[CAMERA_URL_BYTES], text[CAMERA_URL_BYTES];
	enum source_kind kind;

	snprintf(url, sizeof(url), "rtsp://%.*s", (int)strnlen((const char *)data, bytes),
		 (const char *)data);
	camera_url_public(url, text, sizeof(text));
	if (strchr(text, '@') != NULL || strchr(text, '?') != NULL ||
	    source_kind_of(url, &kind) < 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	if (packet == NULL)
		begin();
	av_log_set_level(AV_LOG_QUIET);
	if (bytes < 2)
		return -1;
	if (ring_open(10, RING_BYTES_MAX, &ring) < 0 || fmp4_mux_open(&live) < 0)
		abort();
	fmp4_mux_enable(live, true);
	if (data[0] == 0)
		address(data + 1, bytes - 1);
	else if (data[0] & 0x80)
		from_file(data + 1, bytes - 1);
	else
		from_packets(data + 1, data + bytes);
	ring_close(ring);
	fmp4_mux_close(live);
	return 0;
}
