#include "connect.h"

#include <errno.h>
#include <mosquitto.h>
#include <mqtt_protocol.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/thread_role.h"
#include "mqtt/command.h"

enum {
	SESSION_EXPIRY_S = 7 * 24 * 3600,
	SECRET_BYTES = 256,
	COMMANDS_IN_FLIGHT = 20, /* what a broker may send us before we have taken the first */
	/* above it the broker keeps it to itself (MQTT 5, 3.1.2.11.4) */
	PACKET_BYTES_MAX = 2 * COMMAND_BYTES_MAX,
};

/* The thread's until `done`, then whoever asked's again. */
struct connect_attempt {
	pthread_mutex_t lock;
	struct mosquitto *client;
	mosquitto_property *properties;
	char host[CONNECT_TEXT_BYTES];
	int port, keepalive_s;
	int result; /* of libmosquitto, or -errno */
	int wake_fd;
	bool done, abandoned;
};

static void attempt_free(struct connect_attempt *attempt)
{
	mosquitto_destroy(attempt->client);
	mosquitto_property_free_all(&attempt->properties);
	if (attempt->wake_fd >= 0)
		close(attempt->wake_fd);
	pthread_mutex_destroy(&attempt->lock);
	free(attempt);
}

static void *connect_thread(void *arg)
{
	struct connect_attempt *attempt = arg;
	uint64_t one = 1;
	bool abandoned;
	ssize_t wrote;
	int r;

	thread_role_set(THREAD_WORKER);
	r = mosquitto_connect_bind_v5(attempt->client, attempt->host, attempt->port,
				      attempt->keepalive_s, NULL, attempt->properties);
	pthread_mutex_lock(&attempt->lock);
	attempt->result = r == MOSQ_ERR_ERRNO ? -errno : r;
	attempt->done = true;
	abandoned = attempt->abandoned;
	wrote = write(attempt->wake_fd, &one, sizeof(one));
	(void)wrote; /* it can only be full, and then the link is awake anyway */
	pthread_mutex_unlock(&attempt->lock);
	if (abandoned)
		attempt_free(attempt);
	return NULL;
}

static int read_secret(const char *path, char *secret)
{
	FILE *file = fopen(path, "re");

	if (file == NULL)
		return -errno;
	if (fgets(secret, SECRET_BYTES, file) == NULL)
		secret[0] = '\0';
	secret[strcspn(secret, "\r\n")] = '\0';
	fclose(file);
	return 0;
}

static int set_login(const struct connect_login *login, struct mosquitto *client, char *error)
{
	char secret[SECRET_BYTES] = "";
	int r;

	if (login->username[0] == '\0')
		return 0;
	if (login->password_file[0] != '\0') {
		r = read_secret(login->password_file, secret);
		if (r < 0) {
			snprintf(error, CONNECT_ERROR_BYTES, "%s: %s", login->password_file,
				 strerror(-r));
			return r;
		}
	}
	r = mosquitto_username_pw_set(client, login->username,
				      login->password_file[0] != '\0' ? secret : NULL);
	explicit_bzero(secret, sizeof(secret));
	return r == MOSQ_ERR_SUCCESS ? 0 : -ENOMEM;
}

static const char *or_null(const char *text)
{
	return text[0] != '\0' ? text : NULL;
}

static int set_tls(const struct connect_login *login, struct mosquitto *client, char *error)
{
	int r;

	if (login->ca_file[0] == '\0')
		return 0;
	r = mosquitto_tls_set(client, login->ca_file, NULL, or_null(login->cert_file),
			      or_null(login->key_file), NULL);
	if (r == MOSQ_ERR_SUCCESS)
		return 0;
	snprintf(error, CONNECT_ERROR_BYTES, "the TLS files cannot be used: %s",
		 mosquitto_strerror(r));
	return -EINVAL;
}

