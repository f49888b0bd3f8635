// SPDX-License-Identifier: MIT
/*
 * Compaction, KSM and khugepaged do not touch a pinned page: it stays where it was, and
 * the device never stalls on it. In each test, memory without a pin shows that the
 * event took place.
 */
#include <sched.h>
#include <time.h>

#include "harness.h"

#include "buffer.h"
#include "khugepaged.h"
#include "ksm.h"
#include "mempin.h"
#include "newer.h"
#include "proc.h"
#include "testdev.h"

#define PAGES	16

/* Pages here and there in a large region, all of which compaction would like to move. */
FIXTURE(scattered) {
	struct testdev dev;
	struct buffer region;
	uint64_t *frames;
	int fd;
};

#define REGION_PAGES	(16 * 1024)	/* 64 MiB */
#define USED_EVERY	64
#define PIN_EVERY	1024

FIXTURE_SETUP(scattered)
{
	SKIP_WITHOUT_MEMPINFD();
	testdev_open(&self->dev);
	self->fd = mempinfd(MEMPINFD_CLOEXEC);
	buffer_map(&self->region, BUFFER_ANON, REGION_PAGES * PAGE);
	memset(self->region.data, 0x0c, self->region.length);
	for (size_t i = 0; i < REGION_PAGES; i += PIN_EVERY)
		pin(self->fd, self->region.data + i * PAGE, PAGE, PIN_W);
	/* The rest becomes holes for compaction to fill. */
	for (size_t i = 0; i < REGION_PAGES; i += USED_EVERY) {
		ASSERT_EQ(0, madvise(self->region.data + (i + 1) * PAGE, (USED_EVERY - 1) * PAGE,
				     MADV_DONTNEED));
	}
	self->frames = calloc(REGION_PAGES, sizeof(*self->frames));
	ASSERT_NE(NULL, self->frames);
}

FIXTURE_TEARDOWN(scattered)
{
	close(self->fd);
	testdev_close(&self->dev);
	buffer_unmap(&self->region);
	free(self->frames);
}

static bool is_pinned(size_t page)
{
	return page % PIN_EVERY == 0;
}

static size_t moved_beside_pins(const struct buffer *region, const uint64_t *frames)
{
	size_t moved = 0;

	for (size_t i = 0; i < REGION_PAGES; i += USED_EVERY)
		moved += !is_pinned(i) && page_frame(region->data + i * PAGE) != frames[i];
	return moved;
}

TEST_F(scattered, compaction)
{
	struct dma_testdev_cpl cpl;

	for (size_t i = 0; i < REGION_PAGES; i += USED_EVERY)
		self->frames[i] = page_frame(self->region.data + i * PAGE);
	/* How far one run gets depends on where the holes happen to be. */
	for (int run = 0; run < 10 && moved_beside_pins(&self->region, self->frames) < 100; run++) {
		/* Takes the holes out of the CPUs' own lists, where compaction cannot use them. */
		refresh_vmstat();
		write_text("/proc/sys/vm/compact_memory", "1");
	}
	ASSERT_LE(100, moved_beside_pins(&self->region, self->frames));
	for (size_t i = 0; i < REGION_PAGES; i += PIN_EVERY) {
		ASSERT_EQ(self->frames[i], page_frame(self->region.data + i * PAGE));
		cpl = testdev_fill(&self->dev, self->region.data + i * PAGE, PAGE, 0x0d);
		ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
		ASSERT_EQ(0, cpl.stalls);
	}
}

/* Pages of the same contents, one of which KSM may keep. */
FIXTURE(ksm) {
	struct testdev dev;
	struct buffer held;
	struct buffer twin;
	uint64_t held_frames[PAGES];
	int fd;
};

FIXTURE_SETUP(ksm)
{
	SKIP_WITHOUT_MEMPINFD();
	testdev_open(&self->dev);
	buffer_map(&self->held, BUFFER_ANON, PAGES * PAGE);
	buffer_map(&self->twin, BUFFER_ANON, PAGES * PAGE);
	for (size_t i = 0; i < PAGES; i++) {
		memset(self->held.data + i * PAGE, 0x44, PAGE);
		memset(self->twin.data + i * PAGE, 0x44, PAGE);
	}
	self->fd = mempinfd(MEMPINFD_CLOEXEC);
	pin(self->fd, self->held.data, self->held.length, PIN_W);
	record_frames(&self->held, self->held_frames);
	ASSERT_EQ(0, madvise(self->held.data, self->held.length, MADV_MERGEABLE));
	ASSERT_EQ(0, madvise(self->twin.data, self->twin.length, MADV_MERGEABLE));
}

