#include "net.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
	/* multiplications below which waking another thread costs more than it saves */
	SHARED_WORK_MIN = 300000,
	PIXELS_TOGETHER = 16
};

struct value {
	struct net_shape shape;
	size_t stride; /* of a picture, between pixels; 0: a plain vector */
	size_t floats, offset;
	int twin;        /* the same value in the other layout; -1: not converted yet */
	int first, last; /* first and last step that needs it */
};

enum kind { CONV, FOREIGN, TO_PLAIN, TO_PICTURE };

struct step {
	enum kind kind;
	struct net_kernel *kernel;
	size_t work;
	int in[NET_FOREIGN_IN_MAX], out;
	size_t count;
	net_foreign_fn *run;
	void *arg;
};

struct net {
	struct value *values; /* one per step, and the input */
	struct step *steps;
	size_t values_count, steps_count;
	float *memory;
	int threads;
	net_share_fn *share;
};

static bool fits(const struct net_shape *shape)
{
	return shape->channels >= 1 && shape->height >= 1 && shape->width >= 1 &&
	       shape->height <= NET_SIDE_MAX && shape->width <= NET_SIDE_MAX &&
	       (size_t)shape->channels * (size_t)shape->height * (size_t)shape->width <=
		       NET_FLOATS_MAX;
}

static size_t pixels_of(const struct net_shape *shape)
{
	return (size_t)shape->height * (size_t)shape->width;
}

/* Adds a value; the callers have checked the capacity. */
static int add_value(struct net *net, const struct net_shape *shape, size_t stride)
{
	struct value *value = &net->values[net->values_count];

	*value = (struct value){.shape = *shape, .stride = stride, .twin = -1};
	value->floats =
		stride > 0 ? pixels_of(shape) * stride : pixels_of(shape) * (size_t)shape->channels;
	value->first = value->last = (int)net->steps_count;
	return (int)net->values_count++;
}

int net_open(const struct net_shape *input, struct net **ret_net)
{
	struct net *net;

	if (!fits(input))
		return -EINVAL;
	net = calloc(1, sizeof(*net));
	if (net == NULL)
		return -ENOMEM;
	net->values = calloc(NET_STEPS_MAX + 1, sizeof(*net->values));
	net->steps = calloc(NET_STEPS_MAX, sizeof(*net->steps));
	if (net->values == NULL || net->steps == NULL) {
		net_close(net);
		return -ENOMEM;
	}
	add_value(net, input, (size_t)input->channels);
	*ret_net = net;
	return 0;
}

void net_close(struct net *net)
{
	if (net == NULL)
		return;
	for (size_t i = 0; i < net->steps_count; i++)
		net_kernel_close(net->steps[i].kernel);
	free(net->steps);
	free(net->values);
	free(net->memory);
	free(net);
}

static bool has(const struct net *net, int value)
{
	return value >= 0 && (size_t)value < net->values_count;
}

/* Adds a step; its values stay until it has run. */
static void add_step(struct net *net, const struct step *step)
{
	for (size_t i = 0; i < step->count; i++)
		net->values[step->in[i]].last = (int)net->steps_count;
	net->steps[net->steps_count++] = *step;
}

/* The value as a picture with padded channels, or as a plain vector. */
static int converted(struct net *net, int value, bool picture)
{
	struct value *from = &net->values[value];
	size_t stride = picture ? net_stride(from->shape.channels) : 0;
	struct step step = {.kind = picture ? TO_PICTURE : TO_PLAIN, .in = {value}, .count = 1};

	if (from->stride == stride)
		return value;
	if (from->twin < 0) {
		if (net->steps_count == NET_STEPS_MAX)
			return -EINVAL;
		step.out = from->twin = add_value(net, &from->shape, stride);
		add_step(net, &step);
	}
	return from->twin;
}

int net_add_conv(struct net *net, const struct net_conv *conv, int from, int summand)
{
	struct net_conv whole;
	struct step step = {.kind = CONV, .in = {from}, .count = 1};
	int r;

	assert(net != NULL && conv != NULL);
	whole = *conv;
	if (net->memory != NULL || !has(net, from) || (summand != -1 && !has(net, summand)) ||
	    !fits(&conv->out))
		return -EINVAL;
	if (from > 0 || conv->groups != 1) /* the input is not padded and needs no padding */
		step.in[0] = converted(net, from, true);
	if (summand >= 0) {
		if (memcmp(&net->values[summand].shape, &conv->out, sizeof(conv->out)) != 0)
			return -EINVAL;
		step.in[step.count++] = converted(net, summand, true);
	}
	if (step.in[0] < 0 || step.in[step.count - 1] < 0 || net->steps_count == NET_STEPS_MAX)
		return -EINVAL;
	whole.in = net->values[step.in[0]].shape;
	whole.in_stride = (int)net->values[step.in[0]].stride;
	r = net_kernel_open(&whole, &step.kernel);
	if (r < 0)
		return r;
	step.work = pixels_of(&conv->out) * (size_t)(conv->height * conv->width) *
		    (size_t)conv->out.channels * (size_t)(whole.in.channels / conv->groups);
	step.out = add_value(net, &conv->out, net_stride(conv->out.channels));
	add_step(net, &step);
	return step.out;
}

