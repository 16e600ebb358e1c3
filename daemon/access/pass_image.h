/*
 * pass_image.h - a text as the picture of a QR code. pass_image_qrencode.c is the only file that
 * includes libqrencode.
 */
#ifndef GH_ACCESS_PASS_IMAGE_H
#define GH_ACCESS_PASS_IMAGE_H

#include <stddef.h>
#include <stdint.h>

/**
 * Draw an SVG picture, terminated by a zero; the caller frees it. Any thread.
 * @return 0, -EFBIG (too long for a QR code) or -ENOMEM.
 */
int pass_image_svg(const char *text, char **ret_svg);

/** The same as a PNG of 8 pixels a module and *ret_bytes bytes. */
int pass_image_png(const char *text, uint8_t **ret_png, size_t *ret_bytes);

#endif
