/* face_models.h - where the face tests find models/, and what they read from it. */
#ifndef GH_TESTS_FACE_MODELS_H
#define GH_TESTS_FACE_MODELS_H

#include "unit.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* NULL, after saying why, when the models were not fetched. */
static inline const char *models_dir(void)
{
	static char dir[512], file[600];
	const char *given = getenv("GH_MODELS_DIR"), *source = getenv("GH_SOURCE_DIR");

	if (given != NULL)
		snprintf(dir, sizeof(dir), "%s", given);
	else
		snprintf(dir, sizeof(dir), "%s/models", source != NULL ? source : ".");
	snprintf(file, sizeof(file), "%s/fr_feature.onnx", dir);
	if (access(file, R_OK) == 0)
		return dir;
	printf("skipped: %s is missing; tools/fetch-models brings it\n", file);
	return NULL;
}

/* The whole file, to be freed; fails the test when it cannot be read. */
static inline uint8_t *read_demo(const char *name, size_t *ret_bytes)
{
	char path[700];
	uint8_t *bytes;
	long size;
	FILE *file;

	snprintf(path, sizeof(path), "%s/demo/%s", models_dir(), name);
	file = fopen(path, "rb");
	assert_non_null(file);
	assert_int_equal(fseek(file, 0, SEEK_END), 0);
	size = ftell(file);
	assert_true(size > 0);
	rewind(file);
	bytes = malloc((size_t)size);
	assert_non_null(bytes);
	assert_int_equal(fread(bytes, 1, (size_t)size, file), (size_t)size);
	fclose(file);
	*ret_bytes = (size_t)size;
	return bytes;
}

#endif
