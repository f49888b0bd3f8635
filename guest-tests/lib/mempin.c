// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "check.h"
#include "mempin.h"
#include "mempin_v3.h"

int __mempinfd(unsigned int flags)
{
	long fd = syscall(NR_MEMPINFD, flags);

	return fd < 0 ? -errno : fd;
}

bool mempinfd_exists(void)
{
	int fd = __mempinfd(~0u);

	/* v3 takes no flags, and so refuses none. */
	if (fd >= 0)
		close(fd);
	return fd != -ENOSYS;
}

int mempinfd(unsigned int flags)
{
	int fd = __mempinfd(flags);

	CHECK(fd >= 0, "%s", strerror(-fd));
	return fd;
}

static int pin_v4(int fd, const void *addr, size_t len, unsigned int flags, uint64_t *id)
{
	struct mempinfd_pin arg = {
		.size = sizeof(arg),
		.flags = flags,
		.addr = (uintptr_t)addr,
		.len = len,
	};
	int ret = ioctl(fd, MEMPINFD_PIN, &arg);

	if (ret < 0)
		return -errno;
	if (id)
		*id = arg.id;
	/* Anything but 0 is a mistake that a caller could take for success. */
	return ret;
}

/* There are no ids: the address of a copy of the range serves as one. */
static int pin_v3(int fd, const void *addr, size_t len, uint64_t *id)
{
	struct mem_pin_address *range = malloc(sizeof(*range));
	int ret;

	CHECK(range);
	range->addr = (uintptr_t)addr;
	range->size = len;
	ret = ioctl(fd, MEM_CMD_PIN, range);
	if (ret < 0)
		return -errno;
	/* How many pages it pinned, and then dropped without unpinning. */
	if (ret > 0)
		return -EIO;
	if (id)
		*id = (uintptr_t)range;
	return 0;
}

int __pin(int fd, const void *addr, size_t len, unsigned int flags, uint64_t *id)
{
	if (MEMPINFD_VERSION < 4)
		return pin_v3(fd, addr, len, id);
	return pin_v4(fd, addr, len, flags, id);
}

uint64_t pin(int fd, const void *addr, size_t len, unsigned int flags)
{
	uint64_t id = 0;
	int ret = __pin(fd, addr, len, flags, &id);

	CHECK(ret == 0, "pin %p, %zu bytes, flags %#x: %s", addr, len, flags, strerror(-ret));
	CHECK(id != 0);
	return id;
}

int __unpin(int fd, uint64_t id)
{
	struct mempinfd_unpin arg = { .size = sizeof(arg), .id = id };
	int ret = MEMPINFD_VERSION < 4 ? ioctl(fd, MEM_CMD_UNPIN, (void *)(uintptr_t)id) :
					 ioctl(fd, MEMPINFD_UNPIN, &arg);

	return ret < 0 ? -errno : ret;
}

void unpin(int fd, uint64_t id)
{
	int ret = __unpin(fd, id);

	CHECK(ret == 0, "unpin %llu: %s", (unsigned long long)id, strerror(-ret));
}
