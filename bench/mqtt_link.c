/*
 * mqtt_link.c - events a second that a local broker acknowledges to link and outbox, rows coming
 * from memory, beside mosquitto_pub sending the same lines to the same broker.
 *
 * Rounds alternate, the median counts. The peer's time holds its start and its connecting; both are
 * small against a round. The broker is our own, on a free loopback port, with nothing configured
 * beyond that.
 *   bench_mqtt [EVENTS [WINDOW]]   a round (without: 20000), in flight at once (without: 64)
 */
#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/unconst.h"
#include "mqtt/link.h"
#include "mqtt/outbox.h"

enum { ROUNDS = 5, EVENTS = 20000, WINDOW = 64, LIMIT_S = 300 };

/* the size of an entry as the daemon sends it */
static const char row_format[] =
	"{\"seq\":%lld,\"id\":\"01KAJ5Q0000000000000000000\",\"time\":\"2026-11-21T04:05:06.789Z\","
	"\"type\":\"access.granted\",\"severity\":\"info\",\"source\":\"door/main\","
	"\"person\":\"01KAJ5Q0000000000000000001\",\"data\":{\"door\":\"main\",\"factor\":\"face\","
	"\"v\":1}}";

struct bench {
	char folder[64];
	unsigned port, window;
	pid_t broker;
	struct link *link;
	struct outbox outbox;
	int64_t last_seq;
};

static struct bench bench;

static void die(const char *what)
{
	fprintf(stderr, "bench_mqtt: %s\n", what);
	exit(1);
}

static void clean_up(void)
{
	char path[96];

	link_close(bench.link);
	if (bench.broker > 0) {
		kill(bench.broker, SIGTERM);
		waitpid(bench.broker, NULL, 0);
	}
	snprintf(path, sizeof(path), "%s/broker.conf", bench.folder);
	unlink(path);
	snprintf(path, sizeof(path), "%s/lines", bench.folder);
	unlink(path);
	rmdir(bench.folder);
}

static unsigned free_port(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t bytes = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &bytes) < 0)
		die("there is no free port");
	close(fd);
	return ntohs(address.sin_port);
}

static pid_t start(const char *const *argv, const char *input)
{
	pid_t child = fork();

	if (child < 0)
		die("no child process can be started");
	if (child > 0)
		return child;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (freopen(input, "r", stdin) == NULL || freopen("/dev/null", "w", stderr) == NULL)
		_exit(127);
	execvp(argv[0], unconst(argv));
	_exit(127);
}

static void start_broker(void)
{
	char path[96];
	const char *const argv[] = {"/usr/sbin/mosquitto", "-c", path, NULL};
	FILE *file;

	snprintf(path, sizeof(path), "%s/broker.conf", bench.folder);
	file = fopen(path, "we");
	if (file == NULL)
		die("the broker's configuration cannot be written");
	fprintf(file, "listener %u 127.0.0.1\nallow_anonymous true\n", bench.port);
	if (fclose(file) != 0)
		die("the broker's configuration cannot be written");
	bench.broker = start(argv, "/dev/null");
}

static void pump(void)
{
	char json[512];

	while (outbox_room(&bench.outbox, bench.last_seq) > 0) {
		int64_t seq = bench.outbox.sent + 1;

		snprintf(json, sizeof(json), row_format, (long long)seq);
		if (link_publish_event(bench.link, seq, "access.granted", json) < 0 ||
		    outbox_sent(&bench.outbox, seq) < 0)
			return;
	}
}

static void on_connected(void *arg, bool up, const struct problem *reason)
{
	(void)arg, (void)up, (void)reason;
	outbox_rewind(&bench.outbox);
}

static void on_acked(void *arg, int64_t seq)
{
	(void)arg;
	outbox_acked(&bench.outbox, seq);
}

static void on_command(void *arg, const struct link_command *command)
{
	(void)arg, (void)command;
}

static void turn(void)
{
	struct pollfd ready = {.fd = link_fd(bench.link), .events = POLLIN};
	uint64_t now_ms = clock_mono_ms(), due_ms = link_deadline_ms(bench.link);

	poll(&ready, 1,
	     due_ms <= now_ms         ? 0
	     : due_ms - now_ms < 1000 ? (int)(due_ms - now_ms)
				      : 1000);
	link_dispatch(bench.link);
	if (link_is_up(bench.link))
		pump();
}

