#include "pass_image.h"

#include <assert.h>
#include <errno.h>
#include <qrencode.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	QUIET = 4, /* modules of white on each side, by ISO/IEC 18004 */
	PIXELS = 8 /* per module and direction */
};

static int encode(const char *text, QRcode **ret_code)
{
	/* level M: readers still decode a crumpled print and a phone's display */
	QRcode *code = QRcode_encodeString(text, 0, QR_ECLEVEL_M, QR_MODE_8, 1);

	if (code == NULL)
		return errno == ENOMEM ? -ENOMEM : -EFBIG;
	*ret_code = code;
	return 0;
}

static int is_dark(const QRcode *code, int x, int y)
{
	if (x < 0 || y < 0 || x >= code->width || y >= code->width)
		return 0;
	return code->data[y * code->width + x] & 1;
}

int pass_image_svg(const char *text, char **ret_svg)
{
	char *svg = NULL;
	size_t bytes;
	QRcode *code;
	FILE *out;
	int r = encode(text, &code), side;

	if (r < 0)
		return r;
	out = open_memstream(&svg, &bytes);
	if (out == NULL) {
		QRcode_free(code);
		return -ENOMEM;
	}
	side = code->width + 2 * QUIET;
	fprintf(out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%dmm\" "
		"height=\"%dmm\" "
		"shape-rendering=\"crispEdges\"><path fill=\"#fff\" d=\"M0 0h%dv%dH0z\"/><path "
		"d=\"",
		side, side, side, side, side, side);
	for (int y = 0; y < code->width; y++)
		for (int x = 0; x < code->width; x++)
			if (is_dark(code, x, y))
				fprintf(out, "M%d %dh1v1h-1z", x + QUIET, y + QUIET);
	fputs("\"/></svg>\n", out);
	QRcode_free(code);
	if (fclose(out) != 0) {
		free(svg);
		return -ENOMEM;
	}
	*ret_svg = svg;
	return 0;
}

/* ---- PNG; its deflate stream has stored blocks, since a QR code is small ---- */

static void put_32(uint8_t *at, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		at[i] = (uint8_t)(value >> (24 - 8 * i));
}

static uint32_t crc_of(const uint8_t *at, size_t bytes)
{
	uint32_t crc = UINT32_MAX;

	for (size_t i = 0; i < bytes; i++) {
		crc ^= at[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (0xedb88320u & -(crc & 1));
	}
	return ~crc;
}

/* Complete a chunk whose @p bytes of data are at @p at + 8. @return the end of the chunk */
static uint8_t *finish_chunk(uint8_t *at, const char *type, size_t bytes)
{
	put_32(at, (uint32_t)bytes);
	memcpy(at + 4, type, 4);
	put_32(at + 8 + bytes, crc_of(at + 4, bytes + 4));
	return at + 12 + bytes;
}

static uint8_t *put_header(uint8_t *at, uint32_t side)
{
	static const uint8_t magic[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
	static const uint8_t gray_1_bit[5] = {1, 0, 0, 0, 0};

	memcpy(at, magic, sizeof(magic));
	at += sizeof(magic);
	put_32(at + 8, side);
	put_32(at + 12, side);
	memcpy(at + 16, gray_1_bit, sizeof(gray_1_bit));
	return finish_chunk(at, "IHDR", 13);
}

/* One row of pixels after its filter byte: 1 is white. */
static void put_row(uint8_t *row, const QRcode *code, int y)
{
	int side = code->width + 2 * QUIET;

	*row++ = 0;
	for (int x = 0; x < side; x++) /* PIXELS is 8: a module is one byte */
		row[x] = is_dark(code, x - QUIET, y - QUIET) ? 0x00 : 0xff;
}

static uint8_t *put_rows(uint8_t *chunk, const QRcode *code)
{
	size_t side = (size_t)(code->width + 2 * QUIET), row_bytes = 1 + side;
	uint32_t a = 1, b = 0;
	uint8_t *at = chunk + 8;

	*at++ = 0x78;
	*at++ = 0x01;
	for (size_t y = 0; y < side * PIXELS; y++) {
		/* one stored block for each row */
		*at++ = y + 1 == side * PIXELS;
		*at++ = (uint8_t)row_bytes;
		*at++ = (uint8_t)(row_bytes >> 8);
		*at++ = (uint8_t)~row_bytes;
		*at++ = (uint8_t)(~row_bytes >> 8);
		put_row(at, code, (int)(y / PIXELS));
		for (size_t i = 0; i < row_bytes; i++) {
			a = (a + at[i]) % 65521;
			b = (b + a) % 65521;
		}
		at += row_bytes;
	}
	put_32(at, b << 16 | a);
	return finish_chunk(chunk, "IDAT", (size_t)(at + 4 - (chunk + 8)));
}

int pass_image_png(const char *text, uint8_t **ret_png, size_t *ret_bytes)
{
	QRcode *code;
	uint8_t *png, *at;
	size_t side;
	int r = encode(text, &code);

	if (r < 0)
		return r;
	side = (size_t)(code->width + 2 * QUIET);
	assert(code->width > 0);
	png = malloc(128 + side * PIXELS * (side + 6));
	if (png == NULL) {
		QRcode_free(code);
		return -ENOMEM;
	}
	at = put_header(png, (uint32_t)(side * PIXELS));
	at = put_rows(at, code);
	at = finish_chunk(at, "IEND", 0);
	QRcode_free(code);
	*ret_png = png;
	*ret_bytes = (size_t)(at - png);
	return 0;
}
