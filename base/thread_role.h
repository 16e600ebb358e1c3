/*
 * thread_role.h - asserts on which thread a function runs.
 *
 * Each thread that the program starts registers its role first. A thread without a registered role
 * is THREAD_CONTROL, so the main thread and a unit test need no call. Any thread; takes a few
 * instructions.
 */
#ifndef GH_BASE_THREAD_ROLE_H
#define GH_BASE_THREAD_ROLE_H

#include <assert.h>

#ifdef __cplusplus
extern "C" {
#endif

enum thread_role {
	THREAD_CONTROL, /* the event loop, which owns doors, roster, broker and web */
	THREAD_STORE,   /* the only writer of gate.db */
	THREAD_QUERY,   /* reads gate.db; also the thread of an audit */
	THREAD_CAMERA,  /* one for each camera: reads packets, decodes pictures */
	THREAD_FACE,    /* detection and recognition of faces */
	THREAD_LITTER,  /* detection of thrown objects, and the writer of their evidence */
	THREAD_WORKER, /* jobs that would delay the loop: a file, a name look-up, a password hash */
	THREAD_ROLES
};

/** Register the role of the calling thread until the thread ends. */
void thread_role_set(enum thread_role role);

/** The role of the calling thread. */
enum thread_role thread_role(void);

/*
 * Used at the beginning of each function that only one thread may call. No build preset defines
 * NDEBUG, so the release build contains this check, too: it reads one thread-local variable.
 */
#define assert_thread(role) assert(thread_role() == (role))

#ifdef __cplusplus
}
#endif
#endif
