/*
 * config.h - gatehouse.yaml as one checked structure.
 *
 * One table (config_schema.c) gives each option's name, type, range, default and help; the loader,
 * the help text and docs/reference/config.md follow it. What config_load() returns needs no further
 * checks: names are unique, every name that is referred to exists, every value is in range, every
 * default filled in. Relative paths stay as written: they are relative to the daemon's working
 * directory. Any thread.
 */
#ifndef GH_CONFIG_CONFIG_H
#define GH_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "hw/door/door.h"

enum {
	/* what is read and written; config_upgrade.h brings older files to it */
	CONFIG_VERSION = 1,
	CONFIG_USER_BYTES = 64,
	CONFIG_NAME_BYTES = 32, /* [a-z0-9-], 1 to 31 characters */
	CONFIG_NOTICE_BYTES = 256,
	CONFIG_PATH_BYTES = 256,
	CONFIG_URL_BYTES = 512,
	CONFIG_LINES_MAX = 32, /* outputs, and as many inputs */
	CONFIG_DOORS_MAX = 8,
	CONFIG_READERS_MAX = 16,
	CONFIG_FORMATS_MAX = 8,
	CONFIG_FORMAT_BYTES = 65, /* a character a bit, 64 bits at most */
	CONFIG_PARITIES_MAX = 4,
	CONFIG_CAMERAS_MAX = 8,
	CONFIG_POLYGON_POINTS_MAX = 16,
	CONFIG_EXCLUDES_MAX = 8,
	CONFIG_PRIVACY_MAX = 32,
	CONFIG_CALIBRATION_POINTS = 4,
	CONFIG_KEYS_MAX = 8,
	CONFIG_KEY_COMMANDS_MAX = 16,
	CONFIG_BROKERS_MAX = 4,
	CONFIG_SPANS_MAX = 8,
	CONFIG_SPAN_BYTES = 64,
	CONFIG_BYTES_MAX = 256 * 1024, /* of the file */
	CONFIG_ERROR_BYTES = 2048,     /* enough for CONFIG_ERRORS_MAX lines */
	CONFIG_ERRORS_MAX = 8          /* mistakes reported at once */
};

enum config_board_driver { CONFIG_BOARD_SIM, CONFIG_BOARD_GPIOD };
enum config_safe { CONFIG_SAFE_REST, CONFIG_SAFE_INACTIVE, CONFIG_SAFE_ACTIVE };
enum config_bias { CONFIG_BIAS_NONE, CONFIG_BIAS_UP, CONFIG_BIAS_DOWN };

struct config_line_place {
	int offset;                   /* on the chip; -1: by name, or (sim) none */
	char name[CONFIG_NAME_BYTES]; /* the kernel's name of the line; "": by offset */
};

struct config_line {
	char name[CONFIG_NAME_BYTES]; /* unique among inputs and outputs together */
	char chip[CONFIG_NAME_BYTES]; /* "gpiochip0" */
	struct config_line_place place;
	bool active_low;
	enum config_bias bias; /* inputs */
	unsigned debounce_ms;  /* inputs */
	enum config_safe safe; /* outputs: the level while no program drives them */
};

struct config_board {
	enum config_board_driver driver;
	struct config_line outputs[CONFIG_LINES_MAX];
	size_t output_count;
	struct config_line inputs[CONFIG_LINES_MAX];
	size_t input_count;
};

struct config_door {
	char name[CONFIG_NAME_BYTES];
	char lock[CONFIG_NAME_BYTES];        /* an output; no two doors share one */
	char contact[CONFIG_NAME_BYTES];     /* an input or "" */
	char exit_button[CONFIG_NAME_BYTES]; /* an input or "" */
	bool fail_safe;                      /* unpowered means unlocked; false: fail-secure */
	unsigned release_ms, held_open_ms, pre_alarm_ms,
		relock_delay_ms; /* pre_alarm_ms < held_open_ms */
	bool opens_on_fire;
	int kind;                          /* enum door_kind */
	char interlock[CONFIG_NAME_BYTES]; /* a group or "" */
	char double_lock[CONFIG_NAME_BYTES], light[CONFIG_NAME_BYTES],
		buzzer[CONFIG_NAME_BYTES]; /* outputs or "" */
	char tamper[CONFIG_NAME_BYTES];    /* an input or "" */
};

struct config_sounds {
	char siren[CONFIG_NAME_BYTES]; /* an output or "" */
	unsigned siren_s;
	char quiet[CONFIG_SPANS_MAX][CONFIG_SPAN_BYTES];
	size_t quiet_count;
};

