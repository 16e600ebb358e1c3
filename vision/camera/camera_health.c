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
	GONE_MS = 2000,
	LEARN_LOOKS = 20,
	FOLLOW_LOOKS = 1200, /* the view follows the light within five minutes */
	DARK_LUMA = 40,      /* a picture whose brightest fiftieth lies below is black */
	WHITE_LUMA = 232,
	EDGE = 12,               /* a step of the learned view that counts as structure */
	EDGES_MIN = POINTS / 50, /* a view with less of it can neither be covered nor moved */
	CHANGE = 14,             /* more than a sensor's noise from look to look */
	SHIFT_MAX = 24,
	SHIFT_MOVED = 3, /* points: 2 % of the width; less is wind in the mast */
};

static const unsigned told_after_ms[CAMERA_HEALTH_CAUSES] = {
	[CAMERA_HEALTH_LOST] = 0, /* SILENT_MS have passed by then */
	[CAMERA_HEALTH_FROZEN] = 10000, [CAMERA_HEALTH_DARK] = 5000,
	[CAMERA_HEALTH_GLARE] = 5000,   [CAMERA_HEALTH_COVERED] = 5000,
	[CAMERA_HEALTH_MOVED] = 10000,  [CAMERA_HEALTH_STORM] = 10000,
};
enum { NOWHERE_MS = 60000 };

struct camera_health {
	uint64_t frame_ms; /* of the newest frame; at first, of opening */
	uint64_t look_ms;
	bool looked, ended;
	uint64_t counted_ms; /* until here time is in totals */
	struct camera_health_totals totals;
	enum camera_health_cause told, sign;
	uint64_t told_since_ms, sign_since_ms;
	bool nowhere; /* the sign MOVED found the view in no place */
	int width, height;

	uint8_t now[POINTS], before[POINTS];
	float steps[POINTS]; /* of luma, from each point of now to its right */
	float view[POINTS];  /* the same, learned */
	unsigned learned;
};

int camera_health_open(uint64_t now_ms, struct camera_health **ret_sight)
{
	struct camera_health *sight = calloc(1, sizeof(*sight));

	if (sight == NULL)
		return -ENOMEM;
	sight->frame_ms = sight->look_ms = sight->counted_ms = sight->told_since_ms = now_ms;
	*ret_sight = sight;
	return 0;
}

void camera_health_close(struct camera_health *sight)
{
	free(sight);
}

const char *camera_health_cause_name(enum camera_health_cause cause)
{
	static const char *const names[CAMERA_HEALTH_CAUSES] = {
		"clear", "lost", "frozen", "dark", "glare", "covered", "moved", "storm"};

	assert(cause < CAMERA_HEALTH_CAUSES);
	return names[cause];
}

/* ---- time ---- */

static void count_until(struct camera_health *sight, uint64_t now_ms)
{
	if (now_ms > sight->counted_ms && !sight->ended)
		sight->totals.ms[sight->told] += now_ms - sight->counted_ms;
	if (now_ms > sight->counted_ms)
		sight->counted_ms = now_ms;
}

/* what lasted since @p since_ms was another thing than it was counted as */
static void recount(struct camera_health *sight, enum camera_health_cause cause, uint64_t since_ms,
		    uint64_t now_ms)
{
	uint64_t *from = &sight->totals.ms[sight->told];
	uint64_t part = now_ms - since_ms;

	count_until(sight, now_ms);
	if (part > *from) /* some of it was taken already */
		part = *from;
	*from -= part;
	sight->totals.ms[cause] += part;
	sight->told = cause;
	sight->told_since_ms = since_ms;
}

static void note_sign(struct camera_health *sight, enum camera_health_cause sign, uint64_t since_ms,
		      uint64_t now_ms)
{
	unsigned after =
		sign == CAMERA_HEALTH_MOVED && sight->nowhere ? NOWHERE_MS : told_after_ms[sign];

	count_until(sight, now_ms);
	if (sign != sight->sign) {
		sight->sign = sign;
		sight->sign_since_ms = since_ms;
	}
	if (sign != sight->told &&
	    now_ms - sight->sign_since_ms >= (sign == CAMERA_HEALTH_OK ? GONE_MS : after))
		recount(sight, sign, sight->sign_since_ms, now_ms);
}

