#include "litter_suite_report.h"

#include <math.h>
#include <stdio.h>

static void tally(struct tally *t, bool good)
{
	t->all++;
	t->good += good;
}

static double share_of(const struct tally *t)
{
	return t->all > 0 ? (double)t->good / t->all : 1;
}

static void tally_throw(struct sums *sums, const struct film *film, size_t t, bool found)
{
	size_t i = film->throw_of[t];
	const struct scene_options *o = &film->plan.options;
	int rate = o->frames_per_s < 20 ? 0 : o->frames_per_s < 30 ? 1 : 2;
	int size = o->height_px <= 720    ? 0
		   : o->height_px <= 1080 ? 1
		   : o->height_px <= 1440 ? 2
					  : 3;

	tally(&sums->kinds[o->throws[i].kind], found);
	tally(&sums->weathers[film->plan.weather], found);
	tally(&sums->pitches[o->pitch_deg == 0 ? 0 : o->pitch_deg / 15 - 1], found);
	tally(&sums->sizes[size], found);
	tally(&sums->rates[rate], found);
	tally(&sums->coded[film->plan.crf >= 0], found);
	if (o->throws[i].hidden_m > 0)
		tally(&sums->hidden, found);
	if (film->traces[t].seen >= FILM_SIGHTINGS_MIN)
		tally(&sums->visible, found);
}

static void print_verdict(const struct score_report *t)
{
	const struct litter_point *a = &t->verdict.points[0],
				  *b = &t->verdict.points[t->verdict.point_count - 1];

	printf("  %s %.2f at %.2f to %.2f s, (%.0f,%.0f) to (%.0f,%.0f), %zu sights, %s:",
	       litter_grade_name(t->verdict.grade), (double)t->verdict.score, t->begin_s, t->end_s,
	       (double)a->x, (double)a->y, (double)b->x, (double)b->y, t->verdict.point_count,
	       t->verdict.origin);
	for (size_t k = 0; k < t->verdict.reason_count; k++)
		printf(" %s=%.3f:%+.2f", t->verdict.reasons[k].name,
		       (double)t->verdict.reasons[k].value, (double)t->verdict.reasons[k].weight);
	printf("\n");
}

