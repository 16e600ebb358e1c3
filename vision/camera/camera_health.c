#include "camera_health.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
	WIDE = 160,
	HIGH = 90,
	POINTS = WIDE * HIGH,
	SIDE_MIN_PX = 32,
	SILENT_MS = 2000,
	CLEAR_MS = 2000,
	LEARN_CHECKS = 20,
	FOLLOW_CHECKS = 1200, /* the learned view follows the light within five minutes */
	DARK_LUMA = 40,       /* a picture is black if its brightest 2 % are below this */
	WHITE_LUMA = 232,
	EDGE = 12,               /* a step of the learned view that counts as an edge */
	EDGES_MIN = POINTS / 50, /* a view with fewer edges cannot be judged as covered or moved */
	CHANGE = 14,             /* more than the sensor's noise between two checks */
	SHIFT_MAX = 24,
	SHIFT_MOVED = 3, /* points: 2 % of the width; smaller movements are wind */
};

static const unsigned report_after_ms[CAMERA_HEALTH_CAUSES] = {
	[CAMERA_HEALTH_LOST] = 0, /* SILENT_MS have already passed */
	[CAMERA_HEALTH_FROZEN] = 10000, [CAMERA_HEALTH_DARK] = 5000,
	[CAMERA_HEALTH_GLARE] = 5000,   [CAMERA_HEALTH_COVERED] = 5000,
	[CAMERA_HEALTH_MOVED] = 10000,  [CAMERA_HEALTH_STORM] = 10000,
};
enum { VIEW_NOT_FOUND_MS = 60000 };

struct camera_health {
	uint64_t frame_ms; /* of the newest frame; initially the time of opening */
	uint64_t checked_ms;
	bool has_sample, ended;
	uint64_t counted_ms; /* time up to here is included in totals */
	struct camera_health_totals totals;
	enum camera_health_cause reported, sign;
	uint64_t reported_since_ms, sign_since_ms;
	bool view_not_found; /* for MOVED: the view was found at no offset */
	int width, height;

	uint8_t now[POINTS], before[POINTS];
	float steps[POINTS]; /* luma difference of each point to its right neighbour */
	float view[POINTS];  /* the same, learned */
	unsigned learned;
};

int camera_health_open(uint64_t now_ms, struct camera_health **ret_health)
{
	struct camera_health *health = calloc(1, sizeof(*health));

	if (health == NULL)
		return -ENOMEM;
	health->frame_ms = health->checked_ms = health->counted_ms = health->reported_since_ms =
		now_ms;
	*ret_health = health;
	return 0;
}

void camera_health_close(struct camera_health *health)
{
	free(health);
}

const char *camera_health_cause_name(enum camera_health_cause cause)
{
	static const char *const names[CAMERA_HEALTH_CAUSES] = {
		"clear", "lost", "frozen", "dark", "glare", "covered", "moved", "storm"};

	assert(cause < CAMERA_HEALTH_CAUSES);
	return names[cause];
}

/* ---- time ---- */

static void count_until(struct camera_health *health, uint64_t now_ms)
{
	if (now_ms > health->counted_ms && !health->ended)
		health->totals.ms[health->reported] += now_ms - health->counted_ms;
	if (now_ms > health->counted_ms)
		health->counted_ms = now_ms;
}

/* Moves the time since @p since_ms to another state in the totals. */
static void recount(struct camera_health *health, enum camera_health_cause cause, uint64_t since_ms,
		    uint64_t now_ms)
{
	uint64_t *from = &health->totals.ms[health->reported];
	uint64_t part = now_ms - since_ms;

	count_until(health, now_ms);
	if (part > *from) /* a part of it was moved already */
		part = *from;
	*from -= part;
	health->totals.ms[cause] += part;
	health->reported = cause;
	health->reported_since_ms = since_ms;
}

static void update_sign(struct camera_health *health, enum camera_health_cause sign,
			uint64_t since_ms, uint64_t now_ms)
{
	unsigned after = sign == CAMERA_HEALTH_MOVED && health->view_not_found
				 ? VIEW_NOT_FOUND_MS
				 : report_after_ms[sign];

	count_until(health, now_ms);
	if (sign != health->sign) {
		health->sign = sign;
		health->sign_since_ms = since_ms;
	}
	if (sign != health->reported &&
	    now_ms - health->sign_since_ms >= (sign == CAMERA_HEALTH_OK ? CLEAR_MS : after))
		recount(health, sign, health->sign_since_ms, now_ms);
}

