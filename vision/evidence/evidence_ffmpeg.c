#include "evidence.h"

#include "clip.h"
#include "vision/camera/digest.h"
#include "vision/camera/draw.h"
#include "vision/camera/jpeg.h"
#include "vision/camera/mask.h"
#include "vision/camera/ring.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

enum { FILE_CLIP, FILE_STILL, FILE_TRAJECTORY };

struct paths {
	char temporary[PATH_MAX], final[PATH_MAX];
};

static int no_space(int r)
{
	return r == -EDQUOT || r == -EFBIG ? -ENOSPC : r;
}

static int make_paths(const struct evidence_request *request, const char *ending,
		      struct paths *paths, char *name)
{
	int n;

	paths->temporary[0] = '\0'; /* do not use a truncated path */
	if (mkdir(request->dir, 0700) < 0 &&
	    errno != EEXIST) /* created again in case it was removed */
		return -errno;
	snprintf(name, EVIDENCE_NAME_BYTES, "%s%s", request->stem, ending);
	n = snprintf(paths->temporary, sizeof(paths->temporary), "%s/.%s.part", request->dir, name);
	snprintf(paths->final, sizeof(paths->final), "%s/%s", request->dir, name);
	if (n < (int)sizeof(paths->temporary))
		return 0;
	paths->temporary[0] = '\0';
	return -ENAMETOOLONG;
}

/* Renames the finished temporary file, or removes it after a failure. */
static int finish_file(const struct evidence_request *request, const struct paths *paths, int r,
		       struct evidence_file *file)
{
	struct stat status;

	if (r == 0)
		r = file_sync(paths->temporary);
	if (r == 0)
		r = digest_sha256_file(paths->temporary, file->sha256);
	if (r == 0 && stat(paths->temporary, &status) < 0)
		r = -errno;
	if (r == 0 && rename(paths->temporary, paths->final) < 0)
		r = -errno;
	if (r == 0)
		r = file_sync(request->dir);
	if (r == 0) {
		file->bytes = (uint64_t)status.st_size;
		return 0;
	}
	(void)unlink(paths->temporary); /* it may not exist */
	memset(file, 0, sizeof(*file));
	return no_space(r);
}

static int write_bytes(const char *path, const uint8_t *bytes, size_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640), r = 0;

	if (fd < 0)
		return -errno;
	while (size > 0 && r == 0) {
		ssize_t n = write(fd, bytes, size);

		if (n > 0) {
			bytes += n;
			size -= (size_t)n;
		} else if (n == 0 || errno != EINTR) {
			r = n == 0 ? -EIO : -errno;
		}
	}
	if (close(fd) < 0 && r == 0)
		r = -errno;
	return r;
}

/* ---- pictures ---- */

static int write_jpeg(const struct evidence_request *request, const struct draw_canvas *canvas,
		      const char *ending, struct evidence_file *file)
{
	struct paths paths;
	uint8_t *jpeg = NULL;
	size_t bytes = 0;
	int r = make_paths(request, ending, &paths, file->name);

	if (r == 0)
		r = jpeg_encode_canvas(canvas, &jpeg, &bytes);
	if (r == 0)
		r = write_bytes(paths.temporary, jpeg, bytes);
	free(jpeg);
	return finish_file(request, &paths, r, file);
}

static void draw_path(const struct evidence_request *request, const struct draw_canvas *canvas)
{
	const struct draw_color dark = {0, 0, 0}, path = {0, 220, 255}, origin = {60, 60, 255};
	int width = canvas->height_px / 360 + 1, scale = width;
	const struct evidence_point *p = request->points;

	/* a wider dark line first, so that the path is visible on bright walls */
	for (size_t i = 1; i < request->points_count; i++)
		draw_line(canvas, p[i - 1].x_px, p[i - 1].y_px, p[i].x_px, p[i].y_px, width + 2,
			  dark);
	for (size_t i = 1; i < request->points_count; i++)
		draw_line(canvas, p[i - 1].x_px, p[i - 1].y_px, p[i].x_px, p[i].y_px, width, path);
	if (request->points_count > 0) {
		draw_ring(canvas, p[0].x_px, p[0].y_px, 12.0f * (float)scale, width + 2, dark);
		draw_ring(canvas, p[0].x_px, p[0].y_px, 12.0f * (float)scale, width, origin);
	}
	if (request->label != NULL && request->label[0] != '\0')
		draw_label(canvas, 8 * scale, 8 * scale, scale, request->label);
}

static void explain(int r, const char *piece, struct problem *problem)
{
	if (r == -ENOSPC)
		problem_evidence_no_space(problem, piece);
	else if (r == -ENOENT)
		problem_evidence_no_packets(problem, piece);
	else if (r == -ENOTSUP)
		problem_evidence_no_encoder(problem, piece);
	else
		problem_evidence_failed(problem, piece, r);
}

