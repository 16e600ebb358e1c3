/*
 * litter_suite - the littering analysis on scenes drawn by seed: what it finds, and what fools it.
 *
 *   litter_suite [--seed N] [--throws N] [--hours H] [--clip-seconds N] [--h264 SHARE] [--scenes FIRST]
 *                [--height-max PX] [--distract WORD]
 *                [--verbose] [--bars RECALL] [--json] [--book FILE]
 *
 * Scenes with --throws throws in all, then --hours camera-hours without one. A share of the scenes goes
 * through H.264, the others straight from the drawing into the analysis; the output says how many. --distract
 * keeps to the negatives of one kind. --book keeps what each scene without a throw gave in FILE and takes from there what
 * was measured before, so that hours add up; tools/litter-hours names that file by the analysis's source. --bars makes the exit status 1 when recall is below RECALL or false alarms (one
 * and 10 suspected a day, and one of each for the shortness of a run), delay or origin are not as they should be.
 */
#include "litter_suite.h"

#include "litter_score.h"
#include "litter_suite_book.h"
#include "scene_codec.h"

#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { TOLD_MAX = 512, KINDS = SCENE_DISTRACTORS + 3, FRAME_EDGE = 64 };

struct options {
	struct suite_choice choice;
	int throws;
	unsigned first, distract;
	double hours;
	const char *book;
	double bars; /* the recall wanted, 0 to 1; 0: nothing is */
	bool verbose, json;
};

struct tally {
	unsigned all, good;
};

struct sums {
	struct score score;
	struct tally kinds[SCENE_KINDS], weathers[SUITE_WEATHERS], pitches[4], sizes[4], rates[3], coded[2];
	struct tally hidden, floors;
	struct {
		double seconds;
		unsigned alerts, suspected;
	} negatives[KINDS];
	double h264_s, straight_s, busy_ms;
	uint64_t frames, frames_1080, scenes;
	double busy_1080_ms;
};

struct film {
	struct suite_scene plan;
	struct scene *scene;
	struct scene_codec *codec;
	struct litter *litter;
	uint8_t *luma;
	struct score_told told[TOLD_MAX];
	size_t told_count;
	double busy_ms;
};

static void close_film(struct film *film)
{
	litter_close(film->litter);
	scene_codec_close(film->codec);
	scene_close(film->scene);
	free(film->luma);
	film->litter = NULL;
	film->codec = NULL;
	film->scene = NULL;
	film->luma = NULL;
}

static int open_film(struct film *film)
{
	const struct scene_options *o = &film->plan.options;
	struct litter_config config;
	int r;

	memset(&config, 0, sizeof(config));
	film->told_count = 0;
	film->busy_ms = 0;
	r = scene_open(o, &film->scene);
	if (r < 0)
		return r;
	suite_calibrate(film->scene, &config.calibration);
	film->luma = malloc((size_t)o->width_px * (size_t)o->height_px);
	r = film->luma == NULL ? -1 : litter_open(o->width_px, o->height_px, &config, &film->litter);
	if (r == 0 && film->plan.crf >= 0)
		r = scene_codec_open(o->width_px, o->height_px, o->frames_per_s, film->plan.crf,
				     &film->codec);
	if (r < 0)
		close_film(film);
	return r;
}

static void fetch(struct film *film, double now_s)
{
	struct litter_verdict verdict;

	while (litter_next(film->litter, &verdict) == 1) {
		struct score_told *told = &film->told[film->told_count];

		if (film->told_count == TOLD_MAX)
			continue;
		film->told_count++;
		told->verdict = verdict;
		told->begin_s = (double)verdict.begin_pts_us / 1e6;
		told->end_s = (double)verdict.end_pts_us / 1e6;
		told->told_s = now_s;
		told->first_pts_us = 0;
	}
}

static double cpu_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int run_film(struct film *film)
{
	const struct scene_options *o = &film->plan.options;
	struct scene_planes planes = {{film->luma, NULL, NULL}, {o->width_px, 0, 0}};
	int r = 0;

	for (int n = 0; n < o->frames && r >= 0; n++) {
		const uint8_t *luma = film->luma;
		int stride = o->width_px;
		double begin;

		scene_draw(film->scene, n, &planes);
		if (film->codec != NULL)
			r = scene_codec_pass(film->codec, film->luma, &luma, &stride);
		if (r < 0)
			break;
		begin = cpu_ms();
		litter_frame(film->litter, luma, (size_t)stride, (int64_t)n * 1000000 / o->frames_per_s);
		film->busy_ms += cpu_ms() - begin;
		fetch(film, (double)n / o->frames_per_s);
	}
	litter_flush(film->litter);
	fetch(film, (double)(o->frames - 1) / o->frames_per_s);
	return r;
}

