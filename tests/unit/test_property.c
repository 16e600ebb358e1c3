/*
 * The property part through property.h: signed commands, a simulated broker, a store that answers
 * late or refuses.
 */
#include <errno.h>
#include <string.h>

#include "unit.h"
#include "base/clock.h"
#include "crypto/crypto.h"
#include "fake_link.h"
#include "fake_store.h"
#include "gate/property/property.h"

enum {
	WINDOW = 64,
	ORDER_WAIT_MS = 5000,
	REQUESTS_MAX = 16,
	FAILURES_MAX = 100,
	RECORDED_MAX = 20
};

static const int64_t noon_unix_ms = 1795867200000; /* 2026-11-28T12:00:00Z */

struct rig {
	struct config *config;
	sd_event *event;
	struct journal *journal;
	struct store *store;
	struct access_directory directory;
	struct property *property;
	struct crypto_signer signer;
	uint64_t now_ms;
	int64_t nonce;
	int check_r;
	unsigned runs;
	struct reply pending; /* of a command that answers later */
};

static int check(void *arg, const struct property_call *call, char *error)
{
	struct rig *rig = arg;

	assert_string_equal(call->key->id, "desk");
	if (rig->check_r < 0)
		snprintf(error, COMMAND_ERROR_BYTES, "no");
	return rig->check_r;
}

static void run_order(void *arg, const struct property_call *call, const struct reply *reply)
{
	struct rig *rig = arg;

	assert_non_null(call->body);
	rig->runs++;
	reply_send(reply, 0, NULL, json_object());
}

static void run_later(void *arg, const struct property_call *call, const struct reply *reply)
{
	struct rig *rig = arg;

	(void)call;
	rig->runs++;
	rig->pending = *reply;
}

static json_t *cameras(void *arg)
{
	(void)arg;
	return json_array();
}

static const struct property_command commands[] = {
	{"order", check, run_order, false},
	{"own", check, run_later, true},
};

static void set_clock(struct rig *rig, uint64_t now_ms)
{
	rig->now_ms = now_ms;
	clock_fake_set(now_ms, noon_unix_ms + (int64_t)now_ms);
}

/* The fake clock is behind the real one, so the loop's timer is always due. */
static void advance(struct rig *rig, uint64_t ms)
{
	set_clock(rig, rig->now_ms + ms);
	for (int i = 0; i < 4; i++)
		assert_true(sd_event_run(rig->event, 0) >= 0);
}

static int setup(void **state)
{
	static const uint8_t seed[CRYPTO_SIGN_SEED_BYTES] = {7};
	static const char *const doors[] = {"main"};
	static const char *const known[] = {"order",         "own",        "ping",
					    "events.replay", "config.get", "none"};
	struct rig *rig = calloc(1, sizeof(*rig));
	struct config_key *key;

	assert_non_null(rig);
	rig->config = calloc(1, sizeof(*rig->config));
	assert_non_null(rig->config);
	assert_int_equal(crypto_init(), 0);
	crypto_signer_init(&rig->signer, seed);
	snprintf(rig->config->site, CONFIG_NAME_BYTES, "site");
	snprintf(rig->config->gate, CONFIG_NAME_BYTES, "gate");
	rig->config->mqtt.broker_count = 1;
	snprintf(rig->config->mqtt.brokers[0].host, CONFIG_PATH_BYTES, "broker");
	rig->config->mqtt.brokers[0].port = 1883;
	rig->config->mqtt.lost_after_s = 60;
	key = &rig->config->mqtt.keys[rig->config->mqtt.key_count++];
	snprintf(key->id, sizeof(key->id), "desk");
	memcpy(key->public_key, rig->signer.public_key, sizeof(key->public_key));
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		snprintf(key->commands[key->command_count++], CONFIG_NAME_BYTES, "%s", known[i]);
	set_clock(rig, 1000);
	assert_true(sd_event_new(&rig->event) >= 0);
	rig->journal = journal_open();
	rig->store = fake_store_open();
	journal_use_store(rig->journal, rig->store);
	assert_int_equal(access_directory_open(doors, 1, &rig->directory), 0);
	assert_int_equal(property_open(&(struct property_deps){.config = rig->config,
							       .event = rig->event,
							       .journal = rig->journal,
							       .directory = &rig->directory,
							       .started_us = 0,
							       .commands = commands,
							       .command_count = 2,
							       .cameras = cameras,
							       .arg = rig},
				       &rig->property),
			 0);
	fake_link_connect(true);
	property_ready(rig->property);
	*state = rig;
	return 0;
}

