/* A config file: read, parsed, filled in, checked. */
#include "config_tree_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A line by its offset is the first chip's unless said otherwise; one by its name may be on any. */
static void name_chips(struct config_board *board)
{
	struct config_line *const groups[] = {board->outputs, board->inputs};
	const size_t counts[] = {board->output_count, board->input_count};

	for (size_t group = 0; group < 2; group++)
		for (size_t i = 0; i < counts[group]; i++)
			if (groups[group][i].place.offset >= 0 && groups[group][i].chip[0] == '\0')
				snprintf(groups[group][i].chip, CONFIG_NAME_BYTES, "gpiochip0");
}

int config_load_text(const char *text, size_t bytes, const char *file_name,
		     struct config **ret_config, char *error, size_t error_bytes)
{
	struct config_tree tree = {.file_name = file_name,
				   .error = error,
				   .error_bytes = error_bytes,
				   .needs = "version, site and gate",
				   .page = "gatehoused --config-help"};
	struct config *config;
	int r;

	if (error_bytes > 0)
		error[0] = '\0';
	if (bytes > CONFIG_BYTES_MAX) {
		config_mistake_at_line(&tree, 1, "larger than %d KiB", CONFIG_BYTES_MAX / 1024);
		return -EFBIG;
	}
	r = config_tree_parse(&tree, text, bytes);
	if (r < 0)
		return r;
	config = calloc(1, sizeof(*config));
	if (config != NULL && config_tree_version(&tree, NULL) == 0) {
		config_fill(&tree, config);
		if (tree.mistakes == 0)
			name_chips(&config->board);
		config_check(&tree, config);
	}
	yaml_document_delete(&tree.document);
	if (config == NULL || tree.mistakes > 0) {
		config_free(config);
		return config == NULL ? -ENOMEM : -EINVAL;
	}
	*ret_config = config;
	return 0;
}

/* @return bytes read, at most CONFIG_BYTES_MAX + 1 (then it is too large), or a negative errno. */
static ssize_t read_descriptor(int fd, char *text)
{
	size_t bytes = 0;

	while (bytes < CONFIG_BYTES_MAX + 1) {
		ssize_t got = read(fd, text + bytes, CONFIG_BYTES_MAX + 1 - bytes);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		bytes += (size_t)got;
	}
	return (ssize_t)bytes;
}

int config_read_file(const char *path, char **ret_text, size_t *ret_bytes)
{
	int fd = open(path,
		      O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe must not hold up the start */
	char *text = malloc(CONFIG_BYTES_MAX + 1);
	struct stat status;
	ssize_t r;

	r = fd < 0                    ? -errno
	    : text == NULL            ? -ENOMEM
	    : fstat(fd, &status) < 0  ? -errno
	    : S_ISREG(status.st_mode) ? read_descriptor(fd, text)
	    : S_ISDIR(status.st_mode) ? -EISDIR
				      : -EINVAL;
	if (fd >= 0)
		close(fd);
	if (r < 0) {
		free(text);
		return (int)r;
	}
	*ret_text = text;
	*ret_bytes = (size_t)r;
	return 0;
}

int config_load(const char *path, struct config **ret_config, char *error, size_t error_bytes)
{
	char *text = NULL;
	size_t bytes = 0;
	int r = config_read_file(path, &text, &bytes);

	if (r < 0) {
		snprintf(error, error_bytes, "%s: cannot be read: %s", path,
			 r == -EINVAL ? "not a file" : strerror(-r));
		return r;
	}
	r = config_load_text(text, bytes, path, ret_config, error, error_bytes);
	free(text);
	return r;
}

void config_free(struct config *config)
{
	free(config);
}
