// SPDX-License-Identifier: GPL-2.0-only
/*
 * mempinfd(2): arguments, limits, lifetime, and what a pin keeps.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/mempinfd.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../kselftest_harness.h"

#ifndef __NR_mempinfd
#if defined(__alpha__)
#define __NR_mempinfd	583
#elif defined(__mips__) && _MIPS_SIM == _MIPS_SIM_ABI32
#define __NR_mempinfd	4473
#elif defined(__mips__) && _MIPS_SIM == _MIPS_SIM_NABI32
#define __NR_mempinfd	6473
#elif defined(__mips__)
#define __NR_mempinfd	5473
#else
#define __NR_mempinfd	473
#endif
#endif

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT	21
#endif

#define NR_PAGES	64
#define NOBODY		65534

static int sys_mempinfd(unsigned int flags)
{
	return syscall(__NR_mempinfd, flags);
}

/* Returns 0 or -errno. */
static int pin(int fd, const void *addr, uint64_t len, uint32_t flags, uint64_t *id)
{
	struct mempinfd_pin arg = {
		.size = sizeof(arg),
		.flags = flags,
		.addr = (uintptr_t)addr,
		.len = len,
	};

	int ret = ioctl(fd, MEMPINFD_PIN, &arg) ? -errno : 0;

	if (id)
		*id = arg.id;
	return ret;
}

static int unpin(int fd, uint64_t id)
{
	struct mempinfd_unpin arg = { .size = sizeof(arg), .id = id };

	return ioctl(fd, MEMPINFD_UNPIN, &arg) ? -errno : 0;
}

/* VmPin of this process in pages, or -1. */
static long vm_pin(void)
{
	FILE *status = fopen("/proc/self/status", "r");
	char line[128];
	long kib = -1;

	if (!status)
		return -1;
	while (fgets(line, sizeof(line), status))
		if (sscanf(line, "VmPin: %ld kB", &kib) == 1)
			break;
	fclose(status);
	return kib < 0 ? -1 : kib * 1024 / getpagesize();
}

static bool page_present(const void *addr)
{
	int fd = open("/proc/self/pagemap", O_RDONLY);
	uint64_t entry = 0;

	if (pread(fd, &entry, sizeof(entry),
		  (uintptr_t)addr / getpagesize() * sizeof(entry)) != sizeof(entry))
		entry = 0;
	close(fd);
	return entry >> 63;
}

static int set_memlock(rlim_t bytes)
{
	struct rlimit limit = { bytes, bytes };

	return setrlimit(RLIMIT_MEMLOCK, &limit);
}

FIXTURE(mempinfd)
{
	int fd;
	size_t page;
	size_t size;
	char *buf;
};

FIXTURE_SETUP(mempinfd)
{
	self->fd = sys_mempinfd(MEMPINFD_CLOEXEC);
	if (self->fd < 0 && errno == ENOSYS)
		SKIP(return, "no mempinfd()");
	ASSERT_GE(self->fd, 0);

	self->page = getpagesize();
	self->size = NR_PAGES * self->page;
	self->buf = mmap(NULL, self->size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(self->buf, MAP_FAILED);
}

FIXTURE_TEARDOWN(mempinfd)
{
	munmap(self->buf, self->size);
	close(self->fd);
}

TEST_F(mempinfd, flags_of_mempinfd)
{
	int fd;

	EXPECT_EQ(FD_CLOEXEC, fcntl(self->fd, F_GETFD));

	fd = sys_mempinfd(0);
	ASSERT_GE(fd, 0);
	EXPECT_EQ(0, fcntl(fd, F_GETFD));
	close(fd);

	EXPECT_EQ(-1, sys_mempinfd(~MEMPINFD_CLOEXEC));
	EXPECT_EQ(EINVAL, errno);
}

TEST_F(mempinfd, no_other_operation)
{
	char byte = 0;

	EXPECT_EQ(-1, ioctl(self->fd, _IO(MEMPINFD_IOC_MAGIC, 0x7f)));
	EXPECT_EQ(ENOTTY, errno);
	EXPECT_EQ(-1, read(self->fd, &byte, 1));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, write(self->fd, &byte, 1));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(MAP_FAILED, mmap(NULL, self->page, PROT_READ, MAP_SHARED,
				   self->fd, 0));
	EXPECT_EQ(ENODEV, errno);
}

