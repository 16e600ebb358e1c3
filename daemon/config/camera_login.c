#include "camera_login.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "config.h"

static int hex_digit(char c)
{
	const char *digits = "0123456789abcdef", *at = c != '\0' ? strchr(digits, c | 0x20) : NULL;

	return at != NULL ? (int)(at - digits) : -1;
}

/* %XX as the byte it stands for; what is no such thing stays as it is. Cut to CAMERA_LOGIN_BYTES. */
static void unescape(const char *from, size_t bytes, char *to)
{
	size_t used = 0;

	for (size_t i = 0; i < bytes && used < CAMERA_LOGIN_BYTES - 1; i++) {
		int high = from[i] == '%' && i + 2 < bytes ? hex_digit(from[i + 1]) : -1;
		int low = high >= 0 ? hex_digit(from[i + 2]) : -1;

		if (low >= 0 && (high | low) != 0) {
			to[used++] = (char)(high << 4 | low);
			i += 2;
		} else {
			to[used++] = from[i];
		}
	}
	to[used] = '\0';
}

bool camera_login_split(const char *url, struct camera_login *ret_login, char *ret_plain, size_t bytes)
{
	const char *host = strstr(url, "://"), *at, *colon;

	host = host != NULL ? host + 3 : url;
	/* a password may hold '/' that nobody escaped: the last @ before the query counts */
	at = memrchr(host, '@', strcspn(host, "?"));
	if (host == url || at == NULL)
		return false;
	colon = memchr(host, ':', (size_t)(at - host));
	if (ret_login != NULL) {
		unescape(host, (size_t)((colon != NULL ? colon : at) - host), ret_login->user);
		unescape(colon != NULL ? colon + 1 : at, colon != NULL ? (size_t)(at - colon - 1) : 0,
			 ret_login->password);
	}
	if (ret_plain != NULL)
		snprintf(ret_plain, bytes, "%.*s%s", (int)(host - url), url, at + 1);
	return true;
}

/* The first line, without its end. */
static int read_password(const char *path, char *password)
{
	FILE *file = fopen(path, "re");

	if (file == NULL)
		return -errno;
	if (fgets(password, CAMERA_LOGIN_BYTES, file) == NULL)
		password[0] = '\0';
	password[strcspn(password, "\r\n")] = '\0';
	(void)fclose(file); /* it was only read */
	return 0;
}

static size_t escape(const char *from, char *to, size_t used, size_t bytes)
{
	for (; *from != '\0' && used + 4 < bytes; from++) {
		unsigned char c = (unsigned char)*from;
		bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

		used += (size_t)snprintf(to + used, bytes - used, plain ? "%c" : "%%%02X", c);
	}
	return *from == '\0' ? used : bytes;
}

int camera_login_url(const struct config_camera *camera, char *ret_url, size_t bytes, char *error)
{
	const char *host = strstr(camera->source, "://");
	char password[CAMERA_LOGIN_BYTES] = "";
	size_t used;
	int r = 0;

	snprintf(ret_url, bytes, "%s", camera->source);
	if (camera->username[0] == '\0' || host == NULL)
		return 0;
	if (camera->password_file[0] != '\0')
		r = read_password(camera->password_file, password);
	if (r < 0) {
		snprintf(error, CAMERA_LOGIN_ERROR_BYTES, "%s: %s", camera->password_file, strerror(-r));
		return r;
	}
	used = (size_t)(host + 3 - camera->source);
	used = escape(camera->username, ret_url, used, bytes);
	if (used < bytes && password[0] != '\0')
		used += (size_t)snprintf(ret_url + used, bytes - used, ":");
	used = used < bytes ? escape(password, ret_url, used, bytes) : used;
	if (used < bytes)
		used += (size_t)snprintf(ret_url + used, bytes - used, "@%s", host + 3);
	explicit_bzero(password, sizeof(password));
	if (used < bytes)
		return 0;
	snprintf(ret_url, bytes, "%s", camera->source);
	snprintf(error, CAMERA_LOGIN_ERROR_BYTES, "address and login together are too long");
	return -ENAMETOOLONG;
}
