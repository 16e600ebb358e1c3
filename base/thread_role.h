/*
 * thread_role.h - which thread runs this code, as an assertion.
 *
 * Each thread that the program starts registers its role once, before anything else. A thread that
 * registered none has the role THREAD_CONTROL: the main thread, and so a unit test, needs no call.
 * Any thread; a few instructions.
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
	THREAD_QUERY,   /* reads of gate.db, the audit among them */
	THREAD_CAMERA,  /* one for each camera: reads packets, decodes pictures */
	THREAD_FACE,    /* detection and recognition of faces */
	THREAD_LITTER,  /* detection of thrown objects, and the writer of their evidence */
	THREAD_WORKER, /* jobs that would delay the loop: a file, a name look-up, a password hash */
	THREAD_ROLES
};

/** Register the role of the calling thread; it stays until the thread ends. */
void thread_role_set(enum thread_role role);

/** The role of the calling thread. */
enum thread_role thread_role(void);

/*
 * At the beginning of each function that one thread alone may call. No preset of the build defines
 * NDEBUG, so this check is part of the release build too: it reads one thread-local variable.
 */
#define assert_thread(role) assert(thread_role() == (role))

#ifdef __cplusplus
}
#endif
#endif