/* ---- checks ---- */

static void sample(const uint8_t *luma, size_t stride, int width, int height, uint8_t *points)
{
	for (int y = 0; y < HIGH; y++) {
		const uint8_t *row = luma + (size_t)(y * height / HIGH) * stride;

		for (int x = 0; x < WIDE; x++)
			points[y * WIDE + x] = row[x * width / WIDE];
	}
}

/* The luma that @p share of the points exceed. */
static int bright_end(const uint8_t *points, float share)
{
	unsigned counts[256] = {0}, above = 0;
	int luma = 255;

	for (int i = 0; i < POINTS; i++)
		counts[points[i]]++;
	for (; luma > 0; luma--) {
		above += counts[luma];
		if ((float)above > share * POINTS)
			break;
	}
	return luma;
}

static void measure_steps(struct camera_health *health)
{
	for (int y = 0; y < HIGH; y++)
		for (int x = 0; x < WIDE - 1; x++) {
			const uint8_t *p = &health->now[y * WIDE + x];

			health->steps[y * WIDE + x] = (float)(p[1] - p[0]);
		}
}

static void learn(struct camera_health *health)
{
	float weight = health->learned < LEARN_CHECKS ? 1.0f / (float)(health->learned + 1)
						      : 1.0f / FOLLOW_CHECKS;

	for (int i = 0; i < POINTS; i++)
		health->view[i] += weight * (health->steps[i] - health->view[i]);
	if (health->learned < LEARN_CHECKS)
		health->learned++;
}

/*
 * Counts the edges of the learned view and those that the picture still has, whatever their sign.
 */
static void count_edges(const struct camera_health *health, int *ret_view, int *ret_left,
			int *ret_own)
{
	*ret_view = *ret_left = *ret_own = 0;
	for (int i = 0; i < POINTS; i++) {
		float view = fabsf(health->view[i]), step = fabsf(health->steps[i]);

		*ret_own += step >= EDGE;
		*ret_view += view >= EDGE;
		*ret_left += view >= EDGE && step * 4 >= view;
	}
}

/* Correlation of the view, shifted by @p dx and @p dy, with the picture: -1 to 1. */
static float likeness(const struct camera_health *health, int dx, int dy)
{
	float product = 0, of_view = 0, of_now = 0;

	for (int y = SHIFT_MAX; y < HIGH - SHIFT_MAX; y++) {
		const float *a = &health->view[y * WIDE + SHIFT_MAX];
		const float *b = &health->steps[(y + dy) * WIDE + SHIFT_MAX + dx];

		for (int x = 0; x < WIDE - 2 * SHIFT_MAX - 1; x++) {
			product += a[x] * b[x];
			of_view += a[x] * a[x];
			of_now += b[x] * b[x];
		}
	}
	return of_view > 0 && of_now > 0 ? product / sqrtf(of_view * of_now) : 0;
}

static bool has_moved(struct camera_health *health, float in_place)
{
	float best = -1;
	int best_dx = 0, best_dy = 0;

	if (in_place > 0.45f)
		return false;
	for (int dy = -SHIFT_MAX; dy <= SHIFT_MAX; dy++)
		for (int dx = -SHIFT_MAX; dx <= SHIFT_MAX; dx++) {
			float like = likeness(health, dx, dy);

			if (like > best) {
				best = like;
				best_dx = dx;
				best_dy = dy;
			}
		}
	health->view_not_found = best < 0.5f;
	if (health->view_not_found)
		return in_place < 0.15f;
	return best > in_place + 0.2f && abs(best_dx) + abs(best_dy) >= SHIFT_MOVED;
}

static int count_changes(const struct camera_health *health)
{
	int changes = 0;

	for (int i = 0; i < POINTS; i++)
		changes += abs((int)health->now[i] - (int)health->before[i]) >= CHANGE;
	return changes;
}

