/*
 * Preloaded: the host has a floating-point state of GH_HOST_STATE_BYTES, as a processor with more
 * registers has. As the host's kernel does, it fills a shorter buffer as far as it goes and refuses
 * to set a shorter state (EFAULT). So that tests/gpio/boot and its kernel can be tried for
 * processors other than the one at hand.
 */
#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>

static size_t host_bytes(void)
{
	const char *text = getenv("GH_HOST_STATE_BYTES");

	return text != NULL ? strtoul(text, NULL, 10) : 0;
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* the registers that this host has not read as zero */
static void pad(struct iovec *state, size_t asked_bytes)
{
	size_t bytes = least(asked_bytes, host_bytes());

	if (bytes > state->iov_len) {
		memset((char *)state->iov_base + state->iov_len, 0, bytes - state->iov_len);
		state->iov_len = bytes;
	}
}

long ptrace(enum __ptrace_request request, ...)
{
	static long (*real)(enum __ptrace_request, ...);
	struct iovec *state;
	size_t asked_bytes;
	va_list words;
	void *address, *data;
	pid_t pid;
	long r;

	va_start(words, request);
	pid = va_arg(words, pid_t);
	address = va_arg(words, void *);
	data = va_arg(words, void *);
	va_end(words);
	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "ptrace");
	if ((request != PTRACE_GETREGSET && request != PTRACE_SETREGSET) ||
	    (uintptr_t)address != NT_X86_XSTATE)
		return real(request, pid, address, data);
	state = data;
	asked_bytes = state->iov_len;
	if (request == PTRACE_SETREGSET && asked_bytes < host_bytes()) {
		errno = EFAULT;
		return -1;
	}
	r = real(request, pid, address, data);
	if (r == 0 && request == PTRACE_GETREGSET)
		pad(state, asked_bytes);
	return r;
}
