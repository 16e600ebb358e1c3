#include "outbox.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

void outbox_init(struct outbox *outbox, int64_t cursor, unsigned window)
{
	assert(window >= 1 && window <= OUTBOX_WINDOW_MAX);
	memset(outbox, 0, sizeof(*outbox));
	outbox->cursor = cursor;
	outbox->sent = cursor;
	outbox->window = window;
}

void outbox_rewind(struct outbox *outbox)
{
	memset(outbox->acked, 0, sizeof(outbox->acked));
	outbox->sent = outbox->cursor;
}

unsigned outbox_room(const struct outbox *outbox, int64_t last_seq)
{
	int64_t left = last_seq - outbox->sent,
		room = outbox->window - (outbox->sent - outbox->cursor);

	if (left <= 0 || room <= 0)
		return 0;
	return (unsigned)(left < room ? left : room);
}

int outbox_sent(struct outbox *outbox, int64_t seq)
{
	if (seq != outbox->sent + 1 || outbox->sent - outbox->cursor >= outbox->window)
		return -EINVAL;
	outbox->sent = seq;
	outbox->acked[seq % outbox->window] = false;
	return 0;
}

bool outbox_acked(struct outbox *outbox, int64_t seq)
{
	int64_t before = outbox->cursor;

	if (seq <= outbox->cursor || seq > outbox->sent)
		return false;
	outbox->acked[seq % outbox->window] = true;
	while (outbox->cursor < outbox->sent &&
	       outbox->acked[(outbox->cursor + 1) % outbox->window]) {
		outbox->cursor++;
		outbox->acked[outbox->cursor % outbox->window] = false;
	}
	return outbox->cursor != before;
}
