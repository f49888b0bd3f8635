// SPDX-License-Identifier: MIT
/*
 * Rings that the device cannot use, or not at once, put the queue into a state that
 * a reset ends. No pin is involved.
 */
#include <poll.h>
#include <sys/mman.h>

#include "harness.h"

#include "buffer.h"
#include "testdev.h"

FIXTURE(ring) {
	struct testdev dev;
	struct buffer buf;
};

FIXTURE_SETUP(ring)
{
	testdev_open(&self->dev);
	buffer_map(&self->buf, BUFFER_ANON, PAGE);
	paint(self->buf.data, PAGE, 4);
}

FIXTURE_TEARDOWN(ring)
{
	testdev_close(&self->dev);
	buffer_unmap(&self->buf);
}

static uint32_t await_error(struct testdev *dev)
{
	struct pollfd nothing = { .fd = -1 };
	uint32_t state = 0;

	for (int tries = 0; tries < wait_seconds() * 1000; tries++) {
		state = testdev_read(dev, DMA_TESTDEV_DB_STATE);
		if ((state & 0xff) == DMA_TESTDEV_ERROR)
			break;
		poll(&nothing, 1, 1);
	}
	return state;
}

static void reset_and_use(struct __test_metadata *_metadata, struct testdev *dev,
			  struct buffer *buf)
{
	struct dma_testdev_cpl cpl;

	testdev_reset(dev);
	cpl = testdev_fill(dev, buf->data, PAGE, 0x55);
	ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
	ASSERT_EQ(PAGE, filled(buf->data, PAGE, 0x55));
}

TEST_F(ring, unmapped_descriptors_are_an_error_until_reset)
{
	uintptr_t nowhere = (uintptr_t)buffer_end(&self->buf);

	testdev_write64(&self->dev, DMA_TESTDEV_DB_SQ_BASE, nowhere);
	testdev_submit(&self->dev, &(struct dma_testdev_desc) { .op = DMA_TESTDEV_NOP });
	ASSERT_EQ(DMA_TESTDEV_ERROR | DMA_TESTDEV_ERROR_SQ_ABORT << 8, await_error(&self->dev));
	ASSERT_EQ(nowhere, testdev_read64(&self->dev, DMA_TESTDEV_DB_ERROR_VA));
	ASSERT_LT(0, testdev_counters(&self->dev).value[DMA_TESTDEV_RING_ABORTS]);
	reset_and_use(_metadata, &self->dev, &self->buf);
}

TEST_F(ring, readonly_completions_are_an_error_until_reset)
{
	uintptr_t readonly = (uintptr_t)self->buf.data;

	ASSERT_EQ(0, mprotect(self->buf.data, PAGE, PROT_READ));
	testdev_write64(&self->dev, DMA_TESTDEV_DB_CQ_BASE, readonly);
	testdev_submit(&self->dev, &(struct dma_testdev_desc) { .op = DMA_TESTDEV_NOP });
	ASSERT_EQ(DMA_TESTDEV_ERROR | DMA_TESTDEV_ERROR_CQ_ABORT << 8, await_error(&self->dev));
	ASSERT_EQ(readonly, testdev_read64(&self->dev, DMA_TESTDEV_DB_ERROR_VA));
	ASSERT_EQ(PAGE, painted(self->buf.data, PAGE, 4));
	ASSERT_EQ(0, mprotect(self->buf.data, PAGE, PROT_READ | PROT_WRITE));
	reset_and_use(_metadata, &self->dev, &self->buf);
}

TEST_F(ring, misaligned_base_is_an_error)
{
	testdev_write64(&self->dev, DMA_TESTDEV_DB_SQ_BASE, (uintptr_t)self->dev.sq + 4);
	testdev_submit(&self->dev, &(struct dma_testdev_desc) { .op = DMA_TESTDEV_NOP });
	ASSERT_EQ(DMA_TESTDEV_ERROR | DMA_TESTDEV_ERROR_RING << 8, await_error(&self->dev));
	reset_and_use(_metadata, &self->dev, &self->buf);
}

TEST_F(ring, tail_beyond_the_ring_is_an_error)
{
	testdev_write(&self->dev, DMA_TESTDEV_DB_TAIL, TESTDEV_RING_ENTRIES + 1);
	ASSERT_EQ(DMA_TESTDEV_ERROR | DMA_TESTDEV_ERROR_RING << 8, await_error(&self->dev));
	reset_and_use(_metadata, &self->dev, &self->buf);
}

/* Ring memory that is not present stalls too, but is counted apart. */
TEST_F(ring, untouched_completions_stall_apart_from_payload)
{
	struct testdev_counters before = testdev_counters(&self->dev);
	struct testdev_counters moved;
	struct buffer fresh;
	uint32_t sequence;

	buffer_map(&fresh, BUFFER_ANON, PAGE);
	testdev_write64(&self->dev, DMA_TESTDEV_DB_CQ_BASE, (uintptr_t)fresh.data);
	self->dev.cq = (void *)fresh.data;
	self->dev.tail = 0;
	self->dev.sq[0] = (struct dma_testdev_desc) {
		.op = DMA_TESTDEV_FILL,
		.dst = (uintptr_t)self->buf.data,
		.length = PAGE,
		.operand = 0x66,
	};
	sequence = ++self->dev.tail;
	testdev_ring(&self->dev);
	while (testdev_read(&self->dev, DMA_TESTDEV_DB_HEAD) != sequence) {
		ASSERT_NE(DMA_TESTDEV_ERROR,
			  testdev_read(&self->dev, DMA_TESTDEV_DB_STATE) & 0xff);
	}
	ASSERT_TRUE(testdev_done(&self->dev, sequence));
	moved = testdev_counters_since(&self->dev, &before);
	ASSERT_EQ(1, moved.value[DMA_TESTDEV_RING_STALLS]);
	ASSERT_EQ(0, moved.value[DMA_TESTDEV_STALLS]);
	ASSERT_EQ(PAGE, filled(self->buf.data, PAGE, 0x66));
}

TEST_MAIN
