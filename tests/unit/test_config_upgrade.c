#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "unit.h"
#include "config/camera_login.h"
#include "config/config.h"

#define GATE "site: hill-park\ngate: north\nboard: {outputs: [{name: lock-a}], inputs: [{name: in-a}]}\n"

static char error[CONFIG_ERROR_BYTES], old[65536], wanted[65536];

static void read_data(const char *name, char *text)
{
	const char *source = getenv("GH_SOURCE_DIR");
	char path[512];
	FILE *file;
	size_t bytes;

	snprintf(path, sizeof(path), "%s/tests/unit/data/config/%s", source != NULL ? source : ".", name);
	file = fopen(path, "r");
	assert_non_null(file);
	bytes = fread(text, 1, sizeof(old) - 1, file);
	text[bytes] = '\0';
	fclose(file);
}

static int upgrade_text(const char *text, struct config_upgrade *ret_upgrade)
{
	return config_upgrade(text, strlen(text), "g.yaml", "/srv/secrets", ret_upgrade, error,
			      sizeof(error));
}

static struct config *load(const char *text)
{
	struct config *config = NULL;

	if (config_load_text(text, strlen(text), "g.yaml", &config, error, sizeof(error)) < 0)
		fail_msg("%s", error);
	return config;
}

static void refused(const char *text, const char *words)
{
	struct config *config = NULL;

	assert_int_equal(config_load_text(text, strlen(text), "g.yaml", &config, error, sizeof(error)),
			 -EINVAL);
	if (strstr(error, words) == NULL)
		fail_msg("expected \"%s\" in \"%s\"", words, error);
}

static void a_file_of_version_1_keeps_its_comments_and_loses_its_passwords(void **state)
{
	struct config_upgrade upgrade;

	(void)state;
	read_data("version1.yaml", old);
	read_data("version2.yaml", wanted);
	assert_int_equal(upgrade_text(old, &upgrade), 0);
	assert_string_equal(upgrade.text, wanted);
	assert_int_equal(upgrade.secret_count, 2);
	assert_string_equal(upgrade.secrets[0].name, "camera-entrance");
	assert_string_equal(upgrade.secrets[0].text, "p@ss/w0rd");
	assert_string_equal(upgrade.secrets[1].name, "camera-yard");
	assert_string_equal(upgrade.secrets[1].text, "b\"c\\");
	config_upgrade_finish(&upgrade);
}

static void it_is_the_same_gate(void **state)
{
	struct config *before, *after;
	char text[CONFIG_ERROR_BYTES];

	(void)state;
	read_data("version1.yaml", old);
	read_data("version2.yaml", wanted);
	before = load(old);
	after = load(wanted);
	assert_memory_equal(&before->board, &after->board, sizeof(before->board));
	assert_memory_equal(before->doors, after->doors, sizeof(before->doors));
	assert_int_equal(before->camera_count, after->camera_count);
	config_outdated(before, text);
	assert_non_null(strstr(text, "camera entrance"));
	assert_null(strstr(text, "w0rd"));
	config_outdated(after, text);
	assert_string_equal(text, "");
	config_free(before);
	config_free(after);
}

static void what_is_of_today_is_left_alone(void **state)
{
	struct config_upgrade upgrade;

	(void)state;
	assert_int_equal(upgrade_text("version: 2\n" GATE, &upgrade), -EALREADY);
	assert_int_equal(upgrade_text("version: 1\nsite: A B\n", &upgrade),
			 -EINVAL); /* first it must be good */
}

static void ends_of_lines_and_a_byte_order_mark_are_no_obstacle(void **state)
{
	struct config_upgrade upgrade;

	(void)state;
	assert_int_equal(upgrade_text("\xef\xbb\xbf# 门\r\nversion: 1\r\n" GATE, &upgrade), 0);
	assert_string_equal(upgrade.text, "\xef\xbb\xbf# 门\r\nversion: 2\r\n" GATE);
	config_upgrade_finish(&upgrade);
}