/* @return how many of the throws are in sight long enough to count; their sights in @p sights, their numbers in @p of */
static size_t truth_of(const struct film *film, struct score_sight *sights, size_t *of)
{
	const struct scene_options *o = &film->plan.options;
	size_t count = 0;

	for (size_t i = 0; i < o->throw_count; i++) {
		struct score_sight s = {.x0 = INFINITY, .y0 = INFINITY, .x1 = -INFINITY, .y1 = -INFINITY};
		struct scene_box box;
		int begin, end;

		scene_throw_frames(film->scene, i, &begin, &end);
		if (begin < 0)
			continue;
		for (int n = begin; n <= end; n++) {
			if (!scene_truth(film->scene, i, n, &box))
				continue;
			s.x0 = fmin(s.x0, box.cx);
			s.y0 = fmin(s.y0, box.cy);
			s.x1 = fmax(s.x1, box.cx);
			s.y1 = fmax(s.y1, box.cy);
		}
		s.begin_s = (double)begin / o->frames_per_s;
		s.end_s = (double)end / o->frames_per_s;
		s.has_box = true;
		s.throw_index = (int)count;
		of[count] = i;
		sights[count++] = s;
	}
	return count;
}

static void tally(struct tally *t, bool good)
{
	t->all++;
	t->good += good;
}

static void tally_throw(struct sums *sums, const struct film *film, size_t i, bool found)
{
	const struct scene_options *o = &film->plan.options;
	int rate = o->frames_per_s < 20 ? 0 : o->frames_per_s < 30 ? 1 : 2;
	int size = o->height_px <= 720 ? 0 : o->height_px <= 1080 ? 1 : o->height_px <= 1440 ? 2 : 3;

	tally(&sums->kinds[o->throws[i].kind], found);
	tally(&sums->weathers[film->plan.weather], found);
	tally(&sums->pitches[o->pitch_deg == 0 ? 0 : o->pitch_deg / 15 - 1], found);
	tally(&sums->sizes[size], found);
	tally(&sums->rates[rate], found);
	tally(&sums->coded[film->plan.crf >= 0], found);
	if (o->throws[i].hidden_m > 0)
		tally(&sums->hidden, found);
}

static void print_verdict(const struct score_told *t)
{
	const struct litter_point *a = &t->verdict.points[0],
				  *b = &t->verdict.points[t->verdict.point_count - 1];

	printf("  %s %.2f at %.2f to %.2f s, (%.0f,%.0f) to (%.0f,%.0f), %zu sights, %s:",
	       litter_grade_name(t->verdict.grade), (double)t->verdict.score, t->begin_s, t->end_s,
	       (double)a->x, (double)a->y, (double)b->x, (double)b->y, t->verdict.point_count,
	       t->verdict.origin);
	for (size_t k = 0; k < t->verdict.reason_count; k++)
		printf(" %s=%.3f:%+.2f", t->verdict.reasons[k].name, (double)t->verdict.reasons[k].value,
		       (double)t->verdict.reasons[k].weight);
	printf("\n");
}

static void print_scene(const struct film *film, const char *what)
{
	const struct scene_options *o = &film->plan.options;
	struct litter_stats stats;

	printf("%s %u: %dx%d %d/s, %d degrees, %s%s%s%s%s%s:", what, film->plan.number, o->width_px,
	       o->height_px, o->frames_per_s, o->pitch_deg, suite_weather_name(film->plan.weather),
	       o->leaves ? ", tree" : "", o->birds > 0 ? ", birds" : "", o->mirrors ? ", mirrors" : "",
	       film->plan.crf >= 0 ? ", H.264" : "", o->distract != 0 ? ", " : "");
	for (unsigned i = 0; i < SCENE_DISTRACTORS; i++) {
		if ((o->distract & 1U << i) != 0)
			printf(" %s", scene_distractor_name(1U << i));
	}
	litter_get_stats(film->litter, &stats);
	printf("\n  %llu frames: %llu repeated, %llu shaken, %llu light steps; %llu tracks\n",
	       (unsigned long long)stats.frames, (unsigned long long)stats.duplicates,
	       (unsigned long long)stats.shakes, (unsigned long long)stats.light_steps,
	       (unsigned long long)stats.tracks);
}

