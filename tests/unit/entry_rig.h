/*
 * entry_rig.h - the access transaction through entry.h: fake doors, a driven clock, a store that
 * refuses, is late or never answers.
 */
#ifndef GH_TESTS_ENTRY_RIG_H
#define GH_TESTS_ENTRY_RIG_H

#include "fake_store.h"
#include "gate/entry/entry.h"

#define LI "01ARZ3NDEKTSV4RRFFQ69G5FAV"
#define CARD "01ARZ3NDEKTSV4RRFFQ69G5FB0"
enum { MAIN, SIDE, DOORS, SLOW_MS = 50, GUARD_S = 20, COMBINE_S = 10 };

struct rig {
	struct config config;
	sd_event *event;
	struct journal *journal;
	struct timers *timers;
	struct store *store;
	struct access_directory directory;
	struct entry *entry;
	uint64_t now_ms;
	/* the doors */
	enum door_mode mode;
	int interlock, release_r;
	enum door_release release;
	bool tampered;
	unsigned releases, extended, admitted;
	enum access_feedback reader_feedback, face_feedback;
	unsigned reader_feedbacks, face_feedbacks;
	enum policy_reason reason;
	/* the reply */
	int r;
	unsigned replies;
};

int rig_setup(void **state);
int rig_teardown(void **state);

/** The one card of LI, which may be used @p uses times; 0: without a limit. */
void put_card(struct rig *rig, unsigned uses);
/** Add or replace an item of the ruleset. The reference to @p value is taken. */
void put_rule(struct rig *rig, const char *kind, const char *name, json_t *value);
/** The area "yard" behind the door "main", with hard anti-passback. */
void put_area(struct rig *rig);

/** Open rig->entry over the rig's journal, timers and directory. */
void open_entry(struct rig *rig);
void set_clock(struct rig *rig, uint64_t now_ms);
/** Move the clock on and serve what is due. */
void advance(struct rig *rig, uint64_t ms);

void swipe(struct rig *rig, unsigned door);
void see_face(struct rig *rig, const char *person);
/** A signed order to open "main"; the answer is in rig->r and rig->replies. */
void order_open(struct rig *rig);
/** What the contact of "main" reports. */
void pass_by(struct rig *rig, enum door_passage passage);

/** How many events of that type were written. */
size_t events(const struct rig *rig, const char *type);
/** A string of the last event of that type. */
const char *text_of(const struct rig *rig, const char *type, const char *key);
/** The uses of the card, in memory and in its record. */
unsigned used(const struct rig *rig);
json_int_t used_on_disk(const struct rig *rig, const char *key);
/** Whether LI is in the area "yard". */
bool is_inside(const struct rig *rig);

#endif
