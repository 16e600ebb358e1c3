#include "match_scan.h"

#include "match.h"

void match_dot_plain(const int8_t *probe, const int8_t *rows, size_t dim, size_t count,
		     int32_t *ret_products)
{
	for (size_t row = 0; row < count; row++) {
		const int8_t *at = rows + row * dim;
		int32_t product = 0;

		for (size_t i = 0; i < dim; i++)
			product += (probe[i] + MATCH_OFFSET) * at[i];
		ret_products[row] = product;
	}
}

float match_exact(const float *a, const float *b, size_t dim)
{
	double sums[8] = {0};

	for (size_t i = 0; i < dim; i += 8)
		for (size_t lane = 0; lane < 8; lane++)
			sums[lane] += (double)a[i + lane] * b[i + lane];
	return (float)(((sums[0] + sums[1]) + (sums[2] + sums[3])) +
		       ((sums[4] + sums[5]) + (sums[6] + sums[7])));
}

static const float rounding = 1e-5f; /* of the float arithmetic below and of the stored norms */

float match_bounds(const struct match_sizes *rows, const struct match_sizes *probe,
		   const int32_t *products, size_t count, float *lowest, float *highest)
{
	float probe_scale = probe->scale[0], probe_rest = probe->rest_norm[0], most = -2;

	for (size_t i = 0; i < MATCH_BLOCK;
	     i++) { /* all of them: compilers vectorise a loop with a fixed count */
		float score = rows->scale[i] * probe_scale *
			      (float)(products[i] - MATCH_OFFSET * rows->sum[i]);
		float slack = rows->norm[i] * probe_rest + rows->rest_norm[i] + rounding;

		lowest[i] = score - slack;
		highest[i] = score + slack;
	}
	for (size_t i = 0; i < count; i++)
		most = highest[i] > most ? highest[i] : most;
	return most;
}

#ifdef __x86_64__

#include <immintrin.h>

__attribute__((target("avx2"))) static int32_t sum_of(__m256i v)
{
	__m128i four = _mm_add_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));

	four = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0x4e));
	four = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0xb1));
	return _mm_cvtsi128_si32(four);
}

/*
 * Widens the bytes first: the direct multiplication saturates at 16 bits, which would break the
 * bound.
 */
__attribute__((target("avx2"))) static void
dot_avx2(const int8_t *probe, const int8_t *rows, size_t dim, size_t count, int32_t *ret_products)
{
	_Alignas(32) int16_t wide[GALLERY_DIM_MAX];

	for (size_t i = 0; i < dim; i++)
		wide[i] = (int16_t)(probe[i] + MATCH_OFFSET);
	for (size_t row = 0; row < count; row++) {
		const int8_t *at = rows + row * dim;
		__m256i sums[2] = {_mm256_setzero_si256(), _mm256_setzero_si256()};

		for (size_t i = 0; i < dim; i += 32) {
			__m256i low =
				_mm256_cvtepi8_epi16(_mm_load_si128((const __m128i *)(at + i)));
			__m256i high = _mm256_cvtepi8_epi16(
				_mm_load_si128((const __m128i *)(at + i + 16)));
			__m256i p0 = _mm256_load_si256((const __m256i *)(wide + i));
			__m256i p1 = _mm256_load_si256((const __m256i *)(wide + i + 16));

			sums[0] = _mm256_add_epi32(sums[0], _mm256_madd_epi16(low, p0));
			sums[1] = _mm256_add_epi32(sums[1], _mm256_madd_epi16(high, p1));
		}
		ret_products[row] = sum_of(_mm256_add_epi32(sums[0], sums[1]));
	}
}

enum { AHEAD_BYTES = 4096, SIDE_BY_SIDE = 4 };

