// SPDX-License-Identifier: MIT
/*
 * I/O page faults, as the device counts them, on memory that nothing holds: what a
 * device meets without a pin.
 */
#include <sys/mman.h>

#include "harness.h"

#include "buffer.h"
#include "crc32c.h"
#include "proc.h"
#include "testdev.h"

#define FAULTS	16	/* pages of the buffer */
#define REQUESTS 256	/* pages of the buffer that is counted thrice */
#define ROUNDS	8

FIXTURE(first_touch) {
	struct testdev dev;
	struct buffer buf;
	size_t faults;
};

FIXTURE_VARIANT(first_touch) {
	enum buffer_kind kind;
	size_t faults;
};

FIXTURE_VARIANT_ADD(first_touch, anon) { .kind = BUFFER_ANON, .faults = 64 };
FIXTURE_VARIANT_ADD(first_touch, shmem) { .kind = BUFFER_SHMEM, .faults = 64 };
FIXTURE_VARIANT_ADD(first_touch, memfd) { .kind = BUFFER_MEMFD, .faults = 64 };
FIXTURE_VARIANT_ADD(first_touch, memfd_private) { .kind = BUFFER_MEMFD_PRIVATE, .faults = 64 };
FIXTURE_VARIANT_ADD(first_touch, thp) { .kind = BUFFER_THP, .faults = 2 };
FIXTURE_VARIANT_ADD(first_touch, hugetlb) { .kind = BUFFER_HUGETLB, .faults = 2 };
FIXTURE_VARIANT_ADD(first_touch, hugetlb_shared) { .kind = BUFFER_HUGETLB_SHARED, .faults = 2 };

FIXTURE_SETUP(first_touch)
{
	size_t page = variant->faults == 2 ? HUGE_PAGE : PAGE;

	if (variant->kind == BUFFER_HUGETLB || variant->kind == BUFFER_HUGETLB_SHARED)
		ASSERT_EQ(0, __hugetlb_reserve(variant->faults));
	testdev_open(&self->dev);
	buffer_map(&self->buf, variant->kind, variant->faults * page);
	ASSERT_EQ(page, self->buf.page);
}

FIXTURE_TEARDOWN(first_touch)
{
	testdev_close(&self->dev);
	buffer_unmap(&self->buf);
}

TEST_F(first_touch, each_page_stalls_once)
{
	struct testdev_counters before = testdev_counters(&self->dev);
	struct testdev_counters moved;
	struct dma_testdev_cpl cpl;

	cpl = testdev_fill(&self->dev, self->buf.data, self->buf.length, 0x99);
	moved = testdev_counters_since(&self->dev, &before);
	ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
	ASSERT_EQ(variant->faults, cpl.stalls);
	ASSERT_EQ(variant->faults, moved.value[DMA_TESTDEV_STALLS]);
	ASSERT_EQ(variant->faults, moved.value[DMA_TESTDEV_RETRIES]);
	ASSERT_EQ(self->buf.length / PAGE, cpl.translations);
	ASSERT_LT(0, cpl.stall_ns);
	ASSERT_EQ(self->buf.length, filled(self->buf.data, self->buf.length, 0x99));

	cpl = testdev_fill(&self->dev, self->buf.data, self->buf.length, 0x66);
	ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
	ASSERT_EQ(0, cpl.stalls);
	ASSERT_EQ(self->buf.length, filled(self->buf.data, self->buf.length, 0x66));
}

TEST_F(first_touch, reading_stalls_once_and_finds_zeros)
{
	uint8_t *zeros = calloc(1, self->buf.length);
	struct dma_testdev_cpl cpl;

	ASSERT_NE(NULL, zeros);
	cpl = testdev_checksum(&self->dev, self->buf.data, self->buf.length);
	ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
	ASSERT_EQ(variant->faults, cpl.stalls);
	ASSERT_EQ(crc32c(zeros, self->buf.length), cpl.result);

	cpl = testdev_checksum(&self->dev, self->buf.data, self->buf.length);
	ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
	ASSERT_EQ(0, cpl.stalls);
	free(zeros);
}