/* Keeps the first error. */
static void keep_first_error(int r, int *first, const char *piece, struct problem *problem)
{
	if (r == 0 || *first != 0)
		return;
	*first = r;
	explain(r, piece, problem);
}

static int write_stills(const struct evidence_request *request, struct evidence_result *result,
			struct problem *problem)
{
	struct bgr_converter converter = {0};
	struct draw_canvas canvas = {.width_px = request->still->width_px,
				     .height_px = request->still->height_px,
				     .stride =
					     ((size_t)request->still->width_px * 3 + 31) / 32 * 32};
	int first = 0, r;

	canvas.bgr = aligned_alloc(32, canvas.stride * (size_t)canvas.height_px);
	r = canvas.bgr == NULL
		    ? -ENOMEM
		    : video_frame_to_bgr(&converter, request->still, canvas.bgr, canvas.stride);
	bgr_converter_finish(&converter);
	keep_first_error(r, &first, "still", problem);
	if (r == 0 && request->mask != NULL)
		mask_plane(request->mask, canvas.bgr, canvas.stride, canvas.width_px,
			   canvas.height_px, 3, 0);
	if (r == 0) {
		keep_first_error(write_jpeg(request, &canvas, ".jpg", &result->files[FILE_STILL]),
				 &first, "still", problem);
		draw_path(request, &canvas);
		keep_first_error(write_jpeg(request, &canvas, "-trajectory.jpg",
					    &result->files[FILE_TRAJECTORY]),
				 &first, "still with trajectory", problem);
	}
	free(canvas.bgr);
	return first;
}

/* ---- all three ---- */

/* Writes the unmasked original packets, for a court, to a folder that is never served. */
static int write_sealed(const struct evidence_request *request, const struct ring_clip *clip,
			struct evidence_file *file)
{
	char dir[PATH_MAX];
	struct evidence_request sealed = *request;
	struct paths paths;
	int r = snprintf(dir, sizeof(dir), "%s/sealed", request->dir) < (int)sizeof(dir)
			? 0
			: -ENAMETOOLONG;

	if (r < 0)
		return r;
	sealed.dir = dir;
	r = make_paths(&sealed, ".mp4", &paths, file->name);
	if (r == 0)
		r = clip_write(clip, paths.temporary, NULL);
	r = finish_file(&sealed, &paths, r, file);
	if (r == 0)
		snprintf(file->name, sizeof(file->name), "sealed/%s.mp4", request->stem);
	return r;
}

static int write_clip(struct packet_ring *ring, const struct evidence_request *request,
		      struct evidence_result *result)
{
	struct evidence_file *file = &result->files[FILE_CLIP];
	int64_t at = request->still->pts_us;
	struct ring_clip clip = {0};
	struct paths paths;
	int r;

	if (at < request->from_pts_us)
		at = request->from_pts_us;
	if (at > request->to_pts_us)
		at = request->to_pts_us;
	r = ring_copy(ring, request->from_pts_us, at, request->to_pts_us, &clip);
	if (r < 0)
		return r;
	r = make_paths(request, ".mp4", &paths, file->name);
	if (r == 0)
		r = clip_write(&clip, paths.temporary, request->mask);
	r = finish_file(request, &paths, r, file);
	if (request->mask != NULL && request->mask->count > 0) {
		int sealed = write_sealed(request, &clip, &result->sealed);

		r = r == 0 ? sealed : r;
	}
	if (r == 0)
		clip_range(&clip, &result->clip_from_pts_us, &result->clip_to_pts_us);
	ring_clip_finish(&clip);
	return r;
}

static bool is_valid(const struct evidence_request *request)
{
	static const char allowed[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
	size_t length = strlen(request->stem);

	return length > 0 && length <= EVIDENCE_STEM_MAX && request->stem[0] != '.' &&
	       strspn(request->stem, allowed) == length &&
	       request->from_pts_us <= request->to_pts_us && request->still != NULL &&
	       request->points_count <= EVIDENCE_POINTS_MAX;
}

int evidence_write(struct packet_ring *ring, const struct evidence_request *request,
		   struct evidence_result *ret_result, struct problem *problem)
{
	struct problem later;
	int first = 0, r;

	assert(ring != NULL && request != NULL && ret_result != NULL && problem != NULL);
	memset(ret_result, 0, sizeof(*ret_result));
	*problem = (struct problem){0};
	if (!is_valid(request))
		return problem_evidence_invalid(problem);
	keep_first_error(write_clip(ring, request, ret_result), &first, "clip", problem);
	r = write_stills(request, ret_result, first == 0 ? problem : &later);
	return first != 0 ? first : r;
}
