/*
 * litter_eval - how good the littering analysis is on clips whose throws are known.
 *
 *   litter_eval --manifest FILE [--json] [--clips]
 *
 * The manifest is described in litter_manifest.h, the measures in litter_score.h. --clips adds a
 * line a clip; --json ends the output with one JSON object on one line. A clip that cannot be read
 * is told on standard error, its throws count as missed, and the exit status is 1; a manifest that
 * cannot be read makes it 2.
 */
#include "litter_manifest.h"
#include "litter_play.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { REPORTS_MAX = 4096 };

struct clip_run {
	const struct manifest_clip *clip;
	struct score_report *reports;
	size_t count;
	bool full;
};

struct sums {
	struct score score;
	unsigned clips, failed, damaged;
	uint64_t frames;
	double busy_ms, seconds;
};

static void configure(void *arg, int width_px, int height_px, struct litter_config *ret_config)
{
	const struct manifest_clip *clip = ((const struct clip_run *)arg)->clip;

	ret_config->roi = clip->roi;
	for (size_t i = 0; clip->roi_in_px && i < clip->roi.count; i++) {
		ret_config->roi.points[i].x /= (float)width_px;
		ret_config->roi.points[i].y /= (float)height_px;
	}
	for (size_t i = 0; i < clip->roi.count;
	     i++) { /* the last pixel's edge may round to beyond 1 */
		struct litter_spot *p = &ret_config->roi.points[i];

		p->x = p->x > 1 && p->x < 1.01F ? 1 : p->x;
		p->y = p->y > 1 && p->y < 1.01F ? 1 : p->y;
	}
}

static void add_report(void *arg, const struct litter_verdict *verdict, int64_t reported_pts_us)
{
	struct clip_run *run = arg;

	if (run->count == REPORTS_MAX) {
		run->full = true;
		return;
	}
	run->reports[run->count].verdict = *verdict;
	run->reports[run->count++].reported_s =
		(double)reported_pts_us; /* seconds once the clip's begin is known */
}

static void count_from(struct clip_run *run, int64_t first_pts_us)
{
	for (size_t i = 0; i < run->count; i++) {
		struct score_report *t = &run->reports[i];

		t->first_pts_us = first_pts_us;
		t->reported_s = (t->reported_s - (double)first_pts_us) / 1e6;
		t->begin_s = (double)(t->verdict.begin_pts_us - first_pts_us) / 1e6;
		t->end_s = (double)(t->verdict.end_pts_us - first_pts_us) / 1e6;
	}
}

static void print_clip(const struct clip_run *run, const struct litter_played *played,
		       const bool *found)
{
	unsigned hits = 0;

	for (size_t i = 0; i < run->clip->throw_count; i++)
		hits += found[i];
	printf("%s: %.1f s, %zu throws, %u found\n", run->clip->path, played->seconds,
	       run->clip->throw_count, hits);
	for (size_t i = 0; i < run->count; i++) {
		const struct score_report *t = &run->reports[i];

		printf("  %s %.2f at %.2f to %.2f s:", litter_grade_name(t->verdict.grade),
		       (double)t->verdict.score, t->begin_s, t->end_s);
		for (size_t k = 0; k < t->verdict.reason_count; k++)
			printf(" %s=%.3f:%+.2f", t->verdict.reasons[k].name,
			       (double)t->verdict.reasons[k].value,
			       (double)t->verdict.reasons[k].weight);
		printf("\n");
	}
}

static int analyse_clip(const struct manifest_clip *clip, struct sums *sums, bool clips)
{
	static const struct litter_play_ops ops = {.config = configure, .verdict = add_report};
	static struct score_report reports[REPORTS_MAX];
	struct clip_run run = {.clip = clip, .reports = reports};
	struct litter_played played;
	bool *found = calloc(clip->throw_count + 1, sizeof(*found));
	int r, failed;

	if (found == NULL)
		return -ENOMEM;
	failed = litter_play(clip->path, &ops, &run, &played);
	if (played.error[0] != '\0')
		fprintf(stderr, "litter_eval: %s: %s\n", clip->path, played.error);
	if (run.full)
		fprintf(stderr, "litter_eval: %s: more than %d verdicts, the rest is not counted\n",
			clip->path, REPORTS_MAX);
	sums->clips++;
	sums->failed += failed < 0;
	sums->damaged += failed == 0 && played.error[0] != '\0';
	sums->frames += played.frames;
	sums->busy_ms += played.busy_ms;
	sums->seconds += played.seconds;
	count_from(&run, played.first_pts_us);
	r = score_add(&sums->score,
		      &(struct score_clip){.sightings = clip->sightings,
					   .sighting_count = clip->sighting_count,
					   .reports = reports,
					   .report_count = run.count,
					   .seconds = played.seconds,
					   .frames = played.frames,
					   .height_px = played.height_px},
		      found);
	if (clips)
		print_clip(&run, &played, found);
	free(found);
	return r;
}

struct figures {
	double recall, precision, f, frame_precision, frame_recall, frame_f, overlap, alerts_h,
		suspected_h;
	double p50, p95, ms;
};

static double ratio(double part, double whole)
{
	return whole > 0 ? part / whole : 0;
}

static struct figures figures_of(struct sums *sums)
{
	struct score *s = &sums->score;
	struct figures f = {.recall = score_recall(s), .precision = score_precision(s)};

