// SPDX-License-Identifier: MIT
/*
 * Addresses that the process itself could not use either: the device is refused, says
 * where, and nothing is read or written. No pin is involved.
 */
#include <fcntl.h>
#include <sys/mman.h>

#include "harness.h"

#include "buffer.h"
#include "testdev.h"

FIXTURE(refused) {
	struct testdev dev;
	struct buffer buf;	/* three pages; the middle one is the variant's */
	uint8_t *bad;
	bool inside;
};

enum refusal {
	UNMAPPED,
	INACCESSIBLE,
	BEYOND_THE_FILE,
	NULL_PAGE,
	KERNEL,
	NOT_CANONICAL,
};

FIXTURE_VARIANT(refused) {
	enum refusal why;
};

FIXTURE_VARIANT_ADD(refused, unmapped) { .why = UNMAPPED };
FIXTURE_VARIANT_ADD(refused, inaccessible) { .why = INACCESSIBLE };
FIXTURE_VARIANT_ADD(refused, beyond_the_file) { .why = BEYOND_THE_FILE };
FIXTURE_VARIANT_ADD(refused, null_page) { .why = NULL_PAGE };
FIXTURE_VARIANT_ADD(refused, kernel_address) { .why = KERNEL };
FIXTURE_VARIANT_ADD(refused, not_canonical) { .why = NOT_CANONICAL };

static uint8_t *make_bad(struct buffer *buf, enum refusal why)
{
	uint8_t *middle = buf->data + PAGE;

	switch (why) {
	case UNMAPPED:
		CHECK(munmap(middle, PAGE) == 0);
		return middle;
	case INACCESSIBLE:
		CHECK(mprotect(middle, PAGE, PROT_NONE) == 0);
		return middle;
	case BEYOND_THE_FILE:
		CHECK(mmap(middle, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
			   memfd_create("empty", MFD_CLOEXEC), 0) == middle);
		return middle;
	case NULL_PAGE:
		return NULL;
	case KERNEL:
		return (uint8_t *)0xffff800080000000;
	case NOT_CANONICAL:
		return (uint8_t *)0x00f0000000000000;
	}
	return NULL;
}

FIXTURE_SETUP(refused)
{
	testdev_open(&self->dev);
	buffer_map(&self->buf, BUFFER_ANON, 3 * PAGE);
	paint(self->buf.data, PAGE, 1);
	paint(self->buf.data + 2 * PAGE, PAGE, 3);
	self->bad = make_bad(&self->buf, variant->why);
	self->inside = self->bad == self->buf.data + PAGE;
}

FIXTURE_TEARDOWN(refused)
{
	testdev_close(&self->dev);
	buffer_unmap(&self->buf);
}

static bool neighbours_kept(const struct buffer *buf)
{
	return painted(buf->data, PAGE, 1) == PAGE &&
	       painted(buf->data + 2 * PAGE, PAGE, 3) == PAGE;
}

TEST_F(refused, write_aborts)
{
	struct testdev_counters before = testdev_counters(&self->dev);
	struct testdev_counters moved;
	struct dma_testdev_cpl cpl;

	cpl = testdev_fill(&self->dev, self->bad + 16, 32, 0xff);
	moved = testdev_counters_since(&self->dev, &before);
	ASSERT_EQ(DMA_TESTDEV_WRITE_ABORT, cpl.status);
	ASSERT_EQ((uintptr_t)self->bad + 16, cpl.fault_va);
	ASSERT_EQ(0, cpl.bytes_done);
	ASSERT_EQ(1, moved.value[DMA_TESTDEV_ABORTS]);
	ASSERT_EQ(0, moved.value[DMA_TESTDEV_BYTES_WRITTEN]);
	ASSERT_TRUE(neighbours_kept(&self->buf));
}

TEST_F(refused, read_aborts)
{
	struct testdev_counters before = testdev_counters(&self->dev);
	struct testdev_counters moved;
	struct dma_testdev_cpl cpl;

	cpl = testdev_copy(&self->dev, self->buf.data, self->bad, PAGE);
	moved = testdev_counters_since(&self->dev, &before);
	ASSERT_EQ(DMA_TESTDEV_READ_ABORT, cpl.status);
	ASSERT_EQ((uintptr_t)self->bad, cpl.fault_va);
	ASSERT_EQ(0, cpl.bytes_done);
	ASSERT_EQ(1, moved.value[DMA_TESTDEV_ABORTS]);
	ASSERT_EQ(0, moved.value[DMA_TESTDEV_BYTES_READ]);
	ASSERT_TRUE(neighbours_kept(&self->buf));
}

/* The queue is none the worse for it. */
TEST_F(refused, next_descriptor_works)
{
	struct dma_testdev_cpl cpl;

	cpl = testdev_fill(&self->dev, self->bad, PAGE, 0xff);
	ASSERT_EQ(DMA_TESTDEV_WRITE_ABORT, cpl.status);
	cpl = testdev_fill(&self->dev, self->buf.data, PAGE, 0x42);
	ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
	ASSERT_EQ(PAGE, filled(self->buf.data, PAGE, 0x42));
}

TEST_MAIN
