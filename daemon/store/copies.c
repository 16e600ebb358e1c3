#include "copies.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/file.h"

enum { REGISTER_PATH_BYTES = 600 };

static void path_of(char path[REGISTER_PATH_BYTES], const char *folder, const char *name)
{
	snprintf(path, REGISTER_PATH_BYTES, "%.500s/%.90s", folder, name);
}

/* @p ret_copies: a new reference, an array of objects with a path; empty if there is no file. */
static int read_register(const char *folder, json_t **ret_copies)
{
	char path[REGISTER_PATH_BYTES];
	json_t *copies, *copy;
	size_t at;

	path_of(path, folder, COPIES_NAME);
	if (access(path, F_OK) < 0) {
		*ret_copies = json_array();
		return errno == ENOENT ? 0 : -errno;
	}
	copies = json_load_file(path, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_array(copies)) {
		json_decref(copies);
		return -EBADMSG;
	}
	json_array_foreach(copies, at, copy)
	{
		if (json_string_value(json_object_get(copy, "path")) == NULL) {
			json_decref(copies);
			return -EBADMSG;
		}
	}
	*ret_copies = copies;
	return 0;
}

static int write_all(int fd, const char *text)
{
	size_t left = strlen(text);

	while (left > 0) {
		ssize_t done = write(fd, text, left);

		if (done < 0)
			return -errno;
		text += done;
		left -= (size_t)done;
	}
	return fsync(fd) < 0 ? -errno : 0;
}

/* Replaces the register in one rename. */
static int write_register(const char *state_dir, json_t *copies)
{
	char path[REGISTER_PATH_BYTES], fresh[REGISTER_PATH_BYTES];
	char *text;
	int fd, r;

	assert(json_is_array(copies));
	while (json_array_size(copies) > COPIES_MAX)
		(void)json_array_remove(copies, 0); /* cannot fail: it exists */
	text = json_dumps(copies, JSON_INDENT(1));
	if (text == NULL)
		return -ENOMEM;
	path_of(path, state_dir, COPIES_NAME);
	path_of(fresh, state_dir, COPIES_NAME ".new");
	fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	r = fd < 0 ? -errno : write_all(fd, text);
	free(text);
	if (fd >= 0 && close(fd) < 0 && r == 0)
		r = -errno;
	if (r == 0)
		r = file_copy_owner(state_dir, fresh);
	if (r == 0 && rename(fresh, path) < 0)
		r = -errno;
	if (r < 0)
		(void)unlink(fresh); /* the register is as it was */
	return r < 0 ? r : file_sync(state_dir);
}

/* The device of the folder that contains @p path; 0: unknown. */
static json_int_t device_around(const char *path)
{
	char around[PATH_MAX];
	const char *end = strrchr(path, '/');
	struct stat status;

	if (end == NULL || end - path >= PATH_MAX)
		return 0;
	snprintf(around, sizeof(around), "%.*s/", (int)(end - path), path);
	return stat(around, &status) < 0 ? 0 : (json_int_t)status.st_dev;
}

static bool is_at(const json_t *copy, const char *path)
{
	return strcmp(json_string_value(json_object_get(copy, "path")), path) == 0;
}

/* A copy is known to be destroyed only if it is missing on the device on which it was made. */
static bool is_destroyed(const json_t *copy)
{
	const char *path = json_string_value(json_object_get(copy, "path"));
	json_int_t device = json_integer_value(json_object_get(copy, "device"));

	return access(path, F_OK) < 0 && errno == ENOENT && device != 0 &&
	       device == device_around(path);
}

