#include "config_schema.h"

#include "base/log.h"
#include "config.h"

static const struct option_word drivers[] = {
	{"sim", CONFIG_BOARD_SIM}, {"gpiod", CONFIG_BOARD_GPIOD}, {0}};
static const struct option_word polarities[] = {{"high", 0}, {"low", 1}, {0}};
static const struct option_word safes[] = {{"rest", CONFIG_SAFE_REST},
					   {"inactive", CONFIG_SAFE_INACTIVE},
					   {"active", CONFIG_SAFE_ACTIVE},
					   {0}};
static const struct option_word biases[] = {
	{"none", CONFIG_BIAS_NONE}, {"up", CONFIG_BIAS_UP}, {"down", CONFIG_BIAS_DOWN}, {0}};
static const struct option_word camera_roles[] = {
	{"face", CONFIG_CAMERA_FACE}, {"facade", CONFIG_CAMERA_FACADE}, {0}};
static const struct option_word log_levels[] = {{"error", LOG_LEVEL_ERROR},
						{"warning", LOG_LEVEL_WARNING},
						{"info", LOG_LEVEL_INFO},
						{"debug", LOG_LEVEL_DEBUG},
						{0}};

#define LINE_COMMON                                                                                \
	{.key = "name",                                                                            \
	 .kind = OPTION_NAME,                                                                      \
	 AT(config_line, name),                                                                    \
	 .help = "The name by which doors refer to this line; unique among inputs and outputs."},  \
		{.key = "chip",                                                                    \
		 .kind = OPTION_NAME,                                                              \
		 AT(config_line, chip),                                                            \
		 FALLBACK(""),                                                                     \
		 .help = "The GPIO chip, as in /dev; empty: `gpiochip0` for an offset, any chip "  \
			 "for a name "                                                             \
			 "of a line."},                                                            \
		{.key = "line",                                                                    \
		 .kind = OPTION_LINE,                                                              \
		 AT(config_line, place),                                                           \
		 RANGE(0, 1023),                                                                   \
		 FALLBACK(""),                                                                     \
		 .help = "Offset on the chip, or the kernel's name of the line; `gpioinfo` shows " \
			 "both. Not "                                                              \
			 "needed with the simulated board."},                                      \
	{                                                                                          \
		.key = "active", .kind = OPTION_WORD, AT(config_line, active_low),                 \
		.words = polarities, FALLBACK("high"),                                             \
		.help = "The electrical level at which the line is active."                        \
	}

static const struct option output_members[] = {
	LINE_COMMON,
	{.key = "safe",
	 .kind = OPTION_WORD,
	 AT(config_line, safe),
	 .words = safes,
	 FALLBACK("rest"),
	 .help = "The level that `gatehouse-safe` gives it when the daemon is gone; `rest`: the "
		 "one it "
		 "starts with (a fail-safe lock active, all else inactive)."},
	{0}};
static const struct option input_members[] = {
	LINE_COMMON,
	{.key = "bias",
	 .kind = OPTION_WORD,
	 AT(config_line, bias),
	 .words = biases,
	 FALLBACK("none"),
	 .help = "The chip's own pull resistor."},
	{.key = "debounce_ms",
	 .kind = OPTION_UINT,
	 AT(config_line, debounce_ms),
	 RANGE(0, 1000),
	 FALLBACK("20"),
	 .help = "A level counts once it has been stable this long."},
	{0}};
static const struct option output_item = {MEMBERS(output_members),
					  .bytes = sizeof(struct config_line)};
static const struct option input_item = {MEMBERS(input_members),
					 .bytes = sizeof(struct config_line)};

static const struct option board_members[] = {
	{.key = "driver",
	 .kind = OPTION_WORD,
	 AT(config_board, driver),
	 .words = drivers,
	 FALLBACK("sim"),
	 .help = "`sim`: a simulated board that `gatectl board` and the console press; `gpiod`: "
		 "real lines."},
	{.key = "outputs",
	 LIST(&output_item, 0, CONFIG_LINES_MAX),
	 AT(config_board, outputs),
	 COUNT(config_board, output_count),
	 FALLBACK(NULL),
	 .help = "Relays."},
	{.key = "inputs",
	 LIST(&input_item, 0, CONFIG_LINES_MAX),
	 AT(config_board, inputs),
	 COUNT(config_board, input_count),
	 FALLBACK(NULL),
	 .help = "Contacts and buttons."},
	{0}};

static const struct option point_item = {
	.kind = OPTION_POINT, .bytes = sizeof(struct config_point), RANGE(0, 1)};