/* ---- looking ---- */

static void sample(const uint8_t *luma, size_t stride, int width, int height, uint8_t *points)
{
	for (int y = 0; y < HIGH; y++) {
		const uint8_t *row = luma + (size_t)(y * height / HIGH) * stride;

		for (int x = 0; x < WIDE; x++)
			points[y * WIDE + x] = row[x * width / WIDE];
	}
}

/* the luma that @p share of the points lie above */
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

static void measure_steps(struct camera_health *sight)
{
	for (int y = 0; y < HIGH; y++)
		for (int x = 0; x < WIDE - 1; x++) {
			const uint8_t *p = &sight->now[y * WIDE + x];

			sight->steps[y * WIDE + x] = (float)(p[1] - p[0]);
		}
}

static void learn(struct camera_health *sight)
{
	float weight = sight->learned < LEARN_LOOKS ? 1.0f / (float)(sight->learned + 1)
						    : 1.0f / FOLLOW_LOOKS;

	for (int i = 0; i < POINTS; i++)
		sight->view[i] += weight * (sight->steps[i] - sight->view[i]);
	if (sight->learned < LEARN_LOOKS)
		sight->learned++;
}

/* edges of the learned view, and how many of them the picture still has, whatever their sign */
static void count_edges(const struct camera_health *sight, int *ret_view, int *ret_left,
			int *ret_own)
{
	*ret_view = *ret_left = *ret_own = 0;
	for (int i = 0; i < POINTS; i++) {
		float view = fabsf(sight->view[i]), step = fabsf(sight->steps[i]);

		*ret_own += step >= EDGE;
		*ret_view += view >= EDGE;
		*ret_left += view >= EDGE && step * 4 >= view;
	}
}

/* likeness of the view, put @p dx and @p dy aside, with the picture: -1 to 1 */
static float likeness(const struct camera_health *sight, int dx, int dy)
{
	float product = 0, of_view = 0, of_now = 0;

	for (int y = SHIFT_MAX; y < HIGH - SHIFT_MAX; y++) {
		const float *a = &sight->view[y * WIDE + SHIFT_MAX];
		const float *b = &sight->steps[(y + dy) * WIDE + SHIFT_MAX + dx];

		for (int x = 0; x < WIDE - 2 * SHIFT_MAX - 1; x++) {
			product += a[x] * b[x];
			of_view += a[x] * a[x];
			of_now += b[x] * b[x];
		}
	}
	return of_view > 0 && of_now > 0 ? product / sqrtf(of_view * of_now) : 0;
}

static bool has_moved(struct camera_health *sight, float in_place)
{
	float best = -1;
	int best_dx = 0, best_dy = 0;

	if (in_place > 0.45f)
		return false;
	for (int dy = -SHIFT_MAX; dy <= SHIFT_MAX; dy++)
		for (int dx = -SHIFT_MAX; dx <= SHIFT_MAX; dx++) {
			float like = likeness(sight, dx, dy);

			if (like > best) {
				best = like;
				best_dx = dx;
				best_dy = dy;
			}
		}
	sight->nowhere = best < 0.5f;
	if (sight->nowhere)
		return in_place < 0.15f;
	return best > in_place + 0.2f && abs(best_dx) + abs(best_dy) >= SHIFT_MOVED;
}

static int count_changes(const struct camera_health *sight)
{
	int changes = 0;

	for (int i = 0; i < POINTS; i++)
		changes += abs((int)sight->now[i] - (int)sight->before[i]) >= CHANGE;
	return changes;
}

static enum camera_health_cause judge(struct camera_health *sight)
{
	int changes = count_changes(sight), in_view, left, own;
	bool learned = sight->learned >= LEARN_LOOKS;
	float in_place;

