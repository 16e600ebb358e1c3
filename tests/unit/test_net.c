#include "vision/nn/net.h"

#include "unit.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const int all_lanes[] = {4, 8, 16};

/* one convolution; bottom and right are padded as far as the output asks for */
struct example {
	struct net_shape in, out;
	int side, stride, pad, dilation, groups;
	bool slopes, summand;
};

static const struct example examples[] = {
	{{3, 20, 20}, {64, 10, 10}, 3, 2, 1, 1, 1, true, false},   /* the first of a recogniser */
	{{64, 14, 14}, {128, 14, 14}, 1, 1, 0, 1, 1, true, false}, /* pointwise, whole tiles */
	{{103, 7, 5}, {77, 7, 5}, 1, 1, 0, 1, 1, false, true},     /* no multiple of anything */
	{{13, 9, 9}, {231, 9, 9}, 1, 1, 0, 1, 1, true, true},
	{{16, 8, 11}, {16, 8, 11}, 3, 1, 5, 5, 1, true, false}, /* dilated */
	{{48, 6, 6}, {6, 3, 3}, 3, 2, 1, 1, 1, false, false},
	{{20, 5, 5}, {36, 3, 3}, 1, 2, 0, 1, 1, false, false},   /* pointwise with steps */
	{{64, 9, 13}, {64, 9, 13}, 3, 1, 1, 1, 64, true, false}, /* depthwise */
	{{103, 12, 10}, {103, 6, 5}, 3, 2, 1, 1, 103, true, false},
	{{32, 4, 4}, {32, 1, 1}, 4, 1, 0, 1, 32, false, false}, /* the whole picture at once */
	{{32, 6, 6}, {32, 6, 6}, 3, 1, 2, 2, 32, false, true},
	{{512, 1, 1}, {512, 1, 1}, 1, 1, 0, 1, 1, false, false},
	{{1, 3, 3}, {1, 3, 3}, 3, 1, 1, 1, 1, true, false},
};

static float next(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return (float)(*state >> 8) / (1 << 23) - 1;
}

static float *numbers(size_t count, uint32_t seed)
{
	float *some = calloc(count, sizeof(*some));

	assert_non_null(some);
	for (size_t i = 0; i < count; i++)
		some[i] = next(&seed);
	return some;
}

static size_t floats_of(const struct net_shape *shape)
{
	return (size_t)shape->channels * (size_t)shape->height * (size_t)shape->width;
}

static struct net_conv conv_of(const struct example *example, const float *weights,
			       const float *bias, const float *slopes)
{
	return (struct net_conv){.out = example->out,
				 .height = example->side,
				 .width = example->side,
				 .stride_y = example->stride,
				 .stride_x = example->stride,
				 .pad_y = example->pad,
				 .pad_x = example->pad,
				 .dilation_y = example->dilation,
				 .dilation_x = example->dilation,
				 .groups = example->groups,
				 .weights = weights,
				 .bias = bias,
				 .slopes = example->slopes ? slopes : NULL};
}

/* As the definition has it, in [channel][row][column]. */
static double expected(const struct example *example, const struct net_conv *conv, const float *in,
		       int channel, int out_y, int out_x)
{
	int each = example->in.channels / example->groups,
	    from = example->groups == 1 ? 0 : channel;
	double sum = (double)conv->bias[channel];

	for (int i = 0; i < each; i++) {
		for (int ky = 0; ky < example->side; ky++) {
			for (int kx = 0; kx < example->side; kx++) {
				int y = out_y * example->stride - example->pad +
					ky * example->dilation;
				int x = out_x * example->stride - example->pad +
					kx * example->dilation;

				if (y < 0 || x < 0 || y >= example->in.height ||
				    x >= example->in.width)
					continue;
				sum += (double)in[((from + i) * example->in.height + y) *
							  example->in.width +
						  x] *
				       (double)conv->weights[((channel * each + i) * example->side +
							      ky) * example->side +
							     kx];
			}
		}
	}
	return sum;
}

static int copy(void *arg, const float *const *in, float *out)
{
	const struct net_shape *shape = arg;

	memcpy(out, in[0], floats_of(shape) * sizeof(*out));
	return 0;
}

static void check(const struct example *example, const struct net_conv *conv, const float *in,
		  const float *summand, const float *out)
{
	for (int channel = 0; channel < example->out.channels; channel++) {
		for (int y = 0; y < example->out.height; y++) {
			for (int x = 0; x < example->out.width; x++) {
				size_t at = (size_t)((channel * example->out.height + y) *
							     example->out.width +
						     x);
				double value = expected(example, conv, in, channel, y, x);

				value += summand != NULL ? (double)summand[at] : 0;
				value *= conv->slopes != NULL && value < 0
						 ? (double)conv->slopes[channel]
						 : 1;
				assert_true(fabs(value - (double)out[at]) < 1e-4);
			}
		}
	}
}

