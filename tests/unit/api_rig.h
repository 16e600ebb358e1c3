/*
 * api_rig.h - the API with a fake gate that records its calls, and a client of both listeners.
 */
#ifndef GH_TESTS_API_RIG_H
#define GH_TESTS_API_RIG_H

#include "api/api.h"
#include "api/api_parts.h"
#include "api/api_routes.h"
#include "http_client.h"

#define END "Host: localhost\r\nConnection: close\r\n\r\n"
#define PERSON "01ARYZ6S41TSV4RRFFQ69G5FAV"

extern struct api *api;
extern const struct client_loop loop;

/* the fake gate: its last call, and how it answers */
struct rig_gate {
	char called[256];
	char recorded[1024],
		saved[1024]; /* "TYPE DATA" of the last event, "KIND ID JSON" of the last record */
	struct api_token token;
	bool wait; /* the test answers, later */
	int board_result, save_result;
	int64_t rows; /* of the log: seq 1 to rows */
	unsigned views, frames;
	struct fmp4_mux *live; /* of the camera "facade" */
};
extern struct rig_gate gate;
extern const struct api_ops rig_gate_ops;

int rig_setup(void **state);
int rig_teardown(void **state);

/** The path of the Unix socket. */
const char *rig_socket(void);

/** Send the complete text over TCP. */
const char *ask(const char *text);
/** The same over the Unix socket. */
const char *ask_socket(const char *text);
/**
 * "METHOD /path" with an optional JSON body, over the socket; the answer begins with the status.
 */
const char *request(const char *line, const char *body);
void assert_status(const char *reply, const char *status);

int open_stream(const char *head);
json_t *event(int64_t seq);
void publish(int64_t seq);

#endif
