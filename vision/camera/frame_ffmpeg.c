#include "frame.h"
#include "frame_private.h"

#include <assert.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

#include <libavutil/frame.h>
#include <libavutil/imgutils.h>
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>

struct owned_frame {
	struct video_frame frame; /* must be first: the public part has the same address */
	atomic_uint references;
	AVFrame *picture; /* as decoded */
	AVFrame *gray;    /* computed luma; NULL when picture's first plane serves */
};

struct converter {
	struct SwsContext *sws;
	int colorspace, full_range; /* the present settings of sws; -1: none */
	int width, height, format;
	uint8_t *wide; /* rows with room for what swscale writes beyond their end */
	size_t wide_bytes;
};

static struct owned_frame *owned(struct video_frame *frame)
{
	return (struct owned_frame *)frame;
}

struct video_frame *video_frame_ref(struct video_frame *frame)
{
	assert(frame != NULL);
	atomic_fetch_add_explicit(&owned(frame)->references, 1, memory_order_relaxed);
	return frame;
}

static void destroy(struct owned_frame *frame)
{
	av_frame_free(&frame->picture);
	av_frame_free(&frame->gray);
	free(frame);
}

void video_frame_unref(struct video_frame *frame)
{
	if (frame == NULL)
		return;
	if (atomic_fetch_sub_explicit(&owned(frame)->references, 1, memory_order_acq_rel) == 1)
		destroy(owned(frame));
}

/* The "j" formats imply full range; swscale reports them as deprecated. */
static int plain_format(const AVFrame *picture, int *ret_full_range)
{
	*ret_full_range = picture->color_range == AVCOL_RANGE_JPEG;
	switch (picture->format) {
	case AV_PIX_FMT_YUVJ420P:
		*ret_full_range = 1;
		return AV_PIX_FMT_YUV420P;
	case AV_PIX_FMT_YUVJ422P:
		*ret_full_range = 1;
		return AV_PIX_FMT_YUV422P;
	case AV_PIX_FMT_YUVJ444P:
		*ret_full_range = 1;
		return AV_PIX_FMT_YUV444P;
	case AV_PIX_FMT_YUVJ440P:
		*ret_full_range = 1;
		return AV_PIX_FMT_YUV440P;
	case AV_PIX_FMT_GRAY8:
		*ret_full_range = 1;
		return AV_PIX_FMT_GRAY8;
	default:
		return picture->format;
	}
}

static bool has_luma_plane(const AVFrame *picture)
{
	const AVPixFmtDescriptor *format = av_pix_fmt_desc_get(picture->format);
	uint64_t unsupported = AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL | AV_PIX_FMT_FLAG_HWACCEL |
			       AV_PIX_FMT_FLAG_BITSTREAM | AV_PIX_FMT_FLAG_BE;

	return (format->flags & unsupported) == 0 && format->comp[0].plane == 0 &&
	       format->comp[0].step == 1 && format->comp[0].offset == 0 &&
	       format->comp[0].depth == 8 && picture->linesize[0] > 0;
}

static int compute_gray(const AVFrame *picture, AVFrame **ret_gray)
{
	AVFrame *gray = av_frame_alloc();
	struct SwsContext *sws = NULL;
	int full, r = -ENOMEM;

	if (gray == NULL)
		return -ENOMEM;
	gray->format = AV_PIX_FMT_GRAY8;
	gray->width = picture->width;
	gray->height = picture->height;
	if (av_frame_get_buffer(gray, 0) < 0)
		goto out;
	r = -EIO;
	sws = sws_getContext(picture->width, picture->height, plain_format(picture, &full),
			     picture->width, picture->height, AV_PIX_FMT_GRAY8, SWS_POINT, NULL,
			     NULL, NULL);
	if (sws == NULL)
		goto out;
	if (sws_scale(sws, (const uint8_t *const *)picture->data, picture->linesize, 0,
		      picture->height, gray->data, gray->linesize) == picture->height)
		r = 0;
out:
	sws_freeContext(sws);
	if (r == 0)
		*ret_gray = gray;
	else
		av_frame_free(&gray);
	return r;
}

static bool is_sound(const AVFrame *picture)
{
	return picture->width >= 1 && picture->width <= VIDEO_FRAME_SIDE_MAX &&
	       picture->height >= 1 && picture->height <= VIDEO_FRAME_SIDE_MAX;
}

int frame_wrap(AVFrame *picture, struct video_frame **ret_frame)
{
	const AVPixFmtDescriptor *format;
	struct owned_frame *made;
	int r = 0;

	assert(picture != NULL && ret_frame != NULL);
	if (!is_sound(picture))
		return -EINVAL;
	format = av_pix_fmt_desc_get(picture->format);
	if (format == NULL || (format->flags & AV_PIX_FMT_FLAG_HWACCEL) != 0)
		return -EIO;
	made = calloc(1, sizeof(*made));
	if (made == NULL)
		return -ENOMEM;
	made->picture = av_frame_alloc();
	if (made->picture == NULL)
		r = -ENOMEM;
	else if (!has_luma_plane(picture))
		r = compute_gray(picture, &made->gray);
	if (r < 0) {
		destroy(made);
		return r;
	}
	av_frame_move_ref(made->picture, picture);
	atomic_init(&made->references, 1);
	made->frame.luma = made->gray != NULL ? made->gray->data[0] : made->picture->data[0];
	made->frame.stride_bytes =
		made->gray != NULL ? made->gray->linesize[0] : made->picture->linesize[0];
	made->frame.width_px = made->picture->width;
	made->frame.height_px = made->picture->height;
	*ret_frame = &made->frame;
	return 0;
}