static int add_properties(mosquitto_property **properties)
{
	if (mosquitto_property_add_int32(properties, MQTT_PROP_SESSION_EXPIRY_INTERVAL,
					 SESSION_EXPIRY_S) != MOSQ_ERR_SUCCESS ||
	    mosquitto_property_add_int16(properties, MQTT_PROP_RECEIVE_MAXIMUM,
					 COMMANDS_IN_FLIGHT) != MOSQ_ERR_SUCCESS ||
	    mosquitto_property_add_int32(properties, MQTT_PROP_MAXIMUM_PACKET_SIZE,
					 PACKET_BYTES_MAX) != MOSQ_ERR_SUCCESS)
		return -ENOMEM;
	return 0;
}

static int make_client(const struct connect_request *request, struct connect_attempt *attempt,
		       char *error)
{
	struct mosquitto *client = mosquitto_new(request->client_id, false, request->arg);
	int r;

	if (client == NULL)
		return -ENOMEM;
	attempt->client = client;
	mosquitto_int_option(client, MOSQ_OPT_PROTOCOL_VERSION, MQTT_PROTOCOL_V5);
	mosquitto_int_option(client, MOSQ_OPT_SEND_MAXIMUM, (int)request->window);
	mosquitto_int_option(client, MOSQ_OPT_TCP_NODELAY, 1);
	request->prepare(client);
	r = set_login(request->login, client, error);
	if (r == 0)
		r = set_tls(request->login, client, error);
	if (r == 0 &&
	    mosquitto_will_set_v5(client, request->will_topic, (int)strlen(request->will_text),
				  request->will_text, 1, true, NULL) != MOSQ_ERR_SUCCESS)
		r = -ENOMEM;
	return r == 0 ? add_properties(&attempt->properties) : r;
}

static int start_thread(struct connect_attempt *attempt)
{
	pthread_attr_t detached;
	pthread_t thread;
	int r;

	pthread_attr_init(&detached);
	pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
	r = -pthread_create(&thread, &detached, connect_thread, attempt);
	pthread_attr_destroy(&detached);
	return r;
}

int connect_begin(const struct connect_request *request, struct connect_attempt **ret_attempt,
		  char *error)
{
	struct connect_attempt *attempt = calloc(1, sizeof(*attempt));
	int r;

	error[0] = '\0';
	if (attempt == NULL)
		return -ENOMEM;
	pthread_mutex_init(&attempt->lock, NULL);
	attempt->wake_fd = dup(request->wake_fd);
	snprintf(attempt->host, sizeof(attempt->host), "%s", request->host);
	attempt->port = (int)request->port;
	attempt->keepalive_s = (int)request->keepalive_s;
	r = attempt->wake_fd < 0 ? -errno : make_client(request, attempt, error);
	if (r == 0)
		r = start_thread(attempt);
	if (r < 0) {
		attempt_free(attempt);
		return r;
	}
	*ret_attempt = attempt;
	return 0;
}

int connect_end(struct connect_attempt *attempt, struct mosquitto **ret_client, char *error)
{
	bool done;
	int result;

	pthread_mutex_lock(&attempt->lock);
	done = attempt->done;
	result = attempt->result;
	pthread_mutex_unlock(&attempt->lock);
	if (!done)
		return -EAGAIN;
	if (result == MOSQ_ERR_SUCCESS) {
		*ret_client = attempt->client;
		attempt->client = NULL;
	} else {
		snprintf(error, CONNECT_ERROR_BYTES, "%s",
			 result < 0 ? strerror(-result) : mosquitto_strerror(result));
	}
	attempt_free(attempt);
	return result == MOSQ_ERR_SUCCESS ? 0 : -EIO;
}

void connect_abandon(struct connect_attempt *attempt)
{
	bool done;

	if (attempt == NULL)
		return;
	pthread_mutex_lock(&attempt->lock);
	attempt->abandoned = true;
	done = attempt->done;
	pthread_mutex_unlock(&attempt->lock);
	if (done)
		attempt_free(attempt);
}
