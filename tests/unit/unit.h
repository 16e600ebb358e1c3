/* unit.h - what cmocka.h wants included before it, and what several tests share. */
#ifndef GH_TESTS_UNIT_H
#define GH_TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

enum {
	UNIT_SKIPPED = 77
}; /* the exit status that CTest counts as skipped; print the reason first */

#endif
