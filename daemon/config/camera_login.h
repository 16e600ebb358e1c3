/*
 * camera_login.h - user and password of a network camera: out of an address, and into the one that is opened.
 *
 * In the config they stand apart from the address, the password in a file of its own; only the address that FFmpeg is
 * given, and that is never logged whole, holds all three. Any thread; camera_login_url() reads a small file.
 */
#ifndef GH_CONFIG_CAMERA_LOGIN_H
#define GH_CONFIG_CAMERA_LOGIN_H

#include <stdbool.h>
#include <stddef.h>

enum { CAMERA_LOGIN_BYTES = 128, CAMERA_LOGIN_ERROR_BYTES = 384 };

struct config_camera;

struct camera_login {
	char user[CAMERA_LOGIN_BYTES], password[CAMERA_LOGIN_BYTES]; /* as a person types them */
};

/**
 * Whether @p url, such as rtsp://user:pass@host/path, holds a login.
 * @param ret_login  NULL, or what it is.
 * @param ret_plain  NULL, or the address without it, of @p bytes, no less than the url's.
 */
bool camera_login_split(const char *url, struct camera_login *ret_login, char *ret_plain, size_t bytes);

/**
 * The address to open: the camera's, with its user name and the first line of its password file.
 * @param error  CAMERA_LOGIN_ERROR_BYTES; a sentence without the password.
 * @return 0, or what reading failed with, or -ENAMETOOLONG; @p ret_url is then the address without a login.
 */
int camera_login_url(const struct config_camera *camera, char *ret_url, size_t bytes, char *error);

#endif
