/* The link against a real broker. */
#include "link_rig.h"

#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "mqtt/command.h"

enum { ROWS = 3000, CUTS = 8 };

static int setup(void **state)
{
	struct rig *rig = calloc(1, sizeof(*rig));

	rig->seen = calloc(1, RIG_SEEN_BYTES);
	snprintf(rig->folder, sizeof(rig->folder), "/tmp/gatehouse-link-XXXXXX");
	assert_non_null(mkdtemp(rig->folder));
	rig->port = rig_free_port();
	outbox_init(&rig->outbox, 0, RIG_WINDOW);
	rig_write_config(rig, "");
	*state = rig;
	return 0;
}

static int teardown(void **state)
{
	struct rig *rig = *state;
	const char *const argv[] = {"rm", "-r", rig->folder, NULL};

	alarm(0);
	clock_fake_clear();
	link_close(rig->link);
	rig_unwatch(rig);
	rig_finish(&rig->broker, SIGKILL);
	rig_run(argv);
	free(rig->seen);
	free(rig);
	return 0;
}

static void bring_up(struct rig *rig)
{
	rig_start_broker(rig);
	rig_open_link(rig);
	UNTIL(rig, rig->ups == 1);
}

/* ---- tests ---- */

static void birth_and_state_are_retained(void **state)
{
	struct rig *rig = *state;
	json_t *door = json_pack("{s:s}", "mode", "Locked");

	rig_open_link(rig); /* before there is a broker: it is waited for */
	assert_int_equal(link_publish_state(rig->link, "door", "main", door), 0);
	json_decref(door);
	UNTIL(rig, rig->downs == 1);
	rig_start_broker(rig);
	UNTIL(rig, rig->ups == 1);
	rig_watch(rig);
	assert_true(rig_saw(rig, "\"state\":\"online\""));
	assert_true(rig_saw(rig, "\"version\":\"9.9\""));
	UNTIL(rig, rig_saw(rig, "gatehouse/s/g/state/door/main||{\"mode\":\"Locked\"}"));
}

static void a_restarted_broker_gets_everything_again(void **state)
{
	struct rig *rig = *state;
	json_t *door = json_pack("{s:s}", "mode", "Locked");
	unsigned downs;

	bring_up(rig);
	assert_int_equal(link_publish_state(rig->link, "door", "main", door), 0);
	json_decref(door);
	rig->rows = 10;
	rig_pump(rig);
	UNTIL(rig, rig->outbox.cursor == 10);
	downs = rig->downs; /* the broker may have been slow to start */
	rig_finish(&rig->broker, SIGKILL);
	UNTIL(rig, rig->downs > downs);
	assert_int_equal(link_publish_event(rig->link, 11, "test", "{}"), -ENOTCONN);
	rig->rows = 20;
	rig_start_broker(rig);
	UNTIL(rig, rig->outbox.cursor == 20);
	rig_watch(rig);
	UNTIL(rig, rig_saw(rig, "state/door/main||{\"mode\":\"Locked\"}"));
}

/* every row was seen, and for the first time in order */
static void assert_all_seen_in_order(const struct rig *rig)
{
	int64_t next = 1;

	for (const char *at = rig->seen; (at = strstr(at, "{\"seq\":")) != NULL; at++) {
		int64_t seq = strtoll(at + strlen("{\"seq\":"), NULL, 10);

		assert_true(seq <= next);
		next += seq == next;
	}
	assert_int_equal(next, ROWS + 1);
}

static void no_event_is_lost_when_connections_are(void **state)
{
	struct rig *rig = *state;
	char last[32];

	bring_up(rig);
	rig_watch(rig);
	for (int i = 1; i <= CUTS; i++) {
		unsigned ups = rig->ups;

		rig->rows = (int64_t)i * ROWS / CUTS;
		rig_pump(rig); /* a window is on its way while the connection goes */
		rig_cut(rig);
		UNTIL(rig, rig->ups > ups && rig->outbox.cursor == rig->rows);
	}
	snprintf(last, sizeof(last), "{\"seq\":%d}", ROWS);
	UNTIL(rig, rig_saw(rig, last));
	assert_true(rig->downs >= CUTS);
	assert_all_seen_in_order(rig);
}

