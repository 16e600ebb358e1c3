/* The API's requests about people, their faces and the access directory. */
#include "gate_internal.h"

#include <errno.h>

#include "explain.h"

static void answer(struct gate *gate, struct api_token token, json_t *result)
{
	struct reply reply = gate_api_reply(gate, token, 200);

	reply_send(&reply, 0, NULL, result);
}

/* ---- persons ---- */

void gate_op_people_list(void *arg, struct api_token token, const char *after_id, unsigned limit)
{
	struct gate *gate = arg;

	answer(gate, token, people_list(gate->people, after_id, limit));
}

void gate_op_person_get(void *arg, struct api_token token, const char *id)
{
	struct gate *gate = arg;
	json_t *person = people_person_json(gate->people, id);
	struct problem problem;

	if (person != NULL)
		answer(gate, token, person);
	else
		api_refuse(gate->api, token, problem_person_not_enrolled(&problem), &problem);
}

void gate_op_person_add(void *arg, struct api_token token, const struct api_caller *by,
			const struct api_person *person)
{
	struct gate *gate = arg;
	const struct reply reply = gate_api_reply(gate, token, 201);

	people_add(gate->people, person->name, person->valid_from_unix_ms, person->valid_to_unix_ms,
		   by->name, &reply);
}

void gate_op_person_remove(void *arg, struct api_token token, const struct api_caller *by,
			   const char *id)
{
	struct gate *gate = arg;
	const struct reply reply = gate_api_reply(gate, token, 204);

	people_remove(gate->people, id, by->name, &reply);
}

/* ---- faces ---- */

void gate_op_faces_list(void *arg, struct api_token token, const char *id)
{
	struct gate *gate = arg;
	const struct reply reply = gate_api_reply(gate, token, 200);

	people_list_faces(gate->people, id, &reply);
}

void gate_op_face_remove(void *arg, struct api_token token, const struct api_caller *by,
			 const char *id, int64_t number)
{
	struct gate *gate = arg;
	const struct reply reply = gate_api_reply(gate, token, 204);

	people_remove_face(gate->people, id, number, by->name, &reply);
}

void gate_op_faces_remove(void *arg, struct api_token token, const struct api_caller *by,
			  const char *id)
{
	struct gate *gate = arg;
	const struct reply reply = gate_api_reply(gate, token, 204);

	people_remove_faces(gate->people, id, by->name, &reply);
}

void gate_op_enrol(void *arg, struct api_token token, const struct api_caller *by, const char *id,
		   const struct api_enrol *request)
{
	struct gate *gate = arg;
	const struct reply reply = gate_api_reply(gate, token, 201);
	const struct people_enrolment enrolment = {.photo = request->photo,
						   .photo_bytes = request->photo_bytes,
						   .camera = request->camera,
						   .seconds = request->seconds,
						   .accept_ambiguous = request->accept_ambiguous};

	people_enrol(gate->people, id, by->name, &enrolment, &reply);
}

void gate_op_consent_changed(void *arg, const char *person, bool withdrawn)
{
	struct gate *gate = arg;

	people_consent_changed(gate->people, person, withdrawn);
}

/* ---- rules, credentials, passes ---- */

static void op_list(void *arg, struct api_token token, const char *kind, const char *person,
		    const char *after, unsigned limit)
{
	struct gate *gate = arg;

	answer(gate, token, people_items_json(gate->people, kind, person, after, limit));
}

static void op_get(void *arg, struct api_token token, const char *kind, const char *id)
{
	struct gate *gate = arg;
	json_t *item = people_item_json(gate->people, kind, id);
	struct problem problem;

	if (item != NULL)
		answer(gate, token, item);
	else
		api_refuse(gate->api, token, problem_item_unknown(&problem), &problem);
}

static void op_put(void *arg, struct api_token token, const struct api_caller *by, const char *kind,
		   const char *id, const json_t *value)
{
	struct gate *gate = arg;
	const struct reply reply = gate_api_reply(gate, token, id == NULL ? 201 : 200);

	people_put_item(gate->people, kind, id, value, by->name, &reply);
}

static void op_remove(void *arg, struct api_token token, const struct api_caller *by,
		      const char *kind, const char *id)
{
	struct gate *gate = arg;
	const struct reply reply = gate_api_reply(gate, token, 204);

	people_remove_item(gate->people, kind, id, by->name, &reply);
}

static void op_area_reset(void *arg, struct api_token token, const struct api_caller *by,
			  const char *area)
{
	struct gate *gate = arg;
	const struct reply reply = gate_api_reply(gate, token, 200);

	people_reset_area(gate->people, area, by->name, &reply);
}

static void op_pass_code(void *arg, struct api_token token, const char *id)
{
	struct gate *gate = arg;
	const struct reply reply = gate_api_reply(gate, token, 200);

	people_pass_code(gate->people, id, &reply);
}

/* ---- decisions ---- */

static void op_what_if(void *arg, struct api_token token, const json_t *question)
{
	struct gate *gate = arg;
	const struct reply reply = gate_api_reply(gate, token, 200);
	struct problem problem = {0};
	json_t *result = entry_what_if(gate->entry, question, &problem);

	reply_send(&reply, result != NULL ? 0 : -EINVAL, &problem, result);
}

static void op_explain(void *arg, struct api_token token, int64_t seq)
{
	struct gate *gate = arg;
	const struct reply reply = gate_api_reply(gate, token, 200);

	explain_event(gate->journal, seq, &reply);
}

static void op_requests(void *arg, struct api_token token)
{
	struct gate *gate = arg;

	answer(gate, token, json_pack("{s:o}", "requests", entry_guard_json(gate->entry)));
}

static void op_answer(void *arg, struct api_token token, const struct api_caller *by,
		      const char *id, bool admit)
{
	struct gate *gate = arg;
	const struct reply reply = gate_api_reply(gate, token, 200);
	struct problem problem = {0};
	int r = entry_guard_answer(gate->entry, id, admit, by->name, &problem);

	reply_send(&reply, r, &problem, r == 0 ? json_pack("{s:b}", "admitted", admit) : NULL);
}

const struct api_access_ops gate_access_ops = {
	.list = op_list,
	.get = op_get,
	.put = op_put,
	.remove = op_remove,
	.what_if = op_what_if,
	.explain = op_explain,
	.area_reset = op_area_reset,
	.pass_code = op_pass_code,
	.requests = op_requests,
	.answer = op_answer,
};
