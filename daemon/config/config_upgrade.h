/*
 * config_upgrade.h - bring a config file of an older version to the version that this program
 * reads.
 *
 * A step brings a file of one version to the next. It edits the text, so comments and the order of
 * options stay. Version 1 is the first, so config_upgrade_steps is empty; tests run the mechanism
 * with a step of their own. Any thread; config_upgrade_file() reads and writes small files.
 */
#ifndef GH_CONFIG_CONFIG_UPGRADE_H
#define GH_CONFIG_CONFIG_UPGRADE_H

#include <stddef.h>

struct config_edits; /* the changes of one step */

/**
 * Give the option at @p path, such as "api.listen", the name @p key. An option that is absent
 * changes nothing.
 * @return 0, or -ENOSPC (more edits than a step may make).
 */
int config_edit_rename(struct config_edits *edits, const char *path, const char *key);

/**
 * Set the option at @p path to @p value, which is YAML. An absent option and the result: as
 * config_edit_rename().
 */
int config_edit_set(struct config_edits *edits, const char *path, const char *value);

struct config_upgrade_step {
	unsigned from; /* the version that the step reads; it makes the next one */
	/**
	 * Queue the edits, without that of `version`. @return 0, or a negative errno that ends the
	 * upgrade.
	 */
	int (*edit)(struct config_edits *edits); /* NULL ends a table of steps */
};

/** The steps of this program, in rising order. */
extern const struct config_upgrade_step config_upgrade_steps[];

/**
 * Apply @p steps to @p bytes of @p text until it has CONFIG_VERSION, and check the result like any
 * config.
 * @param file_name  for the error.
 * @param ret_text   the new text; free() it.
 * @param error      CONFIG_ERROR_BYTES is enough; as of config_load().
 * @return 0; -EALREADY (it has that version); -EINVAL (not YAML, of a newer version or of one
 *         without a step, or the result is no good config) with the reason in @p error; -EFBIG,
 *         -ENOMEM or -ENOSPC.
 */
int config_upgrade_text(const char *text, size_t bytes, const char *file_name,
			const struct config_upgrade_step *steps, char **ret_text, char *error,
			size_t error_bytes);

/**
 * Upgrade the file at @p path in place. The old file stays beside it as "PATH.version-N", N being
 * its version. Until the new file is complete on disk, @p path is the old one.
 * @param ret_backup  @p backup_bytes; the path of the old file.
 * @return as config_upgrade_text(), or what a file operation failed with; -EEXIST: a backup of that
 *         name exists. The file is unchanged after every failure.
 */
int config_upgrade_file(const char *path, const struct config_upgrade_step *steps, char *ret_backup,
			size_t backup_bytes, char *error, size_t error_bytes);

#endif
