// SPDX-License-Identifier: MIT
/*
 * Mappings that change under the device, between descriptors and in the middle of
 * one. No pin is involved.
 */
#include <sys/mman.h>

#include "harness.h"

#include "buffer.h"
#include "child.h"
#include "crc32c.h"
#include "testdev.h"

#define FAULTS	16	/* pages of the buffer */

FIXTURE(change) {
	struct testdev dev;
	struct buffer buf;
};

FIXTURE_SETUP(change)
{
	struct dma_testdev_cpl cpl;

	testdev_open(&self->dev);
	buffer_map(&self->buf, BUFFER_ANON, FAULTS * PAGE);
	/* So that every translation is in the SMMU's caches when the mapping changes. */
	cpl = testdev_fill(&self->dev, self->buf.data, self->buf.length, 0x01);
	ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
	ASSERT_EQ(FAULTS, cpl.stalls);
}

FIXTURE_TEARDOWN(change)
{
	testdev_close(&self->dev);
	buffer_unmap(&self->buf);
}

TEST_F(change, dma_stops_at_a_hole)
{
	uint8_t *hole = self->buf.data + 5 * PAGE;
	struct dma_testdev_cpl cpl;

	ASSERT_EQ(0, munmap(hole, PAGE));
	cpl = testdev_fill(&self->dev, self->buf.data, self->buf.length, 0x02);
	ASSERT_EQ(DMA_TESTDEV_WRITE_ABORT, cpl.status);
	ASSERT_EQ((uintptr_t)hole, cpl.fault_va);
	ASSERT_EQ(5 * PAGE, cpl.bytes_done);
	ASSERT_EQ(5 * PAGE, filled(self->buf.data, 5 * PAGE, 0x02));
	ASSERT_EQ(10 * PAGE, filled(hole + PAGE, 10 * PAGE, 0x01));
}

TEST_F(change, readonly_memory_is_read_but_not_written)
{
	struct dma_testdev_cpl cpl;

	ASSERT_EQ(0, mprotect(self->buf.data, self->buf.length, PROT_READ));
	cpl = testdev_fill(&self->dev, self->buf.data, self->buf.length, 0x02);
	ASSERT_EQ(DMA_TESTDEV_WRITE_ABORT, cpl.status);
	ASSERT_EQ((uintptr_t)self->buf.data, cpl.fault_va);
	ASSERT_EQ(0, cpl.bytes_done);
	cpl = testdev_checksum(&self->dev, self->buf.data, self->buf.length);
	ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
	ASSERT_EQ(crc32c(self->buf.data, self->buf.length), cpl.result);
	ASSERT_EQ(self->buf.length, filled(self->buf.data, self->buf.length, 0x01));
}

TEST_F(change, dontneed_makes_every_page_stall_again)
{
	struct dma_testdev_cpl cpl;

	ASSERT_EQ(0, madvise(self->buf.data, self->buf.length, MADV_DONTNEED));
	cpl = testdev_touch(&self->dev, self->buf.data, self->buf.length, 0);
	ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
	ASSERT_EQ(FAULTS, cpl.stalls);
	ASSERT_EQ(self->buf.length, filled(self->buf.data, self->buf.length, 0));
}

TEST_F(change, new_mapping_at_the_address_is_what_dma_reaches)
{
	struct dma_testdev_cpl cpl;
	struct buffer other;

	buffer_map(&other, BUFFER_ANON, self->buf.length);
	paint(other.data, other.length, 7);
	ASSERT_EQ(self->buf.data, mremap(other.data, other.length, other.length,
					 MREMAP_MAYMOVE | MREMAP_FIXED, self->buf.data));
	cpl = testdev_checksum(&self->dev, self->buf.data, self->buf.length);
	ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
	ASSERT_EQ(self->buf.length, painted(self->buf.data, self->buf.length, 7));
	ASSERT_EQ(crc32c(self->buf.data, self->buf.length), cpl.result);
	cpl = testdev_fill(&self->dev, other.data, PAGE, 0x03);
	ASSERT_EQ(DMA_TESTDEV_WRITE_ABORT, cpl.status);
}

static int await_and_look(struct peer *parent, void *arg)
{
	struct buffer *buf = arg;

	peer_send(parent, 0);
	peer_receive(parent);
	return filled(buf->data, buf->length, 0x01) == buf->length ? 0 : 1;
}

/* Copy-on-write works for the device as for the CPU, at the price of a stall a page. */
TEST_F(change, write_after_fork_stalls_and_spares_the_child)
{
	struct peer child = child_start(await_and_look, &self->buf);
	struct dma_testdev_cpl cpl;

	peer_receive(&child);
	cpl = testdev_fill(&self->dev, self->buf.data, self->buf.length, 0x02);
	peer_send(&child, 0);
	ASSERT_EQ(0, child_finish(&child));
	ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
	ASSERT_EQ(FAULTS, cpl.stalls);
	ASSERT_EQ(self->buf.length, filled(self->buf.data, self->buf.length, 0x02));
}

