// SPDX-License-Identifier: MIT
/*
 * Reclaim and migration do not touch a pinned page: it stays the page that it was,
 * mapped, and the device never stalls on it. Each test has a twin, the same memory
 * without a pin, to show that the event took place.
 */
#include "harness.h"

#include "buffer.h"
#include "crc32c.h"
#include "disk.h"
#include "mempin.h"
#include "newer.h"
#include "proc.h"
#include "testdev.h"

#define PAGES	16

FIXTURE(keep) {
	struct testdev dev;
	struct buffer held;
	struct buffer twin;
	struct disk swap;
	uint64_t held_frames[PAGES];
	uint64_t twin_frames[PAGES];
	int fd;
};

FIXTURE_VARIANT(keep) {
	enum buffer_kind kind;
};

FIXTURE_VARIANT_ADD(keep, anon) { .kind = BUFFER_ANON };
FIXTURE_VARIANT_ADD(keep, shmem) { .kind = BUFFER_SHMEM };

FIXTURE_SETUP(keep)
{
	struct dma_testdev_cpl cpl;

	SKIP_WITHOUT_MEMPINFD();
	testdev_open(&self->dev);
	disk_create(&self->swap, 32 << 20);
	swap_on(&self->swap);
	buffer_map(&self->held, variant->kind, PAGES * PAGE);
	buffer_map(&self->twin, variant->kind, PAGES * PAGE);
	paint(self->held.data, self->held.length, 1);
	paint(self->twin.data, self->twin.length, 2);
	self->fd = mempinfd(MEMPINFD_CLOEXEC);
	pin(self->fd, self->held.data, self->held.length, PIN_W);
	record_frames(&self->held, self->held_frames);
	record_frames(&self->twin, self->twin_frames);
	/* Both have been used by the device before the event. */
	cpl = testdev_touch(&self->dev, self->held.data, self->held.length, DMA_TESTDEV_F_WRITE);
	ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
	ASSERT_EQ(0, cpl.stalls);
	cpl = testdev_touch(&self->dev, self->twin.data, self->twin.length, DMA_TESTDEV_F_WRITE);
	ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
}

FIXTURE_TEARDOWN(keep)
{
	close(self->fd);
	testdev_close(&self->dev);
	buffer_unmap(&self->held);
	buffer_unmap(&self->twin);
	swap_off(&self->swap);
	disk_remove(&self->swap);
}

/* The device writes without a stall to the very pages that were pinned. */
static void check_kept(struct __test_metadata *_metadata, struct testdev *dev,
		       struct buffer *held, const uint64_t *frames)
{
	struct dma_testdev_cpl cpl;

	ASSERT_EQ(0, moved_frames(held, frames));
	cpl = testdev_checksum(dev, held->data, held->length);
	ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
	ASSERT_EQ(0, cpl.stalls);
	ASSERT_EQ(held->length, painted(held->data, held->length, 1));
	ASSERT_EQ(crc32c(held->data, held->length), cpl.result);
	cpl = testdev_fill(dev, held->data, held->length, 0xe7);
	ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
	ASSERT_EQ(0, cpl.stalls);
	ASSERT_EQ(held->length, filled(held->data, held->length, 0xe7));
}

TEST_F(keep, pageout)
{
	struct dma_testdev_cpl cpl;

	page_out(&self->twin);
	ASSERT_EQ(0, madvise(self->held.data, self->held.length, MADV_PAGEOUT));
	check_kept(_metadata, &self->dev, &self->held, self->held_frames);

	/* The twin comes back from swap, a stall a page, with what was in it. */
	cpl = testdev_touch(&self->dev, self->twin.data, self->twin.length, 0);
	ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
	ASSERT_EQ(PAGES, cpl.stalls);
	ASSERT_EQ(self->twin.length, painted(self->twin.data, self->twin.length, 2));
}

/* Soft offlining is migration on demand, of the page that one names. */
TEST_F(keep, migration)
{
	ASSERT_EQ(0, madvise(self->twin.data, PAGE, MADV_SOFT_OFFLINE));
	ASSERT_EQ(1, moved_frames(&self->twin, self->twin_frames));
	ASSERT_EQ(self->twin.length, painted(self->twin.data, self->twin.length, 2));
	ASSERT_EQ(-1, madvise(self->held.data, PAGE, MADV_SOFT_OFFLINE));
	check_kept(_metadata, &self->dev, &self->held, self->held_frames);
}

TEST_MAIN