static void a_full_window_says_so(void **state)
{
	struct rig *rig = *state;

	bring_up(rig);
	for (int64_t seq = 1; seq <= RIG_WINDOW; seq++)
		assert_int_equal(link_publish_event(rig->link, seq, "test", "{}"), 0);
	assert_int_equal(link_publish_event(rig->link, RIG_WINDOW + 1, "test", "{}"), -EAGAIN);
}

static void a_state_removed_while_away_is_removed(void **state)
{
	struct rig *rig = *state;
	json_t *door = json_pack("{s:i}", "a", 1);

	bring_up(rig);
	rig_watch(rig);
	assert_int_equal(link_publish_state(rig->link, "door", "old", door), 0);
	json_decref(door);
	UNTIL(rig, rig_saw(rig, "state/door/old||{"));
	rig->removing = true;
	rig_cut(rig);
	UNTIL(rig, rig_saw(rig, "state/door/old||\n"));
}

static void what_an_earlier_life_left_behind_is_removed(void **state)
{
	struct rig *rig = *state;
	json_t *door = json_pack("{s:s}", "mode", "Locked");

	bring_up(rig);
	assert_int_equal(link_publish_state(rig->link, "door", "old", door), 0);
	rig_watch(rig);
	UNTIL(rig, rig_saw(rig, "state/door/old||{"));
	link_close(rig->link);
	rig_open_link(rig);
	assert_int_equal(link_publish_state(rig->link, "door", "main", door), 0);
	json_decref(door);
	link_states_complete(rig->link);
	UNTIL(rig, rig_saw(rig, "state/door/old||\n"));
	assert_false(rig_saw(rig, "state/door/main||\n"));
}

static void the_next_broker_serves_when_the_first_does_not(void **state)
{
	struct rig *rig = *state;
	unsigned dead = rig_free_port();

	rig->first_port = dead;
	rig_start_broker(rig);
	rig_open_link(rig);
	rig->rows = 10;
	UNTIL(rig, rig->outbox.cursor == 10);
	rig_cut(rig); /* the first again, then the second */
	rig->rows = 20;
	UNTIL(rig, rig->outbox.cursor == 20);
}

static void a_repetition_takes_room_and_is_not_told(void **state)
{
	struct rig *rig = *state;

	bring_up(rig);
	rig_watch(rig);
	assert_int_equal(link_room(rig->link), RIG_WINDOW);
	assert_int_equal(link_publish_event(rig->link, 0, "test", "{\"again\":1}"), 0);
	assert_int_equal(link_room(rig->link), RIG_WINDOW - 1);
	UNTIL(rig, link_room(rig->link) == RIG_WINDOW);
	assert_int_equal(rig->acks, 0);
	UNTIL(rig, rig_saw(rig, "event/test||{\"again\":1}"));
}

static void closing_says_offline_even_with_a_full_window(void **state)
{
	struct rig *rig = *state;

	bring_up(rig);
	rig_watch(rig);
	for (int64_t seq = 1; seq <= RIG_WINDOW; seq++) /* more than the broker takes at once */
		assert_int_equal(link_publish_event(rig->link, seq, "test", "{}"), 0);
	link_close(rig->link);
	rig->link = NULL;
	UNTIL(rig, rig_saw(rig, "\"state\":\"offline\""));
}

