#include "alert.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/sorted.h"
#include "base/thread_role.h"
#include "base/unconst.h"

struct alerts {
	struct alert *all; /* in order of seq */
	size_t count, room;
};

static const char *const verdicts[ALERT_VERDICTS] = {
	[ALERT_CONFIRMED] = "confirmed", [ALERT_FALSE] = "false", [ALERT_UNSURE] = "unsure"};

int alerts_open(struct alerts **ret_alerts)
{
	struct alerts *alerts = calloc(1, sizeof(*alerts));

	if (alerts == NULL)
		return -ENOMEM;
	*ret_alerts = alerts;
	return 0;
}

void alerts_close(struct alerts *alerts)
{
	if (alerts == NULL)
		return;
	for (size_t i = 0; i < alerts->count; i++)
		json_decref(alerts->all[i].record);
	free(alerts->all);
	free(alerts);
}

const char *alert_verdict_name(enum alert_verdict verdict)
{
	assert(verdict < ALERT_VERDICTS);
	return verdicts[verdict];
}

int alert_verdict_parse(const char *name, enum alert_verdict *ret_verdict)
{
	for (size_t i = 0; name != NULL && i < ALERT_VERDICTS; i++)
		if (verdicts[i] != NULL && strcmp(verdicts[i], name) == 0) {
			*ret_verdict = (enum alert_verdict)i;
			return 0;
		}
	return -EINVAL;
}

int alert_state_parse(const char *name, enum alert_state *ret_state)
{
	static const char *const states[] = {[ALERT_STATE_ALL] = "all",
					     [ALERT_STATE_NEW] = "new",
					     [ALERT_STATE_REVIEWED] = "reviewed",
					     [ALERT_STATE_HELD] = "held"};

	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		if (strcmp(states[i], name != NULL ? name : "all") == 0) {
			*ret_state = (enum alert_state)i;
			return 0;
		}
	return -EINVAL;
}

static int compare_seq(const void *item, const void *key)
{
	int64_t seq = ((const struct alert *)item)->seq, key_seq = *(const int64_t *)key;

	return (seq > key_seq) - (seq < key_seq);
}

/* The index of the first alert whose seq is not below @p seq. */
static size_t lower_bound(const struct alerts *alerts, int64_t seq)
{
	return sorted_place(alerts->all, alerts->count, sizeof(alerts->all[0]), compare_seq, &seq);
}

const struct alert *alert_find(const struct alerts *alerts, int64_t seq)
{
	size_t place = lower_bound(alerts, seq);

	return place < alerts->count && alerts->all[place].seq == seq ? &alerts->all[place] : NULL;
}

static int grow(struct alerts *alerts)
{
	size_t room = alerts->room == 0 ? 64 : alerts->room * 2;
	struct alert *grown;

	if (alerts->count < alerts->room)
		return 0;
	grown = realloc(alerts->all, room * sizeof(*grown));
	if (grown == NULL)
		return -ENOMEM;
	alerts->all = grown;
	alerts->room = room;
	return 0;
}

/* The alert of @p seq, inserted if it is missing; NULL: no memory. */
static struct alert *find_or_insert(struct alerts *alerts, int64_t seq)
{
	struct alert *found = unconst(alert_find(alerts, seq));
	size_t place;

	if (found != NULL)
		return found;
	if (alerts->count == ALERTS_MAX) {
		json_decref(alerts->all[0].record);
		memmove(alerts->all, alerts->all + 1, --alerts->count * sizeof(*alerts->all));
	}
	if (grow(alerts) < 0)
		return NULL;
	place = lower_bound(alerts, seq);
	memmove(alerts->all + place + 1, alerts->all + place,
		(alerts->count - place) * sizeof(*alerts->all));
	alerts->count++;
	alerts->all[place] = (struct alert){.seq = seq};
	return &alerts->all[place];
}

int alert_add(struct alerts *alerts, int64_t seq, int64_t unix_ms, const char *camera,
	      bool suspected)
{
	struct alert *alert;

	assert_thread(THREAD_CONTROL);
	assert(seq > 0 && camera != NULL);
	alert = find_or_insert(alerts, seq);
	if (alert == NULL)
		return -ENOMEM;
	alert->unix_ms = unix_ms;
	snprintf(alert->camera, sizeof(alert->camera), "%s", camera);
	alert->suspected = suspected;
	return 0;
}

int alert_set_record(struct alerts *alerts, int64_t seq, json_t *record)
{
	const char *name = json_string_value(json_object_get(record, "verdict"));
	enum alert_verdict verdict = ALERT_NEW;
	struct alert *alert;

	if (seq <= 0 || !json_is_object(record) ||
	    (name != NULL && alert_verdict_parse(name, &verdict) < 0))
		return -EBADMSG;
	alert = find_or_insert(alerts, seq);
	if (alert == NULL)
		return -ENOMEM;
	alert->verdict = verdict;
	alert->held = json_is_true(json_object_get(record, "held"));
	json_incref(record);
	json_decref(alert->record);
	alert->record = record;
	return 0;
}

static bool has_state(const struct alert *alert, enum alert_state state)
{
	if (alert->unix_ms == 0)
		return false;
	switch (state) {
	case ALERT_STATE_NEW:
		return alert->verdict == ALERT_NEW;
	case ALERT_STATE_REVIEWED:
		return alert->verdict != ALERT_NEW;
	case ALERT_STATE_HELD:
		return alert->held;
	default:
		return true;
	}
}

size_t alerts_page(const struct alerts *alerts, enum alert_state state, const char *camera,
		   int64_t before, size_t max, int64_t *ret_seqs, bool *ret_more)
{
	size_t place = before > 0 ? lower_bound(alerts, before) : alerts->count, found = 0;

	*ret_more = false;
	while (place-- > 0) {
		if (!has_state(&alerts->all[place], state) ||
		    (camera != NULL && strcmp(alerts->all[place].camera, camera) != 0))
			continue;
		if (found == max) {
			*ret_more = true;
			break;
		}
		ret_seqs[found++] = alerts->all[place].seq;
	}
	return found;
}

void alerts_count(const struct alerts *alerts, struct alert_counts *ret_counts)
{
	*ret_counts = (struct alert_counts){0};
	for (size_t i = 0; i < alerts->count; i++) {
		const struct alert *alert = &alerts->all[i];

		if (alert->unix_ms == 0)
			continue;
		ret_counts->unreviewed += alert->verdict == ALERT_NEW;
		ret_counts->held += alert->held;
		ret_counts->by_verdict[alert->suspected][alert->verdict]++;
	}
}
