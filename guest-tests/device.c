// SPDX-License-Identifier: MIT
/*
 * The DMA test device itself, on memory that is present: every operation, the rings
 * in normal use, interrupts and counters. No pin is involved.
 */
#include <poll.h>

#include "harness.h"

#include "buffer.h"
#include "crc32c.h"
#include "testdev.h"

#define PAGES	8

FIXTURE(device) {
	struct testdev dev;
	struct buffer buf;
	uint8_t *src;
	uint8_t *dst;
	size_t half;
};

FIXTURE_SETUP(device)
{
	testdev_open(&self->dev);
	buffer_map(&self->buf, BUFFER_ANON, PAGES * PAGE);
	self->half = PAGES / 2 * PAGE;
	self->src = self->buf.data;
	self->dst = self->buf.data + self->half;
	paint(self->src, self->half, 1);
	paint(self->dst, self->half, 2);
}

FIXTURE_TEARDOWN(device)
{
	testdev_close(&self->dev);
	buffer_unmap(&self->buf);
}

TEST_F(device, nop_moves_nothing)
{
	struct testdev_counters before = testdev_counters(&self->dev);
	struct testdev_counters moved;
	struct dma_testdev_cpl cpl;

	cpl = testdev_run(&self->dev, &(struct dma_testdev_desc) {
		.op = DMA_TESTDEV_NOP,
		.tag = 0xfeed,
	});
	moved = testdev_counters_since(&self->dev, &before);
	ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
	ASSERT_EQ(0xfeed, cpl.tag);
	ASSERT_EQ(0, moved.value[DMA_TESTDEV_TRANSACTIONS]);
	ASSERT_EQ(1, moved.value[DMA_TESTDEV_DESCRIPTORS]);
}

/* One transaction and one translation for each page and direction. */
TEST_F(device, counters_say_what_a_copy_did)
{
	struct testdev_counters before = testdev_counters(&self->dev);
	struct testdev_counters moved;
	struct dma_testdev_cpl cpl;

	cpl = testdev_copy(&self->dev, self->dst, self->src, self->half);
	moved = testdev_counters_since(&self->dev, &before);
	ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
	ASSERT_EQ(self->half, cpl.bytes_done);
	ASSERT_EQ(0, cpl.fault_va);
	ASSERT_EQ(PAGES, cpl.translations);
	ASSERT_EQ(PAGES, moved.value[DMA_TESTDEV_TRANSLATIONS]);
	ASSERT_EQ(PAGES, moved.value[DMA_TESTDEV_TRANSACTIONS]);
	ASSERT_EQ(self->half, moved.value[DMA_TESTDEV_BYTES_READ]);
	ASSERT_EQ(self->half, moved.value[DMA_TESTDEV_BYTES_WRITTEN]);
	ASSERT_EQ(0, moved.value[DMA_TESTDEV_STALLS]);
	ASSERT_EQ(0, moved.value[DMA_TESTDEV_ABORTS]);
	ASSERT_EQ(0, moved.value[DMA_TESTDEV_RING_STALLS]);
}

TEST_F(device, compare_finds_the_first_difference)
{
	struct testdev_counters before = testdev_counters(&self->dev);
	const size_t offset = PAGE + 7;
	struct dma_testdev_cpl cpl;

	memcpy(self->dst, self->src, self->half);
	self->dst[offset] ^= 1;
	self->dst[self->half - 1] ^= 1;
	cpl = testdev_compare(&self->dev, self->dst, self->src, self->half);
	ASSERT_EQ(DMA_TESTDEV_MISMATCH, cpl.status);
	ASSERT_EQ(offset, cpl.result);
	ASSERT_LT(0, testdev_counters_since(&self->dev, &before).value[DMA_TESTDEV_WRONG_BYTES]);
}

/* RFC 3720 B.4: the check value of "123456789". */
TEST_F(device, checksum_is_crc32c)
{
	struct dma_testdev_cpl cpl;

	memcpy(self->src, "123456789", 9);
	ASSERT_EQ(0xe3069283, crc32c(self->src, 9));
	cpl = testdev_checksum(&self->dev, self->src, 9);
	ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
	ASSERT_EQ(0xe3069283, cpl.result);
}

