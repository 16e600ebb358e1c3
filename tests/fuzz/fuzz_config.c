/* Whatever stands in a config file: loaded or refused with lines that name it, never a crash. */
#include <stdint.h>
#include <stdlib.h>

#include "config/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	char error[CONFIG_ERROR_BYTES] = "";
	struct config *config = NULL;
	int r = config_load_text((const char *)data, bytes, "fuzz.yaml", &config, error,
				 sizeof(error));

	if (r < 0 && error[0] == '\0')
		abort(); /* refused without saying why */
	config_free(config);
	return 0;
}
