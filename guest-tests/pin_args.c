// SPDX-License-Identifier: MIT
/*
 * Arguments of mempinfd(2) and its operations: what each errno of the manual
 * page stands for, and that a refused request leaves nothing behind.
 */
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/resource.h>

#include "harness.h"

#include "buffer.h"
#include "mempin.h"
#include "proc.h"

#define PAGES	8

FIXTURE(pin_args) {
	struct buffer buf;
	int fd;
};

FIXTURE_SETUP(pin_args)
{
	SKIP_WITHOUT_MEMPINFD();
	SKIP_BEFORE_V4("flags, sizes and ids");
	buffer_map(&self->buf, BUFFER_ANON, PAGES * PAGE);
	self->fd = mempinfd(MEMPINFD_CLOEXEC);
}

FIXTURE_TEARDOWN(pin_args)
{
	uint64_t id;

	/* Whatever was refused before, nothing is held and the file still works. */
	EXPECT_EQ(0, pinned_pages());
	id = pin(self->fd, self->buf.data, self->buf.length, PIN_W);
	EXPECT_EQ(PAGES, pinned_pages());
	unpin(self->fd, id);
	EXPECT_EQ(0, pinned_pages());
	close(self->fd);
	buffer_unmap(&self->buf);
}

static int pin_raw(int fd, const void *arg)
{
	int ret = ioctl(fd, MEMPINFD_PIN, arg);

	return ret < 0 ? -errno : ret;
}

static int unpin_raw(int fd, const void *arg)
{
	int ret = ioctl(fd, MEMPINFD_UNPIN, arg);

	return ret < 0 ? -errno : ret;
}

static int pin_range(int fd, uint64_t addr, uint64_t len)
{
	struct mempinfd_pin arg = {
		.size = sizeof(arg), .flags = PIN_W, .addr = addr, .len = len,
	};

	return pin_raw(fd, &arg);
}

TEST_F(pin_args, syscall_knows_one_flag)
{
	for (unsigned int bit = 1; bit < 32; bit++) {
		ASSERT_EQ(-EINVAL, __mempinfd(1u << bit));
	}
	ASSERT_EQ(-EINVAL, __mempinfd(~0u));
}

TEST_F(pin_args, cloexec_is_the_callers_choice)
{
	int keep = mempinfd(0);

	ASSERT_EQ(FD_CLOEXEC, fcntl(self->fd, F_GETFD));
	ASSERT_EQ(0, fcntl(keep, F_GETFD));
}

TEST_F(pin_args, no_free_descriptor_is_emfile)
{
	struct rlimit limit, none;

	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &limit));
	none = (struct rlimit) { .rlim_cur = 0, .rlim_max = limit.rlim_max };
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &none));
	ASSERT_EQ(-EMFILE, __mempinfd(0));
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
}

TEST_F(pin_args, empty_range_is_einval)
{
	ASSERT_EQ(-EINVAL, __pin(self->fd, self->buf.data, 0, PIN_W, NULL));
	ASSERT_EQ(-EINVAL, __pin(self->fd, NULL, 0, PIN_W, NULL));
}

TEST_F(pin_args, wrapping_range_is_einval)
{
	uint64_t addr = (uintptr_t)self->buf.data;

	ASSERT_EQ(-EINVAL, pin_range(self->fd, addr, UINT64_MAX));
	ASSERT_EQ(-EINVAL, pin_range(self->fd, addr, -addr));
	ASSERT_EQ(-EINVAL, pin_range(self->fd, -PAGE, PAGE));
	/* Only rounding up to a page wraps. */
	ASSERT_EQ(-EINVAL, pin_range(self->fd, -PAGE + 1, 16));
	ASSERT_EQ(-EINVAL, pin_range(self->fd, addr, -addr - 16));
}

TEST_F(pin_args, kernel_address_is_efault)
{
	ASSERT_EQ(-EFAULT, pin_range(self->fd, 0xffff800080000000, PAGE));
	ASSERT_EQ(-EFAULT, pin_range(self->fd, (1ull << 48) - PAGE, 2 * PAGE));
	ASSERT_EQ(-EFAULT, pin_range(self->fd, 1ull << 48, PAGE));
	/* No wrap, but the end is the kernel's. */
	ASSERT_EQ(-EFAULT, pin_range(self->fd, (uintptr_t)self->buf.data, 1ull << 63));
}

