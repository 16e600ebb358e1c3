/*
 * net_conv.h - convolutions of nets, one picture at a time: what recognising a face spends its time on.
 *
 * Pictures lie row by row, pixel by pixel, the channels of a pixel together, filled up with zeros to a multiple of
 * NET_CHANNELS (a net's first picture excepted), at a multiple of NET_ALIGN_BYTES. No code is made at run time: a service
 * that may not write what it executes can use this. A kernel is its opener's; one thread at a time.
 */
#ifndef GH_VISION_NN_NET_CONV_H
#define GH_VISION_NN_NET_CONV_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
	NET_CHANNELS = 16,
	NET_ALIGN_BYTES = 64,
	NET_TAPS_MAX = 64,
	NET_SIDE_MAX = 4096,
	NET_CHANNELS_MAX = 4096
};

struct net_shape {
	int channels, height, width;
};

/* out = slope(conv(in) + bias + summand); weights as ONNX has them: [out][in / groups][height][width] */
struct net_conv {
	struct net_shape in, out;
	int in_stride; /* floats from one pixel of the input to the next */
	int height, width, stride_y, stride_x, pad_y, pad_x, dilation_y, dilation_x;
	int groups; /* 1, or as many as channels in and out: depthwise */
	const float *weights, *bias;
	const float *slopes; /* of what is below zero, a channel: 0 a ReLU; NULL: it stays as it is */
	int lanes_max; /* of the vectors that are used, to hold versions against each other; 0: as wide as can be */
};

struct net_kernel;

/** What a picture's pixel takes. */
size_t net_stride(int channels);

/**
 * Copies weights in the order in which they are used.
 * @return 0, -EINVAL (sizes that do not fit each other, or beyond a maximum), -ENOTSUP (other groups) or -ENOMEM.
 */
int net_kernel_open(const struct net_conv *conv, struct net_kernel **ret_kernel);

/** NULL is fine. */
void net_kernel_close(struct net_kernel *kernel);

/** Where the pictures lie, until the next call. @param summand  of the same shape as @p out; NULL: none. */
void net_kernel_bind(struct net_kernel *kernel, const float *in, float *out, const float *summand);

/** Rows @p first to below @p end of the output. Threads may share a kernel for different rows. */
void net_kernel_run(const struct net_kernel *kernel, int first, int end);

#ifdef __cplusplus
}
#endif
#endif
