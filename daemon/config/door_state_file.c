#include "door_state_file.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/log.h"
#include "base/unconst.h"
#include "config.h"

enum { TEXT_BYTES = CONFIG_DOORS_MAX * 96, PATH_BYTES = CONFIG_PATH_BYTES + 16 };

struct entry {
	char door[CONFIG_NAME_BYTES];
	struct door_memory memory;
	bool in_hours;
};

struct door_book {
	struct entry entries[CONFIG_DOORS_MAX];
	size_t count;
	char path[PATH_BYTES], folder[CONFIG_PATH_BYTES];

	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wanted;
	char text[TEXT_BYTES]; /* to be written; guarded by lock, as all below */
	bool dirty, ending;
	uint64_t last;    /* the change that is in the text */
	uint64_t settled; /* the change that was tried last, and how that went */
	int settled_r;
	int fd;
};

/* ---- the file ---- */

static void parse_line(struct door_book *book, const char *line)
{
	struct entry entry = {0};
	char mode[32], before[32];
	unsigned fire, hours = 0; /* hours: missing in files of before there were any */

	if (sscanf(line, "%31s %31s %31s %u %u", entry.door, mode, before, &fire, &hours) < 4 ||
	    book->count == CONFIG_DOORS_MAX)
		return;
	entry.memory = (struct door_memory){
		.mode = door_mode_find(mode), .before = door_mode_find(before), .fire = fire == 1};
	entry.in_hours = hours == 1;
	if (entry.memory.mode == DOOR_MODE_UNKNOWN || entry.memory.before == DOOR_MODE_UNKNOWN || fire > 1)
		log_warning("doors", "%s: \"%s\" is no mode of a door: %s begins Locked", book->path, mode,
			    entry.door);
	else
		book->entries[book->count++] = entry;
}

static void load(struct door_book *book)
{
	FILE *file = fopen(book->path, "re");
	char line[128];

	if (file == NULL) {
		if (errno != ENOENT)
			log_warning("doors", "%s: %s: all doors begin Locked", book->path, strerror(errno));
		return;
	}
	while (fgets(line, sizeof(line), file) != NULL)
		parse_line(book, line);
	fclose(file);
}

static int write_text(const char *path, const char *text)
{
	size_t bytes = strlen(text);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600), r = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, bytes) != (ssize_t)bytes || fsync(fd) < 0)
		r = errno != 0 ? -errno : -EIO;
	close(fd);
	return r;
}

static void fresh_path(const struct door_book *book, char path[PATH_BYTES + 8])
{
	snprintf(path, PATH_BYTES + 8, "%s.new", book->path);
}

