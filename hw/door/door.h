/*
 * door.h - when is one door's lock released, and when does the door raise an alarm?
 *
 * Pure logic: no I/O, no clock, no allocation, no logging. Each event carries its time; the caller
 * carries out the effects. The terms are ONVIF's (Door Control Service Specification: DoorMode,
 * DoorPhysicalState, LockPhysicalState, DoorAlarmState). Control thread only.
 *
 *   event             in modes                           does
 *   ACCESS            Locked, Unlocked, Accessed,        Accessed for release_ms (again: extends);
 *                     LockedOpen                         nothing in Unlocked and LockedOpen
 *                     others                             -EPERM
 *   ACCESS_EXTENDED   as ACCESS                          the same with extended_release_ms, and the leaf may be
 *                                                        open for extended_open_ms: for people who
 *                                                        need more time
 *   EXIT              all                                as ACCESS, and in Blocked, LockedDown and DoubleLocked
 *                                                        too: life safety beats security
 *   LOCK              Unlocked, Blocked, Accessed,       Locked
 *                     DoubleLocked, Locked
 *   UNLOCK            Locked, Unlocked, Accessed,        Unlocked
 *                     Blocked, DoubleLocked
 *   BLOCK             Locked, Unlocked, Accessed,        Blocked
 *                     DoubleLocked, Blocked
 *   LOCK_DOWN         all but LockedOpen                 LockedDown until LOCK_DOWN_RELEASE, then as before
 *   LOCK_OPEN         all but LockedDown                 LockedOpen until LOCK_OPEN_RELEASE, then as before
 *   FIRE              all                                LockedOpen; every order but FIRE_RESET is refused
 *   FIRE_RESET        during fire                        the mode before the fire
 *   release_ms over   Accessed                           the mode before; ACCESS_NOT_TAKEN if nobody went through
 *   CONTACT_CLOSED    Accessed, once it was opened       the mode before, relock_delay_ms later
 *
 * Kinds: a door and a mantrap's door relock when the leaf has closed after the passage; so does a
 * barrier, whose "leaf" is the raised boom. A turnstile relocks as soon as it turns: one grant, one
 * passage. More openings than grants within one release are TAILGATING, except after an exit, which
 * several people may use.
 *
 * Alarms: a leaf that opens while the lock is not released is FORCED. A leaf that is open for
 * held_open_ms is HELD_OPEN, with a warning pre_alarm_ms earlier. Both last until the leaf closes.
 * Unlocked and LockedOpen mask both. A contact that cannot be read is Unknown: it raises no alarm
 * and ends none, and the lock follows time alone. Without a contact it is not known whether a grant
 * was taken. A grant while the leaf is open counts as taken.
 *
 * Invariant: the lock is released in Unlocked, Accessed and LockedOpen, and in no other mode.
 */
#ifndef GH_HW_DOOR_DOOR_H
#define GH_HW_DOOR_DOOR_H

#include <stdbool.h>
#include <stdint.h>

enum door_mode {
	DOOR_MODE_UNKNOWN,
	DOOR_MODE_LOCKED,
	DOOR_MODE_UNLOCKED,
	DOOR_MODE_ACCESSED,
	DOOR_MODE_BLOCKED,
	DOOR_MODE_LOCKED_DOWN,
	DOOR_MODE_LOCKED_OPEN,
	DOOR_MODE_DOUBLE_LOCKED
};
enum door_physical {
	DOOR_PHYSICAL_UNKNOWN,
	DOOR_PHYSICAL_OPEN,
	DOOR_PHYSICAL_CLOSED,
	DOOR_PHYSICAL_FAULT
};
enum door_lock { DOOR_LOCK_UNKNOWN, DOOR_LOCK_LOCKED, DOOR_LOCK_UNLOCKED, DOOR_LOCK_FAULT };
enum door_alarm { DOOR_ALARM_NORMAL, DOOR_ALARM_FORCED_OPEN, DOOR_ALARM_OPEN_TOO_LONG };

enum door_kind { DOOR_KIND_DOOR, DOOR_KIND_BARRIER, DOOR_KIND_TURNSTILE, DOOR_KIND_MANTRAP };

enum door_event {
	DOOR_EVENT_ACCESS,
	DOOR_EVENT_ACCESS_EXTENDED,
	DOOR_EVENT_EXIT,
	DOOR_EVENT_LOCK,
	DOOR_EVENT_UNLOCK,
	DOOR_EVENT_BLOCK,
	DOOR_EVENT_DOUBLE_LOCK,
	DOOR_EVENT_LOCK_DOWN,
	DOOR_EVENT_LOCK_DOWN_RELEASE,
	DOOR_EVENT_LOCK_OPEN,
	DOOR_EVENT_LOCK_OPEN_RELEASE,
	DOOR_EVENT_FIRE,
	DOOR_EVENT_FIRE_RESET,
	DOOR_EVENT_CONTACT_OPEN,
	DOOR_EVENT_CONTACT_CLOSED,
	DOOR_EVENT_CONTACT_UNKNOWN,
	DOOR_EVENT_TICK,
	DOOR_EVENTS /* their number */
};

