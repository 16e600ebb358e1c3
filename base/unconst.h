/*
 * unconst.h - a pointer without const, for interfaces that ask for one and do not write through it.
 *
 * Jansson's readers, execvp(3), free(3) and the argument of a callback have no const in C. The
 * compiler refuses a cast that drops it (-Wcast-qual), so each such place says so by name.
 */
#ifndef GH_BASE_UNCONST_H
#define GH_BASE_UNCONST_H

#include <stdint.h>

static inline void *unconst(const void *pointer)
{
	/* a cast of the pointer itself would drop const */
	return (void *)(uintptr_t)pointer; /* NOLINT(performance-no-int-to-ptr) */
}

#endif
