/* hex.h - bytes as lower-case hexadecimal digits. Pure; any thread. */
#ifndef GH_BASE_HEX_H
#define GH_BASE_HEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
	DIGEST_BYTES = 32,                       /* of a SHA-256 or a BLAKE2b-256 */
	DIGEST_HEX_BYTES = 2 * DIGEST_BYTES + 1, /* the same as digits, with the final zero byte */
};

/** @param ret_text  2 * @p count + 1 bytes. */
void hex_format(const uint8_t *bytes, size_t count, char *ret_text);

/** Whether @p text consists of exactly @p digits lower-case hexadecimal digits. */
bool hex_is_valid(const char *text, size_t digits);

#ifdef __cplusplus
}
#endif
#endif