static int give(void *arg, const float *const *in, float *out)
{
	const struct {
		const float *from;
		size_t count;
	} *given = arg;

	(void)in;
	memcpy(out, given->from, given->count * sizeof(*out));
	return 0;
}

/*
 * The input comes of a foreign operator, so that channels are filled up; the answer is read as
 * plain numbers.
 */
static void run_example(const struct example *example, int lanes)
{
	size_t window = (size_t)(example->side * example->side);
	float *in = numbers(floats_of(&example->in), 1),
	      *other = numbers(floats_of(&example->out), 2);
	float *weights = numbers(
		(size_t)(example->out.channels * example->in.channels / example->groups) * window,
		3);
	float *bias = numbers((size_t)example->out.channels, 4),
	      *slopes = numbers((size_t)example->out.channels, 5);
	struct net_conv conv = conv_of(example, weights, bias, slopes);
	struct {
		const float *from;
		size_t count;
	} first = {in, floats_of(&example->in)}, second = {other, floats_of(&example->out)};
	struct net *net = NULL;
	int from, summand = -1, output;

	conv.lanes_max = lanes;
	assert_int_equal(net_open(&(struct net_shape){1, 1, 1}, &net), 0);
	from = net_add_foreign(net, NULL, 0, &example->in, give, &first);
	assert_true(from > 0);
	if (example->summand)
		summand = net_add_foreign(net, NULL, 0, &example->out, give, &second);
	output = net_add_conv(net, &conv, from, summand);
	assert_true(output > 0);
	output = net_add_output(net, output);
	assert_int_equal(net_finish(net, 1, NULL), 0);
	for (int run = 0; run < 2; run++) {
		assert_int_equal(net_run(net), 0);
		check(example, &conv, in, example->summand ? other : NULL, net_output(net, output));
	}
	net_close(net);
	free(in);
	free(other);
	free(weights);
	free(bias);
	free(slopes);
}

static void convolutions_are_what_their_definition_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
		for (size_t k = 0; k < sizeof(all_lanes) / sizeof(all_lanes[0]); k++)
			run_example(&examples[i], all_lanes[k]);
	}
}

static unsigned shared_parts;

static void share_backwards(int parts, void (*part)(void *arg, int index), void *arg)
{
	for (int i = parts; i-- > 0;)
		part(arg, i);
	shared_parts += (unsigned)parts;
}

enum { DEEP = 12 };

/*
 * Twelve convolutions of a picture, each with the value before last added, so that memory is used
 * again and again.
 */
static void build_deep(struct net *net, const struct net_conv *conv, int threads,
		       net_share_fn *share, int *ret_output)
{
	int before = -1, value = 0;

	for (int i = 0; i < DEEP; i++) {
		int next_value = net_add_conv(net, conv, value, before);

		assert_true(next_value > 0);
		before = i == 0 ? -1 : value;
		value = next_value;
	}
	*ret_output = net_add_output(net, value);
	assert_int_equal(net_finish(net, threads, share), 0);
}

static void shared_work_and_used_memory_change_nothing(void **state)
{
	static const struct example example = {{16, 40, 40}, {16, 40, 40}, 3, 1, 1, 1, 1,
					       true,         false};
	float *weights = numbers(16 * 16 * 9, 3), *bias = numbers(16, 4), *slopes = numbers(16, 5);
	struct net_conv conv = conv_of(&example, weights, bias, slopes);
	float *one = NULL;
	size_t bytes = floats_of(&example.out) * sizeof(float);

	(void)state;
	for (int i = 0; i < 16 * 16 * 9; i++)
		weights[i] /= 12; /* neither dies out nor grows */
	for (int threads = 1; threads <= 3; threads++) {
		struct net *net = NULL;
		int output;

		assert_int_equal(net_open(&example.in, &net), 0);
		build_deep(net, &conv, threads, threads > 1 ? share_backwards : NULL, &output);
		for (int run = 0; run < 2; run++) {
			float *in = numbers(floats_of(&example.in), 9);

			memcpy(net_input(net), in, floats_of(&example.in) * sizeof(*in));
			free(in);
			assert_int_equal(net_run(net), 0);
			if (one == NULL) {
				one = malloc(bytes);
				assert_non_null(one);
				memcpy(one, net_output(net, output), bytes);
			}
			assert_memory_equal(one, net_output(net, output), bytes);
		}
		net_close(net);
	}
	assert_int_equal(shared_parts, 2 * DEEP * (2 + 3));
	free(one);
	free(weights);
	free(bias);
	free(slopes);
}