enum door_notice {
	DOOR_NOTICE_ACCESS_TAKEN = 1 << 0,
	DOOR_NOTICE_ACCESS_NOT_TAKEN = 1 << 1,
	DOOR_NOTICE_FORCED = 1 << 2,
	DOOR_NOTICE_FORCED_CLEARED = 1 << 3,
	DOOR_NOTICE_HELD_WARNING = 1 << 4,
	DOOR_NOTICE_HELD_OPEN = 1 << 5,
	DOOR_NOTICE_HELD_OPEN_CLEARED = 1 << 6,
	DOOR_NOTICE_MODE = 1 << 7,
	DOOR_NOTICE_PHYSICAL = 1 << 8,
	DOOR_NOTICE_EXIT_USED = 1 << 9,
	DOOR_NOTICE_TAILGATING = 1 << 10
};

/*
 * milliseconds: release and held-open 1 to 3600000, pre_alarm below held_open (0: no warning),
 * relock 0 to 60000; the extended times are not shorter than the others
 */
struct door_config {
	enum door_kind kind;
	uint32_t release_ms, held_open_ms, pre_alarm_ms, relock_delay_ms;
	uint32_t extended_release_ms, extended_open_ms;
};

/* the state of a door that a restart restores: its modes, never a momentary release */
struct door_memory {
	enum door_mode mode;   /* never Accessed or Unknown */
	enum door_mode before; /* where a lockdown or lock open ends */
	bool fire;
};

struct door_effects {
	bool released;    /* the lock must be released now */
	uint32_t notices; /* bits of enum door_notice: to be reported */
};

/* Allocated by the caller; its members are private: use the functions below. */
struct door {
	struct door_config config;
	enum door_mode mode;
	enum door_mode base;        /* where a momentary release ends */
	enum door_mode before_down; /* where a lockdown, lock open or fire ends */
	enum door_mode before_fire;
	enum door_physical physical;
	enum door_alarm alarm;
	bool fire, passed, warned;
	bool by_grant;             /* a grant caused the present release */
	bool by_exit;              /* the exit button caused or extended it */
	bool extended;             /* until the leaf has closed */
	unsigned grants, openings; /* of the present release */
	uint64_t release_until_ms; /* while Accessed */
	uint64_t relock_at_ms;     /* UINT64_MAX: not closed since it was opened */
	uint64_t open_since_ms;
	/* an opening before this time is not forced, even if it is reported later */
	uint64_t release_ended_ms;
};

/** Locked, contact Unknown, no alarm. Asserts that the times are in range. */
void door_init(struct door *door, const struct door_config *config, uint64_t now_ms);

/**
 * The same with a mode that door_remember() saved. A mode that is not saved (Accessed, Unknown)
 * becomes Locked.
 */
void door_init_from(struct door *door, const struct door_config *config,
		    const struct door_memory *memory, uint64_t now_ms);

/** The state to be restored by door_init_from(). */
struct door_memory door_remember(const struct door *door);

/**
 * Apply one event.
 * @param now_ms       CLOCK_MONOTONIC in milliseconds, of the event itself. The time of a contact
 *                     may be earlier than the last call's, by its debounce time at most; all other
 *                     times increase.
 * @param ret_effects  always set, also when the event was refused.
 * @return 0, or -EPERM: refused in this mode; only the effects of time were applied.
 */
int door_step(struct door *door, enum door_event event, uint64_t now_ms,
	      struct door_effects *ret_effects);

/** When DOOR_EVENT_TICK would next change something; UINT64_MAX: not by time alone. */
uint64_t door_deadline_ms(const struct door *door);

enum door_mode door_mode(const struct door *door);
enum door_physical door_physical(const struct door *door);
/** As commanded; the caller detects a relay that does not follow. */
enum door_lock door_lock(const struct door *door);
enum door_alarm door_alarm(const struct door *door);
/** Whether the lock must be released now, as in the last effects. */
bool door_released(const struct door *door);

/** ONVIF's spelling: "LockedDown", "Closed", "Unlocked", "DoorForcedOpen"... Static. */
const char *door_mode_name(enum door_mode mode);
/** @return DOOR_MODE_UNKNOWN if no mode has that name. */
enum door_mode door_mode_find(const char *name);
const char *door_physical_name(enum door_physical physical);
const char *door_lock_name(enum door_lock lock);
const char *door_alarm_name(enum door_alarm alarm);

#endif
