// SPDX-License-Identifier: MIT
/*
 * Pages whose contents are on a disk, as a file or in swap: the device brings them in.
 * No pin is involved.
 */
#include <fcntl.h>
#include <sys/mman.h>

#include "harness.h"

#include "buffer.h"
#include "crc32c.h"
#include "disk.h"
#include "proc.h"
#include "testdev.h"

#define FAULTS	16	/* pages of the buffer */

FIXTURE(on_disk) {
	struct testdev dev;
	struct disk disk;
	struct buffer buf;
};

FIXTURE_SETUP(on_disk)
{
	testdev_open(&self->dev);
	disk_create(&self->disk, 16 << 20);
	buffer_map(&self->buf, BUFFER_ANON, FAULTS * PAGE);
}

FIXTURE_TEARDOWN(on_disk)
{
	testdev_close(&self->dev);
	buffer_unmap(&self->buf);
	disk_remove(&self->disk);
}

static void fill_disk(struct disk *disk, size_t length, uint32_t seed)
{
	uint8_t *contents = malloc(length);
	int fd = open(disk->path, O_RDWR | O_CLOEXEC);

	CHECK(contents && fd >= 0);
	paint(contents, length, seed);
	CHECK(pwrite(fd, contents, length, 0) == (ssize_t)length);
	CHECK(fsync(fd) == 0);
	/* Only what is on the disk is left. */
	CHECK(posix_fadvise(fd, 0, length, POSIX_FADV_DONTNEED) == 0);
	close(fd);
	free(contents);
}

static void map_disk(struct buffer *buf, struct disk *disk, int sharing)
{
	int fd = open(disk->path, O_RDWR | O_CLOEXEC);

	CHECK(fd >= 0);
	CHECK(mmap(buf->data, buf->length, PROT_READ | PROT_WRITE, sharing | MAP_FIXED, fd, 0) ==
	      buf->data);
	/* Or one fault would map its neighbours too. */
	CHECK(madvise(buf->data, buf->length, MADV_RANDOM) == 0);
	close(fd);
}

static uint32_t disk_crc(struct disk *disk, size_t length)
{
	uint8_t *contents = malloc(length);
	int fd = open(disk->path, O_RDONLY | O_CLOEXEC);
	uint32_t crc;

	CHECK(contents && fd >= 0);
	CHECK(pread(fd, contents, length, 0) == (ssize_t)length);
	crc = crc32c(contents, length);
	close(fd);
	free(contents);
	return crc;
}

TEST_F(on_disk, file_is_read_in_by_the_device)
{
	struct dma_testdev_cpl cpl;

	fill_disk(&self->disk, self->buf.length, 21);
	map_disk(&self->buf, &self->disk, MAP_SHARED);
	ASSERT_EQ(0, present_pages(self->buf.data, self->buf.length));
	cpl = testdev_checksum(&self->dev, self->buf.data, self->buf.length);
	ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
	ASSERT_LT(0, cpl.stalls);
	ASSERT_GE(FAULTS, cpl.stalls);
	ASSERT_EQ(self->buf.length, painted(self->buf.data, self->buf.length, 21));
	ASSERT_EQ(crc32c(self->buf.data, self->buf.length), cpl.result);
}

/* What the device writes to a shared file gets to the disk. */
TEST_F(on_disk, shared_file_takes_what_the_device_writes)
{
	struct dma_testdev_cpl cpl;

	fill_disk(&self->disk, self->buf.length, 22);
	map_disk(&self->buf, &self->disk, MAP_SHARED);
	cpl = testdev_fill(&self->dev, self->buf.data, self->buf.length, 0x6d);
	ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
	ASSERT_EQ(FAULTS, cpl.stalls);
	ASSERT_EQ(0, msync(self->buf.data, self->buf.length, MS_SYNC));
	ASSERT_EQ(0, madvise(self->buf.data, self->buf.length, MADV_DONTNEED));
	ASSERT_EQ(self->buf.length, filled(self->buf.data, self->buf.length, 0x6d));
	ASSERT_EQ(crc32c(self->buf.data, self->buf.length),
		  disk_crc(&self->disk, self->buf.length));

	/* Writing back cleaned the pages: the next write stalls again. */
	ASSERT_EQ(0, msync(self->buf.data, self->buf.length, MS_SYNC));
	cpl = testdev_fill(&self->dev, self->buf.data, self->buf.length, 0x6e);
	ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
	ASSERT_EQ(FAULTS, cpl.stalls);
}

TEST_F(on_disk, private_file_is_not_changed_by_the_device)
{
	struct dma_testdev_cpl cpl;
	uint32_t crc;

	fill_disk(&self->disk, self->buf.length, 23);
	crc = disk_crc(&self->disk, self->buf.length);
	map_disk(&self->buf, &self->disk, MAP_PRIVATE);
	cpl = testdev_fill(&self->dev, self->buf.data, self->buf.length, 0x6f);
	ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
	ASSERT_EQ(FAULTS, cpl.stalls);
	ASSERT_EQ(self->buf.length, filled(self->buf.data, self->buf.length, 0x6f));
	ASSERT_EQ(crc, disk_crc(&self->disk, self->buf.length));
}

TEST_F(on_disk, swapped_out_page_comes_back)
{
	struct dma_testdev_cpl cpl;

	swap_on(&self->disk);
	paint(self->buf.data, self->buf.length, 24);
	page_out(&self->buf);
	cpl = testdev_touch(&self->dev, self->buf.data, self->buf.length, DMA_TESTDEV_F_WRITE);
	ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
	ASSERT_EQ(FAULTS, cpl.stalls);
	ASSERT_EQ(self->buf.length, painted(self->buf.data, self->buf.length, 24));
	swap_off(&self->disk);
}

TEST_MAIN
