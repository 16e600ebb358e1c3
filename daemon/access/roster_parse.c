#include "roster_parse.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"

bool roster_name_is_valid(const char *name)
{
	size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");

	return length > 0 && length < POLICY_NAME_BYTES && name[length] == '\0';
}

/* Check for an object with no members but @p known and a valid title. */
static int check_object(const json_t *value, const char *const *known, struct problem *problem)
{
	const char *title = NULL;

	if (!json_is_object(value))
		return problem_json_not_object(problem);
	if (json_check_members(value, known, problem) < 0)
		return -EINVAL;
	return json_read_string(value, "title", ROSTER_TITLE_BYTES, &title, problem);
}

/* Call @p parse for each string of the array @p key; a missing array is empty. */
static int each_string(const json_t *value, const char *key, size_t max,
		       int (*parse)(void *arg, const char *text, struct problem *problem),
		       void *arg, struct problem *problem)
{
	const json_t *array = json_object_get(value, key);
	int r = 0;

	if (array == NULL)
		return 0;
	if (!json_is_array(array) || json_array_size(array) > max)
		return problem_list_invalid(problem, key, (long long)max);
	for (size_t i = 0; r == 0 && i < json_array_size(array); i++) {
		const char *text = json_string_value(json_array_get(array, i));

		if (text == NULL || strlen(text) > 200)
			return problem_list_not_texts(problem, key);
		r = parse(arg, text, problem);
	}
	return r;
}

/* ---- names ---- */

struct name_context {
	const char *key;
	const struct roster_names *names;
	uint32_t doors;
	struct policy_groups *groups;
};

static int parse_door(void *arg, const char *text, struct problem *problem)
{
	struct name_context *context = arg;
	int door = context->names->door(context->names->arg, text);

	assert(door < POLICY_DOORS_MAX);
	if (door < 0)
		return problem_list_door_unknown(problem, context->key, text);
	context->doors |= 1u << door;
	return 0;
}

int roster_parse_doors(const json_t *value, const char *key, const struct roster_names *names,
		       uint32_t *ret_doors, struct problem *problem)
{
	struct name_context context = {.key = key, .names = names};
	int r = each_string(value, key, POLICY_DOORS_MAX, parse_door, &context, problem);

	if (r < 0 || json_object_get(value, key) == NULL)
		return r;
	if (context.doors == 0)
		return problem_list_no_door(problem, key);
	*ret_doors = context.doors;
	return 0;
}

static int parse_group_name(void *arg, const char *text, struct problem *problem)
{
	struct name_context *context = arg;
	int group = context->names->group(context->names->arg, text);

	assert(group < POLICY_GROUPS_MAX);
	if (group < 0)
		return problem_list_group_unknown(problem, text);
	context->groups->bits[group / 64] |= (uint64_t)1 << group % 64;
	return 0;
}

static int parse_groups(const json_t *value, const struct roster_names *names,
			struct policy_groups *groups, struct problem *problem)
{
	struct name_context context = {.names = names, .groups = groups};

	memset(groups, 0, sizeof(*groups));
	return each_string(value, "groups", POLICY_GROUPS_MAX, parse_group_name, &context, problem);
}

int roster_parse_time(const json_t *value, const char *key, int64_t *ret_unix_ms,
		      struct problem *problem)
{
	const json_t *member = json_object_get(value, key);

	if (member == NULL || json_is_null(member))
		return 0;
	if (!json_is_string(member) || clock_parse_utc(json_string_value(member), ret_unix_ms) < 0)
		return problem_member_not_minute(problem, key);
	return 0;
}

/* One of two or three words; missing: the first. @return its index, or -EINVAL */
static int parse_choice(const json_t *value, const char *key, const char *const *words,
			struct problem *problem)
{
	const char *text = words[0];
	char listed[64];
	size_t i = 0;

	if (json_read_string(value, key, 16, &text, problem) < 0)
		return -EINVAL;
	for (; words[i] != NULL; i++)
		if (strcmp(words[i], text) == 0)
			return (int)i;
	snprintf(listed, sizeof(listed), "%s, %s%s%s", words[0], words[1], i > 2 ? " or " : "",
		 i > 2 ? words[2] : "");
	return problem_member_not_word(problem, key, listed);
}

/* ---- the kinds ---- */

int roster_parse_group(const json_t *value, struct problem *problem)
{
	static const char *const known[] = {"title", NULL};

	return check_object(value, known, problem);
}

