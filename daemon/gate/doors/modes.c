/*
 * Door modes ordered by a person or by the property system, for one door or all. Lockdown is
 * LockedDown for every door, evacuation LockedOpen. Life safety comes before security: an
 * evacuation ends a lockdown, and a lockdown does not end an evacuation.
 */
#include "controlled_door.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

/* ---- answers, once the mode is on the disk ---- */

struct mode_answer {
	struct reply reply;
	uint64_t change; /* the change of the door state file that must be saved first */
	json_t *result;
	struct mode_answer *next;
};

static void answer_when_saved(struct doors *doors, const struct reply *reply, json_t *result)
{
	struct mode_answer *waiting = malloc(sizeof(*waiting)), **end = &doors->mode_answers;

	if (waiting == NULL) {
		reply_send(reply, 0, NULL, result);
		return;
	}
	*waiting = (struct mode_answer){.reply = *reply,
					.change = door_state_file_last(doors->state_file),
					.result = result};
	while (*end != NULL)
		end = &(*end)->next;
	*end = waiting;
	doors_modes_answer_saved(doors);
}

void doors_modes_answer_saved(struct doors *doors)
{
	struct problem problem;
	int r;
	uint64_t settled = door_state_file_settled(doors->state_file, &r);

	while (doors->mode_answers != NULL && doors->mode_answers->change <= settled) {
		struct mode_answer *first = doors->mode_answers;

		doors->mode_answers = first->next;
		if (r < 0)
			problem_door_mode_not_kept(&problem);
		reply_send(&first->reply, r, r < 0 ? &problem : NULL,
			   r < 0 ? NULL : json_incref(first->result));
		json_decref(first->result);
		free(first);
	}
}

void doors_modes_close(struct doors *doors)
{
	while (doors->mode_answers != NULL) {
		struct mode_answer *first = doors->mode_answers;

		doors->mode_answers = first->next;
		json_decref(first->result);
		free(first);
	}
}

/* ---- orders ---- */

static const struct {
	enum door_mode mode;
	enum door_event event;
} orders[] = {
	{DOOR_MODE_LOCKED, DOOR_EVENT_LOCK},
	{DOOR_MODE_UNLOCKED, DOOR_EVENT_UNLOCK},
	{DOOR_MODE_BLOCKED, DOOR_EVENT_BLOCK},
	{DOOR_MODE_DOUBLE_LOCKED, DOOR_EVENT_DOUBLE_LOCK},
	{DOOR_MODE_LOCKED_DOWN, DOOR_EVENT_LOCK_DOWN},
	{DOOR_MODE_LOCKED_OPEN, DOOR_EVENT_LOCK_OPEN},
};

static const enum door_event *find_order(enum door_mode mode)
{
	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++)
		if (orders[i].mode == mode)
			return &orders[i].event;
	return NULL;
}

bool doors_mode_is_known(const char *mode)
{
	return find_order(door_mode_find(mode)) != NULL;
}

/* "Locked" also ends LockedDown and LockedOpen, which in ONVIF have their own release commands. */
static enum door_event event_for(const struct controlled_door *door, enum door_event wanted)
{
	enum door_mode now = door_remember(&door->machine).mode;

	if (wanted == DOOR_EVENT_LOCK && now == DOOR_MODE_LOCKED_DOWN)
		return DOOR_EVENT_LOCK_DOWN_RELEASE;
	if (wanted == DOOR_EVENT_LOCK && now == DOOR_MODE_LOCKED_OPEN)
		return DOOR_EVENT_LOCK_OPEN_RELEASE;
	return wanted;
}

static int order(struct doors *doors, struct controlled_door *door, enum door_event wanted)
{
	return controlled_door_apply(doors, door, event_for(door, wanted), clock_mono_ms(), NULL);
}

static int order_in_all(struct doors *doors, struct controlled_door *door, enum door_event wanted)
{
	if (wanted == DOOR_EVENT_LOCK_OPEN &&
	    door_remember(&door->machine).mode == DOOR_MODE_LOCKED_DOWN)
		(void)controlled_door_apply(doors, door, DOOR_EVENT_LOCK_DOWN_RELEASE,
					    clock_mono_ms(), NULL);
	return order(doors, door, wanted);
}

static void refuse_order(const struct doors *doors, int r, const struct reply *reply)
{
	struct problem problem = {0};

	if (r == -EPERM && doors->fire)
		problem_fire_not_reset(&problem);
	else if (r == -EPERM)
		problem_door_mode_not_possible(&problem);
	reply_refuse(reply, r, &problem);
}

void doors_order_mode(struct doors *doors, unsigned index, const char *mode, json_t *data,
		      const struct reply *reply)
{
	struct controlled_door *door = &doors->list[index];
	const enum door_event *wanted = find_order(door_mode_find(mode));
	int r;

	assert_thread(THREAD_CONTROL);
	assert(index < doors->count && data != NULL);
	r = wanted != NULL ? order(doors, door, *wanted) : -EINVAL;
	json_object_set_new(data, "order", json_string(mode));
	json_object_set_new(data, "ok", json_boolean(r == 0));
	journal_record(doors->deps.journal, "operator.act", EVENT_INFO, door->source, NULL, data);
	if (r == 0)
		answer_when_saved(doors, reply, controlled_door_json(door));
	else
		refuse_order(doors, r, reply);
}

void doors_order_mode_all(struct doors *doors, const char *mode, json_t *data,
			  const struct reply *reply)
{
	const enum door_event *wanted = find_order(door_mode_find(mode));
	json_t *refused = json_array();
	struct problem problem;
	int r = wanted != NULL ? 0 : -EINVAL;

	assert_thread(THREAD_CONTROL);
	assert(data != NULL);
	for (size_t i = 0; wanted != NULL && i < doors->count; i++)
		if (order_in_all(doors, &doors->list[i], *wanted) < 0)
			json_array_append_new(refused, json_string(doors->list[i].config->name));
	if (r == 0 && json_array_size(refused) > 0)
		r = -EPERM;
	json_object_set_new(data, "order", json_string(mode));
	json_object_set_new(data, "ok", json_boolean(r == 0));
	json_object_set_new(data, "refused", refused);
	journal_record(doors->deps.journal, "operator.act", EVENT_WARNING, NULL, NULL, data);
	if (r == 0)
		answer_when_saved(doors, reply, json_pack("{s:o}", "doors", doors_json(doors)));
	else if (r == -EPERM)
		reply_refuse(reply, problem_doors_not_all(&problem), &problem);
	else
		reply_refuse(reply, r, NULL);
}
