/*
 * face_eval - how well does the engine tell people apart? The gate's own steps on LFW's protocol,
 * and beyond it.
 *
 *   face_eval --images DIR --pairs FILE [--models DIR] [--views N] [--fusion mean|best] [--score
 *   weighed|cosine]
 *             [--threads N] [--keep FILE] [--json]
 *
 * A score is the door's: the cosine, weighed by what was seen of the face enrolled and of the probe
 * (threshold.h); of a pair the second is the probe, of all pairs the later one. "cosine" leaves it
 * out, but at the calibration below.
 *
 * Pictures are DIR/NAME/NAME_0001.jpg. Accuracy is the mean over the folds of FILE, each judged
 * with the threshold that is best on the others. TAR, FAR and EER are over all pairs of all
 * pictures. Then one to many: people with six pictures or more are enrolled with 1, 3 and 5 of
 * them, drawn ten times, and searched for with the rest; everybody else comes once as a stranger.
 * Enrolled by three, the gate's own calibration (threshold_calibration.h) watches the rest of their
 * pictures as passages, in tracks of one to three; told are its threshold for an effective rate of
 * 1 %, what it refuses there, the strangers who really pass, in how many draws that lies within the
 * limits it states, and in how many it speaks against them (few strangers say little): once with
 * everybody else as strangers, and once with half of those who can be enrolled, the others of them
 * as strangers ("alike"). A picture in which no face is found matches nobody, and counts.
 */
#include "face_album.h"
#include "face_site.h"
#include "face_stats.h"

#include "vision/face/face_pipeline.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	PAIRS_MAX = 100000,
	ENROL_PICTURES = 6,
	DRAWS = 10,
	FARS = 4,
	ENROLS = 3,
	TRACKS = 3,
	POPULATIONS = 2
};

static const unsigned enrol_counts[ENROLS] = {1, 3, 5};

struct site_mean { /* over the draws */
	double enrolled, strangers, frr, far, low, high, threshold, card;
	unsigned within, refuted, judged;
};

struct run {
	const char *images, *pairs, *models, *cache;
	unsigned views, threads;
	bool json, best;
	float (*score)(const struct album_picture *enrolled, const struct album_picture *probe);
	struct album album;
	struct face_stats stats;
	double accuracy, accuracy_error, eer, tar[FARS], fnir[ENROLS], rank1[ENROLS];
	float eer_threshold, thresholds[FARS], fnir_thresholds[ENROLS];
	size_t pair_count, enrolled, strangers, lost, poor;
	struct site_mean sites[POPULATIONS][TRACKS]; /* by pictures a track, less one */
};

static float likeness_of(const struct run *run, const char *a, const char *a_number, const char *b,
			 const char *b_number)
{
	char file[ALBUM_NAME_BYTES];
	long left, right;

	snprintf(file, sizeof(file), "%s_%04d.jpg", a, atoi(a_number));
	left = album_find(&run->album, a, file);
	snprintf(file, sizeof(file), "%s_%04d.jpg", b, atoi(b_number));
	right = album_find(&run->album, b, file);
	if (left < 0 || right < 0) {
		fprintf(stderr, "face_eval: %s %s or %s %s is not there: counted as no match\n", a,
			a_number, b, b_number);
		return -1;
	}
	return run->score(&run->album.pictures[left], &run->album.pictures[right]);
}

/*
 * Head: "FOLDS COUNT"; then, for each fold, COUNT lines "NAME A B" of the same and COUNT "NAME A
 * NAME B" of others.
 */
