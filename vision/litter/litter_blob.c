#include "litter_internal.h"

#include <assert.h>
#include <string.h>

enum {
	GAP_PX = 2,          /* parts of one object may be this far apart */
	TILE_RUNS_MAX = 112, /* more in one tile is foliage, not an object */
	TILE_BLOBS_MAX = 6,
};

static int root_of(struct litter_run *runs, int i)
{
	while (runs[i].parent >= 0) {
		int up = runs[i].parent;

		if (runs[up].parent >= 0)
			runs[i].parent = runs[up].parent;
		i = up;
	}
	return i;
}

static void join(struct litter_run *runs, int a, int b)
{
	a = root_of(runs, a);
	b = root_of(runs, b);
	if (a < b)
		runs[b].parent = a;
	else if (b < a)
		runs[a].parent = b;
}

/* Runs are sorted by row, then from the left. Removes the runs of blinded tiles. */
static void drop_blinded(struct litter_front *front)
{
	int kept = 0;

	for (int i = 0; i < front->run_count; i++) {
		if (front->tile_runs[front->runs[i].tile] <= TILE_RUNS_MAX)
			front->runs[kept++] = front->runs[i];
	}
	front->run_count = kept;
}

static void link_runs(struct litter_run *runs, int count)
{
	int window = 0;

	for (int i = 0; i < count; i++) {
		while (runs[window].y + GAP_PX < runs[i].y)
			window++;
		for (int j = window; j < i; j++) {
			if (runs[j].x0 <= runs[i].x1 + GAP_PX && runs[i].x0 <= runs[j].x1 + GAP_PX)
				join(runs, i, j);
		}
	}
}

static void add_to(struct litter_blob *blob, const struct litter_run *run)
{
	int length = run->x1 - run->x0;

	blob->x += (float)length * (float)(run->x0 + run->x1) / 2;
	blob->y += (float)length * ((float)run->y + 0.5F);
	blob->area_px += length;
	blob->light += (float)run->light;
	if (run->x0 < blob->x0)
		blob->x0 = run->x0;
	if (run->x1 > blob->x1)
		blob->x1 = run->x1;
	if (run->y + 1 > blob->y1)
		blob->y1 = run->y + 1;
}

static void begin_with(struct litter_blob *blob, const struct litter_run *run)
{
	memset(blob, 0, sizeof(*blob));
	blob->x0 = run->x0;
	blob->x1 = run->x1;
	blob->y0 = run->y;
	add_to(blob, run);
}

static int smallest_in_tile(const struct litter_blob *blobs, int count, int tile, int *ret_smallest)
{
	int in_tile = 0;

	*ret_smallest = -1;
	for (int i = 0; i < count; i++) {
		if (blobs[i].tile != tile)
			continue;
		in_tile++;
		if (*ret_smallest < 0 || blobs[i].area_px < blobs[*ret_smallest].area_px)
			*ret_smallest = i;
	}
	return in_tile;
}

/* Turns sums into means; removes single pixels and all but the largest blobs of a tile. */
static int finish_blobs(const struct litter_front *front, struct litter_blob *blobs, int count,
			int area_min)
{
	int kept = 0;

	for (int i = 0; i < count; i++) {
		struct litter_blob blob = blobs[i];
		int smallest;

		if (blob.area_px < area_min)
			continue;
		blob.x /= (float)blob.area_px;
		blob.y /= (float)blob.area_px;
		blob.light /= (float)blob.area_px;
		blob.tile = (int)blob.y / LITTER_TILE_PX * front->tiles_x +
			    (int)blob.x / LITTER_TILE_PX;
		if (smallest_in_tile(blobs, kept, blob.tile, &smallest) < TILE_BLOBS_MAX)
			blobs[kept++] = blob;
		else if (blobs[smallest].area_px < blob.area_px)
			blobs[smallest] = blob;
	}
	return kept;
}

int litter_blobs(struct litter_front *front, float unit, struct litter_blob *blobs, int blobs_max)
{
	struct litter_run *runs = front->runs;
	int count = 0;

	assert(blobs_max <= LITTER_BLOBS_MAX && front->run_count <= LITTER_RUNS_MAX);
	drop_blinded(front);
	link_runs(runs, front->run_count);
	for (int i = 0; i < front->run_count; i++) {
		int root = root_of(runs, i);

		if (root == i) {
			/*
			 * A root precedes its runs. From here on the parent of a root is -2 - its
			 * blob.
			 */
			if (count == blobs_max) {
				runs[i].parent = -1;
				continue;
			}
			begin_with(&blobs[count], &runs[i]);
			runs[i].parent = -2 - count++;
		} else if (runs[root].parent <= -2) {
			add_to(&blobs[-2 - runs[root].parent], &runs[i]);
		}
	}
	return finish_blobs(front, blobs, count, unit >= 0.75F ? 2 : 1);
}
