/* gate/doors through doors.h: a simulated board, a driven clock, a store in memory. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "unit.h"
#include "base/clock.h"
#include "fake_store.h"
#include "gate/doors/doors.h"

enum { INNER, OUTER, DOORS, RELEASE_MS = 5000, HELD_MS = 20000, WARN_MS = 5000, TAMPER_S = 60 };

static const int64_t noon_unix_ms = 1795867200000; /* 2026-11-28T12:00:00Z, a Saturday */

struct rig {
	char dir[64];
	struct config config;
	sd_event *event;
	struct journal *journal;
	struct timers *timers;
	struct store *store;
	struct access_rules *rules;
	struct doors *doors;
	uint64_t now_ms;
	/* the observer */
	enum door_passage passages[16];
	unsigned passage_doors[16];
	size_t passage_count;
	unsigned reader_lines, changes;
	/* the reply */
	int r;
	unsigned replies;
};

static bool reader_line(void *arg, const struct board_event *event)
{
	struct rig *rig = arg;

	(void)event;
	rig->reader_lines++;
	return false;
}

static void board_changed(void *arg)
{
	struct rig *rig = arg;

	rig->changes++;
}

static void on_passage(void *arg, unsigned door, enum door_passage passage, json_t *state)
{
	struct rig *rig = arg;

	assert_true(rig->passage_count < 16);
	assert_non_null(json_object_get(state, "mode"));
	json_decref(state);
	rig->passage_doors[rig->passage_count] = door;
	rig->passages[rig->passage_count++] = passage;
}

static const struct doors_ops ops = {
	.reader_line = reader_line, .board_changed = board_changed, .passage = on_passage};

/* ---- the rig ---- */

static void add_line(struct config_line *lines, size_t *count, const char *name)
{
	snprintf(lines[*count].name, CONFIG_NAME_BYTES, "%s", name);
	lines[(*count)++].place.offset = -1;
}

static void add_door(struct config *config, const char *name, bool contact)
{
	struct config_door *door = &config->doors[config->door_count++];

	snprintf(door->name, sizeof(door->name), "%s", name);
	snprintf(door->lock, sizeof(door->lock), "%s-lock", name);
	add_line(config->board.outputs, &config->board.output_count, door->lock);
	if (contact) {
		snprintf(door->contact, sizeof(door->contact), "%s-contact", name);
		add_line(config->board.inputs, &config->board.input_count, door->contact);
	}
	snprintf(door->exit_button, sizeof(door->exit_button), "%s-exit", name);
	add_line(config->board.inputs, &config->board.input_count, door->exit_button);
	door->release_ms = RELEASE_MS;
	door->held_open_ms = HELD_MS;
	door->pre_alarm_ms = WARN_MS;
	door->relock_delay_ms = 1000;
	door->opens_on_fire = true;
}

static void open_doors(struct rig *rig)
{
	const struct doors_deps deps = {.config = &rig->config,
					.event = rig->event,
					.journal = rig->journal,
					.timers = rig->timers,
					.rules = rig->rules};
	char error[DOORS_ERROR_BYTES] = "";

	if (doors_open(&deps, &ops, rig, &rig->doors, error) != 0)
		fail_msg("%s", error);
}

static void set_clock(struct rig *rig, uint64_t now_ms)
{
	rig->now_ms = now_ms;
	clock_fake_set(now_ms, noon_unix_ms + (int64_t)now_ms);
}

/*
 * A timer that lies in the real clock's past is due at each turn: a few turns serve all that is
 * ready.
 */
static void turn(struct rig *rig)
{
	for (int i = 0; i < 8; i++)
		assert_true(sd_event_run(rig->event, 0) >= 0);
}

/* The driven clock lies behind the real one, so that the loop's timer is always due. */
static void advance(struct rig *rig, uint64_t ms)
{
	set_clock(rig, rig->now_ms + ms);
	assert_true(sd_event_run(rig->event, 0) >= 0);
	turn(rig);
}

