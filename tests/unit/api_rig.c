#include "api_rig.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"

struct api *api;

static char dir[64], socket_path[80], error[256];

static void dispatch(void *arg)
{
	(void)arg;
	api_dispatch(api);
}

static int loop_fd(void *arg)
{
	(void)arg;
	return api_fd(api);
}

static uint64_t loop_deadline_ms(void *arg)
{
	(void)arg;
	return api_deadline_ms(api);
}

const struct client_loop loop = {
	.dispatch = dispatch, .fd = loop_fd, .deadline_ms = loop_deadline_ms};

static void put(const char *name, const char *text)
{
	char path[160];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "w");
	fputs(text, file);
	fclose(file);
}

int rig_setup(void **state)
{
	char console[96], evidence[96], path[160];
	struct api_config config = {.socket_path = socket_path,
				    .listen = "127.0.0.1:0",
				    .console_dir = console,
				    .evidence_dir = evidence,
				    .state_dir = dir,
				    .site = "hill-park",
				    .session_hours = 12,
				    .session_idle_min = 60};

	(void)state;
	memset(&gate, 0, sizeof(gate));
	strcpy(dir, "/tmp/gh-api-XXXXXX");
	assert_non_null(mkdtemp(dir));
	snprintf(socket_path, sizeof(socket_path), "%s/api.sock", dir);
	snprintf(console, sizeof(console), "%s/console", dir);
	snprintf(evidence, sizeof(evidence), "%s/evidence", dir);
	mkdir(console, 0700);
	mkdir(evidence, 0700);
	snprintf(path, sizeof(path), "%s/assets", console);
	mkdir(path, 0700);
	put("console/index.html", "<p>desk");
	put("console/assets/app.js", "let a;");
	put("console/.hidden", "no");
	put("evidence/clip.mp4", "0123456789");
	put("secret", "secret");
	snprintf(path, sizeof(path), "%s/evidence/link.mp4", dir);
	assert_int_equal(symlink("../secret", path), 0);
	assert_int_equal(api_open(&config, &rig_gate_ops, NULL, &api, error, sizeof(error)), 0);
	api_ready(api);
	gate.called[0] = '\0';
	return 0;
}

int rig_teardown(void **state)
{
	char command[96];

	(void)state;
	api_close(api);
	snprintf(command, sizeof(command), "rm -r %s", dir);
	return system(command);
}

const char *rig_socket(void)
{
	return socket_path;
}

const char *ask(const char *text)
{
	return client_ask(&loop, client_connect_tcp(api_port(api)), text);
}

const char *ask_socket(const char *text)
{
	return client_ask(&loop, client_connect_unix(socket_path), text);
}

/* "METHOD /path" with an optional JSON body, over the socket; the answer begins with the status. */
const char *request(const char *line, const char *body)
{
	char text[1024];
	const char *reply;

	snprintf(text, sizeof(text), "%s HTTP/1.1\r\nContent-Length: %zu\r\n" END "%s", line,
		 strlen(body), body);
	gate.called[0] = '\0';
	reply = ask_socket(text);
	return strncmp(reply, "HTTP/1.1 ", 9) == 0 ? reply + 9 : reply;
}

void assert_status(const char *reply, const char *status)
{
	if (strncmp(reply, status, strlen(status)) != 0)
		fail_msg("expected %s, got \"%.400s\"", status, reply);
}

int open_stream(const char *head)
{
	int fd = client_connect_unix(socket_path);

	client_send(&loop, fd, head, strlen(head));
	return fd;
}

void publish(int64_t seq)
{
	json_t *row = event(seq);

	gate.rows = seq;
	api_publish_event(api, seq, "door.mode", row);
	json_decref(row);
}