static enum camera_health_cause judge(struct camera_health *health)
{
	int changes = count_changes(health), in_view, left, own;
	bool learned = health->learned >= LEARN_CHECKS;
	float in_place;

	if (bright_end(health->now, 0.02f) < DARK_LUMA)
		return CAMERA_HEALTH_DARK;
	if (bright_end(health->now, 0.5f) >= WHITE_LUMA)
		return CAMERA_HEALTH_GLARE;
	if (memcmp(health->now, health->before, POINTS) == 0)
		return CAMERA_HEALTH_FROZEN;
	if (changes > POINTS / 2)
		return CAMERA_HEALTH_STORM;
	measure_steps(health);
	count_edges(health, &in_view, &left, &own);
	if (learned && in_view >= EDGES_MIN && own < in_view / 8 && left < in_view / 4)
		return CAMERA_HEALTH_COVERED;
	in_place = learned && in_view >= EDGES_MIN ? likeness(health, 0, 0) : 1;
	/* the search is costly: while there is a sign of movement it runs at every fourth check */
	if (in_place <= 0.45f && health->sign == CAMERA_HEALTH_MOVED &&
	    health->checked_ms / CAMERA_HEALTH_CHECK_MS % 4 != 0)
		return CAMERA_HEALTH_MOVED;
	if (has_moved(health, in_place))
		return CAMERA_HEALTH_MOVED;
	if (!learned || in_place > 0.6f)
		learn(health);
	return CAMERA_HEALTH_OK;
}

static void check(struct camera_health *health, const uint8_t *luma, size_t stride, int width,
		  int height, uint64_t now_ms)
{
	bool first = !health->has_sample || width != health->width || height != health->height;
	uint64_t since = health->checked_ms;

	health->checked_ms = now_ms;
	memcpy(health->before, health->now, POINTS);
	sample(luma, stride, width, height, health->now);
	health->has_sample = true;
	health->width = width;
	health->height = height;
	if (first) {
		update_sign(health, CAMERA_HEALTH_OK, now_ms, now_ms);
		return;
	}
	update_sign(health, judge(health), since, now_ms);
}

void camera_health_frame(struct camera_health *health, const uint8_t *luma, size_t stride,
			 int width_px, int height_px, uint64_t now_ms)
{
	assert(health != NULL && luma != NULL);
	assert(width_px > 0 && height_px > 0 && stride >= (size_t)width_px);
	count_until(health, now_ms);
	health->ended = false;
	health->frame_ms = now_ms;
	if (health->has_sample && now_ms - health->checked_ms < CAMERA_HEALTH_CHECK_MS)
		return;
	if (width_px >= SIDE_MIN_PX && height_px >= SIDE_MIN_PX)
		check(health, luma, stride, width_px, height_px, now_ms);
	else
		update_sign(health, CAMERA_HEALTH_OK, now_ms, now_ms);
}

void camera_health_ended(struct camera_health *health, uint64_t now_ms)
{
	assert(health != NULL);
	count_until(health, now_ms);
	health->reported = health->sign = CAMERA_HEALTH_OK;
	health->reported_since_ms = now_ms;
	health->ended = true;
	health->has_sample = false;
}

enum camera_health_cause camera_health_tick(struct camera_health *health, uint64_t now_ms)
{
	assert(health != NULL);
	count_until(health, now_ms);
	if (!health->ended && now_ms - health->frame_ms >= SILENT_MS && now_ms > health->frame_ms) {
		update_sign(health, CAMERA_HEALTH_LOST, health->frame_ms, now_ms);
		/* the first frame after it has no predecessor to compare with */
		health->has_sample = false;
	}
	return health->reported;
}

uint64_t camera_health_lasted_ms(const struct camera_health *health, uint64_t now_ms)
{
	return now_ms > health->reported_since_ms ? now_ms - health->reported_since_ms : 0;
}

void camera_health_read(struct camera_health *health, uint64_t now_ms,
			struct camera_health_totals *ret_totals)
{
	assert(health != NULL && ret_totals != NULL);
	count_until(health, now_ms);
	*ret_totals = health->totals;
	memset(&health->totals, 0, sizeof(health->totals));
}
