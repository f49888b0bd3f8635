// SPDX-License-Identifier: MIT
/*
 * Entries of the page table that lack what a device needs: an old one is as good as none to
 * an SMMU that does not set the accessed flag itself, a clean one is as good as read-only.
 * A pin makes them as they must be. Each test has a twin, the same memory without a pin, on
 * which the device does stall.
 */
#include "harness.h"

#include "buffer.h"
#include "crc32c.h"
#include "mempin.h"
#include "newer.h"
#include "testdev.h"

#define FLAGS_ARE_SET	"this SMMU sets the flags of entries itself (boot with --smmu httu=0)"

FIXTURE(aged) {
	struct testdev dev;
	struct buffer held;
	struct buffer twin;
	int fd;
};

FIXTURE_VARIANT(aged) {
	enum buffer_kind kind;
	size_t length;
	size_t entries;
};

FIXTURE_VARIANT_ADD(aged, anon) { .kind = BUFFER_ANON, .length = 16 * PAGE, .entries = 16 };
FIXTURE_VARIANT_ADD(aged, thp) { .kind = BUFFER_THP, .length = 2 * HUGE_PAGE, .entries = 2 };

FIXTURE_SETUP(aged)
{
	SKIP_WITHOUT_MEMPINFD();
	SKIP_BEFORE_V4("eye for the flags of entries");
	testdev_open(&self->dev);
	buffer_map(&self->held, variant->kind, variant->length);
	buffer_map(&self->twin, variant->kind, variant->length);
	paint(self->held.data, self->held.length, 1);
	paint(self->twin.data, self->twin.length, 2);
	/* What is on no list yet is not made old. */
	drain_lists();
	self->fd = mempinfd(MEMPINFD_CLOEXEC);
}

FIXTURE_TEARDOWN(aged)
{
	close(self->fd);
	testdev_close(&self->dev);
	buffer_unmap(&self->held);
	buffer_unmap(&self->twin);
}

static void advise(const struct buffer *buf, int advice)
{
	CHECK(madvise(buf->data, buf->length, advice) == 0);
}

TEST_F(aged, old_pages_are_read_without_stalls)
{
	struct dma_testdev_cpl cpl;

	advise(&self->twin, MADV_COLD);
	cpl = testdev_touch(&self->dev, self->twin.data, self->twin.length, 0);
	ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
	if (cpl.stalls == 0)
		SKIP(return, FLAGS_ARE_SET);
	ASSERT_EQ(variant->entries, cpl.stalls);

	advise(&self->held, MADV_COLD);
	pin(self->fd, self->held.data, self->held.length, PIN_R);
	cpl = testdev_checksum(&self->dev, self->held.data, self->held.length);
	ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
	ASSERT_EQ(0, cpl.stalls);
	ASSERT_EQ(crc32c(self->held.data, self->held.length), cpl.result);
}

/* Pages that may be freed are clean. The CPU reads them, and so they are old no longer. */
static void make_clean(const struct buffer *buf, uint32_t seed)
{
	advise(buf, MADV_FREE);
	CHECK(painted(buf->data, buf->length, seed) == buf->length);
}

TEST_F(aged, clean_pages_are_written_without_stalls)
{
	struct dma_testdev_cpl cpl;

	make_clean(&self->twin, 2);
	cpl = testdev_fill(&self->dev, self->twin.data, self->twin.length, 0x62);
	ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
	if (cpl.stalls == 0)
		SKIP(return, FLAGS_ARE_SET);
	ASSERT_EQ(variant->entries, cpl.stalls);

	make_clean(&self->held, 1);
	pin(self->fd, self->held.data, self->held.length, PIN_W);
	cpl = testdev_fill(&self->dev, self->held.data, self->held.length, 0x62);
	ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
	ASSERT_EQ(0, cpl.stalls);
	ASSERT_EQ(self->held.length, filled(self->held.data, self->held.length, 0x62));
}

/* The same, if nobody has used them since: they are old, too. */
TEST_F(aged, old_clean_pages_are_written_without_stalls)
{
	struct dma_testdev_cpl cpl;

	advise(&self->twin, MADV_FREE);
	cpl = testdev_fill(&self->dev, self->twin.data, self->twin.length, 0x63);
	ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
	if (cpl.stalls == 0)
		SKIP(return, FLAGS_ARE_SET);
	ASSERT_EQ(variant->entries, cpl.stalls);

	advise(&self->held, MADV_FREE);
	pin(self->fd, self->held.data, self->held.length, PIN_W);
	cpl = testdev_fill(&self->dev, self->held.data, self->held.length, 0x63);
	ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
	ASSERT_EQ(0, cpl.stalls);
	ASSERT_EQ(self->held.length, filled(self->held.data, self->held.length, 0x63));
}

TEST_MAIN
