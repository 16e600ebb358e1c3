/* The fake gate of api_rig.h: each operation records its call and answers at once. */
#include "api_rig.h"

#include <errno.h>
#include <string.h>

#include "unit.h"
#include "base/json.h"
#include "vision/camera/frame.h"

struct rig_gate gate;

static void answer(struct api_token call, unsigned status, json_t *body)
{
	gate.token = call;
	if (gate.wait)
		json_decref(body);
	else
		api_reply(api, call, status, body);
}

static json_t *op_status(void *arg)
{
	(void)arg;
	return json_pack("{s:s,s:[{s:s,s:s}],s:[{s:s,s:s}]}", "site", "hill-park", "cameras",
			 "name", "facade", "state", "live", "doors", "name", "main", "mode",
			 "Locked");
}

static json_t *op_doors(void *arg)
{
	(void)arg;
	return json_pack("[{s:s}]", "name", "main");
}

static json_t *op_board(void *arg)
{
	(void)arg;
	return json_pack("{s:s,s:[]}", "driver", "sim", "lines");
}

static int op_board_drive(void *arg, const char *line, enum api_level level)
{
	(void)arg;
	snprintf(gate.called, sizeof(gate.called), "drive %s %d", line, (int)level);
	return gate.board_result;
}

static json_t *op_readers(void *arg)
{
	(void)arg;
	return json_pack("[{s:s}]", "name", "in-a");
}

static int op_board_swipe(void *arg, const char *reader, const char *code)
{
	(void)arg;
	snprintf(gate.called, sizeof(gate.called), "swipe %s %s", reader, code);
	return gate.board_result;
}

static int op_board_type(void *arg, const char *reader, const char *keys)
{
	(void)arg;
	snprintf(gate.called, sizeof(gate.called), "type %s %s", reader, keys);
	return gate.board_result;
}

static void op_people_list(void *arg, struct api_token call, const char *after, unsigned limit)
{
	(void)arg;
	snprintf(gate.called, sizeof(gate.called), "people \"%s\" %u", after, limit);
	answer(call, 200, json_pack("{s:[],s:n}", "people", "next"));
}

static void op_person_add(void *arg, struct api_token call, const struct api_caller *by,
			  const struct api_person *person)
{
	(void)arg;
	snprintf(gate.called, sizeof(gate.called), "add %s by %s %lld-%lld", person->name, by->name,
		 (long long)person->valid_from_unix_ms, (long long)person->valid_to_unix_ms);
	answer(call, 201, json_pack("{s:s}", "id", PERSON));
}

static void op_person_get(void *arg, struct api_token call, const char *id)
{
	(void)arg;
	snprintf(gate.called, sizeof(gate.called), "get %s", id);
	answer(call, 200, json_pack("{s:s}", "id", id));
}

static void op_person_remove(void *arg, struct api_token call, const struct api_caller *by,
			     const char *id)
{
	(void)arg;
	(void)by;
	snprintf(gate.called, sizeof(gate.called), "remove %s", id);
	answer(call, 204, NULL);
}

static void op_consent_changed(void *arg, const char *person, bool withdrawn)
{
	(void)arg;
	snprintf(gate.called, sizeof(gate.called), "consent %s %s",
		 withdrawn ? "withdrawn" : "given", person);
}

static void op_faces_remove(void *arg, struct api_token call, const struct api_caller *by,
			    const char *id)
{
	(void)arg;
	(void)by;
	snprintf(gate.called, sizeof(gate.called), "remove faces %s", id);
	answer(call, 204, NULL);
}

static void op_faces_list(void *arg, struct api_token call, const char *id)
{
	(void)arg;
	snprintf(gate.called, sizeof(gate.called), "faces %s", id);
	answer(call, 200, json_pack("{s:[{s:i,s:b}]}", "faces", "number", 7, "current", 1));
}

static void op_face_remove(void *arg, struct api_token call, const struct api_caller *by,
			   const char *id, int64_t number)
{
	(void)arg;
	(void)by;
	snprintf(gate.called, sizeof(gate.called), "remove face %s %lld", id, (long long)number);
	answer(call, 204, NULL);
}

static void op_enrol(void *arg, struct api_token call, const struct api_caller *by, const char *id,
		     const struct api_enrol *source)
{
	struct problem problem;
	(void)arg;
	(void)by;
	snprintf(gate.called, sizeof(gate.called), "enrol %s %zu %.4s", id, source->photo_bytes,
		 source->camera != NULL ? source->camera : (const char *)source->photo);
	gate.token = call;
	api_refuse(api, call, problem_face_not_found(&problem), &problem);
}

