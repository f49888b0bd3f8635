// SPDX-License-Identifier: MIT
/*
 * Memory that the kernel lends to programs until a device needs a large piece of it
 * (CMA): a pin that lasts has no place there. Pages move out of it as they are pinned,
 * stay where they are from then on, and the area can be used.
 */
#include <dirent.h>
#include <stdlib.h>

#include "harness.h"

#include "buffer.h"
#include "mempin.h"
#include "proc.h"
#include "testdev.h"

#define AREAS		"/sys/kernel/debug/cma"
/* More than what a CPU keeps at hand of other memory. */
#define PAGES		2048
/* Half of the area: the rest may be in use by devices already. */
#define PIECE(area)	((area)->count / 2)

struct area {
	char path[300];
	uint64_t first, count;	/* page frames */
};

FIXTURE(cma) {
	struct testdev dev;
	struct area area;
	struct buffer buf;
	size_t lent;		/* pages of the buffer that are in the area */
	uint64_t frames[PAGES];
	int fd;
};

static uint64_t area_number(const struct area *area, const char *name)
{
	char path[320];

	snprintf(path, sizeof(path), "%s/%s", area->path, name);
	return read_number(path);
}

static int __area_write(const struct area *area, const char *name, uint64_t value)
{
	char path[320], text[32];

	snprintf(path, sizeof(path), "%s/%s", area->path, name);
	snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
	return __write_text(path, text);
}

static bool find_area(struct area *area)
{
	DIR *directory = opendir(AREAS);
	struct dirent *entry;

	if (!directory)
		return false;
	while ((entry = readdir(directory)) && entry->d_name[0] == '.')
		;
	if (entry)
		snprintf(area->path, sizeof(area->path), AREAS "/%s", entry->d_name);
	closedir(directory);
	if (!entry)
		return false;
	area->first = area_number(area, "base_pfn");
	area->count = area_number(area, "count");
	return true;
}

static bool in_area(const struct area *area, uint64_t frame)
{
	return frame >= area->first && frame - area->first < area->count;
}

static size_t count_in_area(const struct area *area, const uint64_t *frames)
{
	size_t count = 0;

	for (size_t i = 0; i < PAGES; i++)
		count += in_area(area, frames[i]);
	return count;
}

/* The area is lent out only once most other memory is in use. */
static void use_memory_until_lent(const struct area *area, struct buffer *filler)
{
	size_t offset = 0;

	buffer_map(filler, BUFFER_THP, meminfo_kib("MemTotal") * 1024 & -HUGE_PAGE);
	for (; offset < filler->length; offset += HUGE_PAGE) {
		CHECK(meminfo_kib("MemAvailable") > 16 * 1024, "nothing of the area was lent");
		filler->data[offset] = 1;
		if (in_area(area, page_frame(filler->data + offset)))
			return;
	}
}

FIXTURE_SETUP(cma)
{
	struct buffer filler;

	SKIP_WITHOUT_MEMPINFD();
	if (!find_area(&self->area))
		SKIP(return, "this machine has no CMA area (boot with cma=64M)");
	testdev_open(&self->dev);
	buffer_map(&self->buf, BUFFER_ANON, PAGES * PAGE);
	use_memory_until_lent(&self->area, &filler);
	paint(self->buf.data, self->buf.length, 1);
	buffer_unmap(&filler);
	record_frames(&self->buf, self->frames);
	self->lent = count_in_area(&self->area, self->frames);
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

	ASSERT_LT(0, self->lent);
	pin(self->fd, self->buf.data, self->buf.length, PIN_W);
	ASSERT_LE(self->lent, moved_frames(&self->buf, self->frames));
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
	uint64_t pinned[PAGES], used = area_number(&self->area, "used");
	struct dma_testdev_cpl cpl;

	ASSERT_LT(0, self->lent);
	pin(self->fd, self->buf.data, self->buf.length, PIN_W);
	record_frames(&self->buf, pinned);
	ASSERT_EQ(0, __area_write(&self->area, "alloc", PIECE(&self->area)));
	ASSERT_EQ(used + PIECE(&self->area), area_number(&self->area, "used"));
	ASSERT_EQ(0, moved_frames(&self->buf, pinned));
	cpl = testdev_fill(&self->dev, self->buf.data, self->buf.length, 0x62);
	ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
	ASSERT_EQ(0, cpl.stalls);
	ASSERT_EQ(0, __area_write(&self->area, "free", PIECE(&self->area)));
	ASSERT_EQ(used, area_number(&self->area, "used"));
}

TEST_MAIN
