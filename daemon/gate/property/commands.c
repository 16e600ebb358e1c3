/*
 * Commands of the property system: who asks is proved before anything else is looked at, every order is on disk
 * with its nonce before it is carried out, and whoever floods the gate gets silence, not its time.
 */
#include "property_private.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "crypto/crypto.h"

enum {
	AHEAD_MS = 300000, /* a command may expire at most this far in the future */
	/* failed proofs: a burst, then ten a second; more are dropped unseen until that is used up */
	PROOFS_MAX = 100,
	PROOF_REFILL_MS = 100,
	/* events about refusals: a burst, then one in ten seconds, and a count of the rest */
	RECORDS_MAX = 20,
	RECORD_REFILL_MS = 10000,
};

/* ---- how much is too much ---- */

static void fill(struct rate_limiter *allowance)
{
	uint64_t now_ms = clock_mono_ms(), back = (now_ms - allowance->filled_mono_ms) / allowance->refill_ms;

	allowance->filled_mono_ms += back * allowance->refill_ms;
	allowance->tokens = back >= allowance->most - allowance->tokens ? allowance->most
									: allowance->tokens + (unsigned)back;
}

static bool allowed(struct rate_limiter *allowance)
{
	fill(allowance);
	return allowance->tokens > 0;
}

void gate_commands_init(struct gate_link *l)
{
	l->proofs = (struct rate_limiter){PROOFS_MAX, PROOFS_MAX, PROOF_REFILL_MS, clock_mono_ms()};
	l->records = (struct rate_limiter){RECORDS_MAX, RECORDS_MAX, RECORD_REFILL_MS, clock_mono_ms()};
}

void gate_commands_tick(struct gate_link *l)
{
	/* told once it is over, or has gone on for so long that a place is free again */
	if (l->unrecorded == 0 || !allowed(&l->records))
		return;
	l->records.tokens--;
	journal_record(l->gate->journal, "command.refused", EVENT_WARNING, "mqtt", NULL,
		       json_pack("{s:s, s:s, s:I, s:I}", "code", "flood", "reason",
				 "more refused commands than are recorded one by one", "count",
				 (json_int_t)l->unrecorded, "dropped", (json_int_t)l->dropped));
	l->unrecorded = 0;
}

/* ---- answers ---- */

struct command_request *command_request_begin(struct gate_link *l, const struct link_command *from,
					      const char *id)
{
	for (size_t i = 0; i < COMMAND_REQUESTS_MAX; i++) {
		struct command_request *asker = &l->askers[i];

		if (asker->used)
			continue;
		*asker = (struct command_request){.used = true, .correlation_bytes = from->correlation_bytes};
		snprintf(asker->id, sizeof(asker->id), "%s", id);
		if (from->answer_topic != NULL)
			snprintf(asker->topic, sizeof(asker->topic), "%s", from->answer_topic);
		if (from->correlation_bytes > 0)
			memcpy(asker->correlation, from->correlation, from->correlation_bytes);
		return asker;
	}
	return NULL;
}

static const char *code_of(int r)
{
	switch (r) {
	case -EPERM:
		return "denied";
	case -EINVAL:
	case -ENOENT:
	case -E2BIG:
		return "invalid";
	case -EACCES:
		return "forbidden";
	case -EBUSY:
	case -EAGAIN:
	case -ENOSPC:
		return "busy";
	case -EEXIST:
		return "conflict";
	default:
		return "failed";
	}
}

void link_answer(struct gate_link *l, struct command_request *asker, int r, const char *problem,
		 json_t *result)
{
	json_t *reply;

	if (r == 0) {
		reply = command_reply_ok(asker->id, result);
	} else {
		json_decref(result);
		reply = command_reply_error(asker->id, code_of(r), problem != NULL ? problem : strerror(-r));
	}
	if (asker->topic[0] != '\0')
		link_reply(l->link, asker->topic, asker->correlation, asker->correlation_bytes, reply);
	json_decref(reply);
	asker->used = false;
}

static void answer_command(const struct reply *reply, int r, const char *problem, json_t *result)
{
	struct gate *gate = reply->owner;

	if (gate->link != NULL) /* else the request is gone with it */
		link_answer(gate->link, &gate->link->askers[reply->request], r, problem, result);
	else
		json_decref(result);
}

struct reply link_reply_later(struct gate_link *l, const struct command_request *asker)
{
	return (struct reply){.answer = answer_command,
			      .owner = l->gate,
			      .request = (uint64_t)(asker - l->askers),
			      .leaves_gate = true};
}

