/*
 * net.h - a net of convolutions, run step by step in memory that is laid out once.
 *
 * Convolutions, with what follows them, are done here (net_conv.h); any other operator is foreign: a function of the caller's,
 * which sees plain numbers, [channel][row][column]. Steps run in the order in which they are added; what is converted between
 * a picture and plain numbers is found by itself. A net belongs to one thread at a time; it may share its work with others.
 */
#ifndef GH_VISION_NN_NET_H
#define GH_VISION_NN_NET_H

#include "net_conv.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { NET_STEPS_MAX = 1024, NET_FOREIGN_IN_MAX = 16, NET_FLOATS_MAX = 64 * 1024 * 1024 };

struct net;

/** An operator that is not ours. @return 0 or a negative errno, which ends the run. */
typedef int net_foreign_fn(void *arg, const float *const *in, float *out);

/** Calls @p part with 0 to @p parts - 1, at once on several threads if it can, and returns when all have. */
typedef void net_share_fn(int parts, void (*part)(void *arg, int index), void *arg);

/** A net whose value 0 is its input, without gaps: [row][column][channel]. @return 0, -EINVAL or -ENOMEM. */
int net_open(const struct net_shape *input, struct net **ret_net);

/** NULL is fine. */
void net_close(struct net *net);

/**
 * @param conv     its in and in_stride are set here.
 * @param from     the value it works on.
 * @param summand  another value of the shape of its output, which is added to it before the slope; -1: none.
 * @return the number of its value, or what net_kernel_open() says.
 */
int net_add_conv(struct net *net, const struct net_conv *conv, int from, int summand);

/**
 * @param shape  of its answer; one that is no picture: all as channels.
 * @return the number of its value, -EINVAL or -ENOMEM.
 */
int net_add_foreign(struct net *net, const int *from, size_t count, const struct net_shape *shape,
		    net_foreign_fn *run, void *arg);

/** The same value as plain numbers, to read it after a run. @return its number, -EINVAL or -ENOMEM. */
int net_add_output(struct net *net, int value);

/** Lays out the memory; nothing is added afterwards. @param share  NULL: one thread does all. @return 0 or -ENOMEM. */
int net_finish(struct net *net, int threads, net_share_fn *share);

/** Where the input belongs, before each run. */
float *net_input(struct net *net);

/** @return 0, or what a foreign operator said. */
int net_run(struct net *net);

/** An output's numbers, until the next run. */
const float *net_output(const struct net *net, int output);

#ifdef __cplusplus
}
#endif
#endif