/* What the text cannot be changed for is refused whole: never a file that loads as something else. */
static void a_text_that_cannot_be_changed_so_is_refused(void **state)
{
	struct config_upgrade upgrade;

	(void)state;
	assert_int_equal(upgrade_text("version: 1\n" GATE "cameras:\n"
				      "  - name: a\n    role: facade\n    source: >-\n      rtsp://u:p@h/s\n"
				      "    loop: true\n",
				      &upgrade),
			 -EINVAL);
	assert_true(error[0] != '\0');
}

static void a_newer_file_is_refused_with_that_alone(void **state)
{
	(void)state;
	refused("version: 3\n" GATE "unheard_of: 1\n", "version: 3 is of a newer gatehoused");
	assert_null(strstr(error, "unheard_of"));
	refused("version: 99999999999999999999999\n" GATE, "is of a newer gatehoused");
	refused("version: 0\n" GATE, "expected a whole number from 1 to 2");
	refused("version: -3\n" GATE, "expected a whole number from 1 to 2");
}

static void since_version_2_a_password_stands_in_a_file(void **state)
{
	(void)state;
	refused("version: 2\n" GATE "cameras:\n  - {name: a, role: facade, source: 'rtsp://u:p@h/s'}\n",
		"g.yaml:6: cameras[0].source: holds a user name or password");
	refused("version: 2\n" GATE
		"cameras:\n  - {name: a, role: facade, source: 'rtsp://h/s', password_file: /x}\n",
		"password_file: needs username");
	refused("version: 2\n" GATE "cameras:\n  - {name: a, role: facade, source: a.mp4, username: u}\n",
		"username: belongs to rtsp");
	refused("version: 1\n" GATE
		"cameras:\n  - {name: a, role: facade, source: 'rtsp://u:p@h/s', username: u}\n",
		"username: is given twice");
}

static void user_and_password_arrive_as_they_were_typed(void **state)
{
	static const char *const passwords[] = {"secret", "p@ss/w:rd?x=1&y", "100%", "%41", "密码", "a b"};
	char path[] = "/tmp/gh-login-XXXXXX", url[CONFIG_URL_BYTES], text[CAMERA_LOGIN_ERROR_BYTES];
	struct config_camera camera = {.source = "rtsp://192.0.2.1:554/s?c=1", .username = "us@er"};
	struct camera_login login;
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	snprintf(camera.password_file, sizeof(camera.password_file), "%s", path);
	for (size_t i = 0; i < sizeof(passwords) / sizeof(passwords[0]); i++) {
		assert_int_equal(ftruncate(fd, 0), 0);
		assert_true(pwrite(fd, passwords[i], strlen(passwords[i]), 0) > 0);
		assert_int_equal(camera_login_url(&camera, url, sizeof(url), text), 0);
		assert_true(camera_login_split(url, &login, old, sizeof(old)));
		assert_string_equal(login.user, "us@er");
		assert_string_equal(login.password, passwords[i]);
		assert_string_equal(old, camera.source);
	}
	assert_int_equal(camera_login_url(&camera, url, 40, text), -ENAMETOOLONG);
	close(fd);
	unlink(path);
	assert_int_equal(camera_login_url(&camera, url, sizeof(url), text), -ENOENT);
	assert_string_equal(url, camera.source); /* without a login rather than not at all */
	assert_false(camera_login_split("file:/srv/a@b.mp4", NULL, NULL, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_of_version_1_keeps_its_comments_and_loses_its_passwords),
		cmocka_unit_test(it_is_the_same_gate),
		cmocka_unit_test(what_is_of_today_is_left_alone),
		cmocka_unit_test(ends_of_lines_and_a_byte_order_mark_are_no_obstacle),
		cmocka_unit_test(a_text_that_cannot_be_changed_so_is_refused),
		cmocka_unit_test(a_newer_file_is_refused_with_that_alone),
		cmocka_unit_test(since_version_2_a_password_stands_in_a_file),
		cmocka_unit_test(user_and_password_arrive_as_they_were_typed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
