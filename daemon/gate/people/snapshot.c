/* The whole roster, page by page, each item with its digest. */
#include "people_private.h"

#include <errno.h>
#include <string.h>

enum {
	ITEMS_MAX = 200, /* on a page */
	PAGE_BYTES = 128 * 1024,
	CURSOR_BYTES = STORE_KIND_BYTES + STORE_RECORD_ID_BYTES
};

/* the kinds of items, in the order of the digest */
enum { KIND_COUNT = 9 };
static const char *const kinds[KIND_COUNT] = {"area",   "credential", "group",
					      "holder", "holiday",    "opening",
					      "person", "rule",       "schedule"};

struct page {
	const struct people *people;
	json_t *items;
	size_t bytes;
	char last[CURSOR_BYTES]; /* "kind/id" of the last item */
	bool full, names;
};

/* Takes the reference to @p value. */
static void add(struct page *page, const char *kind, const char *id, json_t *value,
		const uint8_t *digest)
{
	char text[DIGEST_HEX_BYTES];
	json_t *item;

	assert(!page->full);
	event_hash_text(digest, text);
	item = json_pack("{s:s, s:s, s:o, s:s}", "kind", kind, "id", id, "value", value, "digest",
			 text);
	page->bytes += json_dumpb(item, NULL, 0, JSON_COMPACT) + 1;
	json_array_append_new(page->items, item);
	snprintf(page->last, sizeof(page->last), "%s/%s", kind, id);
	page->full = json_array_size(page->items) >= ITEMS_MAX || page->bytes >= PAGE_BYTES;
}

static void add_rules(struct page *page, const char *kind, const char *after)
{
	uint8_t digest[DIGEST_BYTES];
	const char *of, *name;
	json_t *value;
	size_t at = 0;

	while (!page->full &&
	       access_rules_next(page->people->directory.rules, kind, &at, &of, &name, &value)) {
		if (strcmp(name, after) <= 0)
			continue;
		item_digest(kind, name, value, digest);
		add(page, kind, name, json_incref(value), digest);
	}
}

static void add_credentials(struct page *page, const char *after)
{
	const struct roster_credential *at =
		roster_credentials_next(page->people->directory.credentials, after);

	for (; at != NULL && !page->full;
	     at = roster_credentials_next(page->people->directory.credentials, at->id))
		if (at->factor != POLICY_PASS)
			add(page, "credential", at->id, roster_credential_json(at, true),
			    at->digest);
}

static void add_people(struct page *page, const char *kind, const char *after)
{
	const struct roster_person *at = roster_next(page->people->directory.people, after);
	bool holders = strcmp(kind, "holder") == 0;

	for (; at != NULL && !page->full;
	     at = roster_next(page->people->directory.people, at->id)) {
		json_t *value;

		if (holders && !at->has_holder)
			continue;
		value = holders ? holder_value(page->people, at) : person_value(at);
		if (!holders && !page->names)
			json_object_del(value, "name");
		add(page, kind, at->id, value, holders ? at->holder_digest : at->digest);
	}
}

static void add_kind(struct page *page, const char *kind, const char *after)
{
	if (access_rules_has_kind(kind))
		add_rules(page, kind, after);
	else if (strcmp(kind, "credential") == 0)
		add_credentials(page, after);
	else
		add_people(page, kind, after);
}

/* Split "kind/id". @return 0 with the kind's index, or -EINVAL (not a cursor). */
static int parse_cursor(const char *after, size_t *ret_kind, const char **ret_id)
{
	for (size_t i = 0; i < KIND_COUNT; i++) {
		size_t bytes = strlen(kinds[i]);

		if (strncmp(after, kinds[i], bytes) == 0 && after[bytes] == '/') {
			*ret_kind = i;
			*ret_id = after + bytes + 1;
			return 0;
		}
	}
	return -EINVAL;
}

json_t *people_snapshot(const struct people *people, const char *after, bool names)
{
	struct page page = {.people = people, .names = names};
	char digest[DIGEST_HEX_BYTES] = "";
	size_t kind = 0;

	assert_thread(THREAD_CONTROL);
	if (after[0] != '\0' && parse_cursor(after, &kind, &after) < 0)
		return NULL;
	page.items = json_array();
	for (; kind < KIND_COUNT && !page.full; kind++, after = "")
		add_kind(&page, kinds[kind], after);
	(void)people_digest(people, digest);
	return json_pack("{s:s, s:s, s:o, s:o}", "revision", people->revision, "digest", digest,
			 "items", page.items, "next",
			 page.full ? json_string(page.last) : json_null());
}