TEST_F(mempinfd, arguments_of_pin)
{
	uint32_t rw = MEMPINFD_PIN_WRITE;

	EXPECT_EQ(-EINVAL, pin(self->fd, self->buf, self->page, 0, NULL));
	EXPECT_EQ(-EINVAL, pin(self->fd, self->buf, self->page, 1u << 31, NULL));
	EXPECT_EQ(-EINVAL, pin(self->fd, self->buf, 0, rw, NULL));
	EXPECT_EQ(-EINVAL, pin(self->fd, self->buf, UINT64_MAX, rw, NULL));
	/* The first byte of the last page, all of it: rounding up wraps. */
	EXPECT_EQ(-EINVAL, pin(self->fd, (void *)-self->page, self->page - 1, rw, NULL));
	EXPECT_EQ(-EFAULT, pin(self->fd, (void *)(-2 * self->page), 1, rw, NULL));
	EXPECT_EQ(-EFAULT, pin(self->fd, NULL, 1, rw, NULL));
	EXPECT_EQ(-1, ioctl(self->fd, MEMPINFD_PIN, NULL));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(0, vm_pin());
}

TEST_F(mempinfd, struct_may_grow)
{
	struct {
		struct mempinfd_pin arg;
		uint64_t more;
	} pin = {
		.arg = {
			.size = sizeof(pin),
			.flags = MEMPINFD_PIN_READ,
			.addr = (uintptr_t)self->buf,
			.len = 1,
		},
	};

	ASSERT_EQ(0, ioctl(self->fd, MEMPINFD_PIN, &pin));
	EXPECT_EQ(0, unpin(self->fd, pin.arg.id));
	/* As headers would define it in which the struct has grown. */
	ASSERT_EQ(0, ioctl(self->fd, _IOWR(MEMPINFD_IOC_MAGIC, 0x00, pin), &pin));
	EXPECT_EQ(0, unpin(self->fd, pin.arg.id));

	pin.more = 1;
	EXPECT_EQ(-1, ioctl(self->fd, MEMPINFD_PIN, &pin));
	EXPECT_EQ(E2BIG, errno);
	pin.arg.size = self->page + 1;
	EXPECT_EQ(-1, ioctl(self->fd, MEMPINFD_PIN, &pin));
	EXPECT_EQ(E2BIG, errno);
	pin.arg.size = sizeof(pin.arg) - 1;
	EXPECT_EQ(-1, ioctl(self->fd, MEMPINFD_PIN, &pin));
	EXPECT_EQ(EINVAL, errno);
}

TEST_F(mempinfd, unpin_wants_an_id_of_this_file)
{
	struct mempinfd_unpin arg = { .size = sizeof(arg), .flags = 1 };
	int other = sys_mempinfd(0);
	uint64_t id;

	ASSERT_EQ(0, pin(self->fd, self->buf, 1, MEMPINFD_PIN_WRITE, &id));
	EXPECT_NE(0, id);

	arg.id = id;
	EXPECT_EQ(-1, ioctl(self->fd, MEMPINFD_UNPIN, &arg));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-ENOENT, unpin(other, id));
	EXPECT_EQ(-ENOENT, unpin(self->fd, 0));
	EXPECT_EQ(-ENOENT, unpin(self->fd, id + 1));
	EXPECT_EQ(0, unpin(self->fd, id));
	EXPECT_EQ(-ENOENT, unpin(self->fd, id));
	close(other);
}

TEST_F(mempinfd, ids_are_not_reused)
{
	uint64_t id, last = 0;
	int i;

	for (i = 0; i < 1000; i++) {
		ASSERT_EQ(0, pin(self->fd, self->buf, 1, MEMPINFD_PIN_READ, &id));
		ASSERT_GT(id, last);
		ASSERT_EQ(0, unpin(self->fd, id));
		last = id;
	}
}

