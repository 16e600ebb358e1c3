#include "fmp4_mux.h"

#include "base/queue.h"
#include "mp4.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>

enum { PARTS_MAX = 256, BLOCK_BYTES = 16 << 10, AVCC_BYTES = 4, HVCC_BYTES = 13 };

/* a run of fragments, written to memory */
struct muxer {
	AVFormatContext *format;
	uint8_t *bytes;
	size_t count, capacity;
	bool overflown;
};

struct fmp4_mux {
	struct queue *parts;
	atomic_size_t waiting_bytes;
	atomic_uint session; /* 0: disabled */
	pthread_mutex_t lock;
	char type[FMP4_MEDIA_TYPE_BYTES]; /* under the lock */
	int type_r;                       /* under the lock */

	uint32_t last_session; /* owned by the reader thread */

	/* owned by the camera thread */
	AVCodecParameters *parameters; /* NULL: not to be played */
	struct muxer muxer;            /* format NULL: no run */
	uint32_t muxer_session;
	AVPacket *packet;
	int64_t origin_us;
	bool waits_for_key;
	bool pending, pending_key; /* the packet whose fragment is written with the next one */
	/*
	 * skip everything until the next key frame: an initialisation segment was queued, or a part
	 * was dropped
	 */
	bool gap;
};

