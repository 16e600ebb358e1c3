/*
 * Who has withdrawn consent to face recognition: no face of such a person is enrolled until the
 * person consents again.
 */
#include "people_private.h"

#include "base/log.h"

static int set_member(json_t **set, const char *person, bool is_in)
{
	if (*set == NULL)
		*set = json_object();
	if (is_in)
		return json_object_set_new(*set, person, json_true());
	(void)json_object_del(*set, person); /* may not be a member */
	return 0;
}

void consent_set_withdrawn(struct people *people, const char *person, bool withdrawn)
{
	if (set_member(&people->consent_withdrawn, person, withdrawn) < 0)
		log_error("roster",
			  "a withdrawal of consent takes effect at the next start: no memory");
}

bool consent_is_withdrawn(const struct people *people, const char *person)
{
	return json_object_get(people->consent_withdrawn, person) != NULL;
}

void consent_load(struct people *people, const char *id, const json_t *json)
{
	const json_t *entries = json_object_get(json, "entries");
	size_t count = json_array_size(entries);
	const json_t *last = count > 0 ? json_array_get(entries, count - 1) : NULL;

	consent_set_withdrawn(people, id,
			      last != NULL && !json_is_true(json_object_get(last, "given")));
}
