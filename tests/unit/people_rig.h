/*
 * people_rig.h - the people part with a store in memory, for the tests of people.h. The rig plays
 * the face worker, which is absent, and the observer of states.
 */
#ifndef GH_TESTS_PEOPLE_RIG_H
#define GH_TESTS_PEOPLE_RIG_H

#include "unit.h"

#include "fake_store.h"
#include "gate/people/people.h"

#define LI "01ARZ3NDEKTSV4RRFFQ69G5FAV"
#define WANG "01ARZ3NDEKTSV4RRFFQ69G5FAW"
#define CARD "01ARZ3NDEKTSV4RRFFQ69G5FB0"
#define PIN "01ARZ3NDEKTSV4RRFFQ69G5FB1"
#define PASS "01ARZ3NDEKTSV4RRFFQ69G5FB2"

/* 2026-11-28T12:00:00Z */
#define RIG_NOON_UNIX_MS 1795867200000ll

struct rig {
	char dir[64];
	struct config config;
	sd_event *event;
	struct journal *journal;
	struct store *store;
	struct people *people;
	int faces_why; /* why there is no face worker: -EAGAIN or -ENODEV */
	bool uses_templates;
	unsigned rules_changes, forgotten, templates; /* calls of the ops; templates in use */
	/* the last reply and change */
	int r;
	unsigned replies, changes;
	struct problem problem; /* of the last change, batch or reply */
	json_t *result;
	unsigned states; /* how often the roster's state was published */
};

int rig_setup(void **state);
int rig_teardown(void **state);
/** Open the people part again, after people_close(). */
void rig_open(struct rig *rig);

/** @param value  NULL: remove the item; takes the reference. @return as people_change(). */
int rig_change(struct rig *rig, const char *kind, const char *id, json_t *value);
json_t *rig_name(const char *text);
json_t *rig_card(const char *number);

/** Its result is stored in the rig. */
struct reply rig_reply(struct rig *rig);
const struct access_directory *rig_directory(const struct rig *rig);
void rig_digest(const struct rig *rig, char *text);
size_t rig_events(const struct rig *rig, const char *type);
/** Whether the journal reports that the disk cannot be written. */
void rig_set_trouble(struct rig *rig, bool trouble);
/** Let the event loop run until nothing is left to do. */
void rig_turn(struct rig *rig);

#endif
