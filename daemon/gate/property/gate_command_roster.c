/* roster.apply, roster.snapshot, enrol: the property system keeps this gate's people and rules right. */
#include "gate_link_internal.h"

#include <errno.h>
#include <string.h>

#include "base/json.h"
#include "crypto/crypto.h"
#include "gate/people/people_private.h"

enum {
	ITEMS_MAX = 200, /* of a snapshot's page */
	PAGE_BYTES = 128 * 1024,
	CURSOR_BYTES = STORE_KIND_BYTES + STORE_RECORD_ID_BYTES
};

static int refuse(char *error, int r, const char *sentence)
{
	snprintf(error, COMMAND_ERROR_BYTES, "%s", sentence);
	return r;
}

/* The roster is of the whole gate: a key for some doors has no business there. */
static int check_key(const struct link_call *call, char *error)
{
	return call->key->door_count == 0
		       ? 0
		       : refuse(error, -EACCES, "this key is for some doors, the roster is for all");
}

/* ---- roster.apply ---- */

static bool is_revision(const char *text)
{
	for (const char *at = text; *at != '\0'; at++)
		if (*at <= ' ' || *at > '~')
			return false;
	return text[0] != '\0' && strlen(text) < GATE_REVISION_BYTES;
}

/* @p part borrows from @p body. */
static int read_part(const json_t *body, struct gate_batch_part *part, char *error)
{
	static const char *const known[] = {"from", "to", "part", "parts", "changes", NULL};
	int64_t number = 1, of = 1;
	const json_t *from = json_object_get(body, "from");
	int r = json_only_known(body, known, error);

	*part = (struct gate_batch_part){0};
	if (r == 0 && from == NULL)
		r = refuse(error, -EINVAL, "from: missing; null stands for whichever revision is in force");
	if (r == 0 && !json_is_null(from))
		r = json_get_string(body, "from", GATE_REVISION_BYTES - 1, &part->from, error);
	if (r == 0)
		r = json_get_string(body, "to", GATE_REVISION_BYTES - 1, &part->to, error);
	if (r == 0)
		r = json_get_int(body, "part", 1, 64, &number, error);
	if (r == 0)
		r = json_get_int(body, "parts", 1, 64, &of, error);
	if (r < 0)
		return r;
	if (part->to == NULL || !is_revision(part->to))
		return refuse(error, -EINVAL, "to: expected 1 to 63 visible ASCII characters");
	part->changes = json_object_get(body, "changes");
	if (!json_is_array(part->changes))
		return refuse(error, -EINVAL, "changes: expected a list");
	part->part = (unsigned)number;
	part->parts = (unsigned)of;
	return 0;
}

static int check_apply(const struct link_call *call, char *error)
{
	struct gate_batch_part part;
	int r = check_key(call, error);

	return r < 0 ? r : read_part(call->command->body, &part, error);
}

static void run_apply(struct gate_link *l, struct command_request *asker, const char *key, const json_t *body)
{
	struct reply reply = link_reply_later(l, asker);
	char error[GATE_CHANGE_ERROR_BYTES] = "";
	struct gate_batch_part part;
	int r = read_part(body, &part, error);

	part.by = key;
	if (r == 0)
		r = gate_batch_take(l->gate, &part, &reply, error);
	if (r < 0)
		link_answer(l, asker, r, error, NULL);
}

const struct link_command_kind gate_command_roster_apply = {"roster.apply", check_apply, run_apply};

/* ---- roster.snapshot ---- */

/* the kinds of things, in the order of the digest */
enum { KIND_COUNT = 9 };
static const char *const kinds[KIND_COUNT] = {"area",    "credential", "group", "holder",  "holiday",
					      "opening", "person",     "rule",  "schedule"};

struct page {
	struct gate *gate;
	json_t *items;
	size_t bytes;
	char last[CURSOR_BYTES]; /* "kind/id" of the last item */
	bool full;
};

