#include "litter_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__) && defined(__gnu_linux__) && !defined(__SANITIZE_THREAD__) &&              \
	!defined(__clang__)
#define ROW_CLONES __attribute__((target_clones("avx2", "default"), optimize("O3")))
#else
#define ROW_CLONES
#endif

enum {
	SAMPLE_ROWS = 8,
	SPREAD_MIN = 3,
	SPREAD_START = 6,
	SPREAD_MAX = 116, /* so that twice this plus the margin fits into a byte */
	MARGIN = 9,
	RISE = 6,
	UNSTEADY_FRAMES = 6,
	RAMP_BEGINS = 36,   /* levels, mean over the picture */
	RAMP_EVERY = 4,     /* frames: interval of the check */
	RAMP_CONTINUES = 1, /* levels since the previous frame */
	/* rain is in many tiles, with little motion in each */
	TILE_ACTIVE_PX = LITTER_TILE_PX * LITTER_TILE_PX / 32,
};

static int round_up(int value, int step)
{
	return (value + step - 1) / step * step;
}

/*
 * One row of the model; each row is updated every second frame. The background moves towards the
 * picture by one level (a running median). The spread rises by RISE when a pixel is farther away
 * than it, and falls by one in every second update, so that about one frame in twelve exceeds it. A
 * pixel moves when it is more than twice the spread away.
 */
ROW_CLONES static void row_pass(const uint8_t *restrict luma, uint8_t *restrict background,
				uint8_t *restrict spread, uint8_t *restrict mask, int count,
				uint8_t step, uint8_t decay)
{
	for (int x = 0; x < count; x++) {
		uint8_t i = luma[x], b = background[x], s = spread[x];
		uint8_t high = i > b ? i : b, low = i > b ? b : i;
		uint8_t d = (uint8_t)(high - low);
		uint8_t limit = (uint8_t)(s + s + MARGIN);
		uint8_t rise = d > s ? RISE : 0;
		uint8_t next = (uint8_t)(s + rise);
		uint8_t up = i > b ? step : 0, down = i < b ? step : 0;

		mask[x] = d > limit ? 255 : 0;
		background[x] = (uint8_t)(b + up - down);
		next = next > SPREAD_MAX ? SPREAD_MAX : next;
		next = (uint8_t)(next - decay);
		spread[x] = next < SPREAD_MIN ? SPREAD_MIN : next;
	}
}

/* The same test for a row whose model is not updated in this frame. */
ROW_CLONES static void row_test(const uint8_t *restrict luma, const uint8_t *restrict background,
				const uint8_t *restrict spread, uint8_t *restrict mask, int count)
{
	for (int x = 0; x < count; x++) {
		uint8_t i = luma[x], b = background[x], s = spread[x];
		uint8_t high = i > b ? i : b, low = i > b ? b : i;
		uint8_t d = (uint8_t)(high - low), limit = (uint8_t)(s + s + MARGIN);

		mask[x] = d > limit ? 255 : 0;
	}
}

ROW_CLONES static void row_allow(uint8_t *restrict mask, const uint8_t *restrict allowed, int count)
{
	for (int x = 0; x < count; x++)
		mask[x] &= allowed[x];
}

/*
 * Written so that compilers recognise a sum of absolute differences: one instruction adds 32 of
 * them.
 */
ROW_CLONES static unsigned row_difference(const uint8_t *restrict a, const uint8_t *restrict b,
					  int count)
{
	int sum = 0;

	for (int x = 0; x < count; x++)
		sum += abs(a[x] - b[x]);
	return (unsigned)sum;
}

static bool inside(const struct litter_polygon *polygon, float x, float y)
{
	bool in = false;

	for (size_t i = 0, j = polygon->count - 1; i < polygon->count; j = i++) {
		const struct litter_spot *a = &polygon->points[i], *b = &polygon->points[j];

		if ((a->y > y) != (b->y > y) &&
		    x < (b->x - a->x) * (y - a->y) / (b->y - a->y) + a->x)
			in = !in;
	}
	return in;
}