int net_add_foreign(struct net *net, const int *from, size_t count, const struct net_shape *shape,
		    net_foreign_fn *run, void *arg)
{
	struct step step = {.kind = FOREIGN, .count = count, .run = run, .arg = arg};

	if (net->memory != NULL || count > NET_FOREIGN_IN_MAX || run == NULL || !fits(shape))
		return -EINVAL;
	for (size_t i = 0; i < count; i++) {
		step.in[i] = has(net, from[i]) ? converted(net, from[i], false) : -EINVAL;
		if (step.in[i] < 0)
			return step.in[i];
	}
	if (net->steps_count == NET_STEPS_MAX)
		return -EINVAL;
	step.out = add_value(net, shape, 0);
	add_step(net, &step);
	return step.out;
}

int net_add_output(struct net *net, int value)
{
	int output =
		net->memory == NULL && has(net, value) ? converted(net, value, false) : -EINVAL;

	if (output >= 0)
		net->values[output].last = NET_STEPS_MAX;
	return output;
}

static bool together(const struct value *a, const struct value *b)
{
	return a->first <= b->last && b->first <= a->last;
}

/* The lowest offset that no other value uses at the same time. */
static size_t place_for(const struct net *net, size_t index)
{
	struct value *value = &net->values[index];
	size_t offset = 0;

	for (size_t i = 0; i < index; i++) {
		const struct value *other = &net->values[i];

		if (!together(value, other) || offset + value->floats <= other->offset ||
		    other->offset + other->floats <= offset)
			continue;
		offset = other->offset + other->floats;
		offset = (offset + NET_CHANNELS - 1) / NET_CHANNELS * NET_CHANNELS;
		i = (size_t)-1; /* start again with the new offset */
	}
	return offset;
}

int net_finish(struct net *net, int threads, net_share_fn *share)
{
	size_t floats = 0;

	assert(threads >= 1);
	net->values[0].first = -1; /* written before the first step */
	for (size_t i = 0; i < net->values_count; i++) {
		struct value *value = &net->values[i];

		value->offset = place_for(net, i);
		if (value->offset + value->floats > floats)
			floats = value->offset + value->floats;
	}
	floats = (floats + NET_CHANNELS - 1) / NET_CHANNELS * NET_CHANNELS;
	net->memory = aligned_alloc(NET_ALIGN_BYTES, floats * sizeof(float));
	if (net->memory == NULL)
		return -ENOMEM;
	memset(net->memory, 0, floats * sizeof(float));
	for (size_t i = 0; i < net->steps_count; i++) {
		struct step *step = &net->steps[i];

		if (step->kind == CONV)
			net_kernel_bind(step->kernel, net->memory + net->values[step->in[0]].offset,
					net->memory + net->values[step->out].offset,
					step->count > 1
						? net->memory + net->values[step->in[1]].offset
						: NULL);
	}
	net->threads = share != NULL ? threads : 1;
	net->share = share;
	return 0;
}

float *net_input(struct net *net)
{
	return net->memory + net->values[0].offset;
}

const float *net_output(const struct net *net, int output)
{
	assert(net != NULL && output >= 0);
	return net->memory + net->values[output].offset;
}

/* Converts a few pixels at a time, so that each cache line is fetched once. */
static void convert(const struct value *from, const float *in, const struct value *to, float *out)
{
	size_t pixels = pixels_of(&from->shape), channels = (size_t)from->shape.channels;
	/* strides between channels, between pixels */
	size_t in_channel = from->stride > 0 ? 1 : pixels,
	       in_pixel = from->stride > 0 ? from->stride : 1;
	size_t out_channel = to->stride > 0 ? 1 : pixels,
	       out_pixel = to->stride > 0 ? to->stride : 1;

	if (to->stride > channels)
		memset(out, 0, to->floats * sizeof(*out));
	for (size_t first = 0; first < pixels; first += PIXELS_TOGETHER) {
		size_t end = first + PIXELS_TOGETHER < pixels ? first + PIXELS_TOGETHER : pixels;

		for (size_t channel = 0; channel < channels; channel++) {
			const float *source = in + channel * in_channel;
			float *target = out + channel * out_channel;

			for (size_t pixel = first; pixel < end; pixel++)
				target[pixel * out_pixel] = source[pixel * in_pixel];
		}
	}
}

struct shared {
	const struct net_kernel *kernel;
	int rows, parts;
};

static void run_part(void *arg, int index)
{
	const struct shared *shared = arg;

	net_kernel_run(shared->kernel, shared->rows * index / shared->parts,
		       shared->rows * (index + 1) / shared->parts);
}

static void run_conv(const struct net *net, const struct step *step)
{
	int rows = net->values[step->out].shape.height;
	struct shared shared = {step->kernel, rows, net->threads < rows ? net->threads : rows};

	if (net->threads == 1 || step->work < SHARED_WORK_MIN)
		net_kernel_run(step->kernel, 0, rows);
	else
		net->share(shared.parts, run_part, &shared);
}

int net_run(struct net *net)
{
	const float *in[NET_FOREIGN_IN_MAX] = {NULL};
	int r = 0;

	assert(net != NULL);
	for (size_t i = 0; r == 0 && i < net->steps_count; i++) {
		const struct step *step = &net->steps[i];
		const struct value *from = &net->values[step->in[0]], *to = &net->values[step->out];

		for (size_t k = 0; k < step->count; k++)
			in[k] = net->memory + net->values[step->in[k]].offset;
		if (step->kind == CONV)
			run_conv(net, step);
		else if (step->kind == FOREIGN)
			r = step->run(step->arg, in, net->memory + to->offset);
		else
			convert(from, net->memory + from->offset, to, net->memory + to->offset);
	}
	return r;
}