static int teardown(void **state)
{
	struct rig *rig = *state;

	fake_store_close(rig->store);
	property_close(rig->property);
	access_directory_close(&rig->directory);
	journal_close(rig->journal);
	sd_event_unref(rig->event);
	clock_fake_clear();
	free(rig->config);
	free(rig);
	return 0;
}

/* A command signed with the right key, or with another one if @p forged. The caller frees it. */
static char *envelope(struct rig *rig, const char *topic, int64_t expires_ms, int64_t nonce,
		      bool forged)
{
	static const uint8_t other_seed[CRYPTO_SIGN_SEED_BYTES] = {8};
	struct crypto_signer other;
	json_t *json = json_pack("{s:i, s:s, s:s, s:I, s:I, s:{}}", "v", 1, "key", "desk", "id",
				 "c-1", "expires", (json_int_t)(clock_unix_ms() + expires_ms),
				 "nonce", (json_int_t)nonce, "body");
	char *text = command_signed_text(topic, json), sig[COMMAND_SIGNATURE_TEXT_BYTES], *payload;
	uint8_t signature[CRYPTO_SIGNATURE_BYTES];

	crypto_signer_init(&other, other_seed);
	crypto_signer_sign(forged ? &other : &rig->signer, text, strlen(text), signature);
	assert_int_equal(crypto_base64_encode(signature, sizeof(signature), sig, sizeof(sig)), 0);
	json_object_set_new(json, "sig", json_string(sig));
	payload = json_dumps(json, JSON_COMPACT);
	json_decref(json);
	free(text);
	return payload;
}

static void send(struct rig *rig, const char *name, int64_t expires_ms, int64_t nonce, bool forged)
{
	char topic[64], *payload;

	snprintf(topic, sizeof(topic), "gatehouse/site/gate/cmd/%s", name);
	payload = envelope(rig, topic, expires_ms, nonce, forged);
	fake_link_command(name, topic, payload, false);
	free(payload);
}

static void order(struct rig *rig, const char *name)
{
	send(rig, name, 60000, ++rig->nonce, false);
}

static const char *code(void)
{
	return json_string_value(
		json_object_get(json_object_get(fake_link.reply, "error"), "code"));
}

static bool is_ok(void)
{
	return json_is_true(json_object_get(fake_link.reply, "ok"));
}

static size_t events(const struct rig *rig, const char *type)
{
	return fake_store_events(rig->store, type);
}

/* ---- authentication ---- */

static void a_command_is_committed_before_it_is_executed(void **state)
{
	struct rig *rig = *state;

	fake_store_hold(rig->store, true);
	order(rig, "order");
	assert_int_equal(events(rig, "command.accepted"), 1);
	assert_int_equal(rig->runs, 0);
	fake_store_answer(rig->store, 0);
	assert_int_equal(rig->runs, 1);
	assert_true(is_ok());
}

static void an_unauthenticated_or_expired_command_is_refused(void **state)
{
	static const struct {
		int64_t expires_ms;
		bool forged;
		const char *code; /* NULL: executed */
	} cases[] = {{60000, true, "unauthenticated"},
		     {0, false, "expired"},
		     {-1, false, "expired"},
		     {1, false, NULL},
		     {299999, false, NULL},
		     {300000, false, NULL},
		     {300001, false, "invalid"}};
	struct rig *rig = *state;
	unsigned runs = 0;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		send(rig, "order", cases[i].expires_ms, ++rig->nonce, cases[i].forged);
		runs += cases[i].code == NULL;
		assert_int_equal(rig->runs, runs);
		if (cases[i].code == NULL)
			assert_true(is_ok());
		else
			assert_string_equal(code(), cases[i].code);
	}
}

