#include "gate_internal.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"

enum { SESSION_HOURS = 12 /* one shift: the next guard logs in with the own name */ };

/* ---- answers ---- */

static void answer_request(const struct reply *reply, int r, const struct problem *problem,
			   json_t *result)
{
	struct gate *gate = reply->owner;
	struct api_token token = {.slot = (uint32_t)(reply->request >> 32),
				  .generation = (uint32_t)reply->request};

	assert_thread(THREAD_CONTROL);
	if (gate->api == NULL) { /* closing */
		json_decref(result);
		return;
	}
	if (r == 0) {
		api_reply(gate->api, token, reply->ok_status, result);
		return;
	}
	json_decref(result);
	api_refuse(gate->api, token, r, problem);
}

struct reply gate_api_reply(struct gate *gate, struct api_token token, unsigned ok_status)
{
	return (struct reply){.answer = answer_request,
			      .owner = gate,
			      .request = (uint64_t)token.slot << 32 | token.generation,
			      .ok_status = ok_status};
}

/* ---- status ---- */

static json_t *storage_json(struct gate *gate)
{
	if (journal_store(gate->journal) == NULL)
		return json_pack("{s:s}", "state", "failed");
	return json_pack("{s:s, s:s, s:o*, s:I, s:I, s:b}", "state",
			 journal_trouble(gate->journal)[0] != '\0'      ? "failed"
			 : store_is_ready(journal_store(gate->journal)) ? "ok"
									: "opening",
			 "reason", journal_trouble(gate->journal), "problem",
			 problem_json(journal_problem(gate->journal)), "last_seq",
			 (json_int_t)store_last_seq(journal_store(gate->journal)), "pending",
			 (json_int_t)store_pending(journal_store(gate->journal)), "slow",
			 entry_storage_is_slow(gate->entry));
}

static json_t *op_status(void *arg)
{
	struct gate *gate = arg;

	return json_pack("{s:s, s:s, s:s, s:I, s:o, s:o, s:o, s:o, s:o, s:I, s:b}", "site",
			 gate->config->site, "gate", gate->config->gate, "version", GH_VERSION,
			 "uptime_s", (json_int_t)((clock_mono_us() - gate->started_us) / 1000000),
			 "doors", doors_json(gate->doors), "cameras",
			 gate->cameras != NULL ? cameras_json(gate->cameras, true) : json_array(),
			 "storage", storage_json(gate), "evidence",
			 gate->evidence != NULL ? evidence_json(gate->evidence) : json_null(),
			 "mqtt", property_json(gate->property), "people",
			 (json_int_t)roster_count(people_directory(gate->people)->people), "fire",
			 doors_fire(gate->doors));
}

/* ---- doors ---- */

static json_t *op_doors(void *arg)
{
	struct gate *gate = arg;

	return doors_json(gate->doors);
}

static json_t *op_board(void *arg)
{
	struct gate *gate = arg;

	return doors_board_json(gate->doors);
}

static int op_board_drive(void *arg, const char *line, enum api_level level)
{
	static const enum board_level levels[] = {[API_LEVEL_INACTIVE] = BOARD_INACTIVE,
						  [API_LEVEL_ACTIVE] = BOARD_ACTIVE,
						  [API_LEVEL_UNKNOWN] = BOARD_UNKNOWN};
	struct gate *gate = arg;

	return doors_board_drive(gate->doors, line, levels[level]);
}

/* @return the index of the door, or -1: the request was refused */
static int find_door(struct gate *gate, struct api_token token, const char *name)
{
	struct problem problem;
	int door = doors_find(gate->doors, name);

	if (door >= 0)
		return door;
	api_refuse(gate->api, token, problem_door_not_here(&problem, name), &problem);
	return -1;
}

