#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"
#include "config/camera_login.h"
#include "config/config.h"
#include "config/config_upgrade.h"

#define GATE                                                                                       \
	"site: hill-park\ngate: north\nboard: {outputs: [{name: lock-a}], inputs: [{name: "        \
	"in-a}]}\n"

static char error[CONFIG_ERROR_BYTES];

/* A made-up version 0, in which `gate` was `gate_name` and `log_level` had a word more. */
static int from_0_to_1(struct config_edits *edits)
{
	int r = config_edit_rename(edits, "gate_name", "gate");

	if (r == 0)
		r = config_edit_rename(edits, "api.address", "listen");
	return r < 0 ? r : config_edit_set(edits, "log_level", "debug");
}

static int edit_too_much(struct config_edits *edits)
{
	int r = 0;

	while (r == 0)
		r = config_edit_set(edits, "site", "a");
	return r;
}

static const struct config_upgrade_step made_up[] = {{.from = 0, .edit = from_0_to_1}, {0}};
static const struct config_upgrade_step too_much[] = {{.from = 0, .edit = edit_too_much}, {0}};

static const char old[] = "\xef\xbb\xbf# 门口 north\r\n"
			  "version: 0   # since the beginning\r\n"
			  "log_level: trace # 东\r\n"
			  "api: {session_idle_min: 8, address: 127.0.0.1:9000}\r\n"
			  "gate_name: north\r\n"
			  "site: hill-park\r\n"
			  "board: {inputs: [{name: in-a}]}\r\n";
static const char wanted[] = "\xef\xbb\xbf# 门口 north\r\n"
			     "version: 1   # since the beginning\r\n"
			     "log_level: debug # 东\r\n"
			     "api: {session_idle_min: 8, listen: 127.0.0.1:9000}\r\n"
			     "gate: north\r\n"
			     "site: hill-park\r\n"
			     "board: {inputs: [{name: in-a}]}\r\n";

static int upgrade_text(const char *text, const struct config_upgrade_step *steps, char **ret_text)
{
	return config_upgrade_text(text, strlen(text), "g.yaml", steps, ret_text, error,
				   sizeof(error));
}

static void refused(const char *text, const char *words)
{
	struct config *config = NULL;

	assert_int_equal(
		config_load_text(text, strlen(text), "g.yaml", &config, error, sizeof(error)),
		-EINVAL);
	if (strstr(error, words) == NULL)
		fail_msg("expected \"%s\" in \"%s\"", words, error);
}

static void a_step_edits_the_text_and_leaves_comments(void **state)
{
	char *text = NULL;

	(void)state;
	assert_int_equal(upgrade_text(old, made_up, &text), 0);
	assert_string_equal(text, wanted);
	free(text);
}

static void a_file_of_today_is_left_alone(void **state)
{
	char *text = NULL;

	(void)state;
	assert_int_equal(upgrade_text(wanted, made_up, &text), -EALREADY);
	assert_int_equal(upgrade_text("version: 1\n" GATE, config_upgrade_steps, &text), -EALREADY);
	assert_null(text);
}

static void what_cannot_be_upgraded_is_refused(void **state)
{
	char *text = NULL;

	(void)state;
	assert_int_equal(upgrade_text("version: 2\n" GATE, made_up, &text), -EINVAL);
	assert_non_null(strstr(error, "g.yaml:1: version: 2 is of a newer gatehoused"));
	assert_int_equal(upgrade_text("version: 0\n" GATE, config_upgrade_steps, &text), -EINVAL);
	assert_non_null(
		strstr(error, "g.yaml:1: version: 0: no upgrade from this version is known"));
	assert_int_equal(upgrade_text("version: [\n", made_up, &text), -EINVAL);
	assert_non_null(strstr(error, "not YAML"));
	/* the result must be a good config: here the gate has no name */
	assert_int_equal(upgrade_text("version: 0\nsite: hill-park\n", made_up, &text), -EINVAL);
	assert_non_null(strstr(error, "gate: is missing"));
	/*
	 * an anchor goes with the value that is replaced, and what refers to it has no meaning then
	 */
	assert_int_equal(upgrade_text("version: 0\n" GATE "log_level: &a trace\nstate_dir: *a\n",
				      made_up, &text),
			 -EINVAL);
	assert_int_equal(upgrade_text("version: 0\n" GATE, too_much, &text), -ENOSPC);
	assert_null(text);
}

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void assert_file(const char *path, const char *expected)
{
	char text[4096] = "";
	FILE *file = fopen(path, "r");

	assert_non_null(file);
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	fclose(file);
	assert_string_equal(text, expected);
}

static int upgrade_file(const char *path, char *backup)
{
	return config_upgrade_file(path, made_up, backup, CONFIG_PATH_BYTES, error, sizeof(error));
}

