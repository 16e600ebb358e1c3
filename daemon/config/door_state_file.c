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
#include "base/thread_role.h"
#include "base/unconst.h"
#include "config.h"

enum { TEXT_BYTES = CONFIG_DOORS_MAX * 96, PATH_BYTES = CONFIG_PATH_BYTES + 16 };

struct entry {
	char door[CONFIG_NAME_BYTES];
	struct door_memory memory;
	bool in_hours;
};

struct door_state_file {
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

static void parse_line(struct door_state_file *states, const char *line)
{
	struct entry entry = {0};
	char mode[32], before[32];
	unsigned fire, hours = 0; /* hours: missing in files of before there were any */

	if (sscanf(line, "%31s %31s %31s %u %u", entry.door, mode, before, &fire, &hours) < 4 ||
	    states->count == CONFIG_DOORS_MAX)
		return;
	entry.memory = (struct door_memory){
		.mode = door_mode_find(mode), .before = door_mode_find(before), .fire = fire == 1};
	entry.in_hours = hours == 1;
	if (entry.memory.mode == DOOR_MODE_UNKNOWN || entry.memory.before == DOOR_MODE_UNKNOWN ||
	    fire > 1)
		log_warning("doors", "%s: \"%s\" is no mode of a door: %s begins Locked",
			    states->path, mode, entry.door);
	else
		states->entries[states->count++] = entry;
}

static void load(struct door_state_file *states)
{
	FILE *file = fopen(states->path, "re");
	char line[128];

	if (file == NULL) {
		if (errno != ENOENT)
			log_warning("doors", "%s: %s: all doors begin Locked", states->path,
				    strerror(errno));
		return;
	}
	while (fgets(line, sizeof(line), file) != NULL)
		parse_line(states, line);
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

static void fresh_path(const struct door_state_file *states, char path[PATH_BYTES + 8])
{
	snprintf(path, PATH_BYTES + 8, "%s.new", states->path);
}

static int save(const struct door_state_file *states, const char *text)
{
	char path[PATH_BYTES + 8];
	int folder, r;

	fresh_path(states, path);
	errno = 0;
	r = write_text(path, text);
	if (r == 0 && rename(path, states->path) < 0)
		r = -errno;
	folder = r == 0 ? open(states->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	if (folder >= 0) {
		/* the name; where a file system cannot, it keeps the order itself */
		(void)fsync(folder);
		close(folder);
	}
	return r;
}

static void *write_thread(void *arg)
{
	struct door_state_file *states = arg;
	char text[TEXT_BYTES], left[PATH_BYTES + 8];
	bool told = false;

	thread_role_set(THREAD_WORKER);
	fresh_path(states, left);
	(void)unlink(left); /* of a run that ended while it wrote */
	pthread_mutex_lock(&states->lock);
	for (;;) {
		uint64_t change;
		int r;

		while (!states->dirty && !states->ending)
			pthread_cond_wait(&states->wanted, &states->lock);
		if (!states->dirty)
			break;
		memcpy(text, states->text, sizeof(text));
		states->dirty = false;
		change = states->last;
		pthread_mutex_unlock(&states->lock);
		r = save(states, text);
		if (r < 0 && !told)
			log_error("doors",
				  "%s: %s: after a restart the doors begin in the modes they had "
				  "before",
				  states->path, strerror(-r));
		told = r < 0;
		pthread_mutex_lock(&states->lock);
		states->settled = change;
		states->settled_r = r;
		(void)eventfd_write(states->fd, 1);
	}
	pthread_mutex_unlock(&states->lock);
	return NULL;
}

/* ---- the states ---- */

int door_state_file_open(const char *state_dir, struct door_state_file **ret_file)
{
	struct door_state_file *states = calloc(1, sizeof(*states));

	if (states == NULL)
		return -ENOMEM;
	snprintf(states->folder, sizeof(states->folder), "%s", state_dir);
	snprintf(states->path, sizeof(states->path), "%s/doors", state_dir);
	load(states);
	states->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (states->fd < 0) {
		free(states);
		return -EAGAIN;
	}
	pthread_mutex_init(&states->lock, NULL);
	pthread_cond_init(&states->wanted, NULL);
	if (pthread_create(&states->thread, NULL, write_thread, states) != 0) {
		close(states->fd);
		free(states);
		return -EAGAIN;
	}
	*ret_file = states;
	return 0;
}

static struct entry *find(const struct door_state_file *states, const char *door)
{
	for (size_t i = 0; i < states->count; i++)
		if (strcmp(states->entries[i].door, door) == 0)
			return unconst(&states->entries[i]);
	return NULL;
}

struct door_memory door_state_file_find(const struct door_state_file *states, const char *door)
{
	const struct entry *entry = find(states, door);

	return entry != NULL
		       ? entry->memory
		       : (struct door_memory){.mode = DOOR_MODE_LOCKED, .before = DOOR_MODE_LOCKED};
}

static void hand_over(struct door_state_file *states)
{
	size_t used = 0;

	pthread_mutex_lock(&states->lock);
	for (size_t i = 0; i < states->count; i++) {
		const struct entry *entry = &states->entries[i];

		used += (size_t)snprintf(
			states->text + used, sizeof(states->text) - used, "%s %s %s %d %d\n",
			entry->door, door_mode_name(entry->memory.mode),
			door_mode_name(entry->memory.before), entry->memory.fire, entry->in_hours);
	}
	states->dirty = true;
	states->last++;
	pthread_cond_signal(&states->wanted);
	pthread_mutex_unlock(&states->lock);
}

void door_state_file_put(struct door_state_file *states, const char *door,
			 const struct door_memory *memory)
{
	struct entry *entry = find(states, door);

	if (entry == NULL && states->count < CONFIG_DOORS_MAX) {
		entry = &states->entries[states->count++];
		*entry = (struct entry){.memory = {.mode = DOOR_MODE_UNKNOWN}};
		snprintf(entry->door, sizeof(entry->door), "%s", door);
	}
	if (entry == NULL ||
	    (entry->memory.mode == memory->mode && entry->memory.before == memory->before &&
	     entry->memory.fire == memory->fire))
		return;
	entry->memory = *memory;
	hand_over(states);
}

bool door_state_file_in_hours(const struct door_state_file *states, const char *door)
{
	const struct entry *entry = find(states, door);

	return entry != NULL && entry->in_hours;
}

void door_state_file_set_in_hours(struct door_state_file *states, const char *door, bool in_hours)
{
	struct entry *entry = find(states, door);

	if (entry == NULL || entry->in_hours == in_hours)
		return;
	entry->in_hours = in_hours;
	hand_over(states);
}

int door_state_file_fd(const struct door_state_file *states)
{
	return states->fd;
}

uint64_t door_state_file_last(const struct door_state_file *states)
{
	return states->last; /* written by this thread alone */
}

uint64_t door_state_file_settled(struct door_state_file *states, int *ret_r)
{
	eventfd_t taken;
	uint64_t settled;

	(void)eventfd_read(states->fd, &taken);
	pthread_mutex_lock(&states->lock);
	settled = states->settled;
	*ret_r = states->settled_r;
	pthread_mutex_unlock(&states->lock);
	return settled;
}

void door_state_file_close(struct door_state_file *states)
{
	if (states == NULL)
		return;
	pthread_mutex_lock(&states->lock);
	states->ending = true;
	pthread_cond_signal(&states->wanted);
	pthread_mutex_unlock(&states->lock);
	pthread_join(states->thread, NULL);
	pthread_cond_destroy(&states->wanted);
	pthread_mutex_destroy(&states->lock);
	close(states->fd);
	free(states);
}