static int setup(void **state)
{
	static const char *const names[] = {"inner", "outer"};
	struct rig *rig = calloc(1, sizeof(*rig));

	assert_non_null(rig);
	strcpy(rig->dir, "/tmp/gatehouse-doors-XXXXXX");
	assert_non_null(mkdtemp(rig->dir));
	snprintf(rig->config.state_dir, sizeof(rig->config.state_dir), "%s", rig->dir);
	add_door(&rig->config, "inner", true);
	add_door(&rig->config, "outer", true);
	add_line(rig->config.board.inputs, &rig->config.board.input_count, "fire");
	add_line(rig->config.board.inputs, &rig->config.board.input_count, "tamper");
	snprintf(rig->config.fire_input, CONFIG_NAME_BYTES, "fire");
	snprintf(rig->config.tamper_input, CONFIG_NAME_BYTES, "tamper");
	rig->config.tamper_refuse_s = TAMPER_S;
	set_clock(rig, 1000);
	assert_true(sd_event_new(&rig->event) >= 0);
	rig->journal = journal_open();
	assert_int_equal(timers_open(rig->event, &rig->timers), 0);
	rig->store = fake_store_open();
	journal_use_store(rig->journal, rig->store);
	assert_int_equal(access_rules_open(names, DOORS, &rig->rules), 0);
	open_doors(rig);
	*state = rig;
	return 0;
}

static int teardown(void **state)
{
	struct rig *rig = *state;
	char command[128];

	timers_close(rig->timers);
	doors_close(rig->doors);
	fake_store_close(rig->store);
	access_rules_close(rig->rules);
	journal_close(rig->journal);
	sd_event_unref(rig->event);
	clock_fake_clear();
	snprintf(command, sizeof(command), "rm -rf %s", rig->dir);
	assert_int_equal(system(command), 0);
	free(rig);
	return 0;
}

static void on_reply(const struct reply *reply, int r, const struct problem *problem,
		     json_t *result)
{
	struct rig *rig = reply->owner;

	(void)problem;
	rig->r = r;
	rig->replies++;
	json_decref(result);
}

static bool is_active(struct rig *rig, const char *line)
{
	struct board *board = doors_board(rig->doors);

	return board_get(board, (unsigned)board_find(board, line)) == BOARD_ACTIVE;
}

static void drive(struct rig *rig, const char *line, enum board_level level)
{
	assert_int_equal(doors_board_drive(rig->doors, line, level), 0);
	turn(rig);
}

static enum door_release release(struct rig *rig, unsigned door, int expected)
{
	enum door_release outlook = DOOR_RELEASE_NOT_KNOWN;
	uint64_t relay_us = 0;

	assert_int_equal(doors_release(rig->doors, door, false, &relay_us, &outlook), expected);
	if (expected == 0)
		assert_int_equal(relay_us, rig->now_ms * 1000);
	return outlook;
}

static void order(struct rig *rig, int door, const char *mode)
{
	const struct reply reply = {.answer = on_reply, .owner = rig};
	unsigned before = rig->replies;

	if (door < 0)
		doors_order_mode_all(rig->doors, mode, json_object(), &reply);
	else
		doors_order_mode(rig->doors, (unsigned)door, mode, json_object(), &reply);
	while (rig->replies == before) /* once the mode is on the disk */
		assert_true(sd_event_run(rig->event, 10000000) > 0);
}

static size_t events(const struct rig *rig, const char *type)
{
	return fake_store_events(rig->store, type);
}

/* ---- releases and passages ---- */

static void a_release_ends_in_time(void **state)
{
	struct rig *rig = *state;

	assert_int_equal(release(rig, INNER, 0), DOOR_RELEASE_WAITS);
	assert_true(is_active(rig, "inner-lock"));
	advance(rig, RELEASE_MS - 1);
	assert_true(is_active(rig, "inner-lock"));
	assert_int_equal(rig->passage_count, 0);
	advance(rig, 1);
	assert_false(is_active(rig, "inner-lock"));
	assert_int_equal(rig->passage_count, 1);
	assert_int_equal(rig->passages[0], DOOR_PASSAGE_NOT_TAKEN);
	assert_int_equal(rig->passage_doors[0], INNER);
	assert_int_equal(events(rig, "access.not_taken"), 0); /* the observer records it */
}

