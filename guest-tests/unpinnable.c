// SPDX-License-Identifier: MIT
/*
 * Memory that cannot be pinned, or not for what is asked: each kind has its errno, and
 * leaves no page pinned and nothing charged.
 */
#include <fcntl.h>
#include <signal.h>

#include "harness.h"

#include "buffer.h"
#include "dax.h"
#include "disk.h"
#include "mempin.h"
#include "newer.h"
#include "proc.h"
#include "testdev.h"

#define PAGES		4
#define DISK_BYTES	((size_t)1 << 20)

/* A range of which one page cannot be pinned as the variant wants. */
FIXTURE(cannot_pin) {
	struct buffer buf;
	struct disk disk;	/* with DIRTY_TRACKED */
	uint8_t *bad;		/* its third page */
	uint64_t held;
	int fd;
};

enum obstacle {
	READ_ONLY,
	INACCESSIBLE,
	HOLE,
	BEYOND_THE_FILE,
	DEVICE_REGISTERS,
	SECRET,
	GUARD,
	DIRTY_TRACKED,
	PERSISTENT,
	POISONED,
};

FIXTURE_VARIANT(cannot_pin) {
	enum obstacle obstacle;
	unsigned int flags;
	int error;
};

FIXTURE_VARIANT_ADD(cannot_pin, readonly_to_write) {
	.obstacle = READ_ONLY, .flags = PIN_W, .error = EFAULT,
};
FIXTURE_VARIANT_ADD(cannot_pin, inaccessible_to_read) {
	.obstacle = INACCESSIBLE, .flags = PIN_R, .error = EFAULT,
};
FIXTURE_VARIANT_ADD(cannot_pin, hole) {
	.obstacle = HOLE, .flags = PIN_W, .error = EFAULT,
};
FIXTURE_VARIANT_ADD(cannot_pin, beyond_the_file) {
	.obstacle = BEYOND_THE_FILE, .flags = PIN_R, .error = EFAULT,
};
FIXTURE_VARIANT_ADD(cannot_pin, device_registers) {
	.obstacle = DEVICE_REGISTERS, .flags = PIN_R, .error = EFAULT,
};
FIXTURE_VARIANT_ADD(cannot_pin, secretmem) {
	.obstacle = SECRET, .flags = PIN_R, .error = EFAULT,
};
FIXTURE_VARIANT_ADD(cannot_pin, guard_region) {
	.obstacle = GUARD, .flags = PIN_R, .error = EFAULT,
};
FIXTURE_VARIANT_ADD(cannot_pin, shared_file_on_a_disk_to_write) {
	.obstacle = DIRTY_TRACKED, .flags = PIN_W, .error = EFAULT,
};
FIXTURE_VARIANT_ADD(cannot_pin, file_on_dax) {
	.obstacle = PERSISTENT, .flags = PIN_R, .error = EOPNOTSUPP,
};
FIXTURE_VARIANT_ADD(cannot_pin, poisoned_page) {
	.obstacle = POISONED, .flags = PIN_R, .error = EFAULT,
};

static volatile sig_atomic_t caught;

static void catch(int signal)
{
	(void)signal;
	caught = 1;
}

static int secret_file(void)
{
	int fd = syscall(SYS_memfd_secret, 0);

	CHECK(fd >= 0);
	CHECK(ftruncate(fd, PAGE) == 0);
	return fd;
}

static uint8_t *make_obstacle(struct buffer *buf, struct disk *disk, enum obstacle obstacle)
{
	uint8_t *page = buf->data + 2 * PAGE;

	switch (obstacle) {
	case READ_ONLY:
		CHECK(mprotect(page, PAGE, PROT_READ) == 0);
		break;
	case INACCESSIBLE:
		CHECK(mprotect(page, PAGE, PROT_NONE) == 0);
		break;
	case HOLE:
		CHECK(munmap(page, PAGE) == 0);
		break;
	case BEYOND_THE_FILE:
		replace_page(page, PROT_READ | PROT_WRITE, memfd_create("empty", MFD_CLOEXEC));
		break;
	case DEVICE_REGISTERS:
		replace_page(page, PROT_READ | PROT_WRITE, open(TESTDEV_PATH, O_RDWR | O_CLOEXEC));
		break;
	case SECRET:
		replace_page(page, PROT_READ | PROT_WRITE, secret_file());
		break;
	case GUARD:
		if (madvise(page, PAGE, MADV_GUARD_INSTALL) < 0)
			return NULL;
		break;
	case DIRTY_TRACKED:
		/* Its pages are written back, so the kernel tracks their changes. */
		disk_create(disk, DISK_BYTES);
		replace_page(page, PROT_READ | PROT_WRITE, open(disk->path, O_RDWR | O_CLOEXEC));
		break;
	case PERSISTENT:
		/* Its page is the disk itself, which the file system may reuse at any time. */
		if (dax_mount() < 0)
			return NULL;
		replace_page(page, PROT_READ | PROT_WRITE, dax_file());
		break;
	case POISONED:
		/* The kernel tells the owner of the page by a SIGBUS that cannot be ignored. */
		CHECK(signal(SIGBUS, catch) != SIG_ERR);
		CHECK(madvise(page, PAGE, MADV_HWPOISON) == 0);
		break;
	}
	return page;
}

/* Why make_obstacle() made none. */
static const char *reason(enum obstacle obstacle)
{
	if (obstacle == PERSISTENT)
		return "no persistent memory (the debug flavour drives the machine's)";
	return "this kernel has no guard regions (they came with 6.13)";
}

FIXTURE_SETUP(cannot_pin)
{
	SKIP_WITHOUT_MEMPINFD();
	SKIP_BEFORE_V4("errors to speak of");
	buffer_map(&self->buf, BUFFER_ANON, PAGES * PAGE);
	memset(self->buf.data, 1, self->buf.length);
	self->bad = make_obstacle(&self->buf, &self->disk, variant->obstacle);
	if (!self->bad)
		SKIP(return, "%s", reason(variant->obstacle));
	self->fd = mempinfd(MEMPINFD_CLOEXEC);
	self->held = pins_held();
}

FIXTURE_TEARDOWN(cannot_pin)
{
	close(self->fd);
	buffer_unmap(&self->buf);
	if (variant->obstacle == DIRTY_TRACKED)
		disk_remove(&self->disk);
	if (variant->obstacle == PERSISTENT && self->bad)
		dax_unmount();
}

TEST_F(cannot_pin, is_its_errno_and_leaves_nothing)
{
	ASSERT_EQ(-variant->error, __pin(self->fd, self->bad, PAGE, variant->flags, NULL));
	ASSERT_EQ(0, pinned_pages());
	ASSERT_EQ(self->held, pins_held());
	/* The pages before it were pinned by then, and must not stay so. */
	ASSERT_EQ(-variant->error, __pin(self->fd, self->buf.data, PAGES * PAGE, variant->flags,
					 NULL));
	ASSERT_EQ(0, pinned_pages());
	ASSERT_EQ(self->held, pins_held());
	pin(self->fd, self->buf.data, 2 * PAGE, PIN_W);
	ASSERT_EQ(2, pinned_pages());
}

TEST_MAIN
