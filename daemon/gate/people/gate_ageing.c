/*
 * Templates that follow a face: made of a passage, where the site wants it and the person agreed to it. They stand in a
 * record of their own, sealed as all records are, so that what was enrolled is never touched, and they go with it.
 */
#include "gate/cameras/cameras_private.h"
#include "enrolment.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "vision/face/face_ageing.h"
#include "vision/face/match.h"

enum { VECTOR_TEXT_BYTES = (FACE_DIM * sizeof(float) + 2) / 3 * 4 + 1 };

/* one on its way to the disk, or off it */
struct ageing {
	struct gate *gate;
	struct reply reply; /* answer NULL: nobody waits */
	char person[ULID_BYTES];
	json_t *record;        /* as it will be; NULL: removed */
	float added[FACE_DIM]; /* with a record */
	float gone[FACE_DIM];  /* what goes for it */
	bool replaces;
};

static void ageing_free(struct ageing *ageing)
{
	json_decref(ageing->record);
	explicit_bzero(ageing, sizeof(*ageing));
	free(ageing);
}

static json_t *record_of(const struct gate *gate, const char *person)
{
	return json_object_get(gate->aged, person);
}

/* @return how many, or -EBADMSG: it is none of ours. */
static int read_record(const json_t *record, struct face_aged *ret_aged)
{
	const json_t *templates = json_object_get(record, "templates"), *one;
	size_t i;

	if (json_array_size(templates) == 0 || json_array_size(templates) > FACE_AGED_MAX)
		return -EBADMSG;
	json_array_foreach(templates, i, one)
	{
		const char *text = json_string_value(json_object_get(one, "vector"));

		ret_aged[i].unix_ms = json_integer_value(json_object_get(one, "unix_ms"));
		if (text == NULL || crypto_unbase64(text, ret_aged[i].vector, sizeof(ret_aged[i].vector)) < 0)
			return -EBADMSG;
	}
	return (int)i;
}

/* Why this person has no such templates; NULL: may have. A word of the event's. */
static const char *against(const struct gate *gate, const char *person, const json_t *record)
{
	const struct roster_person *found = roster_find(gate->directory.people, person);
	const char *model = json_string_value(json_object_get(record, "model"));

	if (found == NULL || found->template_count == 0)
		return "faces";
	if (gate->config->face.ageing != CONFIG_AGEING_ON)
		return "off";
	if (!gate_consent_to_ageing(gate, person))
		return "consent";
	if (model != NULL && strcmp(model, face_engine_recogniser()) != 0)
		return "recogniser";
	return NULL;
}

static struct gallery *gallery_of(const struct gate *gate)
{
	return gate->vision != NULL && gate->vision->faces != NULL ? face_watch_gallery(gate->vision->faces)
								   : NULL;
}

/* ---- away with them ---- */

static void on_removed(void *arg, int r, const struct event_row *row)
{
	struct ageing *ageing = arg;
	struct gate *gate = ageing->gate;

	(void)row;
	if (r < 0)
		log_error("vision", "templates made of passages are still on the disk: %s", strerror(-r));
	reply_send(&ageing->reply, r,
		   journal_trouble(gate->journal)[0] != '\0' ? journal_trouble(gate->journal) : NULL, NULL);
	ageing_free(ageing);
}

/* Out of use at once, whatever the disk does. @return as store_record_remove(). */
static int drop(struct gate *gate, const char *person, const char *by, const char *reason,
		const struct reply *reply)
{
	struct ageing *ageing = calloc(1, sizeof(*ageing));
	struct event_draft draft = {.type = "person.aged_removed", .person = person};
	struct face_aged aged[FACE_AGED_MAX];
	int count = read_record(record_of(gate, person), aged), r = -ENOMEM;

	for (int i = 0; i < count && gallery_of(gate) != NULL; i++)
		(void)gallery_unmerge(gallery_of(gate), person, aged[i].vector); /* gone with the faces */
	explicit_bzero(aged, sizeof(aged));
	draft.data =
		json_pack("{s:s, s:s, s:i}", "by", by, "reason", reason, "templates", count < 0 ? 0 : count);
	if (ageing != NULL) {
		ageing->gate = gate;
		ageing->reply = *reply;
		snprintf(ageing->person, sizeof(ageing->person), "%s", person);
		r = journal_store(gate->journal) != NULL
			    ? store_record_remove(journal_store(gate->journal), "aged", ageing->person,
						  &draft, on_removed, ageing)
			    : -EIO;
	}
	json_decref(draft.data);
	if (r < 0) {
		log_error("vision", "templates made of passages are still on the disk: %s", strerror(-r));
		free(ageing);
	}
	(void)json_object_del(gate->aged, person);
	return r;
}