TEST_F(pin_args, unmapped_address_is_efault)
{
	ASSERT_EQ(-EFAULT, __pin(self->fd, buffer_end(&self->buf), PAGE, PIN_W, NULL));
	ASSERT_EQ(-EFAULT, __pin(self->fd, NULL, PAGE, PIN_R, NULL));
}

/* Counts that do not fit into 31 or 32 bits must not become small or zero. */
TEST_F(pin_args, page_counts_are_not_truncated)
{
	static const uint64_t counts[] = {
		1ull << 31, (1ull << 31) + 1, 1ull << 32, (1ull << 32) + 1, (1ull << 33) + 8,
	};

	for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
		ASSERT_EQ(-ENOMEM, pin_range(self->fd, (uintptr_t)self->buf.data & 0xfffffff000,
					     counts[i] * PAGE));
	}
}

TEST_F(pin_args, unknown_pin_flag_is_einval)
{
	ASSERT_EQ(-EINVAL, __pin(self->fd, self->buf.data, PAGE, 0, NULL));
	for (unsigned int bit = 2; bit < 32; bit++) {
		ASSERT_EQ(-EINVAL, __pin(self->fd, self->buf.data, PAGE, PIN_W | 1u << bit, NULL));
	}
}

TEST_F(pin_args, either_or_both_access_flags_are_fine)
{
	unpin(self->fd, pin(self->fd, self->buf.data, PAGE, PIN_R));
	unpin(self->fd, pin(self->fd, self->buf.data, PAGE, PIN_W));
	unpin(self->fd, pin(self->fd, self->buf.data, PAGE, PIN_R | PIN_W));
}

TEST_F(pin_args, unknown_operation_is_enotty)
{
	static const unsigned long commands[] = {
		_IOWR(MEMPINFD_IOC_MAGIC, 0x02, struct mempinfd_pin),
		_IOWR(MEMPINFD_IOC_MAGIC, 0xff, struct mempinfd_pin),
		_IOWR(MEMPINFD_IOC_MAGIC + 1, 0x00, struct mempinfd_pin),
		_IOR(MEMPINFD_IOC_MAGIC, 0x00, struct mempinfd_pin),
		_IO(MEMPINFD_IOC_MAGIC, 0x00),
		_IOWR(MEMPINFD_IOC_MAGIC, 0x01, struct mempinfd_unpin),
		0x5401,		/* TCGETS: what isatty() asks */
		0,
	};
	struct mempinfd_pin arg = {
		.size = sizeof(arg), .flags = PIN_W, .addr = (uintptr_t)self->buf.data, .len = PAGE,
	};

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		ASSERT_EQ(-1, ioctl(self->fd, commands[i], &arg));
		ASSERT_EQ(ENOTTY, errno);
	}
}

/* The struct as a later version of the interface might have it. */
struct longer_pin {
	struct mempinfd_pin known;
	uint64_t tail[(2 * 4096 - sizeof(struct mempinfd_pin)) / 8];
};

TEST_F(pin_args, struct_may_grow_but_not_shrink)
{
	struct longer_pin arg = {
		.known = { .flags = PIN_W, .addr = (uintptr_t)self->buf.data, .len = PAGE },
	};
	struct mempinfd_unpin release = { .size = sizeof(release) };

	for (arg.known.size = 0; arg.known.size < sizeof(arg.known); arg.known.size++) {
		ASSERT_EQ(-EINVAL, pin_raw(self->fd, &arg));
	}

	arg.known.size = sizeof(arg.known) + 8;
	ASSERT_EQ(0, pin_raw(self->fd, &arg));
	release.id = arg.known.id;
	ASSERT_EQ(0, unpin_raw(self->fd, &release));

	arg.known.size = PAGE;
	ASSERT_EQ(0, pin_raw(self->fd, &arg));
	release.id = arg.known.id;
	ASSERT_EQ(0, unpin_raw(self->fd, &release));

	arg.known.size = PAGE + 1;
	ASSERT_EQ(-E2BIG, pin_raw(self->fd, &arg));
	arg.known.size = ~0u;
	ASSERT_EQ(-E2BIG, pin_raw(self->fd, &arg));

	arg.known.size = sizeof(arg.known) + 8;
	arg.tail[0] = 1ull << 63;
	ASSERT_EQ(-E2BIG, pin_raw(self->fd, &arg));
}