static void check_origins(struct sums *sums, const struct film *film, const struct score_sight *sights,
			  size_t count, const size_t *of)
{
	for (size_t t = 0; t < count; t++) {
		const struct scene_throw *throw = &film->plan.options.throws[of[t]];
		const struct score_told *best = NULL;

		for (size_t i = 0; i < film->told_count && best == NULL; i++) {
			const struct score_told *told = &film->told[i];

			if (told->verdict.grade == LITTER_ALERT && told->verdict.origin_known &&
			    fabs(told->end_s - sights[t].end_s) < 1 &&
			    fabs((double)told->verdict.points[0].x - sights[t].x0) <
				    0.15 * film->plan.options.height_px)
				best = told;
		}
		if (best != NULL)
			tally(&sums->floors, best->verdict.floor_low <= throw->floor + 1 &&
						     best->verdict.floor_high >= throw->floor - 1);
	}
}

static int add_film(struct sums *sums, struct film *film, bool verbose)
{
	const struct scene_options *o = &film->plan.options;
	struct score_sight sights[SCENE_THROWS_MAX];
	size_t of[SCENE_THROWS_MAX], count = truth_of(film, sights, of);
	bool found[SCENE_THROWS_MAX + 1] = {false};
	double seconds = (double)o->frames / o->frames_per_s;
	unsigned wrong = sums->score.alerts - sums->score.alerts_right;
	int r = score_add(&sums->score,
			  &(struct score_clip){.sights = sights,
					       .sight_count = count,
					       .told = film->told,
					       .told_count = film->told_count,
					       .seconds = seconds,
					       .frames = (uint64_t)o->frames,
					       .height_px = o->height_px},
			  found);
	bool all = sums->score.alerts - sums->score.alerts_right == wrong;

	for (size_t t = 0; t < count; t++) {
		tally_throw(sums, film, of[t], found[t]);
		all = all && found[t];
	}
	check_origins(sums, film, sights, count, of);
	*(film->codec != NULL ? &sums->h264_s : &sums->straight_s) += seconds;
	sums->scenes++;
	sums->frames += (uint64_t)o->frames;
	sums->busy_ms += film->busy_ms;
	if (o->height_px == 1080) {
		sums->frames_1080 += (uint64_t)o->frames;
		sums->busy_1080_ms += film->busy_ms;
	}
	if (!verbose || (count > 0 && all) || (count == 0 && film->told_count == 0))
		return r;
	print_scene(film, count > 0 ? "throws" : "negative");
	for (size_t t = 0; t < count; t++) {
		const struct scene_throw *w = &o->throws[of[t]];

		if (!found[t])
			printf("  missed: %s of size %.2f, luma %d, floor %d, %.2f to %.2f s, (%.0f,%.0f) to "
			       "(%.0f,%.0f)\n",
			       scene_kind_name(w->kind), w->size, w->luma, w->floor, sights[t].begin_s,
			       sights[t].end_s, sights[t].x0, sights[t].y0, sights[t].x1, sights[t].y1);
	}
	for (size_t i = 0; i < film->told_count; i++)
		print_verdict(&film->told[i]);
	fflush(stdout);
	return r;
}

static int do_throws(const struct options *options, struct film *film, struct sums *sums)
{
	int r = 0;

	for (unsigned n = options->first; r >= 0 && (int)sums->score.throws < options->throws; n++) {
		suite_throws(&options->choice, n, &film->plan);
		r = open_film(film);
		if (r == 0)
			r = run_film(film);
		if (r >= 0)
			r = add_film(sums, film, options->verbose);
		close_film(film);
	}
	return r;
}

static unsigned kind_of(const struct suite_scene *plan)
{
	return plan->number % KINDS;
}

static int run_negative(struct film *film, struct sums *sums, bool verbose, struct suite_line *line)
{
	unsigned alerts = sums->score.alerts, suspected = sums->score.suspected;
	int r = open_film(film);

	if (r == 0)
		r = run_film(film);
	if (r >= 0)
		r = add_film(sums, film, verbose);
	line->seconds = (double)film->plan.options.frames / film->plan.options.frames_per_s;
	line->alerts = sums->score.alerts - alerts;
	line->suspected = sums->score.suspected - suspected;
	line->h264 = film->plan.crf >= 0;
	line->height_px = film->plan.options.height_px;
	line->frames = (uint64_t)film->plan.options.frames;
	line->busy_ms = film->busy_ms;
	close_film(film);
	return r;
}

static void add_line(struct sums *sums, const struct suite_line *line)
{
	struct score *s = &sums->score;

	s->negative_s += line->seconds;
	s->alerts += line->alerts;
	s->suspected += line->suspected;
	s->alerts_on_negatives += line->alerts;
	s->suspected_on_negatives += line->suspected;
	*(line->h264 ? &sums->h264_s : &sums->straight_s) += line->seconds;
	sums->scenes++;
	sums->frames += line->frames;
	sums->busy_ms += line->busy_ms;
	if (line->height_px == 1080) {
		sums->frames_1080 += line->frames;
		sums->busy_1080_ms += line->busy_ms;
	}
}

