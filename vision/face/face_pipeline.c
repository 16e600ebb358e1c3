#include "face_pipeline.h"

#include "base/clock.h"
#include "face_cover.h"
#include "face_quality.h"
#include "face_screen.h"
#include "match.h"
#include "threshold_calibration.h"
#include "threshold.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
	FACES_MAX = 16,         /* faces found in one frame */
	FACES_EXAMINED_MAX = 3, /* faces examined in one frame, largest first */
	LINGER_MS = 2000,       /* the search continues for this long after the last motion */
	IDLE_SEARCH_MS = 2000,  /* interval of searches without motion */
	DECIDED_SEARCH_MS = 120,
	DECIDED_CHECK_MS = 500, /* interval at which the identity of a decided track is checked */
	EAGER_MS = 3000,
	SMALL_FRAME_PX = 540, /* up to this height one window shows every usable face */
	TILE_MIN_PX = 480,
	TILES_ACROSS = 3,
	TILES_DOWN = 2,
	/* searches: interval of wide searches while faces are being tracked */
	WIDE_SEARCH_EVERY = 2,
};

/* one frame may score less than the mean by this much */
static const float agreement_margin = 0.08f;

struct found {
	struct face faces[FACES_MAX];
	size_t count;
};

static float ms_since(uint64_t *mark_us)
{
	uint64_t now_us = clock_mono_us();
	float ms = (float)(now_us - *mark_us) / 1000;

	*mark_us = now_us;
	return ms;
}

static bool is_known(const struct found *found, const struct face *face)
{
	for (size_t i = 0; i < found->count; i++) {
		const struct face *other = &found->faces[i];
		float dx =
			fabsf(face->x_px + face->width_px / 2 - other->x_px - other->width_px / 2);
		float dy = fabsf(face->y_px + face->height_px / 2 - other->y_px -
				 other->height_px / 2);

		if (dx < 0.5f * fmaxf(face->width_px, other->width_px) &&
		    dy < 0.5f * fmaxf(face->height_px, other->height_px))
			return true;
	}
	return false;
}

/*
 * Adds the faces of one window. A face that the window's edge may have cut is left to another
 * window.
 */
static int search_window(struct face_pipeline *pipeline, const struct face_image *image,
			 const struct face_rect *window, struct found *found)
{
	struct face faces[FACES_MAX];
	size_t count = 0;
	int r = face_detect(pipeline->engine, image, window, faces, FACES_MAX, &count);

	for (size_t i = 0; r == 0 && i < count && found->count < FACES_MAX; i++) {
		const struct face *face = &faces[i];

		if (window != NULL &&
		    ((window->x_px > 0 && face->x_px < (float)window->x_px) ||
		     (window->y_px > 0 && face->y_px < (float)window->y_px) ||
		     (window->x_px + window->width_px < image->width_px &&
		      face->x_px + face->width_px > (float)(window->x_px + window->width_px)) ||
		     (window->y_px + window->height_px < image->height_px &&
		      face->y_px + face->height_px > (float)(window->y_px + window->height_px))))
			continue;
		if (!is_known(found, face))
			found->faces[found->count++] = *face;
	}
	return r;
}

static int clamp(int value, int low, int high)
{
	return value > high ? high : value < low ? low : value;
}

static struct face_rect window_at(const struct face_image *image, int centre_x_px, int centre_y_px,
				  int height_px)
{
	struct face_rect window;

	window.height_px = clamp(height_px, 64, image->height_px);
	window.width_px = clamp(window.height_px * 4 / 3, 64, image->width_px);
	window.x_px =
		clamp(centre_x_px - window.width_px / 2, 0, image->width_px - window.width_px);
	window.y_px =
		clamp(centre_y_px - window.height_px / 2, 0, image->height_px - window.height_px);
	return window;
}

static struct face_rect tile(const struct face_image *image, unsigned turn)
{
	int height_px =
		image->height_px * 2 / 3 > TILE_MIN_PX ? image->height_px * 2 / 3 : TILE_MIN_PX;
	int column = (int)(turn % TILES_ACROSS), row = (int)(turn / TILES_ACROSS % TILES_DOWN);

	return window_at(image, image->width_px * column / (TILES_ACROSS - 1),
			 image->height_px * row / (TILES_DOWN - 1), height_px);
}

