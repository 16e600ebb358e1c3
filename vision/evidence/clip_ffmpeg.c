#include "clip.h"

#include "vision/camera/mask.h"
#include "vision/camera/mp4.h"
#include "vision/camera/ring.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/opt.h>
#include <libswscale/swscale.h>

struct muxer {
	AVFormatContext *format;
	AVStream *stream;
	int64_t last_dts; /* of the stream, in its time base */
	bool any;
};

struct recoder {
	AVCodecContext *decoder, *encoder;
	struct SwsContext *sws;
	AVFrame *in, *out;
	AVPacket *packet;
	int64_t origin_us, last_pts;
	const struct mask *mask; /* NULL: no mask */
};

static int to_errno(int r)
{
	/* the codes of FFmpeg are far outside the errno range */
	return r >= 0 ? 0 : r > -4096 ? r : -EIO;
}

static int muxer_open(struct muxer *muxer, const char *path, const AVCodecParameters *parameters)
{
	char url[PATH_MAX + 8];
	int r = mp4_open(parameters, path, &muxer->format);

	if (r < 0)
		return r;
	muxer->stream = muxer->format->streams[0];
	/* without the prefix, a ':' in the folder's name would select a protocol */
	snprintf(url, sizeof(url), "file:%s", path);
	r = avio_open(&muxer->format->pb, url, AVIO_FLAG_WRITE);
	if (r < 0)
		return r;
	return avformat_write_header(muxer->format, NULL);
}

/* @p packet in microseconds from 0; its times are changed. */
static int muxer_write(struct muxer *muxer, AVPacket *packet)
{
	int r;

	av_packet_rescale_ts(packet, AV_TIME_BASE_Q, muxer->stream->time_base);
	if (muxer->any && packet->dts <= muxer->last_dts)
		packet->dts = muxer->last_dts + 1;
	if (packet->pts < packet->dts)
		packet->pts = packet->dts;
	muxer->last_dts = packet->dts;
	muxer->any = true;
	packet->stream_index = 0;
	packet->pos = -1;
	r = av_write_frame(muxer->format, packet);
	if (r >= 0 && muxer->format->pb->error < 0)
		r = muxer->format->pb->error;
	return r;
}

static int muxer_finish(struct muxer *muxer, int r)
{
	int closed;

	if (muxer->format == NULL)
		return r;
	if (r >= 0)
		r = av_write_trailer(muxer->format);
	if (muxer->format->pb != NULL) {
		avio_flush(muxer->format->pb);
		if (r >= 0 && muxer->format->pb->error < 0)
			r = muxer->format->pb->error;
		closed = avio_closep(&muxer->format->pb);
		if (r >= 0)
			r = closed;
	}
	avformat_free_context(muxer->format);
	muxer->format = NULL;
	return r;
}

static int copy_packets(struct muxer *muxer, const struct ring_clip *clip)
{
	AVPacket *packet = av_packet_alloc();
	int64_t origin = clip->packets[0]->pts;
	int r = packet == NULL ? AVERROR(ENOMEM) : 0;

	for (size_t i = 0; i < clip->count && r >= 0; i++) {
		r = av_packet_ref(packet, clip->packets[i]);
		if (r < 0)
			break;
		packet->pts -= origin;
		packet->dts -= origin;
		r = muxer_write(muxer, packet);
		av_packet_unref(packet);
	}
	av_packet_free(&packet);
	return r;
}

/* ---- for codecs that no browser plays ---- */

static int open_encoder(struct recoder *re, const AVCodecParameters *parameters)
{
	const AVCodec *codec = avcodec_find_encoder_by_name("libx264");

	if (codec == NULL)
		codec = avcodec_find_encoder(AV_CODEC_ID_H264);
	if (codec == NULL)
		codec = avcodec_find_encoder(AV_CODEC_ID_MPEG4);
	if (codec == NULL)
		return AVERROR(ENOTSUP);
	re->encoder = avcodec_alloc_context3(codec);
	if (re->encoder == NULL)
		return AVERROR(ENOMEM);
	re->encoder->width = parameters->width & ~1;
	re->encoder->height = parameters->height & ~1;
	re->encoder->pix_fmt = AV_PIX_FMT_YUV420P;
	re->encoder->time_base =
		codec->id == AV_CODEC_ID_MPEG4 ? (AVRational){1, 1000} : AV_TIME_BASE_Q;
	re->encoder->max_b_frames = 0;
	re->encoder->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
	re->encoder->thread_count = 1;
	re->encoder->bit_rate = 4000000;
	/* options of libx264; other encoders ignore them */
	(void)av_opt_set(re->encoder->priv_data, "preset", "veryfast", 0);
	(void)av_opt_set(re->encoder->priv_data, "crf", "21", 0);
	return avcodec_open2(re->encoder, codec, NULL);
}

static int recoder_open(struct recoder *re, const AVCodecParameters *parameters)
{
	const AVCodec *codec = avcodec_find_decoder(parameters->codec_id);
	int r;

	if (codec == NULL)
		return AVERROR(ENOTSUP);
	if (parameters->width < 2 || parameters->height < 2)
		return AVERROR(EIO);
	re->decoder = avcodec_alloc_context3(codec);
	re->in = av_frame_alloc();
	re->out = av_frame_alloc();
	re->packet = av_packet_alloc();
	if (re->decoder == NULL || re->in == NULL || re->out == NULL || re->packet == NULL)
		return AVERROR(ENOMEM);
	r = avcodec_parameters_to_context(re->decoder, parameters);
	if (r < 0)
		return r;
	re->decoder->pkt_timebase = AV_TIME_BASE_Q;
	re->decoder->thread_count = 1;
	r = avcodec_open2(re->decoder, codec, NULL);
	if (r >= 0)
		r = open_encoder(re, parameters);
	re->last_pts = -1;
	return r;
}

