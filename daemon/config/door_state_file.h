/*
 * door_state_file.h - the modes of the doors, kept over a restart in STATE_DIR/doors.
 *
 * Not in the database: doors are under control before it is open, and a latched fire must not lock for even a
 * moment because the daemon was restarted. The file is small text, a line a door: NAME MODE BEFORE FIRE HOURS. It is
 * written on a thread of its own (to a new file, synced, renamed), so that a slow disk delays no door; only the
 * newest state is written. Control thread only.
 */
#ifndef GH_CONFIG_DOOR_STATE_FILE_H
#define GH_CONFIG_DOOR_STATE_FILE_H

#include "hw/door/door.h"

struct door_book;

/**
 * Read what is there. A missing, cut or foreign file is an empty book: its doors are Locked, and that is logged.
 * @return 0, -ENOMEM or -EAGAIN (no thread).
 */
int door_book_open(const char *state_dir, struct door_book **ret_book);

/** Locked when the book does not know the door. */
struct door_memory door_book_find(const struct door_book *book, const char *door);

/** Remember; nothing happens when it is what the book holds. More doors than a config may have are not kept. */
void door_book_put(struct door_book *book, const char *door, const struct door_memory *memory);

/** Whether the door stands unlocked by its opening hours: their end locks it, be it after a restart. */
bool door_book_in_hours(const struct door_book *book, const char *door);
void door_book_set_in_hours(struct door_book *book, const char *door, bool in_hours);

/** Readable when something came to the disk, or failed to; door_book_settled() takes it. */
int door_book_fd(const struct door_book *book);

/** The number of the last change that was put; rises by one with each. */
uint64_t door_book_last(const struct door_book *book);

/** The number of the last change that was tried on disk. @param ret_r  how that went: 0 or less. */
uint64_t door_book_settled(struct door_book *book, int *ret_r);

/** Writes what is not yet on disk, waiting for it. NULL is fine. */
void door_book_close(struct door_book *book);

#endif