static uint32_t start_loop(struct testdev *dev, struct buffer *buf, unsigned int flags)
{
	struct testdev_counters before = testdev_counters(dev);
	uint32_t sequence;

	sequence = testdev_submit(dev, &(struct dma_testdev_desc) {
		.op = DMA_TESTDEV_TOUCH,
		.flags = DMA_TESTDEV_F_LOOP | flags,
		.dst = (uintptr_t)buf->data,
		.length = buf->length,
	});
	while (testdev_counters_since(dev, &before).value[DMA_TESTDEV_TRANSACTIONS] < 2 * FAULTS)
		CHECK(!testdev_done(dev, sequence));
	return sequence;
}

TEST_F(change, munmap_ends_a_running_loop)
{
	uint32_t sequence = start_loop(&self->dev, &self->buf, DMA_TESTDEV_F_WRITE);
	struct dma_testdev_cpl cpl;
	struct buffer reuse;

	ASSERT_EQ(0, munmap(self->buf.data, self->buf.length));
	buffer_map(&reuse, BUFFER_ANON, self->buf.length);
	paint(reuse.data, reuse.length, 9);
	cpl = testdev_wait(&self->dev, sequence);
	ASSERT_EQ(DMA_TESTDEV_WRITE_ABORT, cpl.status);
	ASSERT_LE((uintptr_t)self->buf.data, cpl.fault_va);
	ASSERT_GT((uintptr_t)buffer_end(&self->buf), cpl.fault_va);
	ASSERT_LT(0, cpl.passes);
	/* Pages that the process gets now may be those that it gave back. */
	ASSERT_EQ(reuse.length, painted(reuse.data, reuse.length, 9));
}

static int exit_at_once(struct peer *parent, void *arg)
{
	(void)parent;
	(void)arg;
	return 0;
}

/* Each fork write-protects what the device writes; each page is copied or given back. */
TEST_F(change, loop_goes_on_while_the_process_forks)
{
	uint32_t sequence = start_loop(&self->dev, &self->buf, DMA_TESTDEV_F_WRITE);
	struct testdev_counters before;
	struct dma_testdev_cpl cpl;
	struct peer child;

	for (int round = 0; round < 10; round++) {
		before = testdev_counters(&self->dev);
		child = child_start(exit_at_once, NULL);
		while (!testdev_counters_since(&self->dev, &before).value[DMA_TESTDEV_STALLS])
			ASSERT_FALSE(testdev_done(&self->dev, sequence));
		ASSERT_EQ(0, child_finish(&child));
	}
	testdev_write(&self->dev, DMA_TESTDEV_DB_CONTROL, DMA_TESTDEV_CONTROL_STOP_LOOP);
	cpl = testdev_wait(&self->dev, sequence);
	ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
	ASSERT_LE(10, cpl.stalls);
	ASSERT_EQ(self->buf.length, filled(self->buf.data, self->buf.length, 0x01));
}

/* The page goes for good while a transaction on it waits. */
TEST_F(change, munmap_while_stalled_ends_in_an_abort)
{
	struct dma_testdev_cpl cpl;
	uint32_t sequence;

	for (int round = 0; round < 20; round++) {
		struct buffer fresh;

		buffer_map(&fresh, BUFFER_ANON, FAULTS * PAGE);
		sequence = testdev_submit(&self->dev, &(struct dma_testdev_desc) {
			.op = DMA_TESTDEV_TOUCH,
			.flags = DMA_TESTDEV_F_LOOP | DMA_TESTDEV_F_WRITE,
			.dst = (uintptr_t)fresh.data,
			.length = fresh.length,
		});
		/* From one round to the next, a little further into the buffer. */
		for (int i = 0; i < round; i++)
			testdev_read(&self->dev, DMA_TESTDEV_DB_STATE);
		buffer_unmap(&fresh);
		cpl = testdev_wait(&self->dev, sequence);
		ASSERT_EQ(DMA_TESTDEV_WRITE_ABORT, cpl.status);
		ASSERT_LE((uintptr_t)fresh.data, cpl.fault_va);
		ASSERT_GT((uintptr_t)fresh.data + fresh.length, cpl.fault_va);
	}
}

TEST_F(change, loop_goes_on_while_pages_come_and_go)
{
	uint32_t sequence = start_loop(&self->dev, &self->buf, 0);
	struct testdev_counters before;
	struct dma_testdev_cpl cpl;

	for (int round = 0; round < 20; round++) {
		before = testdev_counters(&self->dev);
		ASSERT_EQ(0, madvise(self->buf.data, self->buf.length, MADV_DONTNEED));
		while (!testdev_counters_since(&self->dev, &before).value[DMA_TESTDEV_STALLS])
			ASSERT_FALSE(testdev_done(&self->dev, sequence));
	}
	testdev_write(&self->dev, DMA_TESTDEV_DB_CONTROL, DMA_TESTDEV_CONTROL_STOP_LOOP);
	cpl = testdev_wait(&self->dev, sequence);
	ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
	ASSERT_LE(20, cpl.stalls);
}

TEST_MAIN
