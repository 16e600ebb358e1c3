/*
 * net_tile.h - the arithmetic of net_conv.c for one width of vectors. Included once for each
 * processor it is made for, which is why there is no guard. The including file sets
 *
 *   NET_LANES          floats of a vector: 4, 8 or 16
 *   NET_TARGET         attribute that lets the compiler use such vectors
 *   NET_NAME(name)     what a function is called in this version
 *   NET_GROUPS_MAX     groups of 16 channels that are summed up together, 1 or 4
 *   NET_ROWS_1 to _4   pixels that are, for 1 to 4 groups: as many as leave the sums in registers
 */

typedef float NET_NAME(vector) __attribute__((vector_size(NET_LANES * sizeof(float)), may_alias));
typedef int32_t NET_NAME(mask) __attribute__((vector_size(NET_LANES * sizeof(float)), may_alias));

#define VECTOR NET_NAME(vector)
#define MASK NET_NAME(mask)
#define INLINE NET_TARGET static inline __attribute__((always_inline))
#define UNROLL _Pragma("GCC unroll 16")

/*
 * What follows a sum: the other summand, if there is one, and the slope below zero. NaN stays NaN.
 */
INLINE void NET_NAME(finish)(const struct net_kernel *kernel, VECTOR sum, size_t pixel,
			     size_t channel)
{
	size_t at = pixel * kernel->out_stride + channel;

	if (kernel->summand != NULL)
		sum += *(const VECTOR *)(kernel->summand + at);
	if (kernel->slopes != NULL) {
		MASK above = sum > 0;
		VECTOR below = sum * *(const VECTOR *)(kernel->slopes + channel);

		sum = (VECTOR)(((MASK)sum & above) | ((MASK)below & ~above));
	}
	*(VECTOR *)(kernel->out + at) = sum;
}

/* rows and vectors are constants once this is inlined, so that all sums have registers */
INLINE void NET_NAME(tile)(const struct net_kernel *kernel, const struct net_tile *tile, int rows,
			   int vectors)
{
	VECTOR sums[NET_ROWS_MAX][NET_GROUPS_MAX * NET_CHANNELS / NET_LANES];
	const float *weights = tile->weights;

	UNROLL for (int v = 0; v < vectors; v++)
	{
		UNROLL for (int r = 0; r < rows; r++) sums[r][v] =
			*(const VECTOR *)(kernel->bias + tile->channel + (size_t)v * NET_LANES);
	}
	for (size_t tap = 0; tap < kernel->taps; tap++) {
		const float *const *at = tile->pixels + tap * NET_ROWS_MAX;

		for (size_t i = 0; i < kernel->in_channels; i++) {
			UNROLL for (int r = 0; r < rows; r++)
			{
				float value = at[r][i];

				UNROLL for (int v = 0; v < vectors; v++) sums[r][v] +=
					*(const VECTOR *)(weights + v * NET_LANES) * value;
			}
			weights += vectors * NET_LANES;
		}
	}
	UNROLL for (int r = 0; r < rows; r++)
	{
		if ((size_t)r == tile->count)
			return;
		UNROLL for (int v = 0; v < vectors; v++)
			NET_NAME(finish)(kernel, sums[r][v], tile->first + (size_t)r,
					 tile->channel + (size_t)v * NET_LANES);
	}
}

/*
 * One vector of channels after the other of pixels side by side, across of them, whose taps are the
 * same.
 */
INLINE void NET_NAME(span)(const struct net_kernel *kernel, const struct net_span *span, int across)
{
	for (size_t channel = 0; channel < kernel->out_stride; channel += NET_LANES) {
		VECTOR sums[NET_ACROSS];

		UNROLL for (int i = 0; i < across; i++) sums[i] =
			*(const VECTOR *)(kernel->bias + channel);
		for (int y = span->first_y; y < span->last_y; y++) {
			const float *row =
				span->in + (ptrdiff_t)y * kernel->tap_y + (ptrdiff_t)channel;
			const float *weights = kernel->weights +
					       (size_t)(y * kernel->width) * kernel->out_stride +
					       channel;

			for (int x = span->first_x; x < span->last_x; x++) {
				VECTOR weight =
					*(const VECTOR *)(weights + (size_t)x * kernel->out_stride);

				UNROLL for (int i = 0; i < across; i++) sums[i] +=
					weight * *(const VECTOR *)(row + x * kernel->tap_x +
								   i * kernel->next_x);
			}
		}
		UNROLL for (int i = 0; i < across; i++)
			NET_NAME(finish)(kernel, sums[i], span->first + (size_t)i, channel);
	}
}

NET_TARGET static void NET_NAME(tile1)(const struct net_kernel *kernel, const struct net_tile *tile)
{
	NET_NAME(tile)(kernel, tile, NET_ROWS_1, NET_CHANNELS / NET_LANES);
}

#if NET_GROUPS_MAX == 4
NET_TARGET static void NET_NAME(tile2)(const struct net_kernel *kernel, const struct net_tile *tile)
{
	NET_NAME(tile)(kernel, tile, NET_ROWS_2, 2 * NET_CHANNELS / NET_LANES);
}

NET_TARGET static void NET_NAME(tile3)(const struct net_kernel *kernel, const struct net_tile *tile)
{
	NET_NAME(tile)(kernel, tile, NET_ROWS_3, 3 * NET_CHANNELS / NET_LANES);
}

NET_TARGET static void NET_NAME(tile4)(const struct net_kernel *kernel, const struct net_tile *tile)
{
	NET_NAME(tile)(kernel, tile, NET_ROWS_4, 4 * NET_CHANNELS / NET_LANES);
}
#endif

NET_TARGET static void NET_NAME(span_one)(const struct net_kernel *kernel,
					  const struct net_span *span)
{
	NET_NAME(span)(kernel, span, 1);
}

NET_TARGET static void NET_NAME(span_across)(const struct net_kernel *kernel,
					     const struct net_span *span)
{
	NET_NAME(span)(kernel, span, NET_ACROSS);
}

static const struct net_version NET_NAME(version) = {
	.groups_max = NET_GROUPS_MAX,
#if NET_GROUPS_MAX == 4
	.rows = {0, NET_ROWS_1, NET_ROWS_2, NET_ROWS_3, NET_ROWS_4},
	.tile = {NULL, NET_NAME(tile1), NET_NAME(tile2), NET_NAME(tile3), NET_NAME(tile4)},
#else
	.rows = {0, NET_ROWS_1},
	.tile = {NULL, NET_NAME(tile1)},
#endif
	.span_one = NET_NAME(span_one),
	.span_across = NET_NAME(span_across),
};

#undef VECTOR
#undef MASK
#undef INLINE
#undef UNROLL
#undef NET_LANES
#undef NET_TARGET
#undef NET_NAME
#undef NET_GROUPS_MAX
#undef NET_ROWS_1
#undef NET_ROWS_2
#undef NET_ROWS_3
#undef NET_ROWS_4