static void a_lost_gate_shows_offline_under_its_session(void **state)
{
	struct rig *rig = *state;
	const char *birth, *death;
	size_t bytes = strlen("\"session\":\"") + 26;

	bring_up(rig);
	rig_watch(rig);
	birth = strstr(rig->seen, "\"session\":\"");
	rig_cut(rig);
	UNTIL(rig, rig_saw(rig, "\"state\":\"offline\"") && rig_saw(rig, "desk/cut"));
	death = strstr(strstr(rig->seen, "\"state\":\"offline\"") - 80, "\"session\":\"");
	assert_non_null(birth);
	assert_non_null(death);
	assert_memory_equal(birth, death, bytes);
}

static void a_command_is_answered_where_it_asked(void **state)
{
	struct rig *rig = *state;
	char path[96];

	bring_up(rig);
	rig_watch(rig);
	rig_make_payload(rig, 5, path);
	rig->replying = true;
	rig_send_command(rig, "ping", "desk/answers", path);
	UNTIL(rig, rig_saw(rig, "desk/answers|k-1|{\"id\":\"c-1\",\"ok\":true"));
	assert_int_equal(rig->commands, 1);
	assert_string_equal(rig->name, "ping");
	assert_string_equal(rig->payload, "xxxxx");
	assert_string_equal(rig->correlation, "k-1");
}

static void no_answer_goes_where_a_gate_speaks(void **state)
{
	struct rig *rig = *state;
	char path[96];

	bring_up(rig);
	rig_make_payload(rig, 5, path);
	rig_send_command(rig, "ping", "gatehouse/s/g/event/access.granted", path);
	UNTIL(rig, rig->commands == 1);
	assert_string_equal(rig->answer, "");
	rig_send_command(rig, "ping", NULL, path);
	UNTIL(rig, rig->commands == 2);
	assert_string_equal(rig->answer, "");
}

static void a_command_too_large_comes_without_its_payload(void **state)
{
	struct rig *rig = *state;
	char path[96];

	bring_up(rig);
	rig_make_payload(rig, COMMAND_BYTES_MAX, path);
	rig_send_command(rig, "ping", NULL, path);
	UNTIL(rig, rig->commands == 1);
	assert_true(rig->had_payload);
	rig_make_payload(rig, COMMAND_BYTES_MAX + 1, path);
	rig_send_command(rig, "ping", NULL, path);
	UNTIL(rig, rig->commands == 2);
	assert_false(rig->had_payload);
	assert_int_equal(rig->command_bytes, COMMAND_BYTES_MAX + 1);
}

static void a_command_waits_for_a_gate_that_is_away(void **state)
{
	struct rig *rig = *state;
	char path[96];

	bring_up(rig);
	rig_watch(rig); /* the link has subscribed by now: its birth came back */
	rig->rows = 1;
	rig_pump(rig);
	UNTIL(rig, rig->outbox.cursor == 1);
	link_close(rig->link);
	rig->link = NULL;
	rig_make_payload(rig, 5, path);
	rig_send_command(rig, "ping", NULL, path);
	rig_open_link(rig);
	UNTIL(rig, rig->commands == 1);
}

static void a_broker_that_takes_no_event_is_asked_ever_more_rarely(void **state)
{
	struct rig *rig = *state;
	char path[96], more[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/acl", rig->folder);
	file = fopen(path, "w");
	assert_non_null(file);
	fprintf(file, "topic readwrite gatehouse/s/g/status\ntopic read gatehouse/s/g/cmd/+\n");
	fclose(file);
	snprintf(more, sizeof(more), "acl_file %s\n", path);
	rig_write_config(rig, more);
	rig_start_broker(rig);
	rig_open_link(rig);
	rig->rows = 1;
	UNTIL(rig, rig->downs >= 7 + (rig->ups == 0)); /* the broker may have been slow to start */
	assert_int_equal(rig->outbox.cursor, 0);
	assert_true(rig->last_pause_ms > 100); /* began at 10 */
}

/* a listener nobody accepts from: the kernel completes the connection, no CONNACK ever comes */
static void a_broker_that_never_answers_blocks_nothing(void **state)
{
	struct rig *rig = *state;
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	address.sin_port = htons((uint16_t)rig->port);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 1), 0);
	rig_open_link(rig);
	alarm(RIG_GIVE_UP_S);
	for (int turns = 0; turns < 30; turns++) /* each returns, connected or not */
		rig_turn(rig);
	assert_int_equal(rig->ups, 0);
	assert_false(link_is_up(rig->link));
	assert_int_equal(link_publish_event(rig->link, 1, "test", "{}"), -ENOTCONN);
	link_close(rig->link);
	rig->link = NULL;
	close(fd);
}

