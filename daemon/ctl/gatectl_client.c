/* The HTTP side of gatectl: libcurl over the Unix socket. */
#include "gatectl.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	CONNECT_TIMEOUT_S = 5,
	REQUEST_TIMEOUT_S = 120,
	AGAIN_S = 2,
	STREAM_LINE_BYTES_MAX = 4 << 20
};

struct buffer {
	char *text;
	size_t bytes;
};

static size_t collect(char *data, size_t size, size_t count, void *arg)
{
	struct buffer *buffer = arg;
	size_t bytes = size * count;
	char *grown;

	if (bytes > CTL_REPLY_BYTES_MAX - buffer->bytes)
		return 0; /* curl ends the transfer */
	grown = realloc(buffer->text, buffer->bytes + bytes + 1);
	if (grown == NULL)
		return 0;
	memcpy(grown + buffer->bytes, data, bytes);
	buffer->text = grown;
	buffer->bytes += bytes;
	grown[buffer->bytes] = '\0';
	return bytes;
}

static CURL *prepare(const struct ctl *ctl, const char *path)
{
	char url[CTL_URL_BYTES];
	CURL *curl = curl_easy_init();

	if (curl == NULL ||
	    snprintf(url, sizeof(url), "http://localhost/api/v1/%s", path) >= (int)sizeof(url)) {
		fprintf(stderr, "gatectl: the request is too long\n");
		curl_easy_cleanup(curl);
		return NULL;
	}
	curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, ctl->socket);
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_TIMEOUT_S);
	return curl;
}

static int tell_unreachable(const struct ctl *ctl, CURLcode code)
{
	long os_errno = errno;

	if (code == CURLE_COULDNT_CONNECT && os_errno == EACCES)
		fprintf(stderr, "gatectl: %s may not be opened by you: are you in its group?\n",
			ctl->socket);
	else if (code == CURLE_COULDNT_CONNECT)
		fprintf(stderr,
			"gatectl: no daemon at %s: is gatehoused running? (systemctl status "
			"gatehoused)\n",
			ctl->socket);
	else
		fprintf(stderr, "gatectl: the daemon at %s does not answer: %s\n", ctl->socket,
			curl_easy_strerror(code));
	return CTL_NO_DAEMON;
}

static void tell_problem(long status, const struct buffer *reply)
{
	json_t *problem = json_loadb(reply->text != NULL ? reply->text : "", reply->bytes, 0, NULL);

	fputs("gatectl: ", stderr);
	ctl_print_text(stderr, ctl_text(problem, "detail", "refused"));
	fprintf(stderr, " (%ld)\n", status);
	json_decref(problem);
}

/* Runs the transfer; @p reply is what came. */
static int perform(const struct ctl *ctl, CURL *curl, const struct buffer *reply)
{
	long status = 0;
	CURLcode code;

	errno = 0;
	code = curl_easy_perform(curl);
	if (code != CURLE_OK)
		return tell_unreachable(ctl, code);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	if (status >= 200 && status < 300)
		return CTL_OK;
	tell_problem(status, reply);
	return CTL_REFUSED;
}

static int take_reply(const struct buffer *buffer, json_t **ret_reply)
{
	json_t *reply = NULL;

	if (buffer->bytes > 0) {
		reply = json_loadb(buffer->text, buffer->bytes, 0, NULL);
		if (reply == NULL) {
			fprintf(stderr, "gatectl: the daemon's answer is not JSON\n");
			return CTL_REFUSED;
		}
	}
	if (ret_reply != NULL)
		*ret_reply = reply;
	else
		json_decref(reply);
	return CTL_OK;
}

int ctl_request(const struct ctl *ctl, const char *method, const char *path, const void *body,
		size_t bytes, const char *type, json_t **ret_reply)
{
	struct curl_slist *headers = NULL;
	struct buffer reply = {0};
	char content_type[96];
	CURL *curl = prepare(ctl, path);
	int r;

	if (curl == NULL)
		return CTL_USAGE;
	snprintf(content_type, sizeof(content_type), "Content-Type: %s",
		 type != NULL ? type : "application/json");
	headers = curl_slist_append(headers, content_type);
	headers = curl_slist_append(headers, "Expect:");
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)REQUEST_TIMEOUT_S);
	if (body != NULL || strcmp(method, "POST") == 0) {
		curl_easy_setopt(curl, CURLOPT_POST, 1L);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body != NULL ? body : "");
		curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)bytes);
	}
	if (strcmp(method, "GET") != 0 && strcmp(method, "POST") != 0)
		curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, collect);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, &reply);
	r = perform(ctl, curl, &reply);
	if (r == CTL_OK)
		r = take_reply(&reply, ret_reply);
	curl_slist_free_all(headers);
	curl_easy_cleanup(curl);
	free(reply.text);
	return r;
}

int ctl_get(const struct ctl *ctl, const char *path, json_t **ret_reply)
{
	return ctl_request(ctl, "GET", path, NULL, 0, NULL, ret_reply);
}

static int send_json(const struct ctl *ctl, const char *method, const char *path, json_t *body,
		     json_t **ret_reply)
{
	char *text = body != NULL ? json_dumps(body, JSON_COMPACT) : NULL;
	int r = ctl_request(ctl, method, path, text, text != NULL ? strlen(text) : 0, NULL,
			    ret_reply);

	free(text);
	json_decref(body);
	return r;
}

