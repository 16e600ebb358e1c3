/* The commands roster.apply, roster.snapshot and enrol. */
#include "commands.h"

#include <errno.h>
#include <string.h>

#include "base/json.h"
#include "crypto/crypto.h"

enum { CURSOR_BYTES = STORE_KIND_BYTES + STORE_RECORD_ID_BYTES };

static int refuse(char *error, int r, const char *sentence)
{
	snprintf(error, COMMAND_ERROR_BYTES, "%s", sentence);
	return r;
}

/* The roster covers all doors: a key for some doors may not use it. */
static int check_key(const struct property_call *call, char *error)
{
	return call->key->door_count == 0
		       ? 0
		       : refuse(error, -EACCES,
				"this key is for some doors, the roster is for all");
}

/* ---- roster.apply ---- */

static bool is_revision(const char *text)
{
	for (const char *at = text; *at != '\0'; at++)
		if (*at <= ' ' || *at > '~')
			return false;
	return text[0] != '\0' && strlen(text) < PEOPLE_REVISION_BYTES;
}

/* @p part borrows from @p body. */
static int read_part(const json_t *body, struct people_batch_part *part, char *error)
{
	static const char *const known[] = {"from", "to", "part", "parts", "changes", NULL};
	int64_t number = 1, of = 1;
	const json_t *from = json_object_get(body, "from");
	int r = json_only_known(body, known, error);

	*part = (struct people_batch_part){0};
	if (r == 0 && from == NULL)
		r = refuse(error, -EINVAL,
			   "from: missing; null stands for whichever revision is in force");
	if (r == 0 && !json_is_null(from))
		r = json_get_string(body, "from", PEOPLE_REVISION_BYTES - 1, &part->from, error);
	if (r == 0)
		r = json_get_string(body, "to", PEOPLE_REVISION_BYTES - 1, &part->to, error);
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

int command_roster_apply_check(void *arg, const struct property_call *call, char *error)
{
	struct people_batch_part part;
	int r = check_key(call, error);

	(void)arg;
	return r < 0 ? r : read_part(call->body, &part, error);
}

void command_roster_apply_run(void *arg, const struct property_call *call,
			      const struct reply *reply)
{
	struct gate *gate = arg;
	char error[COMMAND_ERROR_BYTES];
	struct problem problem;
	struct people_batch_part part;
	int r = read_part(call->body, &part, error);

	part.by = call->key->id;
	if (r == 0) /* always, after the check */
		r = people_batch(gate->people, &part, reply, &problem);
	else
		problem_text(&problem, error);
	if (r < 0)
		reply_refuse(reply, r, &problem);
}

/* ---- roster.snapshot ---- */

static int read_after(const json_t *body, const char **ret_after, char *error)
{
	static const char *const known[] = {"after", NULL};
	int r = json_only_known(body, known, error);

	*ret_after = "";
	return r < 0 ? r : json_get_string(body, "after", CURSOR_BYTES - 1, ret_after, error);
}

int command_roster_snapshot_check(void *arg, const struct property_call *call, char *error)
{
	struct gate *gate = arg;
	const char *after;
	json_t *page;
	int r = check_key(call, error);

	if (r == 0)
		r = read_after(call->body, &after, error);
	if (r < 0 || after[0] == '\0')
		return r;
	page = people_snapshot(gate->people, after, false);
	if (page == NULL)
		return refuse(error, -EINVAL, "after: expected the \"next\" of the page before");
	json_decref(page);
	return 0;
}

/*
 * Each page names revision and digest: if they differ between two pages, the roster has changed and
 * the client must start again.
 */
void command_roster_snapshot_run(void *arg, const struct property_call *call,
				 const struct reply *reply)
{
	struct gate *gate = arg;
	char error[COMMAND_ERROR_BYTES];
	const char *after;

	(void)read_after(call->body, &after, error); /* valid, after the check */
	reply_send(reply, 0, NULL,
		   people_snapshot(gate->people, after, gate->config->mqtt.share.names));
}

/* ---- enrol ---- */

int command_enrol_check(void *arg, const struct property_call *call, char *error)
{
	struct gate *gate = arg;
	static const char *const known[] = {"person", "photo", "template", "model", NULL};
	const struct config_mqtt *config = &gate->config->mqtt;
	const char *person = NULL, *photo = NULL, *template = NULL, *model = NULL;
	const json_t *body = call->body;
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
		return refuse(error, -EACCES,
			      "this site takes no photos this way (mqtt.accept_photos)");
	if (template != NULL && !config->accept_templates)
		return refuse(error, -EACCES,
			      "this site takes no templates this way (mqtt.accept_templates)");
	if (person == NULL || roster_find(people_directory(gate->people)->people, person) == NULL)
		return refuse(error, -EINVAL, "person: nobody is enrolled under this id");
	if ((photo == NULL) == (template == NULL) || (template == NULL) != (model == NULL))
		return refuse(error, -EINVAL, "expected a photo, or a template with its model");
	return 0;
}

/*
 * @return 0 (the reply follows), -EBADMSG (not base 64, or a template of the wrong length) or
 *         -ENOMEM
 */
static int enrol(struct gate *gate, const char *key, const json_t *body, const struct reply *reply)
{
	const char *photo = json_string_value(json_object_get(body, "photo"));
	const char *model = json_string_value(json_object_get(body, "model"));
	const char *person = json_string_value(json_object_get(body, "person"));
	const char *text =
		photo != NULL ? photo : json_string_value(json_object_get(body, "template"));
	size_t bytes = 0, room = strlen(text) + 1;
	void *decoded = malloc(room);
	int r = -ENOMEM;

	if (decoded != NULL)
		r = crypto_base64_decode_any(text, decoded, room, &bytes) < 0 ? -EBADMSG : 0;
	if (r == 0 && photo == NULL && bytes != ROSTER_TEMPLATE_DIM * sizeof(float))
		r = -EBADMSG;
	if (r == 0 && photo != NULL)
		people_enrol(gate->people, person, key,
			     &(struct people_enrolment){.photo = decoded, .photo_bytes = bytes},
			     reply);
	else if (r == 0)
		people_enrol_template(gate->people, person, key, model, decoded, reply);
	if (decoded != NULL)
		crypto_wipe(decoded, room);
	free(decoded);
	return r;
}

void command_enrol_run(void *arg, const struct property_call *call, const struct reply *reply)
{
	struct problem problem;
	int r = enrol(arg, call->key->id, call->body, reply);

	if (r == -EBADMSG)
		reply_refuse(reply, problem_enrol_base64_invalid(&problem), &problem);
	else if (r < 0)
		reply_refuse(reply, r, NULL);
}
