// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "check.h"
#include "newer.h"
#include "uffd.h"

static int close_with(int uffd, int error)
{
	close(uffd);
	return -error;
}

int __uffd(uint64_t features)
{
	struct uffdio_api api = { .api = UFFD_API, .features = features };
	int uffd = syscall(SYS_userfaultfd, O_CLOEXEC);

	if (uffd < 0)
		return -errno;
	return ioctl(uffd, UFFDIO_API, &api) < 0 ? close_with(uffd, errno) : uffd;
}

static int watch(const struct buffer *buf, uint64_t features, uint64_t mode)
{
	struct uffdio_register range = {
		.range = { (uintptr_t)buf->data, buf->length },
		.mode = mode,
	};
	int uffd = __uffd(features);

	CHECK(uffd >= 0, "features %#lx: %s", features, strerror(-uffd));
	return ioctl(uffd, UFFDIO_REGISTER, &range) < 0 ? close_with(uffd, errno) : uffd;
}

int watch_missing(const struct buffer *buf, uint64_t features)
{
	int uffd = watch(buf, features, UFFDIO_REGISTER_MODE_MISSING);

	CHECK(uffd >= 0, "%s", strerror(-uffd));
	return uffd;
}

int __watch_writes(const struct buffer *buf)
{
	return watch(buf, UFFD_FEATURE_PAGEFAULT_FLAG_WP, UFFDIO_REGISTER_MODE_WP);
}

int watch_writes(const struct buffer *buf)
{
	int uffd = __watch_writes(buf);

	CHECK(uffd >= 0, "%s", strerror(-uffd));
	return uffd;
}

void protect_writes(int uffd, const struct buffer *buf, bool on)
{
	struct uffdio_writeprotect protection = {
		.range = { (uintptr_t)buf->data, buf->length },
		.mode = on ? UFFDIO_WRITEPROTECT_MODE_WP : 0,
	};

	CHECK(ioctl(uffd, UFFDIO_WRITEPROTECT, &protection) == 0);
}
