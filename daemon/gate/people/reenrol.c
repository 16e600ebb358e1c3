/* Another recogniser: templates made anew, one after the other, from the pictures that the site kept. */
#include "enrolment.h"

#include <errno.h>
#include <string.h>

#include "gate/cameras/cameras_private.h"
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

void gate_reenrol_drop(struct gate *gate)
{
	struct gate_enrolment *enrolment = gate->enrolment;

	if (enrolment->reenrol != NULL)
		item_free(enrolment->reenrol);
	enrolment->reenrol = NULL;
	while (enrolment->reenrols != NULL) {
		struct gate_reenrol *item = enrolment->reenrols;

		enrolment->reenrols = item->next;
		item_free(item);
	}
}

void gate_reenrol_add(struct gate *gate, const char *person, int64_t number, const void *kept, size_t bytes)
{
	struct gate_enrolment *enrolment = gate->enrolment;
	struct gate_reenrol *item;

	if (enrolment == NULL || !cameras_search_faces(gate->vision) || bytes > FACE_KEPT_BYTES_MAX)
		return;
	if (enrolment->reenrol_count == KEPT_MAX) {
		enrolment->reenrols_more = true;
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
	item->next = enrolment->reenrols;
	enrolment->reenrols = item;
	enrolment->reenrol_count++;
	gate_outdated_set(gate, person, false); /* comes back without coming */
}

static void finish(struct gate *gate, struct gate_reenrol *item, bool done)
{
	if (!done && roster_find(gate->directory.people, item->person) != NULL) {
		gate_outdated_set(gate, item->person, true);
		gate->enrolment->reenrol_failed++;
	}
	item_free(item);
	gate_reenrol_next(gate);
}

static void on_stored(void *arg, int r, const struct event_row *row)
{
	struct gate_reenrol *item = arg;
	struct gate *gate = item->gate;

	(void)row;
	if (gate->enrolment == NULL) { /* being closed */
		item_free(item);
		return;
	}
	if (r < 0)
		log_warning("vision", "the new template of person %s was not stored: %s", item->person,
			    strerror(-r));
	else if (roster_find(gate->directory.people, item->person) != NULL)
		gate_template_add(gate, item->person, face_engine_recogniser(), item->vector);
	gate->enrolment->reenrolled += r == 0;
	finish(gate, item, r == 0);
}

static void tell_end(struct gate *gate)
{
	struct gate_enrolment *enrolment = gate->enrolment;

	if (enrolment->reenrolled + enrolment->reenrol_failed == 0)
		return;
	log_info("vision", "%zu templates were made anew from kept pictures, %zu could not be%s",
		 enrolment->reenrolled, enrolment->reenrol_failed,
		 enrolment->reenrols_more ? "; restart for more" : "");
	if (enrolment->reenrol_failed > 0)
		gate_outdated_record(gate);
	enrolment->reenrolled = enrolment->reenrol_failed = enrolment->reenrol_count = 0;
}

void gate_reenrol_next(struct gate *gate)
{
	struct gate_enrolment *enrolment = gate->enrolment;
	struct gate_reenrol *item = enrolment->reenrols;
	struct store *store = journal_store(gate->journal);
	int r;
	struct face_watch *faces = cameras_faces(gate->vision, &r);

	if (faces == NULL || enrolment->reenrol != NULL || store == NULL || !store_is_ready(store))
		return;
	if (item == NULL) {
		tell_end(gate);
		return;
	}
	r = face_watch_enrol_kept(faces, ++enrolment->last_request, item->kept, item->bytes);
	if (r == -ENOSPC)
		return; /* others enrol just now: whoever of them is ready asks again */
	enrolment->reenrols = item->next;
	item->request = enrolment->last_request;
	if (r == 0)
		enrolment->reenrol = item;
	else
		finish(gate, item, false);
}

bool gate_reenrol_result(struct gate *gate, const struct face_result *result)
{
	struct gate_reenrol *item = gate->enrolment->reenrol;
	struct event_draft draft = {.type = "person.enrolled"};
	int r;

	if (item == NULL || item->request != result->request)
		return false;
	gate->enrolment->reenrol = NULL;
	if (result->kind != FACE_RESULT_ENROLLED) {
		log_warning("vision", "person %s: %s", item->person, result->reason);
		finish(gate, item, false);
		return true;
	}
	memcpy(item->vector, result->template_vector, sizeof(item->vector));
	draft.person = item->person;
	draft.data = json_pack("{s:s, s:b}", "by", "gatehouse", "kept_picture", 1);
	r = store_template_keep(journal_store(gate->journal), item->person, face_engine_recogniser(),
				item->vector, item->kept, item->bytes, item->number, &draft, on_stored, item);
	json_decref(draft.data);
	if (r < 0)
		on_stored(item, r, NULL);
	return true;
}