static const struct option polygon_item = {LIST(&point_item, 3, CONFIG_POLYGON_POINTS_MAX),
					   .offset = offsetof(struct config_polygon, points),
					   .bytes = sizeof(struct config_polygon),
					   COUNT(config_polygon, count)};
static const struct option floor_item = {.kind = OPTION_INT, .bytes = sizeof(int), RANGE(-20, 300)};

static const struct option calibration_members[] = {
	{.key = "points",
	 LIST(&point_item, CONFIG_CALIBRATION_POINTS, CONFIG_CALIBRATION_POINTS),
	 AT(config_calibration, points),
	 COUNT(config_calibration, count),
	 .help = "Four corners of one rectangle of the facade, as fractions: left low, right low, "
		 "right "
		 "high, left "
		 "high."},
	{.key = "floors",
	 LIST(&floor_item, 2, 2),
	 AT(config_calibration, floor_low),
	 COUNT(config_calibration, floor_count),
	 .help = "The floors at the low and at the high pair of points."},
	{.key = "columns",
	 .kind = OPTION_UINT,
	 AT(config_calibration, columns),
	 RANGE(1, 26),
	 .help = "How many flats (columns of windows) lie side by side in the rectangle."},
	{0}};
_Static_assert(offsetof(struct config_calibration, floor_high) ==
		       offsetof(struct config_calibration, floor_low) + sizeof(int),
	       "the two floors are filled as an array");

static const struct option camera_members[] = {
	{.key = "name",
	 .kind = OPTION_NAME,
	 AT(config_camera, name),
	 .help = "Unique among cameras."},
	{.key = "source",
	 .kind = OPTION_TEXT,
	 AT(config_camera, source),
	 .help = "`file:PATH`, `rtsp://...`, `/dev/videoN` or `v4l2:...`."},
	{.key = "username",
	 .kind = OPTION_TEXT,
	 AT(config_camera, username),
	 FALLBACK(""),
	 .help = "Of an RTSP camera."},
	{.key = "password_file",
	 .kind = OPTION_TEXT,
	 AT(config_camera, password_file),
	 FALLBACK(""),
	 .help = "File whose first line is its password; read when the daemon starts."},
	{.key = "role",
	 .kind = OPTION_WORD,
	 AT(config_camera, role),
	 .words = camera_roles,
	 .help = "`face` lets residents in at `door`; `facade` watches for thrown objects."},
	{.key = "door",
	 .kind = OPTION_NAME,
	 AT(config_camera, door),
	 FALLBACK(""),
	 .help = "The door a face camera opens."},
	{.key = "liveness_min",
	 .kind = OPTION_REAL,
	 AT(config_camera, liveness_min),
	 RANGE(0, 1),
	 FALLBACK("0"),
	 .help = "Mean liveness over the frames from which a face at this camera counts as living; "
		 "0: the "
		 "measured "
		 "default, 0.35 (face)."},
	{.key = "loop",
	 .kind = OPTION_BOOL,
	 AT(config_camera, loop),
	 FALLBACK("false"),
	 .help = "A file starts again at its end."},
	{.key = "roi",
	 LIST(&point_item, 3, CONFIG_POLYGON_POINTS_MAX),
	 AT(config_camera, roi.points),
	 COUNT(config_camera, roi.count),
	 .presence = OPTION_ABSENT,
	 .help = "The part of the picture that counts: corners as [x, y], fractions of width and "
		 "height. At "
		 "a face camera only a face whose middle lies inside opens the door."},
	{.key = "exclude",
	 LIST(&polygon_item, 0, CONFIG_EXCLUDES_MAX),
	 AT(config_camera, exclude),
	 COUNT(config_camera, exclude_count),
	 FALLBACK(NULL),
	 .help = "Polygons that never count: a tree, a flag."},
	{.key = "privacy",
	 LIST(&polygon_item, 0, CONFIG_PRIVACY_MAX),
	 AT(config_camera, privacy),
	 COUNT(config_camera, privacy_count),
	 FALLBACK(NULL),
	 .help = "Polygons, such as the windows of flats, that are black in every clip and still "
		 "that is "
		 "shown or exported, and in the live picture. Throws from them are still found. "
		 "The unmasked "
		 "clip is kept in `evidence/sealed` inside `state_dir`, readable by the daemon's "
		 "user alone "
		 "and "
		 "shown by no page."},
	{.key = "calibration",
	 MEMBERS(calibration_members),
	 AT(config_camera, calibration),
	 .presence = OPTION_ABSENT,
	 .help = "Turns a place in the picture into floor and column (facade)."},
	{0}};