int ctl_post(const struct ctl *ctl, const char *path, json_t *body, json_t **ret_reply)
{
	return send_json(ctl, "POST", path, body, ret_reply);
}

int ctl_patch(const struct ctl *ctl, const char *path, json_t *body, json_t **ret_reply)
{
	return send_json(ctl, "PATCH", path, body, ret_reply);
}

struct download {
	CURL *curl;
	FILE *out;
	struct buffer refusal;
};

static size_t write_out(char *data, size_t size, size_t count, void *arg)
{
	struct download *download = arg;
	long status = 0;

	curl_easy_getinfo(download->curl, CURLINFO_RESPONSE_CODE, &status);
	if (status != 200)
		return collect(data, size, count, &download->refusal);
	return fwrite(data, size, count, download->out) * size;
}

int ctl_download(const struct ctl *ctl, const char *path, FILE *out)
{
	struct download download = {.curl = prepare(ctl, path), .out = out};
	int r;

	if (download.curl == NULL)
		return CTL_USAGE;
	curl_easy_setopt(download.curl, CURLOPT_WRITEFUNCTION, write_out);
	curl_easy_setopt(download.curl, CURLOPT_WRITEDATA, &download);
	r = perform(ctl, download.curl, &download.refusal);
	if (r == CTL_OK && fflush(out) != 0) {
		perror("gatectl");
		r = CTL_REFUSED;
	}
	curl_easy_cleanup(download.curl);
	free(download.refusal.text);
	return r;
}

struct listener {
	CURL *curl;
	struct buffer line, refusal;
	char last_id[32];
	bool (*on_value)(void *arg, const json_t *value);
	void *arg;
	bool heard, done;
};

static void take_line(struct listener *listener, const char *line)
{
	json_t *value;

	if (strncmp(line, "id: ", 4) == 0)
		snprintf(listener->last_id, sizeof(listener->last_id), "%s", line + 4);
	if (strncmp(line, "data: ", 6) != 0)
		return;
	value = json_loads(line + 6, 0, NULL);
	if (value != NULL && !listener->on_value(listener->arg, value))
		listener->done = true;
	json_decref(value);
}

static size_t take_stream(char *data, size_t size, size_t count, void *arg)
{
	struct listener *listener = arg;
	long status = 0;

	curl_easy_getinfo(listener->curl, CURLINFO_RESPONSE_CODE, &status);
	if (status != 200)
		return collect(data, size, count, &listener->refusal);
	listener->heard = true;
	for (size_t i = 0; i < size * count && !listener->done; i++) {
		char byte = data[i];

		if (byte != '\n') {
			if (listener->line.bytes > STREAM_LINE_BYTES_MAX ||
			    collect(&byte, 1, 1, &listener->line) == 0)
				return 0;
			continue;
		}
		if (listener->line.bytes > 0)
			take_line(listener, listener->line.text);
		listener->line.bytes = 0;
	}
	return listener->done ? 0 : size * count;
}

/* One connection, until it ends. */
static int listen_once(const struct ctl *ctl, struct listener *listener, const char *path)
{
	struct curl_slist *headers = NULL;
	char resume[64];
	CURLcode code;
	long status = 0;
	int r = CTL_OK;

	listener->curl = prepare(ctl, path);
	if (listener->curl == NULL)
		return CTL_USAGE;
	if (listener->last_id[0] != '\0') {
		snprintf(resume, sizeof(resume), "Last-Event-ID: %s", listener->last_id);
		headers = curl_slist_append(headers, resume);
	}
	curl_easy_setopt(listener->curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(listener->curl, CURLOPT_WRITEFUNCTION, take_stream);
	curl_easy_setopt(listener->curl, CURLOPT_WRITEDATA, listener);
	errno = 0;
	code = curl_easy_perform(listener->curl);
	curl_easy_getinfo(listener->curl, CURLINFO_RESPONSE_CODE, &status);
	if (status >= 400) {
		tell_problem(status, &listener->refusal);
		r = CTL_REFUSED;
	} else if (!listener->heard) {
		r = tell_unreachable(ctl, code);
	}
	curl_slist_free_all(headers);
	curl_easy_cleanup(listener->curl);
	return r;
}

int ctl_stream(const struct ctl *ctl, const char *path,
	       bool (*on_value)(void *arg, const json_t *value), void *arg)
{
	struct listener listener = {.on_value = on_value, .arg = arg};
	struct timespec pause = {.tv_sec = AGAIN_S};
	int r = CTL_OK;

	while (r == CTL_OK && !listener.done) {
		r = listen_once(ctl, &listener, path);
		if (r == CTL_OK && !listener.done) {
			fprintf(stderr, "gatectl: the daemon went away, trying again\n");
			nanosleep(&pause, NULL);
		}
		listener.line.bytes = 0;
	}
	free(listener.line.text);
	free(listener.refusal.text);
	return r;
}

const char *ctl_escape(const char *word)
{
	static char buffers[4][CTL_URL_BYTES];
	static unsigned turn;
	char *out = buffers[turn++ % 4], *at = out;

	for (; *word != '\0' && at < out + CTL_URL_BYTES - 4; word++) {
		bool plain =
			strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-",
			       *word) != NULL;

		at += sprintf(at, plain ? "%c" : "%%%02X", (unsigned char)*word);
	}
	*at = '\0';
	return out;
}