static int parse_span(void *arg, const char *text, struct problem *problem)
{
	struct schedule *schedule = arg;
	int r = schedule_parse_span(text, &schedule->spans[schedule->span_count], problem);

	schedule->span_count += r == 0;
	return r;
}

static int parse_exception(void *arg, const char *text, struct problem *problem)
{
	struct schedule *schedule = arg;
	int r = schedule_parse_exception(text, &schedule->exceptions[schedule->exception_count],
					 problem);

	schedule->exception_count += r == 0;
	return r;
}

int roster_parse_schedule(const json_t *value, struct schedule *ret_schedule,
			  struct problem *problem)
{
	static const char *const known[] = {"title", "week", "except", "holidays", NULL};
	static const char *const holidays[] = {"follow", "ignore", NULL};
	struct schedule schedule = {0};
	int r = check_object(value, known, problem), word;

	if (r == 0)
		r = each_string(value, "week", SCHEDULE_SPANS_MAX, parse_span, &schedule, problem);
	if (r == 0)
		r = each_string(value, "except", SCHEDULE_EXCEPTIONS_MAX, parse_exception,
				&schedule, problem);
	if (r < 0)
		return r;
	if (json_object_get(value, "week") == NULL)
		return problem_schedule_no_week(problem);
	word = parse_choice(value, "holidays", holidays, problem);
	if (word < 0)
		return word;
	schedule.ignores_holidays = word == 1;
	*ret_schedule = schedule;
	return 0;
}

static int parse_way(void *arg, const char *text, struct problem *problem)
{
	struct policy_rule *rule = arg;
	uint8_t way = policy_parse_way(text);

	if (way == 0)
		return problem_rule_way_unknown(problem, text);
	rule->ways[rule->way_count++] = way;
	return 0;
}

static int parse_ways(const json_t *value, struct policy_rule *rule, struct problem *problem)
{
	int64_t persons = 1;
	int r = each_string(value, "open", POLICY_WAYS_MAX, parse_way, rule, problem);

	if (r == 0 && rule->way_count == 0)
		r = problem_rule_no_ways(problem);
	if (r == 0)
		r = json_read_int(value, "persons", 1, 2, &persons, problem);
	if (r == 0)
		r = json_read_bool(value, "guard", &rule->guard, problem);
	rule->persons = (unsigned)persons;
	for (size_t i = 0; r == 0 && persons == 2 && i < rule->way_count; i++)
		if (rule->ways[i] == 1u << POLICY_PASS)
			r = problem_rule_pass_persons(problem);
	return r;
}

static int parse_rule_schedule(const json_t *value, const struct roster_names *names,
			       struct policy_rule *rule, struct problem *problem)
{
	const char *name = NULL;

	if (json_read_string(value, "schedule", POLICY_NAME_BYTES - 1, &name, problem) < 0)
		return -EINVAL;
	if (name == NULL)
		return 0;
	rule->schedule = names->schedule(names->arg, name);
	if (rule->schedule == NULL)
		return problem_rule_schedule_unknown(problem, name);
	snprintf(rule->schedule_name, sizeof(rule->schedule_name), "%s", name);
	return 0;
}

int roster_parse_rule(const char *name, const json_t *value, const struct roster_names *names,
		      struct policy_rule *ret_rule, struct problem *problem)
{
	static const char *const known[] = {"title",   "doors", "groups",    "schedule", "open",
					    "persons", "guard", "direction", NULL};
	static const char *const directions[] = {"both", "in", "out", NULL};
	struct policy_rule rule = {.doors = UINT32_MAX};
	int r = check_object(value, known, problem), direction;

	if (r == 0)
		r = roster_parse_doors(value, "doors", names, &rule.doors, problem);
	if (r == 0)
		r = parse_groups(value, names, &rule.groups, problem);
	rule.everyone = json_object_get(value, "groups") == NULL;
	if (r == 0)
		r = parse_rule_schedule(value, names, &rule, problem);
	if (r == 0)
		r = parse_ways(value, &rule, problem);
	if (r < 0)
		return r;
	direction = parse_choice(value, "direction", directions, problem);
	if (direction < 0)
		return direction;
	rule.entering = direction != 2;
	rule.leaving = direction != 1;
	snprintf(rule.name, sizeof(rule.name), "%s", name);
	*ret_rule = rule;
	return 0;
}

int roster_parse_holiday(const json_t *value, struct schedule_calendar *calendar,
			 struct problem *problem)
{
	static const char *const known[] = {"title", "date", "to", "as", NULL};
	const char *date = "", *last = NULL, *as = "holiday";
	enum schedule_day day;
	int32_t from, to;
	int r = check_object(value, known, problem);