static void draw_allowed(struct litter_front *front, const struct litter_config *config)
{
	for (int row = 0; row < front->height; row++) {
		uint8_t *line = front->allowed + (size_t)row * (size_t)front->plane_stride;
		float y = ((float)row + 0.5F) / (float)front->height;

		for (int column = 0; column < front->width; column++) {
			float x = ((float)column + 0.5F) / (float)front->width;
			bool allowed = config->roi.count == 0 || inside(&config->roi, x, y);

			for (size_t i = 0; allowed && i < config->exclusion_count; i++)
				allowed = !inside(&config->exclusions[i], x, y);
			line[column] = allowed ? 255 : 0;
		}
	}
}

int litter_front_open(struct litter_front *front, int width, int height,
		      const struct litter_config *config)
{
	size_t plane;

	front->width = width;
	front->height = height;
	front->plane_stride = round_up(width, 64);
	plane = (size_t)front->plane_stride * (size_t)height;
	front->tiles_x = round_up(width, LITTER_TILE_PX) / LITTER_TILE_PX;
	front->tiles_y = round_up(height, LITTER_TILE_PX) / LITTER_TILE_PX;
	front->background = calloc(1, plane);
	front->spread = calloc(1, plane);
	front->mask = calloc(1, (size_t)front->plane_stride);
	front->sample = calloc(1, plane / SAMPLE_ROWS + (size_t)front->plane_stride);
	front->tile_runs =
		calloc((size_t)(front->tiles_x * front->tiles_y), sizeof(*front->tile_runs));
	front->tile_px = calloc((size_t)(front->tiles_x * front->tiles_y), sizeof(*front->tile_px));
	front->tile_paths =
		calloc((size_t)(front->tiles_x * front->tiles_y), sizeof(*front->tile_paths));
	front->tile_busy =
		calloc((size_t)(front->tiles_x * front->tiles_y), sizeof(*front->tile_busy));
	front->runs = calloc(LITTER_RUNS_MAX, sizeof(*front->runs));
	if (config->roi.count > 0 || config->exclusion_count > 0)
		front->allowed = calloc(1, plane);
	if (front->background == NULL || front->spread == NULL || front->mask == NULL ||
	    front->sample == NULL || front->tile_runs == NULL || front->tile_busy == NULL ||
	    front->runs == NULL || front->tile_px == NULL || front->tile_paths == NULL ||
	    ((config->roi.count > 0 || config->exclusion_count > 0) && front->allowed == NULL))
		return -ENOMEM; /* the caller closes what was allocated */
	if (front->allowed != NULL)
		draw_allowed(front, config);
	return 0;
}

void litter_front_close(struct litter_front *front)
{
	free(front->background);
	free(front->spread);
	free(front->mask);
	free(front->allowed);
	free(front->sample);
	free(front->tile_runs);
	free(front->tile_px);
	free(front->tile_paths);
	free(front->tile_busy);
	free(front->runs);
}

void litter_front_reset(struct litter_front *front)
{
	front->frames = 0;
	front->unsteady = 0;
	front->ramps = false;
	front->run_count = 0;
	memset(front->tile_busy, 0,
	       (size_t)(front->tiles_x * front->tiles_y) * sizeof(*front->tile_busy));
}

static void copy_background(struct litter_front *front, const uint8_t *luma, size_t stride,
			    bool keep_spread)
{
	for (int y = 0; y < front->height; y++)
		memcpy(front->background + (size_t)y * (size_t)front->plane_stride,
		       luma + (size_t)y * stride, (size_t)front->width);
	if (!keep_spread)
		memset(front->spread, SPREAD_START,
		       (size_t)front->plane_stride * (size_t)front->height);
}

/* Mean difference to the previous frame, over some rows. */
static float difference_to_last(struct litter_front *front, const uint8_t *luma, size_t stride)
{
	uint64_t sum = 0;
	size_t pixels = 0;

	for (int y = 0, row = 0; y < front->height; y += SAMPLE_ROWS, row++) {
		uint8_t *last = front->sample + (size_t)row * (size_t)front->plane_stride;
		const uint8_t *now = luma + (size_t)y * stride;

		sum += row_difference(last, now, front->width);
		memcpy(last, now, (size_t)front->width);
		pixels += (size_t)front->width;
	}
	return (float)sum / (float)pixels;
}

/* Sum over a run of the levels above the background. */
static int light_of(const uint8_t *luma, const uint8_t *background, int count)
{
	int sum = 0;

	for (int x = 0; x < count; x++)
		sum += luma[x] - background[x];
	return sum;
}