/* Takes @p value. */
static void add(struct page *page, const char *kind, const char *id, json_t *value, const uint8_t *digest)
{
	char text[EVENT_HASH_TEXT_BYTES];
	json_t *item;

	event_hash_text(digest, text);
	item = json_pack("{s:s, s:s, s:o, s:s}", "kind", kind, "id", id, "value", value, "digest", text);
	page->bytes += json_dumpb(item, NULL, 0, JSON_COMPACT) + 1;
	json_array_append_new(page->items, item);
	snprintf(page->last, sizeof(page->last), "%s/%s", kind, id);
	page->full = json_array_size(page->items) >= ITEMS_MAX || page->bytes >= PAGE_BYTES;
}

static void add_rules(struct page *page, const char *kind, const char *after)
{
	uint8_t digest[CRYPTO_HASH_BYTES];
	const char *of, *name;
	json_t *value;
	size_t at = 0;

	while (!page->full && access_rules_next(page->gate->directory.rules, kind, &at, &of, &name, &value)) {
		if (strcmp(name, after) <= 0)
			continue;
		gate_item_digest(kind, name, value, digest);
		add(page, kind, name, json_incref(value), digest);
	}
}

static void add_credentials(struct page *page, const char *after)
{
	const struct roster_credential *at =
		roster_credentials_next(page->gate->directory.credentials, after);

	for (; at != NULL && !page->full;
	     at = roster_credentials_next(page->gate->directory.credentials, at->id))
		if (at->factor != POLICY_PASS)
			add(page, "credential", at->id, roster_credential_json(at, true), at->digest);
}

static void add_people(struct page *page, const char *kind, const char *after)
{
	const struct roster_person *at = roster_next(page->gate->directory.people, after);
	bool holders = strcmp(kind, "holder") == 0;

	for (; at != NULL && !page->full; at = roster_next(page->gate->directory.people, at->id)) {
		json_t *value;

		if (holders && !at->has_holder)
			continue;
		value = holders ? gate_holder_value(page->gate, at) : gate_person_value(at);
		if (!holders && !page->gate->config->mqtt.share.names)
			json_object_del(value, "name");
		add(page, kind, at->id, value, holders ? at->holder_digest : at->digest);
	}
}

static void add_kind(struct page *page, const char *kind, const char *after)
{
	if (access_rules_keeps(kind))
		add_rules(page, kind, after);
	else if (strcmp(kind, "credential") == 0)
		add_credentials(page, after);
	else
		add_people(page, kind, after);
}

/* @return the kind's place and what stands behind the slash; -EINVAL: no such cursor */
static int read_cursor(const char *after, size_t *ret_kind, const char **ret_id)
{
	for (size_t i = 0; i < KIND_COUNT; i++) {
		size_t bytes = strlen(kinds[i]);

		if (strncmp(after, kinds[i], bytes) == 0 && after[bytes] == '/') {
			*ret_kind = i;
			*ret_id = after + bytes + 1;
			return 0;
		}
	}
	return -EINVAL;
}

static int read_snapshot(const json_t *body, size_t *ret_kind, const char **ret_id, char *error)
{
	static const char *const known[] = {"after", NULL};
	const char *after = "";
	int r = json_only_known(body, known, error);

	if (r == 0)
		r = json_get_string(body, "after", CURSOR_BYTES - 1, &after, error);
	*ret_kind = 0;
	*ret_id = "";
	if (r == 0 && after[0] != '\0' && read_cursor(after, ret_kind, ret_id) < 0)
		r = refuse(error, -EINVAL, "after: expected the \"next\" of the page before");
	return r;
}

static int check_snapshot(const struct link_call *call, char *error)
{
	size_t kind;
	const char *id;
	int r = check_key(call, error);

	return r < 0 ? r : read_snapshot(call->command->body, &kind, &id, error);
}

/* Each page names revision and digest: when they change between two pages, the first are of another roster. */
static void run_snapshot(struct gate_link *l, struct command_request *asker, const char *key,
			 const json_t *body)
{
	struct page page = {.gate = l->gate, .items = json_array()};
	char digest[GATE_ROSTER_DIGEST_BYTES] = "", error[COMMAND_ERROR_BYTES];
	const char *after;
	size_t kind;

	(void)key;
	(void)read_snapshot(body, &kind, &after, error); /* was checked */
	for (; kind < KIND_COUNT && !page.full; kind++, after = "")
		add_kind(&page, kinds[kind], after);
	(void)gate_roster_digest(l->gate, digest);
	link_answer(l, asker, 0, NULL,
		    json_pack("{s:s, s:s, s:o, s:o}", "revision", gate_roster_revision(l->gate), "digest",
			      digest, "items", page.items, "next",
			      page.full ? json_string(page.last) : json_null()));
}

