/*
 * connect.h - one client of libmosquitto, made ready and connected. For link_mosquitto.c alone.
 *
 * Names, TCP and TLS take as long as they like: that happens on a short-lived thread, and a dead
 * name server never delays a door. Each connection is a new client: nothing of an earlier one can
 * be sent again behind the outbox's back.
 */
#ifndef GH_MQTT_CONNECT_H
#define GH_MQTT_CONNECT_H

#include <stddef.h>

enum { CONNECT_ERROR_BYTES = 128, CONNECT_TEXT_BYTES = 256 };

struct mosquitto;
struct connect_attempt;

struct connect_login {
	char username[CONNECT_TEXT_BYTES], password_file[CONNECT_TEXT_BYTES];
	char ca_file[CONNECT_TEXT_BYTES], cert_file[CONNECT_TEXT_BYTES],
		key_file[CONNECT_TEXT_BYTES];
};

struct connect_request {
	const struct connect_login *login; /* "" for what is not used */
	const char *client_id, *will_topic, *will_text;
	const char *host;
	unsigned port, keepalive_s;
	unsigned window; /* of QoS 1 messages in flight from us */
	int wake_fd;     /* an eventfd, written to when the attempt is over; duplicated */
	void *arg;       /* of the client's callbacks */
	void (*prepare)(struct mosquitto *client); /* sets the callbacks */
};

/**
 * Make a client and begin to connect it.
 * @param error  CONNECT_ERROR_BYTES; why not, when it says more than the number.
 * @return 0, -EINVAL (TLS files), what reading the password failed with, -ENOMEM or -EAGAIN (no
 *         thread).
 */
int connect_begin(const struct connect_request *request, struct connect_attempt **ret_attempt,
		  char *error);

/**
 * @return 0 (*ret_client is the caller's, and connected), -EAGAIN (under way), or -EIO (@p error
 *         says why).
 * The attempt is gone unless -EAGAIN.
 */
int connect_end(struct connect_attempt *attempt, struct mosquitto **ret_client, char *error);

/** Whoever asked is gone: the attempt cleans up by itself when it is over. NULL is fine. */
void connect_abandon(struct connect_attempt *attempt);

#endif