static void refuse(struct gate_link *l, const struct link_command *from, const char *id, const char *code,
		   const char *message)
{
	json_t *reply;

	l->refused++;
	if (allowed(&l->records)) {
		l->records.tokens--;
		journal_record(l->gate->journal, "command.refused", EVENT_WARNING, "mqtt", NULL,
			       json_pack("{s:s, s:s, s:s, s:s}", "command", from->name, "id", id, "code",
					 code, "reason", message));
	} else {
		l->unrecorded++;
	}
	if (from->answer_topic == NULL)
		return;
	reply = command_reply_error(id, code, message);
	link_reply(l->link, from->answer_topic, from->correlation, from->correlation_bytes, reply);
	json_decref(reply);
}

/* ---- who asks ---- */

bool link_key_may_use_door(const struct config_key *key, const char *door)
{
	for (size_t i = 0; i < key->door_count; i++)
		if (strcmp(key->doors[i], door) == 0)
			return true;
	return key->door_count == 0;
}

static const struct config_key *find_key(const struct config_mqtt *mqtt, const char *id)
{
	for (size_t i = 0; i < mqtt->key_count; i++)
		if (strcmp(mqtt->keys[i].id, id) == 0)
			return &mqtt->keys[i];
	return NULL;
}

static bool may_command(const struct config_key *key, const char *name)
{
	for (size_t i = 0; i < key->command_count; i++)
		if (strcmp(key->commands[i], name) == 0)
			return true;
	return false;
}

static bool signature_is_good(const struct config_key *key, const struct command *command)
{
	uint8_t signature[CRYPTO_SIGNATURE_BYTES];

	return crypto_unbase64(command->signature, signature, sizeof(signature)) == 0 &&
	       crypto_verify(key->public_key, command->signed_text, command->signed_bytes, signature);
}

/* The order matters: nothing is told to whom the signature has not proved. @return the key or NULL: refused. */
static const struct config_key *prove(struct gate_link *l, const struct link_command *from,
				      const struct command *command)
{
	const struct config_key *key = find_key(&l->gate->config->mqtt, command->key);
	int64_t now = clock_unix_ms();
	const char *code = NULL, *message = NULL;

	if (key == NULL || !signature_is_good(key, command)) {
		l->proofs.tokens--;
		code = "unauthenticated";
		message = "no key of this gate signed this command";
	} else if (command->expires_unix_ms <= now) {
		code = "expired";
		message = "the command came after its time, or the clocks differ";
	} else if (command->expires_unix_ms > now + AHEAD_MS) {
		code = "invalid";
		message = "expires: at most five minutes ahead";
	} else if (journal_store(l->gate->journal) == NULL || !l->log_ready) {
		code = "unavailable";
		message = "the log is not ready: nonces cannot be checked";
	} else if (command->nonce <= store_nonce_get(journal_store(l->gate->journal), key->id)) {
		code = "replayed";
		message = "nonce: must rise with each command of a key";
	} else if (!may_command(key, from->name)) {
		code = "forbidden";
		message = "this key may not give this command";
	}
	if (code == NULL)
		return key;
	refuse(l, from, command->id, code, message);
	return NULL;
}

/* ---- recorded, then carried out ---- */

struct link_order {
	struct gate *gate;
	struct command_request *asker; /* NULL: the disk took too long, and that was answered */
	uint64_t until_mono_ms;
	const struct link_command_kind *kind;
	char key[CONFIG_NAME_BYTES];
	json_t *body;
};

static void forget_order(const struct link_order *order)
{
	struct gate_link *l = order->gate->link;

	l->orders[order->asker - l->askers] = NULL;
}

static void on_recorded(void *arg, int r, const struct event_row *row)
{
	struct link_order *order = arg;

	(void)row;
	if (order->gate->link == NULL || order->asker == NULL) {
		/* the asker is gone, or was refused: an order nobody hears the outcome of is not begun */
	} else if (r < 0) {
		forget_order(order);
		link_answer(order->gate->link, order->asker, r, "the order could not be recorded", NULL);
	} else {
		forget_order(order);
		order->kind->run(order->gate->link, order->asker, order->key, order->body);
	}
	json_decref(order->body);
	free(order);
}

