/*
 * dl_symbol.h - loads a shared library on first use.
 *
 * libavdevice and libopencv_imgcodecs pull in about 150 other libraries. Linking them would double
 * the time from start to working doors, and few sites need them. Any thread; blocks on disk, so not
 * the control thread.
 */
#ifndef GH_VISION_CAMERA_DL_SYMBOL_H
#define GH_VISION_CAMERA_DL_SYMBOL_H

#ifdef __cplusplus
extern "C" {
#endif

/**
 * A symbol of a library, loaded the first time and never unloaded.
 * @param library  soname, such as "libavdevice.so.59".
 * @return NULL when the library or the symbol is missing; logged once.
 */
void *dl_symbol(const char *library, const char *symbol);

#ifdef __cplusplus
}
#endif

#endif
