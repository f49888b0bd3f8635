// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "check.h"
#include "gup_test.h"
#include "matrix.h"
#include "mempin.h"
#include "proc.h"

/* What holds the object lasts as long as the process: nothing is released here. */

static int protect_not(struct cell *cell)
{
	(void)cell;
	return 0;
}

static int protect_by_mlock(struct cell *cell)
{
	return mlock(cell->object.data, cell->object.length) < 0 ? -errno : 0;
}

/* The advice of 2021: lock the memory, and switch off what moves it all the same. */
static int protect_by_mlock_and_sysctl(struct cell *cell)
{
	write_text("/proc/sys/kernel/numa_balancing", "0");
	write_text("/proc/sys/vm/compact_unevictable_allowed", "0");
	return protect_by_mlock(cell);
}

static int protect_by_io_uring(struct cell *cell)
{
	struct io_uring_params params = { 0 };
	struct iovec range = { cell->object.data, cell->object.length };
	int ring = syscall(SYS_io_uring_setup, 1, &params);

	if (ring < 0)
		return -errno;
	if (syscall(SYS_io_uring_register, ring, IORING_REGISTER_BUFFERS, &range, 1) < 0)
		return -errno;
	return 0;
}

static int protect_by_gup(struct cell *cell)
{
	struct pin_longterm_test range = {
		.addr = (uintptr_t)cell->object.data,
		.size = cell->object.length,
		.flags = PIN_LONGTERM_TEST_FAST |
			 (is_written(cell) ? PIN_LONGTERM_TEST_WRITE : 0),
	};
	int file = open(GUP_TEST_PATH, O_RDWR | O_CLOEXEC);

	if (file < 0)
		return -errno;
	return ioctl(file, PIN_LONGTERM_TEST_START, &range) < 0 ? -errno : 0;
}

static int protect_by_mempinfd(struct cell *cell)
{
	int file = __mempinfd(MEMPINFD_CLOEXEC);

	if (file < 0)
		return file;
	return __pin(file, cell->object.data, cell->object.length,
		     is_written(cell) ? PIN_W : PIN_R, NULL);
}

static int protect_by_mempinfd_and_mlock(struct cell *cell)
{
	int ret = protect_by_mempinfd(cell);

	return ret ?: protect_by_mlock(cell);
}

const struct protection protections[] = {
	{ .name = "none", .protect = protect_not },
	{ .name = "mlock", .protect = protect_by_mlock },
	{ .name = "mlock+sysctl", .protect = protect_by_mlock_and_sysctl, .switches_off = true },
	{ .name = "hugetlb", .protect = protect_not, .hugetlb = true },
	{ .name = "io_uring", .protect = protect_by_io_uring },
	{ .name = "gup", .protect = protect_by_gup },
	{ .name = "mempinfd", .protect = protect_by_mempinfd },
	{ .name = "mempinfd+mlock", .protect = protect_by_mempinfd_and_mlock },
};
const unsigned int nr_protections = sizeof(protections) / sizeof(protections[0]);
