/* gatectl: events, evidence and the audit. */
#include "gatectl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/audit.h"

struct follower {
	const struct ctl *ctl;
	json_int_t last_seq;
};

static bool show_event(void *arg, const json_t *event)
{
	struct follower *follower = arg;
	char *data;

	follower->last_seq = json_integer_value(json_object_get(event, "seq"));
	if (follower->ctl->json) {
		json_dumpf(event, stdout, JSON_COMPACT); /* a line each, for pipes */
		putchar('\n');
		return fflush(stdout) == 0;
	}
	data = json_dumps(json_object_get(event, "data"), JSON_COMPACT);
	printf("%8lld  %s  %-7s  %-22s  ", (long long)follower->last_seq,
	       ctl_text(event, "time", "?"), ctl_text(event, "severity", "?"),
	       ctl_text(event, "type", "?"));
	ctl_print_text(stdout, ctl_text(event, "source", "-"));
	printf("  %s  ", ctl_text(event, "person", "-"));
	ctl_print_text(stdout, data != NULL ? data : "");
	putchar('\n');
	free(data);
	return fflush(stdout) == 0;
}

static int follow(struct follower *follower)
{
	const char *type = follower->ctl->type;
	char path[CTL_URL_BYTES + 64];

	snprintf(path, sizeof(path), "events/stream?after=%lld%s%s", (long long)follower->last_seq,
		 type != NULL ? "&type=" : "", type != NULL ? ctl_escape(type) : "");
	return ctl_stream(follower->ctl, path, show_event, follower);
}

int ctl_events(const struct ctl *ctl)
{
	struct follower follower = {.ctl = ctl};
	char path[CTL_URL_BYTES + 64];
	json_t *reply = NULL, *events;
	int r;

	snprintf(path, sizeof(path), "events?limit=%ld%s%s", ctl->limit > 0 ? ctl->limit : 20,
		 ctl->type != NULL ? "&type=" : "", ctl->type != NULL ? ctl_escape(ctl->type) : "");
	r = ctl_get(ctl, path, &reply);
	events = json_object_get(reply, "events");
	for (size_t i = json_array_size(events); r == CTL_OK && i > 0;
	     i--) /* the newest came first */
		(void)show_event(
			&follower,
			json_array_get(events, i - 1)); /* a closed pipe ends us by its signal */
	json_decref(reply);
	return r == CTL_OK && ctl->follow ? follow(&follower) : r;
}

int ctl_evidence_list(const struct ctl *ctl)
{
	static const struct ctl_column columns[] = {
		{"FILE", "name"}, {"BYTES", "bytes"}, {"MODIFIED", "modified"}, {0}};
	json_t *reply = NULL;
	char path[64];
	int r;

	snprintf(path, sizeof(path), "evidence?limit=%ld", ctl->limit > 0 ? ctl->limit : 100);
	r = ctl_get(ctl, path, &reply);
	if (r == CTL_OK)
		ctl_print_rows(ctl, json_object_get(reply, "files"), columns);
	json_decref(reply);
	return r;
}

int ctl_evidence_get(const struct ctl *ctl)
{
	const char *output = ctl->output != NULL ? ctl->output : ctl->words[0];
	bool to_stdout = strcmp(output, "-") == 0;
	char path[CTL_URL_BYTES + 16];
	FILE *out;
	int fd, r;

	if (ctl->output == NULL && strchr(output, '/') != NULL) {
		fprintf(stderr,
			"gatectl: %s: evidence has plain file names (gatectl evidence list)\n",
			output);
		return CTL_USAGE;
	}
	fd = to_stdout ? -1 : open(output, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	out = to_stdout ? stdout : fd >= 0 ? fdopen(fd, "wb") : NULL;
	if (out == NULL) {
		fprintf(stderr, "gatectl: %s: %s\n", output, strerror(errno));
		return CTL_REFUSED;
	}
	snprintf(path, sizeof(path), "evidence/%s", ctl_escape(ctl->words[0]));
	r = ctl_download(ctl, path, out);
	if (!to_stdout && fclose(out) != 0 && r == CTL_OK) {
		perror("gatectl");
		r = CTL_REFUSED;
	}
	if (r != CTL_OK && !to_stdout)
		unlink(output); /* half a file is no evidence */
	return r;
}

static int verify_file(const struct ctl *ctl)
{
	struct audit_result result = {0};
	int64_t next = 0;
	int r = audit_verify(ctl->db, ctl->key, ctl_audit_progress, &next, &result);

	if (r < 0) {
		fprintf(stderr, "gatectl: %s: %s\n", ctl->db,
			result.verdict.detail[0] != '\0' ? result.verdict.detail : strerror(-r));
		return CTL_REFUSED;
	}
	if (ctl->json) {
		json_t *reply = json_pack(
			"{s:b,s:I,s:I,s:s}", "ok", result.ok, "rows", (json_int_t)result.rows,
			"seq", (json_int_t)result.bad_seq, "reason", result.verdict.detail);

		ctl_print_json(reply);
		json_decref(reply);
	} else {
		printf("%s: %s\n", result.ok ? "good" : "NOT GOOD", result.verdict.detail);
	}
	return result.ok ? CTL_OK : CTL_REFUSED;
}

int ctl_audit_verify(const struct ctl *ctl)
{
	json_t *reply = NULL;
	bool ok;
	int r;

	if (ctl->db != NULL)
		return verify_file(ctl);
	r = ctl_post(ctl, "audit/verify", NULL, &reply);
	if (r != CTL_OK)
		return r;
	ok = json_is_true(json_object_get(reply, "ok"));
	if (ctl->json)
		ctl_print_json(reply);
	else
		printf("%s: %s\n", ok ? "good" : "NOT GOOD", ctl_text(reply, "reason", ""));
	json_decref(reply);
	return ok ? CTL_OK : CTL_REFUSED;
}
