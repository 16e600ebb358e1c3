/*
 * litter_suite - the littering analysis on scenes drawn by seed: what it finds, and what fools it.
 *
 *   litter_suite [--seed N] [--throws N] [--hours H] [--clip-seconds N] [--h264 SHARE] [--scenes
 *   FIRST]
 *                [--height-max PX] [--distract WORD] [--verbose] [--bars RECALL] [--json] [--book
 *                FILE] [--cache FOLDER] [--tracks FILE] [--uncalibrated]
 *
 * Scenes with --throws throws in all, then --hours camera-hours without one. A share of the scenes
 * goes through H.264, the others straight from the drawing into the analysis; the output says how
 * many. --distract keeps to the negatives of one kind. --book keeps what each scene without a throw
 * gave in FILE and takes from there what was measured before, so that hours add up;
 * tools/litter-hours names that file by the analysis's source. --cache keeps what the front end saw
 * of each scene in FOLDER and draws none of them again (see litter_suite_cache.h). --tracks writes
 * a line of CSV for each fall that was judged: bench/litter_learn.py makes the table of
 * vision/litter/litter_scoring.c of them, and with --verbose says where throws were lost.
 * --uncalibrated leaves out the facade's four points. --bars makes the exit status 1 when recall is
 * below RECALL or false alarms (one and 10 suspected a day, and one of each for the shortness of a
 * run), delay or origin are not as they should be.
 */
#include "litter_suite_report.h"

#include "vision/litter/litter_internal.h"

#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_BYTES = 128 };

struct options {
	struct suite_choice choice;
	int throws;
	unsigned first, scenes,
		distract; /* scenes: at most so many with throws; 0: as many as it takes */
	double hours;
	const char *book, *tracks;
	double bars; /* the recall wanted, 0 to 1; 0: nothing is */
	bool verbose, json;
};

/* a file of its own for all that the picture depends on */
static void name_scene(const struct options *options, const char *what, unsigned number,
		       char name[NAME_BYTES])
{
	const struct suite_choice *c = &options->choice;

	snprintf(name, NAME_BYTES, "%s-%llu-%u-%d-%d-%.2f", what, (unsigned long long)c->seed,
		 number, c->clip_s, c->height_max_px, c->h264_share);
}

static void write_tracks(const struct film *film, const char *name, FILE *file)
{
	for (size_t i = 0; file != NULL && i < film->judged_count; i++) {
		const struct film_judged *judged = &film->judged[i];

		fprintf(file, "%s,%s,%d,%d,%.2f,%.2f,%.4f", name,
			suite_weather_name(film->plan.weather), film->sighting_count > 0,
			judged->throw_index, judged->begin_s, judged->end_s, (double)judged->score);
		for (int k = 0; k < LITTER_MEASURES; k++)
			fprintf(file, ",%.5g", (double)judged->measures[k]);
		fprintf(file, "\n");
	}
}

static int do_throws(const struct options *options, struct film *film, struct sums *sums,
		     FILE *tracks)
{
	char name[NAME_BYTES];
	int r = 0;

	for (unsigned n = options->first;
	     r >= 0 && (int)sums->score.throws < options->throws &&
	     (options->scenes == 0 || n < options->first + options->scenes);
	     n++) {
		suite_throws(&options->choice, n, &film->plan);
		name_scene(options, "throws", n, name);
		r = film_run(film, name);
		if (r >= 0)
			r = suite_add_film(sums, film, options->verbose);
		write_tracks(film, name, tracks);
		film_close(film);
	}
	return r;
}

static int run_negative(struct film *film, struct sums *sums, const struct options *options,
			FILE *tracks, struct suite_line *line)
{
	unsigned alerts = sums->score.alerts, suspected = sums->score.suspected;
	char name[NAME_BYTES];
	int r;

	name_scene(options, "quiet", film->plan.number, name);
	r = film_run(film, name);
	if (r >= 0)
		r = suite_add_film(sums, film, options->verbose);
	write_tracks(film, name, tracks);
	line->seconds = (double)film->plan.options.frames / film->plan.options.frames_per_s;
	line->alerts = sums->score.alerts - alerts;
	line->suspected = sums->score.suspected - suspected;
	line->h264 = film->plan.crf >= 0;
	line->height_px = film->plan.options.height_px;
	line->frames = (uint64_t)film->plan.options.frames;
	line->busy_ms = film->busy_ms;
	film_close(film);
	return r;
}

