/* The option table's doors, and the sounds they make. */
#include "config_schema.h"

#include "config.h"

enum { HOUR_MS = 3600000 };

static const struct option_word failings[] = {{"secure", 0}, {"safe", 1}, {0}};
static const struct option_word kinds[] = {{"door", DOOR_KIND_DOOR},
					   {"barrier", DOOR_KIND_BARRIER},
					   {"turnstile", DOOR_KIND_TURNSTILE},
					   {"mantrap", DOOR_KIND_MANTRAP},
					   {0}};

static const struct option door_members[] = {
	{.key = "name", .kind = OPTION_NAME, AT(config_door, name), .help = "Unique among doors."},
	{.key = "lock",
	 .kind = OPTION_NAME,
	 AT(config_door, lock),
	 .help = "The output that releases the lock."},
	{.key = "contact",
	 .kind = OPTION_NAME,
	 AT(config_door, contact),
	 FALLBACK(""),
	 .help = "The input that is active while the leaf is open. Without it there are no forced "
		 "and "
		 "held-open "
		 "alarms."},
	{.key = "exit_button",
	 .kind = OPTION_NAME,
	 AT(config_door, exit_button),
	 FALLBACK(""),
	 .help = "The input of the request-to-exit button."},
	{.key = "fail",
	 .kind = OPTION_WORD,
	 AT(config_door, fail_safe),
	 .words = failings,
	 FALLBACK("secure"),
	 .help = "What the lock does without power: `secure` stays locked, `safe` unlocks."},
	{.key = "release_ms",
	 .kind = OPTION_UINT,
	 AT(config_door, release_ms),
	 RANGE(100, 600000),
	 FALLBACK("5000"),
	 .help = "How long one access keeps the lock released."},
	{.key = "held_open_ms",
	 .kind = OPTION_UINT,
	 AT(config_door, held_open_ms),
	 RANGE(1000, HOUR_MS),
	 FALLBACK("30000"),
	 .help = "A door that is open for longer than this raises the alarm door.held_open."},
	{.key = "pre_alarm_ms",
	 .kind = OPTION_UINT,
	 AT(config_door, pre_alarm_ms),
	 RANGE(0, HOUR_MS),
	 FALLBACK("10000"),
	 .help = "The warning comes this long before the alarm; less than `held_open_ms`."},
	{.key = "relock_delay_ms",
	 .kind = OPTION_UINT,
	 AT(config_door, relock_delay_ms),
	 RANGE(0, 10000),
	 FALLBACK("0"),
	 .help = "From the leaf's closing (a turnstile: its turning) until the lock is locked "
		 "again."},
	{.key = "kind",
	 .kind = OPTION_WORD,
	 AT(config_door, kind),
	 .words = kinds,
	 FALLBACK("door"),
	 .help = "A `turnstile` relocks as soon as it turns; a `mantrap` door needs an "
		 "`interlock`."},
	{.key = "interlock",
	 .kind = OPTION_NAME,
	 AT(config_door, interlock),
	 FALLBACK(""),
	 .help = "A group of doors. One of them opens only while all others are closed and locked. "
		 "Exit and "
		 "fire open all the same."},
	{.key = "double_lock",
	 .kind = OPTION_NAME,
	 AT(config_door, double_lock),
	 FALLBACK(""),
	 .help = "The output of a second bolt, energised in the mode DoubleLocked."},
	{.key = "tamper",
	 .kind = OPTION_NAME,
	 AT(config_door, tamper),
	 FALLBACK(""),
	 .help = "The input that is active while this door's reader or lock is tampered with."},
	{.key = "light",
	 .kind = OPTION_NAME,
	 AT(config_door, light),
	 FALLBACK(""),
	 .help = "The output of a status light: on while the lock is released, blinking during an "
		 "alarm."},
	{.key = "buzzer",
	 .kind = OPTION_NAME,
	 AT(config_door, buzzer),
	 FALLBACK(""),
	 .help = "The output of a buzzer: one tone for a grant, a beat before and during "
		 "held-open, without "
		 "a "
		 "pause when forced."},
	{.key = "opens_on_fire",
	 .kind = OPTION_BOOL,
	 AT(config_door, opens_on_fire),
	 FALLBACK("true"),
	 .help = "Whether `fire_input` releases this door."},
	{0}};
const struct option config_door_item = {MEMBERS(door_members), .bytes = sizeof(struct config_door)};

static const struct option span_item = {.kind = OPTION_TEXT, .bytes = CONFIG_SPAN_BYTES};

const struct option config_sounds_members[] = {
	{.key = "siren",
	 .kind = OPTION_NAME,
	 AT(config_sounds, siren),
	 FALLBACK(""),
	 .help = "The output of the siren: a forced door, tampering, fire."},
	{.key = "siren_s",
	 .kind = OPTION_UINT,
	 AT(config_sounds, siren_s),
	 RANGE(1, 3600),
	 FALLBACK("180"),
	 .help = "The siren stops after this long, whatever the reason; fire sounds until it is "
		 "reset."},
	{.key = "quiet",
	 LIST(&span_item, 0, CONFIG_SPANS_MAX),
	 AT(config_sounds, quiet),
	 COUNT(config_sounds, quiet_count),
	 FALLBACK(NULL),
	 .help = "When the buzzers are silent except for forced doors, such as `daily "
		 "22:00-06:00+1`."},
	{0}};
