/* Files: evidence by bare name, the console by a path whose every step is checked. No link is followed. */
#include "api_private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"

enum { FILES_MAX = 20000, STEPS_MAX = 8 };

static const char *type_of(const char *name)
{
	static const char *const types[][2] = {
		{".html", "text/html; charset=utf-8"},
		{".js", "text/javascript; charset=utf-8"},
		{".css", "text/css; charset=utf-8"},
		{".json", "application/json"},
		{".svg", "image/svg+xml"},
		{".png", "image/png"},
		{".jpg", "image/jpeg"},
		{".ico", "image/x-icon"},
		{".woff2", "font/woff2"},
		{".mp4", "video/mp4"},
	};
	const char *dot = strrchr(name, '.');

	for (size_t i = 0; dot != NULL && i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(types[i][0], dot) == 0)
			return types[i][1];
	return "application/octet-stream";
}

/* One step of a path: nothing hidden, nothing special, so neither "." nor "..". */
static bool step_is_fit(const char *name)
{
	size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");

	return length > 0 && length < API_PARAM_BYTES && name[length] == '\0' && name[0] != '.';
}

static int open_dir(const char *path)
{
	int fd = path[0] != '\0' ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	return fd;
}

static int open_step(int dir, const char *name, int flags)
{
	return step_is_fit(name) ? openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | flags)
				 : -1;
}

struct listed {
	char name[API_PARAM_BYTES];
	int64_t bytes, modified_unix_ms;
};

static int newest_first(const void *a, const void *b)
{
	const struct listed *x = a, *y = b;

	if (x->modified_unix_ms != y->modified_unix_ms)
		return x->modified_unix_ms < y->modified_unix_ms ? 1 : -1;
	return strcmp(y->name, x->name);
}

/* @return how many, in *ret_files; the caller frees. */
static size_t list_dir(const char *path, struct listed **ret_files)
{
	struct listed *files = NULL, *grown;
	size_t count = 0, room = 0;
	struct dirent *entry;
	struct stat status;
	DIR *dir = path[0] != '\0' ? opendir(path) : NULL;

	while (dir != NULL && count < FILES_MAX && (entry = readdir(dir)) != NULL) {
		if (!step_is_fit(entry->d_name) ||
		    fstatat(dirfd(dir), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) < 0 ||
		    !S_ISREG(status.st_mode))
			continue;
		if (count == room) {
			room = room == 0 ? 64 : room * 2;
			grown = realloc(files, room * sizeof(*files));
			if (grown == NULL)
				break;
			files = grown;
		}
		strcpy(files[count].name, entry->d_name);
		files[count].bytes = status.st_size;
		files[count].modified_unix_ms =
			(int64_t)status.st_mtim.tv_sec * 1000 + status.st_mtim.tv_nsec / 1000000;
		count++;
	}
	if (dir != NULL)
		closedir(dir);
	*ret_files = files;
	return count;
}

void api_get_evidence(struct api *api, const struct http_request *request, const char *param)
{
	const char *text = http_query(request, "limit");
	json_t *list = json_array();
	char time[CLOCK_UTC_BYTES];
	struct listed *files;
	int64_t limit = API_PAGE_DEFAULT;
	size_t count;

	(void)param;
	if (text != NULL && (api_parse_number(text, API_PAGE_MAX, &limit) < 0 || limit == 0)) {
		json_decref(list);
		http_respond_problem(api->http, request->token, 400,
				     "limit takes a whole number from 1 to 1000");
		return;
	}
	count = list_dir(api->evidence_dir, &files);
	if (count > 1)
		qsort(files, count, sizeof(*files), newest_first);
	for (size_t i = 0; i < count && i < (size_t)limit; i++) {
		clock_format_utc(files[i].modified_unix_ms, time);
		json_array_append_new(list, json_pack("{s:s,s:I,s:s,s:s}", "name", files[i].name, "bytes",
						      (json_int_t)files[i].bytes, "modified", time, "type",
						      type_of(files[i].name)));
	}
	free(files);
	api_respond_json(api, request->token, 200,
			 json_pack("{s:o,s:I}", "files", list, "total", (json_int_t)count));
}

void api_get_evidence_file(struct api *api, const struct http_request *request, const char *name)
{
	struct api_caller by = api_caller_of(request);
	int dir = open_dir(api->evidence_dir);
	int fd = dir >= 0 ? open_step(dir, name, 0) : -1;

	if (dir >= 0)
		close(dir);
	if (fd < 0)
		http_respond_problem(api->http, request->token, 404, "there is no such evidence");
	else if (http_respond_file(api->http, request, fd, type_of(name), HTTP_CACHE_HOUR) == 0)
		api->ops->evidence_viewed(api->gate, &by,
					  name); /* its start: later ranges belong to the same look */
}

/* The file at @p path below @p dir, which is closed. */
static int open_below(int dir, char *path)
{
	char *step = strtok_r(path, "/", &path), *next;

	for (int depth = 0; step != NULL && dir >= 0; step = next, depth++) {
		int fd;

		next = strtok_r(NULL, "/", &path);
		fd = depth < STEPS_MAX ? open_step(dir, step, next != NULL ? O_DIRECTORY : 0) : -1;
		close(dir);
		dir = fd;
	}
	return dir;
}

void api_get_console(struct api *api, const struct http_request *request)
{
	char path[512] = "index.html";
	int dir = open_dir(api->console_dir), fd = -1;

	if (dir < 0) {
		http_respond_problem(api->http, request->token, 404,
				     "the console is not installed (api.console_dir)");
		return;
	}
	if (strcmp(request->path, "/") != 0 && strlen(request->path) < sizeof(path))
		strcpy(path, request->path + 1);
	if (strlen(request->path) < sizeof(path))
		fd = open_below(dir, path);
	else
		close(dir);
	if (fd < 0)
		http_respond_problem(api->http, request->token, 404, "there is no such file");
	else
		(void)http_respond_file(
			api->http, request, fd,
			type_of(strcmp(request->path, "/") == 0 ? "index.html" : request->path),
			strncmp(request->path, "/assets/", 8) == 0 ? HTTP_CACHE_FOREVER : HTTP_CACHE_ASK);
}