static void op_face_report(void *arg, struct api_token call)
{
	(void)arg;
	answer(call, 200, json_pack("{s:[], s:[]}", "cameras", "look_alikes"));
}

static void op_door_open(void *arg, struct api_token call, const struct api_caller *by,
			 const char *door)
{
	(void)arg;
	snprintf(gate.called, sizeof(gate.called), "open %s by %s", door, by->name);
	answer(call, 200, json_pack("{s:s}", "door", door));
}

static void op_door_mode(void *arg, struct api_token call, const struct api_caller *by,
			 const char *door, const char *mode)
{
	(void)arg;
	(void)by;
	snprintf(gate.called, sizeof(gate.called), "mode %s %s", door, mode);
	answer(call, 200, json_object());
}

static void op_fire_reset(void *arg, struct api_token call, const struct api_caller *by)
{
	(void)arg;
	snprintf(gate.called, sizeof(gate.called), "fire reset by %s", by->name);
	answer(call, 204, NULL);
}

json_t *event(int64_t seq)
{
	return json_pack("{s:I,s:s,s:s,s:s}", "seq", (json_int_t)seq, "type", "door.mode", "id",
			 PERSON, "time", "2026-11-21T08:00:00.000Z");
}

static void op_events(void *arg, struct api_token call, const struct api_events_query *query)
{
	json_t *rows = json_array();

	(void)arg;
	for (size_t i = 0; i < query->seq_count; i++)
		json_array_append_new(rows, event(query->seqs[i]));
	if (query->seqs != NULL) {
		answer(call, 200, json_pack("{s:o}", "events", rows));
		return;
	}
	snprintf(gate.called, sizeof(gate.called), "events %lld %lld %u %s %d",
		 (long long)query->after, (long long)query->before, query->limit,
		 query->type != NULL ? query->type : "-", query->ascending);
	for (int64_t seq = query->after + 1;
	     seq <= gate.rows && json_array_size(rows) < query->limit; seq++)
		json_array_append_new(rows, event(seq));
	answer(call, 200,
	       json_pack("{s:o,s:o}", "events", rows, "next",
			 query->ascending && query->after + query->limit < gate.rows
				 ? json_integer(query->after + query->limit)
				 : json_null()));
}

static void op_audit(void *arg, struct api_token call)
{
	(void)arg;
	answer(call, 200, json_pack("{s:b}", "ok", 1));
}

static void op_viewed(void *arg, const struct api_caller *by, const char *file)
{
	(void)arg;
	(void)by;
	snprintf(gate.called, sizeof(gate.called), "viewed %s", file);
	gate.views++;
}

/* the store: a record is committed at once, or refused */
static int op_save_records(void *arg, const struct store_record *records, size_t count,
			   const struct event_draft *draft, store_done_fn done, void *done_arg)
{
	struct event_row row = {.seq = ++gate.rows};
	char *data = json_canonical(draft->data);

	(void)arg;
	snprintf(gate.recorded, sizeof(gate.recorded), "%s %s", draft->type, data);
	free(data);
	for (size_t i = 0; i < count; i++) {
		char *text = records[i].json != NULL ? json_canonical(records[i].json) : NULL;

		snprintf(gate.saved, sizeof(gate.saved), "%s %s %s", records[i].kind, records[i].id,
			 text != NULL ? text : "-");
		free(text);
	}
	if (gate.save_result == 0 && done != NULL)
		done(done_arg, 0, &row);
	return gate.save_result;
}

static json_t *op_progress(void *arg)
{
	(void)arg;
	return json_pack("{s:b,s:i,s:i}", "running", 1, "rows", 5, "of", 10);
}

static void op_report(void *arg, struct api_token call, int64_t from_unix_ms, int64_t to_unix_ms)
{
	(void)arg;
	snprintf(gate.called, sizeof(gate.called), "report %lld %lld", (long long)from_unix_ms,
		 (long long)to_unix_ms);
	answer(call, 200, json_object());
}

static void op_copies(void *arg, struct api_token call, int64_t until_unix_ms)
{
	(void)arg;
	snprintf(gate.called, sizeof(gate.called), "copies %lld", (long long)until_unix_ms);
	answer(call, 200, json_pack("{s:[]}", "copies"));
}

static struct video_frame *op_newest_frame(void *arg, const char *camera)
{
	uint8_t luma[64 * 48] = {0};
	struct video_frame *frame = NULL;

	(void)arg;
	if (strcmp(camera, "facade") == 0 && video_frame_from_luma(luma, 64, 64, 48, &frame) == 0)
		frame->index = ++gate.frames;
	return frame;
}

