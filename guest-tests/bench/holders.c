// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <linux/io_uring.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "check.h"
#include "gup_test.h"
#include "holders.h"
#include "iommufd.h"
#include "mempin.h"

static int file = -1;
static uint64_t id;

static bool open_mempinfd(void)
{
	if (!mempinfd_exists())
		return false;
	file = mempinfd(MEMPINFD_CLOEXEC);
	return true;
}

static void hold_by_mempinfd(struct buffer *buf)
{
	id = pin(file, buf->data, buf->length, PIN_W);
}

static void release_by_mempinfd(struct buffer *buf)
{
	(void)buf;
	unpin(file, id);
}

static bool open_mlock(void)
{
	return true;
}

static void hold_by_mlock(struct buffer *buf)
{
	CHECK(mlock(buf->data, buf->length) == 0);
}

static void release_by_mlock(struct buffer *buf)
{
	CHECK(munlock(buf->data, buf->length) == 0);
}

static bool open_io_uring(void)
{
	struct io_uring_params params = { 0 };

	file = syscall(SYS_io_uring_setup, 1, &params);
	return file >= 0;
}

static void hold_by_io_uring(struct buffer *buf)
{
	struct iovec range = { buf->data, buf->length };

	CHECK(syscall(SYS_io_uring_register, file, IORING_REGISTER_BUFFERS, &range, 1) == 0);
}

static void release_by_io_uring(struct buffer *buf)
{
	(void)buf;
	CHECK(syscall(SYS_io_uring_register, file, IORING_UNREGISTER_BUFFERS, NULL, 0) == 0);
}

static bool open_gup(void)
{
	file = open(GUP_TEST_PATH, O_RDWR | O_CLOEXEC);
	return file >= 0;
}

static void start_gup(struct buffer *buf, uint32_t flags)
{
	struct pin_longterm_test range = {
		.addr = (uintptr_t)buf->data,
		.size = buf->length,
		.flags = PIN_LONGTERM_TEST_WRITE | flags,
	};

	CHECK(ioctl(file, PIN_LONGTERM_TEST_START, &range) == 0);
}

static void hold_by_gup(struct buffer *buf)
{
	start_gup(buf, 0);
}

static void hold_by_gup_fast(struct buffer *buf)
{
	start_gup(buf, PIN_LONGTERM_TEST_FAST);
}

static void release_by_gup(struct buffer *buf)
{
	(void)buf;
	CHECK(ioctl(file, PIN_LONGTERM_TEST_STOP) == 0);
}

const struct holder holders[] = {
	{ "PIN", "UNPIN", open_mempinfd, hold_by_mempinfd, release_by_mempinfd },
	{ "pin_user_pages_fast", "unpin_user_pages", open_gup, hold_by_gup_fast, release_by_gup },
	/* Given back as the pages above. */
	{ "pin_user_pages", NULL, open_gup, hold_by_gup, release_by_gup },
	{ "mlock", "munlock", open_mlock, hold_by_mlock, release_by_mlock },
	{ "io_uring register", "io_uring unregister", open_io_uring, hold_by_io_uring,
	  release_by_io_uring },
	{ "iommufd map", "iommufd unmap", open_iommufd, map_by_iommufd, unmap_by_iommufd },
};
const unsigned int nr_holders = sizeof(holders) / sizeof(holders[0]);
