#include "fmp4_mux.h"

#include "base/queue.h"
#include "mp4.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>

enum { PARTS_MAX = 256, BLOCK_BYTES = 16 << 10, AVCC_BYTES = 4, HVCC_BYTES = 13 };

/* a run of fragments: memory in place of a file */
struct muxer {
	AVFormatContext *format;
	uint8_t *bytes;
	size_t count, capacity;
	bool overflown;
};

struct live {
	struct queue *parts;
	atomic_size_t waiting_bytes;
	atomic_uint turn; /* 0: nobody watches */
	pthread_mutex_t lock;
	char type[LIVE_TYPE_BYTES]; /* under the lock */
	int type_r;                 /* the same */

	uint32_t last_turn; /* the watching thread's own */

	/* the camera's thread's own */
	AVCodecParameters *parameters; /* NULL: not to be played */
	struct muxer muxer;            /* format NULL: no run */
	uint32_t muxer_turn;
	AVPacket *packet;
	int64_t origin_us;
	bool waits_for_key, pending_key; /* pending: of the packet whose fragment comes with the next one */
	bool pending;
	bool gap; /* nothing before the next key picture is of use: a head went out, or a part was left out */
};

static int collect(void *opaque, uint8_t *data, int bytes)
{
	struct muxer *muxer = opaque;
	size_t wanted = muxer->count + (size_t)bytes;
	uint8_t *grown = muxer->bytes;

	if (wanted > LIVE_PART_BYTES_MAX) {
		muxer->overflown = true;
		return bytes; /* its part is left out */
	}
	if (wanted > muxer->capacity) {
		grown = realloc(muxer->bytes, wanted * 2);
		if (grown == NULL)
			return AVERROR(ENOMEM);
		muxer->bytes = grown;
		muxer->capacity = wanted * 2;
	}
	memcpy(grown + muxer->count, data, (size_t)bytes);
	muxer->count = wanted;
	return bytes;
}

static void muxer_close(struct muxer *muxer)
{
	AVIOContext *io = muxer->format != NULL ? muxer->format->pb : NULL;

	avformat_free_context(muxer->format);
	if (io != NULL)
		av_freep(&io->buffer);
	avio_context_free(&io);
	free(muxer->bytes);
	*muxer = (struct muxer){0};
}

/* With the head, made by the first write, in muxer->bytes. */
static int muxer_open(struct muxer *muxer, const AVCodecParameters *parameters)
{
	AVDictionary *options = NULL;
	uint8_t *block = av_malloc(BLOCK_BYTES);
	AVIOContext *io =
		block == NULL ? NULL : avio_alloc_context(block, BLOCK_BYTES, 1, muxer, NULL, collect, NULL);
	int r;

	if (io == NULL) {
		av_free(block);
		return AVERROR(ENOMEM);
	}
	r = mp4_open(parameters, NULL, &muxer->format);
	if (muxer->format == NULL) {
		av_freep(&io->buffer);
		avio_context_free(&io);
		return r;
	}
	muxer->format->pb = io;
	muxer->format->flags |= AVFMT_FLAG_CUSTOM_IO;
	if (r >= 0)
		r = av_dict_set(&options, "movflags", "empty_moov+default_base_moof+frag_every_frame", 0);
	if (r >= 0)
		r = avformat_write_header(muxer->format, &options);
	av_dict_free(&options);
	avio_flush(io);
	return r;
}

/* ---- what a browser is told ---- */

static const uint8_t *find_box(const struct muxer *muxer, const char *name, size_t bytes)
{
	for (size_t i = 0; i + 4 + bytes <= muxer->count; i++)
		if (memcmp(muxer->bytes + i, name, 4) == 0)
			return muxer->bytes + i + 4;
	return NULL;
}