int copies_register(const char *state_dir, const char *folder)
{
	char *path = realpath(folder, NULL);
	json_t *copies = NULL;
	int r = path == NULL ? -errno : read_register(state_dir, &copies);

	if (r == 0) {
		for (size_t at = json_array_size(copies); at-- > 0;)
			if (is_at(json_array_get(copies, at), path) ||
			    is_destroyed(json_array_get(copies, at)))
				(void)json_array_remove(copies, at); /* cannot fail */
		if (json_array_append_new(copies,
					  json_pack("{s:s, s:I, s:I}", "path", path, "made_unix_ms",
						    (json_int_t)clock_unix_ms(), "device",
						    device_around(path))) < 0)
			r = -ENOMEM;
	}
	if (r == 0)
		r = write_register(state_dir, copies);
	json_decref(copies);
	free(path);
	return r;
}

static bool has(const json_t *copies, const json_t *one)
{
	const json_t *copy;
	size_t at;

	json_array_foreach(copies, at, copy)
	{
		if (is_at(copy, json_string_value(json_object_get(one, "path"))))
			return true;
	}
	return false;
}

int copies_import(const char *folder, const char *state_dir)
{
	json_t *theirs = NULL, *ours = NULL;
	int r = read_register(folder, &theirs);

	if (r == 0)
		r = read_register(state_dir, &ours);
	for (size_t at = json_array_size(theirs); r == 0 && at-- > 0;) {
		json_t *copy = json_array_get(theirs, at);

		if (has(ours, copy))
			continue;
		if (json_object_set_new(copy, "device", json_integer(0)) < 0 ||
		    json_array_insert(ours, 0, copy) < 0)
			r = -ENOMEM;
	}
	if (r == 0 && json_array_size(ours) > 0)
		r = write_register(state_dir, ours);
	json_decref(theirs);
	json_decref(ours);
	return r;
}

static void add(json_t *copies, const char *path, int64_t made_unix_ms, int64_t until_unix_ms)
{
	if (made_unix_ms >= until_unix_ms)
		return;
	(void)json_array_append_new(copies,
				    json_pack("{s:s, s:o}", "path", path, "made",
					      json_utc(made_unix_ms < 0 ? 0 : made_unix_ms)));
}

/* "gate.db.corrupt-TIME", "roster.db.set-aside"...; gate.db-wal is in use. */
static bool is_quarantined(const char *name)
{
	static const char *const of[] = {"gate.db.", "roster.db."};
	size_t length = strlen(name);

	for (size_t i = 0; i < sizeof(of) / sizeof(of[0]); i++)
		if (strncmp(name, of[i], strlen(of[i])) == 0)
			return length < 4 || strcmp(name + length - 4, "-shm") != 0;
	return false;
}

static int add_quarantined(const char *state_dir, int64_t until_unix_ms, json_t *copies)
{
	DIR *folder = opendir(state_dir);
	const struct dirent *entry;
	char path[REGISTER_PATH_BYTES];
	struct stat status;

	if (folder == NULL)
		return -errno;
	while ((entry = readdir(folder)) != NULL) {
		if (!is_quarantined(entry->d_name))
			continue;
		path_of(path, state_dir, entry->d_name);
		if (stat(path, &status) ==
		    0) /* if it was written after the erasure, it contains the erasure */
			add(copies, path,
			    (int64_t)status.st_mtim.tv_sec * 1000 +
				    status.st_mtim.tv_nsec / 1000000,
			    until_unix_ms);
	}
	closedir(folder);
	return 0;
}

int copies_list(const char *state_dir, int64_t until_unix_ms, json_t **ret_copies)
{
	json_t *copies = json_array(), *registered = NULL, *copy;
	int r = copies == NULL ? -ENOMEM : read_register(state_dir, &registered);
	size_t at;

	if (r == 0) {
		json_array_foreach(registered, at, copy) add(
			copies, json_string_value(json_object_get(copy, "path")),
			json_integer_value(json_object_get(copy, "made_unix_ms")), until_unix_ms);
		r = add_quarantined(state_dir, until_unix_ms, copies);
	}
	json_decref(registered);
	if (r < 0)
		json_decref(copies);
	else
		*ret_copies = copies;
	return r;
}