static int follow(struct face_pipeline *pipeline, struct face_pipeline_camera *camera,
		  const struct face_image *image, struct found *found, unsigned *ret_followed)
{
	int r = 0;

	*ret_followed = 0;
	for (size_t i = 0; r == 0 && i < FACE_TRACKS_MAX && *ret_followed < FACES_EXAMINED_MAX;
	     i++) {
		const struct face_track *track = &camera->tracks.items[i];
		struct face_rect window;

		if (track->id == 0)
			continue;
		window = window_at(image,
				   (int)(track->x_px + track->width_px / 2 + track->step_x_px),
				   (int)(track->y_px + track->height_px / 2 + track->step_y_px),
				   (int)(track->height_px * 3.5f));
		r = search_window(pipeline, image, &window, found);
		(*ret_followed)++;
	}
	return r;
}

/*
 * The detector sees only a part of a large frame in detail. Windows around tracked faces are
 * searched closely, and the rest in turns: the complete frame, then one tile that shows smaller
 * faces. Tracked people wait for a decision, so that one extra window per frame must be enough.
 */
static int find_faces(struct face_pipeline *pipeline, struct face_pipeline_camera *camera,
		      const struct face_image *image, struct found *found)
{
	unsigned followed = 0, turn = camera->turn++, wide = turn / WIDE_SEARCH_EVERY;
	struct face_rect window;
	bool alone;
	int r;

	found->count = 0;
	if (image->height_px <= SMALL_FRAME_PX)
		return search_window(pipeline, image, NULL, found);
	r = follow(pipeline, camera, image, found, &followed);
	alone = followed == 0 || found->count == 0;
	if (r < 0 || (!alone && turn % WIDE_SEARCH_EVERY != 0))
		return r;
	if (alone || wide % 2 == 0)
		r = search_window(pipeline, image, NULL, found);
	if (r == 0 && (alone || wide % 2 == 1)) {
		window = tile(image, alone ? turn : wide / 2);
		r = search_window(pipeline, image, &window, found);
	}
	return r;
}

static void mirror(uint8_t *crop)
{
	for (int y = 0; y < FACE_CROP_PX; y++) {
		uint8_t *row = crop + 3 * (size_t)y * FACE_CROP_PX;

		for (int left = 0, right = FACE_CROP_PX - 1; left < right; left++, right--) {
			for (int channel = 0; channel < 3; channel++) {
				uint8_t kept = row[3 * left + channel];

				row[3 * left + channel] = row[3 * right + channel];
				row[3 * right + channel] = kept;
			}
		}
	}
}

void face_scale_points(struct face_point *points, float factor)
{
	float x_px = 0, y_px = 0;

	for (int i = 0; i < FACE_POINTS; i++) {
		x_px += points[i].x_px / FACE_POINTS;
		y_px += points[i].y_px / FACE_POINTS;
	}
	for (int i = 0; i < FACE_POINTS; i++) {
		points[i].x_px = x_px + (points[i].x_px - x_px) * factor;
		points[i].y_px = y_px + (points[i].y_px - y_px) * factor;
	}
}

/*
 * Moves the points along the face towards the mouth, by @p part of the distance from eyes to mouth.
 */
static void lower(struct face_point *points, float part)
{
	float x_px = (points[3].x_px + points[4].x_px - points[0].x_px - points[1].x_px) / 2 * part;
	float y_px = (points[3].y_px + points[4].y_px - points[0].y_px - points[1].y_px) / 2 * part;

	for (int i = 0; i < FACE_POINTS; i++) {
		points[i].x_px += x_px;
		points[i].y_px += y_px;
	}
}

int face_align_view(const struct face_image *image, const struct face *face, unsigned view,
		    uint8_t *ret_crop)
{
	static const struct {
		float zoom, lower;
	} ways[] = {{1, 0}, {0.94f, 0}, {1.06f, 0}, {1, 0.06f}, {1, -0.06f}};
	struct face moved = *face;
	int r;

	_Static_assert(FACE_CROP_VIEWS == 2 * sizeof(ways) / sizeof(ways[0]),
		       "each from either side");
	face_scale_points(moved.points, ways[view % FACE_CROP_VIEWS / 2].zoom);
	lower(moved.points, ways[view % FACE_CROP_VIEWS / 2].lower);
	r = face_align(image, &moved, ret_crop);
	if (r == 0 && view % 2 == 1)
		mirror(ret_crop);
	return r;
}

int face_pipeline_liveness(const struct face_pipeline *pipeline, const struct face_image *image,
			   const struct face *face, unsigned view, float *ret_live)
{
	int r = face_liveness(pipeline->engine, image, face, view, ret_live);

	if (r == 0 && pipeline->rules.reject_screens)
		*ret_live = face_screen_live(image, face, *ret_live);
	return r;
}

