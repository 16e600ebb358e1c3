/*
 * Prints how many bytes the floating-point state of a process takes on this host, as ptrace(2)
 * hands it out (NT_X86_XSTATE): 832 with AVX, 2,696 with AVX-512 and protection keys, 11,008 with
 * AMX. The User-Mode Linux kernel of tests/gpio/kernel keeps the state of each of its processes in
 * a buffer of fixed size and panics where the host's is larger, so tests/gpio/boot compares the two
 * first.
 *
 * Exit status: 0; 1 and one line on stderr when the host does not say.
 */
#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STATE_BYTES_MAX = 1 << 20 };

/* @return the size in bytes, or a negative errno */
static long state_bytes(pid_t child)
{
	struct iovec state = {.iov_base = malloc(STATE_BYTES_MAX), .iov_len = STATE_BYTES_MAX};
	long r = -ENOMEM;

	if (state.iov_base != NULL)
		r = ptrace(PTRACE_GETREGSET, child, NT_X86_XSTATE, &state) < 0
			    ? -errno
			    : (long)state.iov_len;
	free(state.iov_base);
	return r;
}

int main(void)
{
	long bytes = -EIO;
	pid_t child = fork();
	int status;

	if (child == 0) {
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0)
			raise(SIGSTOP);
		_exit(0);
	}
	if (child < 0)
		bytes = -errno;
	else if (waitpid(child, &status, 0) == child && WIFSTOPPED(status))
		bytes = state_bytes(child);
	if (child > 0) {
		kill(child, SIGKILL);
		waitpid(child, &status, 0);
	}
	if (bytes <= 0) {
		fprintf(stderr, "host_state: the size of the floating-point state is unknown: %s\n",
			strerror((int)-bytes));
		return 1;
	}
	printf("%ld\n", bytes);
	return 0;
}
