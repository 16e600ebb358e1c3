#include "door.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

static bool releases(enum door_mode mode)
{
	return mode == DOOR_MODE_UNLOCKED || mode == DOOR_MODE_ACCESSED ||
	       mode == DOOR_MODE_LOCKED_OPEN;
}

/* open for everybody: neither forced nor held open */
static bool masks_alarms(enum door_mode mode)
{
	return mode == DOOR_MODE_UNLOCKED || mode == DOOR_MODE_LOCKED_OPEN;
}

static void set_mode(struct door *door, enum door_mode mode, uint32_t *notices)
{
	if (door->mode == mode)
		return;
	door->mode = mode;
	*notices |= DOOR_NOTICE_MODE;
}

static void clear_alarm(struct door *door, uint32_t *notices)
{
	if (door->alarm == DOOR_ALARM_FORCED_OPEN)
		*notices |= DOOR_NOTICE_FORCED_CLEARED;
	if (door->alarm == DOOR_ALARM_OPEN_TOO_LONG)
		*notices |= DOOR_NOTICE_HELD_OPEN_CLEARED;
	door->alarm = DOOR_ALARM_NORMAL;
}

/* ---- the momentary release ---- */

static void end_release(struct door *door, uint64_t now_ms, uint32_t *notices)
{
	if (door->by_grant && !door->passed && door->physical != DOOR_PHYSICAL_UNKNOWN)
		*notices |= DOOR_NOTICE_ACCESS_NOT_TAKEN;
	door->release_ended_ms = now_ms;
	if (door->physical != DOOR_PHYSICAL_OPEN)
		door->extended = false;
	set_mode(door, door->base, notices);
}

/* A mode ordered during a release ends it: the access was taken or not. */
static void leave_accessed(struct door *door, uint64_t now_ms, uint32_t *notices)
{
	if (door->mode == DOOR_MODE_ACCESSED)
		end_release(door, now_ms, notices);
}

/* access and exit */
enum cause { BY_GRANT, BY_EXTENDED_GRANT, BY_EXIT };

static void count_release(struct door *door, enum cause cause)
{
	if (door->mode != DOOR_MODE_ACCESSED) {
		door->base = door->mode;
		door->by_grant = door->by_exit = false;
		door->grants = door->openings = 0;
	}
	door->by_grant |= cause != BY_EXIT;
	door->by_exit |= cause == BY_EXIT;
	door->extended |= cause == BY_EXTENDED_GRANT;
	door->grants += cause != BY_EXIT;
}

static int begin_release(struct door *door, enum cause cause, uint64_t now_ms, uint32_t *notices)
{
	uint64_t until_ms;

	if (masks_alarms(door->mode))
		return 0;
	count_release(door, cause);
	/*
	 * The contact cannot show a passage through an open leaf: the grant counts as taken. With a
	 * closed leaf the contact decides; several grants before it moves are one.
	 */
	door->passed = door->physical == DOOR_PHYSICAL_OPEN;
	if (cause != BY_EXIT && door->passed) {
		door->openings++;
		*notices |= DOOR_NOTICE_ACCESS_TAKEN;
	}
	until_ms = now_ms + (cause == BY_EXTENDED_GRANT ? door->config.extended_release_ms
							: door->config.release_ms);
	/* the next grant does not shorten an extended release */
	if (door->mode != DOOR_MODE_ACCESSED || until_ms > door->release_until_ms)
		door->release_until_ms = until_ms;
	door->relock_at_ms = UINT64_MAX;
	if (door->alarm == DOOR_ALARM_FORCED_OPEN)
		clear_alarm(door, notices);
	set_mode(door, DOOR_MODE_ACCESSED, notices);
	return 0;
}

static int grant(struct door *door, enum cause cause, uint64_t now_ms, uint32_t *notices)
{
	if (door->mode != DOOR_MODE_LOCKED && door->mode != DOOR_MODE_ACCESSED &&
	    !masks_alarms(door->mode))
		return -EPERM;
	/* an exit from a blocked door admits nobody */
	if (door->mode == DOOR_MODE_ACCESSED && door->base != DOOR_MODE_LOCKED)
		return -EPERM;
	return begin_release(door, cause, now_ms, notices);
}

