/*
 * memory_shim.c - the n-th allocation fails, for tools/torture: preloaded into a unit test.
 *
 * Only what the program itself asks for counts, not what its libraries do. GH_ALLOC_FAIL is n (0: none). GH_ALLOC_OUT is
 * a file to which, at the end, the number of allocations is written, and at the failure the address that asked, as
 * an offset into the program.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern void *__libc_malloc(size_t bytes), *__libc_calloc(size_t count, size_t bytes);
extern void *__libc_realloc(void *at, size_t bytes);

static uintptr_t from, to, base;
static atomic_long count;
static long fail_at;
static int out = -1;

/* The program is the first object; what is executable of it is ours. */
static int first_object(struct dl_phdr_info *info, size_t bytes, void *arg)
{
	(void)bytes, (void)arg;
	base = info->dlpi_addr;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *part = &info->dlpi_phdr[i];

		if (part->p_type == PT_LOAD && (part->p_flags & PF_X) != 0) {
			from = base + part->p_vaddr;
			to = from + part->p_memsz;
		}
	}
	return 1;
}

__attribute__((constructor)) static void attach(void)
{
	const char *n = getenv("GH_ALLOC_FAIL"), *path = getenv("GH_ALLOC_OUT");

	(void)dl_iterate_phdr(first_object, NULL);
	fail_at = n != NULL ? strtol(n, NULL, 10) : 0;
	if (path != NULL)
		out = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
}

__attribute__((destructor)) static void tell_count(void)
{
	if (out >= 0)
		dprintf(out, "count %ld\n", atomic_load(&count));
}

static int fails(const void *caller)
{
	uintptr_t at = (uintptr_t)caller;

	if (at < from || at >= to || atomic_fetch_add(&count, 1) + 1 != fail_at)
		return 0;
	if (out >= 0)
		dprintf(out, "failed %lx\n", (unsigned long)(at - base));
	errno = ENOMEM;
	return 1;
}

void *malloc(size_t bytes)
{
	return fails(__builtin_return_address(0)) ? NULL : __libc_malloc(bytes);
}

void *calloc(size_t number, size_t bytes)
{
	return fails(__builtin_return_address(0)) ? NULL : __libc_calloc(number, bytes);
}

void *realloc(void *at, size_t bytes)
{
	return fails(__builtin_return_address(0)) ? NULL : __libc_realloc(at, bytes);
}

char *strdup(const char *text)
{
	size_t bytes = strlen(text) + 1;
	char *copy = fails(__builtin_return_address(0)) ? NULL : __libc_malloc(bytes);

	return copy == NULL ? NULL : memcpy(copy, text, bytes);
}
