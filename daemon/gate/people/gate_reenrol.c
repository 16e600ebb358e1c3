/* Another recogniser: templates made anew, one after the other, from the pictures that the site kept. */
#include "gate/cameras/cameras_private.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"

enum { KEPT_MAX = 4096 }; /* at once: more wait for the next start */

struct gate_reenrol {
	struct gate_reenrol *next;
	struct gate *gate;
	uint64_t request;
	int64_t number; /* of the template that goes in exchange */
	char person[ULID_BYTES];
	float vector[FACE_DIM];
	size_t bytes;
	uint8_t kept[];
};

static void item_free(struct gate_reenrol *item)
{
	explicit_bzero(item, sizeof(*item) + item->bytes);
	free(item);
}

void gate_reenrol_drop(struct gate_vision *vision)
{
	if (vision->reenrol != NULL)
		item_free(vision->reenrol);
	vision->reenrol = NULL;
	while (vision->reenrols != NULL) {
		struct gate_reenrol *item = vision->reenrols;

		vision->reenrols = item->next;
		item_free(item);
	}
}

void gate_vision_person_kept(struct gate *gate, const char *person, int64_t number, const void *kept,
			     size_t bytes)
{
	struct gate_vision *vision = gate->vision;
	struct gate_reenrol *item;

	if (vision == NULL || vision->faces == NULL || bytes > FACE_KEPT_BYTES_MAX)
		return;
	if (vision->reenrol_count == KEPT_MAX) {
		vision->reenrols_more = true;
		return;
	}
	item = calloc(1, sizeof(*item) + bytes);
	if (item == NULL)
		return; /* they stay on the list of who must come back */
	item->gate = gate;
	item->number = number;
	item->bytes = bytes;
	snprintf(item->person, sizeof(item->person), "%s", person);
	memcpy(item->kept, kept, bytes);
	item->next = vision->reenrols;
	vision->reenrols = item;
	vision->reenrol_count++;
	if (vision->outdated != NULL)
		(void)json_object_del(vision->outdated, person); /* comes back without coming */
}

static void finish(struct gate_vision *vision, struct gate_reenrol *item, bool done)
{
	struct gate *gate = vision->gate;

	if (!done && roster_find(gate->directory.people, item->person) != NULL) {
		if (vision->outdated == NULL)
			vision->outdated = json_object();
		(void)json_object_set_new(vision->outdated, item->person, json_true());
		vision->reenrol_failed++;
	}
	item_free(item);
	gate_reenrol_next(vision);
}

static void on_stored(void *arg, int r, const struct event_row *row)
{
	struct gate_reenrol *item = arg;
	struct gate *gate = item->gate;

	(void)row;
	if (gate->vision == NULL) { /* being closed */
		item_free(item);
		return;
	}
	if (r < 0)
		log_warning("vision", "the new template of person %s was not stored: %s", item->person,
			    strerror(-r));
	else if (roster_find(gate->directory.people, item->person) != NULL)
		gate_vision_person_template(gate, item->person, face_engine_recogniser(), item->vector);
	gate->vision->reenrolled += r == 0;
	finish(gate->vision, item, r == 0);
}

static void tell_end(struct gate_vision *vision)
{
	if (vision->reenrolled + vision->reenrol_failed == 0)
		return;
	log_info("vision", "%zu templates were made anew from kept pictures, %zu could not be%s",
		 vision->reenrolled, vision->reenrol_failed,
		 vision->reenrols_more ? "; restart for more" : "");
	if (vision->reenrol_failed > 0)
		gate_faces_tell_outdated(vision);
	vision->reenrolled = vision->reenrol_failed = vision->reenrol_count = 0;
}

void gate_reenrol_next(struct gate_vision *vision)
{
	struct gate_reenrol *item = vision->reenrols;
	int r;

	if (vision->face_state != FACE_READY || vision->reenrol != NULL ||
	    !store_is_ready(journal_store(vision->gate->journal)))
		return;
	if (item == NULL) {
		tell_end(vision);
		return;
	}
	r = face_watch_enrol_kept(vision->faces, ++vision->enrol_last, item->kept, item->bytes);
	if (r == -ENOSPC)
		return; /* others enrol just now: whoever of them is ready asks again */
	vision->reenrols = item->next;
	item->request = vision->enrol_last;
	if (r == 0)
		vision->reenrol = item;
	else
		finish(vision, item, false);
}

bool gate_reenrol_result(struct gate_vision *vision, const struct face_result *result)
{
	struct gate_reenrol *item = vision->reenrol;
	struct event_draft draft = {.type = "person.enrolled"};
	int r;

	if (item == NULL || item->request != result->request)
		return false;
	vision->reenrol = NULL;
	if (result->kind != FACE_RESULT_ENROLLED) {
		log_warning("vision", "person %s: %s", item->person, result->reason);
		finish(vision, item, false);
		return true;
	}
	memcpy(item->vector, result->template_vector, sizeof(item->vector));
	draft.person = item->person;
	draft.data = json_pack("{s:s, s:b}", "by", "gatehouse", "kept_picture", 1);
	r = store_template_keep(journal_store(vision->gate->journal), item->person, face_engine_recogniser(),
				item->vector, item->kept, item->bytes, item->number, &draft, on_stored, item);
	json_decref(draft.data);
	if (r < 0)
		on_stored(item, r, NULL);
	return true;
}
