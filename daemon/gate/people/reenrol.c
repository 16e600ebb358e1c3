/* After a change of the recogniser: new templates from saved pictures, one picture at a time. */
#include "people_private.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "vision/face/face.h"

enum { REENROLS_MAX = 4096 }; /* in memory: more wait for the next start */

struct reenrol {
	struct reenrol *next;
	struct people *people;
	uint64_t request;
	int64_t number; /* of the template that is replaced */
	char person[ULID_BYTES];
	float vector[FACE_DIM];
	size_t crop_bytes;
	uint8_t crop[]; /* JPEG of the aligned face */
};

static void item_free(struct reenrol *item)
{
	explicit_bzero(item, sizeof(*item) + item->crop_bytes);
	free(item);
}

void reenrol_drop(struct people *people)
{
	struct enrolment *enrolment = &people->enrolment;

	if (enrolment->reenrol != NULL)
		item_free(enrolment->reenrol);
	enrolment->reenrol = NULL;
	while (enrolment->reenrols != NULL) {
		struct reenrol *item = enrolment->reenrols;

		enrolment->reenrols = item->next;
		item_free(item);
	}
}

void people_load_picture(struct people *people, const char *person, int64_t number,
			 const void *picture, size_t bytes)
{
	struct enrolment *enrolment = &people->enrolment;
	struct reenrol *item;

	if (!people->ops->uses_templates(people->arg) || bytes > FACE_CROP_JPEG_BYTES_MAX)
		return;
	if (enrolment->reenrol_count == REENROLS_MAX) {
		enrolment->reenrols_deferred = true;
		return;
	}
	item = calloc(1, sizeof(*item) + bytes);
	if (item == NULL)
		return; /* the person stays on the list of those who need a new template */
	item->people = people;
	item->number = number;
	item->crop_bytes = bytes;
	snprintf(item->person, sizeof(item->person), "%s", person);
	memcpy(item->crop, picture, bytes);
	item->next = enrolment->reenrols;
	enrolment->reenrols = item;
	enrolment->reenrol_count++;
	templates_set_outdated(people, person, false); /* the person need not come to the gate */
}

static void finish(struct people *people, struct reenrol *item, bool done)
{
	if (!done && roster_find(people->directory.people, item->person) != NULL) {
		templates_set_outdated(people, item->person, true);
		people->enrolment.reenrol_failed++;
	}
	item_free(item);
	reenrol_next(people);
}

static void on_stored(void *arg, int r, const struct event_row *row)
{
	struct reenrol *item = arg;
	struct people *people = item->people;

	(void)row;
	if (people->enrolment.stopped) {
		item_free(item);
		return;
	}
	if (r < 0)
		log_warning("vision", "the new template of person %s was not stored: %s",
			    item->person, strerror(-r));
	else if (roster_find(people->directory.people, item->person) != NULL)
		templates_add(people, item->person, face_engine_recogniser(), item->vector);
	people->enrolment.reenrolled += r == 0;
	finish(people, item, r == 0);
}

static void log_end(struct people *people)
{
	struct enrolment *enrolment = &people->enrolment;

	if (enrolment->reenrolled + enrolment->reenrol_failed == 0)
		return;
	log_info("vision", "%zu new templates were made from saved pictures, %zu could not be%s",
		 enrolment->reenrolled, enrolment->reenrol_failed,
		 enrolment->reenrols_deferred ? "; restart for more" : "");
	if (enrolment->reenrol_failed > 0)
		templates_record_outdated(people);
	enrolment->reenrolled = enrolment->reenrol_failed = enrolment->reenrol_count = 0;
}

void reenrol_next(struct people *people)
{
	struct enrolment *enrolment = &people->enrolment;
	struct reenrol *item = enrolment->reenrols;
	struct store *store = journal_store(people->deps.journal);
	int r;
	struct face_watch *faces = people->ops->faces(people->arg, &r);

	if (faces == NULL || enrolment->reenrol != NULL || store == NULL || !store_is_ready(store))
		return;
	if (item == NULL) {
		log_end(people);
		return;
	}
	r = face_watch_enrol_crop(faces, ++enrolment->last_request, item->crop, item->crop_bytes);
	if (r == -ENOSPC)
		return; /* other enrolments run; the end of each calls this again */
	enrolment->reenrols = item->next;
	item->request = enrolment->last_request;
	if (r == 0)
		enrolment->reenrol = item;
	else
		finish(people, item, false);
}

bool reenrol_result(struct people *people, const struct face_result *result)
{
	struct reenrol *item = people->enrolment.reenrol;
	struct event_draft draft = {.type = "person.enrolled"};
	int r;

	if (item == NULL || item->request != result->request)
		return false;
	people->enrolment.reenrol = NULL;
	if (result->kind != FACE_RESULT_ENROLLED) {
		log_warning("vision", "person %s: %s", item->person, result->reason.detail);
		finish(people, item, false);
		return true;
	}
	memcpy(item->vector, result->template_vector, sizeof(item->vector));
	draft.person = item->person;
	draft.data = json_pack("{s:s, s:b}", "by", "gatehouse", "kept_picture", 1);
	r = store_template_put(journal_store(people->deps.journal), item->person,
			       face_engine_recogniser(), item->vector, item->crop, item->crop_bytes,
			       item->number, &draft, on_stored, item);
	json_decref(draft.data);
	if (r < 0)
		on_stored(item, r, NULL);
	return true;
}