/* The size in the struct counts, not the one in the command's number. */
TEST_F(pin_args, command_of_a_longer_struct_is_the_same_command)
{
	struct longer_pin arg = {
		.known = { .size = sizeof(arg.known) + 8, .flags = PIN_W,
			   .addr = (uintptr_t)self->buf.data, .len = PAGE },
	};

	ASSERT_EQ(0, ioctl(self->fd, _IOWR(MEMPINFD_IOC_MAGIC, 0x00, struct longer_pin), &arg));
	unpin(self->fd, arg.known.id);
}

TEST_F(pin_args, unpin_checks_size_and_flags)
{
	struct {
		struct mempinfd_unpin known;
		uint64_t tail[1024];
	} arg = { 0 };

	arg.known.id = pin(self->fd, self->buf.data, PAGE, PIN_W);
	for (arg.known.size = 0; arg.known.size < sizeof(arg.known); arg.known.size++) {
		ASSERT_EQ(-EINVAL, unpin_raw(self->fd, &arg));
	}
	arg.known.size = PAGE + 1;
	ASSERT_EQ(-E2BIG, unpin_raw(self->fd, &arg));
	arg.known.size = sizeof(arg.known) + 8;
	arg.tail[0] = 1;
	ASSERT_EQ(-E2BIG, unpin_raw(self->fd, &arg));
	arg.tail[0] = 0;
	for (unsigned int bit = 0; bit < 32; bit++) {
		arg.known.flags = 1u << bit;
		ASSERT_EQ(-EINVAL, unpin_raw(self->fd, &arg));
	}
	ASSERT_EQ(1, pinned_pages());
	arg.known.flags = 0;
	ASSERT_EQ(0, unpin_raw(self->fd, &arg));
}

TEST_F(pin_args, unreadable_struct_is_efault)
{
	const size_t split = 8;
	uint8_t *edge = buffer_end(&self->buf) - split;
	struct mempinfd_pin arg = {
		.size = sizeof(arg), .flags = PIN_W, .addr = (uintptr_t)self->buf.data, .len = PAGE,
	};

	ASSERT_EQ(-EFAULT, pin_raw(self->fd, NULL));
	ASSERT_EQ(-EFAULT, unpin_raw(self->fd, NULL));
	ASSERT_EQ(-EFAULT, pin_raw(self->fd, (void *)0xffff800080000000));
	ASSERT_EQ(-EFAULT, unpin_raw(self->fd, buffer_end(&self->buf)));
	/* Its first half is there, the rest is not. */
	memcpy(edge, &arg, split);
	ASSERT_EQ(-EFAULT, pin_raw(self->fd, edge));
	ASSERT_EQ(-EFAULT, unpin_raw(self->fd, edge));
}

/* Without a place for the id nobody could unpin it: nothing is pinned. */
TEST_F(pin_args, struct_that_cannot_take_the_id_is_efault)
{
	struct mempinfd_pin *arg = (void *)(self->buf.data + PAGE);

	*arg = (struct mempinfd_pin) {
		.size = sizeof(*arg), .flags = PIN_W, .addr = (uintptr_t)self->buf.data, .len = PAGE,
	};
	ASSERT_EQ(0, mprotect(arg, PAGE, PROT_READ));
	ASSERT_EQ(-EFAULT, pin_raw(self->fd, arg));
	ASSERT_EQ(0, pinned_pages());
	ASSERT_EQ(0, mprotect(arg, PAGE, PROT_READ | PROT_WRITE));
}

