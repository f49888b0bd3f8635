/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * mempinfd(2): hold the physical pages behind a range of user memory.
 */
#ifndef _UAPI_LINUX_MEMPINFD_H
#define _UAPI_LINUX_MEMPINFD_H

#include <linux/ioctl.h>
#include <linux/types.h>

/* mempinfd(flags) */
#define MEMPINFD_CLOEXEC	(1U << 0)

/* struct mempinfd_pin.flags: how the memory will be accessed; at least one. */
#define MEMPINFD_PIN_READ	(1U << 0)
#define MEMPINFD_PIN_WRITE	(1U << 1)	/* implies read */

/**
 * struct mempinfd_pin - pin the pages that [addr, addr + len) touches
 * @size: sizeof(struct mempinfd_pin) of the caller
 * @flags: MEMPINFD_PIN_*
 * @addr: first byte, any alignment
 * @len: bytes, not 0
 * @id: out, names the pin for MEMPINFD_UNPIN; never 0, never reused by this file
 */
struct mempinfd_pin {
	__u32 size;
	__u32 flags;
	__u64 addr;
	__u64 len;
	__u64 id;
};

/**
 * struct mempinfd_unpin - release one pin
 * @size: sizeof(struct mempinfd_unpin) of the caller
 * @flags: must be 0
 * @id: from MEMPINFD_PIN
 */
struct mempinfd_unpin {
	__u32 size;
	__u32 flags;
	__u64 id;
};

#define MEMPINFD_IOC_MAGIC	0xBE
#define MEMPINFD_PIN		_IOWR(MEMPINFD_IOC_MAGIC, 0x00, struct mempinfd_pin)
#define MEMPINFD_UNPIN		_IOW(MEMPINFD_IOC_MAGIC, 0x01, struct mempinfd_unpin)

#endif /* _UAPI_LINUX_MEMPINFD_H */