/* how the bits of a card are read; hw/reader/wiegand.h says what the texts mean */
struct config_format {
	char name[CONFIG_NAME_BYTES]; /* not that of a built-in format */
	char layout[CONFIG_FORMAT_BYTES];
	char parity[CONFIG_PARITIES_MAX][CONFIG_FORMAT_BYTES];
	size_t parity_count;
};

enum config_reader_kind { CONFIG_READER_WIEGAND, CONFIG_READER_EVDEV, CONFIG_READER_SERIAL };
enum config_reader_reads { CONFIG_READS_AUTO, CONFIG_READS_CARD, CONFIG_READS_CODE };

struct config_reader {
	char name[CONFIG_NAME_BYTES];
	char door[CONFIG_NAME_BYTES];
	bool leaving; /* it stands inside, for those who go out */
	enum config_reader_kind kind;
	char d0[CONFIG_NAME_BYTES], d1[CONFIG_NAME_BYTES]; /* inputs without debounce; wiegand */
	char format[CONFIG_NAME_BYTES]; /* a built-in one or one of `wiegand_formats` */
	bool keypad;
	unsigned pin_digits;
	char device[CONFIG_PATH_BYTES]; /* evdev and serial */
	unsigned baud;
	enum config_reader_reads reads;
	char led[CONFIG_NAME_BYTES], buzzer[CONFIG_NAME_BYTES]; /* outputs or "" */
};

struct config_lockout {
	unsigned tries, seconds;
};

struct config_watchdog {
	char device[CONFIG_PATH_BYTES]; /* "": none */
	unsigned timeout_s;
};

enum config_camera_role { CONFIG_CAMERA_FACE, CONFIG_CAMERA_FACADE };

struct config_point {
	double x, y; /* fractions of width and height, 0 to 1, from the top left */
};

struct config_polygon {
	struct config_point points[CONFIG_POLYGON_POINTS_MAX]; /* 3 or more */
	size_t count;
};

struct config_calibration {
	/* left low, right low, right high, left high */
	struct config_point points[CONFIG_CALIBRATION_POINTS];
	size_t count;              /* 0: not calibrated, else 4 */
	int floor_low, floor_high; /* of the lower and the upper pair; high above low */
	size_t floor_count;        /* 2 when calibrated: the loader's, not yours */
	unsigned columns;          /* equal columns of windows between the left and right pair */
};

struct config_camera {
	char name[CONFIG_NAME_BYTES];
	char source[CONFIG_URL_BYTES]; /* "file:PATH", "rtsp://...", "/dev/videoN", "v4l2:..." */
	char username[CONFIG_USER_BYTES], password_file[CONFIG_PATH_BYTES]; /* of rtsp, or "" */
	enum config_camera_role role;
	char door[CONFIG_NAME_BYTES]; /* set exactly for a face camera */
	bool loop;                    /* of file sources */
	double liveness_min;          /* of a face camera; 0: the built-in one */
	struct config_polygon roi;    /* count 0: the whole picture */
	struct config_polygon exclude[CONFIG_EXCLUDES_MAX];
	size_t exclude_count;
	struct config_polygon privacy[CONFIG_PRIVACY_MAX]; /* hidden in evidence that is shown */
	size_t privacy_count;
	struct config_calibration calibration;
};

enum config_screens { CONFIG_SCREENS_REFUSE, CONFIG_SCREENS_IGNORE };
enum config_blink { CONFIG_BLINK_OFF, CONFIG_BLINK_REQUIRED };
enum config_liveness { CONFIG_LIVENESS_ENFORCE, CONFIG_LIVENESS_OBSERVE, CONFIG_LIVENESS_OFF };

enum config_face_calibration { CONFIG_CALIBRATION_FOLLOW, CONFIG_CALIBRATION_OBSERVE };

struct config_face {
	char recogniser[CONFIG_PATH_BYTES],
		detector[CONFIG_PATH_BYTES]; /* manifests: a name, or a path */
	double false_accept_percent;         /* effective rate over the whole gallery */
	enum config_face_calibration calibration;
	unsigned calibration_s;
	enum config_liveness liveness;
	enum config_screens screens;
	enum config_blink blink;
	bool accept_pictures; /* the site wrote that a picture of a face may open a door */
	bool keep_pictures;   /* aligned ones of those enrolled, sealed beside their templates */
	unsigned stranger_still_hours; /* 0: no still is stored */
	char stranger_notice[CONFIG_NOTICE_BYTES];
	unsigned repeat_ms;
	unsigned registration_at; /* people enrolled by face */
};

struct config_litter {
	unsigned pre_roll_s, post_roll_s;
};

struct config_evidence {
	/* STATE_DIR/evidence: no option, the unit lets the daemon write nowhere else */
	char dir[CONFIG_PATH_BYTES];
	unsigned days, max_gb;
};

