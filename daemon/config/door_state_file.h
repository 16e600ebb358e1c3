/*
 * door_state_file.h - the modes of the doors, stored in STATE_DIR/doors for the next start.
 *
 * Not in the database: doors are under control before it is open, and a latched fire must not lock
 * for even a moment because the daemon was restarted. The file is small text, a line a door: NAME
 * MODE BEFORE FIRE HOURS. It is written on a thread of its own (to a new file, synced, renamed), so
 * that a slow disk delays no door; only the newest state is written. Control thread only.
 */
#ifndef GH_CONFIG_DOOR_STATE_FILE_H
#define GH_CONFIG_DOOR_STATE_FILE_H

#include "hw/door/door.h"

struct door_state_file;

/**
 * Read what is there. A missing, cut or foreign file is an empty file: its doors are Locked, and
 * that is logged.
 * @return 0, -ENOMEM or -EAGAIN (no thread).
 */
int door_state_file_open(const char *state_dir, struct door_state_file **ret_file);

/** Locked when the file does not know the door. */
struct door_memory door_state_file_find(const struct door_state_file *file, const char *door);

/**
 * Store; nothing is written when the file holds it already. Doors beyond CONFIG_DOORS_MAX are
 * ignored.
 */
void door_state_file_put(struct door_state_file *file, const char *door,
			 const struct door_memory *memory);

/**
 * Whether the door stands unlocked by its opening hours: their end locks it, be it after a restart.
 */
bool door_state_file_in_hours(const struct door_state_file *file, const char *door);
void door_state_file_set_in_hours(struct door_state_file *file, const char *door, bool in_hours);

/** Readable when a write has ended, well or not; door_state_file_settled() reads the result. */
int door_state_file_fd(const struct door_state_file *file);

/** The number of the last change that was put; rises by one with each. */
uint64_t door_state_file_last(const struct door_state_file *file);

/** The number of the last change that was tried on disk. @param ret_r  how that went: 0 or less. */
uint64_t door_state_file_settled(struct door_state_file *file, int *ret_r);

/** Writes what is not yet on disk, waiting for it. NULL is fine. */
void door_state_file_close(struct door_state_file *file);

#endif
