/*
 * face_photo.h - reads the size of a JPEG or PNG from its header, before decoding. For untrusted
 * input; pure, any thread.
 */
#ifndef GH_VISION_FACE_FACE_PHOTO_H
#define GH_VISION_FACE_FACE_PHOTO_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * @return 0, or -EBADMSG: neither JPEG nor PNG, an animation, or the header is damaged. Sizes are
 *         above 0.
 */
int face_photo_size(const void *bytes, size_t size, unsigned *ret_width_px,
		    unsigned *ret_height_px);

#ifdef __cplusplus
}
#endif
#endif