static void op_door_open(void *arg, struct api_token token, const struct api_caller *by,
			 const char *name)
{
	struct gate *gate = arg;
	int door = find_door(gate, token, name);
	struct entry_presentation presentation = {.factor = POLICY_REMOTE,
						  .first_mono_us = clock_mono_us(),
						  .reply = gate_api_reply(gate, token, 200)};

	if (door < 0)
		return;
	presentation.door = (unsigned)door;
	presentation.data = json_pack("{s:s}", "by", by->name);
	entry_present(gate->entry, &presentation);
}

static void op_door_mode(void *arg, struct api_token token, const struct api_caller *by,
			 const char *name, const char *mode)
{
	struct gate *gate = arg;
	bool all = strcmp(name, API_EVERY_DOOR) == 0;
	int door = all ? 0 : find_door(gate, token, name);
	const struct reply reply = gate_api_reply(gate, token, 200);

	if (all)
		doors_order_mode_all(gate->doors, mode, json_pack("{s:s}", "by", by->name), &reply);
	else if (door >= 0)
		doors_order_mode(gate->doors, (unsigned)door, mode,
				 json_pack("{s:s}", "by", by->name), &reply);
}

/* ---- cameras ---- */

static void op_face_report(void *arg, struct api_token token)
{
	struct problem problem;
	struct gate *gate = arg;
	const struct reply reply = gate_api_reply(gate, token, 200);

	if (gate->cameras != NULL)
		cameras_report(gate->cameras, &reply);
	else
		reply_refuse(&reply, problem_faces_not_ready(&problem), &problem);
}

static int op_camera(void *arg, const char *name, struct api_camera *ret_camera)
{
	struct gate *gate = arg;

	return gate->cameras != NULL
		       ? cameras_find(gate->cameras, name, &ret_camera->live, &ret_camera->mask)
		       : -ENOENT;
}

static struct video_frame *op_newest_frame(void *arg, const char *name)
{
	struct gate *gate = arg;

	return gate->cameras != NULL ? cameras_newest_frame(gate->cameras, name) : NULL;
}

static json_t *op_readers(void *arg)
{
	struct gate *gate = arg;

	return gate->readers != NULL ? readers_json(gate->readers) : json_array();
}

static int op_swipe(void *arg, const char *reader, const char *code)
{
	struct gate *gate = arg;

	return gate->readers != NULL ? readers_swipe(gate->readers, reader, code) : -ENOENT;
}

static int op_type(void *arg, const char *reader, const char *keys)
{
	struct gate *gate = arg;

	return gate->readers != NULL ? readers_type(gate->readers, reader, keys) : -ENOENT;
}

static void op_fire_reset(void *arg, struct api_token token, const struct api_caller *by)
{
	struct problem problem;
	struct gate *gate = arg;
	int r = doors_fire_reset(gate->doors, by->name);

	if (r == -ENOENT)
		api_refuse(gate->api, token, problem_no_fire(&problem), &problem);
	else if (r < 0)
		api_refuse(gate->api, token, problem_fire_still_called(&problem), &problem);
	else
		api_reply(gate->api, token, 204, NULL);
}

static void op_evidence_viewed(void *arg, const struct api_caller *by, const char *file)
{
	struct gate *gate = arg;

	journal_record(gate->journal, "operator.act", EVENT_INFO, NULL, NULL,
		       json_pack("{s:s, s:s, s:s, s:s}", "act", "evidence.view", "file", file, "by",
				 by->name, "role", by->role_name));
}

/* Record an event, with records of the API if there are any. */
static int op_save_records(void *arg, const struct store_record *records, size_t count,
			   const struct event_draft *draft, store_done_fn done, void *done_arg)
{
	struct gate *gate = arg;

	if (count == 0)
		return journal_record_draft(gate->journal, draft, done, done_arg);
	if (journal_store(gate->journal) == NULL || journal_trouble(gate->journal)[0] != '\0')
		return -EIO; /* while the disk fails, a change would wait without a limit */
	return store_records_write(journal_store(gate->journal), records, count, draft, done,
				   done_arg);
}