static void a_nonce_is_used_once(void **state)
{
	struct rig *rig = *state;

	send(rig, "order", 60000, 5, false);
	assert_true(is_ok());
	send(rig, "order", 60000, 5, false);
	assert_string_equal(code(), "replayed");
	send(rig, "order", 60000, 4, false);
	assert_string_equal(code(), "replayed");
	send(rig, "order", 60000, 6, false);
	assert_true(is_ok());
	assert_int_equal(rig->runs, 2);
}

static void retained_and_invalid_messages_are_refused(void **state)
{
	struct rig *rig = *state;
	char *payload = envelope(rig, "gatehouse/site/gate/cmd/order", 60000, 1, false);

	fake_link_command("order", "gatehouse/site/gate/cmd/order", payload, true);
	assert_string_equal(code(), "invalid");
	fake_link_command("order", "gatehouse/site/other/cmd/order", payload, false);
	assert_string_equal(code(), "unauthenticated"); /* the signature covers the topic */
	fake_link_command("order", "gatehouse/site/gate/cmd/order", "{", false);
	assert_string_equal(code(), "invalid");
	assert_int_equal(rig->runs, 0);
	free(payload);
}

static void unknown_and_forbidden_commands_have_their_own_codes(void **state)
{
	struct rig *rig = *state;

	order(rig, "none");
	assert_string_equal(code(), "unknown");
	order(rig, "other");
	assert_string_equal(
		code(),
		"forbidden"); /* not allowed for this key, whether the command exists or not */
	rig->check_r = -EACCES;
	order(rig, "order");
	assert_string_equal(code(), "forbidden");
	rig->check_r = -EINVAL;
	order(rig, "order");
	assert_string_equal(code(), "invalid");
	assert_int_equal(events(rig, "command.accepted"), 0);
}

static void a_flood_is_not_answered(void **state)
{
	struct rig *rig = *state;
	unsigned replies;

	for (int i = 0; i < FAILURES_MAX; i++)
		send(rig, "order", 60000, 1, true);
	assert_int_equal(events(rig, "command.refused"), RECORDED_MAX);
	replies = fake_link.replies;
	send(rig, "order", 60000, 1, false); /* dropped */
	assert_int_equal(fake_link.replies, replies);
	advance(rig, 100); /* one more is accepted */
	send(rig, "order", 60000, 1, false);
	assert_true(is_ok());
	advance(rig, 10000);
	assert_string_equal(json_string_value(json_object_get(
				    fake_store_last(rig->store, "command.refused")->data, "code")),
			    "flood");
}

/* ---- a store that answers late or refuses ---- */

static void a_command_committed_too_late_is_not_executed(void **state)
{
	struct rig *rig = *state;

	fake_store_hold(rig->store, true);
	order(rig, "order");
	advance(rig, ORDER_WAIT_MS - 1);
	assert_int_equal(fake_link.replies, 0);
	fake_store_answer(rig->store, 0);
	assert_int_equal(rig->runs, 1);
	order(rig, "order");
	advance(rig, ORDER_WAIT_MS);
	assert_string_equal(code(), "busy");
	fake_store_answer(rig->store, 0);
	assert_int_equal(rig->runs, 1);
	assert_int_equal(events(rig, "command.refused"), 1);
}

static void a_command_that_is_not_committed_is_not_executed(void **state)
{
	struct rig *rig = *state;

	fake_store_refuse(rig->store, 1, -ENOSPC);
	order(rig, "order");
	assert_string_equal(code(), "busy");
	fake_store_hold(rig->store, true);
	order(rig, "order");
	fake_store_answer(rig->store, -EIO);
	assert_string_equal(code(), "failed");
	assert_int_equal(rig->runs, 0);
}

