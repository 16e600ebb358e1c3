#include "litter_suite_book.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { LINE_BYTES = 512, FIELDS = 10 };

struct suite_book {
	FILE *file;
	struct suite_line *lines;
	size_t count, room;
};

static const char form[] =
	"{\"seed\":%" SCNu64 ",\"clip_s\":%u,\"scene\":%u,\"seconds\":%lf,\"alerts\":%u,"
	"\"suspected\":%u,\"h264\":%d,\"height\":%d,\"frames\":%" SCNu64 ",\"busy_ms\":%lf}";

static int keep(struct suite_book *book, const struct suite_line *line)
{
	if (book->count == book->room) {
		size_t room = book->room * 2 + 256;
		struct suite_line *more = realloc(book->lines, room * sizeof(*more));

		if (more == NULL)
			return -ENOMEM;
		book->lines = more;
		book->room = room;
	}
	book->lines[book->count++] = *line;
	return 0;
}

static int read_lines(struct suite_book *book)
{
	char text[LINE_BYTES];
	int r = 0;

	rewind(book->file);
	while (r == 0 && fgets(text, sizeof(text), book->file) != NULL) {
		struct suite_line line;
		int h264;

		if (sscanf(text, form, &line.seed, &line.clip_s, &line.scene, &line.seconds,
			   &line.alerts, &line.suspected, &h264, &line.height_px, &line.frames,
			   &line.busy_ms) != FIELDS)
			continue;
		line.h264 = h264 != 0;
		r = keep(book, &line);
	}
	return r;
}

int suite_book_open(const char *path, struct suite_book **ret_book)
{
	struct suite_book *book = calloc(1, sizeof(*book));
	int r;

	if (book == NULL)
		return -ENOMEM;
	book->file = fopen(path, "a+");
	r = book->file == NULL ? -errno : read_lines(book);
	if (r < 0) {
		suite_book_close(book);
		return r;
	}
	*ret_book = book;
	return 0;
}

void suite_book_close(struct suite_book *book)
{
	if (book == NULL)
		return;
	if (book->file != NULL)
		fclose(book->file);
	free(book->lines);
	free(book);
}

bool suite_book_find(const struct suite_book *book, struct suite_line *line)
{
	for (size_t i = 0; book != NULL && i < book->count; i++) {
		const struct suite_line *l = &book->lines[i];

		if (l->seed == line->seed && l->clip_s == line->clip_s && l->scene == line->scene) {
			*line = *l;
			return true;
		}
	}
	return false;
}

int suite_book_add(struct suite_book *book, const struct suite_line *line)
{
	if (book == NULL)
		return 0;
	fprintf(book->file,
		"{\"seed\":%" PRIu64 ",\"clip_s\":%u,\"scene\":%u,\"seconds\":%.3f,\"alerts\":%u,"
		"\"suspected\":%u,\"h264\":%d,\"height\":%d,\"frames\":%" PRIu64
		",\"busy_ms\":%.1f}\n",
		line->seed, line->clip_s, line->scene, line->seconds, line->alerts, line->suspected,
		line->h264, line->height_px, line->frames, line->busy_ms);
	if (fflush(book->file) != 0)
		return -errno;
	return keep(book, line);
}
