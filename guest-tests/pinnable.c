// SPDX-License-Identifier: MIT
/*
 * Kinds of memory beyond plain buffers that can be pinned, and what the device then
 * sees there.
 */
#include <fcntl.h>
#include <sys/auxv.h>

#include "harness.h"

#include "buffer.h"
#include "crc32c.h"
#include "disk.h"
#include "mempin.h"
#include "proc.h"
#include "testdev.h"

#define PAGES		4
#define DISK_BYTES	((size_t)1 << 20)

FIXTURE(can_pin) {
	struct testdev dev;
	int fd;
};

FIXTURE_SETUP(can_pin)
{
	SKIP_WITHOUT_MEMPINFD();
	SKIP_BEFORE_V4("accounting and pins to read");
	testdev_open(&self->dev);
	self->fd = mempinfd(MEMPINFD_CLOEXEC);
}

FIXTURE_TEARDOWN(can_pin)
{
	close(self->fd);
	testdev_close(&self->dev);
}

TEST_F(can_pin, stack)
{
	uint8_t local[2 * PAGE] = { 0 };
	struct dma_testdev_cpl cpl;

	pin(self->fd, local, sizeof(local), PIN_W);
	cpl = testdev_fill(&self->dev, local, sizeof(local), 0x4b);
	ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
	ASSERT_EQ(0, cpl.stalls);
	ASSERT_EQ(sizeof(local), filled(local, sizeof(local), 0x4b));
}

/* Code, vDSO included, is pinned as a copy of the process's own. */
TEST_F(can_pin, vdso_to_read)
{
	uint8_t *vdso = (uint8_t *)getauxval(AT_SYSINFO_EHDR);
	struct dma_testdev_cpl cpl;
	uint8_t copy[PAGE];

	ASSERT_NE(NULL, vdso);
	pin(self->fd, vdso, PAGE, PIN_R);
	cpl = testdev_copy(&self->dev, copy, vdso, PAGE);
	ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
	ASSERT_EQ(0, memcmp(copy, "\177ELF", 4));
	ASSERT_EQ(0, memcmp(copy, vdso, PAGE));
	ASSERT_EQ(-EFAULT, __pin(self->fd, vdso, PAGE, PIN_W, NULL));
}

/* vvar lies next to the vDSO; it is the kernel's own memory. */
static uint8_t *vvar_page(void)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	char line[256];
	void *page = NULL;

	CHECK(maps);
	while (!page && fgets(line, sizeof(line), maps))
		if (strstr(line, "[vvar]"))
			CHECK(sscanf(line, "%p", &page) == 1);
	fclose(maps);
	CHECK(page);
	return page;
}

/* Up to 6.12 it is mapped by frame number, later by page: refused, or pinned to read. */
TEST_F(can_pin, vvar_to_read_or_not_at_all)
{
	uint8_t *vvar = vvar_page();
	int ret = __pin(self->fd, vvar, PAGE, PIN_R, NULL);

	ASSERT_TRUE(ret == 0 || ret == -EFAULT);
	ASSERT_EQ(ret == 0, pinned_pages());
	ASSERT_EQ(-EFAULT, __pin(self->fd, vvar, PAGE, PIN_W, NULL));
	ASSERT_EQ(ret == 0, pinned_pages());
}

/* Part of a huge page: charged are the pages asked for, not the huge page. */
TEST_F(can_pin, part_of_a_huge_page)
{
	struct buffer buf;
	uint64_t frame;

	buffer_map(&buf, BUFFER_THP, HUGE_PAGE);
	memset(buf.data, 1, buf.length);
	ASSERT_EQ(HUGE_PAGE / 1024, smaps_kib(buf.data, "AnonHugePages"));
	pin(self->fd, buf.data + 7 * PAGE, 3 * PAGE, PIN_W);
	ASSERT_EQ(3, pinned_pages());
	frame = page_frame(buf.data + 7 * PAGE);
	/* Splitting the huge page's mapping must not move what is pinned. */
	ASSERT_EQ(0, munmap(buf.data, 4 * PAGE));
	ASSERT_EQ(frame, page_frame(buf.data + 7 * PAGE));
	ASSERT_EQ(3, pinned_pages());
	buffer_unmap(&buf);
}

