/*
 * copies.h - where else what the gate holds of people lies: backups that were made, and files set
 * aside beside gate.db.
 *
 * An erasure does not reach into them, so its certificate names them. STATE_DIR/backups.json is the
 * register of backups, a JSON array of {"path","made_unix_ms","device"}, the oldest first. Blocks
 * on disk; any thread, one process at a time.
 */
#ifndef GH_STORE_COPIES_H
#define GH_STORE_COPIES_H

#include <jansson.h>
#include <stdint.h>

enum { COPIES_MAX = 1000 }; /* the newest are kept */

#define COPIES_NAME "backups.json"

/**
 * Note a backup in @p folder. Backups that are gone from the disk they were made on leave the
 * register; one whose disk is not there, or that was carried here from another board, stays. The
 * register goes to the owner of @p state_dir.
 * @return 0 or a negative errno; the register is then as it was.
 */
int copies_register(const char *state_dir, const char *folder);

/**
 * Note what the register in the backup @p folder has, as of another board; none there is fine.
 * @return as copies_register().
 */
int copies_import(const char *folder, const char *state_dir);

/**
 * What was made, or last written, before @p until_unix_ms: an array of {"path","made"}, the oldest
 * backup first, then files that were set aside. A register that cannot be read is -EBADMSG, a
 * missing one is an empty one.
 * @return 0, -ENOMEM or another negative errno.
 */
int copies_list(const char *state_dir, int64_t until_unix_ms, json_t **ret_copies);

#endif