static void add_run(struct litter_front *front, const uint8_t *luma, int y, int x0, int x1)
{
	struct litter_run *run;
	int tile = y / LITTER_TILE_PX * front->tiles_x + (x0 + x1) / 2 / LITTER_TILE_PX;

	front->tile_runs[tile]++;
	front->tile_px[tile] = (uint16_t)(front->tile_px[tile] + (x1 - x0));
	if (front->run_count == LITTER_RUNS_MAX)
		return;
	run = &front->runs[front->run_count++];
	run->y = (uint16_t)y;
	run->x0 = (uint16_t)x0;
	run->x1 = (uint16_t)x1;
	run->tile = (uint16_t)tile;
	run->parent = -1;
	run->light =
		light_of(luma + x0,
			 front->background + (size_t)y * (size_t)front->plane_stride + x0, x1 - x0);
}

/* Finds the runs of one row of the mask. @return the number of its moving pixels. */
static int find_runs(struct litter_front *front, const uint8_t *luma, int y)
{
	const uint8_t *mask = front->mask, *end = mask + front->width, *from = mask;
	int moving = 0;

	/* memchr() is much faster than a loop, and most rows have no motion */
	while (from < end && (from = memchr(from, 255, (size_t)(end - from))) != NULL) {
		const uint8_t *to = memchr(from, 0, (size_t)(end - from));

		if (to == NULL)
			to = end;
		add_run(front, luma, y, (int)(from - mask), (int)(to - mask));
		moving += (int)(to - from);
		from = to;
	}
	return moving;
}

struct light_change {
	int64_t with_sign, without; /* levels, summed over the pixels */
	int64_t pixels;
};

ROW_CLONES static int row_signed_difference(const uint8_t *restrict a, const uint8_t *restrict b,
					    int count)
{
	int sum = 0;

	for (int x = 0; x < count; x++)
		sum += a[x] - b[x];
	return sum;
}

static struct light_change light_change(const struct litter_front *front, const uint8_t *luma,
					size_t stride)
{
	struct light_change change = {0};

	for (int y = 0; y < front->height; y += SAMPLE_ROWS) {
		const uint8_t *now = luma + (size_t)y * stride;
		const uint8_t *background =
			front->background + (size_t)y * (size_t)front->plane_stride;

		change.with_sign += row_signed_difference(now, background, front->width);
		change.without += row_difference(now, background, front->width);
		change.pixels += front->width;
	}
	return change;
}

/* Whether most of the change is brighter, or most of it darker. */
static bool is_one_sided(const struct light_change *change)
{
	return llabs(change->with_sign) * 10 > change->without * 7;
}

/*
 * A light ramp: an opening aperture or a fade. It raises the spread as fast as the level, so that
 * the picture as a whole never counts as moving, and the raised spread would leave it blind for ten
 * seconds. A ramp is detected by the distance of the level from the background; the background is
 * then initialised again until the level is stable.
 */
static bool light_ramps(const struct litter_front *front, const struct light_change *change)
{
	int64_t levels = front->ramps ? RAMP_CONTINUES : RAMP_BEGINS;

	return llabs(change->with_sign) >= levels * change->pixels && is_one_sided(change);
}

/* Whether so much of the picture moves that small objects cannot be detected. */
static bool is_global_motion(const struct litter_front *front, int64_t moving)
{
	int tiles = front->tiles_x * front->tiles_y, active = 0;

	if (front->run_count == LITTER_RUNS_MAX ||
	    moving * 6 > (int64_t)front->width * front->height)
		return true;
	for (int i = 0; i < tiles; i++)
		active += front->tile_runs[i] > LITTER_TILE_PX / 2 &&
			  front->tile_px[i] > TILE_ACTIVE_PX;
	return active * 2 > tiles;
}

static void record_busy_tiles(struct litter_front *front)
{
	float gain = front->frames < 32 ? 1.0F / (float)front->frames
					: 1.0F / 32; /* an arithmetic mean at first */

	for (int i = 0; i < front->tiles_x * front->tiles_y; i++) {
		float moves = front->tile_runs[i] > 0 ? 1.0F : 0.0F;

		front->tile_busy[i] += (moves - front->tile_busy[i]) * gain;
	}
}