/* Of the whole machine, also when the test was aborted; the rest went with its process. */
FIXTURE_TEARDOWN_PARENT(ksm)
{
	ksm_undo();
}

TEST_F(ksm, merging)
{
	time_t end = time(NULL) + wait_seconds();
	struct dma_testdev_cpl cpl;

	ksm_start();
	while (merged_pages(&self->twin) < PAGES - 1 && time(NULL) < end)
		sched_yield();
	ASSERT_EQ(PAGES - 1, merged_pages(&self->twin));
	/* The pinned pages were looked at as well. */
	ASSERT_TRUE(two_rounds_pass(KSM_ROUNDS, time(NULL) + wait_seconds()));

	ASSERT_EQ(0, moved_frames(&self->held, self->held_frames));
	cpl = testdev_fill(&self->dev, self->held.data, self->held.length, 0x45);
	ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
	ASSERT_EQ(0, cpl.stalls);
	ASSERT_EQ(self->twin.length, filled(self->twin.data, self->twin.length, 0x44));
}

/* Base pages that fill a huge page's place. */
FIXTURE(collapse) {
	struct testdev dev;
	struct buffer held;
	struct buffer twin;
	uint64_t held_frames[HUGE_PAGE / PAGE];
	int fd;
};

FIXTURE_SETUP(collapse)
{
	SKIP_WITHOUT_MEMPINFD();
	testdev_open(&self->dev);
	buffer_map(&self->held, BUFFER_THP, HUGE_PAGE);
	buffer_map(&self->twin, BUFFER_THP, HUGE_PAGE);
	ASSERT_EQ(0, madvise(self->held.data, self->held.length, MADV_NOHUGEPAGE));
	ASSERT_EQ(0, madvise(self->twin.data, self->twin.length, MADV_NOHUGEPAGE));
	paint(self->held.data, self->held.length, 1);
	paint(self->twin.data, self->twin.length, 2);
	self->fd = mempinfd(MEMPINFD_CLOEXEC);
	pin(self->fd, self->held.data, self->held.length, PIN_W);
	record_frames(&self->held, self->held_frames);
	ASSERT_EQ(0, madvise(self->held.data, self->held.length, MADV_HUGEPAGE));
	ASSERT_EQ(0, madvise(self->twin.data, self->twin.length, MADV_HUGEPAGE));
}

FIXTURE_TEARDOWN_PARENT(collapse)
{
	khugepaged_stop();
}

/* The pages are the same, and the device finds each of them mapped. */
static void check_kept(struct __test_metadata *_metadata, struct testdev *dev,
		       const struct buffer *held, const uint64_t *frames)
{
	struct dma_testdev_cpl cpl;

	ASSERT_EQ(0, moved_frames(held, frames));
	ASSERT_EQ(held->length, painted(held->data, held->length, 1));
	cpl = testdev_fill(dev, held->data, held->length, 0xe7);
	ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
	ASSERT_EQ(0, cpl.stalls);
	ASSERT_EQ(held->length, filled(held->data, held->length, 0xe7));
}

TEST_F(collapse, into_a_huge_page)
{
	ASSERT_EQ(0, madvise(self->twin.data, self->twin.length, MADV_COLLAPSE));
	ASSERT_EQ(HUGE_PAGE / 1024, smaps_kib(self->twin.data, "AnonHugePages"));
	ASSERT_EQ(self->twin.length, painted(self->twin.data, self->twin.length, 2));
	ASSERT_EQ(-1, madvise(self->held.data, self->held.length, MADV_COLLAPSE));
	ASSERT_EQ(0, smaps_kib(self->held.data, "AnonHugePages"));
	check_kept(_metadata, &self->dev, &self->held, self->held_frames);
}

