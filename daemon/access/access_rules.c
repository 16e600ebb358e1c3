#include "access_rules.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/sorted.h"
#include "base/thread_role.h"

enum {
	ITEMS_MAX = POLICY_GROUPS_MAX + POLICY_RULES_MAX + POLICY_AREAS_MAX + ROSTER_SCHEDULES_MAX +
		    ROSTER_HOLIDAYS_MAX + POLICY_DOORS_MAX
};

enum kind { AREA, GROUP, HOLIDAY, OPENING, RULE, SCHEDULE, KINDS };

static const struct {
	const char *name;
	size_t max;
} kinds[KINDS] = {
	[AREA] = {"area", POLICY_AREAS_MAX},
	[GROUP] = {"group", POLICY_GROUPS_MAX},
	[HOLIDAY] = {"holiday", ROSTER_HOLIDAYS_MAX},
	[OPENING] = {"opening", POLICY_DOORS_MAX},
	[RULE] = {"rule", POLICY_RULES_MAX},
	[SCHEDULE] = {"schedule", ROSTER_SCHEDULES_MAX},
};

struct item {
	enum kind kind;
	char name[POLICY_NAME_BYTES];
	json_t *value;
	bool unused; /* stored, but not in force since it is inconsistent */
};

/* compiled from all items; each change compiles a new one, so a failed change leaves the old one */
struct compiled {
	struct policy_ruleset policy;
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

struct access_rules {
	name_text doors[POLICY_DOORS_MAX];
	size_t door_count;
	struct item items[ITEMS_MAX]; /* sorted by kind and name */
	size_t count;
	/* people hold the indices of these, so a name has the same index until it is removed */
	name_text groups[POLICY_GROUPS_MAX], areas[POLICY_AREAS_MAX];
	/* in force; being compiled (schedules are then looked up in it), else NULL */
	struct compiled *compiled, *next;
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
	const struct access_rules *rules = arg;