/* the best person and the best of all others; "" and -1: none */
struct ranking {
	struct gallery_match items[2];
};

/* @p norm: the norm of the embedding (threshold.h). */
static int rank(struct face_pipeline *pipeline, const float *embedding, float norm,
		struct ranking *ranking)
{
	float gain = score_gain_of_probe(norm);
	size_t count = 0;
	int r;

	memset(ranking, 0, sizeof(*ranking));
	r = gallery_search(pipeline->gallery, embedding, 2, ranking->items, &count);
	for (size_t i = 0; r == 0 && i < count; i++)
		ranking->items[i].score = fminf(ranking->items[i].score * gain, 1);
	for (size_t i = r == 0 ? count : 0; i < 2; i++) {
		ranking->items[i].person[0] = '\0';
		ranking->items[i].score = -1;
	}
	return r;
}

static void report(struct face_pipeline *pipeline, const struct face_pipeline_camera *camera,
		   const struct face_track *track, enum face_verdict verdict,
		   const struct ranking *ranking, const struct video_frame *frame,
		   struct face_result *result)
{
	const struct gallery_match *match = &ranking->items[0], *rival = &ranking->items[1];

	result->kind = verdict == FACE_VERDICT_ACCESS     ? FACE_RESULT_ACCESS
		       : verdict == FACE_VERDICT_STRANGER ? FACE_RESULT_STRANGER
							  : FACE_RESULT_SPOOF;
	result->no_blink = verdict == FACE_VERDICT_NO_BLINK;
	result->raster = face_track_raster(track);
	result->covered = verdict == FACE_VERDICT_STRANGER && face_track_is_covered(track);
	result->track = track->id;
	result->score = match->score;
	if (match->score >= result->threshold)
		memcpy(result->person, match->person, sizeof(result->person));
	memcpy(result->rival, rival->person, sizeof(result->rival));
	result->rival_score = rival->score;
	result->liveness = pipeline->rules.liveness ? face_track_liveness(track) : -1;
	result->quality = track->quality;
	result->good_frames = track->good_frames;
	result->box = (struct face_rect){(int)track->x_px, (int)track->y_px, (int)track->width_px,
					 (int)track->height_px};
	result->pts_us = frame->pts_us;
	result->first_good_mono_us = track->first_good_mono_us;
	result->decided_mono_us = clock_mono_us();
	face_pipeline_save_still(pipeline, camera, frame, result);
	pipeline->decided(pipeline->arg, result);
}

/* Whether a decision shows that the camera is mounted upside down. */
static void check_orientation(struct face_pipeline *pipeline, struct face_pipeline_camera *camera,
			      const struct face_image *image, const struct face *face,
			      uint32_t track, enum face_verdict verdict)
{
	struct face_result result = {.kind = FACE_RESULT_UPSIDE_DOWN};

	if (verdict == FACE_VERDICT_ACCESS) {
		camera->upside_down_votes = 0;
		camera->upside_down_reported = false;
	} else if (face_pipeline_is_upside_down(pipeline, camera, image, face, track)) {
		pipeline->decided(pipeline->arg, &result);
	}
}

static int judge(struct face_pipeline *pipeline, struct face_pipeline_camera *camera,
		 const struct face_image *image, const struct face *face, struct face_track *track,
		 const struct face_observation *observation, const struct video_frame *frame,
		 struct face_result *result, uint64_t *mark_us)
{
	uint64_t now_ms = frame->arrived_mono_us / 1000;
	struct face_rules rules = pipeline->rules;
	const struct gallery_match *match;
	float mean[FACE_DIM];
	struct ranking ranking;
	enum face_verdict verdict;
	int r;

	face_track_add(&camera->tracks, track, observation);
	if (!face_track_mean(track, mean))
		return 0;
	r = rank(pipeline, mean, face_track_norm(track), &ranking);
	if (r < 0)
		return r;
	result->ms.match += ms_since(mark_us);
	match = &ranking.items[0];
	rules.liveness_min = camera->liveness_min;
	verdict = face_track_judge(track, &rules, match->person, match->score, result->threshold,
				   now_ms);
	if (verdict == FACE_VERDICT_OPEN)
		return 0;
	report(pipeline, camera, track, verdict, &ranking, frame, result);
	face_track_decided(track, verdict, now_ms);
	check_orientation(pipeline, camera, image, face, track->id, verdict);
	return 0;
}

