/*
 * litter_file - what the littering analysis says about a video file, as fast as it decodes.
 *
 *   litter_file [--json] PATH...   a line a verdict; exits 1 when a file cannot be read
 */
#include "litter_play.h"

#include <stdio.h>
#include <string.h>

struct run {
	bool json;
	const char *path;
};

static void print_json(const char *path, const struct litter_verdict *v)
{
	printf("{\"file\":\"%s\",\"grade\":\"%s\",\"score\":%.2f,\"begin_s\":%.3f,\"end_s\":%.3f,"
	       "\"points\":"
	       "[",
	       path, litter_grade_name(v->grade), (double)v->score, (double)v->begin_pts_us / 1e6,
	       (double)v->end_pts_us / 1e6);
	for (size_t i = 0; i < v->point_count; i++)
		printf("%s[%.3f,%.1f,%.1f]", i > 0 ? "," : "", (double)v->points[i].pts_us / 1e6,
		       (double)v->points[i].x, (double)v->points[i].y);
	printf("],\"reasons\":{");
	for (size_t i = 0; i < v->reason_count; i++)
		printf("%s\"%s\":[%.4f,%.2f]", i > 0 ? "," : "", v->reasons[i].name,
		       (double)v->reasons[i].value, (double)v->reasons[i].weight);
	printf("}}\n");
}

static void print_text(const char *path, const struct litter_verdict *v)
{
	const struct litter_point *a = &v->points[0], *b = &v->points[v->point_count - 1];

	printf("%s: %s %.2f, %.3f to %.3f s, (%.0f,%.0f) to (%.0f,%.0f), %zu sights:", path,
	       litter_grade_name(v->grade), (double)v->score, (double)v->begin_pts_us / 1e6,
	       (double)v->end_pts_us / 1e6, (double)a->x, (double)a->y, (double)b->x, (double)b->y,
	       v->point_count);
	for (size_t i = 0; i < v->reason_count; i++)
		printf(" %s=%.3f:%+.2f", v->reasons[i].name, (double)v->reasons[i].value,
		       (double)v->reasons[i].weight);
	printf("\n");
}

static void add_report(void *arg, const struct litter_verdict *verdict, int64_t reported_pts_us)
{
	const struct run *run = arg;

	(void)reported_pts_us; /* of use to those who measure the delay */
	(run->json ? print_json : print_text)(run->path, verdict);
}

static int play(const char *path, bool json)
{
	static const struct litter_play_ops ops = {.verdict = add_report};
	struct run run = {.path = path, .json = json};
	struct litter_played played;
	int r = litter_play(path, &ops, &run, &played);

	if (played.error[0] != '\0')
		fprintf(stderr, "litter_file: %s: %s\n", path, played.error);
	if (r == 0 && !json)
		printf("%s: %llu frames, %.3f ms each\n", path, (unsigned long long)played.frames,
		       played.busy_ms / (double)played.frames);
	return r < 0 ? 1 : 0;
}

int main(int argc, char **argv)
{
	bool json = false;
	int status = 0, files = 0;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--json") == 0) {
			json = true;
			continue;
		}
		status |= play(argv[i], json);
		files++;
	}
	if (files == 0) {
		fprintf(stderr, "usage: litter_file [--json] PATH...\n");
		return 2;
	}
	return status;
}
