/*
 * link_rig.h - a link, a real broker of its own on a free loopback port, and mosquitto_sub looking
 * on.
 */
#ifndef GH_TESTS_LINK_RIG_H
#define GH_TESTS_LINK_RIG_H

#include "unit.h"

#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "mqtt/link.h"
#include "mqtt/outbox.h"

enum { RIG_WINDOW = 64, RIG_SEEN_BYTES = 4 * 1024 * 1024, RIG_GIVE_UP_S = 60, RIG_PATH_BYTES = 96 };

#define RIG_BROKER "/usr/sbin/mosquitto"

struct rig {
	char folder[64], ca[96];
	unsigned port, first_port; /* first_port: where nobody serves, asked before; 0: none */
	bool tls;
	pid_t broker, watcher;
	int watch_fd;
	char *seen; /* what the watcher printed */
	size_t seen_bytes;
	struct link *link;
	struct outbox outbox;
	int64_t rows; /* the log's end */
	unsigned ups, downs, acks, commands;
	uint64_t last_pause_ms;
	char name[64], answer[128], correlation[64], payload[256];
	size_t command_bytes;
	bool had_payload, replying, removing;
};

void rig_run(const char *const *argv);
void rig_finish(pid_t *child, int number);
unsigned rig_free_port(void);

/** @p more is appended to the broker's own configuration. */
void rig_write_config(const struct rig *rig, const char *more);
void rig_start_broker(struct rig *rig);

/** NAME.pem, which vouches for itself, and NAME.key. */
void rig_make_certificate(const struct rig *rig, const char *name);

void rig_open_link(struct rig *rig);

/** Hands the link what its window and the broker take of the rows 1 to rig->rows. */
void rig_pump(struct rig *rig);

/** One turn: only what is ready or due is served, as sd-event does it. */
void rig_turn(struct rig *rig);

/** Looks on from now; returns once the retained status was seen. */
void rig_watch(struct rig *rig);
void rig_unwatch(struct rig *rig);
bool rig_saw(const struct rig *rig, const char *text);

/** Another client with our name: the broker throws ours out, itself lives on. */
void rig_cut(const struct rig *rig);

/** A file of @p bytes letters; its path into @p path, RIG_PATH_BYTES. */
void rig_make_payload(const struct rig *rig, size_t bytes, char *path);
void rig_send_command(const struct rig *rig, const char *name, const char *answer,
		      const char *file);

/* serves until CONDITION holds; SIGALRM ends a test that waits for ever */
#define UNTIL(rig, condition)                                                                      \
	for (alarm(RIG_GIVE_UP_S); !(condition); rig_turn(rig)) {                                  \
	}

#endif