	if (bright_end(sight->now, 0.02f) < DARK_LUMA)
		return CAMERA_HEALTH_DARK;
	if (bright_end(sight->now, 0.5f) >= WHITE_LUMA)
		return CAMERA_HEALTH_GLARE;
	if (memcmp(sight->now, sight->before, POINTS) == 0)
		return CAMERA_HEALTH_FROZEN;
	if (changes > POINTS / 2)
		return CAMERA_HEALTH_STORM;
	measure_steps(sight);
	count_edges(sight, &in_view, &left, &own);
	if (learned && in_view >= EDGES_MIN && own < in_view / 8 && left < in_view / 4)
		return CAMERA_HEALTH_COVERED;
	in_place = learned && in_view >= EDGES_MIN ? likeness(sight, 0, 0) : 1;
	/* the search is dear: with a sign of movement it is made at every fourth look */
	if (in_place <= 0.45f && sight->sign == CAMERA_HEALTH_MOVED &&
	    sight->look_ms / CAMERA_HEALTH_LOOK_MS % 4 != 0)
		return CAMERA_HEALTH_MOVED;
	if (has_moved(sight, in_place))
		return CAMERA_HEALTH_MOVED;
	if (!learned || in_place > 0.6f)
		learn(sight);
	return CAMERA_HEALTH_OK;
}

static void look(struct camera_health *sight, const uint8_t *luma, size_t stride, int width,
		 int height, uint64_t now_ms)
{
	bool first = !sight->looked || width != sight->width || height != sight->height;
	uint64_t since = sight->look_ms;

	sight->look_ms = now_ms;
	memcpy(sight->before, sight->now, POINTS);
	sample(luma, stride, width, height, sight->now);
	sight->looked = true;
	sight->width = width;
	sight->height = height;
	if (first) {
		note_sign(sight, CAMERA_HEALTH_OK, now_ms, now_ms);
		return;
	}
	note_sign(sight, judge(sight), since, now_ms);
}

void camera_health_frame(struct camera_health *sight, const uint8_t *luma, size_t stride,
			 int width_px, int height_px, uint64_t now_ms)
{
	assert(sight != NULL && luma != NULL);
	assert(width_px > 0 && height_px > 0 && stride >= (size_t)width_px);
	count_until(sight, now_ms);
	sight->ended = false;
	sight->frame_ms = now_ms;
	if (sight->looked && now_ms - sight->look_ms < CAMERA_HEALTH_LOOK_MS)
		return;
	if (width_px >= SIDE_MIN_PX && height_px >= SIDE_MIN_PX)
		look(sight, luma, stride, width_px, height_px, now_ms);
	else
		note_sign(sight, CAMERA_HEALTH_OK, now_ms, now_ms);
}

void camera_health_ended(struct camera_health *sight, uint64_t now_ms)
{
	assert(sight != NULL);
	count_until(sight, now_ms);
	sight->told = sight->sign = CAMERA_HEALTH_OK;
	sight->told_since_ms = now_ms;
	sight->ended = true;
	sight->looked = false;
}

enum camera_health_cause camera_health_tick(struct camera_health *sight, uint64_t now_ms)
{
	assert(sight != NULL);
	count_until(sight, now_ms);
	if (!sight->ended && now_ms - sight->frame_ms >= SILENT_MS && now_ms > sight->frame_ms) {
		note_sign(sight, CAMERA_HEALTH_LOST, sight->frame_ms, now_ms);
		/* the first frame after it has nothing to be compared with */
		sight->looked = false;
	}
	return sight->told;
}

uint64_t camera_health_lasted_ms(const struct camera_health *sight, uint64_t now_ms)
{
	return now_ms > sight->told_since_ms ? now_ms - sight->told_since_ms : 0;
}

void camera_health_read(struct camera_health *sight, uint64_t now_ms,
			struct camera_health_totals *ret_totals)
{
	assert(sight != NULL && ret_totals != NULL);
	count_until(sight, now_ms);
	*ret_totals = sight->totals;
	memset(&sight->totals, 0, sizeof(sight->totals));
}
