/*
 * gatectl - the guard's and the manager's tool at the command line; a client of /api/v1 over the
 * Unix socket.
 */
#include "gatectl.h"

#include <argp.h>
#include <stdlib.h>
#include <string.h>

#include "base/unconst.h"

const char *argp_program_version = "gatectl " GH_VERSION;

static const struct command {
	const char *first, *second; /* second NULL: one word */
	int words_min, words_max;
	int (*run)(const struct ctl *ctl);
	const char *usage;
} commands[] = {
	{"status", NULL, 0, 0, ctl_status, "status"},
	{"person", "add", 1, 1, ctl_person_add, "person add NAME [--from TIME] [--to TIME]"},
	{"person", "list", 0, 0, ctl_person_list, "person list"},
	{"person", "remove", 1, 1, ctl_person_remove, "person remove ID"},
	{"person", "faces", 1, 1, ctl_person_faces, "person faces ID"},
	{"person", "face-remove", 2, 2, ctl_person_face_remove, "person face-remove ID FACE"},
	{"person", "copy", 1, 1, ctl_person_copy, "person copy ID > FILE.json"},
	{"person", "access", 2, 4, ctl_person_access,
	 "person access ID groups=A,B [extended=yes] [blocked=deny|admit]"},
	{"group", "add", 1, 2, ctl_group_add, "group add NAME [title=TEXT]"},
	{"group", "list", 0, 0, ctl_group_list, "group list"},
	{"group", "remove", 1, 1, ctl_group_remove, "group remove NAME"},
	{"schedule", "add", 1, 64, ctl_schedule_add,
	 "schedule add NAME \"mon-fri 08:00-18:00\"... [except=\"2026-12-24 closed\"]... "
	 "[holidays=ignore]"},
	{"schedule", "list", 0, 0, ctl_schedule_list, "schedule list"},
	{"schedule", "remove", 1, 1, ctl_schedule_remove, "schedule remove NAME"},
	{"holiday", "add", 2, 5, ctl_holiday_add, "holiday add NAME date=DATE [to=DATE] [as=mon]"},
	{"holiday", "list", 0, 0, ctl_holiday_list, "holiday list"},
	{"holiday", "remove", 1, 1, ctl_holiday_remove, "holiday remove NAME"},
	{"rule", "add", 2, 9, ctl_rule_add,
	 "rule add NAME open=face,card+pin [doors=A,B] [groups=A,B] [schedule=NAME] [persons=2] "
	 "[guard=yes] "
	 "[direction=in|out]"},
	{"rule", "list", 0, 0, ctl_rule_list, "rule list"},
	{"rule", "remove", 1, 1, ctl_rule_remove, "rule remove NAME"},
	{"area", "add", 2, 6, ctl_area_add,
	 "area add NAME entries=DOORS [exits=DOORS] [antipassback=soft|hard|timed] [minutes=N]"},
	{"area", "list", 0, 0, ctl_area_list, "area list"},
	{"area", "remove", 1, 1, ctl_area_remove, "area remove NAME"},
	{"area", "reset", 1, 1, ctl_area_reset, "area reset NAME"},
	{"opening", "add", 2, 4, ctl_opening_add,
	 "opening add DOOR schedule=NAME [first_person=yes]"},
	{"opening", "list", 0, 0, ctl_opening_list, "opening list"},
	{"opening", "remove", 1, 1, ctl_opening_remove, "opening remove DOOR"},
	{"credential", "add", 3, 8, ctl_credential_add,
	 "credential add PERSON card|pin|qr CODE|- [from=TIME] [to=TIME] [uses=N] [duress=yes]"},
	{"credential", "list", 0, 0, ctl_credential_list, "credential list"},
	{"credential", "remove", 1, 1, ctl_credential_remove, "credential remove ID"},
	{"pass", "create", 2, 6, ctl_pass_create,
	 "pass create FOR to=TIME [from=TIME] [doors=A,B] [uses=N] [host=PERSON] [--output "
	 "FILE.svg|FILE.png]"},
	{"pass", "list", 0, 0, ctl_pass_list, "pass list"},
	{"pass", "code", 1, 1, ctl_pass_code, "pass code ID [--output FILE.svg|FILE.png]"},
	{"pass", "revoke", 1, 1, ctl_pass_revoke, "pass revoke ID"},
	{"access", "test", 3, 5, ctl_access_test,
	 "access test DOOR PERSON face|card|pin|qr,... [time=TIME] [leaving=yes]"},
	{"access", "requests", 0, 0, ctl_access_requests, "access requests"},
	{"access", "answer", 2, 2, ctl_access_answer, "access answer ID yes|no"},
	{"explain", NULL, 1, 1, ctl_explain, "explain EVENT"},
	{"enrol", NULL, 2, 64, ctl_enrol,
	 "enrol PERSON PHOTO... | camera=NAME [look_alike=accept]"},
	{"face", "report", 0, 0, ctl_face_report, "face report"},
	{"door", "list", 0, 0, ctl_door_list, "door list"},
	{"door", "open", 1, 1, ctl_door_open, "door open NAME"},
	{"door", "mode", 2, 2, ctl_door_mode,
	 "door mode NAME Locked|Unlocked|Blocked|DoubleLocked|LockedDown|LockedOpen"},
	{"lockdown", NULL, 1, 1, ctl_lockdown, "lockdown on|off"},
	{"evacuate", NULL, 1, 1, ctl_evacuate, "evacuate on|off"},
	{"fire-reset", NULL, 0, 0, ctl_fire_reset, "fire-reset"},
	{"events", NULL, 0, 0, ctl_events, "events [--follow] [--limit N] [--type TYPE]"},
	{"evidence", "list", 0, 0, ctl_evidence_list, "evidence list [--limit N]"},
	{"evidence", "get", 1, 1, ctl_evidence_get, "evidence get FILE [--output PATH]"},
	{"evidence", "verify", 1, 1, ctl_evidence_verify,
	 "evidence verify FILE.zip [--key ANCHOR.PUB]"},
	{"evidence", "key", 1, 1, ctl_evidence_key, "evidence key ANCHOR.PUB"},
	{"audit", "verify", 0, 0, ctl_audit_verify, "audit verify [--db PATH]"},
	{"audit", "export", 1, 1, ctl_audit_export, "audit export FILE [--db PATH]"},
	{"backup", NULL, 1, 2, ctl_backup, "backup FOLDER [keys=no] [--db PATH]"},
	{"restore", NULL, 1, 1, ctl_restore, "restore FOLDER [--db PATH]"},
	{"board", "list", 0, 0, ctl_board_list, "board list"},
	{"board", "press", 1, 1, ctl_board_press, "board press LINE"},
	{"board", "release", 1, 1, ctl_board_release, "board release LINE"},
	{"board", "cut", 1, 1, ctl_board_cut, "board cut LINE"},
	{"board", "swipe", 2, 2, ctl_board_swipe, "board swipe READER NUMBER"},
	{"board", "type", 2, 2, ctl_board_type, "board type READER KEYS"},
	{"reader", "list", 0, 0, ctl_reader_list, "reader list"},
	{"board", "watch", 0, 0, ctl_board_watch, "board watch"},
	{"config", "new", 3, 4, ctl_config_new,
	 "config new SITE GATE doors=A,B [interlock=A,B] > gatehouse.yaml"},
	{"config", "upgrade", 1, 1, ctl_config_upgrade, "config upgrade FILE"},
	{"user", "list", 0, 0, ctl_user_list, "user list"},
	{"user", "add", 1, 1, ctl_user_add, "user add NAME --role guard|manager|admin"},
	{"user", "password", 1, 1, ctl_user_password, "user password NAME"},
	{"user", "role", 2, 2, ctl_user_role, "user role NAME guard|manager|admin"},
	{"user", "disable", 1, 1, ctl_user_disable, "user disable NAME"},
	{"user", "enable", 1, 1, ctl_user_enable, "user enable NAME"},
	{"user", "totp", 1, 1, ctl_user_totp, "user totp NAME"},
	{"user", "totp-off", 1, 1, ctl_user_totp_off, "user totp-off NAME"},
	{"mqtt", "keygen", 1, 1, ctl_mqtt_keygen, "mqtt keygen KEYFILE"},
	{"mqtt", "sign", 4, 4, ctl_mqtt_sign, "mqtt sign KEYFILE KEY-ID TOPIC JSON"},
};

