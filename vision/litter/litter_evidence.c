#include "litter_evidence.h"
#include "vision/evidence/evidence.h"
#include "vision/camera/frame.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

_Static_assert((int)LITTER_RESULT_FILES == (int)EVIDENCE_FILES,
	       "one result file for each evidence file");
_Static_assert((int)LITTER_RESULT_NAME_BYTES >= (int)EVIDENCE_NAME_BYTES, "names fit");
static void copy_file(const struct evidence_file *from, struct litter_result_file *to)
{
	snprintf(to->name, sizeof(to->name), "%s", from->name);
	snprintf(to->sha256, sizeof(to->sha256), "%s", from->sha256);
	to->bytes = from->bytes;
}

static void copy_evidence(struct litter_result *result, const struct evidence_result *evidence)
{
	for (int i = 0; i < LITTER_RESULT_FILES; i++) {
		copy_file(&evidence->files[i], &result->files[i]);
		result->file_count += result->files[i].name[0] != '\0';
	}
	copy_file(&evidence->sealed, &result->sealed);
}

int litter_evidence_write(const struct litter_watch_config *config, const struct video_frame *still,
			  unsigned number, struct litter_result *result)
{
	const struct litter_verdict *verdict = &result->verdict;
	struct evidence_point points[LITTER_POINTS_MAX];
	struct evidence_result evidence = {0};
	struct evidence_request request = {
		.dir = config->evidence_dir,
		.from_pts_us = verdict->begin_pts_us - (int64_t)config->pre_roll_ms * 1000,
		.to_pts_us = verdict->end_pts_us + (int64_t)config->post_roll_ms * 1000,
		.still = still,
		.points = points,
		.mask = config->mask.count > 0 ? &config->mask : NULL,
		.points_count = verdict->point_count,
		.label = verdict->origin[0] != '\0' ? verdict->origin : NULL,
	};
	char stem[EVIDENCE_STEM_MAX + 1];
	int r;

	assert(config->ring != NULL && still != NULL);
	assert(result->verdict.point_count <= LITTER_POINTS_MAX);
	for (size_t i = 0; i < verdict->point_count; i++)
		points[i] = (struct evidence_point){verdict->points[i].x, verdict->points[i].y};
	snprintf(stem, sizeof(stem), "%s-%lld-%u", config->name,
		 (long long)result->first_seen_unix_ms, number);
	request.stem = stem;
	r = evidence_write(config->ring, &request, &evidence, &result->evidence_problem);
	copy_evidence(result, &evidence);
	result->clip_offset_ms =
		evidence.clip_to_pts_us > evidence.clip_from_pts_us
			? (verdict->begin_pts_us - evidence.clip_from_pts_us) / 1000
			: -1;
	if (r < 0 && result->evidence_problem.code == PROBLEM_NONE)
		problem_failed(&result->evidence_problem, r);
	return r;
}
