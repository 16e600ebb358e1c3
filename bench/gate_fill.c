/*
 * gate_fill.c - enrols people who do not exist, so that the whole gate can be measured with a full
 * gallery.
 *
 *   gate_fill STATE_DIR PEOPLE   with no daemon running; each gets one random template of the shipped recogniser
 *
 * The templates are random directions: nobody resembles them, and searching them costs what real
 * ones cost.
 */
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/ulid.h"
#include "store/store.h"
#include "vision/face/face.h"

enum { ON_THEIR_WAY_MAX = 2000 };

static void die(const char *what, const char *why)
{
	fprintf(stderr, "gate_fill: %s: %s\n", what, why);
	exit(1);
}

static void on_committed(void *arg, const struct event_row *row)
{
	(void)arg;
	(void)row;
}

static void on_person(void *arg, const struct roster_person *person)
{
	(void)arg;
	(void)person;
}

static void on_face(void *arg, const char *person, const char *model, const float *vector,
		    size_t dim)
{
	(void)arg;
	(void)person;
	(void)model;
	(void)vector;
	(void)dim;
}

static void on_record(void *arg, const char *kind, const char *id, json_t *json)
{
	(void)arg, (void)kind, (void)id, (void)json;
}

static void on_status(void *arg, enum store_status status, const struct problem *problem)
{
	(void)arg;
	if (status != STORE_READY)
		die("the store", problem->detail);
}

static void on_done(void *arg, int r, const struct event_row *row)
{
	(void)arg;
	(void)row;
	if (r < 0)
		die("a template", strerror(-r));
}

static void wait_for(struct store *store)
{
	struct pollfd fd = {.fd = store_fd(store), .events = POLLIN};

	if (poll(&fd, 1, 60000) != 1)
		die("the store", "silent for a minute");
	store_dispatch(store);
}

static void random_direction(float *vector)
{
	double squares = 0;

	for (int i = 0; i < ROSTER_TEMPLATE_DIM; i++) {
		double sum = -6; /* twelve even numbers make nearly a normal one */

		for (int n = 0; n < 12; n++)
			sum += drand48();
		vector[i] = (float)sum;
		squares += sum * sum;
	}
	for (int i = 0; i < ROSTER_TEMPLATE_DIM; i++)
		vector[i] /= (float)sqrt(squares);
}

static void enrol(struct store *store, long number)
{
	struct roster_person person = {.enabled = true};
	struct event_draft draft = {.type = "person.added", .person = person.id};
	float vector[ROSTER_TEMPLATE_DIM];

	ulid_make(clock_unix_ms(), person.id);
	snprintf(person.name, sizeof(person.name), "Nobody %ld", number);
	random_direction(vector);
	if (store_person_put(store, &person, &draft, on_done, NULL) < 0)
		die("a person", "refused");
	draft.type = "person.enrolled";
	if (store_template_add(store, person.id, face_engine_recogniser(), vector, &draft, on_done,
			       NULL) < 0)
		die("a template", "refused");
}

int main(int argc, char **argv)
{
	static const struct store_ops ops = {on_committed, on_person, on_face, NULL,
					     on_record,    on_status, NULL};
	struct store_config config = {.state_dir = argc == 3 ? argv[1] : NULL, .ops = &ops};
	long people = argc == 3 ? strtol(argv[2], NULL, 10) : 0;
	struct store_claim *claim;
	char error[STORE_TEXT_BYTES];
	struct store *store;

	if (people < 1 || people > ROSTER_PEOPLE_MAX)
		die("usage", "gate_fill STATE_DIR PEOPLE");
	if (store_claim(config.state_dir, &claim, error) < 0)
		die("the state directory", error);
	if (store_open(&config, &store) < 0)
		die("the store", "not opened");
	while (!store_is_ready(store))
		wait_for(store);
	srand48(1);
	for (long i = 0; i < people; i++) {
		enrol(store, i);
		while (store_pending(store) > ON_THEIR_WAY_MAX)
			wait_for(store);
	}
	while (store_pending(store) > 0)
		wait_for(store);
	store_close(store);
	store_claim_release(claim);
	return 0;
}