static void a_file_is_upgraded_once_and_the_old_one_stays(void **state)
{
	char dir[] = "/tmp/gh-upgrade-XXXXXX", path[64], fresh[80], backup[CONFIG_PATH_BYTES] = "";
	struct stat status;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/gatehouse.yaml", dir);
	snprintf(fresh, sizeof(fresh), "%s.new", path);
	assert_int_equal(upgrade_file(path, backup), -ENOENT);
	write_file(path, old);
	write_file(fresh, "half of an upgrade that was interrupted");
	assert_int_equal(chmod(path, 0640), 0);
	assert_int_equal(upgrade_file(path, backup), 0);
	assert_file(path, wanted);
	assert_true(strlen(backup) > strlen(path));
	assert_string_equal(backup + strlen(path), ".version-0");
	assert_file(backup, old);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0640);
	assert_int_not_equal(access(fresh, F_OK), 0);

	assert_int_equal(upgrade_file(path, backup), -EALREADY); /* once */
	assert_file(path, wanted);

	write_file(path, old);
	assert_int_equal(upgrade_file(path, backup), -EEXIST); /* a backup is never overwritten */
	assert_file(path, old);
	assert_file(backup, old);
	assert_int_not_equal(access(fresh, F_OK), 0);
	write_file(path, "version: 2\n" GATE);
	assert_int_equal(upgrade_file(path, backup), -EINVAL);
	assert_non_null(strstr(error, "is of a newer gatehoused"));
	assert_file(path, "version: 2\n" GATE);
	unlink(backup);
	unlink(path);
	rmdir(dir);
}

static void a_newer_file_is_refused_with_that_alone(void **state)
{
	(void)state;
	refused("version: 2\n" GATE "unheard_of: 1\n", "version: 2 is of a newer gatehoused");
	assert_null(strstr(error, "unheard_of"));
	refused("version: 99999999999999999999999\n" GATE, "is of a newer gatehoused");
	refused("version: 0\n" GATE, "version: \"0\": expected 1");
	refused("version: -3\n" GATE, "version: \"-3\": expected 1");
}

static void a_password_stands_in_a_file(void **state)
{
	(void)state;
	refused("version: 1\n" GATE
		"cameras:\n  - {name: a, role: facade, source: 'rtsp://u:p@h/s'}\n",
		"g.yaml:6: cameras[0].source: holds a user name or password");
	refused("version: 1\n" GATE
		"cameras:\n  - {name: a, role: facade, source: 'rtsp://h/s', password_file: /x}\n",
		"password_file: needs username");
	refused("version: 1\n" GATE
		"cameras:\n  - {name: a, role: facade, source: a.mp4, username: u}\n",
		"username: belongs to rtsp");
	assert_true(camera_login_is_inside("rtsp://a:b\"c\\@192.0.2.12/s"));
	assert_true(camera_login_is_inside("rtsp://admin:p%40ss/w0rd@192.0.2.10/stream1"));
	assert_false(camera_login_is_inside("rtsp://192.0.2.11/s?mail=a@b"));
	assert_false(camera_login_is_inside("file:/srv/a@b.mp4"));
}

static void user_and_password_arrive_escaped(void **state)
{
	static const char *const passwords[][2] = {
		{"secret", "secret"},
		{"p@ss/w:rd?x=1&y", "p%40ss%2Fw%3Ard%3Fx%3D1%26y"},
		{"100%", "100%25"},
		{"%41", "%2541"},
		{"密码", "%E5%AF%86%E7%A0%81"},
		{"a b", "a%20b"},
	};
	char path[] = "/tmp/gh-login-XXXXXX", url[CONFIG_URL_BYTES], text[CAMERA_LOGIN_ERROR_BYTES];
	struct config_camera camera = {.source = "rtsp://192.0.2.1:554/s?c=1", .username = "us@er"};
	char expected[CONFIG_URL_BYTES];
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	snprintf(camera.password_file, sizeof(camera.password_file), "%s", path);
	for (size_t i = 0; i < sizeof(passwords) / sizeof(passwords[0]); i++) {
		assert_int_equal(ftruncate(fd, 0), 0);
		assert_true(pwrite(fd, passwords[i][0], strlen(passwords[i][0]), 0) > 0);
		assert_int_equal(camera_login_url(&camera, url, sizeof(url), text), 0);
		snprintf(expected, sizeof(expected), "rtsp://us%%40er:%s@192.0.2.1:554/s?c=1",
			 passwords[i][1]);
		assert_string_equal(url, expected);
	}
	assert_int_equal(camera_login_url(&camera, url, 40, text), -ENAMETOOLONG);
	close(fd);
	unlink(path);
	assert_int_equal(camera_login_url(&camera, url, sizeof(url), text), -ENOENT);
	assert_string_equal(url, camera.source); /* without a login rather than not at all */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_step_edits_the_text_and_leaves_comments),
		cmocka_unit_test(a_file_of_today_is_left_alone),
		cmocka_unit_test(what_cannot_be_upgraded_is_refused),
		cmocka_unit_test(a_file_is_upgraded_once_and_the_old_one_stays),
		cmocka_unit_test(a_newer_file_is_refused_with_that_alone),
		cmocka_unit_test(a_password_stands_in_a_file),
		cmocka_unit_test(user_and_password_arrive_escaped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
