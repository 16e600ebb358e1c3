/* The option table's section "mqtt". */
#include "config_schema.h"

#include "config.h"

static const struct option command_item = {.kind = OPTION_TEXT, .bytes = CONFIG_NAME_BYTES};
static const struct option name_item = {.kind = OPTION_NAME, .bytes = CONFIG_NAME_BYTES};
static const struct option key_members[] = {
	{.key = "id",
	 .kind = OPTION_NAME,
	 AT(config_key, id),
	 .help = "The name a signed command gives its key."},
	{.key = "public_key",
	 .kind = OPTION_KEY,
	 AT(config_key, public_key),
	 .help = "Ed25519, base64 (`gatectl mqtt keygen` prints it)."},
	{.key = "commands",
	 LIST(&command_item, 0, CONFIG_KEY_COMMANDS_MAX),
	 AT(config_key, commands),
	 COUNT(config_key, command_count),
	 FALLBACK(NULL),
	 .help = "Commands that the key may give: `door.open`, `ping`, ..."},
	{.key = "doors",
	 LIST(&name_item, 0, CONFIG_DOORS_MAX),
	 AT(config_key, doors),
	 COUNT(config_key, door_count),
	 FALLBACK(NULL),
	 .help = "Only these doors; none named: all."},
	{0}};
static const struct option key_item = {MEMBERS(key_members), .bytes = sizeof(struct config_key)};

static const struct option broker_item = {.kind = OPTION_BROKER,
					  .bytes = sizeof(struct config_broker)};

static const struct option share_members[] = {{.key = "names",
					       .kind = OPTION_BOOL,
					       AT(config_share, names),
					       FALLBACK("false"),
					       .help = "Names in events and in `roster.snapshot`."},
					      {0}};

static const struct option home_assistant_members[] = {{.key = "enabled",
							.kind = OPTION_BOOL,
							AT(config_home_assistant, enabled),
							FALLBACK("false"),
							.help = "Publish discovery messages."},
						       {0}};

const struct option config_mqtt_members[] = {
	{.key = "brokers",
	 LIST(&broker_item, 0, CONFIG_BROKERS_MAX),
	 AT(config_mqtt, brokers),
	 COUNT(config_mqtt, broker_count),
	 FALLBACK(NULL),
	 .help = "The broker, and others tried in this order when it does not serve, with the same "
		 "login and "
		 "certificates. The port is 1883 unless given; 8883 is usual with TLS. None: no "
		 "link."},
	{.key = "username",
	 .kind = OPTION_TEXT,
	 AT(config_mqtt, username),
	 FALLBACK(""),
	 .help = "Broker login."},
	{.key = "password_file",
	 .kind = OPTION_TEXT,
	 AT(config_mqtt, password_file),
	 FALLBACK(""),
	 .help = "File whose first line is the password. Beyond loopback only with `ca_file`."},
	{.key = "ca_file",
	 .kind = OPTION_TEXT,
	 AT(config_mqtt, ca_file),
	 FALLBACK(""),
	 .help = "Switches TLS on: certificates to trust."},
	{.key = "cert_file",
	 .kind = OPTION_TEXT,
	 AT(config_mqtt, cert_file),
	 FALLBACK(""),
	 .help = "Our certificate, with `key_file`."},
	{.key = "key_file",
	 .kind = OPTION_TEXT,
	 AT(config_mqtt, key_file),
	 FALLBACK(""),
	 .help = "Its key."},
	{.key = "lost_after_s",
	 .kind = OPTION_UINT,
	 AT(config_mqtt, lost_after_s),
	 RANGE(1, 86400),
	 FALLBACK("60"),
	 .help = "An outage of this length is an event (`link.lost`); a shorter one loses nothing "
		 "and is not "
		 "reported."},
	{.key = "keys",
	 LIST(&key_item, 0, CONFIG_KEYS_MAX),
	 AT(config_mqtt, keys),
	 COUNT(config_mqtt, key_count),
	 FALLBACK(NULL),
	 .help = "Who may sign commands; none: no command is obeyed."},
	{.key = "share",
	 MEMBERS(share_members),
	 AT(config_mqtt, share),
	 FALLBACK(NULL),
	 .help = "Personal data that may leave the gate; without it the property system sees "
		 "opaque ids."},
	{.key = "accept_photos",
	 .kind = OPTION_BOOL,
	 AT(config_mqtt, accept_photos),
	 FALLBACK("false"),
	 .help = "`enrol` accepts photos that the property system sends. The broker sees them: use "
		 "TLS, and "
		 "only a broker of the site's own."},
	{.key = "accept_templates",
	 .kind = OPTION_BOOL,
	 AT(config_mqtt, accept_templates),
	 FALLBACK("false"),
	 .help = "`enrol` accepts face templates. Only the model that made them can read them; "
		 "they are "
		 "personal data all the same."},
	{.key = "home_assistant",
	 MEMBERS(home_assistant_members),
	 AT(config_mqtt, home_assistant),
	 FALLBACK(NULL),
	 .help = "Discovery by Home Assistant."},
	{0}};
