#include "ring.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <libavcodec/avcodec.h>

enum { PACKET_OVERHEAD_BYTES = 512 }; /* cost of a stored packet besides its data */

struct run { /* codec parameters of one epoch, shared by its packets */
	AVCodecParameters *parameters;
	uint32_t epoch;
	size_t users;
};

struct entry {
	AVPacket *packet;
	struct run *run;
	uint64_t bytes;
};

struct packet_ring {
	pthread_mutex_t lock;
	int64_t span_us;
	uint64_t bytes_max, bytes;
	struct entry *entries; /* a ring of capacity entries that starts at first */
	size_t capacity, first, count;
	struct run *run; /* current epoch; NULL before the first */
	bool ended, waits_for_key;
	uint32_t last_epoch;
	bool had_epoch;
	int64_t newest_pts;
};

int ring_open(unsigned seconds, uint64_t bytes_max, struct packet_ring **ret_ring)
{
	struct packet_ring *ring = calloc(1, sizeof(*ring));

	if (ring == NULL)
		return -ENOMEM;
	pthread_mutex_init(&ring->lock, NULL);
	ring->span_us = (int64_t)seconds * 1000000;
	ring->bytes_max = seconds > 0 ? bytes_max : 0;
	ring->newest_pts = INT64_MIN;
	*ret_ring = ring;
	return 0;
}

static struct entry *entry_at(struct packet_ring *ring, size_t i)
{
	assert(ring->capacity > 0);
	return &ring->entries[(ring->first + i) % ring->capacity];
}

static void run_unref(struct run *run)
{
	if (run == NULL || --run->users > 0)
		return;
	avcodec_parameters_free(&run->parameters);
	free(run);
}

static void drop_first(struct packet_ring *ring)
{
	struct entry *entry = entry_at(ring, 0);

	ring->bytes -= entry->bytes;
	av_packet_free(&entry->packet);
	run_unref(entry->run);
	ring->first = (ring->first + 1) % ring->capacity;
	ring->count--;
}

static bool is_key(const struct entry *entry)
{
	return (entry->packet->flags & AV_PKT_FLAG_KEY) != 0;
}

/* The number of packets in the oldest group of pictures. */
static size_t first_group(struct packet_ring *ring)
{
	size_t n = 1;

	while (n < ring->count && !is_key(entry_at(ring, n)))
		n++;
	return n;
}

static void trim(struct packet_ring *ring)
{
	while (ring->count > 0) {
		size_t group = first_group(ring);
		bool last = group == ring->count;

		if (ring->bytes <= ring->bytes_max &&
		    (last || ring->newest_pts - entry_at(ring, group)->packet->pts < ring->span_us))
			return;
		/*
		 * the current group alone is too large: its remaining packets cannot be decoded
		 * without this one
		 */
		if (last)
			ring->waits_for_key = true;
		while (group-- > 0)
			drop_first(ring);
	}
}

int ring_begin(struct packet_ring *ring, uint32_t epoch, const AVCodecParameters *parameters)
{
	struct run *run = calloc(1, sizeof(*run));
	int r = 0;

	assert(ring != NULL && parameters != NULL);
	if (run == NULL)
		r = -ENOMEM;
	else
		run->parameters = avcodec_parameters_alloc();
	if (r == 0 &&
	    (run->parameters == NULL || avcodec_parameters_copy(run->parameters, parameters) < 0))
		r = -ENOMEM;
	pthread_mutex_lock(&ring->lock);
	if (ring->had_epoch && epoch <= ring->last_epoch) {
		r = -EINVAL;
	} else {
		run_unref(ring->run);
		ring->run = NULL;
		ring->had_epoch = true;
		ring->last_epoch = epoch;
		ring->ended = false;
		ring->waits_for_key = true;
	}
	if (r == 0) {
		run->epoch = epoch;
		run->users = 1;
		ring->run = run;
	}
	pthread_mutex_unlock(&ring->lock);
	if (r < 0 && run != NULL) {
		avcodec_parameters_free(&run->parameters);
		free(run);
	}
	return r;
}

static int grow(struct packet_ring *ring)
{
	size_t capacity = ring->capacity > 0 ? ring->capacity * 2 : 256;
	struct entry *entries;

	if (ring->count < ring->capacity)
		return 0;
	entries = calloc(capacity, sizeof(*entries));
	if (entries == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < ring->count; i++)
		entries[i] = *entry_at(ring, i);
	free(ring->entries);
	ring->entries = entries;
	ring->capacity = capacity;
	ring->first = 0;
	return 0;
}

static int push_locked(struct packet_ring *ring, const AVPacket *packet)
{
	struct entry *entry;
	AVPacket *copy;
	int r;

	if (ring->run == NULL)
		return -EINVAL;
	if (packet->pts > ring->newest_pts)
		ring->newest_pts = packet->pts;
	if ((packet->flags & AV_PKT_FLAG_KEY) != 0)
		ring->waits_for_key = false;
	if (ring->waits_for_key || ring->bytes_max == 0)
		return 0;
	r = grow(ring);
	if (r < 0)
		return r;
	copy = av_packet_clone(packet);
	if (copy == NULL)
		return -ENOMEM;
	ring->count++;
	entry = entry_at(ring, ring->count - 1);
	entry->packet = copy;
	entry->run = ring->run;
	entry->run->users++;
	entry->bytes = (uint64_t)packet->size + PACKET_OVERHEAD_BYTES;
	for (int i = 0; i < packet->side_data_elems; i++)
		entry->bytes += packet->side_data[i].size;
	ring->bytes += entry->bytes;
	trim(ring);
	return 0;
}

