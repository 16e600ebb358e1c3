/*
 * backup.h - a copy of what a gate must not lose, made while it works, and the way back.
 *
 * A backup is a new folder (mode 0700): gate.db as of one moment, without freed pages; keys/
 * (unless left out), and the config that was last in force. Clips and stills are not in it. The
 * gate notes it (copies.h). With its keys a backup opens every name and template it holds: it is to
 * be kept like the gate itself. Blocks on disk; any thread.
 */
#ifndef GH_STORE_BACKUP_H
#define GH_STORE_BACKUP_H

#include <stdbool.h>

enum { BACKUP_TEXT_BYTES = 768 };

/**
 * Copy the gate whose state is in @p state_dir to @p folder, which must not exist. The daemon may
 * run.
 * @param text  BACKUP_TEXT_BYTES; one sentence, also on success.
 * @return 0, -EEXIST, -EBADMSG (the copy does not verify and was removed) or another negative
 *         errno.
 */
int backup_make(const char *state_dir, const char *folder, bool with_keys, char *text);

/**
 * Bring a backup back. The daemon of @p state_dir must not run. The whole log is verified first;
 * what stands there is moved aside (gate.db.replaced-TIME), nothing is deleted. A key of the backup
 * never replaces another one. Files go to the owner of @p state_dir.
 * @return 0, -EBUSY (a daemon runs), -ENOENT, -EPROTO (made by a newer program), -EBADMSG (does not
 *         verify), -EKEYREJECTED (its keys are missing, or others are there) or another negative
 *         errno, with the sentence.
 */
int backup_restore(const char *folder, const char *state_dir, char *text);

#endif