const struct link_command_kind gate_command_roster_snapshot = {"roster.snapshot", check_snapshot,
							       run_snapshot};

/* ---- enrol ---- */

static int check_enrol(const struct link_call *call, char *error)
{
	static const char *const known[] = {"person", "photo", "template", "model", NULL};
	const struct config_mqtt *config = &call->l->gate->config->mqtt;
	const char *person = NULL, *photo = NULL, *template = NULL, *model = NULL;
	const json_t *body = call->command->body;
	int r = check_key(call, error);

	if (r == 0)
		r = json_only_known(body, known, error);
	if (r == 0)
		r = json_get_string(body, "person", ULID_BYTES - 1, &person, error);
	if (r == 0)
		r = json_get_string(body, "photo", COMMAND_BYTES_MAX, &photo, error);
	if (r == 0)
		r = json_get_string(body, "template", COMMAND_BYTES_MAX, &template, error);
	if (r == 0)
		r = json_get_string(body, "model", ROSTER_MODEL_BYTES - 1, &model, error);
	if (r < 0)
		return r;
	if (photo != NULL && !config->accept_photos)
		return refuse(error, -EACCES, "this site takes no photos this way (mqtt.accept_photos)");
	if (template != NULL && !config->accept_templates)
		return refuse(error, -EACCES,
			      "this site takes no templates this way (mqtt.accept_templates)");
	if (person == NULL || roster_find(call->l->gate->directory.people, person) == NULL)
		return refuse(error, -EINVAL, "person: nobody is enrolled under this id");
	if ((photo == NULL) == (template == NULL) || (template == NULL) != (model == NULL))
		return refuse(error, -EINVAL, "expected a photo, or a template with its model");
	return 0;
}

static const char *enrol_problem(int r)
{
	switch (r) {
	case -EAGAIN:
		return "the face models are still loading; try again in a moment";
	case -ENODEV:
		return "the face models are not there";
	case -EPERM:
		return gate_consent_withdrawn;
	case -EINVAL:
		return "template: of another model, or not of unit length";
	default:
		return "too many photos at once; try again in a moment";
	}
}

/* @return as gate_vision_enrol(); -EBADMSG: no base 64 of the right length */
static int enrol(struct gate *gate, const char *key, const json_t *body, const struct reply *reply)
{
	const char *photo = json_string_value(json_object_get(body, "photo"));
	const char *model = json_string_value(json_object_get(body, "model"));
	const char *person = json_string_value(json_object_get(body, "person"));
	const char *text = photo != NULL ? photo : json_string_value(json_object_get(body, "template"));
	size_t bytes = 0, room = strlen(text) + 1;
	void *decoded = malloc(room);
	int r = -ENOMEM;

	if (decoded != NULL)
		r = crypto_unbase64_all(text, decoded, room, &bytes) < 0 ? -EBADMSG : 0;
	if (r == 0 && photo != NULL)
		r = gate_vision_enrol(gate, person, key,
				      &(struct api_enrol){.photo = decoded, .photo_bytes = bytes}, reply);
	else if (r == 0 && bytes != ROSTER_TEMPLATE_DIM * sizeof(float))
		r = -EBADMSG;
	else if (r == 0)
		r = gate_vision_enrol_template(gate, person, key, model, decoded, reply);
	if (decoded != NULL)
		crypto_wipe(decoded, room);
	free(decoded);
	return r;
}

static void run_enrol(struct gate_link *l, struct command_request *asker, const char *key, const json_t *body)
{
	struct reply reply = link_reply_later(l, asker);
	int r = enrol(l->gate, key, body, &reply);

	if (r == -EBADMSG)
		link_answer(l, asker, -EINVAL,
			    "expected base 64: a photo, or 512 numbers of 32 bits, lowest byte first", NULL);
	else if (r < 0)
		link_answer(l, asker, r, enrol_problem(r), NULL);
}

const struct link_command_kind gate_command_enrol = {"enrol", check_enrol, run_enrol};
