// SPDX-License-Identifier: MIT
/*
 * What the kernel allocated for pins is freed again: after very many of them kmemleak
 * finds nothing that nobody points to. Needs a kernel that looks for leaks, such as the
 * debug flavour.
 */
#include <fcntl.h>
#include <stdlib.h>

#include "harness.h"

#include "buffer.h"
#include "mempin.h"
#include "proc.h"

#define KMEMLEAK	"/sys/kernel/debug/kmemleak"
/* Younger objects are not reported: their address may be in a register (mm/kmemleak.c). */
#define MIN_AGE_SECONDS	5
#define PAGES		600	/* several chunks of records if no two are neighbours */
#define CYCLES		100000

FIXTURE(leaks) {
	struct buffer buf;
};

FIXTURE_SETUP(leaks)
{
	SKIP_WITHOUT_MEMPINFD();
	if (access(KMEMLEAK, W_OK) < 0)
		SKIP(return, "this kernel does not look for leaks (CONFIG_DEBUG_KMEMLEAK)");
	buffer_map(&self->buf, BUFFER_ANON, PAGES * PAGE);
	/* Backwards, so that hardly any two pages are neighbours in memory too. */
	for (size_t i = PAGES; i-- > 0;)
		self->buf.data[i * PAGE] = 1;
	/* What was found before is no business of this test. */
	write_text(KMEMLEAK, "scan");
	write_text(KMEMLEAK, "clear");
}

FIXTURE_TEARDOWN(leaks)
{
	buffer_unmap(&self->buf);
}

/* Of every kind: short and long ones, refused ones, and some that close() releases. */
static void cycle(struct buffer *buf, int *fd, unsigned int round)
{
	size_t length = round % 100 ? PAGE : buf->length;
	uint64_t id = pin(*fd, buf->data, length, PIN_W);

	if (round % 10 == 0)
		CHECK(__pin(*fd, buffer_end(buf) - PAGE, 2 * PAGE, PIN_W, NULL) == -EFAULT);
	if (round % 1000) {
		unpin(*fd, id);
		return;
	}
	close(*fd);
	*fd = mempinfd(MEMPINFD_CLOEXEC);
}

/* Prints what was found, and returns how many lines that is. */
static unsigned int report_leaks(void)
{
	FILE *file = fopen(KMEMLEAK, "r");
	unsigned int lines = 0;
	char line[256];

	CHECK(file);
	for (; fgets(line, sizeof(line), file); lines++)
		printf("# %s", line);
	fclose(file);
	return lines;
}

TEST_F(leaks, pins_leave_nothing)
{
	int fd = mempinfd(MEMPINFD_CLOEXEC);

	for (unsigned int round = 0; round < CYCLES; round++)
		cycle(&self->buf, &fd, round);
	close(fd);
	ASSERT_EQ(0, pinned_pages());
	sleep(MIN_AGE_SECONDS + 1);
	/* A pointer on its way from one place to another may be missed once, not twice. */
	write_text(KMEMLEAK, "scan");
	write_text(KMEMLEAK, "scan");
	ASSERT_EQ(0, report_leaks());
}

TEST_MAIN