/* RFC 6381, and ISO/IEC 14496-15 annex E for the second: the profile as the head has it */
static int describe(const struct muxer *muxer, char *type)
{
	const uint8_t *avcc = find_box(muxer, "avcC", AVCC_BYTES),
		      *hvcc = find_box(muxer, "hvcC", HVCC_BYTES);
	uint32_t compatible = 0;
	int used, last = 11;

	if (avcc != NULL) {
		snprintf(type, LIVE_TYPE_BYTES, "video/mp4; codecs=\"avc1.%02x%02x%02x\"", avcc[1], avcc[2],
			 avcc[3]);
		return 0;
	}
	if (hvcc == NULL)
		return -ENOTSUP;
	for (int bit = 0; bit < 32; bit++) /* written the other way round */
		compatible |= (uint32_t)(hvcc[2 + bit / 8] >> (7 - bit % 8) & 1) << bit;
	used = snprintf(type, LIVE_TYPE_BYTES, "video/mp4; codecs=\"hvc1.%.*s%d.%x.%c%d",
			hvcc[1] >> 6 ? 1 : 0, &" ABC"[hvcc[1] >> 6], hvcc[1] & 31, compatible,
			hvcc[1] & 32 ? 'H' : 'L', hvcc[12]);
	while (last >= 6 && hvcc[last] == 0)
		last--;
	for (int i = 6; i <= last; i++)
		used += snprintf(type + used, LIVE_TYPE_BYTES - (size_t)used, ".%x", hvcc[i]);
	snprintf(type + used, LIVE_TYPE_BYTES - (size_t)used, "\"");
	return 0;
}

/* ---- the camera's thread ---- */

static bool is_same(const AVCodecParameters *one, const AVCodecParameters *other)
{
	return one != NULL && one->codec_id == other->codec_id && one->width == other->width &&
	       one->height == other->height && one->extradata_size == other->extradata_size &&
	       (one->extradata_size == 0 ||
		memcmp(one->extradata, other->extradata, (size_t)one->extradata_size) == 0);
}

static int take_parameters(struct live *live, const AVCodecParameters *parameters, char *type)
{
	struct muxer probe = {0};
	int r = -ENOTSUP;

	if (!mp4_is_played(parameters))
		return r;
	live->parameters = avcodec_parameters_alloc();
	if (live->parameters != NULL && avcodec_parameters_copy(live->parameters, parameters) >= 0 &&
	    muxer_open(&probe, parameters) >= 0)
		r = describe(&probe, type);
	muxer_close(&probe);
	if (r < 0)
		avcodec_parameters_free(&live->parameters);
	return r;
}

void live_begin(struct live *live, const AVCodecParameters *parameters)
{
	char type[LIVE_TYPE_BYTES] = "";
	int r;

	live->waits_for_key = true;
	if (is_same(live->parameters, parameters))
		return;
	muxer_close(&live->muxer);
	avcodec_parameters_free(&live->parameters);
	r = take_parameters(live, parameters, type);
	pthread_mutex_lock(&live->lock);
	live->type_r = r;
	memcpy(live->type, type, sizeof(type));
	pthread_mutex_unlock(&live->lock);
}

/* What the muxer wrote becomes a part; without room for it, the pictures up to the next key are left out. */
static void post(struct live *live, bool head, bool key)
{
	struct muxer *muxer = &live->muxer;
	bool useless = live->gap && !head && !key;
	struct live_part *part = NULL;

	if (!useless && !muxer->overflown &&
	    atomic_load(&live->waiting_bytes) + muxer->count <= LIVE_WAITING_BYTES_MAX)
		part = malloc(sizeof(*part) + muxer->count);
	if (part != NULL) {
		part->turn = live->muxer_turn;
		part->head = head;
		part->key = key;
		part->bytes = muxer->count;
		memcpy(part->data, muxer->bytes, muxer->count);
		atomic_fetch_add(&live->waiting_bytes, part->bytes);
		if (queue_push(live->parts, &part) < 0) {
			atomic_fetch_sub(&live->waiting_bytes, part->bytes);
			free(part);
			part = NULL;
		}
	}
	muxer->count = 0;
	muxer->overflown = false;
	live->gap = head || part == NULL;
	if (part != NULL || useless)
		return;
	live->waits_for_key = true;
	if (head)
		muxer_close(muxer); /* nothing is worth anything without it */
}