struct config_key {
	char id[CONFIG_NAME_BYTES];
	uint8_t public_key[32]; /* Ed25519 */
	char commands[CONFIG_KEY_COMMANDS_MAX]
		     [CONFIG_NAME_BYTES]; /* "door.open"; none: no command */
	size_t command_count;
	char doors[CONFIG_DOORS_MAX][CONFIG_NAME_BYTES]; /* none: every door */
	size_t door_count;
};

struct config_broker {
	char host[CONFIG_PATH_BYTES];
	unsigned port;
};

struct config_share {
	bool names;
};

struct config_home_assistant {
	bool enabled;
};

struct config_mqtt {
	struct config_broker brokers[CONFIG_BROKERS_MAX]; /* tried in this order; none: no link */
	size_t broker_count;
	char username[CONFIG_NAME_BYTES]; /* "": none */
	char password_file[CONFIG_PATH_BYTES],
		ca_file[CONFIG_PATH_BYTES]; /* "": none; ca_file switches TLS on */
	char cert_file[CONFIG_PATH_BYTES], key_file[CONFIG_PATH_BYTES]; /* both or neither */
	unsigned lost_after_s;
	struct config_key keys[CONFIG_KEYS_MAX];
	size_t key_count;
	struct config_share share;
	bool accept_photos, accept_templates;
	struct config_home_assistant home_assistant;
};

struct config_api {
	char socket[CONFIG_PATH_BYTES]; /* "": none */
	/* "ADDRESS:PORT", loopback without a certificate; "": none */
	char listen[CONFIG_PATH_BYTES];
	char cert_file[CONFIG_PATH_BYTES], key_file[CONFIG_PATH_BYTES]; /* PEM; both or neither */
	unsigned session_idle_min;
	char console_dir[CONFIG_PATH_BYTES];
};

enum config_unset_clock { CONFIG_UNSET_CLOCK_DENY, CONFIG_UNSET_CLOCK_VALIDITY };

struct config_access {
	unsigned combine_s, guard_s;
	enum config_unset_clock unset_clock;
};

struct config_storage {
	unsigned slow_ms, keep_days;
};

struct config {
	unsigned version;
	char site[CONFIG_NAME_BYTES], gate[CONFIG_NAME_BYTES];
	char state_dir[CONFIG_PATH_BYTES], models_dir[CONFIG_PATH_BYTES];
	struct config_board board;
	struct config_door doors[CONFIG_DOORS_MAX];
	size_t door_count;
	char fire_input[CONFIG_NAME_BYTES], fire_reset[CONFIG_NAME_BYTES]; /* inputs or "" */
	char tamper_input[CONFIG_NAME_BYTES];                              /* an input or "" */
	unsigned tamper_refuse_s;
	struct config_sounds sounds;
	struct config_reader readers[CONFIG_READERS_MAX];
	size_t reader_count;
	struct config_format formats[CONFIG_FORMATS_MAX];
	size_t format_count;
	struct config_lockout lockout;
	struct config_watchdog watchdog;
	struct config_camera cameras[CONFIG_CAMERAS_MAX];
	size_t camera_count;
	struct config_face face;
	struct config_litter litter;
	struct config_evidence evidence;
	struct config_mqtt mqtt;
	struct config_api api;
	struct config_access access;
	struct config_storage storage;
	int log_level; /* enum log_level of base/log.h */
};

/**
 * Read and check one file.
 * @param error  @p error_bytes (CONFIG_ERROR_BYTES is enough); on failure one line a mistake, each
 *               "FILE:LINE: KEY: what is wrong and what was expected", joined by newlines.
 * @return 0, -EINVAL (a mistake in it), -EFBIG, -ENOMEM, or what open(2) or read(2) failed with
 *         (error says so).
 */
int config_load(const char *path, struct config **ret_config, char *error, size_t error_bytes);

/** The same for @p bytes of @p text; errors name @p file_name. */
int config_load_text(const char *text, size_t bytes, const char *file_name,
		     struct config **ret_config, char *error, size_t error_bytes);

#define CONFIG_LAST_GOOD_NAME "last-good.yaml"

/**
 * Copy the file at @p path to CONFIG_LAST_GOOD_NAME in @p state_dir, if it is good.
 * @return 0, or a negative errno: the copy of before is unchanged.
 */
int config_save_last_good(const char *path, const char *state_dir);

/** NULL is fine. */
void config_free(struct config *config);

/** Whether @p name is 1 to 31 characters of [a-z0-9-]. */
bool config_name_is_valid(const char *name);

/**
 * Every option with its type, range, default and help, as Markdown: docs/reference/config.md is
 * this text.
 */
void config_print_help(FILE *out);

#endif
