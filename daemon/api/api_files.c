/*
 * Handlers of files: evidence by file name, the console by a path of which each name is checked. No
 * symbolic link is followed.
 */
#include "api_parts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"
#include "base/thread_role.h"

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

/* Whether @p name may be a name in a path: no leading dot, so neither ".", ".." nor hidden. */
static bool name_is_safe(const char *name)
{
	size_t length =
		strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");

	return length > 0 && length < API_PARAM_BYTES && name[length] == '\0' && name[0] != '.';
}

static int open_dir(const char *path)
{
	int fd = path[0] != '\0' ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	return fd;
}

static int open_name(int dir, const char *name, int flags)
{
	return name_is_safe(name)
		       ? openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | flags)
		       : -1;
}

struct file_entry {
	char name[API_PARAM_BYTES];
	int64_t bytes, modified_unix_ms;
};

static int newest_first(const void *a, const void *b)
{
	const struct file_entry *x = a, *y = b;

	if (x->modified_unix_ms != y->modified_unix_ms)
		return x->modified_unix_ms < y->modified_unix_ms ? 1 : -1;
	return strcmp(y->name, x->name);
}

/* List the regular files of a directory. @return how many; the caller frees *ret_files. */
static size_t list_dir(const char *path, struct file_entry **ret_files)
{
	struct file_entry *files = NULL, *grown;
	size_t count = 0, room = 0;
	struct dirent *entry;
	struct stat status;
	DIR *dir = path[0] != '\0' ? opendir(path) : NULL;

	while (dir != NULL && count < FILES_MAX && (entry = readdir(dir)) != NULL) {
		if (!name_is_safe(entry->d_name) ||
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

/* a job of the file worker: list the evidence directory */
struct listing {
	struct worker_job job;
	struct api *api;
	struct http_token http;
	bool counting; /* for /metrics: no request waits for the list */
	size_t limit;
	char dir[API_DIR_BYTES];
	struct file_entry *files;
	size_t count;
};

static void read_dir(struct worker_job *job)
{
	struct listing *listing = (struct listing *)job;

	assert_thread(THREAD_WORKER);
	listing->count = list_dir(listing->dir, &listing->files);
	if (listing->count > 1)
		qsort(listing->files, listing->count, sizeof(*listing->files), newest_first);
}

static json_t *listing_json(const struct listing *listing)
{
	json_t *list = json_array();

	for (size_t i = 0; i < listing->count && i < listing->limit; i++) {
		const struct file_entry *file = &listing->files[i];

		json_array_append_new(list, json_pack("{s:s,s:I,s:o,s:s}", "name", file->name,
						      "bytes", (json_int_t)file->bytes, "modified",
						      json_utc(file->modified_unix_ms), "type",
						      type_of(file->name)));
	}
	return json_pack("{s:o,s:I}", "files", list, "total", (json_int_t)listing->count);
}

static void store_count(struct api *api, const struct listing *listing)
{
	api->counting_files = false;
	api->evidence_files = listing->count;
	api->evidence_bytes = 0;
	for (size_t i = 0; i < listing->count; i++)
		api->evidence_bytes += (uint64_t)listing->files[i].bytes;
	api->evidence_oldest_unix_ms =
		listing->count > 0 ? listing->files[listing->count - 1].modified_unix_ms : 0;
}

static void end_listing(struct worker_job *job, int r)
{
	struct listing *listing = (struct listing *)job;

	assert_thread(THREAD_CONTROL);
	if (r == 0 && listing->counting)
		store_count(listing->api, listing);
	else if (r == 0)
		api_respond_json(listing->api, listing->http, 200, listing_json(listing));
	free(listing->files);
	free(listing);
}

static int begin_listing(struct api *api, const struct listing *parameters)
{
	struct listing *listing = malloc(sizeof(*listing));

	if (listing == NULL)
		return -ENOMEM;
	*listing = *parameters;
	listing->job = (struct worker_job){.run = read_dir, .end = end_listing};
	listing->api = api;
	strcpy(listing->dir, api->evidence_dir);
	if (worker_post(api->file_worker, &listing->job) == 0)
		return 0;
	free(listing);
	return -ENOSPC;
}

void api_files_count(struct api *api)
{
	const struct listing parameters = {.counting = true};

	if (!api->counting_files)
		api->counting_files = begin_listing(api, &parameters) == 0;
}

void api_get_evidence(struct api *api, const struct http_request *request, const char *param)
{
	struct listing parameters = {.http = request->token};
	int64_t limit = API_PAGE_DEFAULT;

	(void)param;
	if (!api_query_number(api, request, "limit", API_PAGE_MAX, &limit))
		return;
	parameters.limit = (size_t)limit;
	if (begin_listing(api, &parameters) < 0)
		api_reject(api, request, problem_too_many_requests(&api->problem));
}

void api_get_evidence_file(struct api *api, const struct http_request *request, const char *name)
{
	struct api_caller by = api_caller_of(request);
	int dir = open_dir(api->evidence_dir);
	int fd = dir >= 0 ? open_name(dir, name, 0) : -1;

	if (dir >= 0)
		close(dir);
	if (fd < 0)
		api_respond_problem(api, request->token, problem_evidence_unknown(&api->problem));
	else if (http_respond_file(api->http, request, fd, type_of(name), HTTP_CACHE_HOUR) == 0)
		/* from the first byte; later ranges belong to the same view */
		api->ops->evidence_viewed(api->gate, &by, name);
}

/* Open the file at @p path below @p dir, which this call closes. @return the fd, or -1. */
static int open_below(int dir, char *path)
{
	char *step = strtok_r(path, "/", &path), *next;

	for (int depth = 0; step != NULL && dir >= 0; step = next, depth++) {
		int fd;

		next = strtok_r(NULL, "/", &path);
		fd = depth < STEPS_MAX ? open_name(dir, step, next != NULL ? O_DIRECTORY : 0) : -1;
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
		api_respond_problem(api, request->token,
				    problem_console_not_installed(&api->problem));
		return;
	}
	if (strcmp(request->path, "/") != 0 && strlen(request->path) < sizeof(path))
		strcpy(path, request->path + 1);
	if (strlen(request->path) < sizeof(path))
		fd = open_below(dir, path);
	else
		close(dir);
	if (fd < 0)
		api_respond_problem(api, request->token, problem_file_unknown(&api->problem));
	else
		(void)http_respond_file(
			api->http, request, fd,
			type_of(strcmp(request->path, "/") == 0 ? "index.html" : request->path),
			strncmp(request->path, "/assets/", 8) == 0 ? HTTP_CACHE_FOREVER
								   : HTTP_CACHE_REVALIDATE);
}