static int judge_pairs(struct run *run)
{
	struct face_pair *pairs = calloc(PAIRS_MAX, sizeof(*pairs));
	char line[512], word[4][ALBUM_NAME_BYTES];
	FILE *file = fopen(run->pairs, "r");
	unsigned per_fold = 300;
	size_t count = 0;

	if (file == NULL || pairs == NULL) {
		fprintf(stderr, "face_eval: %s: %s\n", run->pairs, strerror(errno));
		free(pairs);
		return -1;
	}
	while (count < PAIRS_MAX && fgets(line, sizeof(line), file) != NULL) {
		int words =
			sscanf(line, "%127s %127s %127s %127s", word[0], word[1], word[2], word[3]);
		unsigned fold = (unsigned)(count / (2 * (size_t)per_fold));

		if (words == 2 && count == 0)
			per_fold = atoi(word[1]) > 0 ? (unsigned)atoi(word[1]) : per_fold;
		if (words < 3 || fold >= FACE_STATS_FOLDS_MAX)
			continue;
		pairs[count++] = (struct face_pair){
			words == 3 ? likeness_of(run, word[0], word[1], word[0], word[2])
				   : likeness_of(run, word[0], word[1], word[2], word[3]),
			words == 3, fold};
	}
	fclose(file);
	run->pair_count = count;
	run->accuracy = face_stats_accuracy(pairs, count, &run->accuracy_error);
	free(pairs);
	return count > 0 ? 0 : -1;
}

static void judge_all_pairs(struct run *run)
{
	static const double fars[FARS] = {1e-2, 1e-3, 1e-4, 1e-5};
	const struct album_picture *pictures = run->album.pictures;

	for (size_t i = 0; i < run->album.count; i++) {
		run->lost += !pictures[i].found;
		run->poor += pictures[i].found && !pictures[i].good;
		for (size_t j = 0; j < i; j++)
			face_stats_add(&run->stats, run->score(&pictures[j], &pictures[i]),
				       pictures[i].owner == pictures[j].owner);
	}
	run->eer = face_stats_eer(&run->stats, &run->eer_threshold);
	for (int i = 0; i < FARS; i++)
		run->tar[i] = face_stats_tar(&run->stats, fars[i], &run->thresholds[i]);
}

/* ---- one to many ---- */

struct person {
	size_t first, count; /* pictures */
};

struct gallery_entry {
	size_t owner;
	struct album_picture face;
};

struct draw {
	struct gallery_entry *entries;
	size_t entry_count;
	struct face_search *searches;
	size_t search_count;
	float *strangers;
	size_t stranger_count;
};

static void to_unit(struct album_picture *face)
{
	double square = 0;

	for (size_t i = 0; i < FACE_DIM; i++)
		square += (double)face->vector[i] * face->vector[i];
	face->found = square > 1e-9;
	for (size_t i = 0; face->found && i < FACE_DIM; i++)
		face->vector[i] = (float)(face->vector[i] / sqrt(square));
}

static void enrol(const struct run *run, struct draw *draw, const struct person *person,
		  const size_t *order, unsigned count)
{
	struct gallery_entry *entry = NULL;
	float lengths = 0;

	for (unsigned i = 0; i < count; i++) {
		const struct album_picture *picture =
			&run->album.pictures[person->first + order[i]];

		if (entry == NULL || run->best) {
			entry = &draw->entries[draw->entry_count++];
			entry->owner = picture->owner;
			entry->face = *picture;
			lengths = picture->length;
			continue;
		}
		lengths += picture->length;
		for (size_t k = 0; picture->found && k < FACE_DIM; k++)
			entry->face.vector[k] += picture->vector[k];
	}
	if (!run->best && entry != NULL) {
		to_unit(&entry->face);
		entry->face.length = lengths / (float)count;
	}
}

static float search(const struct run *run, const struct draw *draw,
		    const struct album_picture *probe, size_t *ret_owner)
{
	float best = -1, score;

	*ret_owner = SIZE_MAX;
	for (size_t i = 0; i < draw->entry_count; i++) {
		score = run->score(&draw->entries[i].face, probe);
		if (score > best) {
			best = score;
			*ret_owner = draw->entries[i].owner;
		}
	}
	return best;
}

