#include "dl_symbol.h"

#include <assert.h>
#include <dlfcn.h>
#include <stddef.h>

#include "base/log.h"

void *dl_symbol(const char *library, const char *symbol)
{
	void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
	void *found = handle != NULL ? dlsym(handle, symbol) : NULL;

	assert(library != NULL && symbol != NULL);
	if (found == NULL)
		log_error("vision", "%s: %s", library, dlerror());
	return found; /* the handle stays open, because the symbol belongs to it */
}