static void opening_the_leaf_takes_the_access(void **state)
{
	struct rig *rig = *state;

	(void)release(rig, INNER, 0);
	drive(rig, "inner-contact", BOARD_ACTIVE);
	assert_int_equal(rig->passage_count, 1);
	assert_int_equal(rig->passages[0], DOOR_PASSAGE_TAKEN);
	drive(rig, "inner-contact", BOARD_INACTIVE);
	drive(rig, "inner-contact", BOARD_ACTIVE); /* a second one behind */
	assert_int_equal(rig->passages[rig->passage_count - 1], DOOR_PASSAGE_TAILGATING);
}

static void before_an_open_leaf_a_release_is_taken_at_once(void **state)
{
	struct rig *rig = *state;

	(void)release(rig, INNER, 0);
	drive(rig, "inner-contact", BOARD_ACTIVE);
	assert_int_equal(release(rig, INNER, 0), DOOR_RELEASE_TAKEN);
	assert_int_equal(rig->passage_count, 1); /* of the first alone */
}

static void a_lost_contact_leaves_the_passage_unknown(void **state)
{
	struct rig *rig = *state;

	(void)release(rig, INNER, 0);
	drive(rig, "inner-contact", BOARD_UNKNOWN);
	advance(rig, RELEASE_MS);
	assert_int_equal(rig->passage_count, 1);
	assert_int_equal(rig->passages[0], DOOR_PASSAGE_UNKNOWN);
	assert_int_equal(release(rig, INNER, 0), DOOR_RELEASE_NOT_KNOWN);
}

static void an_unlocked_door_reports_no_passage(void **state)
{
	struct rig *rig = *state;

	order(rig, INNER, "Unlocked");
	assert_int_equal(rig->r, 0);
	assert_int_equal(release(rig, INNER, 0), DOOR_RELEASE_NOT_KNOWN);
	advance(rig, RELEASE_MS + 1);
	assert_int_equal(rig->passage_count, 0);
}

static void a_blocked_door_refuses_grants_but_no_exit(void **state)
{
	struct rig *rig = *state;

	order(rig, INNER, "Blocked");
	(void)release(rig, INNER, -EPERM);
	assert_false(is_active(rig, "inner-lock"));
	drive(rig, "inner-exit", BOARD_ACTIVE); /* life safety beats security */
	assert_true(is_active(rig, "inner-lock"));
	assert_int_equal(events(rig, "door.exit"), 1);
}

static void a_door_waits_for_the_other_of_its_interlock(void **state)
{
	struct rig *rig = *state;

	snprintf(rig->config.doors[INNER].interlock, CONFIG_NAME_BYTES, "trap");
	snprintf(rig->config.doors[OUTER].interlock, CONFIG_NAME_BYTES, "trap");
	assert_int_equal(doors_interlock(rig->doors, INNER), -1);
	(void)release(rig, OUTER, 0);
	assert_int_equal(doors_interlock(rig->doors, INNER), OUTER);
	(void)release(rig, INNER, -EBUSY);
	assert_false(is_active(rig, "inner-lock"));
	advance(rig, RELEASE_MS);
	(void)release(rig, INNER, 0);
}

static void alarms_come_at_their_time(void **state)
{
	struct rig *rig = *state;

	(void)release(rig, INNER, 0);
	drive(rig, "inner-contact", BOARD_ACTIVE);
	advance(rig, HELD_MS - WARN_MS - 1);
	assert_int_equal(events(rig, "door.held_warning"), 0);
	advance(rig, 1);
	assert_int_equal(events(rig, "door.held_warning"), 1);
	advance(rig, WARN_MS - 1);
	assert_int_equal(events(rig, "door.held_open"), 0);
	advance(rig, 1);
	assert_int_equal(events(rig, "door.held_open"), 1);
	drive(rig, "outer-contact", BOARD_ACTIVE);
	assert_int_equal(events(rig, "door.forced"), 1);
}

