/* face: recognition at the door, and the nets for it */
#include "config_schema.h"

#include "config.h"

static const struct option_word calibration[] = {
	{"follow", CONFIG_CALIBRATION_FOLLOW}, {"observe", CONFIG_CALIBRATION_OBSERVE}, {0}};
static const struct option_word screens[] = {
	{"refuse", CONFIG_SCREENS_REFUSE}, {"ignore", CONFIG_SCREENS_IGNORE}, {0}};
static const struct option_word blink[] = {
	{"off", CONFIG_BLINK_OFF}, {"required", CONFIG_BLINK_REQUIRED}, {0}};
static const struct option_word liveness[] = {{"enforce", CONFIG_LIVENESS_ENFORCE},
					      {"observe", CONFIG_LIVENESS_OBSERVE},
					      {"off", CONFIG_LIVENESS_OFF},
					      {0}};
const struct option config_face_members[] = {
	{.key = "recogniser",
	 .kind = OPTION_TEXT,
	 AT(config_face, recogniser),
	 FALLBACK("fr_feature"),
	 .help = "The recogniser's manifest: NAME.yaml in `models_dir`, or a path "
		 "(docs/reference/models.md). "
		 "Faces enrolled with another one are no longer recognised: `gatectl face report` "
		 "lists who "
		 "must be enrolled again."},
	{.key = "detector",
	 .kind = OPTION_TEXT,
	 AT(config_face, detector),
	 FALLBACK("fr_detect"),
	 .help = "The detector's manifest, in the same way. Templates stay as they are."},
	{.key = "false_accept_percent",
	 .kind = OPTION_REAL,
	 AT(config_face, false_accept_percent),
	 RANGE(0.001, 5),
	 FALLBACK("1.0"),
	 .help = "The largest share of strangers, among those who try, that may be taken for "
		 "anyone "
		 "enrolled."},
	{.key = "calibration",
	 .kind = OPTION_WORD,
	 AT(config_face, calibration),
	 .words = calibration,
	 FALLBACK("follow"),
	 .help = "`follow` moves each camera's threshold to what its own passages show, slowly and "
		 "within "
		 "bounds; `observe` only measures and reports. See docs/reference/faces.md."},
	{.key = "calibration_s",
	 .kind = OPTION_UINT,
	 AT(config_face, calibration_s),
	 RANGE(1, 604800),
	 FALLBACK("86400"),
	 .help = "How often the threshold is calibrated: one step each time."},
	{.key = "liveness",
	 .kind = OPTION_WORD,
	 AT(config_face, liveness),
	 .words = liveness,
	 FALLBACK("enforce"),
	 .help = "`enforce` refuses pictures of faces; `observe` only records them, so they open "
		 "doors; "
		 "`off` does not "
		 "look. With a face camera the last two need `accept_pictures`."},
	{.key = "screens",
	 .kind = OPTION_WORD,
	 AT(config_face, screens),
	 .words = screens,
	 FALLBACK("refuse"),
	 .help = "`refuse`: a face that shows the raster of a screen or of a coarse print counts "
		 "as a "
		 "picture, by the rule of `liveness`. `ignore`: for cameras that look through a "
		 "mesh."},
	{.key = "blink",
	 .kind = OPTION_WORD,
	 AT(config_face, blink),
	 .words = blink,
	 FALLBACK("off"),
	 .help = "`required`: a face opens nothing before its eyes have shut and opened again; a "
		 "known "
		 "person is asked to blink, and refused after eight seconds. Not with a detector "
		 "of the kind "
		 "`yunet`."},
	{.key = "accept_pictures",
	 .kind = OPTION_BOOL,
	 AT(config_face, accept_pictures),
	 FALLBACK("false"),
	 .help = "The site accepts that a printed photo of a resident opens its doors. Without it "
		 "the daemon "
		 "does not "
		 "start with face cameras and liveness not enforced."},
	{.key = "keep_pictures",
	 .kind = OPTION_BOOL,
	 AT(config_face, keep_pictures),
	 FALLBACK("false"),
	 .help = "Keep the aligned picture of each face that is enrolled (112x112), encrypted "
		 "beside its "
		 "template, so that another recogniser can make the templates anew. Without them "
		 "everybody "
		 "must be enrolled again."},
	{.key = "stranger_still_hours",
	 .kind = OPTION_UINT,
	 AT(config_face, stranger_still_hours),
	 RANGE(0, 168),
	 FALLBACK("0"),
	 .help = "How long a still of an unknown face is kept; 0: none is. Strangers are only "
		 "counted "
		 "otherwise, and "
		 "never matched with each other."},
	{.key = "stranger_notice",
	 .kind = OPTION_TEXT,
	 AT(config_face, stranger_notice),
	 FALLBACK(""),
	 .help = "The text of the notice at the gate that informs people of such stills. Required "
		 "for them."},
	{.key = "registration_at",
	 .kind = OPTION_UINT,
	 AT(config_face, registration_at),
	 RANGE(10, 200000),
	 FALLBACK("100000"),
	 .help = "From this many stored faces on, they must be registered with the authority: an "
		 "alarm, and "
		 "a warning at nine tenths. A site with several gates counts them together and "
		 "sets a lower "
		 "value."},
	{.key = "repeat_ms",
	 .kind = OPTION_UINT,
	 AT(config_face, repeat_ms),
	 RANGE(1000, 600000),
	 FALLBACK("10000"),
	 .help = "A person who stays in view is judged again no sooner than this."},
	{0}};
