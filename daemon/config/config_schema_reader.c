/* The option table's readers, what follows wrong tries, and the hardware watchdog. */
#include "config_schema.h"

#include "config.h"

static const struct option_word directions[] = {{"in", 0}, {"out", 1}, {0}};
static const struct option_word kinds[] = {{"wiegand", CONFIG_READER_WIEGAND},
					   {"evdev", CONFIG_READER_EVDEV},
					   {"serial", CONFIG_READER_SERIAL},
					   {0}};
static const struct option_word reads[] = {
	{"auto", CONFIG_READS_AUTO}, {"card", CONFIG_READS_CARD}, {"code", CONFIG_READS_CODE}, {0}};

static const struct option reader_members[] = {
	{.key = "name",
	 .kind = OPTION_NAME,
	 AT(config_reader, name),
	 .help = "Unique among readers."},
	{.key = "door", .kind = OPTION_NAME, AT(config_reader, door), .help = "The door it opens."},
	{.key = "direction",
	 .kind = OPTION_WORD,
	 AT(config_reader, leaving),
	 .words = directions,
	 FALLBACK("in"),
	 .help = "`in`: for those who come in, `out`: for those who leave."},
	{.key = "kind",
	 .kind = OPTION_WORD,
	 AT(config_reader, kind),
	 .words = kinds,
	 FALLBACK("wiegand"),
	 .help = "`wiegand`: two lines; `evdev`: a USB reader that types; `serial`: a serial "
		 "line."},
	{.key = "d0",
	 .kind = OPTION_NAME,
	 AT(config_reader, d0),
	 FALLBACK(""),
	 .help = "The input of the line D0, active while the wire is low, `debounce_ms: 0` "
		 "(wiegand)."},
	{.key = "d1",
	 .kind = OPTION_NAME,
	 AT(config_reader, d1),
	 FALLBACK(""),
	 .help = "The same for D1 (wiegand)."},
	{.key = "format",
	 .kind = OPTION_NAME,
	 AT(config_reader, format),
	 FALLBACK("wiegand26"),
	 .help = "`wiegand26`, `wiegand34`, `wiegand37` or one of `wiegand_formats` (wiegand)."},
	{.key = "keypad",
	 .kind = OPTION_BOOL,
	 AT(config_reader, keypad),
	 FALLBACK("true"),
	 .help = "Bursts of 4 and 8 bits are keys (wiegand)."},
	{.key = "pin_digits",
	 .kind = OPTION_UINT,
	 AT(config_reader, pin_digits),
	 RANGE(0, 16),
	 FALLBACK("0"),
	 .help = "A PIN is complete with this many digits; 0: with #. The key * clears."},
	{.key = "device",
	 .kind = OPTION_TEXT,
	 AT(config_reader, device),
	 FALLBACK(""),
	 .help = "Device file, best of `/dev/input/by-id` or `/dev/serial/by-id` (evdev, serial)."},
	{.key = "baud",
	 .kind = OPTION_UINT,
	 AT(config_reader, baud),
	 RANGE(1200, 115200),
	 FALLBACK("9600"),
	 .help = "Speed of the line, 8 bits without parity (serial)."},
	{.key = "reads",
	 .kind = OPTION_WORD,
	 AT(config_reader, reads),
	 .words = reads,
	 FALLBACK("auto"),
	 .help = "What its text is: `card`, a decimal number; `code`, a QR code; `auto`, a card "
		 "when it has "
		 "digits alone (evdev, serial)."},
	{.key = "led",
	 .kind = OPTION_NAME,
	 AT(config_reader, led),
	 FALLBACK(""),
	 .help = "The output of its light: on while the door is released, blinking while locked "
		 "out."},
	{.key = "buzzer",
	 .kind = OPTION_NAME,
	 AT(config_reader, buzzer),
	 FALLBACK(""),
	 .help = "The output of its buzzer: one tone for a grant, three for a denial."},
	{0}};
const struct option config_reader_item = {MEMBERS(reader_members),
					  .bytes = sizeof(struct config_reader)};

static const struct option parity_item = {.kind = OPTION_TEXT, .bytes = CONFIG_FORMAT_BYTES};
static const struct option format_members[] = {
	{.key = "name",
	 .kind = OPTION_NAME,
	 AT(config_format, name),
	 .help = "Unique among formats."},
	{.key = "layout",
	 .kind = OPTION_TEXT,
	 AT(config_format, layout),
	 .help = "A character a bit, first bit first: `F` facility, `C` card, `P` parity, `-` not "
		 "used. "
		 "`PFFFFFFFFCCCCCCCCCCCCCCCCP` is `wiegand26`."},
	{.key = "parity",
	 LIST(&parity_item, 0, CONFIG_PARITIES_MAX),
	 AT(config_format, parity),
	 COUNT(config_format, parity_count),
	 FALLBACK(NULL),
	 .help = "A text a sum, as long as the layout: `E` (even) or `O` (odd) is its parity bit, "
		 "`X` is "
		 "summed, `-` is not: `EXXXXXXXXXXXX-------------`."},
	{0}};
const struct option config_format_item = {MEMBERS(format_members),
					  .bytes = sizeof(struct config_format)};

const struct option config_lockout_members[] = {
	{.key = "tries",
	 .kind = OPTION_UINT,
	 AT(config_lockout, tries),
	 RANGE(1, 100),
	 FALLBACK("5"),
	 .help = "This many wrong tries in a row at one reader raise the alarm "
		 "access.wrong_tries."},
	{.key = "seconds",
	 .kind = OPTION_UINT,
	 AT(config_lockout, seconds),
	 RANGE(1, 3600),
	 FALLBACK("30"),
	 .help = "The reader then ignores everything for this long. Exit buttons are not "
		 "affected."},
	{0}};

const struct option config_watchdog_members[] = {
	{.key = "device",
	 .kind = OPTION_TEXT,
	 AT(config_watchdog, device),
	 FALLBACK(""),
	 .help = "`/dev/watchdog` or `/dev/watchdog0`; empty: none."},
	{.key = "timeout_s",
	 .kind = OPTION_UINT,
	 AT(config_watchdog, timeout_s),
	 RANGE(2, 300),
	 FALLBACK("15"),
	 .help = "The board restarts when the doors had no turn for this long."},
	{0}};