static void search_for(const struct run *run, struct draw *draw, const struct person *person,
		       const size_t *order, unsigned enrolled)
{
	for (size_t i = enrolled; i < person->count; i++) {
		const struct album_picture *probe = &run->album.pictures[person->first + order[i]];
		struct face_search *result = &draw->searches[draw->search_count++];
		size_t owner;

		result->score = search(run, draw, probe, &owner);
		result->right = owner == probe->owner;
		result->weight = 1.0 / (double)(person->count - enrolled);
	}
}

static void draw_once(struct run *run, const struct person *people, struct draw *draw, int which,
		      uint32_t seed)
{
	size_t(*orders)[1024] = calloc(run->album.people, sizeof(*orders)), owner;
	uint32_t state = seed;
	float threshold;
	double right = 0, all = 0;

	if (orders == NULL)
		abort();
	draw->entry_count = draw->search_count = draw->stranger_count = 0;
	for (size_t p = 0; p < run->album.people; p++) {
		album_shuffle(orders[p], people[p].count, &state);
		if (people[p].count >= ENROL_PICTURES)
			enrol(run, draw, &people[p], orders[p], enrol_counts[which]);
	}
	for (size_t p = 0; p < run->album.people; p++) {
		if (people[p].count >= ENROL_PICTURES)
			search_for(run, draw, &people[p], orders[p], enrol_counts[which]);
		else
			draw->strangers[draw->stranger_count++] = search(
				run, draw, &run->album.pictures[people[p].first + orders[p][0]],
				&owner);
	}
	free(orders);
	for (size_t i = 0; i < draw->search_count; i++) {
		all += draw->searches[i].weight;
		right += draw->searches[i].right ? draw->searches[i].weight : 0;
	}
	run->rank1[which] += right / all / DRAWS;
	run->fnir[which] += face_stats_fnir(draw->searches, draw->search_count, draw->strangers,
					    draw->stranger_count, 1e-2, &threshold) /
			    DRAWS;
	run->fnir_thresholds[which] += threshold / DRAWS;
}

static void judge_searches(struct run *run)
{
	struct person *people = calloc(run->album.people, sizeof(*people));
	struct draw draw = {.entries = calloc(run->album.count, sizeof(*draw.entries)),
			    .searches = calloc(run->album.count, sizeof(*draw.searches)),
			    .strangers = calloc(run->album.people, sizeof(*draw.strangers))};

	if (people == NULL || draw.entries == NULL || draw.searches == NULL ||
	    draw.strangers == NULL)
		abort();
	for (size_t i = 0; i < run->album.count; i++) {
		struct person *person = &people[run->album.pictures[i].owner];

		if (person->count == 0)
			person->first = i;
		if (person->count < 1024)
			person->count++;
	}
	for (size_t p = 0; p < run->album.people; p++)
		run->enrolled += people[p].count >= ENROL_PICTURES;
	run->strangers = run->album.people - run->enrolled;
	for (int which = 0; which < ENROLS; which++)
		for (uint32_t seed = 1; seed <= DRAWS && run->enrolled > 0; seed++)
			draw_once(run, people, &draw, which, seed * 7919);
	free(people);
	free(draw.entries);
	free(draw.searches);
	free(draw.strangers);
}

/* ---- the gate's own calibration ---- */

static const char *const populations[POPULATIONS] = {"all", "alike"};

static void judge_site(struct run *run, const struct face_site_setup *setup, struct site_mean *mean)
{
	struct face_site_trial trial;

	for (uint32_t seed = 1; seed <= DRAWS; seed++) {
		if (face_site_try(&run->album, setup, seed * 104729, &trial) < 0)
			return;
		mean->enrolled += (double)trial.enrolled / DRAWS;
		mean->strangers += (double)trial.strangers / DRAWS;
		mean->frr += trial.frr / DRAWS;
		mean->far += trial.far / DRAWS;
		mean->low += trial.low / DRAWS;
		mean->high += trial.high / DRAWS;
		mean->threshold += trial.threshold / DRAWS;
		mean->card += trial.card / DRAWS;
		mean->judged += trial.judged;
		mean->refuted += trial.refuted;
		mean->within += trial.judged && trial.far >= trial.low && trial.far <= trial.high;
	}
}

