/* fmp4_feed.h - a file as a camera's thread gives it to fmp4_mux.h, packet by packet, for tests. */
#ifndef GH_TESTS_FMP4_FEED_H
#define GH_TESTS_FMP4_FEED_H

#include "unit.h"
#include "vision/camera/fmp4_mux.h"

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>

static int64_t live_end_us; /* of what was played so far */

/*
 * What the camera's thread does with one opening of @p path; @p each is called after every packet.
 */
static inline void fmp4_feed(struct fmp4_mux *live, const char *path,
			     void (*each)(struct fmp4_mux *live))
{
	AVFormatContext *format = NULL;
	AVPacket *packet = av_packet_alloc();
	int64_t offset_us = INT64_MIN;

	assert_true(avformat_open_input(&format, path, NULL, NULL) >= 0);
	assert_true(avformat_find_stream_info(format, NULL) >= 0);
	fmp4_mux_begin(live, format->streams[0]->codecpar);
	while (av_read_frame(format, packet) >= 0) {
		av_packet_rescale_ts(packet, format->streams[0]->time_base, AV_TIME_BASE_Q);
		if (offset_us == INT64_MIN) /* decoding goes on without a gap */
			offset_us = live_end_us - packet->dts;
		packet->dts += offset_us;
		packet->pts += offset_us;
		live_end_us = packet->dts + 40000;
		fmp4_mux_push(live, packet);
		if (each != NULL)
			each(live);
		av_packet_unref(packet);
	}
	av_packet_free(&packet);
	avformat_close_input(&format);
}

#endif