enum { COMMANDS = sizeof(commands) / sizeof(commands[0]) };

static const struct argp_option options[] = {
	{"socket", 's', "PATH", 0, "The daemon's socket (or GATEHOUSE_SOCKET); " CTL_SOCKET_DEFAULT,
	 0},
	{"json", 'j', NULL, 0, "JSON instead of tables", 0},
	{"follow", 'f', NULL, 0, "events: go on with what comes", 0},
	{"limit", 'n', "N", 0, "events, evidence: at most N rows, 1 to 1000", 0},
	{"type", 't', "TYPE", 0, "events: of one type, or all that begin with \"door.\"", 0},
	{"from", 'F', "TIME", 0, "person add: valid from 2026-11-21 or 2026-11-21T08:00Z (UTC)", 0},
	{"to", 'T', "TIME", 0, "person add: valid until", 0},
	{"db", 'd', "PATH", 0, "audit, backup, restore: this gate.db, without the daemon", 0},
	{"role", 'r', "ROLE", 0, "user add: guard, manager or admin", 0},
	{"key", 'k', "PATH", 0,
	 "evidence verify: the gate's public key; else the one inside is taken", 0},
	{"output", 'o', "PATH", 0, "evidence get, pass: write here; - for standard output", 0},
	{0}};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct ctl *ctl = state->input;
	char *end;

	switch (key) {
	case 's':
		ctl->socket = arg;
		break;
	case 'j':
		ctl->json = true;
		break;
	case 'f':
		ctl->follow = true;
		break;
	case 'n':
		ctl->limit = strtol(arg, &end, 10);
		if (*end != '\0' || ctl->limit < 1 || ctl->limit > 1000)
			argp_error(state, "--limit takes a number from 1 to 1000");
		break;
	case 't':
		ctl->type = arg;
		break;
	case 'F':
		ctl->from = arg;
		break;
	case 'T':
		ctl->to = arg;
		break;
	case 'd':
		ctl->db = arg;
		break;
	case 'k':
		ctl->key = arg;
		break;
	case 'r':
		ctl->role = arg;
		break;
	case 'o':
		ctl->output = arg;
		break;
	case ARGP_KEY_ARGS:
		ctl->words = state->argv + state->next;
		ctl->word_count = state->argc - state->next;
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

/* The commands in the help text; argp frees what is returned. */
static char *help_filter(int key, const char *text, void *input)
{
	char *list = NULL;
	size_t bytes;
	FILE *out;

	(void)input;
	if (key != ARGP_KEY_HELP_POST_DOC || (out = open_memstream(&list, &bytes)) == NULL)
		return unconst(text);
	fputs("Commands:\n", out);
	for (size_t i = 0; i < COMMANDS; i++)
		fprintf(out, "  %s\n", commands[i].usage);
	fputs("\nExit status: 0 done, 1 refused or failed, 2 wrong usage, 3 the daemon cannot be "
	      "reached.",
	      out);
	fclose(out);
	return list;
}

static const struct argp argp = {.options = options,
				 .parser = parse_option,
				 .args_doc = "COMMAND [ARGUMENT...]",
				 .doc = "Ask and command the gate controller gatehoused.\v ",
				 .help_filter = help_filter};

/* With @p group, the usage lines of that group alone. */
static int usage(const char *group)
{
	bool known = false;

	for (size_t i = 0; group != NULL && i < COMMANDS; i++)
		known |= strcmp(commands[i].first, group) == 0;
	fprintf(stderr, "usage:\n");
	for (size_t i = 0; i < COMMANDS; i++)
		if (group == NULL || !known || strcmp(commands[i].first, group) == 0)
			fprintf(stderr, "  gatectl %s\n", commands[i].usage);
	return CTL_USAGE;
}

static int run(struct ctl *ctl)
{
	const char *second = ctl->word_count > 1 ? ctl->words[1] : "";

	if (ctl->word_count == 0)
		return usage(NULL);
	for (size_t i = 0; i < COMMANDS; i++) {
		const struct command *command = &commands[i];
		int taken = command->second != NULL ? 2 : 1;

		if (strcmp(command->first, ctl->words[0]) != 0 ||
		    (command->second != NULL && strcmp(command->second, second) != 0))
			continue;
		if (ctl->word_count - taken < command->words_min ||
		    ctl->word_count - taken > command->words_max)
			break;
		ctl->words += taken;
		ctl->word_count -= taken;
		return command->run(ctl);
	}
	return usage(ctl->words[0]);
}

int main(int argc, char **argv)
{
	const char *socket = getenv("GATEHOUSE_SOCKET");
	struct ctl ctl = {.socket = socket != NULL && socket[0] != '\0' ? socket
									: CTL_SOCKET_DEFAULT};

	argp_err_exit_status = CTL_USAGE;
	argp_parse(&argp, argc, argv, 0, NULL, &ctl);
	return run(&ctl);
}
