#include "jpeg.h"

#include "draw.h"
#include "mask.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <libavcodec/avcodec.h>
#include <libswscale/swscale.h>

enum { QUALITY_STILL = 3, QUALITY_LIVE = 6, WIDTH_MIN_PX = 16 }; /* 2 (best) to 31 */

static AVFrame *picture_of(const struct draw_canvas *canvas, int width_px, int height_px,
			   int quality)
{
	AVFrame *picture = av_frame_alloc();
	struct SwsContext *sws;
	const uint8_t *planes[4] = {canvas->bgr};
	int strides[4] = {(int)canvas->stride}, rows = 0;

	if (picture == NULL)
		return NULL;
	picture->format = AV_PIX_FMT_YUVJ420P;
	picture->color_range = AVCOL_RANGE_JPEG;
	picture->width = width_px;
	picture->height = height_px;
	picture->quality = quality * FF_QP2LAMBDA;
	sws = sws_getContext(canvas->width_px, canvas->height_px, AV_PIX_FMT_BGR24, width_px,
			     height_px, AV_PIX_FMT_YUVJ420P, SWS_BILINEAR, NULL, NULL, NULL);
	if (sws != NULL && av_frame_get_buffer(picture, 0) >= 0)
		rows = sws_scale(sws, planes, strides, 0, canvas->height_px, picture->data,
				 picture->linesize);
	sws_freeContext(sws);
	if (rows != height_px)
		av_frame_free(&picture);
	return picture;
}

static int encode(const AVFrame *picture, AVPacket *packet)
{
	const AVCodec *codec = avcodec_find_encoder(AV_CODEC_ID_MJPEG);
	AVCodecContext *encoder;
	int r;

	if (codec == NULL)
		return -ENOTSUP;
	encoder = avcodec_alloc_context3(codec);
	if (encoder == NULL)
		return -ENOMEM;
	encoder->width = picture->width;
	encoder->height = picture->height;
	encoder->pix_fmt = AV_PIX_FMT_YUVJ420P;
	encoder->color_range = AVCOL_RANGE_JPEG;
	encoder->time_base = (AVRational){1, 25};
	encoder->flags |= AV_CODEC_FLAG_QSCALE;
	encoder->global_quality = picture->quality;
	encoder->thread_count = 1;
	r = avcodec_open2(encoder, codec, NULL) < 0 || avcodec_send_frame(encoder, picture) < 0 ||
			    avcodec_send_frame(encoder, NULL) < 0 ||
			    avcodec_receive_packet(encoder, packet) < 0
		    ? -EIO
		    : 0;
	avcodec_free_context(&encoder);
	return r;
}

static int encode_sized(const struct draw_canvas *canvas, int width_px, int height_px, int quality,
			uint8_t **ret_jpeg, size_t *ret_bytes)
{
	AVFrame *picture = picture_of(canvas, width_px, height_px, quality);
	AVPacket *packet = av_packet_alloc();
	int r = picture == NULL || packet == NULL ? -ENOMEM : encode(picture, packet);
	uint8_t *jpeg = r == 0 ? malloc((size_t)packet->size) : NULL;

	if (r == 0 && jpeg == NULL)
		r = -ENOMEM;
	if (r == 0) {
		memcpy(jpeg, packet->data, (size_t)packet->size);
		*ret_jpeg = jpeg;
		*ret_bytes = (size_t)packet->size;
	}
	av_packet_free(&packet);
	av_frame_free(&picture);
	return r;
}

int jpeg_encode_canvas(const struct draw_canvas *canvas, uint8_t **ret_jpeg, size_t *ret_bytes)
{
	assert(canvas != NULL && ret_jpeg != NULL && ret_bytes != NULL);
	return encode_sized(canvas, canvas->width_px, canvas->height_px, QUALITY_STILL, ret_jpeg,
			    ret_bytes);
}

int jpeg_encode(const struct video_frame *frame, const struct mask *mask, int width_max_px,
		uint8_t **ret_jpeg, size_t *ret_bytes)
{
	struct draw_canvas canvas = {.width_px = frame->width_px,
				     .height_px = frame->height_px,
				     .stride = ((size_t)frame->width_px * 3 + 31) & ~(size_t)31};
	int width_px = frame->width_px, height_px = frame->height_px, r;
	struct bgr_converter converter = {0};

	assert(ret_jpeg != NULL && ret_bytes != NULL);
	if (width_max_px < WIDTH_MIN_PX || width_max_px > VIDEO_FRAME_SIDE_MAX)
		return -EINVAL;
	if (width_px > width_max_px) {
		height_px = (int)((int64_t)height_px * width_max_px / width_px);
		width_px = width_max_px;
	}
	canvas.bgr = malloc(canvas.stride * (size_t)canvas.height_px);
	if (canvas.bgr == NULL)
		return -ENOMEM;
	r = video_frame_to_bgr(&converter, frame, canvas.bgr, canvas.stride);
	if (r == 0 && mask != NULL)
		mask_plane(mask, canvas.bgr, canvas.stride, canvas.width_px, canvas.height_px, 3,
			   0);
	if (r == 0)
		r = encode_sized(&canvas, width_px, height_px > 0 ? height_px : 1, QUALITY_LIVE,
				 ret_jpeg, ret_bytes);
	bgr_converter_finish(&converter);
	free(canvas.bgr);
	return r;
}
