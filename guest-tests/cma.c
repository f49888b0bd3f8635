// SPDX-License-Identifier: MIT
/*
 * Memory that the kernel lends to programs until a device needs a large piece of it
 * (CMA): a pin that lasts has no place there. Pages move out of it as they are pinned,
 * stay where they are from then on, and the area can be used.
 */
#include <stdlib.h>

#include "harness.h"

#include "buffer.h"
#include "cma_area.h"
#include "mempin.h"
#include "proc.h"
#include "testdev.h"

#define PAGES		64
/*
 * Some of the area may be in use by devices, and some is busy for a while: where a piece does
 * not fit, the kernel tries again one page further on, and moves all of it out of the way again.
 * Pieces of an eighth of the area took over two minutes in two of nine runs of the debug kernel.
 */
#define PIECE(area)	((area)->count / 64)
/* Half of the area. */
#define PIECES		32

FIXTURE(cma) {
	struct testdev dev;
	struct cma_area area;
	struct buffer buf;
	uint64_t frames[PAGES];
	int fd;
};

static size_t count_in_area(const struct cma_area *area, const uint64_t *frames)
{
	size_t count = 0;

	for (size_t i = 0; i < PAGES; i++)
		count += cma_area_has(area, frames[i]);
	return count;
}

FIXTURE_SETUP(cma)
{
	struct cma_borrower borrower;

	SKIP_WITHOUT_MEMPINFD();
	if (!cma_area_find(&self->area))
		SKIP(return, "this machine has no CMA area (boot with cma=64M)");
	testdev_open(&self->dev);
	buffer_map(&self->buf, BUFFER_ANON, PAGES * PAGE);
	borrow_begin(&borrower, &self->area);
	for (size_t offset = 0; offset < self->buf.length; offset += PAGE)
		borrow_page(&borrower, self->buf.data + offset);
	borrow_end(&borrower);
	paint(self->buf.data, self->buf.length, 1);
	record_frames(&self->buf, self->frames);
	ASSERT_EQ(PAGES, count_in_area(&self->area, self->frames));
	self->fd = mempinfd(MEMPINFD_CLOEXEC);
}

FIXTURE_TEARDOWN(cma)
{
	close(self->fd);
	testdev_close(&self->dev);
	buffer_unmap(&self->buf);
}

TEST_F(cma, pages_move_out_as_they_are_pinned)
{
	uint64_t pinned[PAGES];
	struct dma_testdev_cpl cpl;

	pin(self->fd, self->buf.data, self->buf.length, PIN_W);
	record_frames(&self->buf, pinned);
	ASSERT_EQ(0, count_in_area(&self->area, pinned));
	ASSERT_EQ(self->buf.length, painted(self->buf.data, self->buf.length, 1));
	cpl = testdev_fill(&self->dev, self->buf.data, self->buf.length, 0x61);
	ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
	ASSERT_EQ(0, cpl.stalls);
	ASSERT_EQ(0, moved_frames(&self->buf, pinned));
}

TEST_F(cma, area_can_be_used_while_pins_last)
{
	uint64_t pinned[PAGES], used = cma_area_number(&self->area, "used");
	struct dma_testdev_cpl cpl;

	pin(self->fd, self->buf.data, self->buf.length, PIN_W);
	record_frames(&self->buf, pinned);
	/* Pieces this small would find room beside pages that stayed. */
	ASSERT_EQ(0, count_in_area(&self->area, pinned));
	for (int i = 0; i < PIECES; i++) {
		ASSERT_EQ(0, __cma_area_write(&self->area, "alloc", PIECE(&self->area)));
	}
	ASSERT_EQ(used + PIECES * PIECE(&self->area), cma_area_number(&self->area, "used"));
	ASSERT_EQ(0, moved_frames(&self->buf, pinned));
	cpl = testdev_fill(&self->dev, self->buf.data, self->buf.length, 0x62);
	ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
	ASSERT_EQ(0, cpl.stalls);
	ASSERT_EQ(0, __cma_area_write(&self->area, "free", PIECES * PIECE(&self->area)));
	ASSERT_EQ(used, cma_area_number(&self->area, "used"));
}

TEST_MAIN
