/* gatectl config upgrade: an older gatehouse.yaml is replaced by one of today's version. */
#include "gatectl.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "config/config.h"
#include "config/config_upgrade.h"

int ctl_config_upgrade(const struct ctl *ctl)
{
	const char *path = ctl->words[0];
	char error[CONFIG_ERROR_BYTES] = "", backup[CONFIG_PATH_BYTES + 32] = "";
	int r = config_upgrade_file(path, config_upgrade_steps, backup, sizeof(backup), error,
				    sizeof(error));

	if (r == 0) {
		printf("%s: version %d; the old file is %s\n", path, CONFIG_VERSION, backup);
		return CTL_OK;
	}
	if (r == -EALREADY) {
		printf("%s: version %d already\n", path, CONFIG_VERSION);
		return CTL_OK;
	}
	if (error[0] != '\0')
		fprintf(stderr, "%s\n", error);
	else
		fprintf(stderr, "gatectl: %s: %s\n", r == -EEXIST ? backup : path, strerror(-r));
	return CTL_REFUSED;
}