int ring_push(struct packet_ring *ring, const AVPacket *packet)
{
	int r;

	assert(ring != NULL && packet != NULL);
	if (packet->pts == AV_NOPTS_VALUE || packet->dts == AV_NOPTS_VALUE)
		return -EINVAL;
	pthread_mutex_lock(&ring->lock);
	r = push_locked(ring, packet);
	if (r == -ENOMEM) /* a group with a gap would decode to a damaged picture */
		ring->waits_for_key = true;
	pthread_mutex_unlock(&ring->lock);
	return r;
}

void ring_end(struct packet_ring *ring)
{
	pthread_mutex_lock(&ring->lock);
	ring->ended = true;
	pthread_mutex_unlock(&ring->lock);
}

int64_t ring_newest_pts_us(struct packet_ring *ring)
{
	int64_t pts;

	pthread_mutex_lock(&ring->lock);
	pts = ring->newest_pts;
	pthread_mutex_unlock(&ring->lock);
	return pts;
}

bool ring_has_ended(struct packet_ring *ring)
{
	bool ended;

	pthread_mutex_lock(&ring->lock);
	ended = ring->ended;
	pthread_mutex_unlock(&ring->lock);
	return ended;
}

void ring_usage(struct packet_ring *ring, uint64_t *ret_bytes, size_t *ret_packets)
{
	pthread_mutex_lock(&ring->lock);
	*ret_bytes = ring->bytes;
	*ret_packets = ring->count;
	pthread_mutex_unlock(&ring->lock);
}

/* The epoch that contains @p at, or the nearest one. */
static const struct run *find_run(struct packet_ring *ring, int64_t at)
{
	const struct run *best = NULL;
	int64_t best_gap = INT64_MAX;

	for (size_t i = 0; i < ring->count; i++) {
		const struct entry *entry = entry_at(ring, i);
		int64_t pts = entry->packet->pts, gap = pts > at ? pts - at : at - pts;

		if (gap < best_gap) {
			best = entry->run;
			best_gap = gap;
		}
	}
	return best;
}

struct span {
	size_t begin, end; /* entries [begin, end) */
};

static struct span find_span(struct packet_ring *ring, const struct run *run, int64_t from,
			     int64_t to)
{
	struct span span = {0, 0};
	bool begun = false, any = false;

	for (size_t i = 0; i < ring->count; i++) {
		const struct entry *entry = entry_at(ring, i);

		if (entry->run != run)
			continue;
		if (is_key(entry) && (!begun || entry->packet->pts <= from)) {
			span.begin = i;
			span.end = i;
			begun = true;
			any = false;
		}
		/* packets are in decoding order: one after this may be shown before @p to */
		if (begun && entry->packet->dts <= to) {
			span.end = i + 1;
			any = any || entry->packet->pts >= from;
		}
	}
	if (!any)
		span.end = span.begin;
	return span;
}

static int copy_locked(struct packet_ring *ring, int64_t from, int64_t at, int64_t to,
		       struct ring_clip *clip)
{
	const struct run *run = find_run(ring, at);
	struct span span;

	if (run == NULL)
		return -ENOENT;
	span = find_span(ring, run, from, to);
	if (span.begin == span.end)
		return -ENOENT;
	clip->epoch = run->epoch;
	clip->parameters = avcodec_parameters_alloc();
	clip->packets = calloc(span.end - span.begin, sizeof(AVPacket *));
	if (clip->parameters == NULL || clip->packets == NULL ||
	    avcodec_parameters_copy(clip->parameters, run->parameters) < 0)
		return -ENOMEM;
	for (size_t i = span.begin; i < span.end; i++) {
		const struct entry *entry = entry_at(ring, i);

		if (entry->run != run)
			continue;
		clip->packets[clip->count] = av_packet_clone(entry->packet);
		if (clip->packets[clip->count] == NULL)
			return -ENOMEM;
		clip->count++;
	}
	return 0;
}

int ring_copy(struct packet_ring *ring, int64_t from_pts_us, int64_t at_pts_us, int64_t to_pts_us,
	      struct ring_clip *ret_clip)
{
	struct ring_clip clip = {0};
	int r;

	assert(ring != NULL && ret_clip != NULL);
	if (from_pts_us > at_pts_us || at_pts_us > to_pts_us)
		return -EINVAL;
	pthread_mutex_lock(&ring->lock);
	r = copy_locked(ring, from_pts_us, at_pts_us, to_pts_us, &clip);
	pthread_mutex_unlock(&ring->lock);
	if (r < 0)
		ring_clip_finish(&clip);
	else
		*ret_clip = clip;
	return r;
}

void ring_clip_finish(struct ring_clip *clip)
{
	assert(clip != NULL);
	for (size_t i = 0; i < clip->count; i++)
		av_packet_free(&clip->packets[i]);
	free(clip->packets);
	avcodec_parameters_free(&clip->parameters);
	memset(clip, 0, sizeof(*clip));
}

void ring_close(struct packet_ring *ring)
{
	if (ring == NULL)
		return;
	while (ring->count > 0)
		drop_first(ring);
	run_unref(ring->run);
	free(ring->entries);
	pthread_mutex_destroy(&ring->lock);
	free(ring);
}
