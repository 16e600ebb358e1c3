/*
 * Commands of the property system: the sender is authenticated first, and each command is committed
 * with its nonce before it is executed. A flood of unauthenticated commands is dropped without an
 * answer.
 */
#include "property_private.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "crypto/crypto.h"

enum { AHEAD_MS = 300000 }; /* a command may expire at most this far in the future */

/* ---- authentication ---- */

bool property_key_may_use_door(const struct config_key *key, const char *door)
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

	return crypto_base64_decode(command->signature, signature, sizeof(signature)) == 0 &&
	       crypto_verify(key->public_key, command->signed_text, command->signed_bytes,
			     signature);
}

/*
 * The order of the checks matters: a sender without a valid signature learns nothing else. @return
 * the key; NULL: the command was refused.
 */
static const struct config_key *authenticate(struct property *property,
					     const struct link_command *from,
					     const struct command *command)
{
	const struct config_key *key = find_key(&property->deps.config->mqtt, command->key);
	int64_t now = clock_unix_ms();
	const char *code = NULL, *message = NULL;

	if (key == NULL || !signature_is_good(key, command)) {
		requests_count_failure(property);
		code = "unauthenticated";
		message = "no key of this gate signed this command";
	} else if (command->expires_unix_ms <= now) {
		code = "expired";
		message = "the command came after its time, or the clocks differ";
	} else if (command->expires_unix_ms > now + AHEAD_MS) {
		code = "invalid";
		message = "expires: at most five minutes ahead";
	} else if (journal_store(property->deps.journal) == NULL || !property->log_ready) {
		code = "unavailable";
		message = "the log is not ready: nonces cannot be checked";
	} else if (command->nonce <=
		   store_nonce_get(journal_store(property->deps.journal), key->id)) {
		code = "replayed";
		message = "nonce: must rise with each command of a key";
	} else if (!may_command(key, from->name)) {
		code = "forbidden";
		message = "this key may not give this command";
	}
	if (code == NULL)
		return key;
	request_refuse(property, from, command->id, code, message);
	return NULL;
}

/* ---- commit, then execute ---- */

/* a kind of command, and the argument of its functions */
struct known_command {
	const struct property_command *command; /* NULL: there is no such command */
	void *arg;
};

/* a command that is not committed yet */
struct order {
	struct property *property;
	struct command_request *request; /* NULL: refused, because the store took too long */
	uint64_t until_mono_ms;
	struct known_command known;
	const struct config_key *key;
	int64_t nonce;
	json_t *body;
};

static void run(struct property *property, const struct known_command *known,
		struct command_request *request, const struct property_call *call)
{
	const struct reply reply = request_reply(property, request);

	known->command->run(known->arg, call, &reply);
}

static void on_recorded(void *arg, int r, const struct event_row *row)
{
	struct order *order = arg;
	struct property *property = order->property;

	(void)row;
	if (order->request != NULL) { /* else it was refused already */
		assert(order->request->used);
		property->orders[order->request - property->requests] = NULL;
		if (r < 0)
			request_answer(property, order->request, r,
				       "the order could not be recorded", NULL);
		else
			run(property, &order->known, order->request,
			    &(struct property_call){.name = order->known.command->name,
						    .id = order->request->id,
						    .key = order->key,
						    .body = order->body,
						    .nonce = order->nonce});
	}
	json_decref(order->body);
	free(order);
}

/* @return 0 or -EBUSY (too many at once) */
static int record_order(struct property *property, const struct link_command *from,
			const struct known_command *known, const struct property_call *call)
{
	struct order *order = malloc(sizeof(*order));
	struct command_request *request =
		order != NULL ? request_begin(property, from, call->id) : NULL;
	struct event_draft draft = {.type = "command.accepted",
				    .source = "mqtt",
				    .nonce_key = call->key->id,
				    .nonce = call->nonce};
	int r;

	if (request == NULL) {
		free(order);
		return -EBUSY;
	}
	*order = (struct order){.property = property,
				.request = request,
				.until_mono_ms = clock_mono_ms() + ORDER_WAIT_MS,
				.known = *known,
				.key = call->key,
				.nonce = call->nonce,
				.body = json_deep_copy(call->body)};
	assert(property->orders[request - property->requests] == NULL);
	property->orders[request - property->requests] = order;
	draft.data = json_pack("{s:s, s:s, s:s}", "command", call->name, "id", call->id, "key",
			       call->key->id);
	r = journal_record_draft(property->deps.journal, &draft, on_recorded, order);
	json_decref(draft.data);
	if (r < 0)
		on_recorded(order, r, NULL);
	return 0;
}

