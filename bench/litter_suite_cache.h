/*
 * litter_suite_cache.h - what the front end saw of a scene, kept in a file: tracks and verdicts can
 * then be made anew in a fraction of the time that drawing takes.
 *
 * The files are good for one version of the scenes and of the front end (litter_front.c,
 * litter_blob.c); who changes either empties the folder. They are read back on the machine that
 * wrote them. One thread.
 */
#ifndef GH_BENCH_LITTER_SUITE_CACHE_H
#define GH_BENCH_LITTER_SUITE_CACHE_H

#include "litter_suite.h"

struct litter;
struct litter_frame_blobs;
struct suite_cache;

/** Begins a file for @p name in @p folder. @return 0 or a negative errno. */
int suite_cache_create(const char *folder, const char *name, const struct suite_scene *plan,
		       struct suite_cache **ret_cache);
/** @param seen_sightings  for each throw how many of its sights can be seen. @return 0 or -EIO. */
int suite_cache_put_throws(struct suite_cache *cache, const unsigned *seen_sightings);
/** What @p litter saw in the frame it was just given. @return 0 or -EIO. */
int suite_cache_put(struct suite_cache *cache, const struct litter *litter, int64_t pts_us);
/** @p keep: the file is whole; else it goes. NULL is fine. @return 0 or -EIO. */
int suite_cache_close(struct suite_cache *cache, bool keep);

/** @return 0, -ENOENT, or -EIO (a file that is not of this scene). */
int suite_cache_open(const char *folder, const char *name, const struct suite_scene *plan,
		     struct suite_cache **ret_cache);
int suite_cache_get_throws(struct suite_cache *cache, unsigned *ret_seen_sightings);
/** @param ret_seen  points into the cache; good until the next call. @return 0 or -EIO. */
int suite_cache_get(struct suite_cache *cache, struct litter_frame_blobs *ret_seen);

#endif
