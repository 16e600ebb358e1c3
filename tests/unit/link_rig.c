#include "link_rig.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/unconst.h"
#include "mqtt/command.h"

/* ---- processes ---- */

static pid_t start(int output, const char *const *argv)
{
	pid_t child = fork();

	assert_true(child >= 0);
	if (child > 0)
		return child;
	prctl(PR_SET_PDEATHSIG, SIGKILL); /* no broker outlives a test that was killed */
	dup2(output, STDOUT_FILENO);
	dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
	execvp(argv[0], unconst(argv));
	_exit(127);
}

void rig_finish(pid_t *child, int number)
{
	if (*child <= 0)
		return;
	kill(*child, number);
	waitpid(*child, NULL, 0);
	*child = 0;
}

void rig_run(const char *const *argv)
{
	int status, null = open("/dev/null", O_WRONLY);
	pid_t child = start(null, argv);

	close(null);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

unsigned rig_free_port(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t bytes = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &bytes), 0);
	close(fd);
	return ntohs(address.sin_port);
}

void rig_write_config(const struct rig *rig, const char *more)
{
	char path[96];
	FILE *file;

	snprintf(path, sizeof(path), "%s/broker.conf", rig->folder);
	file = fopen(path, "w");
	assert_non_null(file);
	fprintf(file, "listener %u 127.0.0.1\nallow_anonymous true\nuser root\n%s", rig->port,
		more);
	fclose(file);
}

void rig_start_broker(struct rig *rig)
{
	char path[96];
	const char *const argv[] = {RIG_BROKER, "-c", path, NULL};
	int null = open("/dev/null", O_WRONLY);

	snprintf(path, sizeof(path), "%s/broker.conf", rig->folder);
	rig->broker = start(null, argv);
	close(null);
}

/* ---- the turn of the loop ---- */

void rig_pump(struct rig *rig)
{
	char json[64];

	while (link_is_up(rig->link) && outbox_room(&rig->outbox, rig->rows) > 0) {
		int64_t seq = rig->outbox.sent + 1;

		snprintf(json, sizeof(json), "{\"seq\":%lld}", (long long)seq);
		if (link_publish_event(rig->link, seq, "test", json) < 0)
			return;
		assert_int_equal(outbox_sent(&rig->outbox, seq), 0);
	}
}

static void on_connected(void *arg, bool up, const struct problem *reason)
{
	struct rig *rig = arg;

	assert_int_equal(reason->code == PROBLEM_NONE, up);
	outbox_rewind(&rig->outbox);
	if (up) {
		rig->ups++;
		return;
	}
	rig->downs++;
	rig->last_pause_ms = link_deadline_ms(rig->link) - clock_mono_ms();
	if (rig->removing) {
		rig->removing = false;
		assert_int_equal(link_publish_state(rig->link, "door", "old", NULL), 0);
	}
}

static void on_acked(void *arg, int64_t seq)
{
	struct rig *rig = arg;

	rig->acks++;
	outbox_acked(&rig->outbox, seq);
}

static void on_command(void *arg, const struct link_command *command)
{
	struct rig *rig = arg;
	json_t *reply;

	rig->commands++;
	snprintf(rig->name, sizeof(rig->name), "%s", command->name);
	snprintf(rig->answer, sizeof(rig->answer), "%s",
		 command->answer_topic != NULL ? command->answer_topic : "");
	snprintf(rig->correlation, sizeof(rig->correlation), "%.*s",
		 (int)command->correlation_bytes,
		 command->correlation_bytes > 0 ? (const char *)command->correlation : "");
	rig->had_payload = command->payload != NULL;
	rig->command_bytes = command->bytes;
	snprintf(rig->payload, sizeof(rig->payload), "%.*s",
		 rig->had_payload ? (int)command->bytes : 0,
		 rig->had_payload ? command->payload : "");
	if (!rig->replying || command->answer_topic == NULL)
		return;
	reply = command_reply_ok("c-1", NULL);
	link_reply(rig->link, command->answer_topic, command->correlation,
		   command->correlation_bytes, reply);
	json_decref(reply);
}

void rig_open_link(struct rig *rig)
{
	static const struct link_ops ops = {
		.connected = on_connected, .acked = on_acked, .command = on_command};
	const struct link_broker ours = {"127.0.0.1", rig->port},
				 first = {"127.0.0.1", rig->first_port};
	const struct link_config config = {.brokers = {rig->first_port != 0 ? first : ours, ours},
					   .broker_count = rig->first_port != 0 ? 2 : 1,
					   .ca_file = rig->tls ? rig->ca : "",
					   .site = "s",
					   .gate = "g",
					   .version = "9.9",
					   .keepalive_s = 30,
					   .window = RIG_WINDOW,
					   .reconnect_min_ms = 10,
					   .reconnect_max_ms = 2000};

	assert_int_equal(link_open(&config, &ops, rig, &rig->link), 0);
}