/* The sums of the sixteen lanes of each of four rows. */
__attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni"))) static __m128i
sums_of(const __m512i *rows)
{
	__m256i half[SIDE_BY_SIDE], pairs[2], all;

	for (int i = 0; i < SIDE_BY_SIDE; i++)
		half[i] = _mm256_add_epi32(_mm512_castsi512_si256(rows[i]),
					   _mm512_extracti64x4_epi64(rows[i], 1));
	pairs[0] = _mm256_hadd_epi32(half[0], half[1]);
	pairs[1] = _mm256_hadd_epi32(half[2], half[3]);
	all = _mm256_hadd_epi32(pairs[0], pairs[1]);
	return _mm_add_epi32(_mm256_castsi256_si128(all), _mm256_extracti128_si256(all, 1));
}

__attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni"))) static void
dot_vnni(const int8_t *probe, const int8_t *rows, size_t dim, size_t count, int32_t *ret_products)
{
	const __m512i offset = _mm512_set1_epi8((char)MATCH_OFFSET);
	__m512i raised[GALLERY_DIM_MAX / 64], sums[SIDE_BY_SIDE];
	int32_t last[SIDE_BY_SIDE];

	for (size_t i = 0; i < dim / 64; i++)
		raised[i] = _mm512_xor_si512(_mm512_load_si512(probe + i * 64),
					     offset); /* + 128, modulo 256 */
	for (size_t row = 0; row < count; row += SIDE_BY_SIDE) {
		for (size_t k = 0; k < SIDE_BY_SIDE; k++) {
			const int8_t *at = rows + (row + k < count ? row + k : row) * dim;
			__m512i even = _mm512_setzero_si512(), odd = _mm512_setzero_si512();

			for (size_t i = 0; i < dim / 64; i++) {
				__m512i part = _mm512_load_si512(at + i * 64);

				_mm_prefetch(at + i * 64 + AHEAD_BYTES,
					     _MM_HINT_T0); /* beyond the end: harmless */
				if (i % 2 == 0)
					even = _mm512_dpbusd_epi32(even, raised[i], part);
				else
					odd = _mm512_dpbusd_epi32(odd, raised[i], part);
			}
			sums[k] = _mm512_add_epi32(even, odd);
		}
		_mm_storeu_si128((__m128i *)last, sums_of(sums));
		for (size_t k = 0; k < SIDE_BY_SIDE && row + k < count; k++)
			ret_products[row + k] = last[k];
	}
}

match_dot_fn *match_dot_best(void)
{
	__builtin_cpu_init();
	if (__builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512bw") &&
	    __builtin_cpu_supports("avx512vl"))
		return dot_vnni;
	if (__builtin_cpu_supports("avx2"))
		return dot_avx2;
	return match_dot_plain;
}

#elif defined(__aarch64__)

#include <arm_neon.h>
#include <sys/auxv.h>

#ifndef HWCAP_ASIMDDP
#define HWCAP_ASIMDDP (1 << 20)
#endif

/*
 * The instruction multiplies signed by signed, so the probe's offset is added as offset * sum of
 * the row.
 */
__attribute__((target("arch=armv8.2-a+dotprod"))) static void
dot_neon(const int8_t *probe, const int8_t *rows, size_t dim, size_t count, int32_t *ret_products)
{
	const int8x16_t ones = vdupq_n_s8(1);

	for (size_t row = 0; row < count; row++) {
		const int8_t *at = rows + row * dim;
		int32x4_t product = vdupq_n_s32(0), sum = vdupq_n_s32(0);

		for (size_t i = 0; i < dim; i += 16) {
			int8x16_t sixteen = vld1q_s8(at + i);

			product = vdotq_s32(product, sixteen, vld1q_s8(probe + i));
			sum = vdotq_s32(sum, sixteen, ones);
		}
		ret_products[row] = vaddvq_s32(product) + MATCH_OFFSET * vaddvq_s32(sum);
	}
}

match_dot_fn *match_dot_best(void)
{
	return (getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0 ? dot_neon : match_dot_plain;
}

#else

match_dot_fn *match_dot_best(void)
{
	return match_dot_plain;
}

#endif
