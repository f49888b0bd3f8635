// SPDX-License-Identifier: MIT
/*
 * mempinfd(2) called by a 32-bit program on a 64-bit kernel: the same numbers, the
 * same structs, the same answers.
 */
#include "harness.h"

#include "buffer.h"
#include "mempin.h"
#include "proc.h"
#include "program32.h"

/* Numbers of 32-bit Arm. */
#define NR32_IOCTL	54

#define PAGES		4
/* Where the program has the argument of an ioctl. */
#define ARGUMENT	PROGRAM32_DATA
/* What it pins. */
#define BUFFER		(PROGRAM32_DATA + PAGE)

FIXTURE(compat) {
	struct program32 program;
	uint64_t held;
	int32_t fd;
};

FIXTURE_SETUP(compat)
{
	SKIP_WITHOUT_MEMPINFD();
	SKIP_BEFORE_V4("32-bit programs");
	self->held = pins_held();
	ASSERT_EQ(0, __program32_start(&self->program));
	self->fd = program32_call(&self->program, NR_MEMPINFD, MEMPINFD_CLOEXEC, 0, 0);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(compat)
{
	program32_end(&self->program);
	EXPECT_EQ(self->held, pins_held());
}

static int32_t call_with(struct program32 *program, int32_t fd, uint32_t request, void *arg,
			 size_t size)
{
	int32_t ret;

	program32_write(program, ARGUMENT, arg, size);
	ret = program32_call(program, NR32_IOCTL, fd, request, ARGUMENT);
	program32_read(program, ARGUMENT, arg, size);
	return ret;
}

static int32_t pin32(struct program32 *program, int32_t fd, struct mempinfd_pin *arg)
{
	arg->size = sizeof(*arg);
	return call_with(program, fd, MEMPINFD_PIN, arg, sizeof(*arg));
}

static int32_t unpin32(struct program32 *program, int32_t fd, uint64_t id)
{
	struct mempinfd_unpin arg = { .size = sizeof(arg), .id = id };

	return call_with(program, fd, MEMPINFD_UNPIN, &arg, sizeof(arg));
}

TEST_F(compat, program_of_32_bits_pins_and_unpins)
{
	struct mempinfd_pin arg = { .flags = PIN_W, .addr = BUFFER, .len = PAGES * PAGE };

	ASSERT_EQ(0, pin32(&self->program, self->fd, &arg));
	ASSERT_NE(0, arg.id);
	ASSERT_EQ(self->held + PAGES, pins_held());
	ASSERT_EQ(0, unpin32(&self->program, self->fd, arg.id));
	ASSERT_EQ(self->held, pins_held());
	ASSERT_EQ(-ENOENT, unpin32(&self->program, self->fd, arg.id));
}

TEST_F(compat, program_of_32_bits_is_refused_the_same)
{
	const struct {
		uint32_t flags;
		uint64_t addr, len;
		int32_t error;
	} refused[] = {
		{ PIN_W, BUFFER, 0, -EINVAL },
		{ 0, BUFFER, PAGE, -EINVAL },
		{ 1u << 31, BUFFER, PAGE, -EINVAL },
		{ PIN_W, UINT64_MAX - PAGE, 2 * PAGE, -EINVAL },
		/* No mapping, the kernel's half of 32 bits, what only 64 bits reach. */
		{ PIN_W, 0x1000, PAGE, -EFAULT },
		{ PIN_W, 0xffffe000, 4 * PAGE, -EFAULT },
		{ PIN_W, BUFFER | 1ull << 32, PAGE, -EFAULT },
		{ PIN_W, BUFFER, 1ull << 32 | PAGE, -EFAULT },
	};

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		struct mempinfd_pin arg = {
			.flags = refused[i].flags, .addr = refused[i].addr, .len = refused[i].len,
		};

		ASSERT_EQ(refused[i].error, pin32(&self->program, self->fd, &arg))
			TH_LOG("line %zu of the table", i);
	}
	ASSERT_EQ(-ENOTTY, program32_call(&self->program, NR32_IOCTL, self->fd, 0xbe7f, ARGUMENT));
	ASSERT_EQ(-EINVAL, program32_call(&self->program, NR_MEMPINFD, ~0u, 0, 0));
}

TEST_MAIN