static void recoder_finish(struct recoder *re)
{
	avcodec_free_context(&re->decoder);
	avcodec_free_context(&re->encoder);
	sws_freeContext(re->sws);
	av_frame_free(&re->in);
	av_frame_free(&re->out);
	av_packet_free(&re->packet);
}

static int encode(struct recoder *re, const AVFrame *picture, struct muxer *muxer)
{
	int r = avcodec_send_frame(re->encoder, picture);

	while (r >= 0) {
		r = avcodec_receive_packet(re->encoder, re->packet);
		if (r == AVERROR(EAGAIN) || r == AVERROR_EOF)
			return 0;
		if (r < 0)
			break;
		av_packet_rescale_ts(re->packet, re->encoder->time_base, AV_TIME_BASE_Q);
		r = muxer_write(muxer, re->packet);
		av_packet_unref(re->packet);
	}
	return r;
}

static void hide(const struct mask *mask, AVFrame *picture)
{
	mask_plane(mask, picture->data[0], (size_t)picture->linesize[0], picture->width,
		   picture->height, 1, 16);
	for (int plane = 1; plane < 3; plane++)
		mask_plane(mask, picture->data[plane], (size_t)picture->linesize[plane],
			   picture->width / 2, picture->height / 2, 1, 128);
}

static int recode_picture(struct recoder *re, struct muxer *muxer)
{
	int64_t pts = re->in->best_effort_timestamp;
	int r;

	re->sws = sws_getCachedContext(re->sws, re->in->width, re->in->height, re->in->format,
				       re->encoder->width, re->encoder->height, AV_PIX_FMT_YUV420P,
				       SWS_BILINEAR, NULL, NULL, NULL);
	if (re->sws == NULL)
		return AVERROR(EIO);
	/* the encoder may still hold a reference to the previous picture */
	av_frame_unref(re->out);
	re->out->format = AV_PIX_FMT_YUV420P;
	re->out->width = re->encoder->width;
	re->out->height = re->encoder->height;
	r = av_frame_get_buffer(re->out, 0);
	if (r < 0)
		return r;
	r = sws_scale(re->sws, (const uint8_t *const *)re->in->data, re->in->linesize, 0,
		      re->in->height, re->out->data, re->out->linesize);
	if (r < 0)
		return r;
	if (re->mask != NULL)
		hide(re->mask, re->out);
	pts = pts == AV_NOPTS_VALUE
		      ? re->last_pts + 1
		      : av_rescale_q(pts - re->origin_us, AV_TIME_BASE_Q, re->encoder->time_base);
	re->out->pts = pts > re->last_pts ? pts : re->last_pts + 1;
	re->last_pts = re->out->pts;
	return encode(re, re->out, muxer);
}

static int recode_packet(struct recoder *re, const AVPacket *packet, struct muxer *muxer)
{
	int r = avcodec_send_packet(re->decoder, packet);

	/* a damaged packet loses its picture alone */
	while (r >= 0) {
		r = avcodec_receive_frame(re->decoder, re->in);
		if (r < 0)
			break;
		r = recode_picture(re, muxer);
		av_frame_unref(re->in);
		if (r < 0)
			return r;
	}
	return 0;
}

static int recode_packets(struct recoder *re, const struct ring_clip *clip, struct muxer *muxer)
{
	int r = 0;

	re->origin_us = clip->packets[0]->pts;
	for (size_t i = 0; i < clip->count && r >= 0; i++)
		r = recode_packet(re, clip->packets[i], muxer);
	if (r >= 0)
		r = recode_packet(re, NULL, muxer);
	if (r >= 0)
		r = encode(re, NULL, muxer);
	return r >= 0 && !muxer->any ? AVERROR(EIO) : r;
}

static int recode(const struct ring_clip *clip, const char *path, const struct mask *mask,
		  struct muxer *muxer)
{
	AVCodecParameters *parameters = avcodec_parameters_alloc();
	struct recoder re = {.mask = mask};
	int r = parameters == NULL ? AVERROR(ENOMEM) : recoder_open(&re, clip->parameters);

	if (r >= 0)
		r = avcodec_parameters_from_context(parameters, re.encoder);
	if (r >= 0)
		r = muxer_open(muxer, path, parameters);
	if (r >= 0)
		r = recode_packets(&re, clip, muxer);
	recoder_finish(&re);
	avcodec_parameters_free(&parameters);
	return r;
}

int clip_write(const struct ring_clip *clip, const char *path, const struct mask *mask)
{
	struct muxer muxer = {0};
	int r;

	assert(clip->count > 0 && path != NULL);
	if (mask != NULL && mask->count == 0)
		mask = NULL;
	if (mask == NULL && mp4_is_played(clip->parameters)) {
		r = muxer_open(&muxer, path, clip->parameters);
		if (r >= 0)
			r = copy_packets(&muxer, clip);
	} else {
		r = recode(clip, path, mask, &muxer);
	}
	return to_errno(muxer_finish(&muxer, r));
}

void clip_range(const struct ring_clip *clip, int64_t *ret_from_us, int64_t *ret_to_us)
{
	int64_t from = clip->packets[0]->pts, to = from;

	assert(clip->count > 0);
	for (size_t i = 1; i < clip->count; i++)
		if (clip->packets[i]->pts > to)
			to = clip->packets[i]->pts;
	*ret_from_us = from;
	*ret_to_us = to;
}
