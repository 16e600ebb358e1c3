#include "gate_internal.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "crypto/crypto.h"

enum { RANDOMNESS_RETRY_US = 20000 };

/* ---- storage ---- */

static int on_store(sd_event_source *source, int fd, uint32_t revents, void *arg)
{
	struct gate *gate = arg;

	(void)source, (void)fd, (void)revents;
	store_dispatch(gate->store);
	return 0;
}

/*
 * The path of the data key that systemd provides (LoadCredential=, from a TPM for example); NULL:
 * none, the key is stored beside the database.
 */
static const char *data_key_credential(char *path, size_t bytes)
{
	const char *folder = getenv("CREDENTIALS_DIRECTORY");

	if (folder == NULL || snprintf(path, bytes, "%s/data.key", folder) >= (int)bytes)
		return NULL;
	return access(path, F_OK) == 0 ? path : NULL;
}

/* A failure is logged and reported as trouble of the journal: the doors work without a log. */
static void open_storage(struct gate *gate)
{
	char key[CONFIG_PATH_BYTES];
	struct problem problem;
	/* the model whose templates are in use; opening the cameras later records a failure */
	const char *recogniser = cameras_use_models(gate->config, &problem);
	const struct store_config config = {.state_dir = gate->config->state_dir,
					    .data_key_path = data_key_credential(key, sizeof(key)),
					    .recogniser = recogniser,
					    .ops = &gate_store_ops,
					    .arg = gate};
	int r = store_open(&config, &gate->store);

	journal_use_store(gate->journal, gate->store);
	if (r >= 0)
		r = sd_event_add_io(gate->event, &gate->store_source, store_fd(gate->store),
				    EPOLLIN, on_store, gate);
	if (r >= 0) /* its notifications are for parts that open in the first turn of the loop */
		r = sd_event_source_set_enabled(gate->store_source, SD_EVENT_OFF);
	if (r < 0) {
		problem_store_not_started(&problem, r);
		journal_set_trouble(gate->journal, &problem);
		log_error("store", "%s", problem.detail);
	}
}

/* ---- open and close ---- */

/* Poll for the kernel's randomness, which all parts but the doors need: the loop must not block. */
static int wait_for_randomness(struct gate *gate, sd_event_source *source)
{
	if (!gate->randomness_logged)
		log_warning("main",
			    "the kernel has no randomness yet: all parts but the doors wait");
	gate->randomness_logged = true;
	sd_event_source_set_time(source, clock_mono_us() + RANDOMNESS_RETRY_US);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

/* Open the other parts in the first turn of the loop, once the doors are under control. */
static int on_first_turn(sd_event_source *source, uint64_t usec, void *arg)
{
	struct gate *gate = arg;

	(void)usec;
	if (!crypto_is_ready())
		return wait_for_randomness(gate, source);
	/* each logs its own failure; the gate works without it */
	(void)gate_connect_cameras(gate);
	(void)gate_connect_property(gate);
	(void)gate_api_open(gate);
	if (gate->store == NULL)
		gate_start_cameras(gate);
	else
		sd_event_source_set_enabled(gate->store_source, SD_EVENT_ON);
	return 0;
}

int gate_open(const struct config *config, sd_event *event, uint64_t started_us,
	      struct gate **ret_gate, char *error)
{
	struct gate *gate = calloc(1, sizeof(*gate));
	int r;

	assert_thread(THREAD_CONTROL);
	assert(config != NULL && event != NULL);
	if (gate == NULL)
		return -ENOMEM;
	gate->config = config;
	gate->event = sd_event_ref(event);
	gate->started_us = started_us;
	gate->error = error;
	gate->clock_fd = -1;
	gate->journal = journal_open();
	r = gate->journal == NULL ? -ENOMEM : timers_open(event, &gate->timers);
	if (r >= 0)
		r = store_claim(config->state_dir, &gate->claim, error);
	if (r >= 0)
		r = gate_connect_people(gate);
	if (r >= 0) {
		/* before the doors, so that a fire alarm at start is recorded; it does not wait */
		open_storage(gate);
		r = gate_connect_doors(gate);
	}
	if (r >= 0)
		r = gate_connect_entry(gate);
	if (r >= 0)
		r = gate_connect_readers(gate);
	if (r >= 0)
		r = sd_event_add_time(event, NULL, CLOCK_MONOTONIC, 0, 1000, on_first_turn, gate);
	if (r >= 0)
		r = doors_start_watchdog(gate->doors);
	if (r >= 0)
		r = gate_clock_open(gate);
	gate->error = NULL;
	if (r < 0) {
		gate_close(gate);
		return r;
	}
	log_info("main", "gatehouse " GH_VERSION " at %s/%s: %zu doors under control after %llu ms",
		 config->site, config->gate, doors_count(gate->doors),
		 (unsigned long long)((clock_mono_us() - started_us) / 1000));
	*ret_gate = gate;
	return 0;
}

void gate_close(struct gate *gate)
{
	if (gate == NULL)
		return;
	assert_thread(THREAD_CONTROL);
	gate->closing = true;
	gate_api_close(gate);
	cameras_close(gate->cameras);
	gate->cameras = NULL;
	people_stop(gate->people);
	if (gate->store != NULL && store_is_ready(gate->store))
		journal_record(gate->journal, "system.stopped", EVENT_INFO, NULL, NULL, NULL);
	readers_close(gate->readers);
	gate->readers = NULL;
	entry_stop(gate->entry); /* a grant not committed by now opens no door */
	evidence_stop(gate->evidence);
	gate->store_source = sd_event_source_disable_unref(gate->store_source);
	store_close(gate->store); /* commits what is queued, and notifies the other parts */
	gate->store = NULL;
	if (gate->journal != NULL)
		journal_use_store(gate->journal, NULL);
	evidence_close(gate->evidence);
	gate->evidence = NULL;
	property_close(gate->property);
	gate->property = NULL;
	doors_close(gate->doors);
	gate->doors = NULL;
	gate_clock_close(gate);
	entry_close(gate->entry);
	people_close(gate->people);
	store_claim_release(gate->claim);
	timers_close(gate->timers);
	journal_close(gate->journal);
	sd_event_unref(gate->event);
	free(gate);
}
