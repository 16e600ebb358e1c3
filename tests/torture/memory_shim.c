/*
 * memory_shim.c - the n-th allocation fails, for tools/torture: preloaded into a unit test.
 *
 * Only what the program itself asks for counts, in C or in C++, and what libraries do whose names
 * hold GH_ALLOC_ALSO. GH_ALLOC_FAIL is n (0: none). GH_ALLOC_OUT is a file to which, at the end,
 * the number of allocations is written, and at the failure the address that asked, as an offset
 * into the program. A refused operator new throws std::bad_alloc.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern void *__libc_malloc(size_t bytes), *__libc_calloc(size_t count, size_t bytes);
extern void *__libc_realloc(void *at, size_t bytes),
	*__libc_memalign(size_t alignment, size_t bytes);

enum { PARTS_MAX = 64 };

static struct {
	uintptr_t from, to;
} parts[PARTS_MAX];
static int part_count;
static uintptr_t base;
static atomic_long count;
static long fail_at;
static int out = -1;

/* The program is the first object; what is executable of it is ours. */
static int add_object(struct dl_phdr_info *info, size_t bytes, void *also)
{
	bool first = part_count == 0;

	(void)bytes;
	if (first)
		base = info->dlpi_addr;
	else if (also == NULL || strstr(info->dlpi_name, also) == NULL)
		return 0;
	for (int i = 0; i < info->dlpi_phnum && part_count < PARTS_MAX; i++) {
		const ElfW(Phdr) *part = &info->dlpi_phdr[i];

		if (part->p_type == PT_LOAD && (part->p_flags & PF_X) != 0) {
			parts[part_count].from = info->dlpi_addr + part->p_vaddr;
			parts[part_count++].to = info->dlpi_addr + part->p_vaddr + part->p_memsz;
		}
	}
	return 0;
}

__attribute__((constructor)) static void attach(void)
{
	const char *n = getenv("GH_ALLOC_FAIL"), *path = getenv("GH_ALLOC_OUT"),
		   *also = getenv("GH_ALLOC_ALSO");

	(void)dl_iterate_phdr(add_object, also != NULL && also[0] != '\0' ? (void *)also : NULL);
	fail_at = n != NULL ? strtol(n, NULL, 10) : 0;
	if (path != NULL)
		out = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
}

__attribute__((destructor)) static void tell_count(void)
{
	if (out >= 0)
		dprintf(out, "count %ld\n", atomic_load(&count));
}

static bool is_counted(uintptr_t at)
{
	for (int i = 0; i < part_count; i++)
		if (at >= parts[i].from && at < parts[i].to)
			return true;
	return false;
}

static bool fails(const void *caller)
{
	uintptr_t at = (uintptr_t)caller;

	if (!is_counted(at) || atomic_fetch_add(&count, 1) + 1 != fail_at)
		return false;
	if (out >= 0)
		dprintf(out, "failed %lx\n", (unsigned long)(at - base));
	errno = ENOMEM;
	return true;
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

int posix_memalign(void **ret, size_t alignment, size_t bytes)
{
	void *at = fails(__builtin_return_address(0)) ? NULL : __libc_memalign(alignment, bytes);

	if (at == NULL)
		return ENOMEM;
	*ret = at;
	return 0;
}

/*
 * ---- C++: the names that the compiler gives operator new; this file is compiled so that
 * exceptions pass it ----
 */

static void *new_or_throw(const void *caller, size_t bytes)
{
	void *at = fails(caller) ? NULL : __libc_malloc(bytes > 0 ? bytes : 1);

	if (at == NULL)
		((void (*)(void))dlsym(RTLD_DEFAULT, "_ZSt17__throw_bad_allocv"))();
	return at;
}

void *_Znwm(size_t bytes)
{
	return new_or_throw(__builtin_return_address(0), bytes);
}

void *_Znam(size_t bytes)
{
	return new_or_throw(__builtin_return_address(0), bytes);
}

void *_ZnwmRKSt9nothrow_t(size_t bytes, const void *tag)
{
	(void)tag;
	return fails(__builtin_return_address(0)) ? NULL : __libc_malloc(bytes > 0 ? bytes : 1);
}