void gate_api_load(struct gate *gate, const char *kind, const char *id, json_t *json)
{
	if (gate->api != NULL)
		api_load_record(gate->api, kind, id, json);
}

static const struct api_ops ops = {
	.status = op_status,
	.doors = op_doors,
	.board = op_board,
	.board_drive = op_board_drive,
	.readers = op_readers,
	.board_swipe = op_swipe,
	.board_type = op_type,
	.people_list = gate_op_people_list,
	.person_add = gate_op_person_add,
	.person_get = gate_op_person_get,
	.person_remove = gate_op_person_remove,
	.faces_list = gate_op_faces_list,
	.face_remove = gate_op_face_remove,
	.faces_remove = gate_op_faces_remove,
	.consent_changed = gate_op_consent_changed,
	.enrol = gate_op_enrol,
	.access = &gate_access_ops,
	.face_report = op_face_report,
	.door_open = op_door_open,
	.door_mode = op_door_mode,
	.fire_reset = op_fire_reset,
	.events = gate_log_events,
	.audit_verify = gate_log_verify,
	.audit_progress = gate_log_progress,
	.report = gate_log_report,
	.copies = gate_log_copies,
	.camera = op_camera,
	.newest_frame = op_newest_frame,
	.figures = gate_log_figures,
	.save_records = op_save_records,
	.evidence_viewed = op_evidence_viewed,
};

/* ---- in the loop ---- */

static void arm(struct gate *gate)
{
	uint64_t due_ms = api_deadline_ms(gate->api);

	if (due_ms == UINT64_MAX) {
		sd_event_source_set_enabled(gate->api_timer, SD_EVENT_OFF);
		return;
	}
	sd_event_source_set_time(gate->api_timer, due_ms * 1000);
	sd_event_source_set_enabled(gate->api_timer, SD_EVENT_ONESHOT);
}

static int on_io(sd_event_source *source, int fd, uint32_t revents, void *arg)
{
	struct gate *gate = arg;

	(void)source, (void)fd, (void)revents;
	api_dispatch(gate->api);
	return 0;
}

static int on_time(sd_event_source *source, uint64_t usec, void *arg)
{
	(void)usec;
	return on_io(source, -1, 0, arg);
}

/* an answer may change the deadline at any time, so the timer is set before each wait */
static int on_prepare(sd_event_source *source, void *arg)
{
	(void)source;
	arm(arg);
	return 0;
}

int gate_api_open(struct gate *gate)
{
	const struct config_api *from = &gate->config->api;
	const struct api_config config = {.socket_path = from->socket,
					  .listen = from->listen,
					  .cert_file = from->cert_file,
					  .key_file = from->key_file,
					  .session_hours = SESSION_HOURS,
					  .session_idle_min = from->session_idle_min,
					  .site = gate->config->site,
					  .console_dir = from->console_dir,
					  .evidence_dir = gate->config->evidence.dir,
					  .state_dir = gate->config->state_dir};
	char error[GATE_ERROR_BYTES];
	int r;

	r = api_open(&config, &ops, gate, &gate->api, error, sizeof(error));
	if (r < 0) {
		log_error("api", "%s; the doors work without it", error);
		return r;
	}
	r = sd_event_add_io(gate->event, &gate->api_source, api_fd(gate->api), EPOLLIN, on_io,
			    gate);
	if (r >= 0)
		r = sd_event_add_time(gate->event, &gate->api_timer, CLOCK_MONOTONIC, UINT64_MAX,
				      1000, on_time, gate);
	if (r >= 0)
		r = sd_event_source_set_prepare(gate->api_source, on_prepare);
	return r;
}

void gate_api_close(struct gate *gate)
{
	gate->api_timer = sd_event_source_disable_unref(gate->api_timer);
	gate->api_source = sd_event_source_disable_unref(gate->api_source);
	api_close(gate->api);
	gate->api = NULL;
}