static int do_negatives(const struct options *options, struct film *film, struct sums *sums)
{
	struct suite_book *book = NULL;
	int r = options->book != NULL ? suite_book_open(options->book, &book) : 0;

	for (unsigned n = options->first; r >= 0 && sums->score.negative_s < options->hours * 3600; n++) {
		struct suite_line line = {
			.seed = options->choice.seed, .clip_s = (unsigned)options->choice.clip_s, .scene = n};
		unsigned kind;

		suite_negative(&options->choice, n, &film->plan);
		if (options->distract != 0 && (film->plan.options.distract & options->distract) == 0)
			continue;
		kind = kind_of(&film->plan);
		if (suite_book_find(book, &line)) {
			add_line(sums, &line);
		} else {
			r = run_negative(film, sums, options->verbose, &line);
			if (r >= 0)
				r = suite_book_add(book, &line);
		}
		sums->negatives[kind].seconds += line.seconds;
		sums->negatives[kind].alerts += line.alerts;
		sums->negatives[kind].suspected += line.suspected;
	}
	suite_book_close(book);
	return r;
}

static void print_tally(const char *name, const struct tally *t)
{
	if (t->all > 0)
		printf("  %-10s %3u of %3u  %.1f %%\n", name, t->good, t->all, 100.0 * t->good / t->all);
}

static void print_found(const struct sums *sums)
{
	static const char *const pitches[] = {"building", "30 degrees", "45 degrees", "60 degrees"},
				 *const sizes[] = {"720p", "1080p", "1440p", "2160p"},
				 *const rates[] = {"15/s", "20-25/s", "30/s"},
				 *const coded[] = {"straight", "H.264"};

	for (int i = 0; i < SCENE_KINDS; i++)
		print_tally(scene_kind_name((enum scene_kind)i), &sums->kinds[i]);
	for (int i = 0; i < SUITE_WEATHERS; i++)
		print_tally(suite_weather_name((enum suite_weather)i), &sums->weathers[i]);
	for (int i = 0; i < 4; i++)
		print_tally(pitches[i], &sums->pitches[i]);
	for (int i = 0; i < 4; i++)
		print_tally(sizes[i], &sums->sizes[i]);
	for (int i = 0; i < 3; i++)
		print_tally(rates[i], &sums->rates[i]);
	for (int i = 0; i < 2; i++)
		print_tally(coded[i], &sums->coded[i]);
	print_tally("hidden", &sums->hidden);
	print_tally("floor +-1", &sums->floors);
}

static const char *negative_name(unsigned kind)
{
	static const char *const of_nature[] = {"birds", "tree", "weather"};

	return kind < SCENE_DISTRACTORS ? scene_distractor_name(1U << kind)
					: of_nature[kind - SCENE_DISTRACTORS];
}

static void print_text(const struct sums *sums, double p95)
{
	const struct score *s = &sums->score;

	if (s->throws > 0)
		printf("throws: %u, found %u (%.1f %%), %u more suspected; alerts %u, right %u; delay p95 "
		       "%.2f s\n",
		       s->throws, s->found, 100 * score_recall(s), s->found_suspected,
		       s->alerts - s->alerts_on_negatives, s->alerts_right, p95);
	print_found(sums);
	if (s->negative_s > 0)
		printf("negatives: %.2f hours, %u alerts (%.2f a day), %u suspected (%.2f a day)\n",
		       s->negative_s / 3600, s->alerts_on_negatives,
		       s->alerts_on_negatives * 86400 / s->negative_s, s->suspected_on_negatives,
		       s->suspected_on_negatives * 86400 / s->negative_s);
	for (unsigned i = 0; i < KINDS; i++) {
		if (sums->negatives[i].seconds > 0)
			printf("  %-12s %5.2f h: %u alerts, %u suspected\n", negative_name(i),
			       sums->negatives[i].seconds / 3600, sums->negatives[i].alerts,
			       sums->negatives[i].suspected);
	}
	printf("%llu scenes, %.2f h through H.264, %.2f h straight; %.3f ms a frame, %.3f at 1080p\n",
	       (unsigned long long)sums->scenes, sums->h264_s / 3600, sums->straight_s / 3600,
	       sums->busy_ms / fmax(1, (double)sums->frames),
	       sums->busy_1080_ms / fmax(1, (double)sums->frames_1080));
}