	f.f = score_f(f.precision, f.recall);
	f.frame_precision =
		ratio((double)s->frame_right, (double)(s->frame_right + s->frame_wrong));
	f.frame_recall = ratio((double)s->frame_right, (double)(s->frame_right + s->frame_missed));
	f.frame_f = score_f(f.frame_precision, f.frame_recall);
	f.overlap = ratio(s->overlap_sum, s->overlap_throws);
	f.alerts_h = ratio(s->alerts_on_negatives, s->negative_s / 3600);
	f.suspected_h = ratio(s->suspected_on_negatives, s->negative_s / 3600);
	f.p50 = score_delay(s, 0.5);
	f.p95 = score_delay(s, 0.95);
	f.ms = ratio(sums->busy_ms, (double)sums->frames);
	return f;
}

static void print_text(const struct sums *sums, const struct figures *f)
{
	const struct score *s = &sums->score;

	printf("clips        %u, %.1f s, %llu frames; %u could not be read, %u were damaged\n",
	       sums->clips, sums->seconds, (unsigned long long)sums->frames, sums->failed,
	       sums->damaged);
	printf("throws       %u, %u found, %u more suspected\n", s->throws, s->found,
	       s->found_suspected);
	printf("events       recall %.3f, precision %.3f, F %.3f (%u alerts, %u right)\n",
	       f->recall, f->precision, f->f, s->alerts, s->alerts_right);
	printf("no throw     %.1f s: %u alerts (%.3f per camera-hour), %u suspected (%.3f per "
	       "camera-hour)\n",
	       s->negative_s, s->alerts_on_negatives, f->alerts_h, s->suspected_on_negatives,
	       f->suspected_h);
	printf("delay        p50 %.2f s, p95 %.2f s from the end of the fall to the alarm\n",
	       f->p50, f->p95);
	printf("frames       P %.3f, R %.3f, F %.3f at IoU %.1f; time range overlap %.3f (%u "
	       "throws with "
	       "boxes)\n",
	       f->frame_precision, f->frame_recall, f->frame_f, SCORE_IOU, f->overlap,
	       s->overlap_throws);
	printf("speed        %.3f ms a frame\n", f->ms);
}

static void print_json(const struct sums *sums, const struct figures *f)
{
	const struct score *s = &sums->score;

	printf("{\"clips\":%u,\"clips_failed\":%u,\"clips_damaged\":%u,\"seconds\":%.3f,\"frames\":"
	       "%llu,"
	       "\"throws\":%u,\"found\":%u,\"found_suspected\":%u,\"alerts\":%u,\"suspected\":%u,"
	       "\"event_recall\":%.6f,\"event_precision\":%.6f,\"event_f\":%.6f,",
	       sums->clips, sums->failed, sums->damaged, sums->seconds,
	       (unsigned long long)sums->frames, s->throws, s->found, s->found_suspected, s->alerts,
	       s->suspected, f->recall, f->precision, f->f);
	printf("\"negative_hours\":%.6f,\"alerts_on_negatives\":%u,\"suspected_on_negatives\":%u,"
	       "\"alerts_per_camera_hour\":%.6f,\"suspected_per_camera_hour\":%.6f,\"delay_s_p50\":"
	       "%.3f,"
	       "\"delay_s_p95\":%.3f,",
	       s->negative_s / 3600, s->alerts_on_negatives, s->suspected_on_negatives, f->alerts_h,
	       f->suspected_h, f->p50, f->p95);
	printf("\"frame_precision\":%.6f,\"frame_recall\":%.6f,\"frame_f\":%.6f,"
	       "\"time_range_overlap\":%.6f,\"ms_per_frame\":%.4f}\n",
	       f->frame_precision, f->frame_recall, f->frame_f, f->overlap, f->ms);
}

static int evaluate(const struct manifest *manifest, bool json, bool clips)
{
	struct sums sums = {0};
	struct figures figures;
	int r = 0;

	for (size_t i = 0; i < manifest->count && r == 0; i++)
		r = analyse_clip(&manifest->clips[i], &sums, clips);
	if (r < 0) {
		fprintf(stderr, "litter_eval: %s\n", strerror(-r));
		score_finish(&sums.score);
		return 2;
	}
	figures = figures_of(&sums);
	print_text(&sums, &figures);
	if (json)
		print_json(&sums, &figures);
	score_finish(&sums.score);
	return sums.failed > 0 ? 1 : 0;
}

static int usage(void)
{
	fprintf(stderr, "usage: litter_eval --manifest FILE [--json] [--clips]\n");
	return 2;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"manifest", required_argument, NULL, 'm'},
						{"json", no_argument, NULL, 'j'},
						{"clips", no_argument, NULL, 'c'},
						{0}};
	char error[MANIFEST_ERROR_BYTES];
	struct manifest manifest = {0};
	const char *path = NULL;
	bool json = false, clips = false;
	int c, status;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'm')
			path = optarg;
		else if (c == 'j')
			json = true;
		else if (c == 'c')
			clips = true;
		else
			return usage();
	}
	if (path == NULL || optind != argc)
		return usage();
	if (manifest_read(path, &manifest, error) < 0) {
		fprintf(stderr, "litter_eval: %s\n", error);
		return 2;
	}
	status = evaluate(&manifest, json, clips);
	manifest_finish(&manifest);
	return status;
}
