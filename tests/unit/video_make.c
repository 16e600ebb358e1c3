#include "video_make.h"

#include <stdio.h>
#include <string.h>

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>

/* Debian's libx265 never frees its first parameters: its leak, and no test's */
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/lsan_interface.h>
#else
#define __lsan_disable()
#define __lsan_enable()
#endif

static void paint(AVFrame *picture, int n)
{
	int x = picture->width / 2, y = n * 3 % picture->height;

	for (int row = 0; row < picture->height; row++) {
		memset(picture->data[0] + (ptrdiff_t)row * picture->linesize[0], 96 + row % 8,
		       (size_t)picture->width);
		if (row >= y && row < y + 8)
			memset(picture->data[0] + (ptrdiff_t)row * picture->linesize[0] + x, 230,
			       8);
	}
	for (int plane = 1; plane < 3; plane++)
		for (int row = 0; row < picture->height / 2; row++)
			memset(picture->data[plane] + (ptrdiff_t)row * picture->linesize[plane],
			       128, (size_t)picture->width / 2);
}

static int drain(AVCodecContext *encoder, AVFormatContext *format, AVPacket *packet)
{
	for (;;) {
		int r = avcodec_receive_packet(encoder, packet);

		if (r == AVERROR(EAGAIN) || r == AVERROR_EOF)
			return 0;
		if (r < 0)
			return r;
		packet->duration = 1;
		packet->stream_index = 0;
		av_packet_rescale_ts(packet, encoder->time_base, format->streams[0]->time_base);
		r = av_interleaved_write_frame(format, packet);
		if (r < 0)
			return r;
	}
}

static int encode_all(AVCodecContext *encoder, AVFormatContext *format, int frames)
{
	AVFrame *picture = av_frame_alloc();
	AVPacket *packet = av_packet_alloc();
	int r;

	picture->format = encoder->pix_fmt;
	picture->width = encoder->width;
	picture->height = encoder->height;
	r = av_frame_get_buffer(picture, 0);
	for (int n = 0; n < frames && r >= 0; n++) {
		r = av_frame_make_writable(picture);
		paint(picture, n);
		picture->pts = n;
		if (r >= 0)
			r = avcodec_send_frame(encoder, picture);
		if (r >= 0)
			r = drain(encoder, format, packet);
	}
	if (r >= 0)
		r = avcodec_send_frame(encoder, NULL);
	if (r >= 0)
		r = drain(encoder, format, packet);
	av_frame_free(&picture);
	av_packet_free(&packet);
	return r;
}

int video_make(const char *path, const struct video_spec *spec)
{
	const AVCodec *codec = avcodec_find_encoder_by_name(spec->codec);
	AVFormatContext *format = NULL;
	AVCodecContext *encoder;
	AVStream *stream;
	int opened;
	int r = -1;

	av_log_set_level(AV_LOG_QUIET);
	if (codec == NULL)
		return 77;
	encoder = avcodec_alloc_context3(codec);
	encoder->width = spec->width;
	encoder->height = spec->height;
	encoder->pix_fmt =
		strcmp(spec->codec, "mjpeg") == 0 ? AV_PIX_FMT_YUVJ420P : AV_PIX_FMT_YUV420P;
	encoder->time_base = (AVRational){1, 25};
	encoder->framerate = (AVRational){25, 1};
	encoder->gop_size = spec->gop;
	encoder->max_b_frames = spec->b_frames;
	encoder->thread_count = 1;
	if (avformat_alloc_output_context2(&format, NULL, NULL, path) < 0)
		goto out;
	if ((format->oformat->flags & AVFMT_GLOBALHEADER) != 0)
		encoder->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
	stream = avformat_new_stream(format, NULL);
	__lsan_disable();
	opened = avcodec_open2(encoder, codec, NULL);
	__lsan_enable();
	if (opened < 0 || avcodec_parameters_from_context(stream->codecpar, encoder) < 0)
		goto out;
	stream->time_base = encoder->time_base;
	stream->avg_frame_rate = encoder->framerate;
	if (avio_open(&format->pb, path, AVIO_FLAG_WRITE) < 0 ||
	    avformat_write_header(format, NULL) < 0)
		goto out;
	r = encode_all(encoder, format, spec->frames);
	if (r >= 0)
		r = av_write_trailer(format);
out:
	if (format != NULL && format->pb != NULL)
		avio_closep(&format->pb);
	avformat_free_context(format);
	avcodec_free_context(&encoder);
	return r < 0 ? -1 : 0;
}

static void take(AVCodecContext *decoder, AVFrame *picture, struct video_facts *facts)
{
	while (avcodec_receive_frame(decoder, picture) >= 0)
		facts->frames++;
}

int video_read(const char *path, struct video_facts *facts)
{
	AVFormatContext *format = NULL;
	AVCodecContext *decoder;
	AVPacket *packet = av_packet_alloc();
	AVFrame *picture = av_frame_alloc();
	int packets = 0;

	memset(facts, 0, sizeof(*facts));
	if (avformat_open_input(&format, path, NULL, NULL) < 0 ||
	    avformat_find_stream_info(format, NULL) < 0) {
		avformat_close_input(&format);
		av_packet_free(&packet);
		av_frame_free(&picture);
		return -1;
	}
	decoder = avcodec_alloc_context3(
		avcodec_find_decoder(format->streams[0]->codecpar->codec_id));
	avcodec_parameters_to_context(decoder, format->streams[0]->codecpar);
	decoder->thread_count = 1;
	avcodec_open2(decoder, NULL, NULL);
	snprintf(facts->codec, sizeof(facts->codec), "%s",
		 avcodec_get_name(format->streams[0]->codecpar->codec_id));
	facts->duration_us = format->duration;
	while (av_read_frame(format, packet) >= 0) {
		if (packets++ == 0) {
			facts->first_is_key = (packet->flags & AV_PKT_FLAG_KEY) != 0;
			facts->first_pts_us = av_rescale_q(
				packet->pts, format->streams[0]->time_base, AV_TIME_BASE_Q);
		}
		avcodec_send_packet(decoder, packet);
		take(decoder, picture, facts);
		av_packet_unref(packet);
	}
	avcodec_send_packet(decoder, NULL);
	take(decoder, picture, facts);
	avcodec_free_context(&decoder);
	avformat_close_input(&format);
	av_packet_free(&packet);
	av_frame_free(&picture);
	return 0;
}
