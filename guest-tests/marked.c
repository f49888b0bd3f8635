// SPDX-License-Identifier: MIT
/*
 * Somebody marks the entries of the page table: to be freed, not yet used, not to be
 * written. The pinned page stays where it is and keeps its contents; that the device may
 * have to take a fault is what the manual page says.
 */
#include "harness.h"

#include "buffer.h"
#include "crc32c.h"
#include "mempin.h"
#include "proc.h"
#include "testdev.h"
#include "uffd.h"

#define PAGES	16

FIXTURE(marked) {
	struct testdev dev;
	struct buffer held;
	struct buffer twin;
	uint64_t frames[PAGES];
	int fd;
};

FIXTURE_SETUP(marked)
{
	SKIP_WITHOUT_MEMPINFD();
	testdev_open(&self->dev);
	buffer_map(&self->held, BUFFER_ANON, PAGES * PAGE);
	buffer_map(&self->twin, BUFFER_ANON, PAGES * PAGE);
	paint(self->held.data, self->held.length, 1);
	paint(self->twin.data, self->twin.length, 2);
	self->fd = mempinfd(MEMPINFD_CLOEXEC);
	pin(self->fd, self->held.data, self->held.length, PIN_W);
	record_frames(&self->held, self->frames);
}

FIXTURE_TEARDOWN(marked)
{
	close(self->fd);
	testdev_close(&self->dev);
	buffer_unmap(&self->held);
	buffer_unmap(&self->twin);
}

/* Whatever faults it takes, the device reads what was there and writes to the same pages. */
static void check_usable(struct __test_metadata *_metadata, struct testdev *dev,
			 struct buffer *held, const uint64_t *frames)
{
	struct dma_testdev_cpl cpl;

	ASSERT_EQ(0, moved_frames(held, frames));
	cpl = testdev_checksum(dev, held->data, held->length);
	ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
	ASSERT_EQ(crc32c(held->data, held->length), cpl.result);
	ASSERT_EQ(held->length, painted(held->data, held->length, 1));
	cpl = testdev_fill(dev, held->data, held->length, 0x71);
	ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
	ASSERT_EQ(held->length, filled(held->data, held->length, 0x71));
	ASSERT_EQ(0, moved_frames(held, frames));
}

/* Reclaim would free such pages without a write; it does so to the twin's. */
TEST_F(marked, to_be_freed)
{
	ASSERT_EQ(0, madvise(self->held.data, self->held.length, MADV_FREE));
	ASSERT_EQ(0, madvise(self->twin.data, self->twin.length, MADV_FREE));
	page_out(&self->twin);
	ASSERT_EQ(0, madvise(self->held.data, self->held.length, MADV_PAGEOUT));
	check_usable(_metadata, &self->dev, &self->held, self->frames);
}

/* 1 to /proc/self/clear_refs: no page of the process counts as used any more. */
TEST_F(marked, not_used)
{
	ASSERT_LT(0, smaps_kib(self->twin.data, "Referenced"));
	write_text("/proc/self/clear_refs", "1");
	ASSERT_EQ(0, smaps_kib(self->twin.data, "Referenced"));
	check_usable(_metadata, &self->dev, &self->held, self->frames);
}

/*
 * By userfaultfd: the device may read. Its write fails, because nobody waits for user
 * space on behalf of a device, until user space gives way of its own accord.
 */
TEST_F(marked, not_to_be_written)
{
	int uffd = watch_writes(&self->held);
	struct dma_testdev_cpl cpl;

	protect_writes(uffd, &self->held, true);
	ASSERT_EQ(0, moved_frames(&self->held, self->frames));
	cpl = testdev_checksum(&self->dev, self->held.data, self->held.length);
	ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
	ASSERT_EQ(0, cpl.stalls);
	cpl = testdev_fill(&self->dev, self->held.data, self->held.length, 0x72);
	ASSERT_EQ(DMA_TESTDEV_WRITE_ABORT, cpl.status);
	ASSERT_EQ(0, cpl.bytes_done);
	ASSERT_EQ(self->held.length, painted(self->held.data, self->held.length, 1));

	protect_writes(uffd, &self->held, false);
	check_usable(_metadata, &self->dev, &self->held, self->frames);
	close(uffd);
}

TEST_MAIN