/* ---- fire, tamper, modes ---- */

static void fire_opens_and_is_latched(void **state)
{
	struct rig *rig = *state;

	drive(rig, "fire", BOARD_ACTIVE);
	assert_true(doors_fire(rig->doors));
	assert_true(is_active(rig, "inner-lock") && is_active(rig, "outer-lock"));
	assert_int_equal(doors_fire_reset(rig->doors, "guard"), -EBUSY);
	drive(rig, "fire", BOARD_INACTIVE);
	assert_true(doors_fire(rig->doors)); /* the end of the signal shuts no door */
	order(rig, INNER, "LockedDown");
	assert_int_equal(rig->r, -EPERM);
	assert_int_equal(doors_fire_reset(rig->doors, "guard"), 0);
	assert_false(is_active(rig, "inner-lock"));
	assert_int_equal(doors_fire_reset(rig->doors, "guard"), -ENOENT);
	assert_int_equal(events(rig, "fire.alarm"), 1);
	assert_int_equal(events(rig, "fire.reset"), 1);
}

static void fire_outlives_a_restart(void **state)
{
	struct rig *rig = *state;

	drive(rig, "fire", BOARD_ACTIVE);
	timers_close(rig->timers);
	doors_close(rig->doors);
	assert_int_equal(timers_open(rig->event, &rig->timers), 0);
	open_doors(rig); /* the simulated board's lines are at rest again */
	assert_true(doors_fire(rig->doors));
	assert_true(is_active(rig, "inner-lock"));
}

static void tamper_refuses_for_its_time(void **state)
{
	struct rig *rig = *state;

	assert_false(doors_tampered(rig->doors));
	drive(rig, "tamper", BOARD_ACTIVE);
	assert_int_equal(events(rig, "tamper.alarm"), 1);
	advance(rig, TAMPER_S * 1000 - 1);
	assert_true(doors_tampered(rig->doors));
	advance(rig, 1);
	assert_false(doors_tampered(rig->doors));
}

static void evacuation_ends_a_lockdown_and_not_the_other_way_round(void **state)
{
	struct rig *rig = *state;

	order(rig, -1, "LockedDown");
	assert_int_equal(rig->r, 0);
	assert_int_equal(doors_mode(rig->doors, OUTER), DOOR_MODE_LOCKED_DOWN);
	order(rig, -1, "LockedOpen");
	assert_int_equal(rig->r, 0);
	assert_true(is_active(rig, "outer-lock"));
	order(rig, -1, "LockedDown");
	assert_int_equal(rig->r, -EPERM);
	assert_true(is_active(rig, "outer-lock"));
	order(rig, -1, "Locked");
	assert_int_equal(rig->r, 0);
	assert_int_equal(doors_mode(rig->doors, OUTER), DOOR_MODE_LOCKED);
	assert_true(doors_mode_is_known("DoubleLocked"));
	assert_false(doors_mode_is_known("Accessed") || doors_mode_is_known(""));
}

static void doors_work_without_a_log(void **state)
{
	struct rig *rig = *state;

	fake_store_refuse(rig->store, 1, -EIO);
	(void)release(rig, INNER, 0);
	assert_true(is_active(rig, "inner-lock"));
	journal_use_store(rig->journal, NULL);
	advance(rig, RELEASE_MS);
	assert_false(is_active(rig, "inner-lock"));
	drive(rig, "fire", BOARD_ACTIVE);
	assert_true(is_active(rig, "inner-lock"));
}

/* ---- opening hours ---- */

static void put(struct rig *rig, const char *kind, const char *name, json_t *value)
{
	struct problem problem = {0};

	if (access_rules_put(rig->rules, kind, name, value, &problem) != 0)
		fail_msg("%s", problem.detail);
	json_decref(value);
}

