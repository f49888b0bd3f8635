// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buffer.h"
#include "check.h"
#include "dax.h"

#define DEVICE	"/dev/pmem0"
#define ROOT	"/tmp/dax"
#define FILE_ON	ROOT "/file"

int dax_mount(void)
{
	if (access(DEVICE, F_OK) < 0)
		return -ENODEV;
	/* A block of the file system must be a page. */
	CHECK(system("mke2fs -b 4096 " DEVICE " >/dev/null") == 0);
	CHECK(mkdir(ROOT, 0700) == 0 || errno == EEXIST);
	CHECK(mount(DEVICE, ROOT, "ext4", 0, "dax=always") == 0);
	return 0;
}

void dax_unmount(void)
{
	CHECK(umount(ROOT) == 0);
}

int dax_file(void)
{
	int fd = open(FILE_ON, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	struct statx about;

	CHECK(fd >= 0);
	CHECK(posix_fallocate(fd, 0, PAGE) == 0);
	CHECK(statx(fd, "", AT_EMPTY_PATH, 0, &about) == 0);
	CHECK(about.stx_attributes & STATX_ATTR_DAX);
	return fd;
}
