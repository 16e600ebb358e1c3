#include "access_rules.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	ITEMS_MAX = POLICY_GROUPS_MAX + POLICY_RULES_MAX + POLICY_AREAS_MAX + ROSTER_SCHEDULES_MAX +
		    ROSTER_HOLIDAYS_MAX + POLICY_DOORS_MAX
};

enum kind { AREA, GROUP, HOLIDAY, OPENING, RULE, SCHEDULE, KINDS };

static const struct {
	const char *name;
	size_t max;
} kinds[KINDS] = {
	[AREA] = {"area", POLICY_AREAS_MAX},          [GROUP] = {"group", POLICY_GROUPS_MAX},
	[HOLIDAY] = {"holiday", ROSTER_HOLIDAYS_MAX}, [OPENING] = {"opening", POLICY_DOORS_MAX},
	[RULE] = {"rule", POLICY_RULES_MAX},          [SCHEDULE] = {"schedule", ROSTER_SCHEDULES_MAX},
};

struct item {
	enum kind kind;
	char name[POLICY_NAME_BYTES];
	json_t *value;
	bool bad; /* is kept and not used */
};

/* all that the items come to; made anew for each change, so that a change that fails leaves the old one */
struct compiled {
	struct policy_book policy;
	struct {
		char name[POLICY_NAME_BYTES];
		struct schedule schedule;
	} schedules[ROSTER_SCHEDULES_MAX];
	size_t schedule_count;
	struct schedule_calendar calendar;
	struct policy_rule rules[POLICY_RULES_MAX];
	struct policy_area areas[POLICY_AREAS_MAX];
	uint16_t by_door[POLICY_DOORS_MAX][POLICY_RULES_MAX];
};

typedef char name_text[POLICY_NAME_BYTES];

struct roster_book {
	name_text doors[POLICY_DOORS_MAX];
	size_t door_count;
	struct item items[ITEMS_MAX]; /* by kind and name */
	size_t count;
	/* people hold places of these, so that a name keeps its place as long as it lives */
	name_text groups[POLICY_GROUPS_MAX], areas[POLICY_AREAS_MAX];
	struct compiled *compiled, *making; /* making: names are looked up in it */
	struct roster_names names;
};

/* ---- names and places ---- */

static int place_in(const name_text *names, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (name[0] != '\0' && strcmp(names[i], name) == 0)
			return (int)i;
	return -ENOENT;
}

static int find_door(const void *arg, const char *name)
{
	const struct roster_book *book = arg;

	return place_in(book->doors, book->door_count, name);
}

static int find_group(const void *arg, const char *name)
{
	const struct roster_book *book = arg;

	return place_in(book->groups, POLICY_GROUPS_MAX, name);
}

static const struct schedule *find_schedule(const void *arg, const char *name)
{
	const struct roster_book *book = arg;
	const struct compiled *compiled = book->making != NULL ? book->making : book->compiled;

	for (size_t i = 0; i < compiled->schedule_count; i++)
		if (strcmp(compiled->schedules[i].name, name) == 0)
			return &compiled->schedules[i].schedule;
	return NULL;
}

static name_text *places_of(struct roster_book *book, enum kind kind, size_t *ret_count)
{
	*ret_count = kind == GROUP ? POLICY_GROUPS_MAX : POLICY_AREAS_MAX;
	return kind == GROUP ? book->groups : kind == AREA ? book->areas : NULL;
}

static void take_place(struct roster_book *book, enum kind kind, const char *name)
{
	size_t count;
	name_text *places = places_of(book, kind, &count);

	if (places == NULL || place_in(places, count, name) >= 0)
		return;
	for (size_t i = 0; i < count; i++)
		if (places[i][0] == '\0') { /* there is one: items of a kind have the same limit */
			snprintf(places[i], sizeof(places[i]), "%s", name);
			return;
		}
}

static void give_place(struct roster_book *book, enum kind kind, const char *name)
{
	size_t count;
	name_text *places = places_of(book, kind, &count);
	int place = places != NULL ? place_in(places, count, name) : -1;

	if (place >= 0)
		places[place][0] = '\0';
}

/* ---- items ---- */

static int kind_of(const char *name)
{
	for (int i = 0; i < KINDS; i++)
		if (strcmp(kinds[i].name, name) == 0)
			return i;
	return -EINVAL;
}

bool roster_book_keeps(const char *kind)
{
	return kind_of(kind) >= 0;
}