TEST_F(can_pin, part_of_a_hugetlb_page)
{
	struct dma_testdev_cpl cpl;
	struct buffer buf;

	ASSERT_EQ(0, __hugetlb_reserve(1));
	buffer_map(&buf, BUFFER_HUGETLB, HUGE_PAGE);
	pin(self->fd, buf.data + 7 * PAGE, 3 * PAGE, PIN_W);
	ASSERT_EQ(3, pinned_pages());
	cpl = testdev_fill(&self->dev, buf.data, buf.length, 0x31);
	ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
	ASSERT_EQ(0, cpl.stalls);
	buffer_unmap(&buf);
}

/* Ranges may cross from one kind of memory into another. */
TEST_F(can_pin, neighbours_of_different_kinds)
{
	struct dma_testdev_cpl cpl;
	struct buffer buf;

	buffer_map(&buf, BUFFER_ANON, PAGES * PAGE);
	replace_page(buf.data + PAGE, PROT_READ | PROT_WRITE, ({
		int fd = memfd_create("page", MFD_CLOEXEC);

		CHECK(ftruncate(fd, PAGE) == 0);
		fd;
	}));
	pin(self->fd, buf.data, buf.length, PIN_W);
	ASSERT_EQ(PAGES, pinned_pages());
	cpl = testdev_fill(&self->dev, buf.data, buf.length, 0x0f);
	ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
	ASSERT_EQ(0, cpl.stalls);
	ASSERT_EQ(buf.length, filled(buf.data, buf.length, 0x0f));
	buffer_unmap(&buf);
}

TEST_F(can_pin, shared_file_on_a_disk_to_read)
{
	struct dma_testdev_cpl cpl;
	struct buffer buf;
	struct disk disk;

	disk_create(&disk, DISK_BYTES);
	buffer_map(&buf, BUFFER_ANON, PAGE);
	replace_page(buf.data, PROT_READ, open(disk.path, O_RDONLY | O_CLOEXEC));
	pin(self->fd, buf.data, PAGE, PIN_R);
	ASSERT_EQ(1, pinned_pages());
	cpl = testdev_checksum(&self->dev, buf.data, PAGE);
	ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
	ASSERT_EQ(0, cpl.stalls);
	ASSERT_EQ(crc32c(buf.data, PAGE), cpl.result);
	close(self->fd);
	buffer_unmap(&buf);
	disk_remove(&disk);
}

/* A private page of a file is copied when it is pinned: DMA never reaches the file. */
TEST_F(can_pin, private_file_is_copied_before_dma)
{
	uint8_t original[PAGE], now[PAGE];
	struct dma_testdev_cpl cpl;
	struct buffer buf;

	buffer_map(&buf, BUFFER_MEMFD_PRIVATE, PAGE);
	paint(original, PAGE, 6);
	ASSERT_EQ(PAGE, pwrite(buf.fd, original, PAGE, 0));
	ASSERT_EQ(PAGE, painted(buf.data, PAGE, 6));
	pin(self->fd, buf.data, PAGE, PIN_W);
	ASSERT_EQ(PAGE, painted(buf.data, PAGE, 6));
	cpl = testdev_fill(&self->dev, buf.data, PAGE, 0x9a);
	ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
	ASSERT_EQ(0, cpl.stalls);
	ASSERT_EQ(PAGE, filled(buf.data, PAGE, 0x9a));
	ASSERT_EQ(PAGE, pread(buf.fd, now, PAGE, 0));
	ASSERT_EQ(0, memcmp(now, original, PAGE));
	buffer_unmap(&buf);
}

/* The zero page belongs to everybody; what is pinned, even to read, is one's own. */
TEST_F(can_pin, zero_page_is_replaced)
{
	struct buffer buf, other;
	uint64_t zero, own;

	buffer_map(&buf, BUFFER_ANON, PAGE);
	buffer_map(&other, BUFFER_ANON, PAGE);
	ASSERT_EQ(0, *(volatile uint8_t *)buf.data + *(volatile uint8_t *)other.data);
	zero = page_frame(other.data);
	ASSERT_EQ(zero, page_frame(buf.data));
	pin(self->fd, buf.data, PAGE, PIN_R);
	own = page_frame(buf.data);
	ASSERT_NE(zero, own);
	/* What the process writes later, the device reads: still the same page. */
	memset(buf.data, 0x77, PAGE);
	ASSERT_EQ(own, page_frame(buf.data));
	buffer_unmap(&buf);
	buffer_unmap(&other);
}

TEST_MAIN
