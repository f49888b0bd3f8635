/* SPDX-License-Identifier: MIT */
/*
 * kmemleak: what the kernel allocated and nobody points to any more. Needs root.
 */
#ifndef PINLAB_KMEMLEAK_H
#define PINLAB_KMEMLEAK_H

#include <stdbool.h>

/* Whether the running kernel looks for leaks (CONFIG_DEBUG_KMEMLEAK). */
bool kmemleak_exists(void);

#define SKIP_WITHOUT_KMEMLEAK() \
	do { \
		if (!kmemleak_exists()) \
			SKIP(return, "this kernel does not look for leaks (CONFIG_DEBUG_KMEMLEAK)"); \
	} while (0)

/* What has been lost so far is no business of this test. */
void clear_leaks(void);
/*
 * Prints what has been lost since clear_leaks(), and returns how many lines that is. Takes
 * seconds: what was allocated last must grow old enough to be reported.
 */
unsigned int report_leaks(void);

#endif
