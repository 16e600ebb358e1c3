#include "mp4.h"

#include <assert.h>
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>

int mp4_open(const AVCodecParameters *parameters, const char *path, AVFormatContext **ret_format)
{
	AVCodecParameters *own;
	AVStream *stream;
	int r = avformat_alloc_output_context2(ret_format, NULL, "mp4", path);

	assert(parameters != NULL && ret_format != NULL);
	if (r < 0)
		return r;
	stream = avformat_new_stream(*ret_format, NULL);
	if (stream == NULL)
		return AVERROR(ENOMEM);
	own = stream->codecpar;
	r = avcodec_parameters_copy(own, parameters);
	if (r < 0)
		return r;
	/* Safari plays H.265 with this tag only */
	own->codec_tag = own->codec_id == AV_CODEC_ID_HEVC ? MKTAG('h', 'v', 'c', '1') : 0;
	stream->time_base = (AVRational){1, 90000};
	return 0;
}

bool mp4_is_played(const AVCodecParameters *parameters)
{
	return parameters->codec_id == AV_CODEC_ID_H264 || parameters->codec_id == AV_CODEC_ID_HEVC;
}
