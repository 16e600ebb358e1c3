#include "roster.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/sorted.h"
#include "base/thread_role.h"
#include "crypto/crypto.h"

struct roster {
	/* sorted by id: ids grow with time, so a new person is appended */
	struct roster_person **people;
	size_t count, room;
};

bool roster_person_name_is_valid(const char *name)
{
	bool visible = false;

	for (const unsigned char *at = (const unsigned char *)name; *at != '\0'; at++) {
		if (*at < ' ' || *at == 0x7f)
			return false;
		visible |= *at != ' ';
	}
	return visible && strlen(name) < ROSTER_NAME_BYTES;
}

int roster_open(struct roster **ret_roster)
{
	struct roster *roster = calloc(1, sizeof(*roster));

	if (roster == NULL)
		return -ENOMEM;
	*ret_roster = roster;
	return 0;
}

static int order_of_id(const void *item, const void *key)
{
	return strcmp((*(struct roster_person *const *)item)->id, key);
}

/* The index of the first id that is not below @p id. */
static size_t place_of(const struct roster *roster, const char *id)
{
	return sorted_place(roster->people, roster->count, sizeof(roster->people[0]), order_of_id,
			    id);
}

static bool holds(const struct roster *roster, size_t place, const char *id)
{
	return place < roster->count && strcmp(roster->people[place]->id, id) == 0;
}

static int make_room(struct roster *roster)
{
	size_t room = roster->room == 0 ? 64 : 2 * roster->room;
	struct roster_person **people;

	if (roster->count < roster->room)
		return 0;
	people = realloc(roster->people, room * sizeof(struct roster_person *));
	if (people == NULL)
		return -ENOMEM;
	roster->people = people;
	roster->room = room;
	return 0;
}

static void copy_validity(struct roster_person *person)
{
	person->access.enabled = person->enabled;
	person->access.valid_from_unix_ms = person->valid_from_unix_ms;
	person->access.valid_to_unix_ms = person->valid_to_unix_ms;
}

static int insert(struct roster *roster, size_t place, const struct roster_person *person)
{
	struct roster_person *copy;
	int r;

	assert(place <= roster->count);
	if (roster->count >= ROSTER_PEOPLE_MAX)
		return -ENOSPC;
	r = make_room(roster);
	if (r < 0)
		return r;
	copy = malloc(sizeof(*copy));
	if (copy == NULL)
		return -ENOMEM;
	*copy = *person;
	copy_validity(copy);
	memmove(roster->people + place + 1, roster->people + place,
		(roster->count - place) * sizeof(struct roster_person *));
	roster->people[place] = copy;
	roster->count++;
	return 0;
}

/* Carry over what roster_put() preserves. */
static void preserve_access(struct roster_person *person, const struct roster_person *before)
{
	person->has_holder = before->has_holder;
	person->access = before->access;
	memcpy(person->holder_digest, before->holder_digest, sizeof(person->holder_digest));
	copy_validity(person);
}

int roster_put(struct roster *roster, const struct roster_person *person)
{
	struct roster_person before;
	size_t place;

	assert_thread(THREAD_CONTROL);
	if (memchr(person->id, '\0', sizeof(person->id)) == NULL || !ulid_is_valid(person->id) ||
	    person->name[0] == '\0' || memchr(person->name, '\0', sizeof(person->name)) == NULL)
		return -EINVAL;
	place = place_of(roster, person->id);
	if (!holds(roster, place, person->id))
		return insert(roster, place, person);
	before = *roster->people[place];
	*roster->people[place] = *person;
	preserve_access(roster->people[place], &before);
	crypto_wipe(&before, sizeof(before));
	return 0;
}

struct roster_person *roster_edit(struct roster *roster, const char *id)
{
	size_t place = place_of(roster, id);

	return holds(roster, place, id) ? roster->people[place] : NULL;
}

static void free_person(struct roster_person *person)
{
	crypto_wipe(person, sizeof(*person));
	free(person);
}

int roster_remove(struct roster *roster, const char *id)
{
	size_t place = place_of(roster, id);

	if (!holds(roster, place, id))
		return -ENOENT;
	assert_thread(THREAD_CONTROL);
	free_person(roster->people[place]);
	roster->count--;
	memmove(roster->people + place, roster->people + place + 1,
		(roster->count - place) * sizeof(struct roster_person *));
	return 0;
}

int roster_count_template(struct roster *roster, const char *id, int change)
{
	size_t place = place_of(roster, id);
	unsigned *count;

	assert_thread(THREAD_CONTROL);
	if (!holds(roster, place, id))
		return -ENOENT;
	count = &roster->people[place]->template_count;
	if (change < 0 && *count < (unsigned)-change)
		*count = 0;
	else
		*count += (unsigned)change;
	return 0;
}

const struct roster_person *roster_find(const struct roster *roster, const char *id)
{
	size_t place = place_of(roster, id);

	return holds(roster, place, id) ? roster->people[place] : NULL;
}

const struct roster_person *roster_next(const struct roster *roster, const char *after_id)
{
	size_t place = place_of(roster, after_id);

	if (holds(roster, place, after_id))
		place++;
	return place < roster->count ? roster->people[place] : NULL;
}

size_t roster_count(const struct roster *roster)
{
	return roster->count;
}

const struct roster_person *roster_at(const struct roster *roster, size_t place)
{
	return place < roster->count ? roster->people[place] : NULL;
}

void roster_clear(struct roster *roster)
{
	assert_thread(THREAD_CONTROL);
	for (size_t i = 0; i < roster->count; i++)
		free_person(roster->people[i]);
	roster->count = 0;
}

void roster_close(struct roster *roster)
{
	if (roster == NULL)
		return;
	roster_clear(roster);
	free(roster->people);
	free(roster);
}