static int exit_pressed(struct door *door, uint64_t now_ms, uint32_t *notices)
{
	*notices |= DOOR_NOTICE_EXIT_USED;
	return begin_release(door, BY_EXIT, now_ms, notices);
}

/* ---- orders ---- */

static enum door_mode settled(const struct door *door)
{
	return door->mode == DOOR_MODE_ACCESSED ? door->base : door->mode;
}

static bool is_held(enum door_mode mode)
{
	return mode == DOOR_MODE_LOCKED_DOWN || mode == DOOR_MODE_LOCKED_OPEN;
}

static int order_mode(struct door *door, enum door_mode wanted, uint64_t now_ms, uint32_t *notices)
{
	if (door->fire || is_held(settled(door)))
		return -EPERM;
	leave_accessed(door, now_ms, notices);
	set_mode(door, wanted, notices);
	return 0;
}

static int hold_mode(struct door *door, enum door_mode wanted, uint64_t now_ms, uint32_t *notices)
{
	if (door->fire || (is_held(settled(door)) && settled(door) != wanted))
		return -EPERM;
	leave_accessed(door, now_ms, notices);
	if (door->mode != wanted)
		door->before_down = door->mode;
	set_mode(door, wanted, notices);
	return 0;
}

static int release_hold(struct door *door, enum door_mode held, uint64_t now_ms, uint32_t *notices)
{
	if (door->fire || settled(door) != held)
		return -EPERM;
	leave_accessed(door, now_ms, notices);
	set_mode(door, door->before_down, notices);
	return 0;
}

static int fire(struct door *door, uint64_t now_ms, uint32_t *notices)
{
	if (door->fire)
		return 0;
	leave_accessed(door, now_ms, notices);
	door->fire = true;
	door->before_fire = door->mode;
	set_mode(door, DOOR_MODE_LOCKED_OPEN, notices);
	return 0;
}

static int fire_reset(struct door *door, uint32_t *notices)
{
	if (!door->fire)
		return 0;
	door->fire = false;
	set_mode(door, door->before_fire, notices);
	return 0;
}

/* ---- the leaf ---- */

static void set_physical(struct door *door, enum door_physical physical, uint32_t *notices)
{
	if (door->physical == physical)
		return;
	door->physical = physical;
	*notices |= DOOR_NOTICE_PHYSICAL;
}

static int opened(struct door *door, uint64_t now_ms, uint32_t *notices)
{
	bool was_unknown = door->physical == DOOR_PHYSICAL_UNKNOWN;

	if (door->physical == DOOR_PHYSICAL_OPEN)
		return 0;
	set_physical(door, DOOR_PHYSICAL_OPEN, notices);
	door->open_since_ms = now_ms;
	door->warned = false;
	if (door->mode == DOOR_MODE_ACCESSED) {
		if (door->by_grant && !door->passed)
			*notices |= DOOR_NOTICE_ACCESS_TAKEN;
		if (++door->openings > door->grants && !door->by_exit)
			*notices |= DOOR_NOTICE_TAILGATING;
		door->passed = true;
		door->relock_at_ms = door->config.kind == DOOR_KIND_TURNSTILE
					     ? now_ms + door->config.relock_delay_ms
					     : UINT64_MAX;
	} else if (!releases(door->mode) && now_ms < door->release_ended_ms) {
		/* opened in time, reported later because of the debounce */
		*notices |= DOOR_NOTICE_ACCESS_TAKEN;
	} else if (!releases(door->mode) && !was_unknown) {
		/* not after a start or a repaired wire: the leaf may have been open before */
		door->alarm = DOOR_ALARM_FORCED_OPEN;
		*notices |= DOOR_NOTICE_FORCED;
	}
	return 0;
}

static int closed(struct door *door, uint64_t now_ms, uint32_t *notices)
{
	if (door->physical == DOOR_PHYSICAL_CLOSED)
		return 0;
	set_physical(door, DOOR_PHYSICAL_CLOSED, notices);
	clear_alarm(door, notices);
	if (door->mode != DOOR_MODE_ACCESSED)
		door->extended = false;
	else if (door->passed && door->relock_at_ms == UINT64_MAX)
		door->relock_at_ms = now_ms + door->config.relock_delay_ms;
	return 0;
}

static int contact_lost(struct door *door, uint32_t *notices)
{
	set_physical(door, DOOR_PHYSICAL_UNKNOWN,
		     notices); /* an alarm stays: a cut wire does not prove a closed door */
	return 0;
}

