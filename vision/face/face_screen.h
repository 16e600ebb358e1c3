/*
 * face_screen.h - is a face shown by a raster: the pixels of a screen, or the dots of a coarse print?
 *
 * A camera that looks at a raster makes moire of it: one frequency that stands alone in the spectrum of the middle of the face,
 * far above those round it and above all of the same length of wave, where skin and noise have none, and hair and cloth whole
 * lines of them. It sees only what the lens resolves. Pure; any thread.
 */
#ifndef GH_VISION_FACE_FACE_SCREEN_H
#define GH_VISION_FACE_FACE_SCREEN_H

#include "face.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { FACE_SCREEN_SIDE_PX = 64 }; /* of the middle of a face are looked at */

/** From here on it is a raster. Of 5,539 pictures of living faces one reaches it (docs/research/faces.md). */
#define FACE_SCREEN_MIN 12.0f

/** @return 0 and more, less than 3 for 99 of 100 faces; 0 where fewer than FACE_SCREEN_SIDE_PX of it are seen. */
float face_screen(const struct face_image *image, const struct face *face);

/** What a frame with a raster counts in face_track_live_mean(): two of eight decide, one does not. */
#define FACE_SCREEN_LIVE 1e-16f

/** @return @p live, what the net said; FACE_SCREEN_LIVE where there is a raster. */
float face_screen_live(const struct face_image *image, const struct face *face, float live);

#ifdef __cplusplus
}
#endif
#endif
