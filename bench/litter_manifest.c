#include "litter_manifest.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FIELDS = 8, LINE_BYTES = 4096 };

#define SIGHTING_S 0.15 /* a shorter line is one sight of a throw */
#define APART_S 0.5

struct reader {
	const char *path;
	unsigned line;
	char *error;
	struct manifest *manifest;
};

static int mistake(const struct reader *reader, const char *what)
{
	snprintf(reader->error, MANIFEST_ERROR_BYTES, "%.150s:%u: %.80s", reader->path,
		 reader->line, what);
	return -EINVAL;
}

/* cuts @p line at its commas; @return how many fields, -1 for an open quote or too many */
static int split(char *line, char *fields[FIELDS])
{
	int count = 0;
	char *at = line;

	for (;;) {
		char *to = at;

		if (count == FIELDS)
			return -1;
		fields[count++] = at;
		if (*at == '"') {
			char *from = at + 1;

			for (; *from != '\0' && !(from[0] == '"' && from[1] != '"'); from++) {
				from += *from == '"';
				*to++ = *from;
			}
			if (*from == '\0')
				return -1;
			at = from + 1;
			if (*at != ',' && *at != '\0')
				return -1;
		} else {
			at += strcspn(at, ",");
			to = at;
		}
		if (*at == '\0') {
			*to = '\0';
			return count;
		}
		at++;
		*to = '\0';
	}
}

static bool read_number(const char *text, double *ret_value)
{
	char *end;

	*ret_value = strtod(text, &end);
	return end != text && *end == '\0' && isfinite(*ret_value) && fabs(*ret_value) <= 1e6;
}

static bool read_roi(char *text, struct manifest_clip *clip)
{
	struct litter_polygon roi = {.count = 0};
	char *save = NULL;
	bool px = false;

	for (char *p = strtok_r(text, ";", &save); p != NULL; p = strtok_r(NULL, ";", &save)) {
		char *colon = strchr(p, ':');
		double x, y;

		if (colon == NULL || roi.count == LITTER_POLYGON_POINTS_MAX)
			return false;
		*colon = '\0';
		if (!read_number(p, &x) || !read_number(colon + 1, &y) || x < 0 || y < 0)
			return false;
		px = px || x > 1 || y > 1;
		roi.points[roi.count++] = (struct litter_spot){(float)x, (float)y};
	}
	clip->roi = roi;
	clip->roi_in_px = px;
	return roi.count >= 3;
}

/* beside the manifest, or from here; a file that is nowhere keeps its name for the report */
static void find(const struct reader *reader, const char *name, char ret_path[MANIFEST_PATH_BYTES])
{
	const char *slash = strrchr(reader->path, '/');
	int folder = slash != NULL && name[0] != '/' ? (int)(slash - reader->path) + 1 : 0;

	snprintf(ret_path, MANIFEST_PATH_BYTES, "%.*s%s", folder, reader->path, name);
	if (access(ret_path, F_OK) != 0 && access(name, F_OK) == 0)
		snprintf(ret_path, MANIFEST_PATH_BYTES, "%s", name);
}

static struct manifest_clip *clip_named(struct reader *reader, const char *name)
{
	struct manifest *m = reader->manifest;
	char path[MANIFEST_PATH_BYTES];
	struct manifest_clip *more;

	find(reader, name, path);
	for (size_t i = m->count; i-- > 0;) { /* lines of one clip mostly follow each other */
		if (strcmp(m->clips[i].path, path) == 0)
			return &m->clips[i];
	}
	more = realloc(m->clips, (m->count + 1) * sizeof(*more));
	if (more == NULL)
		return NULL;
	m->clips = more;
	memset(&more[m->count], 0, sizeof(*more));
	memcpy(more[m->count].path, path, sizeof(path));
	return &more[m->count++];
}

static bool read_box(char *fields[FIELDS], struct score_sighting *sighting)
{
	double v[4];

	sighting->has_box = fields[4][0] != '\0' || fields[5][0] != '\0' || fields[6][0] != '\0' ||
			    fields[7][0] != '\0';
	if (!sighting->has_box)
		return true;
	for (int i = 0; i < 4; i++) {
		if (!read_number(fields[4 + i], &v[i]))
			return false;
	}
	/* a throw may go to the left: which corner comes first does not matter */
	sighting->x0 = fmin(v[0], v[2]);
	sighting->x1 = fmax(v[0], v[2]);
	sighting->y0 = fmin(v[1], v[3]);
	sighting->y1 = fmax(v[1], v[3]);
	return true;
}

