/*
 * face_latency - from the arrival of the first good frame to the edge of a relay, and what a face
 * camera costs.
 *
 *   face_latency VIDEO [--models DIR] [--enrolled N] [--seconds S] [--threads N] [--json]
 *
 * VIDEO plays in real time, over and over; whoever it shows is enrolled from it first, beside N - 1
 * made templates (default 10,000). A decision is made about every second for S seconds (default
 * 30), and each moves a simulated line. CPU is that of the whole process: busy with the film,
 * decoding included; idle before a picture of its size in which nobody is, 25 times a second,
 * without decoding.
 */
#include "base/clock.h"
#include "base/queue.h"
#include "hw/board/board.h"
#include "vision/camera/camera.h"
#include "vision/face/face_watch.h"
#include "vision/camera/frame.h"
#include "vision/face/match.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum { DECISIONS_MAX = 4096, IDLE_S = 15, SETTLE_S = 4, ENROL_S = 60 };
enum stage { CONVERT, DETECT, POINTS, LIVENESS, EMBED, MATCH, STAGES };
static const char *const stage_names[STAGES] = {"convert",  "detect", "points",
						"liveness", "embed",  "match"};
static const char somebody[] = "00000000000000000000000000";

struct run {
	const char *video, *models;
	unsigned enrolled, seconds, threads;
	bool json;
	struct queue *results;
	struct face_watch *watch;
	struct board *board;
	struct video_frame *latest; /* the latest, for the idle part */
	pthread_mutex_t lock;
	double ms[DECISIONS_MAX];
	double stage_ms[STAGES];
	size_t count;
};

static void on_frame(void *arg, struct video_frame *frame)
{
	struct run *run = arg;

	pthread_mutex_lock(&run->lock);
	video_frame_unref(run->latest);
	run->latest = video_frame_ref(frame);
	pthread_mutex_unlock(&run->lock);
	face_watch_frame(run->watch, 0, frame);
}

