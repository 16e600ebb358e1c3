/*
 * net_conv.h - convolution kernels for one picture at a time; most of the time of face recognition
 * is spent here.
 *
 * Layout: rows of pixels with interleaved channels, padded with zeros to a multiple of NET_CHANNELS
 * (except a net's input), aligned to NET_ALIGN_BYTES. No code is generated at run time, so it works
 * under MemoryDenyWriteExecute. A kernel belongs to its opener; one thread at a time.
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

/*
 * out = slope(conv(in) + bias + summand); weights in ONNX order: [out][in / groups][height][width]
 */
struct net_conv {
	struct net_shape in, out;
	int in_stride; /* floats from one pixel of the input to the next */
	int height, width, stride_y, stride_x, pad_y, pad_x, dilation_y, dilation_x;
	int groups; /* 1, or as many as channels in and out: depthwise */
	const float *weights, *bias;
	/* slope below zero per channel (PReLU; 0: ReLU); NULL: no activation */
	const float *slopes;
	/* limit of the vector width, for comparing versions; 0: the widest available */
	int lanes_max;
};

struct net_kernel;

/** Floats per pixel, including padding. */
size_t net_stride(int channels);

/**
 * Create a kernel; weights are copied in the order of use.
 * @return 0, -EINVAL (inconsistent sizes, or above a maximum), -ENOTSUP (unsupported groups) or
 *         -ENOMEM.
 */
int net_kernel_open(const struct net_conv *conv, struct net_kernel **ret_kernel);

/** NULL is fine. */
void net_kernel_close(struct net_kernel *kernel);

/**
 * Set the buffers for the following runs. @param summand  of the same shape as @p out; NULL: none.
 */
void net_kernel_bind(struct net_kernel *kernel, const float *in, float *out, const float *summand);

/**
 * Compute output rows @p first to @p end - 1. Threads may run disjoint rows of one kernel
 * concurrently.
 */
void net_kernel_run(const struct net_kernel *kernel, int first, int end);

#ifdef __cplusplus
}
#endif
#endif