static const struct option camera_item = {MEMBERS(camera_members),
					  .bytes = sizeof(struct config_camera)};

static const struct option litter_members[] = {
	{.key = "pre_roll_s",
	 .kind = OPTION_UINT,
	 AT(config_litter, pre_roll_s),
	 RANGE(0, 60),
	 FALLBACK("10"),
	 .help = "Seconds of video kept from before the first observation."},
	{.key = "post_roll_s",
	 .kind = OPTION_UINT,
	 AT(config_litter, post_roll_s),
	 RANGE(0, 60),
	 FALLBACK("5"),
	 .help = "Seconds of video kept from after the last observation."},
	{0}};

static const struct option evidence_members[] = {
	{.key = "days",
	 .kind = OPTION_UINT,
	 AT(config_evidence, days),
	 RANGE(1, 3650),
	 FALLBACK("30"),
	 .help = "How long they are kept."},
	{.key = "max_gb",
	 .kind = OPTION_UINT,
	 AT(config_evidence, max_gb),
	 RANGE(1, 10000),
	 FALLBACK("8"),
	 .help = "Beyond this size the oldest are deleted first."},
	{0}};

static const struct option api_members[] = {
	{.key = "socket",
	 .kind = OPTION_TEXT,
	 AT(config_api, socket),
	 FALLBACK("/run/gatehouse/api.sock"),
	 .help = "Unix socket for gatectl, mode 0660: whoever may open it is admin. Empty: none."},
	{.key = "listen",
	 .kind = OPTION_TEXT,
	 AT(config_api, listen),
	 FALLBACK("127.0.0.1:8480"),
	 .help = "Address and port of the console: loopback (127.0.0.1, [::1]) only, or with "
		 "`cert_file` "
		 "any. "
		 "Empty: none."},
	{.key = "cert_file",
	 .kind = OPTION_TEXT,
	 AT(config_api, cert_file),
	 FALLBACK(""),
	 .help = "TLS certificate with its chain, PEM: `listen` is then HTTPS."},
	{.key = "key_file",
	 .kind = OPTION_TEXT,
	 AT(config_api, key_file),
	 FALLBACK(""),
	 .help = "Its key, PEM, readable by the daemon alone."},
	{.key = "session_idle_min",
	 .kind = OPTION_UINT,
	 AT(config_api, session_idle_min),
	 RANGE(1, 10080),
	 FALLBACK("120"),
	 .help = "It ends earlier when the page requests nothing for this long."},
	{.key = "console_dir",
	 .kind = OPTION_TEXT,
	 AT(config_api, console_dir),
	 FALLBACK("/usr/share/gatehouse/console"),
	 .help = "The console's files."},
	{0}};

static const struct option storage_members[] = {
	{.key = "slow_ms",
	 .kind = OPTION_UINT,
	 AT(config_storage, slow_ms),
	 RANGE(1, 10000),
	 FALLBACK("50"),
	 .help = "If a decision is not on disk after this long, the door opens anyway, with the "
		 "alarm "
		 "storage.slow."},
	{.key = "keep_days",
	 .kind = OPTION_UINT,
	 AT(config_storage, keep_days),
	 RANGE(0, 3660),
	 FALLBACK("365"),
	 .help = "Rows of the log older than this many days are dropped; 0 keeps all. Rows that "
		 "the broker "
		 "has not acknowledged, and rows since the oldest evidence, stay."},
	{0}};

