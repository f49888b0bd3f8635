// SPDX-License-Identifier: MIT
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "check.h"
#include "mempin.h"

int __mempinfd(unsigned int flags)
{
	long fd = syscall(NR_MEMPINFD, flags);

	return fd < 0 ? -errno : fd;
}

bool mempinfd_exists(void)
{
	return __mempinfd(~0u) != -ENOSYS;
}

int mempinfd(unsigned int flags)
{
	int fd = __mempinfd(flags);

	CHECK(fd >= 0, "%s", strerror(-fd));
	return fd;
}

int __pin(int fd, const void *addr, size_t len, unsigned int flags, uint64_t *id)
{
	struct mempinfd_pin arg = {
		.size = sizeof(arg),
		.flags = flags,
		.addr = (uintptr_t)addr,
		.len = len,
	};

	if (ioctl(fd, MEMPINFD_PIN, &arg) < 0)
		return -errno;
	if (id)
		*id = arg.id;
	return 0;
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

	return ioctl(fd, MEMPINFD_UNPIN, &arg) < 0 ? -errno : 0;
}

void unpin(int fd, uint64_t id)
{
	int ret = __unpin(fd, id);

	CHECK(ret == 0, "unpin %llu: %s", (unsigned long long)id, strerror(-ret));
}