enum litter_scene litter_front_frame(struct litter_front *front, const uint8_t *luma, size_t stride)
{
	int64_t moving = 0;
	uint8_t decay = front->frames % 4 < 2;
	bool all_moves;
	struct light_change change = {0};
	enum litter_scene scene;

	front->run_count = 0;
	/*
	 * The first frame has no predecessor. Compared with zeros it would set a large usual
	 * difference, and all later frames would count as duplicates.
	 */
	front->sample_difference = difference_to_last(front, luma, stride);
	if (front->frames == 0)
		front->sample_difference = 0;
	if (front->frames++ == 0) {
		copy_background(front, luma, stride, false);
		return LITTER_SCENE_CALM;
	}
	memset(front->tile_runs, 0,
	       (size_t)(front->tiles_x * front->tiles_y) * sizeof(*front->tile_runs));
	memset(front->tile_px, 0,
	       (size_t)(front->tiles_x * front->tiles_y) * sizeof(*front->tile_px));
	for (int y = 0; y < front->height; y++) {
		size_t at = (size_t)y * (size_t)front->plane_stride;

		if (((unsigned)y + front->frames) % 2 == 0)
			row_pass(luma + (size_t)y * stride, front->background + at,
				 front->spread + at, front->mask, front->width, 1, decay);
		else
			row_test(luma + (size_t)y * stride, front->background + at,
				 front->spread + at, front->mask, front->width);
		if (front->allowed != NULL)
			row_allow(front->mask, front->allowed + at, front->width);
		moving += find_runs(front, luma + (size_t)y * stride, y);
	}
	all_moves = is_global_motion(front, moving);
	if (all_moves || front->ramps || front->frames % RAMP_EVERY == 0) {
		change = light_change(front, luma, stride);
		front->ramps = (front->ramps || !all_moves) && light_ramps(front, &change);
	}
	if (!front->ramps && !all_moves) {
		front->unsteady = 0;
		record_busy_tiles(front);
		return LITTER_SCENE_CALM;
	}
	scene = is_one_sided(&change) ? LITTER_SCENE_LIGHT_STEP : LITTER_SCENE_SHAKE;
	/*
	 * A light step stays. A shake returns to the old view, unless it has lasted so long that
	 * the view has changed.
	 */
	if (scene == LITTER_SCENE_LIGHT_STEP || ++front->unsteady >= UNSTEADY_FRAMES) {
		copy_background(front, luma, stride,
				scene == LITTER_SCENE_LIGHT_STEP && !front->ramps);
		front->unsteady = 0;
	}
	front->run_count = 0;
	return scene;
}

void litter_front_replay(struct litter_front *front, const struct litter_frame_blobs *seen)
{
	front->sample_difference = seen->difference;
	if (front->frames++ == 0 || seen->scene != LITTER_SCENE_CALM)
		return;
	for (int i = 0; i < front->tiles_x * front->tiles_y; i++)
		front->tile_runs[i] = seen->moves[i];
	record_busy_tiles(front);
}

static int tile_of(const struct litter_front *front, const struct litter_sample *sample)
{
	return (int)sample->y / LITTER_TILE_PX * front->tiles_x + (int)sample->x / LITTER_TILE_PX;
}

void litter_front_record_path(struct litter_front *front, const struct litter_track *track)
{
	int last = -1;

	for (int i = 0; i < track->count; i++) {
		int tile = tile_of(front, &track->samples[i]);

		if (tile != last)
			front->tile_paths[tile] += 1;
		last = tile;
	}
}

float litter_front_paths(const struct litter_front *front, const struct litter_track *track)
{
	int below[16] = {0}, tiles = 0, last = -1, half = 0;

	for (int i = 0; i < track->count; i++) {
		int tile = tile_of(front, &track->samples[i]), n = (int)front->tile_paths[tile];

		if (tile == last)
			continue;
		last = tile;
		tiles++;
		below[n < 15 ? n : 15]++;
	}
	for (int n = 0; n < 16; n++) {
		half += below[n];
		if (2 * half >= tiles)
			return (float)n;
	}
	return 15;
}

void litter_front_fade_paths(struct litter_front *front, float by)
{
	for (int i = 0; i < front->tiles_x * front->tiles_y; i++)
		front->tile_paths[i] *= by;
}
