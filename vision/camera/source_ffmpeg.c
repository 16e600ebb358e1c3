#include "source.h"

#include "camera.h"
#include "dl_symbol.h"
#include "base/clock.h"
#include "base/unconst.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libavcodec/avcodec.h>
#include <libavdevice/version.h>
#include <libavformat/avformat.h>
#include <libavutil/pixdesc.h>

enum {
	V4L2_POLL_MS = 4, /* libavdevice provides no descriptor to wait for */
	ANALYSE_MAX_US = 2000000,
	FRAME_US_UNKNOWN = 40000,
};

struct source {
	struct source_options options;
	enum source_kind kind;
	char public_url[CAMERA_REASON_BYTES / 2];
	AVFormatContext *format;
	AVCodecContext *decoder;
	int stream;
	uint64_t deadline_us; /* of the current call, CLOCK_MONOTONIC */
	int64_t frame_us;
};

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void initialise(void)
{
	av_log_set_level(
		AV_LOG_QUIET); /* its messages contain passwords; errors are reported as problems */
	(void)avformat_network_init();
}

/* libavdevice is needed for USB cameras only */
static pthread_once_t devices_once = PTHREAD_ONCE_INIT;

static void register_devices(void)
{
	void *found = dl_symbol("libavdevice.so." AV_STRINGIFY(LIBAVDEVICE_VERSION_MAJOR),
				"avdevice_register_all");
	void (*register_all)(void);

	if (found == NULL)
		return; /* not reported here: opening the camera reports the missing decoder */
	memcpy(&register_all, &found,
	       sizeof(found)); /* ISO C has no cast from an object pointer to a function pointer */
	register_all();
}

static const char *after(const char *text, const char *prefix)
{
	size_t n = strlen(prefix);

	return strncmp(text, prefix, n) == 0 ? text + n : NULL;
}

int source_kind_of(const char *url, enum source_kind *ret_kind)
{
	if (after(url, "rtsp://") != NULL || after(url, "rtsps://") != NULL)
		*ret_kind = SOURCE_RTSP;
	else if (after(url, "/dev/video") != NULL || after(url, "v4l2:") != NULL)
		*ret_kind = SOURCE_V4L2;
	else if (url[0] != '\0' && (after(url, "file:") != NULL || strstr(url, "://") == NULL))
		*ret_kind = SOURCE_FILE;
	else
		return -EINVAL;
	return 0;
}

void camera_url_public(const char *url, char *ret_text, size_t bytes)
{
	const char *host, *at, *end;

	assert(url != NULL && ret_text != NULL && bytes > 0);
	host = strstr(url, "://");
	if (host == NULL) {
		snprintf(ret_text, bytes, "%s", url);
		return;
	}
	host += 3;
	/* an unescaped password may contain '/' or '?': the last @ of the text ends it */
	at = strrchr(host, '@');
	end = at != NULL ? at + 1 : host;
	/* the query may be user=...&password=... */
	snprintf(ret_text, bytes, "%.*s%.*s", (int)(host - url), url, (int)strcspn(end, "?"), end);
}

static int interrupted(void *arg)
{
	const struct source *source = arg;

	return atomic_load(source->options.stop) || clock_mono_us() > source->deadline_us;
}

static void give_time(struct source *source, unsigned ms)
{
	source->deadline_us = clock_mono_us() + (uint64_t)ms * 1000;
}

/* Converts an error of FFmpeg to a problem with a remedy. */
static int advise(const struct source *source, int error, struct problem *problem)
{
	const char *url = source->public_url;
	char text[AV_ERROR_MAX_STRING_SIZE];

	switch (error) {
	case AVERROR(ENOENT):
		return source->kind == SOURCE_V4L2 ? problem_camera_no_device(problem, url)
						   : problem_camera_no_file(problem, url);
	case AVERROR(ENODEV):
	case AVERROR(ENXIO):
		return problem_camera_no_device(problem, url);
	case AVERROR(EACCES):
	case AVERROR(EPERM):
		return problem_camera_not_permitted(problem, url);
	case AVERROR(EBUSY):
		return problem_camera_in_use(problem, url);
	case AVERROR(ECONNREFUSED):
		return problem_camera_refused(problem, url);
	case AVERROR(EHOSTUNREACH):
	case AVERROR(ENETUNREACH):
	case AVERROR(ETIMEDOUT):
		return problem_camera_unreachable(problem, url);
	case AVERROR_HTTP_UNAUTHORIZED:
	case AVERROR_HTTP_FORBIDDEN:
		return problem_camera_wrong_password(problem, url);
	case AVERROR_HTTP_NOT_FOUND:
		return problem_camera_no_stream(problem, url);
	case AVERROR_EOF:
		return source->kind == SOURCE_FILE ? problem_camera_empty(problem, url)
						   : problem_camera_ended(problem, url);
	case AVERROR_INVALIDDATA:
		return problem_camera_not_video(problem, url);
	case AVERROR_STREAM_NOT_FOUND:
		return problem_camera_no_video(problem, url);
	case AVERROR_DECODER_NOT_FOUND:
		return problem_camera_no_decoder(problem, url);
	default:
		return av_strerror(error, text, sizeof(text)) == 0
			       ? problem_camera_failed(problem, url, text)
			       : problem_camera_unreadable(problem, url);
	}
}