static void connect_link(void)
{
	static const struct link_ops ops = {
		.connected = on_connected, .acked = on_acked, .command = on_command};
	const struct link_config config = {.brokers = {{"127.0.0.1", bench.port}},
					   .broker_count = 1,
					   .site = "bench",
					   .gate = "gate",
					   .version = GH_VERSION,
					   .keepalive_s = 60,
					   .window = bench.window,
					   .reconnect_min_ms = 20,
					   .reconnect_max_ms = 1000};

	if (link_open(&config, &ops, NULL, &bench.link) < 0)
		die("the link cannot be opened");
	while (!link_is_up(bench.link))
		turn();
}

static double our_round(int64_t events)
{
	uint64_t from_us = clock_mono_us();

	bench.last_seq = bench.outbox.cursor + events;
	pump();
	while (bench.outbox.cursor < bench.last_seq)
		turn();
	return (double)events * 1e6 / (double)(clock_mono_us() - from_us);
}

static double peer_round(int64_t events)
{
	char path[96], port[16];
	const char *const argv[] = {"mosquitto_pub",
				    "-V",
				    "5",
				    "-p",
				    port,
				    "-q",
				    "1",
				    "-t",
				    "gatehouse/bench/peer/event/access.granted",
				    "-l",
				    NULL};
	uint64_t from_us;
	int status;

	snprintf(path, sizeof(path), "%s/lines", bench.folder);
	snprintf(port, sizeof(port), "%u", bench.port);
	from_us = clock_mono_us();
	if (waitpid(start(argv, path), &status, 0) < 0 || status != 0)
		die("mosquitto_pub (package mosquitto-clients) failed");
	return (double)events * 1e6 / (double)(clock_mono_us() - from_us);
}

static void write_lines(int64_t events)
{
	char path[96];
	FILE *file;

	snprintf(path, sizeof(path), "%s/lines", bench.folder);
	file = fopen(path, "we");
	if (file == NULL)
		die("the peer's lines cannot be written");
	for (int64_t seq = 1; seq <= events; seq++) {
		fprintf(file, row_format, (long long)seq);
		putc('\n', file);
	}
	if (fclose(file) != 0)
		die("the peer's lines cannot be written");
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	long long events = argc > 1 ? atoll(argv[1]) : EVENTS,
		  window = argc > 2 ? atoll(argv[2]) : WINDOW;
	double ours[ROUNDS], peer[ROUNDS];

	if (events < 1 || events > 10000000 || window < 1 || window > OUTBOX_WINDOW_MAX)
		die("usage: bench_mqtt [EVENTS [WINDOW]]");
	if (access("/usr/sbin/mosquitto", X_OK) != 0)
		die("/usr/sbin/mosquitto is not installed");
	snprintf(bench.folder, sizeof(bench.folder), "/tmp/gatehouse-bench-XXXXXX");
	if (mkdtemp(bench.folder) == NULL)
		die("/tmp cannot be written");
	atexit(clean_up);
	bench.port = free_port();
	bench.window = (unsigned)window;
	outbox_init(&bench.outbox, 0, bench.window);
	write_lines(events);
	start_broker();
	alarm(LIMIT_S);
	connect_link();
	for (int i = 0; i < ROUNDS; i++) {
		ours[i] = our_round(events);
		peer[i] = peer_round(events);
	}
	qsort(ours, ROUNDS, sizeof(ours[0]), compare);
	qsort(peer, ROUNDS, sizeof(peer[0]), compare);
	printf("{\"bench\":\"mqtt\",\"case\":\"events_acked\",\"ours\":%.0f,\"peer\":%.0f,"
	       "\"peer_name\":\"mosquitto_pub -q 1 -l\",\"unit\":\"events/s\",\"ratio\":%.2f}\n",
	       ours[ROUNDS / 2], peer[ROUNDS / 2], ours[ROUNDS / 2] / peer[ROUNDS / 2]);
	return 0;
}
