/*
 * unconst.h - removes const from a pointer, for interfaces that lack it but do not write.
 *
 * Jansson's readers, execvp(3), free(3) and the argument of a callback are declared without const.
 * -Wcast-qual refuses a cast that removes const, so each such place calls this function.
 */
#ifndef GH_BASE_UNCONST_H
#define GH_BASE_UNCONST_H

#include <stdint.h>

static inline void *unconst(const void *pointer)
{
	/* a cast of the pointer itself would remove const */
	return (void *)(uintptr_t)pointer; /* NOLINT(performance-no-int-to-ptr) */
}

#endif
