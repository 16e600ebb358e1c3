/* scene_codec.h - what a picture looks like after a camera's H.264, without a file between. */
#ifndef GH_TESTS_SCENE_CODEC_H
#define GH_TESTS_SCENE_CODEC_H

#include <stdint.h>

struct scene_codec;

/**
 * Even sizes; @p crf 0 (best) to 51. @return 0 or a negative AVERROR (no encoder:
 * AVERROR_ENCODER_NOT_FOUND).
 */
int scene_codec_open(int width_px, int height_px, int frames_per_s, int crf,
		     struct scene_codec **ret_codec);
/** NULL is fine. */
void scene_codec_close(struct scene_codec *codec);
/**
 * Encode and decode one picture of luma, width bytes a row, without delay.
 * @param ret_luma  the decoder's own, until the next call. @return 0 or a negative AVERROR.
 */
int scene_codec_pass(struct scene_codec *codec, const uint8_t *luma, const uint8_t **ret_luma,
		     int *ret_stride);

#endif