static double cpu_s(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

/* @return whether a result of @p kind came in time. */
static bool wait_for(struct run *run, enum face_result_kind kind, int timeout_ms,
		     struct face_result *ret_result)
{
	uint64_t until_ms = clock_mono_ms() + (uint64_t)timeout_ms;

	while (clock_mono_ms() < until_ms) {
		if (queue_pop_wait(run->results, ret_result, (int)(until_ms - clock_mono_ms())) < 0)
			return false;
		if (ret_result->kind == kind)
			return true;
		if (ret_result->kind == FACE_RESULT_FAILED ||
		    ret_result->kind == FACE_RESULT_ENROL_FAILED) {
			fprintf(stderr, "face_latency: %s\n", ret_result->reason.detail);
			return false;
		}
	}
	return false;
}

static int fill(struct run *run)
{
	struct gallery *gallery = face_watch_gallery(run->watch);
	float vector[FACE_DIM];
	char id[GALLERY_PERSON_BYTES];
	uint32_t state = 1;

	for (unsigned i = 1; i < run->enrolled; i++) {
		for (size_t k = 0; k < FACE_DIM; k++) {
			state = state * 1664525u + 1013904223u;
			vector[k] = (float)(state >> 8) / (1 << 23) - 1;
		}
		snprintf(id, sizeof(id), "%026u", i);
		if (gallery_add(gallery, id, vector) < 0)
			return -1;
	}
	return 0;
}

static void take(struct run *run, const struct face_result *result, bool *energised)
{
	const float stages[STAGES] = {result->ms.convert,  result->ms.detect, result->ms.points,
				      result->ms.liveness, result->ms.embed,  result->ms.match};

	*energised = !*energised;
	(void)board_set(run->board, 0, *energised); /* the simulated line always follows */
	if (run->count == DECISIONS_MAX)
		return;
	run->ms[run->count++] = (double)(clock_mono_us() - result->first_good_mono_us) / 1000;
	for (int i = 0; i < STAGES; i++)
		run->stage_ms[i] += (double)stages[i];
}

static double watch_film(struct run *run)
{
	double cpu = cpu_s();
	uint64_t begin_ms = clock_mono_ms(), until_ms = begin_ms + (uint64_t)run->seconds * 1000;
	struct face_result result;
	bool energised = false;

	while (clock_mono_ms() < until_ms) {
		if (queue_pop_wait(run->results, &result, 100) == 0 &&
		    result.kind == FACE_RESULT_ACCESS &&
		    result.enrolled ==
			    run->enrolled) /* not while the gallery was still being filled */
			take(run, &result, &energised);
	}
	return (cpu_s() - cpu) * 1000 / (double)(clock_mono_ms() - begin_ms);
}

static double watch_still(struct run *run)
{
	const struct timespec pause = {.tv_nsec = 40 * 1000 * 1000};
	double cpu = 0;
	uint64_t begin_ms = 0;

	struct video_frame *wall = NULL;
	size_t bytes = (size_t)run->latest->width_px * (size_t)run->latest->height_px;
	uint8_t *luma = malloc(bytes);

	if (luma == NULL)
		return -1;
	memset(luma, 96, bytes); /* nobody there */
	if (video_frame_from_luma(luma, (size_t)run->latest->width_px, run->latest->width_px,
				  run->latest->height_px, &wall) < 0) {
		free(luma);
		return -1;
	}
	for (int i = 0; i < 25 * (SETTLE_S + IDLE_S); i++) {
		if (i == 25 * SETTLE_S) {
			cpu = cpu_s();
			begin_ms = clock_mono_ms();
		}
		wall->arrived_mono_us = clock_mono_us();
		face_watch_frame(run->watch, 0, wall);
		nanosleep(&pause, NULL);
	}
	video_frame_unref(wall);
	free(luma);
	return (cpu_s() - cpu) * 1000 / (double)(clock_mono_ms() - begin_ms);
}

static int rising(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;

	return (a > b) - (a < b);
}

static void print(struct run *run, double busy, double idle)
{
	double p50, p99;

	qsort(run->ms, run->count, sizeof(*run->ms), rising);
	p50 = run->ms[run->count / 2];
	p99 = run->ms[run->count - 1 - run->count / 100];
	if (run->json)
		printf("{\"bench\":\"face_latency\",\"decisions\":%zu,\"enrolled\":%u,\"width\":%d,"
		       "\"height\":%d,"
		       "\"p50_ms\":%.1f,\"p99_ms\":%.1f,\"busy_cores\":%.3f,\"idle_cores\":%.4f",
		       run->count, run->enrolled, run->latest->width_px, run->latest->height_px,
		       p50, p99, busy, idle);
	else
		printf("%zu decisions, %u enrolled, %dx%d: p50 %.1f ms, p99 %.1f ms; busy %.1f %% "
		       "of a core "
		       "with "
		       "decoding, idle %.2f %% without\n",
		       run->count, run->enrolled, run->latest->width_px, run->latest->height_px,
		       p50, p99, 100 * busy, 100 * idle);
	for (int i = 0; i < STAGES; i++)
		printf(run->json ? ",\"%s_ms\":%.2f" : "  %s %.2f ms\n", stage_names[i],
		       run->stage_ms[i] / (double)run->count);
	printf(run->json ? "}\n" : "");
}

static int measure(struct run *run)
{
	static const struct camera_ops ops = {.frame = on_frame};
	struct camera_config source;
	struct camera *camera = NULL;
	struct face_result result;
	double busy, idle;

	camera_config_defaults(&source);
	snprintf(source.name, sizeof(source.name), "bench");
	snprintf(source.url, sizeof(source.url), "%s", run->video);
	source.loop = source.realtime = true;
	source.ring_seconds = 0;
	if (!wait_for(run, FACE_RESULT_READY, ENROL_S * 1000, &result) ||
	    camera_open(&source, &ops, run, &camera) < 0 ||
	    face_watch_enrol_live(run->watch, 1, 0, ENROL_S) < 0 ||
	    !wait_for(run, FACE_RESULT_ENROLLED, ENROL_S * 1000 + 5000, &result) ||
	    gallery_add(face_watch_gallery(run->watch), somebody, result.template_vector) < 0 ||
	    fill(run) < 0) {
		fprintf(stderr, "face_latency: nobody could be enrolled from %s\n", run->video);
		camera_close(camera);
		return 1;
	}
	busy = watch_film(run);
	camera_close(camera);
	face_watch_reset(run->watch, 0);
	idle = watch_still(run);
	if (run->count == 0) {
		fprintf(stderr, "face_latency: nobody was let in\n");
		return 1;
	}
	print(run, busy, idle);
	return 0;
}

static bool parse(struct run *run, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		bool more = i + 1 < argc;

		if (strcmp(argv[i], "--json") == 0)
			run->json = true;
		else if (strcmp(argv[i], "--models") == 0 && more)
			run->models = argv[++i];
		else if (strcmp(argv[i], "--enrolled") == 0 && more)
			run->enrolled = (unsigned)atoi(argv[++i]);
		else if (strcmp(argv[i], "--seconds") == 0 && more)
			run->seconds = (unsigned)atoi(argv[++i]);
		else if (strcmp(argv[i], "--threads") == 0 && more)
			run->threads = (unsigned)atoi(argv[++i]);
		else if (argv[i][0] != '-' && run->video == NULL)
			run->video = argv[i];
		else
			return false;
	}
	return run->video != NULL && run->seconds >= 1 && run->enrolled >= 1 &&
	       run->enrolled < GALLERY_TEMPLATES_MAX;
}

int main(int argc, char **argv)
{
	static const struct board_line_config line = {.name = "lock", .output = true};
	static struct run run = {
		.models = "models", .enrolled = 10000, .seconds = 30, .threads = 2};
	struct face_watch_config config;
	int status = 1;

	if (!parse(&run, argc, argv)) {
		fprintf(stderr, "usage: face_latency VIDEO [--models DIR] [--enrolled N] "
				"[--seconds S] [--threads N] "
				"[--json]\n");
		return 2;
	}
	pthread_mutex_init(&run.lock, NULL);
	face_watch_defaults(&config);
	config.models_dir = run.models;
	config.threads = run.threads;
	config.repeat_ms = 1000;
	if (queue_open(sizeof(struct face_result), 64, QUEUE_REFUSE_WHEN_FULL, NULL,
		       &run.results) == 0 &&
	    board_open_sim(&line, 1, &run.board) == 0 &&
	    face_watch_open(&config, run.results, &run.watch) == 0)
		status = measure(&run);
	face_watch_close(run.watch);
	video_frame_unref(run.latest);
	board_close(run.board);
	if (run.results != NULL)
		queue_close(run.results);
	return status;
}