TEST_F(mempinfd, charges_the_pages_touched)
{
	uint64_t two, same;

	ASSERT_EQ(0, vm_pin());
	ASSERT_EQ(0, pin(self->fd, self->buf + self->page - 1, 2,
			 MEMPINFD_PIN_WRITE, &two));
	EXPECT_EQ(2, vm_pin());
	ASSERT_EQ(0, pin(self->fd, self->buf, self->page, MEMPINFD_PIN_READ, &same));
	EXPECT_EQ(3, vm_pin());
	EXPECT_EQ(0, unpin(self->fd, two));
	EXPECT_EQ(1, vm_pin());
	EXPECT_EQ(0, unpin(self->fd, same));
	EXPECT_EQ(0, vm_pin());
}

TEST_F(mempinfd, all_or_nothing)
{
	ASSERT_EQ(0, munmap(self->buf + self->size / 2, self->page));
	EXPECT_EQ(-EFAULT, pin(self->fd, self->buf, self->size,
			       MEMPINFD_PIN_WRITE, NULL));
	EXPECT_EQ(0, vm_pin());
}

TEST_F(mempinfd, no_pin_if_the_id_cannot_be_returned)
{
	struct mempinfd_pin *arg = (void *)self->buf;

	*arg = (struct mempinfd_pin) {
		.size = sizeof(*arg),
		.flags = MEMPINFD_PIN_WRITE,
		.addr = (uintptr_t)self->buf + self->page,
		.len = self->page,
	};
	ASSERT_EQ(0, mprotect(self->buf, self->page, PROT_READ));
	EXPECT_EQ(-1, ioctl(self->fd, MEMPINFD_PIN, arg));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(0, vm_pin());
}

TEST_F(mempinfd, access_must_be_allowed)
{
	ASSERT_EQ(0, mprotect(self->buf, self->size, PROT_READ));
	EXPECT_EQ(-EFAULT, pin(self->fd, self->buf, 1, MEMPINFD_PIN_WRITE, NULL));
	EXPECT_EQ(0, pin(self->fd, self->buf, 1, MEMPINFD_PIN_READ, NULL));
	ASSERT_EQ(0, mprotect(self->buf, self->size, PROT_NONE));
	EXPECT_EQ(-EFAULT, pin(self->fd, self->buf, 1, MEMPINFD_PIN_READ, NULL));
}

TEST_F(mempinfd, only_for_its_address_space)
{
	uint64_t id;
	int status;
	pid_t pid;

	ASSERT_EQ(0, pin(self->fd, self->buf, self->size, MEMPINFD_PIN_WRITE, &id));

	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		if (pin(self->fd, self->buf, 1, MEMPINFD_PIN_READ, NULL) != -EACCES)
			_exit(1);
		if (unpin(self->fd, id) != -EACCES)
			_exit(2);
		_exit(vm_pin() == 0 ? 0 : 3);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ(NR_PAGES, vm_pin());
	EXPECT_EQ(0, unpin(self->fd, id));
}

TEST_F(mempinfd, released_with_the_last_descriptor)
{
	int copy = dup(self->fd);

	ASSERT_EQ(0, pin(self->fd, self->buf, self->size, MEMPINFD_PIN_WRITE, NULL));
	ASSERT_EQ(0, pin(copy, self->buf, self->page, MEMPINFD_PIN_WRITE, NULL));
	close(self->fd);
	EXPECT_EQ(NR_PAGES + 1, vm_pin());
	close(copy);
	EXPECT_EQ(0, vm_pin());
	self->fd = -1;
}

TEST_F(mempinfd, held_when_unmapped)
{
	uint64_t id;

	ASSERT_EQ(0, pin(self->fd, self->buf, self->size, MEMPINFD_PIN_WRITE, &id));
	ASSERT_EQ(0, munmap(self->buf, self->size));
	EXPECT_EQ(NR_PAGES, vm_pin());
	EXPECT_EQ(0, unpin(self->fd, id));
	EXPECT_EQ(0, vm_pin());
}

TEST_F(mempinfd, fdinfo_lists_pins)
{
	char path[64], line[128], want[128];
	bool found = false;
	uint64_t id;
	FILE *info;

	ASSERT_EQ(0, pin(self->fd, self->buf + 1, 2, MEMPINFD_PIN_WRITE, &id));
	snprintf(want, sizeof(want), "pin:\t%llu 0x%llx 2 rw\n",
		 (unsigned long long)id, (unsigned long long)(uintptr_t)self->buf + 1);
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", self->fd);
	info = fopen(path, "r");
	ASSERT_NE(NULL, info);
	while (fgets(line, sizeof(line), info))
		found |= !strcmp(line, want);
	fclose(info);
	EXPECT_TRUE(found);
}

