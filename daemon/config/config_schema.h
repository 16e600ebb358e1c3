/*
 * config_schema.h - the one table of options, for the loader and for the help. Private to
 * config*.c.
 */
#ifndef GH_CONFIG_CONFIG_SCHEMA_H
#define GH_CONFIG_CONFIG_SCHEMA_H

#include <stddef.h>

enum option_kind {
	OPTION_NAME,   /* char[CONFIG_NAME_BYTES], [a-z0-9-] */
	OPTION_TEXT,   /* char[bytes] */
	OPTION_BOOL,   /* bool */
	OPTION_UINT,   /* unsigned, min to max */
	OPTION_INT,    /* int, min to max */
	OPTION_REAL,   /* double, min to max */
	OPTION_WORD,   /* one of `words`, stored as bool or int by its size */
	OPTION_POINT,  /* struct config_point, written [x, y], each min to max */
	OPTION_KEY,    /* uint8_t[32], written in base64 */
	OPTION_LINE,   /* struct config_line_place, written as an offset (0 to max) or a name */
	OPTION_BROKER, /* struct config_broker, written HOST or HOST:PORT */
	OPTION_MAP,    /* a structure: `members` */
	OPTION_LIST    /* an array of `item` at offset, its count at count_offset */
};

enum option_presence {
	OPTION_REQUIRED,
	/* `fallback` stands in; for a map, its members' fallbacks; for a list, no item */
	OPTION_DEFAULTED,
	/* may be missing as a whole, and is zero then: members are required when it is there */
	OPTION_ABSENT
};

struct option_word {
	const char *text; /* NULL ends the list */
	int value;
};

struct option {
	const char *key; /* NULL ends a list of members; NULL in an item */
	enum option_kind kind;
	enum option_presence presence;
	size_t offset, bytes;
	double min, max; /* of the value; of a list, the number of items */
	const char *fallback;
	const struct option_word *words;
	const struct option *members, *item;
	size_t count_offset;
	const char *help;
};

/* what the tables are written with */
#define AT(type, member)                                                                           \
	.offset = offsetof(struct type, member), .bytes = sizeof(((struct type *)0)->member)
#define COUNT(type, member) .count_offset = offsetof(struct type, member)
#define FALLBACK(text) .presence = OPTION_DEFAULTED, .fallback = (text)
#define RANGE(low, high) .min = (low), .max = (high)
#define MEMBERS(list) .kind = OPTION_MAP, .members = (list)
#define LIST(of, low, high) .kind = OPTION_LIST, .item = (of), .min = (low), .max = (high)

/** The whole file: a map of struct config. */
extern const struct option config_schema;

/* sections with a file of their own */
extern const struct option config_mqtt_members[], config_sounds_members[];
extern const struct option config_door_item;
extern const struct option config_access_members[];
extern const struct option config_face_members[];
extern const struct option config_reader_item, config_format_item;
extern const struct option config_lockout_members[], config_watchdog_members[];

#endif