/* ---- TLS ---- */

static void use_tls(struct rig *rig)
{
	char more[256];

	rig_make_certificate(rig, "broker");
	snprintf(more, sizeof(more), "certfile %s/broker.pem\nkeyfile %s/broker.key\n", rig->folder,
		 rig->folder);
	rig_write_config(rig, more);
	rig->tls = true;
	snprintf(rig->ca, sizeof(rig->ca), "%s/broker.pem", rig->folder); /* signed by itself */
	bring_up(rig);
	link_close(rig->link);
	rig->link = NULL;
}

static void every_command_of_a_burst_comes_over_tls(void **state)
{
	struct rig *rig = *state;
	char path[96];

	use_tls(rig); /* the commands wait at the broker and then come in one piece */
	rig_make_payload(rig, 5, path);
	for (int i = 0; i < 8; i++)
		rig_send_command(rig, "ping", NULL, path);
	/* time stands still: what the fd does not tell of never comes */
	clock_fake_set(clock_mono_ms(), clock_unix_ms());
	rig_open_link(rig);
	UNTIL(rig, rig->commands == 8);
}

static void a_broker_with_a_stranger_s_certificate_is_refused(void **state)
{
	struct rig *rig = *state;
	unsigned downs;

	use_tls(rig);
	downs = rig->downs;
	rig_make_certificate(rig, "other");
	snprintf(rig->ca, sizeof(rig->ca), "%s/other.pem", rig->folder);
	rig_open_link(rig);
	UNTIL(rig, rig->downs > downs);
	assert_int_equal(rig->ups, 1);
}

#define LINK_TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LINK_TEST(birth_and_state_are_retained),
		LINK_TEST(a_restarted_broker_gets_everything_again),
		LINK_TEST(no_event_is_lost_when_connections_are),
		LINK_TEST(a_full_window_says_so),
		LINK_TEST(a_state_removed_while_away_is_removed),
		LINK_TEST(what_an_earlier_life_left_behind_is_removed),
		LINK_TEST(the_next_broker_serves_when_the_first_does_not),
		LINK_TEST(a_repetition_takes_room_and_is_not_told),
		LINK_TEST(closing_says_offline_even_with_a_full_window),
		LINK_TEST(a_lost_gate_shows_offline_under_its_session),
		LINK_TEST(a_command_is_answered_where_it_asked),
		LINK_TEST(no_answer_goes_where_a_gate_speaks),
		LINK_TEST(a_command_too_large_comes_without_its_payload),
		LINK_TEST(a_command_waits_for_a_gate_that_is_away),
		LINK_TEST(a_broker_that_takes_no_event_is_asked_ever_more_rarely),
		LINK_TEST(a_broker_that_never_answers_blocks_nothing),
		LINK_TEST(every_command_of_a_burst_comes_over_tls),
		LINK_TEST(a_broker_with_a_stranger_s_certificate_is_refused),
	};

	if (access(RIG_BROKER, X_OK) != 0 || access("/usr/bin/mosquitto_sub", X_OK) != 0 ||
	    access("/usr/bin/mosquitto_pub", X_OK) != 0 || access("/usr/bin/openssl", X_OK) != 0) {
		printf("skipped: needs mosquitto, mosquitto-clients and openssl\n");
		return UNIT_SKIPPED;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
