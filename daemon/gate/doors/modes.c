/*
 * Modes of doors, one or all at once, by the order of a person or of the property system. Lockdown is LockedDown for
 * every door, evacuation LockedOpen: life safety beats security, so an evacuation ends a lockdown and not the other
 * way round.
 */
#include "gate/gate_internal.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"

/* ---- answers: when the mode would outlive a crash ---- */

struct gate_mode_answer {
	struct reply reply;
	uint64_t change; /* of the doors' state file that it waits for */
	json_t *result;
	struct gate_mode_answer *next;
};

static void answer_when_kept(struct gate *gate, const struct reply *reply, json_t *result)
{
	struct gate_mode_answer *waiting = malloc(sizeof(*waiting)), **end = &gate->mode_answers;

	if (waiting == NULL) {
		reply_send(reply, 0, NULL, result);
		return;
	}
	*waiting = (struct gate_mode_answer){
		.reply = *reply, .change = door_state_file_last(gate->door_state_file), .result = result};
	while (*end != NULL)
		end = &(*end)->next;
	*end = waiting;
	gate_modes_settle(gate);
}

void gate_modes_settle(struct gate *gate)
{
	int r;
	uint64_t settled = door_state_file_settled(gate->door_state_file, &r);

	while (gate->mode_answers != NULL && gate->mode_answers->change <= settled) {
		struct gate_mode_answer *first = gate->mode_answers;

		gate->mode_answers = first->next;
		reply_send(&first->reply, r,
			   r < 0 ? "in force, but the disk did not keep it: a restart ends it" : NULL,
			   r < 0 ? NULL : json_incref(first->result));
		json_decref(first->result);
		free(first);
	}
}

void gate_modes_close(struct gate *gate)
{
	while (gate->mode_answers != NULL) {
		struct gate_mode_answer *first = gate->mode_answers;

		gate->mode_answers = first->next;
		json_decref(first->result);
		free(first);
	}
}

/* ---- orders ---- */

static const struct {
	enum door_mode mode;
	enum door_event event;
} orders[] = {
	{DOOR_MODE_LOCKED, DOOR_EVENT_LOCK},           {DOOR_MODE_UNLOCKED, DOOR_EVENT_UNLOCK},
	{DOOR_MODE_BLOCKED, DOOR_EVENT_BLOCK},         {DOOR_MODE_DOUBLE_LOCKED, DOOR_EVENT_DOUBLE_LOCK},
	{DOOR_MODE_LOCKED_DOWN, DOOR_EVENT_LOCK_DOWN}, {DOOR_MODE_LOCKED_OPEN, DOOR_EVENT_LOCK_OPEN},
};

static const enum door_event *find_order(enum door_mode mode)
{
	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++)
		if (orders[i].mode == mode)
			return &orders[i].event;
	return NULL;
}

bool gate_mode_is_known(const char *mode)
{
	return find_order(door_mode_find(mode)) != NULL;
}

/* "Locked" also ends the two modes that only their own release ends (ONVIF). */
static enum door_event event_for(const struct gate_door *door, enum door_event wanted)
{
	enum door_mode now = door_remember(&door->machine).mode;

	if (wanted == DOOR_EVENT_LOCK && now == DOOR_MODE_LOCKED_DOWN)
		return DOOR_EVENT_LOCK_DOWN_RELEASE;
	if (wanted == DOOR_EVENT_LOCK && now == DOOR_MODE_LOCKED_OPEN)
		return DOOR_EVENT_LOCK_OPEN_RELEASE;
	return wanted;
}

static int order(struct gate *gate, struct gate_door *door, enum door_event wanted)
{
	return gate_door_apply(gate, door, event_for(door, wanted), clock_mono_ms(), NULL);
}

static int order_in_all(struct gate *gate, struct gate_door *door, enum door_event wanted)
{
	if (wanted == DOOR_EVENT_LOCK_OPEN && door_remember(&door->machine).mode == DOOR_MODE_LOCKED_DOWN)
		(void)gate_door_apply(gate, door, DOOR_EVENT_LOCK_DOWN_RELEASE, clock_mono_ms(), NULL);
	return order(gate, door, wanted);
}

void gate_mode_ask(struct gate *gate, struct gate_door *door, const char *mode, json_t *data,
		   const struct reply *reply)
{
	const enum door_event *wanted = find_order(door_mode_find(mode));
	int r = wanted != NULL ? order(gate, door, *wanted) : -EINVAL;

	json_object_set_new(data, "order", json_string(mode));
	json_object_set_new(data, "ok", json_boolean(r == 0));
	journal_record(gate->journal, "operator.act", EVENT_INFO, door->source, NULL, data);
	if (r == 0)
		answer_when_kept(gate, reply, gate_door_state(door));
	else
		reply_send(reply, r,
			   r == -EPERM && gate->fire ? "there is a fire: it must be reset on site first"
			   : r == -EPERM             ? "not possible in the door's present mode"
						     : NULL,
			   NULL);
}

void gate_mode_ask_all(struct gate *gate, const char *mode, json_t *data, const struct reply *reply)
{
	const enum door_event *wanted = find_order(door_mode_find(mode));
	json_t *refused = json_array();
	int r = wanted != NULL ? 0 : -EINVAL;

	for (size_t i = 0; wanted != NULL && i < gate->door_count; i++)
		if (order_in_all(gate, &gate->doors[i], *wanted) < 0)
			json_array_append_new(refused, json_string(gate->doors[i].config->name));
	if (r == 0 && json_array_size(refused) > 0)
		r = -EPERM;
	json_object_set_new(data, "order", json_string(mode));
	json_object_set_new(data, "ok", json_boolean(r == 0));
	json_object_set_new(data, "refused", refused);
	journal_record(gate->journal, "operator.act", EVENT_WARNING, NULL, NULL, data);
	if (r == 0)
		answer_when_kept(gate, reply, json_pack("{s:o}", "doors", gate_doors_json(gate)));
	else
		reply_send(
			reply, r,
			r == -EPERM
				? "some doors could not follow: see their modes, and whether there is a fire"
				: NULL,
			NULL);
}