TEST_F(first_touch, pages_the_process_touched_do_not_stall)
{
	struct dma_testdev_cpl cpl;
	size_t touched = 0;

	for (size_t i = 0; i < variant->faults; i += 2, touched++)
		memset(self->buf.data + i * self->buf.page, 0x11, self->buf.page);
	cpl = testdev_fill(&self->dev, self->buf.data, self->buf.length, 0x22);
	ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
	ASSERT_EQ(variant->faults - touched, cpl.stalls);
	ASSERT_EQ(self->buf.length, filled(self->buf.data, self->buf.length, 0x22));
}

/* A private page that was only read is the zero page or the file's: a write stalls again. */
FIXTURE(read_then_write) {
	struct testdev dev;
	struct buffer buf;
};

FIXTURE_VARIANT(read_then_write) {
	enum buffer_kind kind;
};

FIXTURE_VARIANT_ADD(read_then_write, anon) { .kind = BUFFER_ANON };
FIXTURE_VARIANT_ADD(read_then_write, shmem) { .kind = BUFFER_SHMEM };
FIXTURE_VARIANT_ADD(read_then_write, memfd_private) { .kind = BUFFER_MEMFD_PRIVATE };

FIXTURE_SETUP(read_then_write)
{
	testdev_open(&self->dev);
	buffer_map(&self->buf, variant->kind, FAULTS * PAGE);
}

FIXTURE_TEARDOWN(read_then_write)
{
	testdev_close(&self->dev);
	buffer_unmap(&self->buf);
}

TEST_F(read_then_write, each_access_stalls_once)
{
	struct dma_testdev_cpl cpl;

	cpl = testdev_touch(&self->dev, self->buf.data, self->buf.length, 0);
	ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
	ASSERT_EQ(FAULTS, cpl.stalls);
	cpl = testdev_touch(&self->dev, self->buf.data, self->buf.length, DMA_TESTDEV_F_WRITE);
	ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
	ASSERT_EQ(FAULTS, cpl.stalls);
	cpl = testdev_touch(&self->dev, self->buf.data, self->buf.length, DMA_TESTDEV_F_WRITE);
	ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
	ASSERT_EQ(0, cpl.stalls);
}

/* What the device counts is what the SMMU reported and what the kernel handled. */
FIXTURE(count) {
	struct testdev dev;
	struct buffer buf;
};

FIXTURE_SETUP(count)
{
	testdev_open(&self->dev);
	buffer_map(&self->buf, BUFFER_ANON, REQUESTS * PAGE);
}

FIXTURE_TEARDOWN(count)
{
	testdev_close(&self->dev);
	buffer_unmap(&self->buf);
}

TEST_F(count, stalls_are_smmu_events_and_page_requests)
{
	uint64_t least = UINT64_MAX;

	for (int round = 0; round < ROUNDS; round++) {
		uint64_t events = interrupts("arm-smmu-v3-evtq");
		uint64_t faults = vmstat("pgfault");
		struct dma_testdev_cpl cpl;

		cpl = testdev_fill(&self->dev, self->buf.data, self->buf.length, 0x31);
		faults = vmstat("pgfault") - faults;
		events = interrupts("arm-smmu-v3-evtq") - events;
		ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
		ASSERT_EQ(REQUESTS, cpl.stalls);
		/* One queue has one stall at a time, so no two events share an interrupt. */
		ASSERT_EQ(REQUESTS, events);
		ASSERT_LE(REQUESTS, faults);
		if (faults < least)
			least = faults;
		ASSERT_EQ(0, madvise(self->buf.data, self->buf.length, MADV_DONTNEED));
	}
	/* Every page request that the kernel handles is a fault; other processes only add to them. */
	ASSERT_EQ(REQUESTS, least);
}

TEST_F(count, no_stall_is_no_event)
{
	struct dma_testdev_cpl cpl;
	uint64_t events;

	memset(self->buf.data, 1, self->buf.length);
	events = interrupts("arm-smmu-v3-evtq");
	cpl = testdev_fill(&self->dev, self->buf.data, self->buf.length, 0x31);
	ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
	ASSERT_EQ(0, cpl.stalls);
	ASSERT_EQ(events, interrupts("arm-smmu-v3-evtq"));
}

TEST_MAIN
