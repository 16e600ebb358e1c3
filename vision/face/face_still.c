#include "face_pipeline.h"

#include "base/clock.h"
#include "base/log.h"
#include "vision/camera/digest.h"
#include "vision/camera/jpeg.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { STILL_WIDTH_PX = 960, PATH_BYTES = 512 };

/*
 * A crash leaves a .part file, which the owner of the folder removes. An incomplete picture never
 * has the final name.
 */
static int write_file(const char *dir, const char *name, const uint8_t *bytes, size_t size)
{
	char temporary[PATH_BYTES], path[PATH_BYTES];
	int fd, r = 0;

	if (snprintf(temporary, sizeof(temporary), "%s/.%s.part", dir, name) >=
	    (int)sizeof(temporary))
		return -ENAMETOOLONG;
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	for (size_t done = 0; r == 0 && done < size;) {
		ssize_t n = write(fd, bytes + done, size - done);

		if (n > 0)
			done += (size_t)n;
		else if (n == 0 || errno != EINTR)
			r = n == 0 ? -EIO : -errno;
	}
	if (close(fd) < 0 && r == 0)
		r = -errno;
	if (r == 0 && rename(temporary, path) < 0)
		r = -errno;
	if (r < 0)
		(void)unlink(temporary); /* the first error is reported */
	return r;
}

static const char *kind_of(const struct face_pipeline *pipeline,
			   const struct face_pipeline_camera *camera,
			   const struct face_result *result)
{
	bool picture = pipeline->rules.liveness && result->liveness < camera->liveness_min;

	if (result->kind == FACE_RESULT_SPOOF || (picture && result->kind == FACE_RESULT_ACCESS))
		return "picture";
	return pipeline->stranger_stills && result->kind == FACE_RESULT_STRANGER ? "stranger"
										 : NULL;
}

void face_pipeline_save_still(const struct face_pipeline *pipeline,
			      const struct face_pipeline_camera *camera,
			      const struct video_frame *frame, struct face_result *result)
{
	const char *kind = kind_of(pipeline, camera, result);
	uint8_t *jpeg = NULL;
	size_t bytes = 0;
	int r;

	if (kind == NULL || pipeline->stills_dir == NULL || camera->name[0] == '\0')
		return;
	snprintf(result->still, sizeof(result->still), "%s-%lld-%u-%s.jpg", camera->name,
		 (long long)clock_unix_ms(), result->track, kind);
	r = jpeg_encode(frame, NULL, STILL_WIDTH_PX, &jpeg, &bytes);
	if (r == 0)
		r = digest_sha256_bytes(jpeg, bytes, result->still_sha256);
	if (r == 0)
		r = write_file(pipeline->stills_dir, result->still, jpeg, bytes);
	free(jpeg);
	if (r < 0) {
		log_warning("vision", "camera %s: a still cannot be kept: %s", camera->name,
			    strerror(-r));
		result->still[0] = '\0';
	}
}
