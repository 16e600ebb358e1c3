#include "camera_login.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "config.h"

bool camera_login_is_inside(const char *url)
{
	const char *host = strstr(url, "://");

	/* a password may hold a '/' that is not escaped, so a @ counts up to the query */
	return host != NULL && memchr(host + 3, '@', strcspn(host + 3, "?")) != NULL;
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
		bool plain =
			(c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

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
		snprintf(error, CAMERA_LOGIN_ERROR_BYTES, "%s: %s", camera->password_file,
			 strerror(-r));
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