/* Where the item is, or belongs. */
static size_t place_of(const struct roster_book *book, int kind, const char *name, bool *ret_there)
{
	size_t low = 0, high = book->count;

	*ret_there = false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct item *item = &book->items[middle];
		int order = (int)item->kind != kind ? (int)item->kind - kind : strcmp(item->name, name);

		*ret_there |= order == 0;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static size_t count_kind(const struct roster_book *book, enum kind kind)
{
	size_t count = 0;

	for (size_t i = 0; i < book->count; i++)
		count += book->items[i].kind == kind;
	return count;
}

static void insert_item(struct roster_book *book, size_t place, int kind, const char *name, json_t *value)
{
	struct item *item = &book->items[place];

	memmove(item + 1, item, (book->count - place) * sizeof(*item));
	*item = (struct item){.kind = (enum kind)kind, .value = json_incref(value)};
	snprintf(item->name, sizeof(item->name), "%s", name);
	book->count++;
	take_place(book, item->kind, item->name);
}

static void drop_item(struct roster_book *book, size_t place)
{
	struct item *item = &book->items[place];

	give_place(book, item->kind, item->name);
	json_decref(item->value);
	book->count--;
	memmove(item, item + 1, (book->count - place) * sizeof(*item));
}

/* ---- compiling ---- */

static int compile_item(struct roster_book *book, struct compiled *into, const struct item *item, char *error)
{
	int r, place;

	switch (item->kind) {
	case GROUP:
		return roster_parse_group(item->value, error);
	case SCHEDULE:
		r = roster_parse_schedule(item->value, &into->schedules[into->schedule_count].schedule,
					  error);
		if (r == 0)
			snprintf(into->schedules[into->schedule_count++].name, POLICY_NAME_BYTES, "%s",
				 item->name);
		return r;
	case HOLIDAY:
		return roster_parse_holiday(item->value, &into->calendar, error);
	case AREA:
		place = place_in(book->areas, POLICY_AREAS_MAX, item->name);
		return roster_parse_area(item->name, item->value, &book->names, &into->areas[place], error);
	case OPENING:
		return roster_parse_opening(item->name, item->value, &book->names, error);
	case RULE:
		r = roster_parse_rule(item->name, item->value, &book->names,
				      &into->rules[into->policy.rule_count], error);
		into->policy.rule_count += r == 0;
		return r;
	default:
		return -EINVAL;
	}
}

static void index_rules(struct compiled *compiled)
{
	struct policy_book *policy = &compiled->policy;

	policy->rules = compiled->rules;
	policy->calendar = &compiled->calendar;
	policy->areas = compiled->areas;
	for (size_t door = 0; door < POLICY_DOORS_MAX; door++) {
		policy->by_door[door] = compiled->by_door[door];
		for (size_t i = 0; i < policy->rule_count; i++)
			if ((compiled->rules[i].doors & 1u << door) != 0)
				compiled->by_door[door][policy->by_door_count[door]++] = (uint16_t)i;
	}
}

/* Everything anew. @p told NULL: the first mistake ends it, in @p error. @return mistakes, or an error */
static int compile(struct roster_book *book, void (*told)(void *arg, const char *sentence), void *arg,
		   char *error)
{
	/* rules and openings name schedules, so these come first */
	static const enum kind order[] = {GROUP, SCHEDULE, HOLIDAY, AREA, OPENING, RULE};
	struct compiled *compiled = calloc(1, sizeof(*compiled));
	char wrong[ROSTER_ERROR_BYTES], sentence[ROSTER_ERROR_BYTES];
	int bad = 0;

	if (compiled == NULL)
		return -ENOMEM;
	book->making = compiled;
	for (size_t k = 0; k < KINDS; k++)
		for (size_t i = 0; i < book->count; i++) {
			struct item *item = &book->items[i];
			bool was_bad = item->bad;

			if (item->kind != order[k])
				continue;
			item->bad = compile_item(book, compiled, item, wrong) < 0;
			if (!item->bad || (told == NULL && was_bad))
				continue; /* what was told before stands in no change's way */
			bad++;
			item->bad = told != NULL;
			snprintf(sentence, sizeof(sentence), "%s %s: %.160s", kinds[item->kind].name,
				 item->name, wrong);
			if (told != NULL)
				told(arg, sentence);
			else if (bad == 1)
				snprintf(error, ROSTER_ERROR_BYTES, "%s", sentence);
		}
	book->making = NULL;
	if (bad > 0 && told == NULL) {
		free(compiled);
		return -EINVAL;
	}
	/* rules of which none could be used must not become no rules, which lets residents in */
	if (compiled->policy.rule_count == 0 && count_kind(book, RULE) > 0)
		compiled->policy.rule_count = 1; /* all zeros: no door, no way */
	index_rules(compiled);
	free(book->compiled);
	book->compiled = compiled;
	return bad;
}

/* ---- the outside ---- */

int roster_book_open(const char *const *doors, size_t count, struct roster_book **ret_book)
{
	struct roster_book *book = calloc(1, sizeof(*book));
	int r;

	if (book == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < count && i < POLICY_DOORS_MAX; i++)
		snprintf(book->doors[book->door_count++], POLICY_NAME_BYTES, "%s", doors[i]);
	book->names = (struct roster_names){
		.door = find_door, .group = find_group, .schedule = find_schedule, .arg = book};
	r = compile(book, NULL, NULL, NULL);
	if (r < 0) {
		roster_book_close(book);
		return r;
	}
	*ret_book = book;
	return 0;
}

int roster_book_load(struct roster_book *book, const char *kind_name, const char *name, json_t *value)
{
	int kind = kind_of(kind_name);
	bool there;
	size_t place;

	if (kind < 0 || !roster_name_is_valid(name))
		return -EINVAL;
	place = place_of(book, kind, name, &there);
	if (there || count_kind(book, (enum kind)kind) >= kinds[kind].max)
		return -EINVAL;
	insert_item(book, place, kind, name, value);
	return 0;
}

int roster_book_settle(struct roster_book *book, void (*told)(void *arg, const char *sentence), void *arg)
{
	return compile(book, told, arg, NULL);
}

static int replace(struct roster_book *book, size_t place, json_t *value, char *error)
{
	struct item *item = &book->items[place];
	json_t *before = item->value;
	bool was_bad = item->bad;
	int r;

	item->value = json_incref(value);
	item->bad = false;
	r = compile(book, NULL, NULL, error);
	if (r < 0) {
		item->value = before;
		item->bad = was_bad;
	}
	json_decref(r < 0 ? value : before);
	return r;
}

int roster_book_put(struct roster_book *book, const char *kind_name, const char *name, json_t *value,
		    char *error)
{
	int kind = kind_of(kind_name), r;
	bool there;
	size_t place;

	if (kind < 0 || !roster_name_is_valid(name)) {
		snprintf(error, ROSTER_ERROR_BYTES,
			 "a name is 1 to 31 characters: a to z, 0 to 9 and the hyphen");
		return -EINVAL;
	}
	place = place_of(book, kind, name, &there);
	if (there)
		return replace(book, place, value, error);
	if (count_kind(book, (enum kind)kind) >= kinds[kind].max) {
		snprintf(error, ROSTER_ERROR_BYTES, "there are %zu of kind %s, and no more may be",
			 kinds[kind].max, kind_name);
		return -ENOSPC;
	}
	insert_item(book, place, kind, name, value);
	r = compile(book, NULL, NULL, error);
	if (r < 0)
		drop_item(book, place);
	return r;
}

int roster_book_remove(struct roster_book *book, const char *kind_name, const char *name, char *error)
{
	int kind = kind_of(kind_name), r;
	json_t *value;
	bool there;
	size_t place;

	place = kind < 0 ? 0 : place_of(book, kind, name, &there);
	if (kind < 0 || !there) {
		snprintf(error, ROSTER_ERROR_BYTES, "there is no %s \"%.40s\"", kind_name, name);
		return -ENOENT;
	}
	value = json_incref(book->items[place].value);
	drop_item(book, place);
	r = compile(book, NULL, NULL, error);
	if (r < 0)
		insert_item(book, place, kind, name, value);
	json_decref(value);
	return r == -EINVAL ? -EEXIST : r;
}

json_t *roster_book_get(const struct roster_book *book, const char *kind_name, const char *name)
{
	int kind = kind_of(kind_name);
	bool there;
	size_t place;

	if (kind < 0)
		return NULL;
	place = place_of(book, kind, name, &there);
	return there ? book->items[place].value : NULL;
}

bool roster_book_next(const struct roster_book *book, const char *kind, size_t *at, const char **ret_kind,
		      const char **ret_name, json_t **ret_value)
{
	for (; *at < book->count; (*at)++) {
		const struct item *item = &book->items[*at];

		if (kind != NULL && strcmp(kinds[item->kind].name, kind) != 0)
			continue;
		*ret_kind = kinds[item->kind].name;
		*ret_name = item->name;
		*ret_value = item->value;
		(*at)++;
		return true;
	}
	return false;
}

const struct policy_book *roster_book_policy(const struct roster_book *book)
{
	return &book->compiled->policy;
}

const struct roster_names *roster_book_names(const struct roster_book *book)
{
	return &book->names;
}

const char *roster_book_group(const struct roster_book *book, int place)
{
	return book->groups[place][0] != '\0' ? book->groups[place] : NULL;
}

const char *roster_book_area(const struct roster_book *book, int place)
{
	return book->areas[place][0] != '\0' ? book->areas[place] : NULL;
}

int roster_book_area_place(const struct roster_book *book, const char *name)
{
	return place_in(book->areas, POLICY_AREAS_MAX, name);
}

void roster_book_close(struct roster_book *book)
{
	if (book == NULL)
		return;
	for (size_t i = 0; i < book->count; i++)
		json_decref(book->items[i].value);
	free(book->compiled);
	free(book);
}