/* ---- time ---- */

static uint64_t release_end_ms(const struct door *door)
{
	return door->relock_at_ms < door->release_until_ms ? door->relock_at_ms
							   : door->release_until_ms;
}

static bool held_counts(const struct door *door)
{
	return door->physical == DOOR_PHYSICAL_OPEN && !masks_alarms(door->mode) &&
	       door->alarm == DOOR_ALARM_NORMAL;
}

static uint64_t held_at_ms(const struct door *door)
{
	return door->open_since_ms +
	       (door->extended ? door->config.extended_open_ms : door->config.held_open_ms);
}

static uint64_t warning_at_ms(const struct door *door)
{
	return held_at_ms(door) - door->config.pre_alarm_ms;
}

static void pass_time(struct door *door, uint64_t now_ms, uint32_t *notices)
{
	if (door->mode == DOOR_MODE_ACCESSED && now_ms >= release_end_ms(door))
		end_release(door, now_ms, notices);
	if (!held_counts(door))
		return;
	if (now_ms >= held_at_ms(door)) {
		door->alarm = DOOR_ALARM_OPEN_TOO_LONG;
		*notices |= DOOR_NOTICE_HELD_OPEN;
	} else if (!door->warned && door->config.pre_alarm_ms > 0 &&
		   now_ms >= warning_at_ms(door)) {
		door->warned = true;
		*notices |= DOOR_NOTICE_HELD_WARNING;
	}
}

uint64_t door_deadline_ms(const struct door *door)
{
	uint64_t due = door->mode == DOOR_MODE_ACCESSED ? release_end_ms(door) : UINT64_MAX;
	uint64_t held;

	if (held_counts(door)) {
		held = door->warned || door->config.pre_alarm_ms == 0 ? held_at_ms(door)
								      : warning_at_ms(door);
		due = held < due ? held : due;
	}
	return due;
}

/* ---- the machine ---- */

static enum door_mode memorable(enum door_mode mode)
{
	return mode == DOOR_MODE_UNKNOWN || mode == DOOR_MODE_ACCESSED ? DOOR_MODE_LOCKED : mode;
}

void door_init_from(struct door *door, const struct door_config *config,
		    const struct door_memory *memory, uint64_t now_ms)
{
	assert(config->release_ms >= 1 && config->release_ms <= config->extended_release_ms);
	assert(config->held_open_ms >= 1 && config->held_open_ms <= config->extended_open_ms);
	assert(config->extended_release_ms <= 3600000 && config->extended_open_ms <= 3600000);
	assert(config->pre_alarm_ms < config->held_open_ms && config->relock_delay_ms <= 60000);
	*door = (struct door){.config = *config,
			      .mode = memory->fire ? DOOR_MODE_LOCKED_OPEN
						   : memorable(memory->mode),
			      .base = DOOR_MODE_LOCKED,
			      .before_down = memorable(memory->before),
			      .before_fire = memorable(memory->mode),
			      .fire = memory->fire,
			      .relock_at_ms = UINT64_MAX,
			      .open_since_ms = now_ms};
}

void door_init(struct door *door, const struct door_config *config, uint64_t now_ms)
{
	const struct door_memory locked = {.mode = DOOR_MODE_LOCKED, .before = DOOR_MODE_LOCKED};

	door_init_from(door, config, &locked, now_ms);
}

struct door_memory door_remember(const struct door *door)
{
	return (struct door_memory){
		.mode = memorable(door->fire ? door->before_fire : settled(door)),
		.before = memorable(door->before_down),
		.fire = door->fire};
}