static void record_order(const struct link_call *call, const struct link_command_kind *kind)
{
	struct gate_link *l = call->l;
	struct link_order *order = malloc(sizeof(*order));
	struct command_request *asker =
		order != NULL ? command_request_begin(l, call->from, call->command->id) : NULL;
	struct event_draft draft = {.type = "command.accepted",
				    .source = "mqtt",
				    .nonce_key = call->key->id,
				    .nonce = call->command->nonce};
	int r;

	if (asker == NULL) {
		free(order);
		refuse(l, call->from, call->command->id, "busy", "too many commands at once");
		return;
	}
	*order = (struct link_order){.gate = l->gate,
				     .asker = asker,
				     .until_mono_ms = clock_mono_ms() + ENTRY_ORDER_WAIT_MS,
				     .kind = kind,
				     .body = json_incref(call->command->body)};
	l->orders[asker - l->askers] = order;
	snprintf(order->key, sizeof(order->key), "%s", call->key->id);
	draft.data = json_pack("{s:s, s:s, s:s}", "command", call->from->name, "id", call->command->id, "key",
			       call->key->id);
	r = journal_record_draft(l->gate->journal, &draft, on_recorded, order);
	json_decref(draft.data);
	if (r < 0)
		on_recorded(order, r, NULL);
}

uint64_t gate_orders_due_ms(const struct gate_link *l)
{
	uint64_t due_ms = UINT64_MAX;

	for (size_t i = 0; i < COMMAND_REQUESTS_MAX; i++)
		if (l->orders[i] != NULL && l->orders[i]->until_mono_ms < due_ms)
			due_ms = l->orders[i]->until_mono_ms;
	return due_ms;
}

/* The record still comes; that the order was not carried out comes behind it. */
void gate_orders_tick(struct gate_link *l)
{
	static const char reason[] = "the order could not be recorded in time: it is not carried out";
	uint64_t now_ms = clock_mono_ms();

	for (size_t i = 0; i < COMMAND_REQUESTS_MAX; i++) {
		struct link_order *order = l->orders[i];

		if (order == NULL || order->until_mono_ms > now_ms)
			continue;
		journal_record(l->gate->journal, "command.refused", EVENT_WARNING, "mqtt", NULL,
			       json_pack("{s:s, s:s, s:s, s:s}", "command", order->kind->name, "id",
					 order->asker->id, "code", "busy", "reason", reason));
		link_answer(l, order->asker, -EAGAIN, reason, NULL);
		order->asker = NULL; /* on_recorded() frees it */
		l->orders[i] = NULL;
	}
}

/* ---- dispatch ---- */

static int check_ping(const struct link_call *call, char *error)
{
	static const char *const known[] = {NULL};

	return json_only_known(call->command->body, known, error);
}

/* Answered once its nonce is on disk: a ping that was answered can never be played again. */
static void run_ping(struct gate_link *l, struct command_request *asker, const char *key, const json_t *body)
{
	char now[CLOCK_UTC_BYTES];

	(void)key, (void)body;
	clock_format_utc(clock_unix_ms(), now);
	link_answer(l, asker, 0, NULL, json_pack("{s:s, s:s}", "time", now, "version", GH_VERSION));
}

static const struct link_command_kind gate_command_ping = {"ping", check_ping, run_ping};

static const struct link_command_kind *find_kind(const char *name)
{
	static const struct link_command_kind *const kinds[] = {
		&gate_command_door_open,       &gate_command_door_mode,
		&gate_command_config_get,      &gate_command_roster_apply,
		&gate_command_roster_snapshot, &gate_command_enrol,
		&gate_command_replay,          &gate_command_ping,
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i]->name, name) == 0)
			return kinds[i];
	return NULL;
}

static void obey(const struct link_call *call)
{
	const struct link_command_kind *kind = find_kind(call->from->name);
	char error[COMMAND_ERROR_BYTES] = "";
	int r;

	if (kind == NULL) {
		refuse(call->l, call->from, call->command->id, "unknown", "there is no such command");
		return;
	}
	r = kind->check(call, error);
	if (r < 0)
		refuse(call->l, call->from, call->command->id, code_of(r), error);
	else if (kind->run != NULL)
		record_order(call, kind);
}

void gate_commands_take(struct gate_link *l, const struct link_command *from)
{
	char error[COMMAND_ERROR_BYTES] = "the payload is too large";
	struct command command = {0};
	const struct config_key *key = NULL;

	if (!allowed(&l->proofs)) {
		l->dropped++;
		l->unrecorded++;
		return;
	}
	if (from->retained) {
		l->proofs.tokens--;
		refuse(l, from, "", "invalid", "a retained message is no command");
		return;
	}
	if (from->payload == NULL ||
	    command_parse(from->topic, from->payload, from->bytes, &command, error) < 0) {
		l->proofs.tokens--;
		refuse(l, from, command.id, "invalid", error);
	} else {
		key = prove(l, from, &command);
	}
	if (key != NULL)
		obey(&(struct link_call){l, from, &command, key});
	command_finish(&command);
}
