/*
 * face_screen.h - detects the moire of a screen or of a coarse print behind a presented face.
 *
 * A periodic raster aliases in the camera to an isolated peak in the spectrum of the face's centre,
 * far above its neighbours and above all other directions of the same wavelength. Skin and noise
 * have no such peak; hair and cloth have whole ridges. Rasters that the lens does not resolve are
 * not detected. Pure; any thread.
 */
#ifndef GH_VISION_FACE_FACE_SCREEN_H
#define GH_VISION_FACE_FACE_SCREEN_H

#include "face.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { FACE_SCREEN_SIDE_PX = 64 }; /* side of the analysed square in the middle of a face */

/**
 * Score from which a raster is reported. Of 5,539 pictures of living faces one reaches it
 * (docs/research/faces.md).
 */
#define FACE_SCREEN_MIN 12.0f

/**
 * @return the peak's prominence, 0 and above; below 3 for 99 of 100 faces, 0 for faces smaller than
 *         FACE_SCREEN_SIDE_PX.
 */
float face_screen(const struct face_image *image, const struct face *face);

/**
 * Liveness of a frame with a raster in face_track_live_mean(): two of eight frames decide, one does
 * not.
 */
#define FACE_SCREEN_LIVE 1e-16f

/** @return @p live (the net's result), or FACE_SCREEN_LIVE when a raster is detected. */
float face_screen_live(const struct face_image *image, const struct face *face, float live);

#ifdef __cplusplus
}
#endif
#endif