	if (r == 0)
		r = json_read_string(value, "date", 10, &date, problem);
	if (r == 0)
		r = json_read_string(value, "to", 10, &last, problem);
	if (r == 0)
		r = json_read_string(value, "as", 8, &as, problem);
	if (r < 0)
		return r;
	if (schedule_parse_date(date, &from) < 0 ||
	    schedule_parse_date(last != NULL ? last : date, &to) < 0)
		return problem_holiday_date_invalid(problem);
	if (schedule_parse_day(as, &day) < 0)
		return problem_holiday_as_unknown(problem);
	if (to < from || to - from >= 366)
		return problem_holiday_to_invalid(problem, date);
	for (int32_t at = from; at <= to; at++) {
		r = schedule_calendar_add(calendar, at, day);
		if (r < 0) {
			char text[SCHEDULE_TIME_BYTES];

			schedule_format((struct schedule_time){.date = at}, text);
			text[strcspn(text, " ")] = '\0'; /* only the date */
			return r == -EEXIST ? problem_holiday_twice(problem, text)
					    : problem_holiday_too_many(problem, text);
		}
	}
	return 0;
}

int roster_parse_area(const char *name, const json_t *value, const struct roster_names *names,
		      struct policy_area *ret_area, struct problem *problem)
{
	static const char *const known[] = {"title", "antipassback", "minutes", "entries",
					    "exits", "reset",        NULL};
	static const char *const kinds[] = {"soft", "hard", "timed", NULL};
	struct policy_area area = {0};
	int64_t minutes = 0;
	int r = check_object(value, known, problem), kind;

	if (r == 0)
		r = json_read_int(value, "minutes", 1, 10080, &minutes, problem);
	if (r == 0)
		r = roster_parse_doors(value, "entries", names, &area.entries, problem);
	if (r == 0)
		r = roster_parse_doors(value, "exits", names, &area.exits, problem);
	if (r == 0)
		r = roster_parse_time(value, "reset", &area.reset_unix_ms, problem);
	if (r < 0)
		return r;
	kind = parse_choice(value, "antipassback", kinds, problem);
	if (kind < 0)
		return kind;
	area.passback = (enum policy_passback)kind;
	area.minutes = (unsigned)minutes;
	if (area.entries == 0)
		return problem_area_no_entries(problem);
	if ((area.entries & area.exits) != 0)
		return problem_area_exit_is_entry(problem);
	if ((area.passback == POLICY_PASSBACK_TIMED) != (minutes != 0))
		return problem_area_minutes_invalid(problem);
	snprintf(area.name, sizeof(area.name), "%s", name);
	*ret_area = area;
	return 0;
}

int roster_parse_opening(const char *name, const json_t *value, const struct roster_names *names,
			 struct problem *problem)
{
	static const char *const known[] = {"title", "schedule", "first_person", NULL};
	const char *schedule = NULL;
	bool first_person = false;
	int r = check_object(value, known, problem);

	if (r == 0)
		r = json_read_string(value, "schedule", POLICY_NAME_BYTES - 1, &schedule, problem);
	if (r == 0)
		r = json_read_bool(value, "first_person", &first_person, problem);
	if (r < 0)
		return r;
	if (names->door(names->arg, name) < 0)
		return problem_opening_door_unknown(problem);
	if (schedule == NULL)
		return problem_rule_no_schedule(problem);
	if (names->schedule(names->arg, schedule) == NULL)
		return problem_opening_schedule_unknown(problem);
	return 0;
}

int roster_parse_holder(const json_t *value, const struct roster_names *names,
			struct policy_person *person, struct problem *problem)
{
	static const char *const known[] = {"groups", "extended", "blocked", NULL};
	static const char *const blocks[] = {"no", "deny", "admit", NULL};
	struct policy_person holder = *person;
	int r, block;

	if (!json_is_object(value))
		return problem_json_not_object(problem);
	holder.extended = false;
	r = json_check_members(value, known, problem);
	if (r == 0)
		r = parse_groups(value, names, &holder.groups, problem);
	if (r == 0)
		r = json_read_bool(value, "extended", &holder.extended, problem);
	if (r < 0)
		return r;
	block = parse_choice(value, "blocked", blocks, problem);
	if (block < 0)
		return block;
	holder.blocked = (enum policy_block)block;
	*person = holder;
	return 0;
}
