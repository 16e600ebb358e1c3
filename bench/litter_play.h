/*
 * litter_play.h - one video file through the littering analysis, as fast as it decodes.
 * Blocks until the file has been played; one call at a time a thread.
 */
#ifndef GH_BENCH_LITTER_PLAY_H
#define GH_BENCH_LITTER_PLAY_H

#include "vision/litter/litter.h"

struct litter_played {
	uint64_t frames;
	double busy_ms; /* the analysis alone, CPU time */
	double seconds; /* from the first frame to the last, and one more */
	int64_t first_pts_us, last_pts_us;
	int width_px, height_px; /* of the last frame */
	char error[256]; /* "": read to its end; else why not, even where some frames were read */
};

struct litter_play_ops {
	/*
	 * The settings for pictures of this size; NULL: all of the picture. @p ret_config is
	 * zeroed.
	 */
	void (*config)(void *arg, int width_px, int height_px, struct litter_config *ret_config);
	/* @p reported_pts_us: the frame after which the verdict was known. */
	void (*verdict)(void *arg, const struct litter_verdict *verdict, int64_t reported_pts_us);
};

/**
 * @return 0 when at least one frame was seen (ret_played->error tells of damage), -EINVAL (settings
 *         that the
 * analysis refuses), -ENAMETOOLONG or -EIO (nothing could be read); ret_played is always filled.
 */
int litter_play(const char *path, const struct litter_play_ops *ops, void *arg,
		struct litter_played *ret_played);

#endif