static int collect(void *opaque, uint8_t *data, int bytes)
{
	struct muxer *muxer = opaque;
	size_t wanted = muxer->count + (size_t)bytes;
	uint8_t *grown = muxer->bytes;

	if (wanted > FMP4_PART_BYTES_MAX) {
		muxer->overflown = true;
		return bytes; /* the part is dropped */
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

/* Writes the initialisation segment to muxer->bytes. */
static int muxer_open(struct muxer *muxer, const AVCodecParameters *parameters)
{
	AVDictionary *options = NULL;
	uint8_t *block = av_malloc(BLOCK_BYTES);
	AVIOContext *io = block == NULL ? NULL
					: avio_alloc_context(block, BLOCK_BYTES, 1, muxer, NULL,
							     collect, NULL);
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
		r = av_dict_set(&options, "movflags",
				"empty_moov+default_base_moof+frag_every_frame", 0);
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

/*
 * RFC 6381, and ISO/IEC 14496-15 annex E for H.265: reads the profile from the initialisation
 * segment.
 */
static int describe(const struct muxer *muxer, char *type)
{
	const uint8_t *avcc = find_box(muxer, "avcC", AVCC_BYTES),
		      *hvcc = find_box(muxer, "hvcC", HVCC_BYTES);
	uint32_t compatible = 0;
	int used, last = 11;

	if (avcc != NULL) {
		snprintf(type, FMP4_MEDIA_TYPE_BYTES, "video/mp4; codecs=\"avc1.%02x%02x%02x\"",
			 avcc[1], avcc[2], avcc[3]);
		return 0;
	}
	if (hvcc == NULL)
		return -ENOTSUP;
	for (int bit = 0; bit < 32; bit++) /* in reversed bit order */
		compatible |= (uint32_t)(hvcc[2 + bit / 8] >> (7 - bit % 8) & 1) << bit;
	used = snprintf(type, FMP4_MEDIA_TYPE_BYTES, "video/mp4; codecs=\"hvc1.%.*s%d.%x.%c%d",
			hvcc[1] >> 6 ? 1 : 0, &" ABC"[hvcc[1] >> 6], hvcc[1] & 31, compatible,
			hvcc[1] & 32 ? 'H' : 'L', hvcc[12]);
	while (last >= 6 && hvcc[last] == 0)
		last--;
	for (int i = 6; i <= last; i++)
		used += snprintf(type + used, FMP4_MEDIA_TYPE_BYTES - (size_t)used, ".%x", hvcc[i]);
	snprintf(type + used, FMP4_MEDIA_TYPE_BYTES - (size_t)used, "\"");
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

static int set_parameters(struct fmp4_mux *mux, const AVCodecParameters *parameters, char *type)
{
	struct muxer probe = {0};
	int r = -ENOTSUP;

	if (!mp4_is_played(parameters))
		return r;
	mux->parameters = avcodec_parameters_alloc();
	if (mux->parameters != NULL && avcodec_parameters_copy(mux->parameters, parameters) >= 0 &&
	    muxer_open(&probe, parameters) >= 0)
		r = describe(&probe, type);
	muxer_close(&probe);
	if (r < 0)
		avcodec_parameters_free(&mux->parameters);
	return r;
}

void fmp4_mux_begin(struct fmp4_mux *mux, const AVCodecParameters *parameters)
{
	char type[FMP4_MEDIA_TYPE_BYTES] = "";
	int r;

	assert(mux != NULL && parameters != NULL);
	mux->waits_for_key = true;
	if (is_same(mux->parameters, parameters))
		return;
	muxer_close(&mux->muxer);
	avcodec_parameters_free(&mux->parameters);
	r = set_parameters(mux, parameters, type);
	pthread_mutex_lock(&mux->lock);
	mux->type_r = r;
	memcpy(mux->type, type, sizeof(type));
	pthread_mutex_unlock(&mux->lock);
}

/*
 * Queues what the muxer wrote as a part. Without room the pictures up to the next key frame are
 * dropped.
 */
static void queue_part(struct fmp4_mux *mux, bool init, bool key)
{
	struct muxer *muxer = &mux->muxer;
	bool useless = mux->gap && !init && !key;
	struct fmp4_part *part = NULL;

	if (!useless && !muxer->overflown &&
	    atomic_load(&mux->waiting_bytes) + muxer->count <= FMP4_QUEUED_BYTES_MAX)
		part = malloc(sizeof(*part) + muxer->count);
	if (part != NULL) {
		part->session = mux->muxer_session;
		part->init = init;
		part->key = key;
		part->bytes = muxer->count;
		memcpy(part->data, muxer->bytes, muxer->count);
		atomic_fetch_add(&mux->waiting_bytes, part->bytes);
		if (queue_push(mux->parts, &part) < 0) {
			atomic_fetch_sub(&mux->waiting_bytes, part->bytes);
			free(part);
			part = NULL;
		}
	}
	muxer->count = 0;
	muxer->overflown = false;
	mux->gap = init || part == NULL;
	if (part != NULL || useless)
		return;
	mux->waits_for_key = true;
	if (init)
		muxer_close(muxer); /* the following fragments cannot be played without it */
}

static bool begin_run(struct fmp4_mux *mux, uint32_t session, const AVPacket *packet)
{
	muxer_close(&mux->muxer);
	mux->muxer_session = session;
	mux->pending = false;
	mux->origin_us = packet->dts;
	if (muxer_open(&mux->muxer, mux->parameters) < 0) {
		muxer_close(&mux->muxer);
		return false;
	}
	queue_part(mux, true, false);
	return mux->muxer.format != NULL;
}

/* A fragment is written when the next packet arrives, which determines its duration. */
static void write_packet(struct fmp4_mux *mux, const AVPacket *packet)
{
	AVFormatContext *format = mux->muxer.format;
	AVPacket *own = mux->packet;
	bool taken;

	if (av_packet_ref(own, packet) < 0) {
		mux->waits_for_key = true;
		return;
	}
	own->pts -= mux->origin_us;
	own->dts -= mux->origin_us;
	own->stream_index = 0;
	own->pos = -1;
	av_packet_rescale_ts(own, AV_TIME_BASE_Q, format->streams[0]->time_base);
	taken = av_write_frame(format, own) >= 0;
	av_packet_unref(own);
	avio_flush(format->pb);
	if (mux->muxer.count > 0 && mux->pending)
		queue_part(mux, false, mux->pending_key);
	if (taken) {
		mux->pending = true;
		mux->pending_key = (packet->flags & AV_PKT_FLAG_KEY) != 0;
		/* the pending packet stays; those that follow depend on the dropped one */
	} else {
		mux->waits_for_key = true;
	}
}

void fmp4_mux_push(struct fmp4_mux *mux, const AVPacket *packet)
{
	uint32_t session = atomic_load(&mux->session);

	assert(mux != NULL && packet != NULL);
	if (session == 0 || mux->parameters == NULL) {
		muxer_close(&mux->muxer);
		return;
	}
	if ((packet->flags & AV_PKT_FLAG_KEY) != 0) {
		mux->waits_for_key = false;
		if ((mux->muxer.format == NULL || mux->muxer_session != session) &&
		    !begin_run(mux, session, packet))
			mux->waits_for_key = true;
	}
	if (!mux->waits_for_key && mux->muxer.format != NULL && mux->muxer_session == session)
		write_packet(mux, packet);
}

/* ---- the reader thread ---- */

static void drop_part(void *item)
{
	free(*(struct fmp4_part **)item);
}

int fmp4_mux_open(struct fmp4_mux **ret_mux)
{
	struct fmp4_mux *mux = calloc(1, sizeof(*mux));
	int r = mux == NULL ? -ENOMEM
			    : queue_open(sizeof(struct fmp4_part *), PARTS_MAX,
					 QUEUE_REFUSE_WHEN_FULL, drop_part, &mux->parts);

	if (r == 0) {
		pthread_mutex_init(&mux->lock, NULL);
		mux->type_r = -EAGAIN;
		mux->packet = av_packet_alloc();
		if (mux->packet == NULL) {
			fmp4_mux_close(mux);
			return -ENOMEM;
		}
		*ret_mux = mux;
		return 0;
	}
	free(mux);
	return r;
}

int fmp4_mux_media_type(struct fmp4_mux *mux, char *ret_type)
{
	int r;

	assert(mux != NULL && ret_type != NULL);
	pthread_mutex_lock(&mux->lock);
	r = mux->type_r;
	if (r == 0)
		memcpy(ret_type, mux->type, FMP4_MEDIA_TYPE_BYTES);
	pthread_mutex_unlock(&mux->lock);
	return r;
}

uint32_t fmp4_mux_enable(struct fmp4_mux *mux, bool on)
{
	uint32_t session = on ? ++mux->last_session : 0;

	atomic_store(&mux->session, session);
	for (struct fmp4_part *part = fmp4_mux_next(mux); part != NULL; part = fmp4_mux_next(mux))
		free(part);
	return session;
}

int fmp4_mux_fd(const struct fmp4_mux *mux)
{
	assert(mux != NULL);
	return queue_fd(mux->parts);
}

struct fmp4_part *fmp4_mux_next(struct fmp4_mux *mux)
{
	struct fmp4_part *part;

	assert(mux != NULL);
	if (queue_pop(mux->parts, &part) < 0)
		return NULL;
	atomic_fetch_sub(&mux->waiting_bytes, part->bytes);
	return part;
}

void fmp4_mux_close(struct fmp4_mux *mux)
{
	if (mux == NULL)
		return;
	muxer_close(&mux->muxer);
	avcodec_parameters_free(&mux->parameters);
	av_packet_free(&mux->packet);
	queue_close(mux->parts);
	pthread_mutex_destroy(&mux->lock);
	free(mux);
}