static int explain(const struct source *source, int error, unsigned waited_ms,
		   struct problem *problem)
{
	if (atomic_load(source->options.stop))
		return -ECANCELED;
	if (error == AVERROR(ENOMEM))
		return -ENOMEM;
	if (error == AVERROR_EXIT || clock_mono_us() > source->deadline_us)
		return problem_camera_timeout(problem, source->public_url, waited_ms);
	return advise(source, error, problem);
}

static int open_format(struct source *source)
{
	const char *url = source->options.url, *rest;
	const AVInputFormat *input = NULL;
	AVDictionary *options = NULL;
	char path[CAMERA_URL_BYTES + 8];
	int r;

	source->format = avformat_alloc_context();
	if (source->format == NULL)
		return AVERROR(ENOMEM);
	source->format->interrupt_callback = (AVIOInterruptCB){interrupted, source};
	source->format->max_analyze_duration = ANALYSE_MAX_US;
	snprintf(path, sizeof(path), "%s", url);
	switch (source->kind) {
	case SOURCE_FILE: /* a playlist must not lead to the network */
		rest = after(url, "file:");
		snprintf(path, sizeof(path), "file:%s", rest != NULL ? rest : url);
		av_dict_set(&options, "protocol_whitelist", "file", 0);
		break;
	case SOURCE_RTSP:
		av_dict_set(&options, "rtsp_transport", "tcp", 0);
		av_dict_set(&options, "protocol_whitelist",
			    "rtsp,rtsps,tcp,udp,rtp,srtp,tls,crypto", 0);
		break;
	case SOURCE_V4L2:
		rest = after(url, "v4l2:");
		snprintf(path, sizeof(path), "%s", rest != NULL ? rest : url);
		pthread_once(&devices_once, register_devices);
		input = av_find_input_format("v4l2");
		/* blocking reads of libavdevice cannot be interrupted */
		source->format->flags |= AVFMT_FLAG_NONBLOCK;
		break;
	}
	if (source->kind == SOURCE_V4L2 && input == NULL)
		r = AVERROR_DECODER_NOT_FOUND;
	else /* frees and clears the context on failure */
		r = avformat_open_input(&source->format, path, unconst(input), &options);
	av_dict_free(&options);
	return r;
}

static int open_decoder(struct source *source)
{
	const AVStream *stream = source->format->streams[source->stream];
	const AVCodec *codec = avcodec_find_decoder(stream->codecpar->codec_id);
	int r;

	if (codec == NULL)
		return AVERROR_DECODER_NOT_FOUND;
	source->decoder = avcodec_alloc_context3(codec);
	if (source->decoder == NULL)
		return AVERROR(ENOMEM);
	r = avcodec_parameters_to_context(source->decoder, stream->codecpar);
	if (r < 0)
		return r;
	source->decoder->pkt_timebase = AV_TIME_BASE_Q;
	source->decoder->thread_count = (int)source->options.decoder_threads;
	source->decoder->max_pixels = (int64_t)VIDEO_FRAME_SIDE_MAX * VIDEO_FRAME_SIDE_MAX;
	/* with reordered pictures this flag would drop some */
	if (stream->codecpar->video_delay == 0 && source->options.decoder_threads <= 1)
		source->decoder->flags |= AV_CODEC_FLAG_LOW_DELAY;
	return avcodec_open2(source->decoder, codec, NULL);
}

static int64_t announced_frame_us(const AVStream *stream)
{
	AVRational rate = stream->avg_frame_rate;

	if (rate.num <= 0 || rate.den <= 0)
		rate = stream->r_frame_rate;
	if (rate.num <= 0 || rate.den <= 0 || av_q2d(rate) > 1000 || av_q2d(rate) < 0.05)
		return 0;
	return av_rescale(1000000, rate.den, rate.num);
}