static void print_json(const struct sums *sums, double p95)
{
	const struct score *s = &sums->score;

	printf("{\"throws\":%u,\"event_recall\":%.4f,\"event_precision\":%.4f,\"negative_hours\":%.3f,"
	       "\"alerts_on_negatives\":%u,\"suspected_on_negatives\":%u,\"delay_s_p95\":%.3f,"
	       "\"floor_within_one\":%.4f,\"h264_hours\":%.3f,\"straight_hours\":%.3f,\"ms_per_frame\":%.3f}"
	       "\n",
	       s->throws, score_recall(s), score_precision(s), s->negative_s / 3600, s->alerts_on_negatives,
	       s->suspected_on_negatives, p95,
	       sums->floors.all > 0 ? (double)sums->floors.good / sums->floors.all : 1, sums->h264_s / 3600,
	       sums->straight_s / 3600, sums->busy_ms / fmax(1, (double)sums->frames));
}

static bool bars_hold(const struct sums *sums, double recall, double p95)
{
	const struct score *s = &sums->score;
	double days = s->negative_s / 86400;

	return score_recall(s) >= recall && s->alerts_on_negatives <= 1 + days &&
	       s->suspected_on_negatives <= 1 + 10 * days && p95 <= 1.0 &&
	       sums->floors.good >= 0.95 * sums->floors.all;
}

static int usage(void)
{
	fprintf(stderr,
		"usage: litter_suite [--seed N] [--throws N] [--hours H] [--clip-seconds N] [--h264 SHARE]\n"
		"                    [--scenes FIRST] [--height-max PX] [--distract WORD] [--verbose] "
		"[--bars RECALL] [--json] [--book FILE]\n");
	return 2;
}

static bool read_options(int argc, char **argv, struct options *o)
{
	static const struct option names[] = {{"seed", 1, NULL, 's'},
					      {"throws", 1, NULL, 't'},
					      {"hours", 1, NULL, 'n'},
					      {"clip-seconds", 1, NULL, 'c'},
					      {"h264", 1, NULL, 'h'},
					      {"scenes", 1, NULL, 'f'},
					      {"distract", 1, NULL, 'd'},
					      {"verbose", 0, NULL, 'v'},
					      {"bars", 1, NULL, 'b'},
					      {"json", 0, NULL, 'j'},
					      {"height-max", 1, NULL, 'm'},
					      {"book", 1, NULL, 'k'},
					      {0}};
	int c;

	while ((c = getopt_long(argc, argv, "", names, NULL)) != -1) {
		double value = optarg != NULL && c != 'k' ? strtod(optarg, NULL) : 0;

		if (c == '?' || value < 0 || value > 1e9)
			return false;
		o->choice.seed = c == 's' ? (uint64_t)value : o->choice.seed;
		o->throws = c == 't' ? (int)value : o->throws;
		o->hours = c == 'n' ? value : o->hours;
		o->choice.clip_s = c == 'c' ? (int)value : o->choice.clip_s;
		o->choice.height_max_px = c == 'm' ? (int)value : o->choice.height_max_px;
		o->choice.h264_share = c == 'h' ? value : o->choice.h264_share;
		o->first = c == 'f' ? (unsigned)value : o->first;
		o->verbose |= c == 'v';
		o->bars = c == 'b' ? value : o->bars;
		o->json |= c == 'j';
		o->book = c == 'k' ? optarg : o->book;
		if (c == 'd' && (o->distract = scene_distractor_find(optarg)) == 0)
			return false;
	}
	return optind == argc && o->choice.clip_s >= 10 && o->choice.clip_s <= 10000;
}

int main(int argc, char **argv)
{
	struct options options = {
		.choice = {.seed = 1, .h264_share = 0.25, .clip_s = 60}, .throws = 40, .hours = 0.34};
	struct film *film = calloc(1, sizeof(*film));
	static struct sums sums;
	double p95;
	int r, status;

	if (film == NULL || !read_options(argc, argv, &options)) {
		free(film);
		return usage();
	}
	r = do_throws(&options, film, &sums);
	if (r >= 0)
		r = do_negatives(&options, film, &sums);
	free(film);
	if (r < 0) {
		fprintf(stderr, "litter_suite: a scene could not be drawn or coded (%d)\n", r);
		return 2;
	}
	p95 = score_delay(&sums.score, 0.95);
	print_text(&sums, p95);
	status = options.bars <= 0 || bars_hold(&sums, options.bars, p95) ? 0 : 1;
	if (options.json)
		print_json(&sums, p95);
	score_finish(&sums.score);
	return status;
}