static void what_is_no_number_stays_so(void **state)
{
	static const struct example example = {{16, 2, 2}, {16, 2, 2}, 1, 1, 0, 1, 1, true, false};
	float *weights = numbers(16 * 16, 3), *bias = numbers(16, 4), slopes[16] = {0};

	(void)state;
	for (size_t k = 0; k < sizeof(all_lanes) / sizeof(all_lanes[0]); k++) {
		struct net_conv conv = conv_of(&example, weights, bias, slopes);
		struct net *net = NULL;
		int output;

		conv.lanes_max = all_lanes[k];
		weights[7] = NAN;
		assert_int_equal(net_open(&example.in, &net), 0);
		output = net_add_output(net, net_add_conv(net, &conv, 0, -1));
		assert_int_equal(net_finish(net, 1, NULL), 0);
		for (int i = 0; i < 16 * 4; i++)
			net_input(net)[i] = 1;
		assert_int_equal(net_run(net), 0);
		assert_true(isnan(net_output(net, output)[0]));
		assert_true(isfinite(net_output(net, output)[4]));
		net_close(net);
	}
	free(weights);
	free(bias);
}

static void what_cannot_be_is_refused(void **state)
{
	static const struct example example = {{16, 6, 6}, {32, 6, 6}, 3, 1, 1, 1, 1, false, false};
	float *weights = numbers(16 * 32 * 9, 3), *bias = numbers(32, 4);
	struct net_conv good = conv_of(&example, weights, bias, NULL), bad[9];
	struct net_shape vast = {4096, 4096, 4096}, none = {0, 1, 1};
	struct net *net = NULL;

	(void)state;
	assert_int_equal(net_open(&vast, &net), -EINVAL);
	assert_int_equal(net_open(&none, &net), -EINVAL);
	assert_int_equal(net_open(&example.in, &net), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		bad[i] = good;
	bad[0].weights = NULL;
	bad[1].height = 65; /* too many taps */
	bad[2].stride_x = 0;
	bad[3].pad_y = -1;
	bad[4].dilation_x = 17;
	bad[5].out.height = 9; /* its last row would lie outside altogether */
	bad[6].out.channels = NET_CHANNELS_MAX + 1;
	bad[7].out.width = 0;
	bad[8].bias = NULL;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(net_add_conv(net, &bad[i], 0, -1), -EINVAL);
	bad[0] = good;
	bad[0].groups = 4;
	assert_int_equal(net_add_conv(net, &bad[0], 0, -1), -ENOTSUP);
	assert_int_equal(net_add_conv(net, &good, 7, -1), -EINVAL);
	assert_int_equal(net_add_conv(net, &good, 0, 0), -EINVAL); /* of another shape */
	assert_int_equal(net_add_foreign(net, (int[]){9}, 1, &example.in, copy, NULL), -EINVAL);
	assert_int_equal(net_add_output(net, 9), -EINVAL);
	net_close(net);
	free(weights);
	free(bias);
}

static int give_up(void *arg, const float *const *in, float *out)
{
	(void)arg;
	(void)in;
	(void)out;
	return -EIO;
}

static void a_foreign_operator_that_fails_ends_the_run(void **state)
{
	static const struct net_shape shape = {3, 4, 5};
	struct net *net = NULL;

	(void)state;
	assert_int_equal(net_open(&shape, &net), 0);
	assert_int_equal(net_add_foreign(net, (int[]){0}, 1, &shape, give_up, NULL),
			 2); /* 1 is the input, converted */
	assert_int_equal(net_finish(net, 1, NULL), 0);
	assert_int_equal(net_run(net), -EIO);
	net_close(net);
	net_close(NULL);
}

static void a_net_without_end_is_refused(void **state)
{
	static const struct net_shape shape = {16, 1, 1};
	struct net *net = NULL;
	int value = 0, steps = 0;

	(void)state;
	assert_int_equal(net_open(&shape, &net), 0);
	for (; value >= 0 && steps <= NET_STEPS_MAX; steps++)
		value = net_add_foreign(net, &value, 1, &shape, copy, (void *)(uintptr_t)&shape);
	assert_int_equal(value, -EINVAL);
	assert_int_equal(steps, NET_STEPS_MAX); /* one more step was the input's conversion */
	net_close(net);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(convolutions_are_what_their_definition_says),
		cmocka_unit_test(shared_work_and_used_memory_change_nothing),
		cmocka_unit_test(what_is_no_number_stays_so),
		cmocka_unit_test(what_cannot_be_is_refused),
		cmocka_unit_test(a_foreign_operator_that_fails_ends_the_run),
		cmocka_unit_test(a_net_without_end_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
