/*
 * copies.h - lists the other copies of personal data: backups, and quarantined files beside
 * gate.db.
 *
 * An erasure does not change them, so its certificate lists them. STATE_DIR/backups.json is the
 * register of backups, a JSON array of {"path","made_unix_ms","device"}, the oldest first. Blocks
 * on the disk; any thread, one process at a time.
 */
#ifndef GH_STORE_COPIES_H
#define GH_STORE_COPIES_H

#include <jansson.h>
#include <stdint.h>

enum { COPIES_MAX = 1000 }; /* the oldest are removed from the register */

#define COPIES_NAME "backups.json"

/**
 * Register the backup in @p folder. Also removes the entries of backups that were deleted: their
 * disk is mounted but does not contain them. An entry whose disk is not mounted, or that was
 * imported from another board, remains. The register gets the owner of @p state_dir.
 * @return 0 or a negative errno, which leaves the register unchanged.
 */
int copies_register(const char *state_dir, const char *folder);

/**
 * Add the entries of the register in the backup @p folder, marked as made on another board. A
 * missing register is allowed. @return as copies_register().
 */
int copies_import(const char *folder, const char *state_dir);

/**
 * List the backups made, and the quarantined files last written, before @p until_unix_ms: an array
 * of {"path","made"}, backups first, the oldest first. A missing register is treated as empty.
 * @return 0, -EBADMSG (the register cannot be read), -ENOMEM or another negative errno.
 */
int copies_list(const char *state_dir, int64_t until_unix_ms, json_t **ret_copies);

#endif
