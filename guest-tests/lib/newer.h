/* SPDX-License-Identifier: MIT */
/*
 * Kernel interfaces that the C library's headers on Debian 12 are too old for.
 */
#ifndef PINLAB_NEWER_H
#define PINLAB_NEWER_H

#include <linux/userfaultfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE		25	/* Linux 6.1 */
#endif
#ifndef MADV_SOFT_OFFLINE
#define MADV_SOFT_OFFLINE	101	/* in the kernel's headers only */
#endif
#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL	102	/* Linux 6.13 */
#endif
#ifndef SYS_memfd_secret
#define SYS_memfd_secret	447	/* Linux 5.14 */
#endif

#ifndef UFFDIO_MOVE			/* Linux 6.8 */
#define UFFD_FEATURE_MOVE	(1 << 16)
struct uffdio_move {
	__u64 dst;
	__u64 src;
	__u64 len;
	__u64 mode;
	__s64 move;
};
#define UFFDIO_MOVE		_IOWR(UFFDIO, 0x05, struct uffdio_move)
#endif

#endif
