#include "face_album.h"

#include "vision/face/face_pipeline.h"
#include "vision/face/face_quality.h"
#include "vision/face/face_screen.h"
#include "vision/face/threshold.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { FACES_MAX = 16, THREADS_MAX = 64, STEPS = 5 };

struct worker {
	const struct album_config *config;
	struct album *album;
	struct face_engine *engine;
	atomic_size_t *next;
	double ms[STEPS];
	size_t faces;
	int r;
};

/* of this thread alone, so that others on the machine do not count */
static double cpu_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static double since(double *mark)
{
	double now = cpu_ms(), ms = now - *mark;

	*mark = now;
	return ms;
}

static void *read_file(const char *path, size_t *ret_bytes)
{
	FILE *file = fopen(path, "rb");
	void *bytes = NULL;
	long size = -1;

	if (file != NULL && fseek(file, 0, SEEK_END) == 0)
		size = ftell(file);
	if (size > 0 && size <= FACE_PHOTO_BYTES_MAX)
		bytes = malloc((size_t)size);
	if (bytes != NULL) {
		rewind(file);
		if (fread(bytes, 1, (size_t)size, file) != (size_t)size) {
			free(bytes);
			bytes = NULL;
		}
	}
	if (file != NULL)
		fclose(file);
	*ret_bytes = bytes != NULL ? (size_t)size : 0;
	return bytes;
}

/* Benchmark pictures show their person in the middle. */
static size_t nearest_to_middle(const struct face_image *image, const struct face *faces,
				size_t count)
{
	float best = INFINITY, away;
	size_t which = 0;

	for (size_t i = 0; i < count; i++) {
		away = hypotf(faces[i].x_px + faces[i].width_px / 2 - (float)image->width_px / 2,
			      faces[i].y_px + faces[i].height_px / 2 - (float)image->height_px / 2);
		if (away < best) {
			best = away;
			which = i;
		}
	}
	return which;
}

/* The template's length says how much of the face was seen; likeness is of unit vectors. */
static void to_unit(struct album_picture *picture)
{
	double square = 0;

	for (size_t i = 0; i < FACE_DIM; i++)
		square += (double)picture->vector[i] * picture->vector[i];
	picture->length = (float)sqrt(square);
	for (size_t i = 0; i < FACE_DIM; i++)
		picture->vector[i] /= picture->length;
}

static int analyse(struct worker *worker, const struct face_image *image,
		   struct album_picture *picture)
{
	const struct album_config *config = worker->config;
	double mark = cpu_ms(), ms[STEPS] = {0};
	struct face faces[FACES_MAX], *face;
	struct face_quality quality;
	uint8_t crop[FACE_CROP_BYTES];
	size_t count = 0;
	int r = face_detect(worker->engine, image, NULL, faces, FACES_MAX, &count);

	ms[0] = since(&mark);
	if (r < 0 || count == 0)
		return r < 0 ? r : -ENOENT;
	face = &faces[nearest_to_middle(image, faces, count)];
	r = face_find_points(worker->engine, image, face);
	if (r == 0)
		r = face_align(image, face, crop);
	ms[1] = since(&mark);
	if (r < 0)
		return r;
	face_quality_judge(face, crop, &face_quality_frame, &quality);
	picture->good = quality.fault == FACE_FAULT_NONE;
	picture->sharpness = quality.sharpness;
	picture->luma = quality.luma;
	picture->contrast = quality.contrast;
	picture->turn = quality.turn;
	picture->height_px = face->height_px;
	picture->score = face->score;
	ms[2] = since(&mark);
	if (config->liveness)
		r = face_liveness(worker->engine, image, face,
				  (unsigned)(picture - worker->album->pictures), &picture->live);
	if (r == 0 && config->liveness)
		picture->live = face_screen_live(image, face, picture->live);
	ms[3] = since(&mark);
	if (r == 0 && config->embed)
		r = face_make_template(worker->engine, image, face, config->views, picture->vector);
	if (r == 0 && config->embed)
		to_unit(picture);
	ms[4] = since(&mark) /
		(config->views == 0 ? 1 : config->views); /* the door takes one view a frame */
	if (r == 0 && config->embed)
		r = face_align_view(image, face, (unsigned)(picture - worker->album->pictures),
				    crop);
	if (r == 0 && config->embed)
		r = face_embed(worker->engine, crop, 0, picture->single, &picture->norm);
	if (r < 0)
		return r;
	for (int i = 0; i < STEPS; i++)
		worker->ms[i] += ms[i];
	worker->faces++;
	picture->found = true;
	return 0;
}