static int dispatch(struct door *door, enum door_event event, uint64_t now_ms, uint32_t *notices)
{
	switch (event) {
	case DOOR_EVENT_ACCESS:
		return grant(door, BY_GRANT, now_ms, notices);
	case DOOR_EVENT_ACCESS_EXTENDED:
		return grant(door, BY_EXTENDED_GRANT, now_ms, notices);
	case DOOR_EVENT_EXIT:
		return exit_pressed(door, now_ms, notices);
	case DOOR_EVENT_LOCK:
		return order_mode(door, DOOR_MODE_LOCKED, now_ms, notices);
	case DOOR_EVENT_UNLOCK:
		return order_mode(door, DOOR_MODE_UNLOCKED, now_ms, notices);
	case DOOR_EVENT_BLOCK:
		return order_mode(door, DOOR_MODE_BLOCKED, now_ms, notices);
	case DOOR_EVENT_DOUBLE_LOCK:
		return order_mode(door, DOOR_MODE_DOUBLE_LOCKED, now_ms, notices);
	case DOOR_EVENT_LOCK_DOWN:
		return hold_mode(door, DOOR_MODE_LOCKED_DOWN, now_ms, notices);
	case DOOR_EVENT_LOCK_DOWN_RELEASE:
		return release_hold(door, DOOR_MODE_LOCKED_DOWN, now_ms, notices);
	case DOOR_EVENT_LOCK_OPEN:
		return hold_mode(door, DOOR_MODE_LOCKED_OPEN, now_ms, notices);
	case DOOR_EVENT_LOCK_OPEN_RELEASE:
		return release_hold(door, DOOR_MODE_LOCKED_OPEN, now_ms, notices);
	case DOOR_EVENT_FIRE:
		return fire(door, now_ms, notices);
	case DOOR_EVENT_FIRE_RESET:
		return fire_reset(door, notices);
	case DOOR_EVENT_CONTACT_OPEN:
		return opened(door, now_ms, notices);
	case DOOR_EVENT_CONTACT_CLOSED:
		return closed(door, now_ms, notices);
	case DOOR_EVENT_CONTACT_UNKNOWN:
		return contact_lost(door, notices);
	case DOOR_EVENT_TICK:
	case DOOR_EVENTS:
		return 0;
	}
	return 0;
}

int door_step(struct door *door, enum door_event event, uint64_t now_ms,
	      struct door_effects *ret_effects)
{
	bool was_masked = masks_alarms(door->mode);
	uint32_t notices = 0;
	int r;

	pass_time(door, now_ms, &notices); /* what was due before the event */
	r = dispatch(door, event, now_ms, &notices);
	if (masks_alarms(door->mode)) {
		clear_alarm(door, &notices);
	} else if (was_masked && door->physical == DOOR_PHYSICAL_OPEN) {
		/* open from a mode that allowed it: held-open counts from here */
		door->open_since_ms = now_ms;
		door->warned = false;
	}
	pass_time(door, now_ms, &notices);
	*ret_effects = (struct door_effects){.released = releases(door->mode), .notices = notices};
	return r;
}

enum door_mode door_mode(const struct door *door)
{
	return door->mode;
}

enum door_physical door_physical(const struct door *door)
{
	return door->physical;
}

enum door_lock door_lock(const struct door *door)
{
	return releases(door->mode) ? DOOR_LOCK_UNLOCKED : DOOR_LOCK_LOCKED;
}

enum door_alarm door_alarm(const struct door *door)
{
	return door->alarm;
}

bool door_released(const struct door *door)
{
	return releases(door->mode);
}

static const char *const mode_names[] = {"Unknown", "Locked",     "Unlocked",   "Accessed",
					 "Blocked", "LockedDown", "LockedOpen", "DoubleLocked"};

const char *door_mode_name(enum door_mode mode)
{
	assert((size_t)mode < sizeof(mode_names) / sizeof(mode_names[0]));
	return mode_names[mode];
}

enum door_mode door_mode_find(const char *name)
{
	for (size_t i = 0; i < sizeof(mode_names) / sizeof(mode_names[0]); i++)
		if (strcmp(mode_names[i], name) == 0)
			return (enum door_mode)i;
	return DOOR_MODE_UNKNOWN;
}

const char *door_physical_name(enum door_physical physical)
{
	static const char *const names[] = {"Unknown", "Open", "Closed", "Fault"};

	assert((size_t)physical < sizeof(names) / sizeof(names[0]));
	return names[physical];
}

const char *door_lock_name(enum door_lock lock)
{
	static const char *const names[] = {"Unknown", "Locked", "Unlocked", "Fault"};

	assert((size_t)lock < sizeof(names) / sizeof(names[0]));
	return names[lock];
}

const char *door_alarm_name(enum door_alarm alarm)
{
	static const char *const names[] = {"Normal", "DoorForcedOpen", "DoorOpenTooLong"};

	assert((size_t)alarm < sizeof(names) / sizeof(names[0]));
	return names[alarm];
}
