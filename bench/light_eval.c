/*
 * light_eval - does it help to enrol darkened and grey copies of a photo as well, where faces come
 * against the light or under an infrared lamp?
 *
 *   light_eval --images DIR [--models DIR] [--threads N] [--keep PREFIX]
 *
 * Pictures as face_eval takes them. Who has six or more is enrolled with three, in ten draws, and
 * searched for with the rest, plain, against the light and under the lamp (face_light.h); everybody
 * else comes once as a stranger, in the same light. Told is FNIR at FPIR 1e-2, each person counting
 * the same, for templates of the photos alone and with copies of each weight, and at the threshold
 * that is right for plain strangers and templates, how many pass: strangers, and others.
 */
#include "face_album.h"
#include "face_stats.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	PEOPLE_MAX = 20000,
	ENROL = 3,
	ENROL_PICTURES = 6,
	DRAWS = 10,
	PICTURES_MAX = 64,
	WEIGHTS = 4
};

static const float weights[WEIGHTS] = {0, 0.25f, 0.5f, 1};
static const enum face_light probe_lights[] = {FACE_LIGHT_PLAIN, FACE_LIGHT_BACKLIT, FACE_LIGHT_IR};
enum { PROBES = sizeof(probe_lights) / sizeof(probe_lights[0]) };

struct person {
	size_t first, count;
	size_t order[PICTURES_MAX];
	float template[FACE_DIM];
	bool enrolled;
};

static struct person people[PEOPLE_MAX];
static struct album albums[FACE_LIGHTS];

static const struct album_picture *picture(enum face_light light, const struct person *person,
					   size_t at)
{
	return &albums[light].pictures[person->first + person->order[at]];
}

static void add(float *sum, const struct album_picture *of, float weight)
{
	for (size_t i = 0; of->found && i < FACE_DIM; i++)
		sum[i] += weight * of->vector[i];
}

static void enrol(struct person *person, float weight)
{
	double square = 0;

	memset(person->template, 0, sizeof(person->template));
	for (size_t at = 0; at < ENROL; at++) {
		add(person->template, picture(FACE_LIGHT_PLAIN, person, at), 1);
		add(person->template, picture(FACE_LIGHT_DARK, person, at), weight);
		add(person->template, picture(FACE_LIGHT_GREY, person, at), weight);
	}
	for (size_t i = 0; i < FACE_DIM; i++)
		square += (double)person->template[i] * person -> template[i];
	for (size_t i = 0; i < FACE_DIM && square > 1e-9; i++)
		person->template[i] = (float)(person->template[i] / sqrt(square));
}

static float search(size_t count, const struct album_picture *probe, size_t *ret_owner)
{
	float best = -1;

	*ret_owner = SIZE_MAX;
	for (size_t p = 0; probe->found && p < count; p++) {
		float sum = 0;

		for (size_t i = 0; people[p].enrolled && i < FACE_DIM; i++)
			sum += people[p].template[i] * probe -> single[i];
		if (people[p].enrolled && sum > best) {
			best = sum;
			*ret_owner = p;
		}
	}
	return best;
}

struct rates {
	double fnir, fpir_plain,
		fnir_plain; /* the last two at the threshold of plain templates and strangers */
};

static void judge(size_t count, enum face_light light, float *plain_threshold, struct rates *rates)
{
	static struct face_search searches[100000];
	static float strangers[PEOPLE_MAX];
	size_t search_count = 0, stranger_count = 0, pass = 0, owner;
	double wrong = 0, all = 0;
	float threshold;

	for (size_t p = 0; p < count; p++) {
		const struct person *person = &people[p];

		if (!person->enrolled) {
			strangers[stranger_count++] =
				search(count, picture(light, person, 0), &owner);
			continue;
		}
		for (size_t at = ENROL; at < person->count; at++) {
			struct face_search *one = &searches[search_count++];

			one->score = search(count, picture(light, person, at), &owner);
			one->right = owner == p;
			one->weight = 1.0 / (double)(person->count - ENROL);
		}
	}
	rates->fnir += face_stats_fnir(searches, search_count, strangers, stranger_count, 1e-2,
				       &threshold) /
		       DRAWS;
	if (*plain_threshold <= 0)
		*plain_threshold = threshold;
	for (size_t i = 0; i < stranger_count; i++)
		pass += strangers[i] >= *plain_threshold;
	for (size_t i = 0; i < search_count; i++) {
		all += searches[i].weight;
		wrong += searches[i].right && searches[i].score >= *plain_threshold
				 ? 0
				 : searches[i].weight;
	}
	rates->fpir_plain += (double)pass / (double)stranger_count / DRAWS;
	rates->fnir_plain += wrong / all / DRAWS;
}

