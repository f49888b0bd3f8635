// SPDX-License-Identifier: MIT
/*
 * What the kernel allocated for pins is freed again: after very many of them kmemleak
 * finds nothing that nobody points to. Needs a kernel that looks for leaks, such as the
 * debug flavour.
 */
#include "harness.h"

#include "buffer.h"
#include "kmemleak.h"
#include "mempin.h"
#include "proc.h"

#define PAGES		600	/* several chunks of records if no two are neighbours */
#define CYCLES		100000

FIXTURE(leaks) {
	struct buffer buf;
};

FIXTURE_SETUP(leaks)
{
	SKIP_WITHOUT_MEMPINFD();
	SKIP_WITHOUT_KMEMLEAK();
	buffer_map(&self->buf, BUFFER_ANON, PAGES * PAGE);
	touch_backwards(&self->buf);
	clear_leaks();
}

FIXTURE_TEARDOWN(leaks)
{
	buffer_unmap(&self->buf);
}

/* Of every kind: short and long ones, refused ones, and some that close() releases. */
static void cycle(struct buffer *buf, int *fd, unsigned int round)
{
	size_t length = round % 500 ? PAGE : buf->length;
	uint64_t id = pin(*fd, buf->data, length, PIN_W);

	if (round % 50 == 0)
		CHECK(__pin(*fd, buffer_end(buf) - PAGE, 2 * PAGE, PIN_W, NULL) == -EFAULT);
	if (round % 1000) {
		unpin(*fd, id);
		return;
	}
	close(*fd);
	*fd = mempinfd(MEMPINFD_CLOEXEC);
}

TEST_F(leaks, pins_leave_nothing)
{
	int fd = mempinfd(MEMPINFD_CLOEXEC);

	for (unsigned int round = 0; round < CYCLES; round++)
		cycle(&self->buf, &fd, round);
	close(fd);
	ASSERT_EQ(0, pinned_pages());
	ASSERT_EQ(0, report_leaks());
}

TEST_MAIN
