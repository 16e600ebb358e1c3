#include "match_scan.h"

#include "match.h"

void match_dot_plain(const int8_t *probe, const int8_t *rows, size_t dim, size_t count, int32_t *ret_products)
{
	for (size_t row = 0; row < count; row++) {
		const int8_t *at = rows + row * dim;
		int32_t product = 0;

		for (size_t i = 0; i < dim; i++)
			product += (probe[i] + MATCH_OFFSET) * at[i];
		ret_products[row] = product;
	}
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

/* Bytes are widened first: multiplying them as they are would saturate at 16 bits and break the bound. */
__attribute__((target("avx2"))) static void dot_avx2(const int8_t *probe, const int8_t *rows, size_t dim,
						     size_t count, int32_t *ret_products)
{
	_Alignas(32) int16_t wide[GALLERY_DIM_MAX];

	for (size_t i = 0; i < dim; i++)
		wide[i] = (int16_t)(probe[i] + MATCH_OFFSET);
	for (size_t row = 0; row < count; row++) {
		const int8_t *at = rows + row * dim;
		__m256i sums[2] = {_mm256_setzero_si256(), _mm256_setzero_si256()};

		for (size_t i = 0; i < dim; i += 32) {
			__m256i low = _mm256_cvtepi8_epi16(_mm_load_si128((const __m128i *)(at + i)));
			__m256i high = _mm256_cvtepi8_epi16(_mm_load_si128((const __m128i *)(at + i + 16)));
			__m256i p0 = _mm256_load_si256((const __m256i *)(wide + i));
			__m256i p1 = _mm256_load_si256((const __m256i *)(wide + i + 16));

			sums[0] = _mm256_add_epi32(sums[0], _mm256_madd_epi16(low, p0));
			sums[1] = _mm256_add_epi32(sums[1], _mm256_madd_epi16(high, p1));
		}
		ret_products[row] = sum_of(_mm256_add_epi32(sums[0], sums[1]));
	}
}

__attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni"))) static void
dot_vnni(const int8_t *probe, const int8_t *rows, size_t dim, size_t count, int32_t *ret_products)
{
	const __m512i offset = _mm512_set1_epi8((char)MATCH_OFFSET);
	__m512i raised[GALLERY_DIM_MAX / 64];

	for (size_t i = 0; i < dim / 64; i++)
		raised[i] =
			_mm512_xor_si512(_mm512_load_si512(probe + i * 64), offset); /* + 128, modulo 256 */
	for (size_t row = 0; row < count; row++) {
		const int8_t *at = rows + row * dim;
		__m512i even = _mm512_setzero_si512(), odd = _mm512_setzero_si512();

		_mm_prefetch(at + 4096, _MM_HINT_T0); /* past the end is harmless */
		_mm_prefetch(at + 4096 + 256, _MM_HINT_T0);
		for (size_t i = 0; i < dim / 64; i += 2) {
			even = _mm512_dpbusd_epi32(even, raised[i], _mm512_load_si512(at + i * 64));
			if (i + 1 < dim / 64)
				odd = _mm512_dpbusd_epi32(odd, raised[i + 1],
							  _mm512_load_si512(at + i * 64 + 64));
		}
		ret_products[row] = _mm512_reduce_add_epi32(_mm512_add_epi32(even, odd));
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

/* The instruction takes both sides signed, so the probe's offset is added as offset * sum of the row. */
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