static void judge_sites(struct run *run)
{
	for (unsigned alike = 0; alike < POPULATIONS; alike++) {
		for (unsigned track = 1; track <= TRACKS; track++) {
			const struct face_site_setup setup = {.pictures_min = ENROL_PICTURES,
							      .enrol = 3,
							      .track = track,
							      .enrolled_share = alike ? 50 : 100,
							      .ambiguous_strangers = alike != 0,
							      .best = run->best,
							      .percent = 1};

			judge_site(run, &setup, &run->sites[alike][track - 1]);
		}
	}
}

static void print_sites(const struct run *run)
{
	for (unsigned alike = 0; alike < POPULATIONS; alike++) {
		for (unsigned track = 1; track <= TRACKS; track++) {
			const struct site_mean *mean = &run->sites[alike][track - 1];

			printf("site calibration to 1 %%, %.0f enrolled by 3, tracks of %u, %.0f "
			       "strangers "
			       "(%s): threshold %.3f "
			       "(card %.3f), FRR %.4f, strangers who pass %.4f, stated %.4f to "
			       "%.4f, within "
			       "in %u of %u draws, refuted in %u\n",
			       mean->enrolled, track, mean->strangers, populations[alike],
			       mean->threshold, mean->card, mean->frr, mean->far, mean->low,
			       mean->high, mean->within, mean->judged, mean->refuted);
		}
	}
}

static void print_sites_json(const struct run *run)
{
	printf(",\"site\":[");
	for (unsigned at = 0; at < POPULATIONS * TRACKS; at++) {
		const struct site_mean *mean = &run->sites[at / TRACKS][at % TRACKS];

		printf("%s{\"strangers\":\"%s\",\"track\":%u,\"enrolled\":%.0f,\"threshold\":%.4f,"
		       "\"card\":%.4f,"
		       "\"frr\":%.5f,\"far\":%.5f,\"far_low\":%.5f,\"far_high\":%.5f,\"within\":%u,"
		       "\"refuted\":%u,\"draws\":%u}",
		       at == 0 ? "" : ",", populations[at / TRACKS], at % TRACKS + 1,
		       mean->enrolled, mean->threshold, mean->card, mean->frr, mean->far, mean->low,
		       mean->high, mean->within, mean->refuted, mean->judged);
	}
	printf("]");
}

static void print_text(const struct run *run)
{
	printf("%zu pictures of %zu people; no face in %zu, below the limits of a frame %zu\n",
	       run->album.count, run->album.people, run->lost, run->poor);
	printf("%zu pairs: accuracy %.4f +- %.4f\n", run->pair_count, run->accuracy,
	       run->accuracy_error);
	printf("%llu same and %llu other pairs: EER %.4f at %.3f\n",
	       (unsigned long long)run->stats.same_count,
	       (unsigned long long)run->stats.other_count, run->eer, (double)run->eer_threshold);
	for (int i = 0; i < FARS; i++)
		printf("  TAR %.4f at FAR 1e-%d, threshold %.4f\n", run->tar[i], i + 2,
		       (double)run->thresholds[i]);
	printf("%zu enrolled, %zu strangers, template: %s\n", run->enrolled, run->strangers,
	       run->best ? "best of several" : "mean");
	for (int i = 0; i < ENROLS; i++)
		printf("  %u enrolled: rank-1 %.4f, FNIR %.4f at FPIR 1e-2, threshold %.3f\n",
		       enrol_counts[i], run->rank1[i], run->fnir[i],
		       (double)run->fnir_thresholds[i]);
	print_sites(run);
	printf("%.1f ms a face on one thread: detect %.1f, points %.1f, quality %.2f, liveness "
	       "%.1f, embed "
	       "%.1f\n",
	       run->album.ms_per_face, run->album.ms[0], run->album.ms[1], run->album.ms[2],
	       run->album.ms[3], run->album.ms[4]);
}