static int run_now(struct property *property, const struct link_command *from,
		   const struct known_command *known, const struct property_call *call)
{
	struct command_request *request = request_begin(property, from, call->id);

	if (request == NULL)
		return -EBUSY;
	run(property, known, request, call);
	return 0;
}

uint64_t orders_due_ms(const struct property *property)
{
	uint64_t due_ms = UINT64_MAX;

	for (size_t i = 0; i < COMMAND_REQUESTS_MAX; i++)
		if (property->orders[i] != NULL && property->orders[i]->until_mono_ms < due_ms)
			due_ms = property->orders[i]->until_mono_ms;
	return due_ms;
}

/* The store may still commit the command. This event after it says that it was not executed. */
void orders_tick(struct property *property)
{
	static const char reason[] =
		"the order could not be recorded in time: it is not carried out";
	uint64_t now_ms = clock_mono_ms();

	for (size_t i = 0; i < COMMAND_REQUESTS_MAX; i++) {
		struct order *order = property->orders[i];

		if (order == NULL || order->until_mono_ms > now_ms)
			continue;
		journal_record(
			property->deps.journal, "command.refused", EVENT_WARNING, "mqtt", NULL,
			json_pack("{s:s, s:s, s:s, s:s}", "command", order->known.command->name,
				  "id", order->request->id, "code", "busy", "reason", reason));
		request_answer(property, order->request, -EAGAIN, reason, NULL);
		order->request = NULL; /* on_recorded() frees it */
		property->orders[i] = NULL;
	}
}

/* ---- dispatch ---- */

static int check_ping(void *arg, const struct property_call *call, char *error)
{
	static const char *const known[] = {NULL};

	(void)arg;
	return json_only_known(call->body, known, error);
}

/* Answered after its nonce is committed, so that an answered ping cannot be replayed. */
static void run_ping(void *arg, const struct property_call *call, const struct reply *reply)
{
	(void)arg, (void)call;
	reply_send(
		reply, 0, NULL,
		json_pack("{s:o, s:s}", "time", json_utc(clock_unix_ms()), "version", GH_VERSION));
}

static const struct property_command command_ping = {"ping", check_ping, run_ping, false};

static struct known_command find_command(struct property *property, const char *name)
{
	static const struct property_command *const own[] = {&command_config_get, &command_replay,
							     &command_ping};
	const struct property_deps *deps = &property->deps;

	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		if (strcmp(own[i]->name, name) == 0)
			return (struct known_command){own[i], property};
	for (size_t i = 0; i < deps->command_count; i++)
		if (strcmp(deps->commands[i].name, name) == 0)
			return (struct known_command){&deps->commands[i], deps->arg};
	return (struct known_command){0};
}

static void execute(struct property *property, const struct link_command *from,
		    const struct property_call *call)
{
	const struct known_command known = find_command(property, from->name);
	char error[COMMAND_ERROR_BYTES] = "";
	int r;

	if (known.command == NULL) {
		request_refuse(property, from, call->id, "unknown", "there is no such command");
		return;
	}
	r = known.command->check(known.arg, call, error);
	if (r < 0) {
		request_refuse(property, from, call->id, request_code(r), error);
		return;
	}
	r = known.command->records_nonce ? run_now(property, from, &known, call)
					 : record_order(property, from, &known, call);
	if (r < 0)
		request_refuse(property, from, call->id, "busy", "too many commands at once");
}

void commands_receive(struct property *property, const struct link_command *from)
{
	char error[COMMAND_ERROR_BYTES] = "the payload is too large";
	struct command command = {0};
	const struct config_key *key = NULL;

	if (!requests_may_authenticate(property))
		return;
	if (from->retained) {
		requests_count_failure(property);
		request_refuse(property, from, "", "invalid", "a retained message is no command");
		return;
	}
	if (from->payload == NULL ||
	    command_parse(from->topic, from->payload, from->bytes, &command, error) < 0) {
		requests_count_failure(property);
		request_refuse(property, from, command.id, "invalid", error);
	} else {
		key = authenticate(property, from, &command);
	}
	if (key != NULL)
		execute(property, from,
			&(struct property_call){.name = from->name,
						.id = command.id,
						.key = key,
						.body = command.body,
						.nonce = command.nonce});
	command_finish(&command);
}
