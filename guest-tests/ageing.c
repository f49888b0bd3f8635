// SPDX-License-Identifier: MIT
/*
 * Entries of the page table that lack what a device needs: an old one is as good as none to
 * an SMMU that does not set the accessed flag itself, a clean one is as good as read-only.
 * A pin makes them as they must be, and DAMON leaves them so. Each test has a twin, the same
 * memory without a pin, on which the device does stall.
 */
#include <fcntl.h>
#include <linux/kernel-page-flags.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "harness.h"

#include "buffer.h"
#include "crc32c.h"
#include "mempin.h"
#include "newer.h"
#include "proc.h"
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

static void map_painted(struct buffer *buf, enum buffer_kind kind, size_t length, uint32_t seed)
{
	buffer_map(buf, kind, length);
	paint(buf->data, buf->length, seed);
	/* What is on no list yet is neither made old nor looked at. */
	drain_lists();
}

FIXTURE_SETUP(aged)
{
	SKIP_WITHOUT_MEMPINFD();
	SKIP_BEFORE_V4("eye for the flags of entries");
	testdev_open(&self->dev);
	map_painted(&self->held, variant->kind, variant->length, 1);
	map_painted(&self->twin, variant->kind, variant->length, 2);
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

#define DAMON	"/sys/kernel/mm/damon/admin/kdamonds/"

FIXTURE(damon) {
	struct testdev dev;
	struct buffer held;
	struct buffer twin;
	int fd;
};

FIXTURE_VARIANT(damon) {
	enum buffer_kind kind;
	size_t length;
	size_t entries;
};

FIXTURE_VARIANT_ADD(damon, anon) { .kind = BUFFER_ANON, .length = 16 * PAGE, .entries = 16 };
FIXTURE_VARIANT_ADD(damon, thp) { .kind = BUFFER_THP, .length = 2 * HUGE_PAGE, .entries = 2 };
FIXTURE_VARIANT_ADD(damon, hugetlb) {
	.kind = BUFFER_HUGETLB, .length = 2 * HUGE_PAGE, .entries = 2,
};

FIXTURE_SETUP(damon)
{
	SKIP_WITHOUT_MEMPINFD();
	SKIP_BEFORE_V4("eye for the flags of entries");
	if (access(DAMON, F_OK) < 0)
		SKIP(return, "this kernel has no DAMON");
	if (variant->kind == BUFFER_HUGETLB)
		ASSERT_EQ(0, __hugetlb_reserve(2 * variant->entries));
	testdev_open(&self->dev);
	map_painted(&self->held, variant->kind, variant->length, 1);
	map_painted(&self->twin, variant->kind, variant->length, 2);
	self->fd = mempinfd(MEMPINFD_CLOEXEC);
	pin(self->fd, self->held.data, self->held.length, PIN_W);
}

/* A file is busy for a moment whenever DAMON looks whether there is a command for it. */
static void tell_damon(const char *file, const char *text)
{
	long start = time(NULL);
	char path[128];
	int ret;

	snprintf(path, sizeof(path), DAMON "%s", file);
	while ((ret = __write_text(path, text)) == -EBUSY)
		CHECK(time(NULL) - start <= wait_seconds(), "%s stays busy", path);
	CHECK(ret == 0, "write %s to %s: %s", text, path, strerror(-ret));
}

static void tell_target(unsigned int target, const char *file, uint64_t number)
{
	char path[64], text[32];

	snprintf(path, sizeof(path), "0/contexts/0/targets/%u/%s", target, file);
	snprintf(text, sizeof(text), "%llu", (unsigned long long)number);
	tell_damon(path, text);
}

static void choose_target(unsigned int target, const struct buffer *buf)
{
	tell_target(target, "pid_target", getpid());
	tell_target(target, "regions/nr_regions", 1);
	tell_target(target, "regions/0/start", (uintptr_t)buf->data);
	tell_target(target, "regions/0/end", (uintptr_t)buffer_end(buf));
}

/* Every 5 ms DAMON makes an address of each region old. fvaddr: the regions are what we say. */
static void start_damon(const struct buffer *held, const struct buffer *twin)
{
	tell_damon("nr_kdamonds", "1");
	tell_damon("0/contexts/nr_contexts", "1");
	tell_damon("0/contexts/0/operations", "fvaddr");
	tell_damon("0/contexts/0/targets/nr_targets", "2");
	choose_target(0, held);
	choose_target(1, twin);
	tell_damon("0/state", "on");
}

/* Returns when DAMON has ended. */
static void stop_damon(void)
{
	tell_damon("0/state", "off");
}

/* Also when the test was aborted: DAMON ends by itself soon after the process that it looks at. */
FIXTURE_TEARDOWN_PARENT(damon)
{
	tell_damon("nr_kdamonds", "0");
	/* In the pool, pages keep what idle_entries() counts. */
	if (variant->kind == BUFFER_HUGETLB)
		hugetlb_release();
}

/* Entries whose page DAMON has been at; it marks those too whose entry it leaves as it is. */
static size_t idle_entries(const struct buffer *buf)
{
	int fd = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC);
	size_t count = 0;
	uint64_t flags;

	CHECK(fd >= 0);
	for (size_t offset = 0; offset < buf->length; offset += buf->page) {
		CHECK(pread(fd, &flags, sizeof(flags),
			    page_frame(buf->data + offset) * sizeof(flags)) == sizeof(flags));
		count += flags >> KPF_IDLE & 1;
	}
	close(fd);
	return count;
}

static void await_idle(const struct buffer *buf)
{
	long start = time(NULL);

	while (idle_entries(buf) < buf->length / buf->page)
		CHECK(time(NULL) - start <= wait_seconds(), "DAMON does not come to a page");
}

/* The device has not been here before: what an SMMU remembers of an entry, DAMON leaves there. */
TEST_F(damon, leaves_pinned_pages_young)
{
	struct dma_testdev_cpl cpl;

	ASSERT_EQ(0, idle_entries(&self->held));
	ASSERT_EQ(0, idle_entries(&self->twin));
	start_damon(&self->held, &self->twin);
	await_idle(&self->held);
	await_idle(&self->twin);
	stop_damon();

	cpl = testdev_touch(&self->dev, self->twin.data, self->twin.length, 0);
	ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
	if (cpl.stalls == 0)
		SKIP(return, FLAGS_ARE_SET);
	ASSERT_EQ(variant->entries, cpl.stalls);

	cpl = testdev_touch(&self->dev, self->held.data, self->held.length, DMA_TESTDEV_F_WRITE);
	ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
	ASSERT_EQ(0, cpl.stalls);
	ASSERT_EQ(self->held.length, painted(self->held.data, self->held.length, 1));
}

TEST_MAIN
