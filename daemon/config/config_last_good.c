/*
 * The last config that was good, beside the state: for gatehouse-safe, when the file was broken
 * meanwhile.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int copy(int from, int to)
{
	char chunk[4096];
	ssize_t got;

	while ((got = read(from, chunk, sizeof(chunk))) > 0)
		if (write(to, chunk, (size_t)got) != got)
			return errno != 0 ? -errno : -EIO;
	return got < 0 ? -errno : fsync(to) < 0 ? -errno : 0;
}

int config_save_last_good(const char *path, const char *state_dir)
{
	char kept[CONFIG_PATH_BYTES + 32], fresh[CONFIG_PATH_BYTES + 40], error[CONFIG_ERROR_BYTES];
	struct config *again = NULL;
	int from = open(path, O_RDONLY | O_CLOEXEC), to = -1, r;

	snprintf(kept, sizeof(kept), "%s/" CONFIG_LAST_GOOD_NAME, state_dir);
	snprintf(fresh, sizeof(fresh), "%s.new", kept);
	if (from >= 0)
		to = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	r = from < 0 || to < 0 ? -errno : copy(from, to);
	if (from >= 0)
		close(from);
	if (to >= 0)
		close(to);
	/* it may have been edited since it was loaded */
	if (r == 0)
		r = config_load(fresh, &again, error, sizeof(error));
	config_free(again);
	if (r == 0 && rename(fresh, kept) < 0)
		r = -errno;
	if (r < 0)
		(void)unlink(fresh); /* there may be none */
	return r;
}