TEST_F(device, fetch_add_returns_the_old_value)
{
	uint64_t *word = (uint64_t *)(self->dst + 8);
	struct dma_testdev_cpl cpl;

	*word = 0xfffffffffffffff0;
	cpl = testdev_run(&self->dev, &(struct dma_testdev_desc) {
		.op = DMA_TESTDEV_FETCH_ADD,
		.dst = (uintptr_t)word,
		.length = 8,
		.operand = 0x21,
	});
	ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
	ASSERT_EQ(0xfffffffffffffff0, cpl.result);
	ASSERT_EQ(0x11, *(volatile uint64_t *)word);
}

TEST_F(device, compare_swap_swaps_only_if_equal)
{
	volatile uint64_t *word = (uint64_t *)(self->dst + 16);
	struct dma_testdev_desc desc = {
		.op = DMA_TESTDEV_COMPARE_SWAP,
		.dst = (uintptr_t)word,
		.length = 8,
		.operand = 5,
		.operand2 = 9,
	};
	struct dma_testdev_cpl cpl;

	*word = 5;
	cpl = testdev_run(&self->dev, &desc);
	ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
	ASSERT_EQ(5, cpl.result);
	ASSERT_EQ(9, *word);

	cpl = testdev_run(&self->dev, &desc);
	ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
	ASSERT_EQ(9, cpl.result);
	ASSERT_EQ(9, *word);
}

/* TOUCH with F_WRITE stores what it loaded: the bytes stay, the pages are written. */
TEST_F(device, touch_rewrites_one_byte_a_page)
{
	struct testdev_counters before = testdev_counters(&self->dev);
	struct testdev_counters moved;
	struct dma_testdev_cpl cpl;

	cpl = testdev_touch(&self->dev, self->dst, self->half, DMA_TESTDEV_F_WRITE);
	moved = testdev_counters_since(&self->dev, &before);
	ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
	ASSERT_EQ(PAGES / 2, moved.value[DMA_TESTDEV_BYTES_READ]);
	ASSERT_EQ(PAGES / 2, moved.value[DMA_TESTDEV_BYTES_WRITTEN]);
	ASSERT_EQ(self->half, painted(self->dst, self->half, 2));
}

TEST_F(device, scatter_gather_copies_piece_by_piece)
{
	struct dma_testdev_sge *from = (void *)(self->buf.data + 3 * PAGE);
	struct dma_testdev_sge *to = from + 2;
	uint8_t expected[300];
	struct dma_testdev_cpl cpl;

	memcpy(expected, self->src + 10, 100);
	memcpy(expected + 100, self->src + PAGE - 50, 200);
	from[0] = (struct dma_testdev_sge) { (uintptr_t)self->src + 10, 100 };
	from[1] = (struct dma_testdev_sge) { (uintptr_t)self->src + PAGE - 50, 200 };
	to[0] = (struct dma_testdev_sge) { (uintptr_t)self->dst + 1, 250 };
	to[1] = (struct dma_testdev_sge) { (uintptr_t)self->dst + PAGE - 7, 50 };
	cpl = testdev_run(&self->dev, &(struct dma_testdev_desc) {
		.op = DMA_TESTDEV_COPY,
		.flags = DMA_TESTDEV_F_SG,
		.src = (uintptr_t)from,
		.dst = (uintptr_t)to,
		.length = sizeof(expected),
		.operand2 = 2,
	});
	ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
	ASSERT_EQ(sizeof(expected), cpl.bytes_done);
	ASSERT_EQ(0, memcmp(self->dst + 1, expected, 250));
	ASSERT_EQ(0, memcmp(self->dst + PAGE - 7, expected + 250, 50));
}

TEST_F(device, unreadable_list_is_its_own_status)
{
	struct dma_testdev_cpl cpl;

	cpl = testdev_run(&self->dev, &(struct dma_testdev_desc) {
		.op = DMA_TESTDEV_FILL,
		.flags = DMA_TESTDEV_F_SG,
		.dst = (uintptr_t)buffer_end(&self->buf),
		.length = PAGE,
		.operand = 0xee,
		.operand2 = 1,
	});
	ASSERT_EQ(DMA_TESTDEV_SG_ABORT, cpl.status);
	ASSERT_EQ(0, cpl.bytes_done);
	ASSERT_EQ(self->half, painted(self->dst, self->half, 2));
}