static void a_door_waits_for_the_first_person(void **state)
{
	struct rig *rig = *state;

	put(rig, "schedule", "day", json_pack("{s:[s]}", "week", "daily 00:00-24:00"));
	put(rig, "opening", "inner", json_pack("{s:s, s:b}", "schedule", "day", "first_person", 1));
	put(rig, "opening", "outer", json_pack("{s:s}", "schedule", "day"));
	assert_int_equal(doors_start_hours(rig->doors), 0);
	assert_int_equal(doors_mode(rig->doors, OUTER), DOOR_MODE_UNLOCKED);
	assert_int_equal(doors_mode(rig->doors, INNER), DOOR_MODE_LOCKED);
	doors_person_admitted(rig->doors, INNER, "01ARZ3NDEKTSV4RRFFQ69G5FAV");
	assert_int_equal(doors_mode(rig->doors, INNER), DOOR_MODE_UNLOCKED);
	order(rig, INNER, "Locked"); /* a person's order holds until the hours are over */
	doors_person_admitted(rig->doors, INNER, "01ARZ3NDEKTSV4RRFFQ69G5FAV");
	doors_update_hours(rig->doors);
	assert_int_equal(doors_mode(rig->doors, INNER), DOOR_MODE_LOCKED);
	put(rig, "schedule", "day", json_pack("{s:[]}", "week"));
	doors_update_hours(rig->doors);
	assert_int_equal(doors_mode(rig->doors, OUTER), DOOR_MODE_LOCKED);
	assert_int_equal(events(rig, "door.scheduled"), 3);
}

static void a_clock_that_was_never_set_opens_nothing(void **state)
{
	struct rig *rig = *state;

	put(rig, "schedule", "day", json_pack("{s:[s]}", "week", "daily 00:00-24:00"));
	put(rig, "opening", "outer", json_pack("{s:s}", "schedule", "day"));
	clock_fake_set(rig->now_ms, 1000);
	doors_update_hours(rig->doors);
	assert_int_equal(doors_mode(rig->doors, OUTER), DOOR_MODE_LOCKED);
}

static void lines_of_the_board_are_shown_and_driven(void **state)
{
	struct rig *rig = *state;
	json_t *board = doors_board_json(rig->doors);

	assert_string_equal(json_string_value(json_object_get(board, "driver")), "sim");
	assert_int_equal(json_array_size(json_object_get(board, "lines")), 8);
	json_decref(board);
	assert_int_equal(doors_board_drive(rig->doors, "no-such", BOARD_ACTIVE), -ENOENT);
	assert_int_equal(doors_board_drive(rig->doors, "inner-lock", BOARD_ACTIVE), -EPERM);
	assert_int_equal(doors_find(rig->doors, "outer"), OUTER);
	assert_int_equal(doors_find(rig->doors, "none"), -ENOENT);
	assert_int_equal(doors_count(rig->doors), DOORS);
	drive(rig, "inner-exit", BOARD_ACTIVE);
	assert_int_equal(rig->reader_lines, 1);
	assert_int_equal(rig->changes, 1);
}

#define test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(a_release_ends_in_time),
		test(opening_the_leaf_takes_the_access),
		test(before_an_open_leaf_a_release_is_taken_at_once),
		test(a_lost_contact_leaves_the_passage_unknown),
		test(an_unlocked_door_reports_no_passage),
		test(a_blocked_door_refuses_grants_but_no_exit),
		test(a_door_waits_for_the_other_of_its_interlock),
		test(alarms_come_at_their_time),
		test(fire_opens_and_is_latched),
		test(fire_outlives_a_restart),
		test(tamper_refuses_for_its_time),
		test(evacuation_ends_a_lockdown_and_not_the_other_way_round),
		test(doors_work_without_a_log),
		test(a_door_waits_for_the_first_person),
		test(a_clock_that_was_never_set_opens_nothing),
		test(lines_of_the_board_are_shown_and_driven),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
