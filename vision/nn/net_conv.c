#include "net_conv.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { NET_ROWS_MAX = 12, NET_ACROSS = 4, GROUPS_MAX = 4 };

struct net_version;

struct net_kernel {
	const struct net_version *version;
	struct net_conv conv;
	bool depthwise, pointwise; /* pointwise: each output pixel depends on one input pixel */
	size_t taps, in_channels, out_stride;
	int width;                      /* of the window */
	ptrdiff_t tap_y, tap_x, next_x; /* in the input, in floats: between taps, between pixels */
	ptrdiff_t tap_at[NET_TAPS_MAX];
	const float *in, *summand;
	float *out;
	float *weights, *bias, *slopes;
	float *nothing; /* zeros: a pixel outside the picture */
};

/* consecutive pixels, and the channels whose sums are computed for them */
struct net_tile {
	const float *const *pixels; /* [tap][NET_ROWS_MAX] */
	const float *weights;       /* [tap][channel in][channel out of this tile] */
	size_t first, count, channel;
};

/* the taps inside the picture, for pixels for which they are the same */
struct net_span {
	const float *in; /* of the first pixel at tap 0, 0, which may lie outside */
	int first_y, last_y, first_x, last_x;
	size_t first;
};

struct net_version {
	int groups_max, rows[GROUPS_MAX + 1];
	void (*tile[GROUPS_MAX + 1])(const struct net_kernel *kernel, const struct net_tile *tile);
	void (*span_one)(const struct net_kernel *kernel, const struct net_span *span);
	void (*span_across)(const struct net_kernel *kernel, const struct net_span *span);
};

#define NET_LANES 4
#define NET_TARGET
#define NET_NAME(name) name##_plain
#ifdef __aarch64__ /* twice the registers */
#define NET_GROUPS_MAX 1
#define NET_ROWS_1 5
#else
#define NET_GROUPS_MAX 1
#define NET_ROWS_1 2
#endif
#include "net_tile.h"

#ifdef __x86_64__

#define NET_LANES 8
#define NET_TARGET __attribute__((target("avx2,fma")))
#define NET_NAME(name) name##_avx2
#define NET_GROUPS_MAX 1
#define NET_ROWS_1 6
#include "net_tile.h"

#define NET_LANES 16
#define NET_TARGET __attribute__((target("avx512f,avx512vl,avx512dq,fma")))
#define NET_NAME(name) name##_avx512
#define NET_GROUPS_MAX 4
#define NET_ROWS_1 12
#define NET_ROWS_2 12
#define NET_ROWS_3 8
#define NET_ROWS_4 6
#include "net_tile.h"

static bool has_avx512(void)
{
	__builtin_cpu_init();
	return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
	       __builtin_cpu_supports("avx512dq");
}