static void print_json(const struct run *run)
{
	printf("{\"bench\":\"face_eval\",\"pictures\":%zu,\"people\":%zu,\"no_face\":%zu,\"poor\":%"
	       "zu,"
	       "\"pairs\":%zu,"
	       "\"accuracy\":%.5f,\"accuracy_error\":%.5f,\"eer\":%.5f,\"eer_threshold\":%.4f",
	       run->album.count, run->album.people, run->lost, run->poor, run->pair_count,
	       run->accuracy, run->accuracy_error, run->eer, (double)run->eer_threshold);
	for (int i = 0; i < FARS; i++)
		printf(",\"tar_at_far_1e-%d\":%.5f,\"threshold_at_far_1e-%d\":%.4f", i + 2,
		       run->tar[i], i + 2, (double)run->thresholds[i]);
	printf(",\"enrolled\":%zu,\"strangers\":%zu", run->enrolled, run->strangers);
	for (int i = 0; i < ENROLS; i++)
		printf(",\"fnir_at_fpir_1e-2_enrol%u\":%.5f,\"rank1_enrol%u\":%.5f,\"threshold_"
		       "enrol%u\":%."
		       "4f",
		       enrol_counts[i], run->fnir[i], enrol_counts[i], run->rank1[i],
		       enrol_counts[i], (double)run->fnir_thresholds[i]);
	print_sites_json(run);
	printf(",\"ms_per_face\":%.2f,\"views\":%u,\"fusion\":\"%s\"}\n", run->album.ms_per_face,
	       run->views, run->best ? "best" : "mean");
}

static bool parse(struct run *run, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		bool more = i + 1 < argc;

		if (strcmp(argv[i], "--json") == 0)
			run->json = true;
		else if (strcmp(argv[i], "--images") == 0 && more)
			run->images = argv[++i];
		else if (strcmp(argv[i], "--pairs") == 0 && more)
			run->pairs = argv[++i];
		else if (strcmp(argv[i], "--models") == 0 && more)
			run->models = argv[++i];
		else if (strcmp(argv[i], "--keep") == 0 && more)
			run->cache = argv[++i];
		else if (strcmp(argv[i], "--views") == 0 && more)
			run->views = (unsigned)atoi(argv[++i]);
		else if (strcmp(argv[i], "--threads") == 0 && more)
			run->threads = (unsigned)atoi(argv[++i]);
		else if (strcmp(argv[i], "--score") == 0 && more)
			run->score = strcmp(argv[++i], "cosine") == 0 ? album_cosine : album_score;
		else if (strcmp(argv[i], "--fusion") == 0 && more)
			run->best = strcmp(argv[++i], "best") == 0;
		else
			return false;
	}
	return run->images != NULL && run->pairs != NULL && run->views >= 1 &&
	       run->views <= FACE_CROP_VIEWS;
}

int main(int argc, char **argv)
{
	static struct run run = {
		.models = "models", .views = FACE_CROP_VIEWS, .score = album_score};
	struct album_config config = {.embed = true, .liveness = true};
	int r;

	run.threads = (unsigned)sysconf(_SC_NPROCESSORS_ONLN);
	if (!parse(&run, argc, argv)) {
		fprintf(stderr,
			"usage: face_eval --images DIR --pairs FILE [--models DIR] [--views 1-%d] "
			"[--fusion mean|best] [--score weighed|cosine] [--threads N] [--keep FILE] "
			"[--json]\n",
			FACE_CROP_VIEWS);
		return 2;
	}
	config.folder = run.images;
	config.models_dir = run.models;
	config.cache = run.cache;
	config.threads = run.threads;
	config.views = run.views;
	if (album_load(&config, &run.album) < 0)
		return 1;
	r = judge_pairs(&run);
	if (r == 0) {
		judge_all_pairs(&run);
		judge_searches(&run);
		judge_sites(&run);
		(run.json ? print_json : print_text)(&run);
	} else {
		fprintf(stderr, "face_eval: %s holds no pairs\n", run.pairs);
	}
	album_finish(&run.album);
	return r == 0 ? 0 : 1;
}
