#include "source.h"

#include "camera.h"

#include <string.h>

void camera_config_defaults(struct camera_config *config)
{
	memset(config, 0, sizeof(*config));
	config->realtime = true;
	config->open_timeout_ms = 8000;
	config->stall_timeout_ms = 5000;
	config->reconnect_min_ms = 1000;
	config->reconnect_max_ms = 30000;
	config->ring_seconds = 60;
	config->ring_bytes_max = UINT64_C(64) << 20;
	config->decoder_threads = 1;
}

static bool within(unsigned value, unsigned min, unsigned max)
{
	return value >= min && value <= max;
}

bool camera_config_is_valid(const struct camera_config *config)
{
	return memchr(config->name, '\0', sizeof(config->name)) != NULL &&
	       memchr(config->url, '\0', sizeof(config->url)) != NULL &&
	       within(config->open_timeout_ms, 100, 120000) &&
	       within(config->stall_timeout_ms, 100, 120000) &&
	       within(config->reconnect_min_ms, 10, 600000) &&
	       within(config->reconnect_max_ms, config->reconnect_min_ms, 600000) &&
	       within(config->decoder_threads, 1, 16) && config->ring_seconds <= 600;
}
