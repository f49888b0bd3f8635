// SPDX-License-Identifier: MIT
/*
 * DMA by virtual address into pinned memory reads and writes the right bytes and
 * no others, at every size and alignment.
 */
#include "harness.h"

#include "buffer.h"
#include "crc32c.h"
#include "mempin.h"
#include "testdev.h"

/* Each half begins and ends this far into a page, so that no edge is aligned. */
#define OFFSET		((size_t)123)

FIXTURE(dma) {
	struct testdev dev;
	struct buffer buf;
	size_t half;
	uint8_t *src;
	uint8_t *dst;
	int fd;
};

FIXTURE_VARIANT(dma) {
	size_t length;
};

FIXTURE_VARIANT_ADD(dma, one_byte) { .length = 1 };
FIXTURE_VARIANT_ADD(dma, odd_bytes) { .length = 63 };
FIXTURE_VARIANT_ADD(dma, one_page) { .length = PAGE };
FIXTURE_VARIANT_ADD(dma, page_and_byte) { .length = PAGE + 1 };
FIXTURE_VARIANT_ADD(dma, sixteen_pages) { .length = 16 * PAGE };
FIXTURE_VARIANT_ADD(dma, four_mebibytes) { .length = 4 << 20 };

FIXTURE_SETUP(dma)
{
	SKIP_WITHOUT_MEMPINFD();
	self->half = (variant->length + OFFSET + 2 * PAGE - 1) / PAGE * PAGE;
	testdev_open(&self->dev);
	buffer_map(&self->buf, BUFFER_ANON, 2 * self->half);
	self->src = self->buf.data + OFFSET;
	self->dst = self->buf.data + self->half + OFFSET;
	self->fd = mempinfd(MEMPINFD_CLOEXEC);
	pin(self->fd, self->buf.data, self->buf.length, PIN_W);
	paint(self->buf.data, self->half, 1);
	paint(self->buf.data + self->half, self->half, 2);
}

FIXTURE_TEARDOWN(dma)
{
	close(self->fd);
	testdev_close(&self->dev);
	buffer_unmap(&self->buf);
}

/* Every byte of the destination's half, but for [dst, dst + length), is as it was painted. */
static bool surroundings_kept(const uint8_t *half, size_t half_length, size_t length)
{
	uint8_t *expected = malloc(half_length);
	bool kept;

	CHECK(expected);
	paint(expected, half_length, 2);
	kept = !memcmp(half, expected, OFFSET) &&
	       !memcmp(half + OFFSET + length, expected + OFFSET + length,
		       half_length - OFFSET - length);
	free(expected);
	return kept;
}

TEST_F(dma, fill_writes_the_range_only)
{
	struct dma_testdev_cpl cpl;

	cpl = testdev_fill(&self->dev, self->dst, variant->length, 0xa5);
	ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
	ASSERT_EQ(variant->length, cpl.bytes_done);
	ASSERT_EQ(0, cpl.stalls);
	ASSERT_EQ(variant->length, filled(self->dst, variant->length, 0xa5));
	ASSERT_TRUE(surroundings_kept(self->dst - OFFSET, self->half, variant->length));
	ASSERT_EQ(self->half, painted(self->buf.data, self->half, 1));
}

TEST_F(dma, copy_writes_what_it_read)
{
	struct dma_testdev_cpl cpl;

	cpl = testdev_copy(&self->dev, self->dst, self->src, variant->length);
	ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
	ASSERT_EQ(variant->length, cpl.bytes_done);
	ASSERT_EQ(0, cpl.stalls);
	ASSERT_EQ(0, memcmp(self->dst, self->src, variant->length));
	ASSERT_TRUE(surroundings_kept(self->dst - OFFSET, self->half, variant->length));
	ASSERT_EQ(self->half, painted(self->buf.data, self->half, 1));
}

TEST_F(dma, compare_tells_equal_from_different)
{
	struct dma_testdev_cpl cpl;

	memcpy(self->dst, self->src, variant->length);
	cpl = testdev_compare(&self->dev, self->dst, self->src, variant->length);
	ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
	ASSERT_EQ(0, cpl.stalls);

	self->dst[variant->length - 1] ^= 0x80;
	cpl = testdev_compare(&self->dev, self->dst, self->src, variant->length);
	ASSERT_EQ(DMA_TESTDEV_MISMATCH, cpl.status);
	ASSERT_EQ(variant->length - 1, cpl.result);
}

TEST_F(dma, checksum_is_that_of_the_range)
{
	struct dma_testdev_cpl cpl;

	cpl = testdev_checksum(&self->dev, self->src, variant->length);
	ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
	ASSERT_EQ(variant->length, cpl.bytes_done);
	ASSERT_EQ(0, cpl.stalls);
	ASSERT_EQ(crc32c(self->src, variant->length), cpl.result);
}

/* Ranges that start and end at every byte around a page's edge. */
FIXTURE(page_edge) {
	struct testdev dev;
	struct buffer buf;
	int fd;
};

FIXTURE_SETUP(page_edge)
{
	SKIP_WITHOUT_MEMPINFD();
	testdev_open(&self->dev);
	buffer_map(&self->buf, BUFFER_ANON, 4 * PAGE);
	self->fd = mempinfd(MEMPINFD_CLOEXEC);
	pin(self->fd, self->buf.data, self->buf.length, PIN_W);
}

FIXTURE_TEARDOWN(page_edge)
{
	close(self->fd);
	testdev_close(&self->dev);
	buffer_unmap(&self->buf);
}

#define REACH	8	/* bytes on each side of the edge */

TEST_F(page_edge, every_start_and_end_is_exact)
{
	uint8_t *edge = self->buf.data + PAGE;
	uint8_t *low = edge - REACH, *high = edge + REACH;
	struct dma_testdev_cpl cpl;

	for (uint8_t *start = low; start < high; start++) {
		for (uint8_t *end = start + 1; end <= high; end++) {
			size_t length = end - start;

			memset(self->buf.data, 0x5a, 2 * PAGE);
			cpl = testdev_fill(&self->dev, start, length, 0xc3);
			ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
			ASSERT_EQ(length, filled(start, length, 0xc3));
			ASSERT_EQ((size_t)(start - low), filled(low, start - low, 0x5a));
			ASSERT_EQ((size_t)(high - end), filled(end, high - end, 0x5a));
			ASSERT_EQ(start < edge && end > edge ? 2 : 1, cpl.translations);
		}
	}
	ASSERT_EQ(PAGE - REACH, filled(self->buf.data, PAGE - REACH, 0x5a));
	ASSERT_EQ(PAGE - REACH, filled(high, PAGE - REACH, 0x5a));
}

/* The two ends of a copy cross their pages' edges at different bytes. */
TEST_F(page_edge, source_and_destination_may_differ_in_alignment)
{
	uint8_t *src = self->buf.data, *dst = self->buf.data + 2 * PAGE;
	const size_t length = PAGE;
	struct dma_testdev_cpl cpl;

	for (size_t skew = 1; skew < PAGE; skew = skew * 3 + 1) {
		paint(src, 2 * PAGE, skew);
		memset(dst, 0, 2 * PAGE);
		cpl = testdev_copy(&self->dev, dst + skew, src + PAGE - skew, length);
		ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
		ASSERT_EQ(0, memcmp(dst + skew, src + PAGE - skew, length));
		ASSERT_EQ(skew, filled(dst, skew, 0));
		ASSERT_EQ(PAGE - skew, filled(dst + skew + length, PAGE - skew, 0));
	}
}

TEST_MAIN