TEST_F(collapse, by_khugepaged)
{
	time_t end = time(NULL) + wait_seconds();

	khugepaged_start();
	while (!smaps_kib(self->twin.data, "AnonHugePages") && time(NULL) < end)
		sched_yield();
	ASSERT_EQ(HUGE_PAGE / 1024, smaps_kib(self->twin.data, "AnonHugePages"));
	ASSERT_EQ(self->twin.length, painted(self->twin.data, self->twin.length, 2));
	ASSERT_TRUE(two_rounds_pass(KHUGEPAGED_ROUNDS, time(NULL) + wait_seconds()));
	ASSERT_EQ(0, smaps_kib(self->held.data, "AnonHugePages"));
	check_kept(_metadata, &self->dev, &self->held, self->held_frames);
}

/* Huge pages of shared memory that are mapped page by page. */
FIXTURE(small_mapping) {
	struct testdev dev;
	struct buffer held;
	struct buffer twin;
	uint64_t held_frames[HUGE_PAGE / PAGE];
	char shmem_huge[16];	/* as the machine had it */
	int fd;
};

#define SHMEM_HUGE	"/sys/kernel/mm/transparent_hugepage/shmem_enabled"

/* A page that is unlike the others is mapped by itself, and so are they; and then it is like them. */
static void map_small(struct __test_metadata *_metadata, struct buffer *buf, uint32_t seed)
{
	buffer_map(buf, BUFFER_MEMFD_THP, HUGE_PAGE);
	paint(buf->data, buf->length, seed);
	ASSERT_EQ(HUGE_PAGE / 1024, smaps_kib(buf->data, "ShmemPmdMapped"));
	ASSERT_EQ(0, mprotect(buf->data, PAGE, PROT_READ));
	for (size_t offset = PAGE; offset < buf->length; offset += PAGE)
		*(volatile uint8_t *)(buf->data + offset) = buf->data[offset];
	ASSERT_EQ(0, mprotect(buf->data, PAGE, PROT_READ | PROT_WRITE));
	*(volatile uint8_t *)buf->data = buf->data[0];
	ASSERT_EQ(0, smaps_kib(buf->data, "ShmemPmdMapped"));
	ASSERT_EQ(HUGE_PAGE / PAGE, present_pages(buf->data, buf->length));
}

FIXTURE_SETUP(small_mapping)
{
	SKIP_WITHOUT_MEMPINFD();
	testdev_open(&self->dev);
	self->fd = mempinfd(MEMPINFD_CLOEXEC);
	read_choice(SHMEM_HUGE, self->shmem_huge, sizeof(self->shmem_huge));
	/* Last: what comes after it is undone even if it fails. */
	write_text(SHMEM_HUGE, "advise");
}

FIXTURE_TEARDOWN_PARENT(small_mapping)
{
	khugepaged_stop();
	write_text(SHMEM_HUGE, self->shmem_huge);
}

/* khugepaged removes the page table, so that the next access maps the huge page as such. */
TEST_F(small_mapping, of_a_huge_page)
{
	time_t end = time(NULL) + wait_seconds();
	struct dma_testdev_cpl cpl;

	map_small(_metadata, &self->held, 1);
	map_small(_metadata, &self->twin, 2);
	pin(self->fd, self->held.data, self->held.length, PIN_W);
	record_frames(&self->held, self->held_frames);
	khugepaged_start();
	while (present_pages(self->twin.data, self->twin.length) && time(NULL) < end)
		sched_yield();
	ASSERT_EQ(0, present_pages(self->twin.data, self->twin.length));
	ASSERT_TRUE(two_rounds_pass(KHUGEPAGED_ROUNDS, time(NULL) + wait_seconds()));
	ASSERT_EQ(0, smaps_kib(self->held.data, "ShmemPmdMapped"));
	check_kept(_metadata, &self->dev, &self->held, self->held_frames);
	cpl = testdev_touch(&self->dev, self->twin.data, self->twin.length, 0);
	ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
	ASSERT_LT(0, cpl.stalls);
	ASSERT_EQ(HUGE_PAGE / 1024, smaps_kib(self->twin.data, "ShmemPmdMapped"));
	ASSERT_EQ(self->twin.length, painted(self->twin.data, self->twin.length, 2));
}

TEST_MAIN
