/* The published state of the roster: the number of people, the revision and the digest. */
#include "people_private.h"

#include <string.h>

#include "base/log.h"

const char *people_revision(const struct people *people)
{
	return people->revision;
}

static int publish(sd_event_source *source, void *arg)
{
	struct people *people = arg;
	char digest[DIGEST_HEX_BYTES] = "";

	(void)source;
	(void)people_digest(people, digest); /* without memory "", until the next change */
	journal_publish(people->deps.journal, "roster", "summary",
			json_pack("{s:I, s:s, s:s}", "people",
				  (json_int_t)roster_count(people->directory.people), "digest",
				  digest, "revision", people_revision(people)));
	return 0;
}

/* The digest covers the whole roster, so it is computed once for all changes of a turn. */
void people_publish_state(struct people *people)
{
	int r = 0;

	if (people->state_source == NULL)
		r = sd_event_add_defer(people->deps.event, &people->state_source, publish, people);
	if (r >= 0)
		r = sd_event_source_set_enabled(people->state_source, SD_EVENT_ONESHOT);
	if (r < 0)
		log_warning("roster", "the roster's state is not published: %s", strerror(-r));
}
