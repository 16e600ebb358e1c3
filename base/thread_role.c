#include "thread_role.h"

static _Thread_local enum thread_role role_of_thread; /* zero: THREAD_CONTROL */

void thread_role_set(enum thread_role role)
{
	assert(role >= THREAD_CONTROL && role < THREAD_ROLES);
	role_of_thread = role;
}

enum thread_role thread_role(void)
{
	return role_of_thread;
}
