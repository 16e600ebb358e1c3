/*
 * gatectl.h - what gatectl*.c share. A command returns the exit status and has written the reason
 * to stderr.
 */
#ifndef GH_CTL_GATECTL_H
#define GH_CTL_GATECTL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define CTL_SOCKET_DEFAULT "/run/gatehouse/api.sock"

enum ctl_exit { CTL_OK = 0, CTL_REFUSED = 1, CTL_USAGE = 2, CTL_NO_DAEMON = 3 };

enum { CTL_REPLY_BYTES_MAX = 64 << 20, CTL_URL_BYTES = 1024 };

struct ctl {
	const char *socket;
	bool json, follow;
	const char *from, *to, *type, *db, *output, *role, *key;
	long limit;   /* 0: the command's own */
	char **words; /* the command's, after its name */
	int word_count;
};

/**
 * One request. @p body NULL: none; @p type NULL: JSON.
 * @param ret_reply  the JSON that came, a new reference, NULL for none; may be NULL.
 * @return CTL_OK, or another exit status, having written one sentence to stderr.
 */
int ctl_request(const struct ctl *ctl, const char *method, const char *path, const void *body,
		size_t bytes, const char *type, json_t **ret_reply);
int ctl_get(const struct ctl *ctl, const char *path, json_t **ret_reply);
/** POST; owns @p body from now on. */
int ctl_post(const struct ctl *ctl, const char *path, json_t *body, json_t **ret_reply);
/** PATCH; owns @p body from now on. */
int ctl_patch(const struct ctl *ctl, const char *path, json_t *body, json_t **ret_reply);
/** The bytes of @p path into @p out. */
int ctl_download(const struct ctl *ctl, const char *path, FILE *out);
/**
 * Call @p on_value with each event of a stream until it returns false. Connects again when the
 * daemon restarts.
 */
int ctl_stream(const struct ctl *ctl, const char *path,
	       bool (*on_value)(void *arg, const json_t *value), void *arg);

/** @p word as one segment of a URL; static buffers in turn, four of them. */
const char *ctl_escape(const char *word);

struct ctl_column {
	const char *title, *key; /* the member shown */
};
/** Rows of objects as a table, columns ended by {0}; with --json the value itself. */
void ctl_print_rows(const struct ctl *ctl, const json_t *rows, const struct ctl_column *columns);
void ctl_print_json(const json_t *value);
/**
 * A string or number of the network: control characters shown as '?', so that no reply drives the
 * terminal.
 */
void ctl_print_text(FILE *out, const char *text);
const char *ctl_text(const json_t *object, const char *key, const char *otherwise);

int ctl_status(const struct ctl *ctl);
int ctl_person_add(const struct ctl *ctl);
int ctl_person_list(const struct ctl *ctl);
int ctl_person_remove(const struct ctl *ctl);
int ctl_person_faces(const struct ctl *ctl);
int ctl_person_face_remove(const struct ctl *ctl);
int ctl_person_copy(const struct ctl *ctl);
int ctl_person_access(const struct ctl *ctl);
int ctl_group_add(const struct ctl *ctl);
int ctl_group_list(const struct ctl *ctl);
int ctl_group_remove(const struct ctl *ctl);
int ctl_schedule_add(const struct ctl *ctl);
int ctl_schedule_list(const struct ctl *ctl);
int ctl_schedule_remove(const struct ctl *ctl);
int ctl_holiday_add(const struct ctl *ctl);
int ctl_holiday_list(const struct ctl *ctl);
int ctl_holiday_remove(const struct ctl *ctl);
int ctl_rule_add(const struct ctl *ctl);
int ctl_rule_list(const struct ctl *ctl);
int ctl_rule_remove(const struct ctl *ctl);
int ctl_area_add(const struct ctl *ctl);
int ctl_opening_add(const struct ctl *ctl);
int ctl_opening_list(const struct ctl *ctl);
int ctl_opening_remove(const struct ctl *ctl);
int ctl_config_new(const struct ctl *ctl);
int ctl_config_upgrade(const struct ctl *ctl);
int ctl_area_list(const struct ctl *ctl);
int ctl_area_remove(const struct ctl *ctl);
int ctl_area_reset(const struct ctl *ctl);
int ctl_credential_add(const struct ctl *ctl);
int ctl_credential_list(const struct ctl *ctl);
int ctl_credential_remove(const struct ctl *ctl);
int ctl_pass_create(const struct ctl *ctl);
int ctl_pass_list(const struct ctl *ctl);
int ctl_pass_code(const struct ctl *ctl);
int ctl_pass_revoke(const struct ctl *ctl);
int ctl_access_test(const struct ctl *ctl);
int ctl_access_requests(const struct ctl *ctl);
int ctl_access_answer(const struct ctl *ctl);
int ctl_explain(const struct ctl *ctl);
int ctl_face_report(const struct ctl *ctl);
int ctl_enrol(const struct ctl *ctl);
int ctl_door_open(const struct ctl *ctl);
int ctl_door_mode(const struct ctl *ctl);
int ctl_lockdown(const struct ctl *ctl);
int ctl_evacuate(const struct ctl *ctl);
int ctl_fire_reset(const struct ctl *ctl);
int ctl_door_list(const struct ctl *ctl);
int ctl_events(const struct ctl *ctl);
int ctl_evidence_list(const struct ctl *ctl);
int ctl_evidence_get(const struct ctl *ctl);
int ctl_evidence_verify(const struct ctl *ctl);
int ctl_evidence_key(const struct ctl *ctl);
int ctl_audit_verify(const struct ctl *ctl);
int ctl_audit_export(const struct ctl *ctl);
int ctl_backup(const struct ctl *ctl);
int ctl_restore(const struct ctl *ctl);
/** audit_progress_fn: a line at the terminal, if there is one; @p arg is an int64_t of 0. */
bool ctl_audit_progress(void *arg, int64_t rows, int64_t last_seq);
int ctl_board_list(const struct ctl *ctl);
int ctl_board_press(const struct ctl *ctl);
int ctl_board_release(const struct ctl *ctl);
int ctl_board_cut(const struct ctl *ctl);
int ctl_board_swipe(const struct ctl *ctl);
int ctl_board_type(const struct ctl *ctl);
int ctl_board_watch(const struct ctl *ctl);
int ctl_user_list(const struct ctl *ctl);
int ctl_user_add(const struct ctl *ctl);
int ctl_user_password(const struct ctl *ctl);
int ctl_user_role(const struct ctl *ctl);
int ctl_user_disable(const struct ctl *ctl);
int ctl_user_enable(const struct ctl *ctl);
int ctl_user_totp(const struct ctl *ctl);
int ctl_user_totp_off(const struct ctl *ctl);
int ctl_reader_list(const struct ctl *ctl);
int ctl_mqtt_keygen(const struct ctl *ctl);
int ctl_mqtt_sign(const struct ctl *ctl);

#endif
