/* What a reader read, on its way to a decision: whose it is, and what stands in the log for it. */
#include "gate_internal.h"

#include "base/log.h"

void gate_credential_load(struct gate *gate, const char *kind, const char *id, json_t *json)
{
	(void)gate, (void)json;
	log_warning("store", "%s %s is of a newer program, ignoring", kind, id);
}

void gate_credential_shown(struct gate *gate, struct gate_door *door, const struct gate_credential *shown)
{
	/* what was read is never in the log: a card's number is all it takes to make a second card */
	const struct gate_entry_request request = {
		.factor = shown->factor,
		.door = door,
		.person_id = "",
		.reader = shown->reader,
		.first_mono_us = shown->mono_us,
		.data = json_pack("{s:s, s:b}", "reader", shown->reader != NULL ? shown->reader : "",
				  "leaving", shown->leaving),
	};

	gate_entry_ask(gate, &request);
}