static void *pin_and_unpin(void *arg)
{
	int *fd = arg;
	long failed = 0;
	uint64_t id;
	char *buf;
	int i;

	buf = mmap(NULL, 16 * getpagesize(), PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (i = 0; i < 1000; i++)
		failed += pin(*fd, buf, 16 * getpagesize(), MEMPINFD_PIN_WRITE, &id) ||
			  unpin(*fd, id);
	munmap(buf, 16 * getpagesize());
	return (void *)failed;
}

TEST_F(mempinfd, threads_share_a_file)
{
	pthread_t threads[4];
	void *failed;
	int i;

	for (i = 0; i < 4; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, pin_and_unpin, &self->fd));
	for (i = 0; i < 4; i++) {
		ASSERT_EQ(0, pthread_join(threads[i], &failed));
		EXPECT_EQ(NULL, failed);
	}
	EXPECT_EQ(0, vm_pin());
}

/* Shared memory, because reclaim used to unmap it before it saw the pin. */
TEST_F(mempinfd, reclaim_leaves_the_mapping)
{
	char *pinned, *control;
	size_t i;

	pinned = mmap(NULL, 2 * self->size, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, pinned);
	control = pinned + self->size;
	memset(pinned, 1, 2 * self->size);

	ASSERT_EQ(0, pin(self->fd, pinned, self->size, MEMPINFD_PIN_WRITE, NULL));
	ASSERT_EQ(0, madvise(pinned, 2 * self->size, MADV_PAGEOUT));
	for (i = 0; i < self->size; i += self->page)
		EXPECT_TRUE(page_present(pinned + i));

	if (page_present(control))
		SKIP(return, "nothing was reclaimed: no swap?");
}

/* Limits apply to those without CAP_IPC_LOCK, one user for all tests. */
FIXTURE(mempinfd_limit)
{
	size_t page;
	char *buf;
};

FIXTURE_VARIANT(mempinfd_limit)
{
	int pages;
};

FIXTURE_VARIANT_ADD(mempinfd_limit, none) { .pages = 0 };
FIXTURE_VARIANT_ADD(mempinfd_limit, some) { .pages = 16 };

FIXTURE_SETUP(mempinfd_limit)
{
	int fd = sys_mempinfd(0);

	if (fd < 0 && errno == ENOSYS)
		SKIP(return, "no mempinfd()");
	close(fd);
	if (geteuid())
		SKIP(return, "needs root, to become a user who holds nothing yet");

	self->page = getpagesize();
	self->buf = mmap(NULL, NR_PAGES * self->page, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(self->buf, MAP_FAILED);
	ASSERT_EQ(0, set_memlock(variant->pages * self->page));
	ASSERT_EQ(0, setresuid(NOBODY, NOBODY, NOBODY));
}

FIXTURE_TEARDOWN(mempinfd_limit)
{
}

TEST_F(mempinfd_limit, charges_the_user)
{
	int one = sys_mempinfd(0), two = sys_mempinfd(0);
	int status;
	pid_t pid;

	if (!variant->pages) {
		EXPECT_EQ(-EPERM, pin(one, self->buf, 1, MEMPINFD_PIN_READ, NULL));
		return;
	}

	EXPECT_EQ(-ENOMEM, pin(one, self->buf, variant->pages * self->page + 1,
			       MEMPINFD_PIN_READ, NULL));
	EXPECT_EQ(0, vm_pin());
	EXPECT_EQ(0, pin(one, self->buf, variant->pages * self->page,
			 MEMPINFD_PIN_READ, NULL));
	EXPECT_EQ(-ENOMEM, pin(two, self->buf, 1, MEMPINFD_PIN_READ, NULL));

	/* fork() does not multiply the limit. */
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid)
		_exit(-pin(sys_mempinfd(0), self->buf, 1, MEMPINFD_PIN_READ, NULL));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFEXITED(status));
	EXPECT_EQ(ENOMEM, WEXITSTATUS(status));
}

TEST_HARNESS_MAIN
