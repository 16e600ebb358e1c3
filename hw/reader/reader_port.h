/*
 * reader_port.h - a reader that is a device of the system: a USB keyboard (evdev) or a serial line.
 *
 * The device is opened exclusively: no other program receives its input. It may be unplugged at any
 * time: reader_port_next() reports that, and the owner closes the port and opens it again. Control
 * thread only.
 */
#ifndef GH_HW_READER_READER_PORT_H
#define GH_HW_READER_READER_PORT_H

#include <stdbool.h>
#include <stdint.h>

#include "reader_text.h"

struct reader_port;

/**
 * A keyboard by its device file, preferably one of /dev/input/by-id/.
 * @return 0, -ENOENT or -ENODEV (not plugged in), -EACCES, -EBUSY (another program has grabbed it),
 *         -ENOTTY (no evdev device) or -ENOMEM.
 */
int reader_port_open_evdev(const char *path, struct reader_port **ret_port);

/** Whether a serial line supports this speed. */
bool reader_port_baud_is_known(unsigned baud);

/**
 * A serial line of 8 bits without parity.
 * @return as above; -ENOTTY (no terminal) or -EINVAL (unknown speed).
 */
int reader_port_open_serial(const char *path, unsigned baud, struct reader_port **ret_port);

/** Readable when reader_port_next() has something; level-triggered. */
int reader_port_fd(const struct reader_port *port);

/**
 * The next reading. Call it until it returns 0; it does so after a bounded number of readings.
 * @param ret_text  READER_TEXT_BYTES.
 * @return 1; 0: none now; -EBADMSG: a reading that was too long or not text was dropped, call
 *         again; another negative errno: the device was removed, close the port.
 */
int reader_port_next(struct reader_port *port, uint64_t now_us, char *ret_text);

/** NULL is allowed. */
void reader_port_close(struct reader_port *port);

#endif
