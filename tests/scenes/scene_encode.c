#include "scene.h"

#include <errno.h>
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/opt.h>
#include <stdio.h>

struct film {
	AVFormatContext *container;
	AVCodecContext *encoder;
	AVStream *stream;
	AVFrame *frame;
	AVPacket *packet;
};

static int open_encoder(struct film *film, const struct scene_options *options)
{
	const AVCodec *codec = avcodec_find_encoder_by_name("libx264");

	if (codec == NULL)
		return AVERROR_ENCODER_NOT_FOUND;
	film->encoder = avcodec_alloc_context3(codec);
	if (film->encoder == NULL)
		return AVERROR(ENOMEM);
	film->encoder->width = options->width_px;
	film->encoder->height = options->height_px;
	film->encoder->pix_fmt = AV_PIX_FMT_YUV420P;
	film->encoder->time_base = (AVRational){1, options->frames_per_s};
	film->encoder->framerate = (AVRational){options->frames_per_s, 1};
	film->encoder->gop_size = options->frames_per_s; /* a second: what cameras do */
	film->encoder->max_b_frames = 0;
	/* more threads, other bits: the same seed must give the same file */
	film->encoder->thread_count = 1;
	if (film->container->oformat->flags & AVFMT_GLOBALHEADER)
		film->encoder->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
	av_opt_set(film->encoder->priv_data, "preset", "veryfast", 0);
	av_opt_set(film->encoder->priv_data, "crf", "23", 0);
	return avcodec_open2(film->encoder, codec, NULL);
}

static int open_film(struct film *film, const struct scene_options *options, const char *path)
{
	int r = avformat_alloc_output_context2(&film->container, NULL, NULL, path);

	if (r >= 0)
		r = open_encoder(film, options);
	if (r < 0)
		return r;
	film->stream = avformat_new_stream(film->container, NULL);
	film->packet = av_packet_alloc();
	film->frame = av_frame_alloc();
	if (film->stream == NULL || film->packet == NULL || film->frame == NULL)
		return AVERROR(ENOMEM);
	film->stream->time_base = film->encoder->time_base;
	film->frame->format = AV_PIX_FMT_YUV420P;
	film->frame->width = options->width_px;
	film->frame->height = options->height_px;
	r = avcodec_parameters_from_context(film->stream->codecpar, film->encoder);
	if (r >= 0)
		r = av_frame_get_buffer(film->frame, 0);
	if (r >= 0)
		r = avio_open(&film->container->pb, path, AVIO_FLAG_WRITE);
	if (r >= 0)
		r = avformat_write_header(film->container, NULL);
	return r;
}

/* @param frame  NULL: the end. */
static int encode(struct film *film, AVFrame *frame)
{
	int r = avcodec_send_frame(film->encoder, frame);

	while (r >= 0) {
		r = avcodec_receive_packet(film->encoder, film->packet);
		if (r == AVERROR(EAGAIN) || r == AVERROR_EOF)
			return 0;
		if (r < 0)
			break;
		/* else the last frame has no time of its own and is cut off */
		film->packet->duration = 1;
		av_packet_rescale_ts(film->packet, film->encoder->time_base,
				     film->stream->time_base);
		film->packet->stream_index = film->stream->index;
		r = av_interleaved_write_frame(film->container, film->packet);
	}
	return r;
}

static void close_film(struct film *film)
{
	if (film->container != NULL)
		avio_closep(&film->container->pb);
	avcodec_free_context(&film->encoder);
	av_frame_free(&film->frame);
	av_packet_free(&film->packet);
	avformat_free_context(film->container);
}

int scene_encode(struct scene *scene, const struct scene_options *options, const char *path,
		 char *error, size_t error_bytes)
{
	struct film film = {0};
	int r;

	av_log_set_level(AV_LOG_ERROR); /* the encoder's own chatter is no use to anybody */
	r = open_film(&film, options, path);
	for (int n = 0; r >= 0 && n < options->frames; n++) {
		struct scene_planes planes;

		r = av_frame_make_writable(film.frame);
		if (r < 0)
			break;
		for (int i = 0; i < 3; i++) {
			planes.data[i] = film.frame->data[i];
			planes.stride[i] = film.frame->linesize[i];
		}
		scene_draw(scene, n, &planes);
		film.frame->pts = n;
		r = encode(&film, film.frame);
	}
	if (r >= 0)
		r = encode(&film, NULL);
	if (r >= 0)
		r = av_write_trailer(film.container);
	if (r < 0)
		snprintf(error, error_bytes, "%s: %s", path, av_err2str(r));
	close_film(&film);
	return r;
}
