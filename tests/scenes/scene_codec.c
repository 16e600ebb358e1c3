#include "scene_codec.h"

#include <libavcodec/avcodec.h>
#include <libavutil/opt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct scene_codec {
	AVCodecContext *encoder, *decoder;
	AVFrame *in, *out;
	AVPacket *packet;
	int64_t next;
};

static int open_encoder(struct scene_codec *codec, int width_px, int height_px, int frames_per_s,
			int crf)
{
	const AVCodec *x264 = avcodec_find_encoder_by_name("libx264");
	char quality[8];

	if (x264 == NULL)
		return AVERROR_ENCODER_NOT_FOUND;
	codec->encoder = avcodec_alloc_context3(x264);
	if (codec->encoder == NULL)
		return AVERROR(ENOMEM);
	codec->encoder->width = width_px;
	codec->encoder->height = height_px;
	codec->encoder->pix_fmt = AV_PIX_FMT_YUV420P;
	codec->encoder->time_base = (AVRational){1, frames_per_s};
	codec->encoder->gop_size = 2 * frames_per_s; /* what cameras do */
	codec->encoder->max_b_frames = 0;
	codec->encoder->thread_count = 1;
	snprintf(quality, sizeof(quality), "%d", crf);
	av_opt_set(codec->encoder->priv_data, "preset", "superfast", 0);
	av_opt_set(codec->encoder->priv_data, "tune", "zerolatency", 0);
	av_opt_set(codec->encoder->priv_data, "crf", quality, 0);
	return avcodec_open2(codec->encoder, x264, NULL);
}

static int open_decoder(struct scene_codec *codec)
{
	const AVCodec *h264 = avcodec_find_decoder(AV_CODEC_ID_H264);

	if (h264 == NULL)
		return AVERROR_DECODER_NOT_FOUND;
	codec->decoder = avcodec_alloc_context3(h264);
	if (codec->decoder == NULL)
		return AVERROR(ENOMEM);
	codec->decoder->thread_count = 1;
	codec->decoder->flags |= AV_CODEC_FLAG_LOW_DELAY;
	return avcodec_open2(codec->decoder, h264, NULL);
}

int scene_codec_open(int width_px, int height_px, int frames_per_s, int crf,
		     struct scene_codec **ret_codec)
{
	struct scene_codec *codec = calloc(1, sizeof(*codec));
	int r;

	if (codec == NULL)
		return AVERROR(ENOMEM);
	av_log_set_level(AV_LOG_ERROR);
	codec->in = av_frame_alloc();
	codec->out = av_frame_alloc();
	codec->packet = av_packet_alloc();
	r = codec->in == NULL || codec->out == NULL || codec->packet == NULL ? AVERROR(ENOMEM) : 0;
	if (r >= 0)
		r = open_encoder(codec, width_px, height_px, frames_per_s, crf);
	if (r >= 0)
		r = open_decoder(codec);
	if (r >= 0) {
		codec->in->format = AV_PIX_FMT_YUV420P;
		codec->in->width = width_px;
		codec->in->height = height_px;
		r = av_frame_get_buffer(codec->in, 0);
	}
	if (r < 0) {
		scene_codec_close(codec);
		return r;
	}
	*ret_codec = codec;
	return 0;
}

void scene_codec_close(struct scene_codec *codec)
{
	if (codec == NULL)
		return;
	av_packet_free(&codec->packet);
	av_frame_free(&codec->in);
	av_frame_free(&codec->out);
	avcodec_free_context(&codec->encoder);
	avcodec_free_context(&codec->decoder);
	free(codec);
}

int scene_codec_pass(struct scene_codec *codec, const uint8_t *luma, const uint8_t **ret_luma,
		     int *ret_stride)
{
	AVFrame *in = codec->in;
	int r = av_frame_make_writable(in);

	if (r < 0)
		return r;
	for (int y = 0; y < in->height; y++)
		memcpy(in->data[0] + (ptrdiff_t)y * in->linesize[0],
		       luma + (size_t)y * (size_t)in->width, (size_t)in->width);
	for (int plane = 1; plane < 3; plane++)
		memset(in->data[plane], 128,
		       (size_t)in->linesize[plane] * (size_t)(in->height / 2));
	in->pts = codec->next++;
	r = avcodec_send_frame(codec->encoder, in);
	if (r >= 0)
		r = avcodec_receive_packet(codec->encoder, codec->packet);
	if (r >= 0)
		r = avcodec_send_packet(codec->decoder, codec->packet);
	av_packet_unref(codec->packet);
	if (r >= 0)
		r = avcodec_receive_frame(codec->decoder, codec->out);
	if (r < 0)
		return r;
	*ret_luma = codec->out->data[0];
	*ret_stride = codec->out->linesize[0];
	return 0;
}