/* Costly steps come last: a face that fails a cheap check is not processed further. */
static int examine(struct face_pipeline *pipeline, struct face_pipeline_camera *camera,
		   const struct face_image *image, struct face *face, struct face_track *track,
		   const struct video_frame *frame, struct face_result *result)
{
	uint64_t mark_us = clock_mono_us(), now_ms = frame->arrived_mono_us / 1000;
	struct face_quality_limits limits = face_quality_frame;
	struct face_observation observation = {.live = 1,
					       .arrived_mono_us = frame->arrived_mono_us};
	bool open = face_track_open(track, &pipeline->rules, now_ms);
	uint8_t crop[FACE_CROP_BYTES], viewed[FACE_CROP_BYTES];
	struct face_quality quality;
	const struct gallery_match *match;
	struct ranking ranking;
	int r;

	if (face->height_px < pipeline->face_min_px)
		track->fault = FACE_FAULT_SMALL;
	if (face->height_px < pipeline->face_min_px ||
	    (!open && now_ms < track->checked_ms + DECIDED_CHECK_MS))
		return 0;
	track->checked_ms = now_ms;
	r = face_find_points(pipeline->engine, image, face);
	if (r == 0)
		r = face_align(image, face, crop);
	result->ms.points = ms_since(&mark_us);
	if (r < 0)
		return r == -EINVAL ? 0 : r; /* the points span no area: not a face */
	limits.height_min_px = pipeline->face_min_px;
	face_quality_judge(face, crop, &limits, &quality);
	track->fault = (int)quality.fault;
	if (quality.fault != FACE_FAULT_NONE)
		return 0;
	observation.quality = quality.value;
	observation.eyes = face_eyes_of(face);
	if (pipeline->rules.liveness)
		r = face_pipeline_liveness(pipeline, image, face, track->good_frames,
					   &observation.live);
	result->ms.liveness = ms_since(&mark_us);
	if (r == 0)
		r = face_align_view(image, face, track->good_frames, viewed);
	if (r == 0)
		r = face_embed(pipeline->engine, viewed, 0, observation.embedding,
			       &observation.norm);
	result->ms.embed = ms_since(&mark_us);
	if (r == 0)
		r = rank(pipeline, observation.embedding, observation.norm, &ranking);
	if (r != 0)
		return r;
	result->ms.match = ms_since(&mark_us);
	result->enrolled = gallery_templates(pipeline->gallery);
	result->threshold = calibration_threshold(result->enrolled, pipeline->false_accept_percent,
						  camera->offset);
	match = &ranking.items[0];
	observation.score = match->score;
	if (match->score >= result->threshold - agreement_margin)
		memcpy(observation.person, match->person, sizeof(observation.person));
	else
		observation.cover = face_cover(crop);
	return judge(pipeline, camera, image, face, track, &observation, frame, result, &mark_us);
}

/*
 * Until when an undecided track is searched in every frame even without motion. The limit is needed
 * for posters, whose faces may stay undecided.
 */
static uint64_t eager_until_ms(const struct face_pipeline *pipeline, const struct face_track *track)
{
	uint64_t since_ms = track->started_ms;

	if (track->verdict != FACE_VERDICT_OPEN || track->decided_ms != 0)
		since_ms = track->decided_ms + pipeline->rules.repeat_ms;
	else if (track->blink_requested_ms != 0)
		return track->blink_requested_ms + FACE_TRACK_BLINK_MS + EAGER_MS;
	return since_ms + EAGER_MS;
}

static bool is_due(const struct face_pipeline *pipeline, struct face_pipeline_camera *camera,
		   bool moved, uint64_t now_ms)
{
	bool followed = false, lively;

	if (moved)
		camera->moved_ms = now_ms;
	lively = moved || now_ms < camera->moved_ms + LINGER_MS;
	for (size_t i = 0; i < FACE_TRACKS_MAX; i++) {
		const struct face_track *track = &camera->tracks.items[i];
		bool open = track->verdict == FACE_VERDICT_OPEN ||
			    now_ms >= track->decided_ms + pipeline->rules.repeat_ms;

		if (track->id == 0)
			continue;
		if (open && (lively || now_ms < eager_until_ms(pipeline, track)))
			return true;
		followed = true;
	}
	if (followed)
		return now_ms >= camera->searched_ms + DECIDED_SEARCH_MS;
	return lively || now_ms >= camera->searched_ms + IDLE_SEARCH_MS;
}

