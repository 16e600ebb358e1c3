/*
 * pass_image.h - a text as a QR code to print or to show. pass_image_qrencode.c is the only file
 * that knows libqrencode.
 */
#ifndef GH_ACCESS_PASS_IMAGE_H
#define GH_ACCESS_PASS_IMAGE_H

#include <stddef.h>
#include <stdint.h>

/**
 * An SVG picture, ended by a zero; the caller frees. @return 0, -EFBIG (too long for a QR code) or
 * -ENOMEM. Any thread.
 */
int pass_image_svg(const char *text, char **ret_svg);

/** The same as PNG, 8 pixels a module. */
int pass_image_png(const char *text, uint8_t **ret_png, size_t *ret_bytes);

#endif
