// SPDX-License-Identifier: MIT
/*
 * A folio of 16 base pages, which arm64 maps as one contiguous block. The kernel sees the
 * accessed and dirty flags of such a block together; an SMMU that does not update them
 * itself sees those of each entry. A pin must leave every one of them as the device needs it.
 */
#include "harness.h"

#include "buffer.h"
#include "crc32c.h"
#include "mempin.h"
#include "proc.h"
#include "testdev.h"

#define SIZES		"/sys/kernel/mm/transparent_hugepage/hugepages-64kB/"
#define BLOCK		((size_t)64 << 10)

FIXTURE(batch) {
	struct testdev dev;
	uint8_t *data;		/* one block, written to */
	int fd;
};

/* Stalls of the device on a page of the block, after the CPU has read another since all are old. */
static uint32_t stalls_beside_used_page(struct testdev *dev, uint8_t *data)
{
	CHECK(madvise(data, BLOCK, MADV_COLD) == 0);
	CHECK(painted(data, 1, 1) == 1);
	return testdev_checksum(dev, data + BLOCK / 2, PAGE).stalls;
}

FIXTURE_SETUP(batch)
{
	uint64_t before;

	SKIP_WITHOUT_MEMPINFD();
	SKIP_BEFORE_V4("pins to read");
	testdev_open(&self->dev);
	self->fd = mempinfd(MEMPINFD_CLOEXEC);
	write_text(SIZES "enabled", "madvise");
	before = read_number(SIZES "stats/anon_fault_alloc");
	CHECK(posix_memalign((void **)&self->data, BLOCK, BLOCK) == 0);
	CHECK(madvise(self->data, BLOCK, MADV_HUGEPAGE) == 0);
	paint(self->data, BLOCK, 1);
	CHECK(read_number(SIZES "stats/anon_fault_alloc") == before + 1);
	if (stalls_beside_used_page(&self->dev, self->data) == 0)
		SKIP(return, "what this CPU uses becomes young as a block (boot with --cpu max)");
}

FIXTURE_TEARDOWN(batch)
{
	close(self->fd);
	testdev_close(&self->dev);
	write_text(SIZES "enabled", "never");
}

/* The CPU reads one page of a block that has not been used for long. */
TEST_F(batch, old_pages_beside_a_used_one_are_read_without_stalls)
{
	struct dma_testdev_cpl cpl;

	ASSERT_EQ(0, madvise(self->data, BLOCK, MADV_COLD));
	ASSERT_EQ(1, painted(self->data, 1, 1));
	pin(self->fd, self->data, BLOCK, PIN_R);
	cpl = testdev_checksum(&self->dev, self->data, BLOCK);
	ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
	ASSERT_EQ(0, cpl.stalls);
	ASSERT_EQ(crc32c(self->data, BLOCK), cpl.result);
}

/* The same of the last page alone, which is not the beginning of anything. */
TEST_F(batch, old_last_page_is_read_without_stalls)
{
	uint8_t *last = self->data + BLOCK - PAGE;
	struct dma_testdev_cpl cpl;

	ASSERT_EQ(0, madvise(self->data, BLOCK, MADV_COLD));
	ASSERT_EQ(1, painted(self->data, 1, 1));
	pin(self->fd, last, PAGE, PIN_R);
	cpl = testdev_checksum(&self->dev, last, PAGE);
	ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
	ASSERT_EQ(0, cpl.stalls);
}

/* The CPU writes to one page of a block that is clean, because it may be freed. */
TEST_F(batch, clean_pages_beside_a_dirty_one_are_written_without_stalls)
{
	struct dma_testdev_cpl cpl;

	ASSERT_EQ(0, madvise(self->data, BLOCK, MADV_FREE));
	self->data[0] = 2;
	cpl = testdev_fill(&self->dev, self->data + BLOCK / 2, PAGE, 0x62);
	ASSERT_EQ(1, cpl.stalls);

	ASSERT_EQ(0, madvise(self->data, BLOCK, MADV_FREE));
	self->data[0] = 3;
	pin(self->fd, self->data, BLOCK, PIN_W);
	cpl = testdev_fill(&self->dev, self->data, BLOCK, 0x62);
	ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
	ASSERT_EQ(0, cpl.stalls);
	ASSERT_EQ(BLOCK, filled(self->data, BLOCK, 0x62));
}

TEST_MAIN
