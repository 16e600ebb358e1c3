/* Whatever arrives on a command topic: parsed or refused with a sentence, never a crash. */
#include <stdint.h>
#include <stdlib.h>

#include "mqtt/command.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	char error[COMMAND_ERROR_BYTES] = "";
	struct command command;
	int r = command_parse("gatehouse/s/g/cmd/ping", (const char *)data, bytes, &command, error);

	if (r < 0 && error[0] == '\0')
		abort(); /* refused without saying why */
	command_finish(&command);
	return 0;
}
