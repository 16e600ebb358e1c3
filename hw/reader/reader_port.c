#include "reader_port.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/input.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

enum { CHUNK = 64 };

struct reader_port {
	int fd;
	bool evdev,
		/* skipping: the kernel dropped events; ignore all up to the next report */
		skipping;
	bool filled; /* in this turn: a device that never stops must not block the loop */
	struct reader_keys keys;
	struct reader_text text;
	char bytes[CHUNK]; /* read and not decoded yet */
	size_t from, until;
};

/* NULL with errno on failure. */
static struct reader_port *open_port(const char *path)
{
	struct reader_port *port = calloc(1, sizeof(*port));

	if (port == NULL)
		return NULL;
	port->fd = open(path, O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (port->fd < 0) {
		free(port);
		return NULL;
	}
	return port;
}

int reader_port_open_evdev(const char *path, struct reader_port **ret_port)
{
	struct reader_port *port = open_port(path);
	int version, r = 0;

	if (port == NULL)
		return -errno;
	port->evdev = true;
	if (ioctl(port->fd, EVIOCGVERSION, &version) < 0)
		r = -ENOTTY;
	else if (ioctl(port->fd, EVIOCGRAB, 1) < 0)
		r = -errno;
	if (r < 0) {
		reader_port_close(port);
		return r;
	}
	*ret_port = port;
	return 0;
}

static bool find_speed(unsigned baud, speed_t *ret_speed)
{
	static const struct {
		unsigned baud;
		speed_t speed;
	} speeds[] = {{1200, B1200},   {2400, B2400},   {4800, B4800},   {9600, B9600},
		      {19200, B19200}, {38400, B38400}, {57600, B57600}, {115200, B115200}};

	for (size_t i = 0; i < sizeof(speeds) / sizeof(speeds[0]); i++)
		if (speeds[i].baud == baud) {
			*ret_speed = speeds[i].speed;
			return true;
		}
	return false;
}

bool reader_port_baud_is_known(unsigned baud)
{
	speed_t speed;

	return find_speed(baud, &speed);
}

static int set_line(int fd, speed_t speed)
{
	struct termios line;

	if (tcgetattr(fd, &line) < 0)
		return -ENOTTY;
	cfmakeraw(&line);
	line.c_cflag |= CLOCAL | CREAD;
	line.c_cflag &= ~(tcflag_t)CSTOPB;
	if (cfsetspeed(&line, speed) < 0 || tcsetattr(fd, TCSANOW, &line) < 0)
		return -errno;
	(void)tcflush(fd, TCIFLUSH); /* drop input from before this moment */
	return 0;
}

int reader_port_open_serial(const char *path, unsigned baud, struct reader_port **ret_port)
{
	struct reader_port *port;
	speed_t speed;
	int r = 0;

	if (!find_speed(baud, &speed))
		return -EINVAL;
	port = open_port(path);
	if (port == NULL)
		return -errno;
	if (flock(port->fd, LOCK_EX | LOCK_NB) < 0)
		r = -EBUSY;
	if (r == 0)
		r = set_line(port->fd, speed);
	if (r < 0) {
		reader_port_close(port);
		return r;
	}
	*ret_port = port;
	return 0;
}

int reader_port_fd(const struct reader_port *port)
{
	return port->fd;
}

/* 1: there are bytes, 0: none now, negative: the device was removed. */
static int fill(struct reader_port *port)
{
	struct input_event events[CHUNK];
	bool evdev = port->evdev;
	ssize_t got =
		evdev ? read(port->fd, events, sizeof(events)) : read(port->fd, port->bytes, CHUNK);

	port->from = port->until = 0;
	if (got < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	if (got == 0)
		return -ENODEV;
	if (!evdev)
		port->until = (size_t)got;
	for (size_t i = 0; evdev && i < (size_t)got / sizeof(events[0]); i++) {
		char byte = '\0';

		if (events[i].type == EV_SYN && events[i].code == SYN_DROPPED)
			port->skipping = port->text.unfit = true;
		else if (events[i].type == EV_SYN && events[i].code == SYN_REPORT &&
			 port->skipping) {
			port->skipping = false;
			port->keys = (struct reader_keys){.caps = port->keys.caps};
		} else if (events[i].type == EV_KEY && !port->skipping)
			byte = reader_keys_event(&port->keys, events[i].code, events[i].value);
		if (byte != '\0')
			port->bytes[port->until++] = byte;
	}
	return 1;
}

int reader_port_next(struct reader_port *port, uint64_t now_us, char *ret_text)
{
	int r = 0;

	for (;;) {
		while (port->from < port->until) {
			switch (reader_text_byte(&port->text, port->bytes[port->from++], now_us,
						 ret_text)) {
			case READER_TEXT_DONE:
				return 1;
			case READER_TEXT_UNFIT:
				return -EBADMSG;
			case READER_TEXT_MORE:
				break;
			}
		}
		if (!port->filled)
			r = fill(port);
		port->filled = !port->filled && r > 0;
		if (!port->filled)
			return r < 0 ? r : 0;
	}
}

void reader_port_close(struct reader_port *port)
{
	if (port == NULL)
		return;
	close(port->fd);
	explicit_bzero(port, sizeof(*port)); /* a PIN may have been typed */
	free(port);
}
