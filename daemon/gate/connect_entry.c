/* Connects the entry to doors, readers and cameras, and the readers to the entry. */
#include "gate_internal.h"

#include <errno.h>

static enum door_mode door_mode_of(void *arg, unsigned door)
{
	struct gate *gate = arg;

	return doors_mode(gate->doors, door);
}

static int door_interlock(void *arg, unsigned door)
{
	struct gate *gate = arg;

	return doors_interlock(gate->doors, door);
}

static bool tampered(void *arg)
{
	struct gate *gate = arg;

	return doors_tampered(gate->doors);
}

static json_t *door_state(void *arg, unsigned door)
{
	struct gate *gate = arg;

	return doors_state_json(gate->doors, door);
}

static int release(void *arg, unsigned door, bool extended, uint64_t *ret_relay_us,
		   enum door_release *ret_release)
{
	struct gate *gate = arg;

	return doors_release(gate->doors, door, extended, ret_relay_us, ret_release);
}

static void admitted(void *arg, unsigned door, const char *person)
{
	struct gate *gate = arg;

	doors_person_admitted(gate->doors, door, person);
}

static void reader_feedback(void *arg, unsigned door, const char *reader,
			    enum access_feedback feedback, enum policy_reason reason)
{
	struct gate *gate = arg;

	(void)door;
	if (gate->readers != NULL)
		readers_feedback(gate->readers, reader, feedback, reason);
}

static void face_feedback(void *arg, unsigned door, enum access_feedback feedback)
{
	struct gate *gate = arg;

	if (gate->cameras != NULL)
		cameras_decided(gate->cameras, door, feedback);
	if (gate->readers != NULL)
		readers_door_feedback(gate->readers, door, feedback);
}

static int adopt_pass(void *arg, const struct pass *pass)
{
	struct gate *gate = arg;

	return people_adopt_pass(gate->people, pass);
}

int gate_connect_entry(struct gate *gate)
{
	static const struct entry_ops ops = {.door_mode = door_mode_of,
					     .door_interlock = door_interlock,
					     .tampered = tampered,
					     .door_state = door_state,
					     .release = release,
					     .admitted = admitted,
					     .reader_feedback = reader_feedback,
					     .face_feedback = face_feedback,
					     .adopt_pass = adopt_pass};
	const struct entry_deps deps = {.config = gate->config,
					.journal = gate->journal,
					.timers = gate->timers,
					.directory = people_directory(gate->people)};

	return entry_open(&deps, &ops, gate, &gate->entry);
}

static void on_read(void *arg, const struct entry_reading *reading)
{
	struct gate *gate = arg;

	entry_present_reading(gate->entry, reading);
}

static void on_reader_changed(void *arg)
{
	struct gate *gate = arg;

	if (gate->api != NULL)
		api_publish_board(gate->api);
}

static bool is_quiet(void *arg)
{
	struct gate *gate = arg;

	return doors_quiet(gate->doors);
}

int gate_connect_readers(struct gate *gate)
{
	static const struct readers_ops ops = {
		.read = on_read, .changed = on_reader_changed, .is_quiet = is_quiet};
	const struct readers_deps deps = {.config = gate->config,
					  .event = gate->event,
					  .journal = gate->journal,
					  .board = doors_board(gate->doors)};

	return readers_open(&deps, &ops, gate, &gate->readers);
}
