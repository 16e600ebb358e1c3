/*
 * net.h - runs a convolutional net in statically planned memory.
 *
 * Convolutions with their bias, sum and activation run in net_conv.h. Any other operator is
 * foreign: a callback on plain tensors, [channel][row][column]. Steps run in the order in which
 * they are added; layout conversions are inserted automatically. A net belongs to one thread at a
 * time; net_share_fn distributes its work.
 */
#ifndef GH_VISION_NN_NET_H
#define GH_VISION_NN_NET_H

#include "net_conv.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { NET_STEPS_MAX = 1024, NET_FOREIGN_IN_MAX = 16, NET_FLOATS_MAX = 64 * 1024 * 1024 };

struct net;

/** A foreign operator. @return 0 or a negative errno, which aborts the run. */
typedef int net_foreign_fn(void *arg, const float *const *in, float *out);

/** Call @p part with 0 to @p parts - 1, concurrently if possible, and return when all are done. */
typedef void net_share_fn(int parts, void (*part)(void *arg, int index), void *arg);

/**
 * Create a net whose value 0 is its input, densely packed: [row][column][channel]. @return 0,
 * -EINVAL or -ENOMEM.
 */
int net_open(const struct net_shape *input, struct net **ret_net);

/** NULL is fine. */
void net_close(struct net *net);

/**
 * @param conv     in and in_stride are set by this call.
 * @param from     input value.
 * @param summand  value of the output's shape, added before the activation; -1: none.
 * @return number of the output value, or the error of net_kernel_open().
 */
int net_add_conv(struct net *net, const struct net_conv *conv, int from, int summand);

/**
 * @param shape  of the output; for tensors other than pictures: all elements as channels.
 * @return number of the output value, -EINVAL or -ENOMEM.
 */
int net_add_foreign(struct net *net, const int *from, size_t count, const struct net_shape *shape,
		    net_foreign_fn *run, void *arg);

/**
 * Make a value readable as a plain tensor after a run. @return number of the output, -EINVAL or
 * -ENOMEM.
 */
int net_add_output(struct net *net, int value);

/**
 * Plan and allocate the memory; no step may be added afterwards.
 * @param share  NULL: single-threaded.
 * @return 0 or -ENOMEM.
 */
int net_finish(struct net *net, int threads, net_share_fn *share);

/** Buffer to fill with the input before each run. */
float *net_input(struct net *net);

/** @return 0, or the error of a foreign operator. */
int net_run(struct net *net);

/** Data of an output, valid until the next run. */
const float *net_output(const struct net *net, int output);

#ifdef __cplusplus
}
#endif
#endif
