/*
 * liveness_eval - how often is a picture of a face taken for a face, and a face for a picture?
 *
 *   liveness_eval --live DIR --attack DIR [--models DIR] [--frames N] [--threads N] [--json]
 *
 * DIR/PERSON/FILE.jpg; the name without its last number is the session, and frames of a session in
 * order of that number are a film. A track is a run of N frames (default 5) of one session, judged
 * by their mean as at the door. APCER: share of attacks taken for live; BPCER: share of live ones
 * refused (ISO/IEC 30107-3). A frame in which no face is found is no presentation: neither accepted
 * nor refused, and told beside.
 */
#include "face_album.h"

#include "vision/face/face_track.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FRAMES_MAX = 100 }; /* of a track */

struct scores {
	float *frames, *tracks;
	size_t frame_count, track_count, lost, poor;
};

static int number_of(const char *file)
{
	const char *at = strrchr(file, '_');

	return at != NULL ? atoi(at + 1) : 0;
}

static size_t session_length(const char *file)
{
	const char *at = strrchr(file, '_');

	return at != NULL ? (size_t)(at - file) : strlen(file);
}

static int by_time(const void *left, const void *right)
{
	const struct album_picture *a = *(const struct album_picture *const *)left;
	const struct album_picture *b = *(const struct album_picture *const *)right;
	size_t length = session_length(a->file) > session_length(b->file) ? session_length(a->file)
									  : session_length(b->file);
	int order = strcmp(a->person, b->person);

	if (order == 0)
		order = strncmp(a->file, b->file, length);
	return order != 0 ? order : number_of(a->file) - number_of(b->file);
}

static bool same_session(const struct album_picture *a, const struct album_picture *b)
{
	return a->owner == b->owner && session_length(a->file) == session_length(b->file) &&
	       strncmp(a->file, b->file, session_length(a->file)) == 0;
}

static void collect(const struct album *album, size_t run_length, struct scores *scores)
{
	const struct album_picture **order = calloc(album->count, sizeof(*order)), *last = NULL;
	float frames[FRAMES_MAX];
	size_t run = 0;

	scores->frames = calloc(album->count, sizeof(float));
	scores->tracks = calloc(album->count, sizeof(float));
	if (order == NULL || scores->frames == NULL || scores->tracks == NULL)
		abort();
	for (size_t i = 0; i < album->count; i++)
		order[i] = &album->pictures[i];
	qsort(order, album->count, sizeof(const struct album_picture *), by_time);
	for (size_t i = 0; i < album->count; i++) {
		if (!order[i]->found ||
		    !order[i]->good) { /* the door would not look at it either */
			scores->lost += !order[i]->found;
			scores->poor += order[i]->found;
			continue;
		}
		scores->frames[scores->frame_count++] = order[i]->live;
		if (last == NULL || !same_session(last, order[i]))
			run = 0;
		last = order[i];
		frames[run] = order[i]->live;
		if (++run == run_length) {
			scores->tracks[scores->track_count++] = face_track_live_mean(frames, run);
			run = 0;
		}
	}
	free(order);
}

static double below(const float *values, size_t count, float threshold)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++)
		n += values[i] < threshold;
	return count == 0 ? 0 : (double)n / (double)count;
}

static void print_at(const struct scores *live, const struct scores *attack, float threshold,
		     bool json)
{
	double apcer_frame = 1 - below(attack->frames, attack->frame_count, threshold);
	double apcer_track = 1 - below(attack->tracks, attack->track_count, threshold);
	double bpcer_frame = below(live->frames, live->frame_count, threshold);
	double bpcer_track = below(live->tracks, live->track_count, threshold);

	if (json)
		printf("{\"threshold\":%.2f,\"apcer_frame\":%.5f,\"bpcer_frame\":%.5f,\"apcer_"
		       "track\":%.5f,"
		       "\"bpcer_track\":%.5f}",
		       (double)threshold, apcer_frame, bpcer_frame, apcer_track, bpcer_track);
	else
		printf("  %.2f   frames: APCER %7.3f %%  BPCER %7.3f %%    tracks: APCER %7.3f %%  "
		       "BPCER "
		       "%7.3f %%\n",
		       (double)threshold, 100 * apcer_frame, 100 * bpcer_frame, 100 * apcer_track,
		       100 * bpcer_track);
}

static void print(const struct scores *live, const struct scores *attack, bool json)
{
	static const float thresholds[] = {0.05f, 0.1f, 0.2f, 0.3f, 0.35f, 0.4f,
					   0.5f,  0.6f, 0.7f, 0.8f, 0.9f};

	if (json)
		printf("{\"bench\":\"liveness_eval\",\"live_frames\":%zu,\"live_tracks\":%zu,"
		       "\"attack_"
		       "frames\":%zu,"
		       "\"attack_tracks\":%zu,\"no_face\":%zu,\"poor\":%zu,\"by_threshold\":[",
		       live->frame_count, live->track_count, attack->frame_count,
		       attack->track_count, live->lost + attack->lost, live->poor + attack->poor);
	else
		printf("live: %zu frames, %zu tracks; attack: %zu frames, %zu tracks; no face in "
		       "%zu, poor "
		       "%zu\n",
		       live->frame_count, live->track_count, attack->frame_count,
		       attack->track_count, live->lost + attack->lost, live->poor + attack->poor);
	for (size_t i = 0; i < sizeof(thresholds) / sizeof(thresholds[0]); i++) {
		if (json && i > 0)
			printf(",");
		print_at(live, attack, thresholds[i], json);
	}
	if (json)
		printf("]}\n");
}

int main(int argc, char **argv)
{
	struct album_config config = {.models_dir = "models", .liveness = true, .views = 1};
	struct scores live = {0}, attack = {0};
	const char *folders[2] = {NULL, NULL};
	size_t frames = 5;
	bool json = false;

	config.threads = (unsigned)sysconf(_SC_NPROCESSORS_ONLN);
	for (int i = 1; i < argc; i++) {
		bool more = i + 1 < argc;

		if (strcmp(argv[i], "--json") == 0)
			json = true;
		else if (strcmp(argv[i], "--live") == 0 && more)
			folders[0] = argv[++i];
		else if (strcmp(argv[i], "--attack") == 0 && more)
			folders[1] = argv[++i];
		else if (strcmp(argv[i], "--models") == 0 && more)
			config.models_dir = argv[++i];
		else if (strcmp(argv[i], "--frames") == 0 && more)
			frames = (size_t)atoi(argv[++i]);
		else if (strcmp(argv[i], "--threads") == 0 && more)
			config.threads = (unsigned)atoi(argv[++i]);
		else
			frames = 0;
	}
	if (folders[0] == NULL || folders[1] == NULL || frames < 1 || frames > FRAMES_MAX) {
		fprintf(stderr,
			"usage: liveness_eval --live DIR --attack DIR [--models DIR] [--frames N] "
			"[--threads N] [--json]\n");
		return 2;
	}
	for (int i = 0; i < 2; i++) {
		struct album album;

		config.folder = folders[i];
		if (album_load(&config, &album) < 0)
			return 1;
		collect(&album, frames, i == 0 ? &live : &attack);
		album_finish(&album);
	}
	print(&live, &attack, json);
	free(live.frames);
	free(live.tracks);
	free(attack.frames);
	free(attack.tracks);
	return 0;
}
