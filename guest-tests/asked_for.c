// SPDX-License-Identifier: MIT
/*
 * What the process asks for, in so many words, happens to pinned memory as well; the
 * pages are held all the same.
 */
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "harness.h"

#include "buffer.h"
#include "mempin.h"
#include "newer.h"
#include "proc.h"
#include "testdev.h"
#include "uffd.h"

#define PAGES	16

FIXTURE(asked_for) {
	struct testdev dev;
	struct buffer buf;
	uint64_t frames[PAGES];
	int fd;
};

FIXTURE_SETUP(asked_for)
{
	SKIP_WITHOUT_MEMPINFD();
	SKIP_BEFORE_V4("accounting");
	testdev_open(&self->dev);
	buffer_map(&self->buf, BUFFER_MEMFD, PAGES * PAGE);
	paint(self->buf.data, self->buf.length, 1);
	self->fd = mempinfd(MEMPINFD_CLOEXEC);
	pin(self->fd, self->buf.data, self->buf.length, PIN_W);
	record_frames(&self->buf, self->frames);
}

FIXTURE_TEARDOWN(asked_for)
{
	close(self->fd);
	EXPECT_EQ(0, pinned_pages());
	testdev_close(&self->dev);
	buffer_unmap(&self->buf);
}

TEST_F(asked_for, truncation_leaves_nothing_to_reach)
{
	struct dma_testdev_cpl cpl;

	ASSERT_EQ(0, ftruncate(self->buf.fd, 0));
	cpl = testdev_fill(&self->dev, self->buf.data, self->buf.length, 0x12);
	ASSERT_EQ(DMA_TESTDEV_WRITE_ABORT, cpl.status);
	ASSERT_EQ(0, cpl.bytes_done);
	ASSERT_EQ(PAGES, pinned_pages());
}

TEST_F(asked_for, punched_hole_is_filled_with_new_pages)
{
	struct dma_testdev_cpl cpl;

	ASSERT_EQ(0, fallocate(self->buf.fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
			       self->buf.length));
	cpl = testdev_touch(&self->dev, self->buf.data, self->buf.length, 0);
	ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
	ASSERT_EQ(PAGES, cpl.stalls);
	ASSERT_EQ(self->buf.length, filled(self->buf.data, self->buf.length, 0));
	ASSERT_EQ(PAGES, moved_frames(&self->buf, self->frames));
	ASSERT_EQ(PAGES, pinned_pages());
}

TEST_F(asked_for, protection_there_and_back_keeps_the_page)
{
	struct dma_testdev_cpl cpl;

	ASSERT_EQ(0, mprotect(self->buf.data, self->buf.length, PROT_READ));
	cpl = testdev_fill(&self->dev, self->buf.data, self->buf.length, 0x12);
	ASSERT_EQ(DMA_TESTDEV_WRITE_ABORT, cpl.status);
	ASSERT_EQ(0, mprotect(self->buf.data, self->buf.length, PROT_READ | PROT_WRITE));
	ASSERT_EQ(0, moved_frames(&self->buf, self->frames));
	ASSERT_EQ(self->buf.length, painted(self->buf.data, self->buf.length, 1));
	cpl = testdev_fill(&self->dev, self->buf.data, self->buf.length, 0x12);
	ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
	ASSERT_EQ(self->buf.length, filled(self->buf.data, self->buf.length, 0x12));
	ASSERT_EQ(0, moved_frames(&self->buf, self->frames));
}

/* Userfaultfd moves pages between addresses, but not pinned ones. */
FIXTURE(uffd_move) {
	struct buffer src;
	struct buffer dst;
	int uffd;
	int fd;
};

FIXTURE_SETUP(uffd_move)
{
	SKIP_WITHOUT_MEMPINFD();
	buffer_map(&self->src, BUFFER_ANON, 2 * PAGE);
	buffer_map(&self->dst, BUFFER_ANON, 2 * PAGE);
	paint(self->src.data, self->src.length, 1);
	self->uffd = watch_missing(&self->dst, UFFD_FEATURE_MOVE);
	self->fd = mempinfd(MEMPINFD_CLOEXEC);
}

FIXTURE_TEARDOWN(uffd_move)
{
	close(self->fd);
	close(self->uffd);
	buffer_unmap(&self->src);
	buffer_unmap(&self->dst);
}

static int move_page(int uffd, void *dst, const void *src)
{
	struct uffdio_move move = {
		.dst = (uintptr_t)dst, .src = (uintptr_t)src, .len = PAGE,
	};

	return ioctl(uffd, UFFDIO_MOVE, &move) < 0 ? -errno : 0;
}

TEST_F(uffd_move, of_a_pinned_page_is_ebusy)
{
	uint64_t frame;

	pin(self->fd, self->src.data, PAGE, PIN_W);
	frame = page_frame(self->src.data);
	ASSERT_EQ(-EBUSY, move_page(self->uffd, self->dst.data, self->src.data));
	ASSERT_EQ(frame, page_frame(self->src.data));
	ASSERT_EQ(0, move_page(self->uffd, self->dst.data + PAGE, self->src.data + PAGE));
	ASSERT_EQ(0, page_frame(self->src.data + PAGE));
}

TEST_MAIN