static size_t find_people(void)
{
	const struct album *album = &albums[FACE_LIGHT_PLAIN];

	for (size_t i = 0; i < album->count; i++) {
		struct person *person = &people[album->pictures[i].owner];

		if (person->count == 0)
			person->first = i;
		if (person->count < PICTURES_MAX)
			person->count++;
	}
	for (size_t p = 0; p < album->people; p++)
		people[p].enrolled = people[p].count >= ENROL_PICTURES;
	return album->people;
}

static void judge_all(size_t count)
{
	static struct rates rates[WEIGHTS][PROBES];

	for (uint32_t seed = 1; seed <= DRAWS; seed++) {
		uint32_t state = seed * 7919;
		float plain_threshold = 0; /* of the first: no copies, plain strangers */

		for (size_t p = 0; p < count; p++)
			album_shuffle(people[p].order, people[p].count, &state);
		for (size_t w = 0; w < WEIGHTS; w++) {
			for (size_t p = 0; p < count; p++)
				if (people[p].enrolled)
					enrol(&people[p], weights[w]);
			for (size_t probe = 0; probe < PROBES; probe++)
				judge(count, probe_lights[probe], &plain_threshold,
				      &rates[w][probe]);
		}
	}
	for (size_t w = 0; w < WEIGHTS; w++)
		for (size_t probe = 0; probe < PROBES; probe++)
			printf("copies of weight %.2f, %s probes: FNIR %.4f at FPIR 1e-2; at the "
			       "plain "
			       "threshold "
			       "FNIR %.4f, "
			       "FPIR %.4f\n",
			       (double)weights[w], face_light_names[probe_lights[probe]],
			       rates[w][probe].fnir, rates[w][probe].fnir_plain,
			       rates[w][probe].fpir_plain);
}

static int load(struct album_config *config, const char *prefix)
{
	char cache[1024];

	for (int light = 0; light < FACE_LIGHTS; light++) {
		size_t lost = 0, poor = 0;

		config->light = (enum face_light)light;
		snprintf(cache, sizeof(cache), "%s.%s", prefix != NULL ? prefix : "",
			 face_light_names[light]);
		config->cache = prefix != NULL ? cache : NULL;
		if (album_load(config, &albums[light]) < 0 || albums[light].people > PEOPLE_MAX)
			return -1;
		for (size_t i = 0; i < albums[light].count; i++) {
			lost += !albums[light].pictures[i].found;
			poor += albums[light].pictures[i].found && !albums[light].pictures[i].good;
		}
		printf("%s: %zu pictures of %zu people; no face in %zu, below the limits of a "
		       "frame %zu\n",
		       face_light_names[light], albums[light].count, albums[light].people, lost,
		       poor);
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct album_config config = {.models_dir = "models", .embed = true, .views = 1};
	const char *prefix = NULL;
	int r;

	config.threads = (unsigned)sysconf(_SC_NPROCESSORS_ONLN);
	for (int i = 1; i + 1 < argc; i += 2) {
		if (strcmp(argv[i], "--images") == 0)
			config.folder = argv[i + 1];
		else if (strcmp(argv[i], "--models") == 0)
			config.models_dir = argv[i + 1];
		else if (strcmp(argv[i], "--threads") == 0)
			config.threads = (unsigned)atoi(argv[i + 1]);
		else if (strcmp(argv[i], "--keep") == 0)
			prefix = argv[i + 1];
	}
	if (config.folder == NULL) {
		fprintf(stderr, "usage: light_eval --images DIR [--models DIR] [--threads N] "
				"[--keep PREFIX]\n");
		return 2;
	}
	r = load(&config, prefix);
	if (r == 0)
		judge_all(find_people());
	for (int light = 0; light < FACE_LIGHTS; light++)
		album_finish(&albums[light]);
	return r == 0 ? 0 : 1;
}
