/*
 * gatectl: who may log in at the console. Passwords are asked for, or read from a pipe, and stand
 * in no argument.
 */
#include "gatectl.h"

#include <string.h>
#include <termios.h>
#include <unistd.h>

enum { PASSWORD_BYTES = 260 };

/* One line, not shown on a terminal. */
static bool read_password(const char *prompt, char *password)
{
	struct termios was, quiet;
	bool terminal = tcgetattr(STDIN_FILENO, &was) == 0, read;

	if (terminal) {
		quiet = was;
		quiet.c_lflag &= ~(tcflag_t)ECHO;
		fputs(prompt, stderr);
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
	}
	read = fgets(password, PASSWORD_BYTES, stdin) != NULL;
	if (terminal) {
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &was);
		fputc('\n', stderr);
	}
	if (read)
		password[strcspn(password, "\r\n")] = '\0';
	return read && password[0] != '\0';
}

static bool ask_password(char *password)
{
	char again[PASSWORD_BYTES];
	bool good = read_password("New password (10 characters or more): ", password);

	if (good && isatty(STDIN_FILENO)) {
		good = read_password("Once more: ", again) && strcmp(password, again) == 0;
		explicit_bzero(again, sizeof(again));
		if (!good)
			fputs("gatectl: the two differ\n", stderr);
		return good;
	}
	if (!good)
		fputs("gatectl: a password is expected on standard input\n", stderr);
	return good;
}

int ctl_user_list(const struct ctl *ctl)
{
	static const struct ctl_column columns[] = {{"USER", "user"},     {"ROLE", "role"},
						    {"OFF", "disabled"},  {"SECOND FACTOR", "totp"},
						    {"SINCE", "created"}, {0}};
	json_t *reply = NULL;
	int r = ctl_get(ctl, "users", &reply);

	if (r == CTL_OK)
		ctl_print_rows(ctl, json_object_get(reply, "users"), columns);
	json_decref(reply);
	return r;
}

int ctl_user_add(const struct ctl *ctl)
{
	char password[PASSWORD_BYTES];
	int r = CTL_USAGE;

	if (ctl->role == NULL) {
		fputs("gatectl: user add needs --role guard, manager or admin\n", stderr);
		return CTL_USAGE;
	}
	if (ask_password(password))
		r = ctl_post(ctl, "users",
			     json_pack("{s:s, s:s, s:s}", "user", ctl->words[0], "role", ctl->role,
				       "password", password),
			     NULL);
	explicit_bzero(password, sizeof(password));
	return r;
}

/* Takes @p body. */
static int change(const struct ctl *ctl, json_t *body)
{
	char path[CTL_URL_BYTES];

	snprintf(path, sizeof(path), "users/%s", ctl_escape(ctl->words[0]));
	return ctl_patch(ctl, path, body, NULL);
}

int ctl_user_password(const struct ctl *ctl)
{
	char password[PASSWORD_BYTES];
	int r = CTL_USAGE;

	if (ask_password(password))
		r = change(ctl, json_pack("{s:s}", "password", password));
	explicit_bzero(password, sizeof(password));
	return r;
}

int ctl_user_role(const struct ctl *ctl)
{
	return change(ctl, json_pack("{s:s}", "role", ctl->words[1]));
}

int ctl_user_disable(const struct ctl *ctl)
{
	return change(ctl, json_pack("{s:b}", "disabled", 1));
}

int ctl_user_enable(const struct ctl *ctl)
{
	return change(ctl, json_pack("{s:b}", "disabled", 0));
}

int ctl_user_totp(const struct ctl *ctl)
{
	char path[CTL_URL_BYTES];
	json_t *reply = NULL;
	int r;

	snprintf(path, sizeof(path), "users/%s/totp", ctl_escape(ctl->words[0]));
	r = ctl_post(ctl, path, NULL, &reply);
	if (r == CTL_OK && ctl->json)
		ctl_print_json(reply);
	else if (r == CTL_OK)
		printf("secret %s\n%s\n", ctl_text(reply, "secret", "?"),
		       ctl_text(reply, "uri", "?"));
	json_decref(reply);
	return r;
}

int ctl_user_totp_off(const struct ctl *ctl)
{
	char path[CTL_URL_BYTES];

	snprintf(path, sizeof(path), "users/%s/totp", ctl_escape(ctl->words[0]));
	return ctl_request(ctl, "DELETE", path, NULL, 0, NULL, NULL);
}
