/* SPDX-License-Identifier: MIT */
/*
 * mempinfd(2). The functions with two underscores return -errno; the others
 * assert that they succeed.
 */
#ifndef PINLAB_MEMPIN_H
#define PINLAB_MEMPIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/mempinfd.h>

/*
 * The Makefile says NR_MEMPINFD, the number of the system call, and
 * MEMPINFD_VERSION: 4, or 3 for the interface posted in 2021, which the
 * functions below speak as well. It pins to write, and names a pin by its range.
 */
#define PIN_R		MEMPINFD_PIN_READ
#define PIN_W		MEMPINFD_PIN_WRITE

/* Whether the running kernel has the system call at all. */
bool mempinfd_exists(void);

/* In a fixture's setup or at the start of a test that is about the system call. */
#define SKIP_WITHOUT_MEMPINFD() \
	do { \
		if (!mempinfd_exists()) \
			SKIP(return, "mempinfd(2) is not in this kernel"); \
	} while (0)

/* Where a test is about what v3 does not promise: `what` it has not. */
#define SKIP_BEFORE_V4(what) \
	do { \
		if (MEMPINFD_VERSION < 4 && mempinfd_exists()) \
			SKIP(return, "mempinfd v3 has no " what); \
	} while (0)

int __mempinfd(unsigned int flags);
int mempinfd(unsigned int flags);

int __pin(int fd, const void *addr, size_t len, unsigned int flags, uint64_t *id);
uint64_t pin(int fd, const void *addr, size_t len, unsigned int flags);

int __unpin(int fd, uint64_t id);
void unpin(int fd, uint64_t id);

#endif