static int from_pixels(const uint8_t *pixels, size_t stride, int width_px, int height_px,
		       enum AVPixelFormat format, struct video_frame **ret_frame)
{
	int pixel_bytes = format == AV_PIX_FMT_BGR24 ? 3 : 1, r;
	AVFrame *picture;

	if (width_px < 1 || width_px > VIDEO_FRAME_SIDE_MAX || height_px < 1 ||
	    height_px > VIDEO_FRAME_SIDE_MAX || stride < (size_t)(width_px * pixel_bytes) ||
	    stride > INT32_MAX)
		return -EINVAL;
	picture = av_frame_alloc();
	if (picture == NULL)
		return -ENOMEM;
	picture->format = format;
	picture->width = width_px;
	picture->height = height_px;
	picture->color_range = AVCOL_RANGE_JPEG;
	r = av_frame_get_buffer(picture, 0) < 0 ? -ENOMEM : 0;
	if (r == 0) {
		av_image_copy_plane(picture->data[0], picture->linesize[0], pixels, (int)stride,
				    width_px * pixel_bytes, height_px);
		r = frame_wrap(picture, ret_frame);
	}
	av_frame_free(&picture);
	return r;
}

int video_frame_from_luma(const uint8_t *luma, size_t stride, int width_px, int height_px,
			  struct video_frame **ret_frame)
{
	return from_pixels(luma, stride, width_px, height_px, AV_PIX_FMT_GRAY8, ret_frame);
}

int video_frame_from_bgr(const uint8_t *bgr, size_t stride, int width_px, int height_px,
			 struct video_frame **ret_frame)
{
	return from_pixels(bgr, stride, width_px, height_px, AV_PIX_FMT_BGR24, ret_frame);
}

static int colorspace_of(const AVFrame *picture)
{
	if (picture->colorspace != AVCOL_SPC_UNSPECIFIED && picture->colorspace != AVCOL_SPC_RGB)
		return (int)picture->colorspace;
	/* the convention of players if the stream does not specify it */
	return picture->height >= 720 ? AVCOL_SPC_BT709 : AVCOL_SPC_SMPTE170M;
}

static int prepare(struct converter *c, const AVFrame *picture)
{
	int full, format = plain_format(picture, &full), colorspace = colorspace_of(picture);
	const int *table;

	if (c->sws != NULL && c->width == picture->width && c->height == picture->height &&
	    c->format == format && c->colorspace == colorspace && c->full_range == full)
		return 0;
	sws_freeContext(c->sws);
	c->sws = sws_getContext(picture->width, picture->height, format, picture->width,
				picture->height, AV_PIX_FMT_BGR24, SWS_BILINEAR, NULL, NULL, NULL);
	if (c->sws == NULL)
		return -EIO;
	table = sws_getCoefficients(colorspace);
	/* refused between two RGB formats, which need no setting */
	(void)sws_setColorspaceDetails(c->sws, table, full, table, 1, 0, 1 << 16, 1 << 16);
	c->width = picture->width;
	c->height = picture->height;
	c->format = format;
	c->colorspace = colorspace;
	c->full_range = full;
	return 0;
}

/*
 * swscale writes rows in steps of 16 pixels, beyond the end of a buffer without room for the last
 * step
 */
enum { STEP_PX = 32 };

static int convert_wide(struct converter *c, const AVFrame *picture, uint8_t *bgr, size_t stride)
{
	size_t wide_stride = FFALIGN((size_t)picture->width, (size_t)STEP_PX) * 3;
	size_t bytes = wide_stride * (size_t)picture->height;
	int strides[4] = {(int)wide_stride}, r;
	uint8_t *planes[4];

	if (bytes > c->wide_bytes) {
		av_freep(&c->wide);
		c->wide_bytes = 0;
		c->wide = av_malloc(bytes);
		if (c->wide == NULL)
			return -ENOMEM;
		c->wide_bytes = bytes;
	}
	planes[0] = c->wide;
	r = sws_scale(c->sws, (const uint8_t *const *)picture->data, picture->linesize, 0,
		      picture->height, planes, strides);
	av_image_copy_plane(bgr, (int)stride, c->wide, (int)wide_stride, picture->width * 3,
			    picture->height);
	return r;
}

int video_frame_to_bgr(struct bgr_converter *converter, const struct video_frame *frame,
		       uint8_t *bgr, size_t stride)
{
	const AVFrame *picture = ((const struct owned_frame *)frame)->picture;
	struct converter *c = converter->context;
	uint8_t *planes[4] = {bgr};
	int strides[4] = {(int)stride}, r;

	if (stride < (size_t)frame->width_px * 3 || stride > INT32_MAX)
		return -EINVAL;
	if (picture->format == AV_PIX_FMT_BGR24) {
		av_image_copy_plane(bgr, (int)stride, picture->data[0], picture->linesize[0],
				    frame->width_px * 3, frame->height_px);
		return 0;
	}
	if (c == NULL) {
		c = calloc(1, sizeof(*c));
		if (c == NULL)
			return -ENOMEM;
		converter->context = c;
	}
	r = prepare(c, picture);
	if (r < 0)
		return r;
	if (picture->width % STEP_PX != 0)
		r = convert_wide(c, picture, bgr, stride);
	else
		r = sws_scale(c->sws, (const uint8_t *const *)picture->data, picture->linesize, 0,
			      frame->height_px, planes, strides);
	return r == frame->height_px ? 0 : r < 0 ? r : -EIO;
}

void bgr_converter_finish(struct bgr_converter *converter)
{
	struct converter *c = converter->context;

	assert(converter != NULL);
	if (c != NULL) {
		sws_freeContext(c->sws);
		av_freep(&c->wide);
	}
	free(c);
	converter->context = NULL;
}