static void analyse_clip(struct worker *worker, struct album_picture *picture)
{
	char path[1024];
	struct problem problem = {0};
	struct face_photo photo = {0};
	size_t size;
	void *bytes;
	int r;

	snprintf(path, sizeof(path), "%s/%s/%s", worker->config->folder, picture->person,
		 picture->file);
	bytes = read_file(path, &size);
	if (bytes == NULL || face_photo_decode(bytes, size, &photo, &problem) < 0) {
		fprintf(stderr, "%s: %s\n", path, problem.detail);
		free(bytes);
		return;
	}
	face_light_alter(&photo.image, worker->config->light);
	r = analyse(worker, &photo.image, picture);
	if (r < 0)
		fprintf(stderr, "%s: %s\n", path,
			r == -ENOENT ? "no face was found" : strerror(-r));
	face_photo_finish(&photo);
	free(bytes);
}

static void *run(void *arg)
{
	struct worker *worker = arg;
	size_t at;

	while ((at = atomic_fetch_add(worker->next, 1)) < worker->album->count)
		analyse_clip(worker, &worker->album->pictures[at]);
	return NULL;
}

static bool is_picture(const char *name)
{
	size_t length = strlen(name);

	return length > 4 && length < ALBUM_NAME_BYTES &&
	       (strcasecmp(name + length - 4, ".jpg") == 0 ||
		strcasecmp(name + length - 4, ".png") == 0);
}

static int add(struct album *album, size_t *capacity, const char *person, const char *file)
{
	struct album_picture *larger, *picture;

	if (album->count == *capacity) {
		*capacity = *capacity == 0 ? 1024 : *capacity * 2;
		larger = realloc(album->pictures, *capacity * sizeof(*larger));
		if (larger == NULL)
			return -ENOMEM;
		album->pictures = larger;
	}
	picture = &album->pictures[album->count++];
	memset(picture, 0, sizeof(*picture));
	picture->live = -1;
	snprintf(picture->person, sizeof(picture->person), "%s", person);
	snprintf(picture->file, sizeof(picture->file), "%s", file);
	return 0;
}

static int list_person(const char *folder, const char *person, struct album *album,
		       size_t *capacity)
{
	char path[1024];
	struct dirent *entry;
	DIR *dir;
	int r = 0;

	snprintf(path, sizeof(path), "%s/%s", folder, person);
	dir = opendir(path);
	if (dir == NULL)
		return 0; /* a file beside the folders */
	while (r == 0 && (entry = readdir(dir)) != NULL) {
		if (is_picture(entry->d_name))
			r = add(album, capacity, person, entry->d_name);
	}
	closedir(dir);
	return r;
}

static int in_order(const void *left, const void *right)
{
	const struct album_picture *a = left, *b = right;
	int order = strcmp(a->person, b->person);

	return order != 0 ? order : strcmp(a->file, b->file);
}

static int list(const char *folder, struct album *album)
{
	size_t capacity = 0;
	struct dirent *entry;
	DIR *dir = opendir(folder);
	int r = 0;

	if (dir == NULL)
		return -errno;
	while (r == 0 && (entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] != '.' && strlen(entry->d_name) < ALBUM_NAME_BYTES)
			r = list_person(folder, entry->d_name, album, &capacity);
	}
	closedir(dir);
	if (r < 0 || album->count == 0)
		return r < 0 ? r : -ENOENT;
	qsort(album->pictures, album->count, sizeof(*album->pictures), in_order);
	for (size_t i = 0; i < album->count; i++) {
		if (i == 0 || strcmp(album->pictures[i].person, album->pictures[i - 1].person) != 0)
			album->people++;
		album->pictures[i].owner = (unsigned)album->people - 1;
	}
	return 0;
}