static bool has_avx2(void)
{
	__builtin_cpu_init();
	return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

static const struct net_version *best_version(int lanes_max)
{
	if (lanes_max >= 16 && has_avx512())
		return &version_avx512;
	return lanes_max >= 8 && has_avx2() ? &version_avx2 : &version_plain;
}

#else

static const struct net_version *best_version(int lanes_max)
{
	(void)lanes_max; /* the maximum here is four */
	return &version_plain;
}

#endif

/*
 * Denormal numbers, of which trained weights contain many, cost a processor a hundred times as
 * much. They count as zero while a kernel runs.
 */
#if defined(__x86_64__)
static unsigned long enter(void)
{
	unsigned before = __builtin_ia32_stmxcsr();

	__builtin_ia32_ldmxcsr(before | 0x8040); /* flush to zero, denormals are zero */
	return before;
}

static void leave(unsigned long before)
{
	__builtin_ia32_ldmxcsr((unsigned)before);
}
#elif defined(__aarch64__)
static unsigned long enter(void)
{
	unsigned long before;

	__asm__ volatile("mrs %0, fpcr" : "=r"(before));
	__asm__ volatile("msr fpcr, %0" : : "r"(before | 1UL << 24));
	return before;
}

static void leave(unsigned long before)
{
	__asm__ volatile("msr fpcr, %0" : : "r"(before));
}
#else
static unsigned long enter(void)
{
	return 0;
}

static void leave(unsigned long before)
{
	(void)before; /* nothing was changed */
}
#endif

size_t net_stride(int channels)
{
	assert(channels > 0);
	return ((size_t)channels + NET_CHANNELS - 1) / NET_CHANNELS * NET_CHANNELS;
}

static bool side_fits(int in, int out, int window, int stride, int pad, int dilation)
{
	return in >= 1 && in <= NET_SIDE_MAX && out >= 1 && out <= NET_SIDE_MAX && window >= 1 &&
	       window <= NET_TAPS_MAX && stride >= 1 && stride <= 16 && pad >= 0 && pad <= 64 &&
	       dilation >= 1 && dilation <= 16 && (out - 1) * stride - pad < in;
}

static bool is_sound(const struct net_conv *conv)
{
	return conv->weights != NULL && conv->bias != NULL && conv->in.channels >= 1 &&
	       conv->in.channels <= NET_CHANNELS_MAX && conv->out.channels >= 1 &&
	       conv->out.channels <= NET_CHANNELS_MAX && conv->in_stride >= conv->in.channels &&
	       conv->height * conv->width <= NET_TAPS_MAX &&
	       side_fits(conv->in.height, conv->out.height, conv->height, conv->stride_y,
			 conv->pad_y, conv->dilation_y) &&
	       side_fits(conv->in.width, conv->out.width, conv->width, conv->stride_x, conv->pad_x,
			 conv->dilation_x);
}

static float *zeros(size_t count)
{
	size_t bytes =
		(count * sizeof(float) + NET_ALIGN_BYTES - 1) / NET_ALIGN_BYTES * NET_ALIGN_BYTES;
	float *floats = aligned_alloc(NET_ALIGN_BYTES, bytes);

	if (floats != NULL)
		memset(floats, 0, bytes);
	return floats;
}

/* The number of groups of NET_CHANNELS in the tile that begins at a channel. */
static size_t groups_at(const struct net_kernel *kernel, size_t channel)
{
	size_t left = (kernel->out_stride - channel) / NET_CHANNELS,
	       most = (size_t)kernel->version->groups_max;

	return left < most ? left : most;
}

static void pack_dense(struct net_kernel *kernel, const struct net_conv *conv)
{
	float *to = kernel->weights;

	for (size_t channel = 0; channel < kernel->out_stride;) {
		size_t across = groups_at(kernel, channel) * NET_CHANNELS;

		for (size_t tap = 0; tap < kernel->taps; tap++) {
			for (size_t in = 0; in < kernel->in_channels; in++) {
				for (size_t i = 0;
				     i < across && channel + i < (size_t)conv->out.channels; i++)
					to[i] = conv->weights[((channel + i) * kernel->in_channels +
							       in) * kernel->taps +
							      tap];
				to += across;
			}
		}
		channel += across;
	}
}

static void pack_depthwise(struct net_kernel *kernel, const struct net_conv *conv)
{
	for (size_t tap = 0; tap < kernel->taps; tap++) {
		for (size_t channel = 0; channel < (size_t)conv->out.channels; channel++)
			kernel->weights[tap * kernel->out_stride + channel] =
				conv->weights[channel * kernel->taps + tap];
	}
}

static int fill(struct net_kernel *kernel, const struct net_conv *conv)
{
	size_t in_channels = kernel->depthwise ? 1 : kernel->in_channels;

	kernel->weights = zeros(kernel->taps * in_channels * kernel->out_stride);
	kernel->bias = zeros(kernel->out_stride);
	kernel->nothing = zeros(kernel->in_channels);
	if (kernel->weights == NULL || kernel->bias == NULL || kernel->nothing == NULL)
		return -ENOMEM;
	memcpy(kernel->bias, conv->bias, (size_t)conv->out.channels * sizeof(float));
	if (kernel->depthwise)
		pack_depthwise(kernel, conv);
	else
		pack_dense(kernel, conv);
	if (conv->slopes == NULL)
		return 0;
	kernel->slopes = zeros(kernel->out_stride);
	if (kernel->slopes == NULL)
		return -ENOMEM;
	memcpy(kernel->slopes, conv->slopes, (size_t)conv->out.channels * sizeof(float));
	return 0;
}

int net_kernel_open(const struct net_conv *conv, struct net_kernel **ret_kernel)
{
	struct net_kernel *kernel;
	int r;

	assert(conv != NULL && ret_kernel != NULL);
	if (!is_sound(conv))
		return -EINVAL;
	if (conv->groups != 1 &&
	    (conv->groups != conv->in.channels || conv->groups != conv->out.channels ||
	     (size_t)conv->in_stride != net_stride(conv->in.channels)))
		return -ENOTSUP;
	kernel = calloc(1, sizeof(*kernel));
	if (kernel == NULL)
		return -ENOMEM;
	kernel->version = best_version(conv->lanes_max == 0 ? 16 : conv->lanes_max);
	kernel->conv = *conv;
	kernel->depthwise = conv->groups != 1;
	kernel->pointwise = conv->groups == 1 && conv->height == 1 && conv->width == 1 &&
			    conv->stride_y == 1 && conv->stride_x == 1 && conv->pad_y == 0 &&
			    conv->pad_x == 0;
	kernel->taps = (size_t)(conv->height * conv->width);
	kernel->in_channels = (size_t)conv->in.channels;
	kernel->out_stride = net_stride(conv->out.channels);
	kernel->width = conv->width;
	kernel->tap_x = (ptrdiff_t)conv->dilation_x * conv->in_stride;
	kernel->tap_y = (ptrdiff_t)conv->dilation_y * conv->in.width * conv->in_stride;
	kernel->next_x = (ptrdiff_t)conv->stride_x * conv->in_stride;
	for (int tap = 0; tap < (int)kernel->taps; tap++)
		kernel->tap_at[tap] =
			tap / conv->width * kernel->tap_y + tap % conv->width * kernel->tap_x;
	r = fill(kernel, conv);
	if (r < 0) {
		net_kernel_close(kernel);
		return r;
	}
	/* owned by the caller */
	kernel->conv.weights = kernel->conv.bias = kernel->conv.slopes = NULL;
	*ret_kernel = kernel;
	return 0;
}

void net_kernel_close(struct net_kernel *kernel)
{
	if (kernel == NULL)
		return;
	free(kernel->weights);
	free(kernel->bias);
	free(kernel->slopes);
	free(kernel->nothing);
	free(kernel);
}

void net_kernel_bind(struct net_kernel *kernel, const float *in, float *out, const float *summand)
{
	assert((uintptr_t)out % NET_ALIGN_BYTES == 0);
	kernel->in = in;
	kernel->out = out;
	kernel->summand = summand;
}

/* Whether all taps of a window that begins at @p at lie inside the picture in this dimension. */
static bool is_inside(int at, int window, int dilation, int side)
{
	return at >= 0 && at + (window - 1) * dilation < side;
}

/* The addresses of the inputs of one pixel, one for each tap. */
static void gather_pixel(const struct net_kernel *kernel, int out_y, int out_x, const float **at)
{
	const struct net_conv *conv = &kernel->conv;
	int top = out_y * conv->stride_y - conv->pad_y, left = out_x * conv->stride_x - conv->pad_x;
	const float *first =
		kernel->in + ((ptrdiff_t)top * conv->in.width + left) * conv->in_stride;

	if (is_inside(top, conv->height, conv->dilation_y, conv->in.height) &&
	    is_inside(left, conv->width, conv->dilation_x, conv->in.width)) {
		for (size_t tap = 0; tap < kernel->taps; tap++)
			at[tap * NET_ROWS_MAX] = first + kernel->tap_at[tap];
		return;
	}
	for (int ky = 0; ky < conv->height; ky++) {
		int y = top + ky * conv->dilation_y;

		for (int kx = 0; kx < conv->width; kx++, at += NET_ROWS_MAX) {
			int x = left + kx * conv->dilation_x;

			*at = y < 0 || y >= conv->in.height || x < 0 || x >= conv->in.width
				      ? kernel->nothing
				      : first + ky * kernel->tap_y + kx * kernel->tap_x;
		}
	}
}

/* The same for the pixels of a tile, for each of its rows. */
static void gather(const struct net_kernel *kernel, size_t first, size_t rows, size_t count,
		   const float **pixels)
{
	const struct net_conv *conv = &kernel->conv;
	size_t width = (size_t)conv->out.width, stride = (size_t)conv->in_stride;
	int y = (int)(first / width), x = (int)(first % width);

	if (kernel->pointwise) {
		for (size_t r = 0; r < rows; r++)
			pixels[r] = kernel->in + (first + (r < count ? r : 0)) * stride;
		return;
	}
	for (size_t r = 0; r < count; r++) {
		gather_pixel(kernel, y, x, pixels + r);
		if (++x == conv->out.width) {
			x = 0;
			y++;
		}
	}
	for (size_t r = count; r < rows; r++) {
		for (size_t tap = 0; tap < kernel->taps; tap++)
			pixels[tap * NET_ROWS_MAX + r] = kernel->nothing;
	}
}

/* All tiles of the channels from..end, which have the same width. */
static void run_dense(const struct net_kernel *kernel, size_t first, size_t end, size_t channel,
		      size_t end_channel, size_t groups)
{
	size_t rows = (size_t)kernel->version->rows[groups];
	const float *pixels[NET_TAPS_MAX * NET_ROWS_MAX];
	struct net_tile tile = {.pixels = pixels};

	for (tile.first = first; tile.first < end; tile.first += rows) {
		tile.count = end - tile.first < rows ? end - tile.first : rows;
		gather(kernel, tile.first, rows, tile.count, pixels);
		for (tile.channel = channel; tile.channel < end_channel;
		     tile.channel += groups * NET_CHANNELS) {
			tile.weights =
				kernel->weights + tile.channel * kernel->taps * kernel->in_channels;
			kernel->version->tile[groups](kernel, &tile);
		}
	}
}

/* The taps of 0..window inside the picture when the first one lies at @p at. */
static void inside(int at, int dilation, int window, int side, int *ret_first, int *ret_last)
{
	int first = at < 0 ? (-at + dilation - 1) / dilation : 0;
	int last = at >= side ? 0 : (side - 1 - at) / dilation + 1;

	*ret_first = first;
	*ret_last = last < window ? last : window;
}

static void run_depthwise_row(const struct net_kernel *kernel, int out_y)
{
	const struct net_conv *conv = &kernel->conv;
	int top = out_y * conv->stride_y - conv->pad_y;
	struct net_span span;

	inside(top, conv->dilation_y, conv->height, conv->in.height, &span.first_y, &span.last_y);
	for (int out_x = 0; out_x < conv->out.width;) {
		int left = out_x * conv->stride_x - conv->pad_x;
		int right = left + (NET_ACROSS - 1) * conv->stride_x +
			    (conv->width - 1) * conv->dilation_x;
		bool several = left >= 0 && right < conv->in.width &&
			       out_x + NET_ACROSS <= conv->out.width;

		inside(left, conv->dilation_x, conv->width, conv->in.width, &span.first_x,
		       &span.last_x);
		span.in = kernel->in + ((ptrdiff_t)top * conv->in.width + left) * conv->in_stride;
		span.first = (size_t)(out_y * conv->out.width + out_x);
		if (several)
			kernel->version->span_across(kernel, &span);
		else
			kernel->version->span_one(kernel, &span);
		out_x += several ? NET_ACROSS : 1;
	}
}

static void run(const struct net_kernel *kernel, int first, int end)
{
	size_t width = (size_t)kernel->conv.out.width, most = (size_t)kernel->version->groups_max;
	size_t even = kernel->out_stride / NET_CHANNELS / most * most * NET_CHANNELS;

	if (even > 0)
		run_dense(kernel, (size_t)first * width, (size_t)end * width, 0, even, most);
	if (even < kernel->out_stride)
		run_dense(kernel, (size_t)first * width, (size_t)end * width, even,
			  kernel->out_stride, groups_at(kernel, even));
}

void net_kernel_run(const struct net_kernel *kernel, int first, int end)
{
	unsigned long before = enter();

	if (kernel->depthwise) {
		for (int y = first; y < end; y++)
			run_depthwise_row(kernel, y);
	} else {
		run(kernel, first, end);
	}
	leave(before);
}