void gate_ageing_enforce(struct gate *gate, const char *person)
{
	const json_t *record = record_of(gate, person);
	const char *reason = record != NULL ? against(gate, person, record) : NULL;

	if (reason != NULL)
		(void)drop(gate, person, "gatehouse", reason, &(struct reply){0}); /* logged there */
}

void gate_ageing_gone(struct gate *gate, const char *person)
{
	if (record_of(gate, person) != NULL)
		(void)drop(gate, person, "gatehouse", "faces", &(struct reply){0}); /* logged there */
}

void gate_person_aged_remove(void *arg, struct api_token token, const struct api_caller *by, const char *id)
{
	struct gate *gate = arg;
	const struct reply reply = gate_api_reply(gate, token, 204);
	int r = journal_trouble(gate->journal)[0] != '\0' ? -EAGAIN : 0;

	if (record_of(gate, id) == NULL) {
		api_reply_problem(gate->api, token, 404,
				  roster_find(gate->directory.people, id) == NULL
					  ? "nobody is enrolled under this id"
					  : "no template of this person was made of a passage");
		return;
	}
	if (r == 0)
		r = drop(gate, id, by->name, "asked", &reply);
	if (r < 0)
		reply_send(&reply, r, "the change could not be written to the disk; nothing was changed",
			   NULL);
}

/* ---- from the store ---- */

void gate_ageing_load(struct gate *gate, const char *kind, const char *id, json_t *json)
{
	(void)kind;
	if (gate->aged == NULL)
		gate->aged = json_object();
	if (json_object_set(gate->aged, id, json) < 0)
		log_error("vision", "templates made of passages are not used: no memory");
}

void gate_ageing_settle(struct gate *gate)
{
	struct face_aged aged[FACE_AGED_MAX];
	const char *person, *reason;
	json_t *record;
	void *next;

	json_object_foreach_safe(gate->aged, next, person, record)
	{
		char id[ULID_BYTES];
		int count = read_record(record, aged);

		snprintf(id, sizeof(id), "%s", person);
		reason = count < 0 ? "damaged" : against(gate, id, record);
		if (reason != NULL)
			(void)drop(gate, id, "gatehouse", reason, &(struct reply){0}); /* logged there */
		for (int i = 0; reason == NULL && i < count && gallery_of(gate) != NULL; i++)
			(void)gallery_merge(gallery_of(gate), id, aged[i].vector); /* a face less, at worst */
	}
	explicit_bzero(aged, sizeof(aged));
}

json_t *gate_ageing_json(const struct gate *gate, const char *person)
{
	const json_t *templates = json_object_get(record_of(gate, person), "templates"), *one;
	json_t *list = json_array();
	char time[CLOCK_UTC_BYTES];
	size_t i;

	json_array_foreach(templates, i, one)
	{
		clock_format_utc(json_integer_value(json_object_get(one, "unix_ms")), time);
		json_array_append_new(list, json_pack("{s:s, s:O, s:O}", "time", time, "camera",
						      json_object_get(one, "camera"), "score",
						      json_object_get(one, "score")));
	}
	return list;
}

/* ---- from a passage ---- */

void gate_ageing_passed(struct watched_camera *camera, const struct face_result *result, bool sure)
{
	camera->passed.track = sure ? result->track : 0;
	camera->passed.granted = false;
	snprintf(camera->passed.person, sizeof(camera->passed.person), "%s", result->person);
}

static void on_kept(void *arg, int r, const struct event_row *row)
{
	struct ageing *ageing = arg;
	struct gate *gate = ageing->gate;

	(void)row;
	gate->ageing_writes = false;
	if (r < 0) {
		log_warning("vision", "a template of a passage was not kept: %s", strerror(-r));
	} else {
		if (gate->aged == NULL)
			gate->aged = json_object();
		(void)json_object_set(gate->aged, ageing->person,
				      ageing->record); /* none: from the next start */
		if (gallery_of(gate) != NULL && roster_find(gate->directory.people, ageing->person) != NULL) {
			if (ageing->replaces)
				(void)gallery_unmerge(gallery_of(gate), ageing->person, ageing->gone);
			(void)gallery_merge(gallery_of(gate), ageing->person, ageing->added);
		}
		gate_ageing_enforce(gate, ageing->person); /* withdrawn, or erased, meanwhile */
	}
	ageing_free(ageing);
}