TEST_F(device, rings_wrap_and_keep_order)
{
	volatile uint64_t *word = (uint64_t *)self->dst;
	struct dma_testdev_desc desc = {
		.op = DMA_TESTDEV_FETCH_ADD,
		.dst = (uintptr_t)word,
		.length = 8,
		.operand = 1,
	};
	struct dma_testdev_cpl cpl;
	uint64_t done = 0;
	uint32_t sequence = 0;

	*word = 0;
	for (unsigned int round = 0; round < 5; round++) {
		for (unsigned int i = 0; i < TESTDEV_RING_ENTRIES - 1; i++) {
			desc.tag = done + i;
			sequence = testdev_queue(&self->dev, &desc);
		}
		testdev_ring(&self->dev);
		testdev_wait(&self->dev, sequence);
		for (uint32_t i = 0; i < TESTDEV_RING_ENTRIES - 1; i++) {
			cpl = testdev_wait(&self->dev, done + 1);
			ASSERT_EQ(done, cpl.result);
			done++;
		}
	}
	ASSERT_EQ(done, *word);
	ASSERT_EQ(done, testdev_read(&self->dev, DMA_TESTDEV_DB_HEAD));
	ASSERT_EQ(done, testdev_counters(&self->dev).value[DMA_TESTDEV_DESCRIPTORS]);
}

TEST_F(device, interrupt_wakes_poll)
{
	struct pollfd poller = { .fd = self->dev.fd, .events = POLLIN };
	uint32_t sequence;

	ASSERT_EQ(0, poll(&poller, 1, 0));
	sequence = testdev_submit(&self->dev, &(struct dma_testdev_desc) {
		.op = DMA_TESTDEV_FILL,
		.flags = DMA_TESTDEV_F_IRQ,
		.dst = (uintptr_t)self->dst,
		.length = self->half,
		.operand = 0x3c,
	});
	ASSERT_EQ(1, poll(&poller, 1, wait_seconds() * 1000));
	ASSERT_TRUE(poller.revents & POLLIN);
	ASSERT_TRUE(testdev_done(&self->dev, sequence));
	ASSERT_EQ(self->half, filled(self->dst, self->half, 0x3c));
}

TEST_F(device, loop_runs_until_it_is_stopped)
{
	struct testdev_counters start = testdev_counters(&self->dev);
	struct dma_testdev_cpl cpl;
	uint32_t sequence;

	sequence = testdev_submit(&self->dev, &(struct dma_testdev_desc) {
		.op = DMA_TESTDEV_TOUCH,
		.flags = DMA_TESTDEV_F_LOOP,
		.dst = (uintptr_t)self->dst,
		.length = self->half,
	});
	while (testdev_counters_since(&self->dev, &start).value[DMA_TESTDEV_TRANSACTIONS] <
	       10 * PAGES) {
		ASSERT_FALSE(testdev_done(&self->dev, sequence));
	}
	testdev_write(&self->dev, DMA_TESTDEV_DB_CONTROL, DMA_TESTDEV_CONTROL_STOP_LOOP);
	cpl = testdev_wait(&self->dev, sequence);
	ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
	ASSERT_LT(1, cpl.passes);
	ASSERT_EQ(cpl.passes * (PAGES / 2), cpl.translations);
}

TEST_F(device, reset_drops_a_running_loop)
{
	struct dma_testdev_cpl cpl;

	testdev_submit(&self->dev, &(struct dma_testdev_desc) {
		.op = DMA_TESTDEV_TOUCH,
		.flags = DMA_TESTDEV_F_LOOP,
		.dst = (uintptr_t)self->dst,
		.length = self->half,
	});
	testdev_reset(&self->dev);
	ASSERT_EQ(0, testdev_read(&self->dev, DMA_TESTDEV_DB_HEAD));
	ASSERT_EQ(DMA_TESTDEV_IDLE, testdev_read(&self->dev, DMA_TESTDEV_DB_STATE));
	cpl = testdev_fill(&self->dev, self->dst, self->half, 0x11);
	ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
	ASSERT_EQ(1, cpl.sequence);
	ASSERT_EQ(self->half, filled(self->dst, self->half, 0x11));
}

TEST_MAIN
