// SPDX-License-Identifier: MIT
/*
 * The heart of the matter: a device stalls on every page of a buffer that nobody
 * touched, and on none once the buffer is pinned. Each claim stands beside its
 * control without the pin.
 */
#include <sys/mman.h>

#include "harness.h"

#include "buffer.h"
#include "child.h"
#include "crc32c.h"
#include "mempin.h"
#include "proc.h"
#include "testdev.h"

FIXTURE(pin) {
	struct testdev dev;
	struct buffer buf;
	int fd;
};

FIXTURE_VARIANT(pin) {
	enum buffer_kind kind;
	size_t length;
	size_t faults;	/* that the untouched buffer costs */
};

FIXTURE_VARIANT_ADD(pin, anon) {
	.kind = BUFFER_ANON, .length = 64 * PAGE, .faults = 64,
};
FIXTURE_VARIANT_ADD(pin, shmem) {
	.kind = BUFFER_SHMEM, .length = 64 * PAGE, .faults = 64,
};
FIXTURE_VARIANT_ADD(pin, memfd) {
	.kind = BUFFER_MEMFD, .length = 64 * PAGE, .faults = 64,
};
FIXTURE_VARIANT_ADD(pin, memfd_private) {
	.kind = BUFFER_MEMFD_PRIVATE, .length = 64 * PAGE, .faults = 64,
};
FIXTURE_VARIANT_ADD(pin, thp) {
	.kind = BUFFER_THP, .length = 2 * HUGE_PAGE, .faults = 2,
};
FIXTURE_VARIANT_ADD(pin, hugetlb) {
	.kind = BUFFER_HUGETLB, .length = 2 * HUGE_PAGE, .faults = 2,
};
FIXTURE_VARIANT_ADD(pin, hugetlb_shared) {
	.kind = BUFFER_HUGETLB_SHARED, .length = 2 * HUGE_PAGE, .faults = 2,
};

FIXTURE_SETUP(pin)
{
	SKIP_WITHOUT_MEMPINFD();
	if (variant->kind == BUFFER_HUGETLB || variant->kind == BUFFER_HUGETLB_SHARED)
		ASSERT_EQ(0, __hugetlb_reserve(variant->faults));
	testdev_open(&self->dev);
	buffer_map(&self->buf, variant->kind, variant->length);
	self->fd = mempinfd(MEMPINFD_CLOEXEC);
}

FIXTURE_TEARDOWN(pin)
{
	close(self->fd);
	testdev_close(&self->dev);
	buffer_unmap(&self->buf);
}

/* The negative control: without a pin, the same buffer stalls on every page. */
TEST_F(pin, unpinned_buffer_stalls_on_every_page)
{
	struct dma_testdev_cpl cpl;

	ASSERT_EQ(0, present_pages(self->buf.data, self->buf.length));
	cpl = testdev_fill(&self->dev, self->buf.data, self->buf.length, 0xa5);
	ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
	ASSERT_EQ(variant->faults, cpl.stalls);
	ASSERT_EQ(self->buf.length, filled(self->buf.data, self->buf.length, 0xa5));
}

TEST_F(pin, pinned_buffer_never_stalls)
{
	struct testdev_counters before;
	struct testdev_counters moved;
	struct dma_testdev_cpl cpl;

	ASSERT_EQ(0, present_pages(self->buf.data, self->buf.length));
	pin(self->fd, self->buf.data, self->buf.length, PIN_W);
	ASSERT_EQ(self->buf.length / PAGE, present_pages(self->buf.data, self->buf.length));

	before = testdev_counters(&self->dev);
	cpl = testdev_fill(&self->dev, self->buf.data, self->buf.length, 0xa5);
	ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
	ASSERT_EQ(0, cpl.stalls);
	cpl = testdev_checksum(&self->dev, self->buf.data, self->buf.length);
	ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
	ASSERT_EQ(0, cpl.stalls);
	moved = testdev_counters_since(&self->dev, &before);
	ASSERT_EQ(0, moved.value[DMA_TESTDEV_STALLS]);
	ASSERT_EQ(2 * self->buf.length / PAGE, moved.value[DMA_TESTDEV_TRANSACTIONS]);
	ASSERT_EQ(crc32c(self->buf.data, self->buf.length), cpl.result);
	ASSERT_EQ(self->buf.length, filled(self->buf.data, self->buf.length, 0xa5));
}