static bool begin_run(struct live *live, uint32_t turn, const AVPacket *packet)
{
	muxer_close(&live->muxer);
	live->muxer_turn = turn;
	live->pending = false;
	live->origin_us = packet->dts;
	if (muxer_open(&live->muxer, live->parameters) < 0) {
		muxer_close(&live->muxer);
		return false;
	}
	post(live, true, false);
	return live->muxer.format != NULL;
}

/* A fragment is written when its successor comes: only that tells how long it is shown. */
static void write_packet(struct live *live, const AVPacket *packet)
{
	AVFormatContext *format = live->muxer.format;
	AVPacket *own = live->packet;
	bool taken;

	if (av_packet_ref(own, packet) < 0) {
		live->waits_for_key = true;
		return;
	}
	own->pts -= live->origin_us;
	own->dts -= live->origin_us;
	own->stream_index = 0;
	own->pos = -1;
	av_packet_rescale_ts(own, AV_TIME_BASE_Q, format->streams[0]->time_base);
	taken = av_write_frame(format, own) >= 0;
	av_packet_unref(own);
	avio_flush(format->pb);
	if (live->muxer.count > 0 && live->pending)
		post(live, false, live->pending_key);
	if (taken) {
		live->pending = true;
		live->pending_key = (packet->flags & AV_PKT_FLAG_KEY) != 0;
	} else { /* the one that is pending stays so; what follows builds on the one that was not taken */
		live->waits_for_key = true;
	}
}

void live_push(struct live *live, const AVPacket *packet)
{
	uint32_t turn = atomic_load(&live->turn);

	if (turn == 0 || live->parameters == NULL) {
		muxer_close(&live->muxer);
		return;
	}
	if ((packet->flags & AV_PKT_FLAG_KEY) != 0) {
		live->waits_for_key = false;
		if ((live->muxer.format == NULL || live->muxer_turn != turn) &&
		    !begin_run(live, turn, packet))
			live->waits_for_key = true;
	}
	if (!live->waits_for_key && live->muxer.format != NULL && live->muxer_turn == turn)
		write_packet(live, packet);
}

/* ---- the watching thread ---- */

static void drop_part(void *item)
{
	free(*(struct live_part **)item);
}

int live_open(struct live **ret_live)
{
	struct live *live = calloc(1, sizeof(*live));
	int r = live == NULL ? -ENOMEM
			     : queue_open(sizeof(struct live_part *), PARTS_MAX, QUEUE_REFUSE_WHEN_FULL,
					  drop_part, &live->parts);

	if (r == 0) {
		pthread_mutex_init(&live->lock, NULL);
		live->type_r = -EAGAIN;
		live->packet = av_packet_alloc();
		if (live->packet == NULL) {
			live_close(live);
			return -ENOMEM;
		}
		*ret_live = live;
		return 0;
	}
	free(live);
	return r;
}

int live_type(struct live *live, char *ret_type)
{
	int r;

	pthread_mutex_lock(&live->lock);
	r = live->type_r;
	if (r == 0)
		memcpy(ret_type, live->type, LIVE_TYPE_BYTES);
	pthread_mutex_unlock(&live->lock);
	return r;
}

uint32_t live_watch(struct live *live, bool on)
{
	uint32_t turn = on ? ++live->last_turn : 0;

	atomic_store(&live->turn, turn);
	for (struct live_part *part = live_take(live); part != NULL; part = live_take(live))
		free(part);
	return turn;
}

int live_fd(const struct live *live)
{
	return queue_fd(live->parts);
}

struct live_part *live_take(struct live *live)
{
	struct live_part *part;

	if (queue_pop(live->parts, &part) < 0)
		return NULL;
	atomic_fetch_sub(&live->waiting_bytes, part->bytes);
	return part;
}

void live_close(struct live *live)
{
	if (live == NULL)
		return;
	muxer_close(&live->muxer);
	avcodec_parameters_free(&live->parameters);
	av_packet_free(&live->packet);
	queue_close(live->parts);
	pthread_mutex_destroy(&live->lock);
	free(live);
}
