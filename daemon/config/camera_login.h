/*
 * camera_login.h - the user name and password of a network camera, and the address that holds them.
 *
 * In the config they stand apart from the address, the password in a file of its own. Only the
 * address that FFmpeg opens holds all three, and it is never logged whole. Any thread;
 * camera_login_url() reads a small file.
 */
#ifndef GH_CONFIG_CAMERA_LOGIN_H
#define GH_CONFIG_CAMERA_LOGIN_H

#include <stdbool.h>
#include <stddef.h>

enum { CAMERA_LOGIN_BYTES = 128, CAMERA_LOGIN_ERROR_BYTES = 384 };

struct config_camera;

/** Whether @p url, such as rtsp://user:pass@host/path, holds a login. The config refuses it. */
bool camera_login_is_inside(const char *url);

/**
 * The address to open: the camera's, with its user name and the first line of its password file.
 * @param error  CAMERA_LOGIN_ERROR_BYTES; a sentence without the password.
 * @return 0, or what reading failed with, or -ENAMETOOLONG; @p ret_url is then the address without
 *         a login.
 */
int camera_login_url(const struct config_camera *camera, char *ret_url, size_t bytes, char *error);

#endif