static int open_steps(struct source *source)
{
	int r = open_format(source);

	/* a local camera announces all its streams; reading packets here would spin */
	if (r >= 0 && source->kind != SOURCE_V4L2)
		r = avformat_find_stream_info(source->format, NULL);
	if (r >= 0)
		r = av_find_best_stream(source->format, AVMEDIA_TYPE_VIDEO, -1, -1, NULL, 0);
	if (r < 0)
		return r;
	source->stream = r;
	for (unsigned i = 0; i < source->format->nb_streams; i++)
		if ((int)i != source->stream)
			source->format->streams[i]->discard = AVDISCARD_ALL;
	source->frame_us = announced_frame_us(source->format->streams[source->stream]);
	return open_decoder(source);
}

int source_open(const struct source_options *options, struct source **ret_source,
		struct problem *problem)
{
	struct source *source = calloc(1, sizeof(*source));
	int r;

	assert(options->url != NULL && options->stop != NULL && ret_source != NULL);
	if (source == NULL)
		return -ENOMEM;
	pthread_once(&once, initialise);
	source->options = *options;
	camera_url_public(options->url, source->public_url, sizeof(source->public_url));
	r = source_kind_of(options->url, &source->kind);
	if (r == 0) {
		give_time(source, options->open_timeout_ms);
		r = open_steps(source);
		if (r < 0)
			r = explain(source, r, options->open_timeout_ms, problem);
	}
	if (r < 0)
		source_close(source);
	else
		*ret_source = source;
	return r;
}

/* Out-of-range values saturate and later count as missing. */
static int64_t to_us(int64_t value, AVRational time_base)
{
	const int64_t limit = INT64_C(1) << 56;
	int64_t us;

	if (value == AV_NOPTS_VALUE || time_base.num <= 0 || time_base.den <= 0)
		return AV_NOPTS_VALUE;
	us = av_rescale_q(value, time_base, AV_TIME_BASE_Q);
	return us > limit || us < -limit ? AV_NOPTS_VALUE : us;
}

static int read_any(struct source *source, AVPacket *packet)
{
	int r;

	for (;;) {
		r = av_read_frame(source->format, packet);
		if (r != AVERROR(EAGAIN))
			return r;
		if (interrupted(source))
			return AVERROR_EXIT;
		(void)poll(NULL, 0, V4L2_POLL_MS);
	}
}

int source_read(struct source *source, AVPacket *packet, struct problem *problem)
{
	AVRational time_base;
	int r;

	assert(source != NULL && packet != NULL && problem != NULL);
	give_time(source, source->options.stall_timeout_ms);
	for (;;) {
		r = read_any(source, packet);
		if (r < 0 || packet->stream_index == source->stream)
			break;
		av_packet_unref(packet);
		/* only video counts as activity: packets of sound do not extend the deadline */
		if (interrupted(source)) {
			r = AVERROR_EXIT;
			break;
		}
	}
	if (r < 0) {
		if (source->kind == SOURCE_FILE && r == AVERROR_EOF &&
		    !atomic_load(source->options.stop))
			return 0;
		if (source->kind == SOURCE_FILE && r == AVERROR_INVALIDDATA)
			return -EILSEQ;
		return explain(source, r, source->options.stall_timeout_ms, problem);
	}
	time_base = source->format->streams[source->stream]->time_base;
	packet->pts = to_us(packet->pts, time_base);
	packet->dts = to_us(packet->dts, time_base);
	packet->duration = packet->duration > 0 ? to_us(packet->duration, time_base) : 0;
	if (packet->duration <= 0 || packet->duration > 10 * AV_TIME_BASE)
		packet->duration = source_frame_us(source);
	return 1;
}

AVCodecContext *source_decoder(struct source *source)
{
	return source->decoder;
}

const AVCodecParameters *source_parameters(struct source *source)
{
	return source->format->streams[source->stream]->codecpar;
}

int64_t source_frame_us(const struct source *source)
{
	return source->frame_us > 0 ? source->frame_us : FRAME_US_UNKNOWN;
}

double source_fps(const struct source *source)
{
	return source->frame_us > 0 ? 1e6 / (double)source->frame_us : 0;
}

void source_close(struct source *source)
{
	if (source == NULL)
		return;
	/* limits the wait for TEARDOWN if the camera does not answer */
	give_time(source, 500);
	avcodec_free_context(&source->decoder);
	avformat_close_input(&source->format);
	free(source);
}