static int save(const struct door_book *book, const char *text)
{
	char path[PATH_BYTES + 8];
	int folder, r;

	fresh_path(book, path);
	errno = 0;
	r = write_text(path, text);
	if (r == 0 && rename(path, book->path) < 0)
		r = -errno;
	folder = r == 0 ? open(book->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	if (folder >= 0) {
		(void)fsync(folder); /* the name; where a file system cannot, it keeps the order itself */
		close(folder);
	}
	return r;
}

static void *write_thread(void *arg)
{
	struct door_book *book = arg;
	char text[TEXT_BYTES], left[PATH_BYTES + 8];
	bool told = false;

	fresh_path(book, left);
	(void)unlink(left); /* of a run that ended while it wrote */
	pthread_mutex_lock(&book->lock);
	for (;;) {
		uint64_t change;
		int r;

		while (!book->dirty && !book->ending)
			pthread_cond_wait(&book->wanted, &book->lock);
		if (!book->dirty)
			break;
		memcpy(text, book->text, sizeof(text));
		book->dirty = false;
		change = book->last;
		pthread_mutex_unlock(&book->lock);
		r = save(book, text);
		if (r < 0 && !told)
			log_error("doors",
				  "%s: %s: after a restart the doors begin in the modes they had before",
				  book->path, strerror(-r));
		told = r < 0;
		pthread_mutex_lock(&book->lock);
		book->settled = change;
		book->settled_r = r;
		(void)eventfd_write(book->fd, 1);
	}
	pthread_mutex_unlock(&book->lock);
	return NULL;
}

/* ---- the book ---- */

int door_book_open(const char *state_dir, struct door_book **ret_book)
{
	struct door_book *book = calloc(1, sizeof(*book));

	if (book == NULL)
		return -ENOMEM;
	snprintf(book->folder, sizeof(book->folder), "%s", state_dir);
	snprintf(book->path, sizeof(book->path), "%s/doors", state_dir);
	load(book);
	book->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (book->fd < 0) {
		free(book);
		return -EAGAIN;
	}
	pthread_mutex_init(&book->lock, NULL);
	pthread_cond_init(&book->wanted, NULL);
	if (pthread_create(&book->thread, NULL, write_thread, book) != 0) {
		close(book->fd);
		free(book);
		return -EAGAIN;
	}
	*ret_book = book;
	return 0;
}

static struct entry *find(const struct door_book *book, const char *door)
{
	for (size_t i = 0; i < book->count; i++)
		if (strcmp(book->entries[i].door, door) == 0)
			return unconst(&book->entries[i]);
	return NULL;
}

struct door_memory door_book_find(const struct door_book *book, const char *door)
{
	const struct entry *entry = find(book, door);

	return entry != NULL ? entry->memory
			     : (struct door_memory){.mode = DOOR_MODE_LOCKED, .before = DOOR_MODE_LOCKED};
}

static void hand_over(struct door_book *book)
{
	size_t used = 0;

	pthread_mutex_lock(&book->lock);
	for (size_t i = 0; i < book->count; i++) {
		const struct entry *entry = &book->entries[i];

		used += (size_t)snprintf(book->text + used, sizeof(book->text) - used, "%s %s %s %d %d\n",
					 entry->door, door_mode_name(entry->memory.mode),
					 door_mode_name(entry->memory.before), entry->memory.fire,
					 entry->in_hours);
	}
	book->dirty = true;
	book->last++;
	pthread_cond_signal(&book->wanted);
	pthread_mutex_unlock(&book->lock);
}

void door_book_put(struct door_book *book, const char *door, const struct door_memory *memory)
{
	struct entry *entry = find(book, door);

	if (entry == NULL && book->count < CONFIG_DOORS_MAX) {
		entry = &book->entries[book->count++];
		*entry = (struct entry){.memory = {.mode = DOOR_MODE_UNKNOWN}};
		snprintf(entry->door, sizeof(entry->door), "%s", door);
	}
	if (entry == NULL || (entry->memory.mode == memory->mode && entry->memory.before == memory->before &&
			      entry->memory.fire == memory->fire))
		return;
	entry->memory = *memory;
	hand_over(book);
}

bool door_book_in_hours(const struct door_book *book, const char *door)
{
	const struct entry *entry = find(book, door);

	return entry != NULL && entry->in_hours;
}

void door_book_set_in_hours(struct door_book *book, const char *door, bool in_hours)
{
	struct entry *entry = find(book, door);

	if (entry == NULL || entry->in_hours == in_hours)
		return;
	entry->in_hours = in_hours;
	hand_over(book);
}

int door_book_fd(const struct door_book *book)
{
	return book->fd;
}

uint64_t door_book_last(const struct door_book *book)
{
	return book->last; /* written by this thread alone */
}

uint64_t door_book_settled(struct door_book *book, int *ret_r)
{
	eventfd_t taken;
	uint64_t settled;

	(void)eventfd_read(book->fd, &taken);
	pthread_mutex_lock(&book->lock);
	settled = book->settled;
	*ret_r = book->settled_r;
	pthread_mutex_unlock(&book->lock);
	return settled;
}

void door_book_close(struct door_book *book)
{
	if (book == NULL)
		return;
	pthread_mutex_lock(&book->lock);
	book->ending = true;
	pthread_cond_signal(&book->wanted);
	pthread_mutex_unlock(&book->lock);
	pthread_join(book->thread, NULL);
	pthread_cond_destroy(&book->wanted);
	pthread_mutex_destroy(&book->lock);
	close(book->fd);
	free(book);
}