static int parse_line(struct reader *reader, char *line)
{
	static char empty[] = "";
	char *fields[FIELDS];
	struct score_sighting sighting = {0}, *more;
	struct manifest_clip *clip;
	int count = split(line, fields);

	if (count < 1 || fields[0][0] == '\0')
		return mistake(reader, "expected path,roi,begin_s,end_s,x0,y0,x1,y1");
	while (count < FIELDS)
		fields[count++] = empty;
	if (strlen(fields[0]) >= MANIFEST_PATH_BYTES / 2)
		return mistake(reader, "the path is too long");
	clip = clip_named(reader, fields[0]);
	if (clip == NULL)
		return -ENOMEM;
	if (fields[1][0] != '\0' && !read_roi(fields[1], clip))
		return mistake(reader, "roi is not x1:y1;x2:y2;x3:y3;... of 3 to 16 points");
	if (fields[2][0] == '\0' && fields[3][0] == '\0')
		return fields[4][0] == '\0' ? 0
					    : mistake(reader, "a box without begin_s and end_s");
	if (!read_number(fields[2], &sighting.begin_s) ||
	    !read_number(fields[3], &sighting.end_s) || sighting.begin_s < 0 ||
	    sighting.end_s < sighting.begin_s)
		return mistake(reader, "begin_s and end_s are no times in order");
	if (!read_box(fields, &sighting))
		return mistake(reader, "x0,y0,x1,y1 are not four numbers");
	more = realloc(clip->sightings, (clip->sighting_count + 1) * sizeof(*more));
	if (more == NULL)
		return -ENOMEM;
	clip->sightings = more;
	clip->sightings[clip->sighting_count++] = sighting;
	return 0;
}

static int by_time(const void *a, const void *b)
{
	const struct score_sighting *x = a, *y = b;

	return (x->begin_s > y->begin_s) - (x->begin_s < y->begin_s);
}

static void number_throws(struct manifest_clip *clip)
{
	int throw_index = -1;

	if (clip->sighting_count > 0)
		qsort(clip->sightings, clip->sighting_count, sizeof(*clip->sightings), by_time);
	for (size_t i = 0; i < clip->sighting_count; i++) {
		struct score_sighting *s = &clip->sightings[i], *before = i > 0 ? s - 1 : NULL;
		bool continues = before != NULL && s->end_s - s->begin_s < SIGHTING_S &&
				 before->end_s - before->begin_s < SIGHTING_S &&
				 s->begin_s - before->end_s <= APART_S;

		throw_index += !continues;
		s->throw_index = throw_index;
	}
	clip->throw_count = (size_t)(throw_index + 1);
}

static int read_lines(struct reader *reader, FILE *file)
{
	char line[LINE_BYTES];
	int r = 0;

	while (r == 0 && fgets(line, sizeof(line), file) != NULL) {
		size_t end = strcspn(line, "\r\n");

		reader->line++;
		if (line[end] == '\0' && end == sizeof(line) - 1)
			return mistake(reader, "the line is too long");
		line[end] = '\0';
		if (reader->line > MANIFEST_LINES_MAX)
			return mistake(reader, "too many lines");
		if (reader->line == 1 && memcmp(line, "\xef\xbb\xbf", 3) == 0)
			memmove(line, line + 3, strlen(line + 3) + 1);
		if (line[0] == '\0' || line[0] == '#' ||
		    (reader->line == 1 &&
		     (strncmp(line, "path,", 5) == 0 || strcmp(line, "path") == 0)))
			continue;
		r = parse_line(reader, line);
	}
	return r == 0 && ferror(file) ? -EIO : r;
}

int manifest_read(const char *path, struct manifest *ret_manifest,
		  char ret_error[MANIFEST_ERROR_BYTES])
{
	struct manifest manifest = {0};
	struct reader reader = {.path = path, .error = ret_error, .manifest = &manifest};
	FILE *file = fopen(path, "r");
	int r = file == NULL ? -errno : 0;

	ret_error[0] = '\0';
	if (r == 0) {
		r = read_lines(&reader, file);
		(void)fclose(file); /* was only read */
	}
	if (r == 0 && manifest.count == 0)
		r = mistake(&reader, "names no clip");
	if (r < 0) {
		if (ret_error[0] == '\0')
			snprintf(ret_error, MANIFEST_ERROR_BYTES, "%.150s: %s", path, strerror(-r));
		manifest_finish(&manifest);
		return r;
	}
	for (size_t i = 0; i < manifest.count; i++)
		number_throws(&manifest.clips[i]);
	*ret_manifest = manifest;
	return 0;
}

void manifest_finish(struct manifest *manifest)
{
	for (size_t i = 0; i < manifest->count; i++)
		free(manifest->clips[i].sightings);
	free(manifest->clips);
	memset(manifest, 0, sizeof(*manifest));
}