static int to_bgr(struct face_pipeline *pipeline, const struct video_frame *frame,
		  struct face_image *ret_image)
{
	size_t stride = (size_t)frame->width_px * 3, bytes = stride * (size_t)frame->height_px;
	uint8_t *larger;

	if (bytes > pipeline->bgr_bytes) {
		larger = realloc(pipeline->bgr, bytes);
		if (larger == NULL)
			return -ENOMEM;
		pipeline->bgr = larger;
		pipeline->bgr_bytes = bytes;
	}
	*ret_image = (struct face_image){pipeline->bgr, frame->width_px, frame->height_px, stride};
	return video_frame_to_bgr(&pipeline->converter, frame, pipeline->bgr, stride);
}

/*
 * Uses the tracks and not this frame alone: in a large picture a single search does not find every
 * face.
 */
static void prompt(struct face_pipeline *pipeline, struct face_pipeline_camera *camera,
		   const struct face_image *image, uint64_t now_ms)
{
	struct face_result result = {.kind = FACE_RESULT_PROMPT};
	enum face_prompt wanted = FACE_PROMPT_NONE;
	const struct face_track *tracks[FACE_TRACKS_MAX];
	struct face faces[FACE_TRACKS_MAX];
	bool at_door[FACE_TRACKS_MAX];
	size_t count = 0, waiting = 0;

	for (size_t i = 0; i < FACE_TRACKS_MAX; i++) {
		const struct face_track *track = &camera->tracks.items[i];

		if (track->id == 0)
			continue;
		faces[count] = (struct face){.x_px = track->x_px,
					     .y_px = track->y_px,
					     .width_px = track->width_px,
					     .height_px = track->height_px};
		tracks[count++] = track;
	}
	(void)face_prompt_at_door(faces, count, &camera->zone, image->width_px, image->height_px,
				  at_door);
	for (size_t i = 0; i < count; i++) {
		if (at_door[i] && tracks[i]->verdict == FACE_VERDICT_OPEN && waiting++ == 0)
			wanted = face_prompt_of(tracks[i]);
	}
	if (waiting > 1)
		wanted = FACE_PROMPT_ONE;
	if (!face_prompter_step(&camera->prompter, wanted, now_ms))
		return;
	result.prompt = (int)camera->prompter.shown;
	pipeline->decided(pipeline->arg, &result);
}

int face_pipeline_frame(struct face_pipeline *pipeline, struct face_pipeline_camera *camera,
			const struct video_frame *frame)
{
	uint64_t now_ms = frame->arrived_mono_us / 1000, mark_us = clock_mono_us();
	struct face_track *tracks[FACES_MAX];
	struct face_result result, blank = {0};
	struct face_image image;
	bool at_door[FACES_MAX];
	struct found found;
	bool moved;
	int r;

	assert(pipeline->engine != NULL && pipeline->gallery != NULL && pipeline->decided != NULL);
	moved = face_motion_step(&camera->motion, frame->luma, frame->stride_bytes, frame->width_px,
				 frame->height_px, now_ms);
	if (pipeline->enrolment.camera != camera && !is_due(pipeline, camera, moved, now_ms))
		return 0;
	camera->searched_ms = now_ms;
	r = to_bgr(pipeline, frame, &image);
	blank.ms.convert = ms_since(&mark_us);
	if (r == 0)
		r = find_faces(pipeline, camera, &image, &found);
	blank.ms.detect = ms_since(&mark_us);
	if (r != 0)
		return r;
	if (pipeline->enrolment.camera == camera) {
		r = face_pipeline_enrol_frame(pipeline, &image, found.faces, found.count);
		return r < 0 ? r : 1;
	}
	face_tracks_update(&camera->tracks, found.faces, found.count, now_ms, tracks);
	(void)face_prompt_at_door(found.faces, found.count, &camera->zone, image.width_px,
				  image.height_px, at_door);
	for (size_t i = 0, examined = 0; i < found.count && examined < FACES_EXAMINED_MAX; i++) {
		if (tracks[i] == NULL || !at_door[i])
			continue;
		result = blank;
		r = examine(pipeline, camera, &image, &found.faces[i], tracks[i], frame, &result);
		if (r < 0)
			return r;
		examined++;
	}
	prompt(pipeline, camera, &image, now_ms);
	return 1;
}

void face_pipeline_finish(struct face_pipeline *pipeline)
{
	bgr_converter_finish(&pipeline->converter);
	free(pipeline->bgr);
	pipeline->bgr = NULL;
	pipeline->bgr_bytes = 0;
}