/* A pin to read is enough for reading, and finds what is there. */
TEST_F(pin, pinned_for_reading_reads_without_stalls)
{
	uint8_t *zeros = calloc(1, self->buf.length);
	struct dma_testdev_cpl cpl;

	SKIP_BEFORE_V4("pins to read");
	ASSERT_NE(NULL, zeros);
	pin(self->fd, self->buf.data, self->buf.length, PIN_R);
	cpl = testdev_checksum(&self->dev, self->buf.data, self->buf.length);
	ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
	ASSERT_EQ(0, cpl.stalls);
	ASSERT_EQ(crc32c(zeros, self->buf.length), cpl.result);
	free(zeros);
}

/* Pinned for writing after a mere read, a page must not stall when it is written. */
TEST_F(pin, write_pin_of_pages_that_were_read_never_stalls)
{
	volatile uint8_t *data = self->buf.data;
	struct dma_testdev_cpl cpl;

	for (size_t offset = 0; offset < self->buf.length; offset += PAGE) {
		ASSERT_EQ(0, data[offset]);
	}
	pin(self->fd, self->buf.data, self->buf.length, PIN_W);
	cpl = testdev_fill(&self->dev, self->buf.data, self->buf.length, 0x3d);
	ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
	ASSERT_EQ(0, cpl.stalls);
	ASSERT_EQ(self->buf.length, filled(self->buf.data, self->buf.length, 0x3d));
}

/* Only what is pinned is spared: one huge page, or one base page, of the buffer. */
TEST_F(pin, rest_of_the_buffer_still_stalls)
{
	struct dma_testdev_cpl cpl;

	pin(self->fd, self->buf.data, 1, PIN_W);
	cpl = testdev_fill(&self->dev, self->buf.data, self->buf.length, 0x17);
	ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
	ASSERT_EQ(variant->faults - 1, cpl.stalls);
}

/* Unpinning while the device writes: the mapping stays, so the DMA goes on. */
TEST_F(pin, unpin_during_dma_is_not_noticed)
{
	uint64_t id = pin(self->fd, self->buf.data, self->buf.length, PIN_W);
	struct testdev_counters before = testdev_counters(&self->dev);
	struct dma_testdev_cpl cpl;
	uint32_t sequence;

	sequence = testdev_submit(&self->dev, &(struct dma_testdev_desc) {
		.op = DMA_TESTDEV_TOUCH,
		.flags = DMA_TESTDEV_F_LOOP | DMA_TESTDEV_F_WRITE,
		.dst = (uintptr_t)self->buf.data,
		.length = self->buf.length,
	});
	while (!testdev_counters_since(&self->dev, &before).value[DMA_TESTDEV_TRANSACTIONS]) {
		ASSERT_FALSE(testdev_done(&self->dev, sequence));
	}
	unpin(self->fd, id);
	before = testdev_counters(&self->dev);
	while (testdev_counters_since(&self->dev, &before).value[DMA_TESTDEV_TRANSACTIONS] <
	       2 * self->buf.length / PAGE) {
		ASSERT_FALSE(testdev_done(&self->dev, sequence));
	}
	testdev_write(&self->dev, DMA_TESTDEV_DB_CONTROL, DMA_TESTDEV_CONTROL_STOP_LOOP);
	cpl = testdev_wait(&self->dev, sequence);
	ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
	ASSERT_EQ(0, cpl.stalls);
	ASSERT_EQ(0, pinned_pages());
}