	return place_in(rules->doors, rules->door_count, name);
}

static int find_group(const void *arg, const char *name)
{
	const struct access_rules *rules = arg;

	return place_in(rules->groups, POLICY_GROUPS_MAX, name);
}

static const struct schedule *find_schedule(const void *arg, const char *name)
{
	const struct access_rules *rules = arg;
	const struct compiled *compiled = rules->next != NULL ? rules->next : rules->compiled;

	for (size_t i = 0; i < compiled->schedule_count; i++)
		if (strcmp(compiled->schedules[i].name, name) == 0)
			return &compiled->schedules[i].schedule;
	return NULL;
}

static name_text *places_of(struct access_rules *rules, enum kind kind, size_t *ret_count)
{
	*ret_count = kind == GROUP ? POLICY_GROUPS_MAX : POLICY_AREAS_MAX;
	return kind == GROUP ? rules->groups : kind == AREA ? rules->areas : NULL;
}

static void assign_place(struct access_rules *rules, enum kind kind, const char *name)
{
	size_t count;
	name_text *places = places_of(rules, kind, &count);

	if (places == NULL || place_in(places, count, name) >= 0)
		return;
	for (size_t i = 0; i < count; i++)
		if (places[i][0] == '\0') {
			snprintf(places[i], sizeof(places[i]), "%s", name);
			return;
		}
	assert(false); /* the number of items of a kind has the same limit */
}

static void release_place(struct access_rules *rules, enum kind kind, const char *name)
{
	size_t count;
	name_text *places = places_of(rules, kind, &count);
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

bool access_rules_has_kind(const char *kind)
{
	return kind_of(kind) >= 0;
}

struct item_key {
	int kind;
	const char *name;
};

static int order_of_item(const void *item, const void *key)
{
	const struct item *at = item;
	const struct item_key *wanted = key;

	return (int)at->kind != wanted->kind ? (int)at->kind - wanted->kind
					     : strcmp(at->name, wanted->name);
}

/* The index of an item, or the index at which it is to be inserted. */
static size_t place_of(const struct access_rules *rules, int kind, const char *name,
		       bool *ret_found)
{
	const struct item_key key = {kind, name};
	size_t place = sorted_place(rules->items, rules->count, sizeof(rules->items[0]),
				    order_of_item, &key);

	*ret_found = place < rules->count && order_of_item(&rules->items[place], &key) == 0;
	return place;
}

static size_t count_kind(const struct access_rules *rules, enum kind kind)
{
	size_t count = 0;

	for (size_t i = 0; i < rules->count; i++)
		count += rules->items[i].kind == kind;
	return count;
}

static void insert_item(struct access_rules *rules, size_t place, int kind, const char *name,
			json_t *value)
{
	struct item *item = &rules->items[place];

	assert(rules->count < ITEMS_MAX && place <= rules->count);
	memmove(item + 1, item, (rules->count - place) * sizeof(*item));
	*item = (struct item){.kind = (enum kind)kind, .value = json_incref(value)};
	snprintf(item->name, sizeof(item->name), "%s", name);
	rules->count++;
	assign_place(rules, item->kind, item->name);
}

static void remove_item(struct access_rules *rules, size_t place)
{
	struct item *item = &rules->items[place];

	assert(place < rules->count);
	release_place(rules, item->kind, item->name);
	json_decref(item->value);
	rules->count--;
	memmove(item, item + 1, (rules->count - place) * sizeof(*item));
}

/* ---- compiling ---- */

static int compile_item(struct access_rules *rules, struct compiled *into, const struct item *item,
			struct problem *problem)
{
	int r, place;

	switch (item->kind) {
	case GROUP:
		return roster_parse_group(item->value, problem);
	case SCHEDULE:
		r = roster_parse_schedule(item->value,
					  &into->schedules[into->schedule_count].schedule, problem);
		if (r == 0)
			snprintf(into->schedules[into->schedule_count++].name, POLICY_NAME_BYTES,
				 "%s", item->name);
		return r;
	case HOLIDAY:
		return roster_parse_holiday(item->value, &into->calendar, problem);
	case AREA:
		place = place_in(rules->areas, POLICY_AREAS_MAX, item->name);
		assert(place >= 0); /* insert_item() assigned it */
		return roster_parse_area(item->name, item->value, &rules->names,
					 &into->areas[place], problem);
	case OPENING:
		return roster_parse_opening(item->name, item->value, &rules->names, problem);
	case RULE:
		r = roster_parse_rule(item->name, item->value, &rules->names,
				      &into->rules[into->policy.rule_count], problem);
		into->policy.rule_count += r == 0;
		return r;
	default:
		return -EINVAL;
	}
}

static void index_rules(struct compiled *compiled)
{
	struct policy_ruleset *policy = &compiled->policy;

	policy->rules = compiled->rules;
	policy->calendar = &compiled->calendar;
	policy->areas = compiled->areas;
	for (size_t door = 0; door < POLICY_DOORS_MAX; door++) {
		policy->by_door[door] = compiled->by_door[door];
		for (size_t i = 0; i < policy->rule_count; i++)
			if ((compiled->rules[i].doors & 1u << door) != 0)
				compiled->by_door[door][policy->by_door_count[door]++] =
					(uint16_t)i;
	}
}

/*
 * Compile all items. With @p report every inconsistent item is reported and left out. Without it
 * such an item fails the call, with the first one in @p problem; items that were reported before
 * stay left out and fail nothing.
 * @return the number of reported items, -EINVAL or -ENOMEM
 */
static int compile(struct access_rules *rules,
		   void (*report)(void *arg, const struct problem *problem), void *arg,
		   struct problem *problem)
{
	/* rules and openings refer to schedules, so these are compiled first */
	static const enum kind order[] = {GROUP, SCHEDULE, HOLIDAY, AREA, OPENING, RULE};
	struct compiled *compiled = calloc(1, sizeof(*compiled));
	struct problem wrong, at_item;
	int errors = 0;

	assert(rules->next == NULL);
	if (compiled == NULL)
		return -ENOMEM;
	rules->next = compiled;
	for (size_t k = 0; k < KINDS; k++)
		for (size_t i = 0; i < rules->count; i++) {
			struct item *item = &rules->items[i];
			bool was_unused = item->unused;

			if (item->kind != order[k])
				continue;
			item->unused = compile_item(rules, compiled, item, &wrong) < 0;
			if (!item->unused || (report == NULL && was_unused))
				continue;
			errors++;
			item->unused = report != NULL;
			problem_rule_item_wrong(&at_item, kinds[item->kind].name, item->name,
						&wrong);
			if (report != NULL)
				report(arg, &at_item);
			else if (errors == 1)
				*problem = at_item;
		}
	rules->next = NULL;
	if (errors > 0 && report == NULL) {
		free(compiled);
		return -EINVAL;
	}
	/* not an empty ruleset when all rules are unused: the built-in rule would grant */
	if (compiled->policy.rule_count == 0 && count_kind(rules, RULE) > 0)
		compiled->policy.rule_count = 1; /* all zeros: no door, no way */
	index_rules(compiled);
	free(rules->compiled);
	rules->compiled = compiled;
	return errors;
}

/* ---- public functions ---- */

int access_rules_open(const char *const *doors, size_t count, struct access_rules **ret_rules)
{
	struct access_rules *rules = calloc(1, sizeof(*rules));
	int r;

	assert_thread(THREAD_CONTROL);
	assert(count <= POLICY_DOORS_MAX);
	if (rules == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		snprintf(rules->doors[rules->door_count++], POLICY_NAME_BYTES, "%s", doors[i]);
	rules->names = (struct roster_names){
		.door = find_door, .group = find_group, .schedule = find_schedule, .arg = rules};
	r = compile(rules, NULL, NULL, NULL);
	if (r < 0) {
		access_rules_close(rules);
		return r;
	}
	*ret_rules = rules;
	return 0;
}

int access_rules_load(struct access_rules *rules, const char *kind_name, const char *name,
		      json_t *value)
{
	int kind = kind_of(kind_name);
	bool found;
	size_t place;

	assert_thread(THREAD_CONTROL);
	if (kind < 0 || !roster_name_is_valid(name))
		return -EINVAL;
	place = place_of(rules, kind, name, &found);
	if (found || count_kind(rules, (enum kind)kind) >= kinds[kind].max)
		return -EINVAL;
	insert_item(rules, place, kind, name, value);
	return 0;
}

int access_rules_apply(struct access_rules *rules,
		       void (*report)(void *arg, const struct problem *problem), void *arg)
{
	assert_thread(THREAD_CONTROL);
	return compile(rules, report, arg, NULL);
}

static int replace(struct access_rules *rules, size_t place, json_t *value, struct problem *problem)
{
	struct item *item = &rules->items[place];
	json_t *before = item->value;
	bool was_unused = item->unused;
	int r;

	item->value = json_incref(value);
	item->unused = false;
	r = compile(rules, NULL, NULL, problem);
	if (r < 0) {
		item->value = before;
		item->unused = was_unused;
	}
	json_decref(r < 0 ? value : before);
	return r;
}

int access_rules_put(struct access_rules *rules, const char *kind_name, const char *name,
		     json_t *value, struct problem *problem)
{
	int kind = kind_of(kind_name), r;
	bool found;
	size_t place;

	assert_thread(THREAD_CONTROL);
	if (kind < 0 || !roster_name_is_valid(name)) {
		return problem_rule_name_invalid(problem);
	}
	place = place_of(rules, kind, name, &found);
	if (found)
		return replace(rules, place, value, problem);
	if (count_kind(rules, (enum kind)kind) >= kinds[kind].max) {
		return problem_too_many_items(problem, (long long)kinds[kind].max, kind_name);
	}
	insert_item(rules, place, kind, name, value);
	r = compile(rules, NULL, NULL, problem);
	if (r < 0)
		remove_item(rules, place);
	return r;
}

int access_rules_remove(struct access_rules *rules, const char *kind_name, const char *name,
			struct problem *problem)
{
	int kind = kind_of(kind_name), r;
	json_t *value;
	bool found;
	size_t place;

	assert_thread(THREAD_CONTROL);
	place = kind < 0 ? 0 : place_of(rules, kind, name, &found);
	if (kind < 0 || !found) {
		return problem_item_not_here(problem, kind_name, name);
	}
	value = json_incref(rules->items[place].value);
	remove_item(rules, place);
	r = compile(rules, NULL, NULL, problem);
	if (r < 0)
		insert_item(rules, place, kind, name, value);
	json_decref(value);
	return r == -EINVAL ? -EEXIST : r;
}

json_t *access_rules_get(const struct access_rules *rules, const char *kind_name, const char *name)
{
	int kind = kind_of(kind_name);
	bool found;
	size_t place;

	if (kind < 0)
		return NULL;
	place = place_of(rules, kind, name, &found);
	return found ? rules->items[place].value : NULL;
}

bool access_rules_next(const struct access_rules *rules, const char *kind, size_t *at,
		       const char **ret_kind, const char **ret_name, json_t **ret_value)
{
	for (; *at < rules->count; (*at)++) {
		const struct item *item = &rules->items[*at];

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

const struct policy_ruleset *access_rules_ruleset(const struct access_rules *rules)
{
	return &rules->compiled->policy;
}

const struct roster_names *access_rules_names(const struct access_rules *rules)
{
	return &rules->names;
}

const char *access_rules_group(const struct access_rules *rules, int place)
{
	assert(place >= 0 && place < POLICY_GROUPS_MAX);
	return rules->groups[place][0] != '\0' ? rules->groups[place] : NULL;
}

const char *access_rules_area(const struct access_rules *rules, int place)
{
	assert(place >= 0 && place < POLICY_AREAS_MAX);
	return rules->areas[place][0] != '\0' ? rules->areas[place] : NULL;
}

int access_rules_area_place(const struct access_rules *rules, const char *name)
{
	return place_in(rules->areas, POLICY_AREAS_MAX, name);
}

int access_rules_schedule_is_open(const struct access_rules *rules, const char *name,
				  int64_t unix_ms)
{
	const struct roster_names *names = access_rules_names(rules);
	const struct schedule *schedule = names->schedule(names->arg, name);
	struct schedule_time local;

	if (schedule == NULL)
		return -ENOENT;
	if (!clock_is_set(unix_ms) || schedule_local(unix_ms, &local) < 0)
		return -EAGAIN;
	return schedule_is_open(schedule, access_rules_ruleset(rules)->calendar, local);
}

void access_rules_close(struct access_rules *rules)
{
	if (rules == NULL)
		return;
	for (size_t i = 0; i < rules->count; i++)
		json_decref(rules->items[i].value);
	free(rules->compiled);
	free(rules);
}