static void a_command_that_records_by_itself_runs_at_once(void **state)
{
	struct rig *rig = *state;

	fake_store_hold(rig->store, true);
	order(rig, "own");
	assert_int_equal(rig->runs, 1);
	assert_int_equal(events(rig, "command.accepted"), 0);
	reply_send(&rig->pending, -EPERM, NULL, NULL);
	assert_string_equal(code(), "denied");
}

static void the_number_of_unanswered_requests_is_limited(void **state)
{
	struct rig *rig = *state;

	for (int i = 0; i < REQUESTS_MAX; i++)
		order(rig, "own");
	assert_int_equal(fake_link.replies, 0);
	order(rig, "own");
	assert_string_equal(code(), "busy");
	assert_int_equal(rig->runs, REQUESTS_MAX);
	reply_send(&rig->pending, 0, NULL, NULL);
	order(rig, "own");
	assert_int_equal(rig->runs, REQUESTS_MAX + 1);
}

/* ---- the outbox ---- */

static void record(struct rig *rig, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		journal_record(rig->journal, "door.exit", EVENT_INFO, NULL, NULL, NULL);
	property_event(rig->property);
}

static void events_are_sent_in_order_as_the_window_allows(void **state)
{
	struct rig *rig = *state;

	record(rig, WINDOW + 2);
	assert_int_equal(fake_link.event_count, WINDOW);
	for (int64_t seq = 1; seq <= WINDOW; seq++)
		assert_int_equal(fake_link.seqs[seq - 1], seq);
	for (int64_t seq = 1; seq <= WINDOW; seq++)
		fake_link_acknowledge(seq);
	assert_int_equal(fake_link.event_count, WINDOW + 2);
	assert_int_equal(fake_link.seqs[WINDOW + 1], WINDOW + 2);
}

static void unacknowledged_events_are_sent_again(void **state)
{
	struct rig *rig = *state;

	record(rig, 2);
	fake_link_acknowledge(1);
	fake_link_connect(false);
	record(rig, 1);
	fake_link_clear();
	fake_link_connect(true);
	assert_int_equal(fake_link.event_count, 2);
	assert_int_equal(fake_link.seqs[0], 2);
	assert_int_equal(fake_link.seqs[1], 3);
}

static void an_unsendable_event_does_not_delay_others(void **state)
{
	struct rig *rig = *state;

	fake_link.publish_r = -EINVAL; /* for every event: a broker with a very small size limit */
	record(rig, 2);
	property_event(rig->property);
	assert_int_equal(events(rig, "link.unsendable"), 2); /* no event about these events */
	fake_link.publish_r = 0;
	record(rig, 1);
	assert_int_equal(fake_link.event_count, 1);
	assert_int_equal(fake_link.seqs[0], 5);
}

static void an_outage_is_reported_after_its_time_limit(void **state)
{
	struct rig *rig = *state;

	fake_link_connect(false);
	advance(rig, 60000 - 1);
	assert_int_equal(events(rig, "link.lost"), 0);
	advance(rig, 1);
	assert_int_equal(events(rig, "link.lost"), 1);
	fake_link_connect(true);
	assert_int_equal(events(rig, "link.restored"), 0); /* only an acknowledgement ends it */
	fake_link_acknowledge(1);
	assert_int_equal(events(rig, "link.restored"), 1);
}

#define test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(a_command_is_committed_before_it_is_executed),
		test(an_unauthenticated_or_expired_command_is_refused),
		test(a_nonce_is_used_once),
		test(retained_and_invalid_messages_are_refused),
		test(unknown_and_forbidden_commands_have_their_own_codes),
		test(a_flood_is_not_answered),
		test(a_command_committed_too_late_is_not_executed),
		test(a_command_that_is_not_committed_is_not_executed),
		test(a_command_that_records_by_itself_runs_at_once),
		test(the_number_of_unanswered_requests_is_limited),
		test(events_are_sent_in_order_as_the_window_allows),
		test(unacknowledged_events_are_sent_again),
		test(an_unsendable_event_does_not_delay_others),
		test(an_outage_is_reported_after_its_time_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