static int analyse_all(const struct album_config *config, struct album *album)
{
	struct worker workers[THREADS_MAX] = {0};
	pthread_t threads[THREADS_MAX];
	struct problem problem = {0};
	unsigned count = config->threads < 1 ? 1 : config->threads, started = 0;
	atomic_size_t next = 0;
	size_t faces = 0;
	int r = 0;

	count = count > THREADS_MAX ? THREADS_MAX : count;
	for (unsigned i = 0; r == 0 && i < count; i++) {
		workers[i] = (struct worker){.config = config, .album = album, .next = &next};
		r = face_engine_open(config->models_dir, 1, &workers[i].engine, &problem);
		if (r < 0)
			fprintf(stderr, "%s\n", problem.detail);
	}
	for (; r == 0 && started < count; started++)
		r = -pthread_create(&threads[started], NULL, run, &workers[started]);
	for (unsigned i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
	for (unsigned i = 0; i < count; i++) {
		face_engine_close(workers[i].engine);
		faces += workers[i].faces;
		for (int step = 0; step < STEPS; step++)
			album->ms[step] += workers[i].ms[step];
	}
	for (int step = 0; step < STEPS; step++) {
		album->ms[step] /= faces == 0 ? 1 : (double)faces;
		album->ms_per_face += album->ms[step];
	}
	return r;
}

/* ---- the answers of an earlier run ---- */

struct cache_head {
	char magic[16], recogniser[72]; /* without a gap, for it is compared as bytes */
	size_t count, picture_bytes;
	unsigned views;
	int embed, liveness, light;
};

static struct cache_head head_of(const struct album_config *config, const struct album *album)
{
	struct cache_head head;

	memset(&head, 0, sizeof(head));
	snprintf(head.magic, sizeof(head.magic), "gh-album-4");
	snprintf(head.recogniser, sizeof(head.recogniser), "%s", face_engine_recogniser());
	head.count = album->count;
	head.picture_bytes = sizeof(struct album_picture);
	head.views = config->views;
	head.embed = config->embed;
	head.liveness = config->liveness;
	head.light = (int)config->light;
	return head;
}

/* Only what another run of the same steps left of the same pictures; times are not kept. */
static bool load_cache(const struct album_config *config, struct album *album)
{
	struct cache_head head = head_of(config, album), found;
	FILE *file = config->cache == NULL || album->count == 0 ? NULL : fopen(config->cache, "rb");
	struct album_picture *pictures =
		file == NULL ? NULL : calloc(album->count, sizeof(*pictures));
	bool fits = file != NULL && pictures != NULL &&
		    fread(&found, sizeof(found), 1, file) == 1 &&
		    memcmp(&found, &head, sizeof(head)) == 0 &&
		    fread(pictures, sizeof(*pictures), album->count, file) == album->count;

	for (size_t i = 0; fits && i < album->count; i++)
		fits = strcmp(pictures[i].person, album->pictures[i].person) == 0 &&
		       strcmp(pictures[i].file, album->pictures[i].file) == 0;
	if (fits) {
		free(album->pictures);
		album->pictures = pictures;
	} else {
		free(pictures);
	}
	if (file != NULL)
		fclose(file);
	return fits;
}

static void save_cache(const struct album_config *config, const struct album *album)
{
	struct cache_head head = head_of(config, album);
	FILE *file = config->cache == NULL ? NULL : fopen(config->cache, "wb");
	bool written = file != NULL && fwrite(&head, sizeof(head), 1, file) == 1 &&
		       fwrite(album->pictures, sizeof(*album->pictures), album->count, file) ==
			       album->count;

	if (file != NULL && fclose(file) != 0)
		written = false;
	if (config->cache != NULL && !written)
		fprintf(stderr, "%s: cannot be written, so the next run begins anew\n",
			config->cache);
}

int album_load(const struct album_config *config, struct album *ret_album)
{
	struct album album = {0};
	int r = list(config->folder, &album);

	if (r < 0)
		fprintf(stderr, "%s: %s\n", config->folder,
			r == -ENOENT ? "no pictures" : strerror(-r));
	else if (!load_cache(config, &album)) {
		r = analyse_all(config, &album);
		if (r == 0)
			save_cache(config, &album);
	}
	if (r < 0) {
		album_finish(&album);
		return r;
	}
	*ret_album = album;
	return 0;
}

void album_finish(struct album *album)
{
	free(album->pictures);
	*album = (struct album){0};
}

long album_find(const struct album *album, const char *person, const char *file)
{
	struct album_picture key, *found;

	if (strlen(person) >= ALBUM_NAME_BYTES || strlen(file) >= ALBUM_NAME_BYTES ||
	    album->count == 0)
		return -1;
	snprintf(key.person, sizeof(key.person), "%s", person);
	snprintf(key.file, sizeof(key.file), "%s", file);
	found = bsearch(&key, album->pictures, album->count, sizeof(key), in_order);
	return found == NULL ? -1 : found - album->pictures;
}

float album_cosine(const struct album_picture *a, const struct album_picture *b)
{
	float sums[16] = {0}, sum = 0;

	if (!a->found || !b->found)
		return -1;
	for (size_t i = 0; i < FACE_DIM; i += 16)
		for (size_t lane = 0; lane < 16; lane++)
			sums[lane] += a->vector[i + lane] * b->vector[i + lane];
	for (size_t lane = 0; lane < 16; lane++)
		sum += sums[lane];
	return sum;
}

float album_score(const struct album_picture *enrolled, const struct album_picture *probe)
{
	float likeness = album_cosine(enrolled, probe);

	return enrolled->found && probe->found
		       ? likeness * score_gain_of_template(enrolled->length) *
				 score_gain_of_probe(probe->length)
		       : likeness;
}

uint32_t album_random(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

void album_shuffle(size_t *order, size_t count, uint32_t *state)
{
	for (size_t i = 0; i < count; i++)
		order[i] = i;
	for (size_t i = count; i > 1; i--) {
		size_t other = album_random(state) % i, kept = order[i - 1];

		order[i - 1] = order[other];
		order[other] = kept;
	}
}