/* The record with this one in it. NULL: no memory. */
static json_t *with_one_more(const json_t *record, const struct face_aged *replaced, size_t at,
			     const struct watched_camera *camera, const struct face_result *result)
{
	char text[VECTOR_TEXT_BYTES];
	json_t *next = record != NULL ? json_deep_copy(record)
				      : json_pack("{s:i, s:s, s:[]}", "v", 1, "model",
						  face_engine_recogniser(), "templates");
	json_t *templates = json_object_get(next, "templates");
	int r = crypto_base64(result->template_vector, sizeof(result->template_vector), text, sizeof(text));

	if (replaced != NULL)
		(void)json_array_remove(templates, at); /* it is there: it was read from it */
	if (r == 0)
		r = json_array_append_new(templates, json_pack("{s:s, s:I, s:s, s:o}", "vector", text,
							       "unix_ms", (json_int_t)clock_unix_ms(),
							       "camera", camera->config->name, "score",
							       json_rounded(result->score)));
	explicit_bzero(text, sizeof(text));
	if (r < 0) {
		json_decref(next);
		return NULL;
	}
	return next;
}

static void keep(struct watched_camera *camera, const struct face_result *result,
		 const struct face_aged *replaced, size_t at, float enrolled_score)
{
	struct gate *gate = camera->vision->gate;
	struct ageing *ageing = calloc(1, sizeof(*ageing));
	struct event_draft draft = {.type = "person.template_aged", .source = camera->source};
	int r = -ENOMEM;

	if (ageing == NULL)
		return; /* another passage will do */
	ageing->gate = gate;
	ageing->replaces = replaced != NULL;
	snprintf(ageing->person, sizeof(ageing->person), "%s", result->person);
	memcpy(ageing->added, result->template_vector, sizeof(ageing->added));
	if (replaced != NULL)
		memcpy(ageing->gone, replaced->vector, sizeof(ageing->gone));
	ageing->record = with_one_more(record_of(gate, ageing->person), replaced, at, camera, result);
	draft.person = ageing->person;
	draft.data = json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:b, s:I}", "camera", camera->config->name,
			       "score", json_rounded(result->score), "enrolled_score",
			       json_rounded(enrolled_score), "threshold", json_rounded(result->threshold),
			       "liveness", json_rounded(result->liveness), "quality",
			       json_rounded(result->quality), "replaced", replaced != NULL, "templates",
			       (json_int_t)json_array_size(json_object_get(ageing->record, "templates")));
	if (ageing->record != NULL)
		r = store_record_put(journal_store(gate->journal), "aged", ageing->person, ageing->record,
				     &draft, on_kept, ageing);
	json_decref(draft.data);
	gate->ageing_writes = r == 0;
	if (r < 0)
		ageing_free(ageing); /* the same */
}

void gate_ageing_sure(struct watched_camera *camera, const struct face_result *result)
{
	struct gate *gate = camera->vision->gate;
	const struct roster_person *person = roster_find(gate->directory.people, result->person);
	const json_t *record = record_of(gate, result->person);
	struct face_aged aged[FACE_AGED_MAX];
	struct face_ageing_sight sight = {.vector = result->template_vector,
					  .threshold = result->threshold,
					  .rival_score = result->rival_score,
					  .alike_min = gate_enrol_alike_min(gate, camera->vision->faces),
					  .liveness = result->liveness,
					  .quality = result->quality,
					  .good_frames = result->good_frames,
					  .unix_ms = clock_unix_ms()};
	enum face_ageing_verdict verdict;
	float enrolled_score;
	int count = record != NULL ? read_record(record, aged) : 0;
	size_t at;

	if (!camera->passed.granted || camera->passed.track != result->track ||
	    strcmp(camera->passed.person, result->person) != 0 ||
	    against(gate, result->person, record) != NULL || count < 0 || gate->ageing_writes ||
	    journal_store(gate->journal) == NULL || journal_trouble(gate->journal)[0] != '\0')
		return;
	verdict = face_ageing_judge(face_watch_gallery(camera->vision->faces), result->person,
				    person->template_count, aged, (size_t)count, &sight, &enrolled_score);
	at = face_ageing_oldest(aged, (size_t)count);
	if (verdict == FACE_AGEING_ADD || verdict == FACE_AGEING_REPLACE)
		keep(camera, result, verdict == FACE_AGEING_REPLACE ? &aged[at] : NULL, at, enrolled_score);
	explicit_bzero(aged, sizeof(aged));
}
