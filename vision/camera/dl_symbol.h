/*
 * dl_symbol.h - libraries that few sites need, loaded when they are.
 *
 * libavdevice and libopencv_imgcodecs bring some 150 others along: linked to the daemon they double the time between
 * its start and the doors. Any thread; blocks on disk, so not the control thread's business.
 */
#ifndef GH_VISION_CAMERA_DL_SYMBOL_H
#define GH_VISION_CAMERA_DL_SYMBOL_H

#ifdef __cplusplus
extern "C" {
#endif

/**
 * A symbol of a library, loaded the first time and never unloaded.
 * @param library  its file as the linker would name it, such as "libavdevice.so.59".
 * @return NULL (told in one log line) when the library or the symbol is not there.
 */
void *dl_symbol(const char *library, const char *symbol);

#ifdef __cplusplus
}
#endif

#endif
