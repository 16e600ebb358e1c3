#include "face_photo.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static unsigned big16(const uint8_t *at)
{
	return (unsigned)at[0] << 8 | at[1];
}

static unsigned big32(const uint8_t *at)
{
	return big16(at) << 16 | big16(at + 2);
}

static bool is_start_of_frame(unsigned marker)
{
	return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 &&
	       marker != 0xcc;
}

static int jpeg_size(const uint8_t *bytes, size_t size, unsigned *ret_width_px,
		     unsigned *ret_height_px)
{
	size_t at = 2, length;
	unsigned marker;

	while (at + 4 <= size) {
		if (bytes[at] != 0xff)
			return -EBADMSG;
		marker = bytes[at + 1];
		if (marker == 0xff) { /* fill byte */
			at++;
			continue;
		}
		/* a marker without a length */
		if (marker == 0x01 || (marker >= 0xd0 && marker <= 0xd8)) {
			at += 2;
			continue;
		}
		length = big16(bytes + at + 2);
		if (marker == 0xda || marker == 0xd9 || length < 2)
			return -EBADMSG;
		if (is_start_of_frame(marker)) {
			if (length < 8 || at + 9 > size)
				return -EBADMSG;
			*ret_height_px = big16(bytes + at + 5);
			*ret_width_px = big16(bytes + at + 7);
			return 0;
		}
		at += 2 + length;
	}
	return -EBADMSG;
}

static bool is_animated_png(const uint8_t *bytes, size_t size)
{
	size_t at = 8, length;

	while (at + 8 <= size) {
		length = big32(bytes + at);
		if (memcmp(bytes + at + 4, "acTL", 4) == 0)
			return true;
		if (memcmp(bytes + at + 4, "IDAT", 4) == 0 || length > size - at)
			return false;
		at += 12 + length;
	}
	return false;
}

static int png_size(const uint8_t *bytes, size_t size, unsigned *ret_width_px,
		    unsigned *ret_height_px)
{
	if (size < 33 || big32(bytes + 8) != 13 || memcmp(bytes + 12, "IHDR", 4) != 0)
		return -EBADMSG;
	if (is_animated_png(bytes, size))
		return -EBADMSG;
	*ret_width_px = big32(bytes + 16);
	*ret_height_px = big32(bytes + 20);
	return 0;
}

int face_photo_size(const void *bytes, size_t size, unsigned *ret_width_px, unsigned *ret_height_px)
{
	static const uint8_t png_signature[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
	const uint8_t *at = bytes;
	unsigned width_px = 0, height_px = 0;
	int r = -EBADMSG;

	assert((bytes != NULL || size == 0) && ret_width_px != NULL && ret_height_px != NULL);
	if (size >= 4 && at[0] == 0xff && at[1] == 0xd8)
		r = jpeg_size(at, size, &width_px, &height_px);
	else if (size >= sizeof(png_signature) &&
		 memcmp(at, png_signature, sizeof(png_signature)) == 0)
		r = png_size(at, size, &width_px, &height_px);
	if (r < 0 || width_px == 0 || height_px == 0)
		return -EBADMSG;
	*ret_width_px = width_px;
	*ret_height_px = height_px;
	return 0;
}