static void print_scene(const struct film *film, const char *what)
{
	const struct scene_options *o = &film->plan.options;
	struct litter_stats stats;

	printf("%s %u: %dx%d %d/s, %d degrees, %s%s%s%s%s%s:", what, film->plan.number, o->width_px,
	       o->height_px, o->frames_per_s, o->pitch_deg, suite_weather_name(film->plan.weather),
	       o->leaves ? ", tree" : "", o->birds > 0 ? ", birds" : "",
	       o->mirrors ? ", mirrors" : "", film->plan.crf >= 0 ? ", H.264" : "",
	       o->distract != 0 ? ", " : "");
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

static void check_origins(struct sums *sums, const struct film *film)
{
	const struct score_sighting *sightings = film->sightings;

	for (size_t t = 0; t < film->sighting_count; t++) {
		const struct scene_throw *throw = &film->plan.options.throws[film->throw_of[t]];
		const struct score_report *best = NULL;

		for (size_t i = 0; i < film->report_count && best == NULL; i++) {
			const struct score_report *report = &film->reports[i];

			if (report->verdict.grade == LITTER_ALERT && report->verdict.origin_known &&
			    fabs(report->end_s - sightings[t].end_s) < 1 &&
			    fabs((double)report->verdict.points[0].x - sightings[t].x0) <
				    0.15 * film->plan.options.height_px)
				best = report;
		}
		if (best != NULL)
			tally(&sums->floors, best->verdict.floor_low <= throw->floor + 1 &&
						     best->verdict.floor_high >= throw->floor - 1);
	}
}

int suite_add_film(struct sums *sums, struct film *film, bool verbose)
{
	const struct scene_options *o = &film->plan.options;
	const struct score_sighting *sightings = film->sightings;
	const size_t *of = film->throw_of;
	size_t count = film->sighting_count;
	bool found[SCENE_THROWS_MAX + 1] = {false};
	double seconds = (double)o->frames / o->frames_per_s;
	unsigned wrong = sums->score.alerts - sums->score.alerts_right;
	int r = score_add(&sums->score,
			  &(struct score_clip){.sightings = sightings,
					       .sighting_count = count,
					       .reports = film->reports,
					       .report_count = film->report_count,
					       .seconds = seconds,
					       .frames = (uint64_t)o->frames,
					       .height_px = o->height_px},
			  found);
	bool all = sums->score.alerts - sums->score.alerts_right == wrong;

	for (size_t t = 0; t < count; t++) {
		tally_throw(sums, film, t, found[t]);
		all = all && found[t];
	}
	check_origins(sums, film);
	*(film->plan.crf >= 0 ? &sums->h264_s : &sums->straight_s) += seconds;
	sums->scenes++;
	sums->frames += (uint64_t)o->frames;
	sums->busy_ms += film->busy_ms;
	if (o->height_px == 1080) {
		sums->frames_1080 += (uint64_t)o->frames;
		sums->busy_1080_ms += film->busy_ms;
	}
	if (!verbose || (count > 0 && all) || (count == 0 && film->report_count == 0))
		return r;
	print_scene(film, count > 0 ? "throws" : "negative");
	for (size_t t = 0; t < count; t++) {
		const struct scene_throw *w = &o->throws[of[t]];

		if (!found[t])
			printf("  missed, %s (%u sights, %u to be seen, %u blobs, track of %u, "
			       "score %.2f): "
			       "%s of "
			       "size %.2f, luma %d, floor %d, %.2f to %.2f s, (%.0f,%.0f) to "
			       "(%.0f,%.0f)\n",
			       film_stage(&film->traces[t]), film->traces[t].sightings,
			       film->traces[t].seen, film->traces[t].blobs, film->traces[t].longest,
			       (double)film->traces[t].best, scene_kind_name(w->kind), w->size,
			       w->luma, w->floor, sightings[t].begin_s, sightings[t].end_s,
			       sightings[t].x0, sightings[t].y0, sightings[t].x1, sightings[t].y1);
	}
	for (size_t i = 0; i < film->report_count; i++)
		print_verdict(&film->reports[i]);
	fflush(stdout);
	return r;
}

unsigned suite_kind_of(const struct suite_scene *plan)
{
	return plan->number % SUITE_KINDS;
}

void suite_add_line(struct sums *sums, const struct suite_line *line)
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

static void print_tally(const char *name, const struct tally *t)
{
	if (t->all > 0)
		printf("  %-10s %3u of %3u  %.1f %%\n", name, t->good, t->all,
		       100.0 * t->good / t->all);
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
	print_tally("visible", &sums->visible);
	print_tally("floor +-1", &sums->floors);
}

static const char *negative_name(unsigned kind)
{
	static const char *const of_nature[] = {"birds", "tree", "weather"};

	return kind < SCENE_DISTRACTORS ? scene_distractor_name(1U << kind)
					: of_nature[kind - SCENE_DISTRACTORS];
}

void suite_print_text(struct sums *sums)
{
	struct score *s = &sums->score;
	double p95 = score_delay(s, 0.95);

	if (s->throws > 0)
		printf("throws: %u, found %u (%.1f %%), %u more suspected; alerts %u, right %u; "
		       "delay p95 "
		       "%.2f s\n",
		       s->throws, s->found, 100 * score_recall(s), s->found_suspected,
		       s->alerts - s->alerts_on_negatives, s->alerts_right, p95);
	print_found(sums);
	if (s->negative_s > 0)
		printf("negatives: %.2f hours, %u alerts (%.2f a day), %u suspected (%.2f a day)\n",
		       s->negative_s / 3600, s->alerts_on_negatives,
		       s->alerts_on_negatives * 86400 / s->negative_s, s->suspected_on_negatives,
		       s->suspected_on_negatives * 86400 / s->negative_s);
	for (unsigned i = 0; i < SUITE_KINDS; i++) {
		if (sums->negatives[i].seconds > 0)
			printf("  %-12s %5.2f h: %u alerts, %u suspected\n", negative_name(i),
			       sums->negatives[i].seconds / 3600, sums->negatives[i].alerts,
			       sums->negatives[i].suspected);
	}
	printf("%llu scenes, %.2f h through H.264, %.2f h straight; %.3f ms a frame, %.3f at "
	       "1080p\n",
	       (unsigned long long)sums->scenes, sums->h264_s / 3600, sums->straight_s / 3600,
	       sums->busy_ms / fmax(1, (double)sums->frames),
	       sums->busy_1080_ms / fmax(1, (double)sums->frames_1080));
}

void suite_print_json(struct sums *sums)
{
	struct score *s = &sums->score;
	double p95 = score_delay(s, 0.95);

	printf("{\"throws\":%u,\"event_recall\":%.4f,\"visible\":%u,\"visible_recall\":%.4f,"
	       "\"event_"
	       "precision\":%.4f,\"negative_hours\":%.3f,"
	       "\"alerts_on_negatives\":%u,\"suspected_on_negatives\":%u,\"delay_s_p95\":%.3f,"
	       "\"floor_within_one\":%.4f,\"h264_hours\":%.3f,\"straight_hours\":%.3f,\"ms_per_"
	       "frame\":%.3f}"
	       "\n",
	       s->throws, score_recall(s), sums->visible.all, share_of(&sums->visible),
	       score_precision(s), s->negative_s / 3600, s->alerts_on_negatives,
	       s->suspected_on_negatives, p95, share_of(&sums->floors), sums->h264_s / 3600,
	       sums->straight_s / 3600, sums->busy_ms / fmax(1, (double)sums->frames));
}

bool suite_bars_hold(struct sums *sums, double recall)
{
	struct score *s = &sums->score;
	double p95 = score_delay(s, 0.95);
	double days = s->negative_s / 86400;

	return score_recall(s) >= recall && s->alerts_on_negatives <= 1 + days &&
	       s->suspected_on_negatives <= 1 + 10 * days && p95 <= 1.0 &&
	       sums->floors.good >= 0.95 * sums->floors.all;
}
