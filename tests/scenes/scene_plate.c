#include "scene.h"

#include <errno.h>
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libswscale/swscale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct film {
	AVFormatContext *container;
	AVCodecContext *decoder;
	AVFrame *frame;
	AVPacket *packet;
	struct SwsContext *scaler;
	int stream;
};

static int open_film(struct film *film, const char *path)
{
	const AVCodec *codec = NULL;
	int r = avformat_open_input(&film->container, path, NULL, NULL);

	if (r >= 0)
		r = avformat_find_stream_info(film->container, NULL);
	if (r >= 0)
		r = film->stream =
			av_find_best_stream(film->container, AVMEDIA_TYPE_VIDEO, -1, -1, &codec, 0);
	if (r < 0)
		return r;
	film->decoder = avcodec_alloc_context3(codec);
	film->frame = av_frame_alloc();
	film->packet = av_packet_alloc();
	if (film->decoder == NULL || film->frame == NULL || film->packet == NULL)
		return AVERROR(ENOMEM);
	film->decoder->thread_count = 1;
	r = avcodec_parameters_to_context(film->decoder,
					  film->container->streams[film->stream]->codecpar);
	return r < 0 ? r : avcodec_open2(film->decoder, codec, NULL);
}

static void close_film(struct film *film)
{
	sws_freeContext(film->scaler);
	av_packet_free(&film->packet);
	av_frame_free(&film->frame);
	avcodec_free_context(&film->decoder);
	avformat_close_input(&film->container);
}

static int keep(struct film *film, int width_px, int height_px, struct scene_plate *plate)
{
	const AVFrame *f = film->frame;
	uint8_t **more = realloc(plate->luma, ((size_t)plate->count + 1) * sizeof(*more));
	uint8_t *pixels = malloc((size_t)width_px * (size_t)height_px);
	int stride = width_px;

	if (more != NULL)
		plate->luma = more;
	film->scaler =
		sws_getCachedContext(film->scaler, f->width, f->height, f->format, width_px,
				     height_px, AV_PIX_FMT_GRAY8, SWS_AREA, NULL, NULL, NULL);
	if (more == NULL || pixels == NULL || film->scaler == NULL) {
		free(pixels);
		return AVERROR(ENOMEM);
	}
	sws_scale(film->scaler, (const uint8_t *const *)f->data, f->linesize, 0, f->height, &pixels,
		  &stride);
	plate->luma[plate->count++] = pixels;
	return 0;
}

static int read_film(struct film *film, int width_px, int height_px, int count_max,
		     struct scene_plate *plate)
{
	int r = 0;

	while (r >= 0 && plate->count < count_max) {
		bool over = av_read_frame(film->container, film->packet) < 0;

		if (!over && film->packet->stream_index != film->stream) {
			av_packet_unref(film->packet);
			continue;
		}
		(void)avcodec_send_packet(film->decoder,
					  over ? NULL : film->packet); /* damage: the next one */
		av_packet_unref(film->packet);
		while (r >= 0 && plate->count < count_max &&
		       avcodec_receive_frame(film->decoder, film->frame) >= 0)
			r = keep(film, width_px, height_px, plate);
		if (over)
			break;
	}
	return r < 0 ? r : plate->count > 0 ? 0 : AVERROR_INVALIDDATA;
}

int scene_plate_load(const char *path, int width_px, int height_px, int count_max,
		     struct scene_plate *ret_plate, char *error, size_t error_bytes)
{
	struct scene_plate plate = {NULL, 0};
	struct film film = {0};
	int r = open_film(&film, path);

	if (r >= 0)
		r = read_film(&film, width_px, height_px, count_max, &plate);
	close_film(&film);
	if (r < 0) {
		char reason[AV_ERROR_MAX_STRING_SIZE] = "";

		av_strerror(r, reason, sizeof(reason));
		snprintf(error, error_bytes, "%s: %s", path, reason);
		scene_plate_free(&plate);
		return r;
	}
	*ret_plate = plate;
	return 0;
}

void scene_plate_free(struct scene_plate *plate)
{
	for (int i = 0; i < plate->count; i++)
		free(plate->luma[i]);
	free(plate->luma);
	*plate = (struct scene_plate){NULL, 0};
}