static const struct option root_members[] = {
	{.key = "version",
	 .kind = OPTION_UINT,
	 AT(config, version),
	 RANGE(CONFIG_VERSION, CONFIG_VERSION),
	 .help = "Version of this file's format. `gatectl config upgrade` brings an older file to "
		 "the "
		 "newest."},
	{.key = "site",
	 .kind = OPTION_NAME,
	 AT(config, site),
	 .help = "The compound, in MQTT topics."},
	{.key = "gate",
	 .kind = OPTION_NAME,
	 AT(config, gate),
	 .help = "This gate, in MQTT topics."},
	{.key = "state_dir",
	 .kind = OPTION_TEXT,
	 AT(config, state_dir),
	 FALLBACK("/var/lib/gatehouse"),
	 .help = "Database, keys and evidence."},
	{.key = "models_dir",
	 .kind = OPTION_TEXT,
	 AT(config, models_dir),
	 FALLBACK("/usr/share/gatehouse/models"),
	 .help = "Face models."},
	{.key = "board",
	 MEMBERS(board_members),
	 AT(config, board),
	 FALLBACK(NULL),
	 .help = "Relays and inputs."},
	{.key = "doors",
	 LIST(&config_door_item, 0, CONFIG_DOORS_MAX),
	 AT(config, doors),
	 COUNT(config, door_count),
	 FALLBACK(NULL),
	 .help = "The doors."},
	{.key = "fire_input",
	 .kind = OPTION_NAME,
	 AT(config, fire_input),
	 FALLBACK(""),
	 .help = "The input of the fire alarm panel. While it is active, and until it is reset on "
		 "site, "
		 "every door with `opens_on_fire` stands open."},
	{.key = "fire_reset",
	 .kind = OPTION_NAME,
	 AT(config, fire_reset),
	 FALLBACK(""),
	 .help = "The input of the key switch that ends a fire, once the panel is quiet. Without "
		 "it: "
		 "`gatectl "
		 "fire-reset` on the gate itself."},
	{.key = "tamper_input",
	 .kind = OPTION_NAME,
	 AT(config, tamper_input),
	 FALLBACK(""),
	 .help = "The input that is active while the housing is open."},
	{.key = "tamper_refuse_s",
	 .kind = OPTION_UINT,
	 AT(config, tamper_refuse_s),
	 RANGE(0, 86400),
	 FALLBACK("0"),
	 .help = "For this long after a tamper alarm neither a face nor a remote order opens a "
		 "door; 0: "
		 "never refused."},
	{.key = "sounds",
	 MEMBERS(config_sounds_members),
	 AT(config, sounds),
	 FALLBACK(NULL),
	 .help = "The siren, and when the buzzers are silent."},
	{.key = "readers",
	 LIST(&config_reader_item, 0, CONFIG_READERS_MAX),
	 AT(config, readers),
	 COUNT(config, reader_count),
	 FALLBACK(NULL),
	 .help = "Card readers, keypads and readers of QR codes; docs/guide/install.md has the "
		 "wiring."},
	{.key = "wiegand_formats",
	 LIST(&config_format_item, 0, CONFIG_FORMATS_MAX),
	 AT(config, formats),
	 COUNT(config, format_count),
	 FALLBACK(NULL),
	 .help = "Layouts of cards beside the built-in `wiegand26`, `wiegand34` and `wiegand37`."},
	{.key = "lockout",
	 MEMBERS(config_lockout_members),
	 AT(config, lockout),
	 FALLBACK(NULL),
	 .help = "What happens after wrong tries at a reader."},
	{.key = "watchdog",
	 MEMBERS(config_watchdog_members),
	 AT(config, watchdog),
	 FALLBACK(NULL),
	 .help = "The hardware watchdog that restarts the board when the doors are no longer "
		 "driven."},
	{.key = "cameras",
	 LIST(&camera_item, 0, CONFIG_CAMERAS_MAX),
	 AT(config, cameras),
	 COUNT(config, camera_count),
	 FALLBACK(NULL),
	 .help = "The cameras."},
	{.key = "face",
	 MEMBERS(config_face_members),
	 AT(config, face),
	 FALLBACK(NULL),
	 .help = "Recognition."},
	{.key = "litter",
	 MEMBERS(litter_members),
	 AT(config, litter),
	 FALLBACK(NULL),
	 .help = "Thrown objects."},
	{.key = "evidence",
	 MEMBERS(evidence_members),
	 AT(config, evidence),
	 FALLBACK(NULL),
	 .help = "Clips and stills."},
	{.key = "mqtt",
	 MEMBERS(config_mqtt_members),
	 AT(config, mqtt),
	 FALLBACK(NULL),
	 .help = "The link to the property system."},
	{.key = "api", MEMBERS(api_members), AT(config, api), FALLBACK(NULL), .help = "HTTP."},
	{.key = "access",
	 MEMBERS(config_access_members),
	 AT(config, access),
	 FALLBACK(NULL),
	 .help = "How access is decided. The manager sets the rules themselves "
		 "(docs/reference/access.md)."},
	{.key = "storage",
	 MEMBERS(storage_members),
	 AT(config, storage),
	 FALLBACK(NULL),
	 .help = "The log."},
	{.key = "log_level",
	 .kind = OPTION_WORD,
	 AT(config, log_level),
	 .words = log_levels,
	 FALLBACK("info"),
	 .help = "Lines less urgent than this are not written."},
	{0}};

const struct option config_schema = {MEMBERS(root_members), .bytes = sizeof(struct config)};