/* Nothing is left of a pin: after close and munmap the device is refused. */
TEST_F(pin, dma_after_close_and_munmap_is_refused)
{
	struct testdev_counters before;
	struct dma_testdev_cpl cpl;

	pin(self->fd, self->buf.data, self->buf.length, PIN_W);
	cpl = testdev_fill(&self->dev, self->buf.data, self->buf.length, 0x21);
	ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
	ASSERT_EQ(0, cpl.stalls);
	close(self->fd);
	ASSERT_EQ(0, munmap(self->buf.data, self->buf.length));

	before = testdev_counters(&self->dev);
	cpl = testdev_fill(&self->dev, self->buf.data, self->buf.length, 0x22);
	ASSERT_EQ(DMA_TESTDEV_WRITE_ABORT, cpl.status);
	ASSERT_EQ((uintptr_t)self->buf.data, cpl.fault_va);
	ASSERT_EQ(0, cpl.bytes_done);
	ASSERT_EQ(1, testdev_counters_since(&self->dev, &before).value[DMA_TESTDEV_ABORTS]);
	ASSERT_EQ(0, pinned_pages());
}

/* A pin holds pages, not access: what the process unmaps, the device loses at once. */
TEST_F(pin, dma_after_munmap_is_refused_though_pinned)
{
	struct dma_testdev_cpl cpl;

	SKIP_BEFORE_V4("accounting");
	pin(self->fd, self->buf.data, self->buf.length, PIN_W);
	ASSERT_EQ(0, munmap(self->buf.data, self->buf.length));
	cpl = testdev_fill(&self->dev, self->buf.data, self->buf.length, 0x22);
	ASSERT_EQ(DMA_TESTDEV_WRITE_ABORT, cpl.status);
	ASSERT_EQ(0, cpl.bytes_done);
	ASSERT_EQ(self->buf.length / PAGE, pinned_pages());
}

/* A child writes to its copy while the device writes to the parent's pages. */
static int overwrite(struct peer *parent, void *arg)
{
	struct buffer *buf = arg;

	memset(buf->data, 0xcc, buf->length);
	peer_send(parent, 0);
	peer_receive(parent);
	return filled(buf->data, buf->length, 0xcc) == buf->length ? 0 : 1;
}

FIXTURE(fork) {
	struct testdev dev;
	struct buffer buf;
	int fd;
};

FIXTURE_VARIANT(fork) {
	enum buffer_kind kind;
	size_t length;
};

FIXTURE_VARIANT_ADD(fork, anon) { .kind = BUFFER_ANON, .length = 64 * PAGE };
FIXTURE_VARIANT_ADD(fork, memfd_private) { .kind = BUFFER_MEMFD_PRIVATE, .length = 64 * PAGE };
FIXTURE_VARIANT_ADD(fork, thp) { .kind = BUFFER_THP, .length = 2 * HUGE_PAGE };

FIXTURE_SETUP(fork)
{
	SKIP_WITHOUT_MEMPINFD();
	testdev_open(&self->dev);
	buffer_map(&self->buf, variant->kind, variant->length);
	self->fd = mempinfd(MEMPINFD_CLOEXEC);
	pin(self->fd, self->buf.data, self->buf.length, PIN_W);
}

FIXTURE_TEARDOWN(fork)
{
	close(self->fd);
	testdev_close(&self->dev);
	buffer_unmap(&self->buf);
}

TEST_F(fork, parent_keeps_its_pages_and_the_child_gets_copies)
{
	uint64_t frame = page_frame(self->buf.data);
	struct dma_testdev_cpl cpl;
	struct peer child;

	memset(self->buf.data, 0x11, self->buf.length);
	child = child_start(overwrite, &self->buf);
	peer_receive(&child);
	ASSERT_EQ(self->buf.length, filled(self->buf.data, self->buf.length, 0x11));
	cpl = testdev_fill(&self->dev, self->buf.data, self->buf.length, 0xa5);
	peer_send(&child, 0);
	ASSERT_EQ(0, child_finish(&child));
	ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
	ASSERT_EQ(0, cpl.stalls);
	ASSERT_EQ(self->buf.length, filled(self->buf.data, self->buf.length, 0xa5));
	ASSERT_NE(0, frame);
	ASSERT_EQ(frame, page_frame(self->buf.data));
}

TEST_MAIN
