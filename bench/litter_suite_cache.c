#include "litter_suite_cache.h"

#include "vision/litter/litter_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	PATH_BYTES = 4096,
	TILES_MAX = LITTER_SIDE_MAX_PX / LITTER_TILE_PX * LITTER_SIDE_MAX_PX / LITTER_TILE_PX
};

struct head {
	char magic[8];
	int32_t width, height, rate, frames, throws;
};

struct frame_head {
	int64_t pts_us;
	float difference;
	uint16_t blobs;
	uint8_t scene, spare;
};

/* a blob, packed */
struct stored_blob {
	float x, y, light;
	uint16_t x0, y0, x1, y1, tile, spare;
	uint32_t area;
};

struct suite_cache {
	FILE *file;
	char path[PATH_BYTES], part[PATH_BYTES + 8];
	int tiles, throws;
	bool writing;
	struct litter_blob blobs[LITTER_BLOBS_MAX];
	struct stored_blob stored[LITTER_BLOBS_MAX];
	uint8_t moves[TILES_MAX];
};

static struct head head_of(const struct suite_scene *plan)
{
	const struct scene_options *o = &plan->options;
	struct head head = {.magic = "ghseen2",
			    .width = o->width_px,
			    .height = o->height_px,
			    .rate = o->frames_per_s,
			    .frames = o->frames,
			    .throws = (int32_t)o->throw_count};

	return head;
}

static struct suite_cache *prepare(const char *folder, const char *name,
				   const struct suite_scene *plan)
{
	struct suite_cache *cache = calloc(1, sizeof(*cache));
	int wide = (plan->options.width_px + LITTER_TILE_PX - 1) / LITTER_TILE_PX,
	    tall = (plan->options.height_px + LITTER_TILE_PX - 1) / LITTER_TILE_PX;

	if (cache == NULL)
		return NULL;
	snprintf(cache->path, sizeof(cache->path), "%s/%s.seen", folder, name);
	snprintf(cache->part, sizeof(cache->part), "%s.part", cache->path);
	cache->tiles = wide * tall;
	cache->throws = (int)plan->options.throw_count;
	return cache;
}

static int put(struct suite_cache *cache, const void *data, size_t bytes)
{
	return fwrite(data, 1, bytes, cache->file) == bytes ? 0 : -EIO;
}

static int get(struct suite_cache *cache, void *data, size_t bytes)
{
	return fread(data, 1, bytes, cache->file) == bytes ? 0 : -EIO;
}

int suite_cache_create(const char *folder, const char *name, const struct suite_scene *plan,
		       struct suite_cache **ret_cache)
{
	struct suite_cache *cache = prepare(folder, name, plan);
	struct head head = head_of(plan);
	int r;

	if (cache == NULL)
		return -ENOMEM;
	cache->writing = true;
	cache->file = fopen(cache->part, "wb");
	r = cache->file == NULL ? -errno : put(cache, &head, sizeof(head));
	if (r < 0) {
		(void)suite_cache_close(cache, false);
		return r;
	}
	*ret_cache = cache;
	return 0;
}

int suite_cache_put_throws(struct suite_cache *cache, const unsigned *seen_sightings)
{
	return put(cache, seen_sightings, sizeof(*seen_sightings) * (size_t)cache->throws);
}

int suite_cache_put(struct suite_cache *cache, const struct litter *litter, int64_t pts_us)
{
	struct frame_head head = {.pts_us = pts_us,
				  .difference = litter->front.sample_difference,
				  .blobs = (uint16_t)litter->blob_count,
				  .scene = (uint8_t)litter->scene};
	int r;

	for (int i = 0; i < cache->tiles; i++)
		cache->moves[i] = litter->front.tile_runs[i] > 0;
	for (int i = 0; i < litter->blob_count; i++) {
		const struct litter_blob *b = &litter->blobs[i];

		cache->stored[i] = (struct stored_blob){.x = b->x,
							.y = b->y,
							.light = b->light,
							.x0 = (uint16_t)b->x0,
							.y0 = (uint16_t)b->y0,
							.x1 = (uint16_t)b->x1,
							.y1 = (uint16_t)b->y1,
							.tile = (uint16_t)b->tile,
							.area = (uint32_t)b->area_px};
	}
	r = put(cache, &head, sizeof(head));
	if (r == 0)
		r = put(cache, cache->moves, (size_t)cache->tiles);
	return r < 0 ? r : put(cache, cache->stored, sizeof(cache->stored[0]) * head.blobs);
}

int suite_cache_close(struct suite_cache *cache, bool keep)
{
	int r = 0;

	if (cache == NULL)
		return 0;
	if (cache->file != NULL && fclose(cache->file) != 0)
		r = -EIO;
	if (keep && (r < 0 || rename(cache->part, cache->path) < 0))
		r = -EIO;
	if (!keep && cache->writing)
		(void)remove(cache->part); /* of no use to anybody */
	free(cache);
	return r;
}

int suite_cache_open(const char *folder, const char *name, const struct suite_scene *plan,
		     struct suite_cache **ret_cache)
{
	struct suite_cache *cache = prepare(folder, name, plan);
	struct head head, wanted = head_of(plan);
	int r;

	if (cache == NULL)
		return -ENOMEM;
	cache->file = fopen(cache->path, "rb");
	r = cache->file == NULL ? -ENOENT : get(cache, &head, sizeof(head));
	if (r == 0 && memcmp(&head, &wanted, sizeof(head)) != 0)
		r = -EIO;
	if (r < 0) {
		(void)suite_cache_close(cache, false);
		return r;
	}
	*ret_cache = cache;
	return 0;
}

int suite_cache_get_throws(struct suite_cache *cache, unsigned *ret_seen_sightings)
{
	return get(cache, ret_seen_sightings, sizeof(*ret_seen_sightings) * (size_t)cache->throws);
}

int suite_cache_get(struct suite_cache *cache, struct litter_frame_blobs *ret_seen)
{
	struct frame_head head;
	int r = get(cache, &head, sizeof(head));

	if (r == 0)
		r = head.blobs > LITTER_BLOBS_MAX || head.scene > LITTER_SCENE_SHAKE
			    ? -EIO
			    : get(cache, cache->moves, (size_t)cache->tiles);
	if (r == 0)
		r = get(cache, cache->stored, sizeof(cache->stored[0]) * head.blobs);
	if (r < 0)
		return r;
	for (int i = 0; i < head.blobs; i++) {
		const struct stored_blob *k = &cache->stored[i];

		if (k->tile >= cache->tiles)
			return -EIO;
		cache->blobs[i] = (struct litter_blob){.x = k->x,
						       .y = k->y,
						       .x0 = k->x0,
						       .y0 = k->y0,
						       .x1 = k->x1,
						       .y1 = k->y1,
						       .area_px = (int)k->area,
						       .tile = k->tile,
						       .light = k->light};
	}
	*ret_seen = (struct litter_frame_blobs){.pts_us = head.pts_us,
						.scene = (enum litter_scene)head.scene,
						.difference = head.difference,
						.blob_count = head.blobs,
						.blobs = cache->blobs,
						.moves = cache->moves};
	return 0;
}