static int op_camera(void *arg, const char *camera, struct api_camera *ret_camera)
{
	(void)arg;
	*ret_camera = (struct api_camera){.live = gate.live};
	return strcmp(camera, "facade") == 0 ? 0 : -ENOENT;
}

static void op_figures(void *arg, struct api_figures *ret_figures)
{
	(void)arg;
	*ret_figures = (struct api_figures){.pending = 3, .commit_ms = 20, .last_seq = gate.rows};
}

/* ---- access: each answers at once, with an empty object ---- */

static void access_list(void *arg, struct api_token call, const char *kind, const char *person,
			const char *after, unsigned limit)
{
	(void)arg;
	snprintf(gate.called, sizeof(gate.called), "list %s of \"%s\" after \"%s\" %u", kind,
		 person, after, limit);
	answer(call, 200, json_object());
}

static void access_get(void *arg, struct api_token call, const char *kind, const char *id)
{
	(void)arg;
	snprintf(gate.called, sizeof(gate.called), "get %s %s", kind, id);
	answer(call, 200, json_object());
}

static void access_put(void *arg, struct api_token call, const struct api_caller *by,
		       const char *kind, const char *id, const json_t *value)
{
	(void)arg;
	(void)by;
	snprintf(gate.called, sizeof(gate.called), "put %s %s %zu", kind, id != NULL ? id : "new",
		 json_object_size(value));
	answer(call, id != NULL ? 200 : 201, json_object());
}

static void access_remove(void *arg, struct api_token call, const struct api_caller *by,
			  const char *kind, const char *id)
{
	(void)arg;
	(void)by;
	snprintf(gate.called, sizeof(gate.called), "remove %s %s", kind, id);
	answer(call, 204, NULL);
}

static void access_what_if(void *arg, struct api_token call, const json_t *question)
{
	(void)arg;
	(void)question;
	answer(call, 200, json_object());
}

static void access_explain(void *arg, struct api_token call, int64_t seq)
{
	(void)arg;
	snprintf(gate.called, sizeof(gate.called), "explain %lld", (long long)seq);
	answer(call, 200, json_object());
}

static void access_area_reset(void *arg, struct api_token call, const struct api_caller *by,
			      const char *area)
{
	(void)arg;
	(void)by;
	snprintf(gate.called, sizeof(gate.called), "reset %s", area);
	answer(call, 200, json_object());
}

static void access_pass_code(void *arg, struct api_token call, const char *id)
{
	(void)arg;
	snprintf(gate.called, sizeof(gate.called), "code %s", id);
	answer(call, 200, json_object());
}

static void access_requests(void *arg, struct api_token call)
{
	(void)arg;
	answer(call, 200, json_object());
}

static void access_answer(void *arg, struct api_token call, const struct api_caller *by,
			  const char *id, bool admit)
{
	(void)arg;
	(void)by;
	snprintf(gate.called, sizeof(gate.called), "answer %s %d", id, admit);
	answer(call, 200, json_object());
}

static const struct api_access_ops access_ops = {.list = access_list,
						 .get = access_get,
						 .put = access_put,
						 .remove = access_remove,
						 .what_if = access_what_if,
						 .explain = access_explain,
						 .area_reset = access_area_reset,
						 .pass_code = access_pass_code,
						 .requests = access_requests,
						 .answer = access_answer};

const struct api_ops rig_gate_ops = {.status = op_status,
				     .doors = op_doors,
				     .board = op_board,
				     .board_drive = op_board_drive,
				     .readers = op_readers,
				     .board_swipe = op_board_swipe,
				     .board_type = op_board_type,
				     .people_list = op_people_list,
				     .person_add = op_person_add,
				     .person_get = op_person_get,
				     .person_remove = op_person_remove,
				     .enrol = op_enrol,
				     .faces_list = op_faces_list,
				     .face_remove = op_face_remove,
				     .faces_remove = op_faces_remove,
				     .consent_changed = op_consent_changed,
				     .face_report = op_face_report,
				     .door_open = op_door_open,
				     .door_mode = op_door_mode,
				     .fire_reset = op_fire_reset,
				     .events = op_events,
				     .audit_verify = op_audit,
				     .audit_progress = op_progress,
				     .report = op_report,
				     .copies = op_copies,
				     .camera = op_camera,
				     .newest_frame = op_newest_frame,
				     .figures = op_figures,
				     .access = &access_ops,
				     .save_records = op_save_records,
				     .evidence_viewed = op_viewed};