TEST_F(pin_args, unaligned_range_holds_the_pages_it_touches)
{
	static const struct {
		size_t offset, length, pages;
	} ranges[] = {
		{ 0, 1, 1 }, { PAGE - 1, 1, 1 }, { PAGE - 1, 2, 2 }, { 1, PAGE, 2 },
		{ 1, PAGE - 1, 1 }, { 100, 3 * PAGE, 4 }, { 0, 3 * PAGE, 3 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(ranges); i++) {
		uint64_t id = pin(self->fd, self->buf.data + ranges[i].offset, ranges[i].length,
				  PIN_W);

		ASSERT_EQ(ranges[i].pages, pinned_pages());
		unpin(self->fd, id);
	}
}

/* Top byte ignore: a tagged pointer names the same memory. */
TEST_F(pin_args, tag_of_an_address_is_ignored)
{
	uint64_t tagged = (uintptr_t)self->buf.data | 0xa5ull << 56;
	struct mempinfd_pin arg = {
		.size = sizeof(arg), .flags = PIN_W, .addr = tagged, .len = 2 * PAGE,
	};

	ASSERT_EQ(0, pin_raw(self->fd, &arg));
	ASSERT_EQ(2, pinned_pages());
	ASSERT_EQ(2, present_pages(self->buf.data, self->buf.length));
	unpin(self->fd, arg.id);
}

TEST_F(pin_args, id_that_does_not_exist_is_enoent)
{
	uint64_t id = pin(self->fd, self->buf.data, PAGE, PIN_W);

	ASSERT_EQ(-ENOENT, __unpin(self->fd, 0));
	ASSERT_EQ(-ENOENT, __unpin(self->fd, id + 1));
	ASSERT_EQ(-ENOENT, __unpin(self->fd, UINT64_MAX));
	ASSERT_EQ(-ENOENT, __unpin(self->fd, 1ull << 32 | id));
	unpin(self->fd, id);
	ASSERT_EQ(-ENOENT, __unpin(self->fd, id));
}

TEST_F(pin_args, ids_are_not_used_again)
{
	uint64_t last = 0;

	for (int i = 0; i < 100; i++) {
		uint64_t id = pin(self->fd, self->buf.data, PAGE, PIN_W);

		ASSERT_LT(last, id);
		last = id;
		unpin(self->fd, id);
	}
}

TEST_F(pin_args, file_has_no_contents)
{
	struct pollfd poller = { .fd = self->fd, .events = POLLIN };
	char byte = 0;

	ASSERT_EQ(-1, read(self->fd, &byte, 1));
	ASSERT_EQ(EINVAL, errno);
	ASSERT_EQ(-1, write(self->fd, &byte, 1));
	ASSERT_EQ(EINVAL, errno);
	ASSERT_EQ(MAP_FAILED, mmap(NULL, PAGE, PROT_READ, MAP_SHARED, self->fd, 0));
	ASSERT_EQ(ENODEV, errno);
	ASSERT_EQ(-1, ftruncate(self->fd, 0));
	ASSERT_EQ(EINVAL, errno);
	ASSERT_LE(0, poll(&poller, 1, 0));
}

/* Lines that the kernel logged since @kmsg was opened at its end. */
static unsigned int logged(int kmsg)
{
	unsigned int lines = 0;
	char line[8192];

	while (read(kmsg, line, sizeof(line)) > 0)
		lines++;
	return lines;
}

TEST_F(pin_args, garbage_leaves_no_trace_in_the_log)
{
	static const uint32_t sizes[] = { 0, 31, 32, 33, 40, 4096, 4097, ~0u };
	int kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK);
	uint64_t state = 0x9e3779b97f4a7c15;
	struct longer_pin arg;

	ASSERT_LE(0, kmsg);
	ASSERT_EQ(0, lseek(kmsg, 0, SEEK_END));
	for (unsigned int round = 0; round < 5000; round++) {
		uint64_t *words = (uint64_t *)&arg;

		for (size_t i = 0; i < 8; i++) {
			state = state * 6364136223846793005 + 1442695040888963407;
			words[i] = state >> (state >> 58);
		}
		arg.known.size = sizes[round % ARRAY_SIZE(sizes)];
		arg.known.flags &= round & 8 ? 3 : ~0u;
		/* A range can happen to be one of this program's own. */
		if (pin_raw(self->fd, &arg) == 0)
			unpin(self->fd, arg.known.id);
		unpin_raw(self->fd, &arg);
		ioctl(self->fd, state >> 32, &arg);
	}
	ASSERT_EQ(0, logged(kmsg));
}

TEST_MAIN