static void read_watcher(struct rig *rig)
{
	ssize_t got = read(rig->watch_fd, rig->seen + rig->seen_bytes,
			   RIG_SEEN_BYTES - 1 - rig->seen_bytes);

	assert_true(got >= 0);
	rig->seen_bytes += (size_t)got;
	rig->seen[rig->seen_bytes] = '\0';
}

void rig_turn(struct rig *rig)
{
	struct pollfd ready[2] = {{.fd = -1}, {.fd = -1}};
	uint64_t now_ms = clock_mono_ms(), due_ms = UINT64_MAX;
	int wait_ms = 100;

	if (rig->link != NULL) {
		ready[0] = (struct pollfd){.fd = link_fd(rig->link), .events = POLLIN};
		due_ms = link_deadline_ms(rig->link);
	}
	if (rig->watcher > 0)
		ready[1] = (struct pollfd){.fd = rig->watch_fd, .events = POLLIN};
	if (due_ms <= now_ms)
		wait_ms = 0;
	else if (due_ms - now_ms < (uint64_t)wait_ms)
		wait_ms = (int)(due_ms - now_ms);
	poll(ready, 2, wait_ms);
	if (ready[1].revents != 0)
		read_watcher(rig);
	if (rig->link == NULL ||
	    (ready[0].revents == 0 && clock_mono_ms() < link_deadline_ms(rig->link)))
		return;
	link_dispatch(rig->link);
	rig_pump(rig);
}

bool rig_saw(const struct rig *rig, const char *text)
{
	return strstr(rig->seen, text) != NULL;
}

void rig_watch(struct rig *rig)
{
	char port[16];
	int ends[2];
	const char *const argv[] = {
		"mosquitto_sub", "-V", "5",      "-h", "127.0.0.1", "-p", port, "-q", "1", "-t",
		"gatehouse/#",   "-t", "desk/#", "-F", "%t|%D|%p",  NULL};

	snprintf(port, sizeof(port), "%u", rig->port);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	rig->seen_bytes = 0;
	rig->seen[0] = '\0';
	rig->watcher = start(ends[1], argv);
	rig->watch_fd = ends[0];
	close(ends[1]);
	UNTIL(rig, rig_saw(rig, "gatehouse/s/g/status|"));
}

void rig_unwatch(struct rig *rig)
{
	if (rig->watcher <= 0)
		return;
	rig_finish(&rig->watcher, SIGKILL);
	close(rig->watch_fd);
}

void rig_cut(const struct rig *rig)
{
	char port[16];
	const char *const argv[] = {
		"mosquitto_pub", "-V", "5",        "-h", "127.0.0.1", "-p", port, "-i",
		"gatehouse-s-g", "-t", "desk/cut", "-m", "x",         NULL};

	snprintf(port, sizeof(port), "%u", rig->port);
	rig_run(argv);
}

void rig_send_command(const struct rig *rig, const char *name, const char *answer, const char *file)
{
	char port[16], topic[128];
	const char *argv[24] = {
		"mosquitto_pub", "-V", "5", "-h", "127.0.0.1", "-p", port, "-q", "1", "-t",
		topic,           "-f", file};
	size_t n = 13;

	snprintf(port, sizeof(port), "%u", rig->port);
	snprintf(topic, sizeof(topic), "gatehouse/s/g/cmd/%s", name);
	if (answer != NULL) {
		const char *const more[] = {"-D", "publish", "response-topic",   answer,
					    "-D", "publish", "correlation-data", "k-1"};

		memcpy(argv + n, more, sizeof(more));
		n += sizeof(more) / sizeof(more[0]);
	}
	if (rig->tls) {
		argv[n++] = "--cafile";
		argv[n++] = rig->ca;
	}
	rig_run(argv);
}

void rig_make_payload(const struct rig *rig, size_t bytes, char *path)
{
	FILE *file;

	snprintf(path, RIG_PATH_BYTES, "%s/payload", rig->folder);
	file = fopen(path, "w");
	assert_non_null(file);
	for (size_t i = 0; i < bytes; i++)
		putc('x', file);
	fclose(file);
}

void rig_make_certificate(const struct rig *rig, const char *name)
{
	char key[96], cert[96];
	const char *const argv[] = {"openssl",
				    "req",
				    "-x509",
				    "-newkey",
				    "ec",
				    "-pkeyopt",
				    "ec_paramgen_curve:P-256",
				    "-nodes",
				    "-keyout",
				    key,
				    "-out",
				    cert,
				    "-days",
				    "2",
				    "-subj",
				    "/CN=broker",
				    "-addext",
				    "subjectAltName=IP:127.0.0.1",
				    NULL};

	snprintf(key, sizeof(key), "%s/%s.key", rig->folder, name);
	snprintf(cert, sizeof(cert), "%s/%s.pem", rig->folder, name);
	rig_run(argv);
}
