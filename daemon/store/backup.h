/*
 * backup.h - makes a backup of a gate while its daemon runs, and restores one.
 *
 * A backup is a new folder (mode 0700) with a consistent copy of gate.db without freed pages, keys/
 * (unless left out), and the last good config. It contains no clips or stills. The gate registers
 * it (copies.h). A backup with keys gives access to all names and templates in it: protect it like
 * the gate itself. Blocks on the disk; any thread.
 */
#ifndef GH_STORE_BACKUP_H
#define GH_STORE_BACKUP_H

#include <stdbool.h>

enum { BACKUP_TEXT_BYTES = 768 };

/**
 * Back up the gate whose state is in @p state_dir to @p folder, which must not exist. The daemon
 * may run.
 * @param text  BACKUP_TEXT_BYTES; one sentence, also on success.
 * @return 0, -EEXIST, -EBADMSG (the copy does not verify and was removed) or another negative
 *         errno.
 */
int backup_make(const char *state_dir, const char *folder, bool with_keys, char *text);

/**
 * Restore a backup. The daemon of @p state_dir must not run. Verifies the backup's log first. The
 * present database is renamed (gate.db.replaced-TIME), not deleted. A key of the backup never
 * replaces another key. The files get the owner of @p state_dir.
 * @param text  BACKUP_TEXT_BYTES; one sentence, also on success.
 * @return 0, -EBUSY (the daemon runs), -ENOENT, -EPROTO (made by a newer program), -EBADMSG (does
 *         not verify), -EKEYREJECTED (its keys are missing, or @p state_dir has other ones) or
 *         another negative errno.
 */
int backup_restore(const char *folder, const char *state_dir, char *text);

#endif