static int do_negatives(const struct options *options, struct film *film, struct sums *sums,
			FILE *tracks)
{
	struct suite_book *book = NULL;
	int r = options->book != NULL ? suite_book_open(options->book, &book) : 0;

	for (unsigned n = options->first; r >= 0 && sums->score.negative_s < options->hours * 3600;
	     n++) {
		struct suite_line line = {.seed = options->choice.seed,
					  .clip_s = (unsigned)options->choice.clip_s,
					  .scene = n};
		unsigned kind;

		suite_negative(&options->choice, n, &film->plan);
		if (options->distract != 0 &&
		    (film->plan.options.distract & options->distract) == 0)
			continue;
		kind = suite_kind_of(&film->plan);
		if (suite_book_find(book, &line)) {
			suite_add_line(sums, &line);
		} else {
			r = run_negative(film, sums, options, tracks, &line);
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

static int usage(void)
{
	fprintf(stderr, "usage: litter_suite [--seed N] [--throws N] [--hours H] [--clip-seconds "
			"N] [--h264 SHARE]\n"
			"                    [--scenes FIRST] [--height-max PX] [--distract WORD] "
			"[--verbose] "
			"[--bars RECALL] [--json] [--book FILE]\n");
	return 2;
}

static bool read_options(int argc, char **argv, struct options *o, struct film *film)
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
					      {"cache", 1, NULL, 'C'},
					      {"tracks", 1, NULL, 'T'},
					      {"uncalibrated", 0, NULL, 'u'},
					      {"throws-scenes", 1, NULL, 'S'},
					      {0}};
	int c;

	while ((c = getopt_long(argc, argv, "", names, NULL)) != -1) {
		double value =
			optarg != NULL && strchr("kCTd", c) == NULL ? strtod(optarg, NULL) : 0;

		if (c == '?' || value < 0 || value > 1e9)
			return false;
		o->choice.seed = c == 's' ? (uint64_t)value : o->choice.seed;
		o->throws = c == 't' ? (int)value : o->throws;
		o->hours = c == 'n' ? value : o->hours;
		o->choice.clip_s = c == 'c' ? (int)value : o->choice.clip_s;
		o->choice.height_max_px = c == 'm' ? (int)value : o->choice.height_max_px;
		o->choice.h264_share = c == 'h' ? value : o->choice.h264_share;
		o->first = c == 'f' ? (unsigned)value : o->first;
		o->scenes = c == 'S' ? (unsigned)value : o->scenes;
		if (c == 'S')
			o->throws = INT_MAX;
		o->verbose |= c == 'v';
		o->bars = c == 'b' ? value : o->bars;
		o->json |= c == 'j';
		o->book = c == 'k' ? optarg : o->book;
		o->tracks = c == 'T' ? optarg : o->tracks;
		film->cache_folder = c == 'C' ? optarg : film->cache_folder;
		film->uncalibrated |= c == 'u';
		if (c == 'd' && (o->distract = scene_distractor_find(optarg)) == 0)
			return false;
	}
	return optind == argc && o->choice.clip_s >= 10 && o->choice.clip_s <= 10000;
}

int main(int argc, char **argv)
{
	struct options options = {.choice = {.seed = 1, .h264_share = 0.25, .clip_s = 60},
				  .throws = 40,
				  .hours = 0.34};
	struct film *film = calloc(1, sizeof(*film));
	static struct sums sums;
	FILE *tracks = NULL;
	int r, status;

	if (film == NULL || !read_options(argc, argv, &options, film)) {
		free(film);
		return usage();
	}
	if (options.tracks != NULL && (tracks = fopen(options.tracks, "w")) == NULL) {
		perror(options.tracks);
		free(film);
		return 2;
	}
	film->log_judged = tracks != NULL || options.verbose;
	r = do_throws(&options, film, &sums, tracks);
	if (r >= 0)
		r = do_negatives(&options, film, &sums, tracks);
	free(film);
	if (tracks != NULL && fclose(tracks) != 0)
		r = -1;
	if (r < 0) {
		fprintf(stderr,
			"litter_suite: a scene could not be drawn, coded or written down (%d)\n",
			r);
		return 2;
	}
	suite_print_text(&sums);
	status = options.bars <= 0 || suite_bars_hold(&sums, options.bars) ? 0 : 1;
	if (options.json)
		suite_print_json(&sums);
	score_finish(&sums.score);
	return status;
}
