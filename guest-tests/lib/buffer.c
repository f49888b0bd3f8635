// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "buffer.h"
#include "check.h"
#include "limit.h"
#include "proc.h"

#define FREE_HUGE_PAGES	"/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages"
#define NR_HUGE_PAGES	"/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages"

struct mapping_kind {
	size_t page;
	int flags;
	int advice;
	bool memfd;
	unsigned int memfd_flags;
};

static const struct mapping_kind kinds[] = {
	[BUFFER_ANON] = { PAGE, MAP_PRIVATE | MAP_ANONYMOUS, MADV_NOHUGEPAGE, false, 0 },
	[BUFFER_THP] = { HUGE_PAGE, MAP_PRIVATE | MAP_ANONYMOUS, MADV_HUGEPAGE, false, 0 },
	[BUFFER_SHMEM] = { PAGE, MAP_SHARED | MAP_ANONYMOUS, MADV_NORMAL, false, 0 },
	[BUFFER_MEMFD] = { PAGE, MAP_SHARED, MADV_NORMAL, true, 0 },
	[BUFFER_MEMFD_THP] = { HUGE_PAGE, MAP_SHARED, MADV_HUGEPAGE, true, 0 },
	[BUFFER_MEMFD_PRIVATE] = { PAGE, MAP_PRIVATE, MADV_NORMAL, true, 0 },
	[BUFFER_HUGETLB] = { HUGE_PAGE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, MADV_NORMAL,
			     false, 0 },
	[BUFFER_HUGETLB_SHARED] = { HUGE_PAGE, MAP_SHARED | MAP_ANONYMOUS | MAP_HUGETLB,
				    MADV_NORMAL, false, 0 },
	[BUFFER_HUGETLB_MEMFD] = { HUGE_PAGE, MAP_SHARED, MADV_NORMAL, true, MFD_HUGETLB },
};

static int make_memfd(size_t length, unsigned int flags)
{
	int fd = memfd_create("buffer", MFD_CLOEXEC | flags);

	CHECK(fd >= 0);
	CHECK(ftruncate(fd, length) == 0);
	return fd;
}

int __buffer_map(struct buffer *buf, enum buffer_kind kind, size_t length)
{
	const struct mapping_kind *how = &kinds[kind];
	int error;

	CHECK(length > 0 && length % how->page == 0);
	*buf = (struct buffer) { .length = length, .page = how->page, .fd = -1 };
	buf->reserved_length = length + 3 * how->page;
	buf->reserved = mmap(NULL, buf->reserved_length, PROT_NONE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	CHECK(buf->reserved != MAP_FAILED);
	buf->data = (uint8_t *)(((uintptr_t)buf->reserved + 2 * how->page - 1) & -how->page);
	if (how->memfd)
		buf->fd = make_memfd(length, how->memfd_flags);
	if (mmap(buf->data, length, PROT_READ | PROT_WRITE, how->flags | MAP_FIXED, buf->fd, 0) ==
	    MAP_FAILED) {
		error = errno;
		munmap(buf->reserved, buf->reserved_length);
		return -error;
	}
	if (how->advice != MADV_NORMAL)
		CHECK(madvise(buf->data, length, how->advice) == 0);
	return 0;
}

void buffer_map(struct buffer *buf, enum buffer_kind kind, size_t length)
{
	int ret = __buffer_map(buf, kind, length);

	CHECK(ret == 0, "map %zu bytes of kind %d: %s", length, kind, strerror(-ret));
}

void buffer_unmap(struct buffer *buf)
{
	CHECK(munmap(buf->reserved, buf->reserved_length) == 0);
	if (buf->fd >= 0)
		close(buf->fd);
}

uint8_t *buffer_end(const struct buffer *buf)
{
	return buf->data + buf->length;
}

void replace_page(uint8_t *page, int protection, int fd)
{
	CHECK(fd >= 0);
	CHECK(mmap(page, PAGE, protection, MAP_SHARED | MAP_FIXED, fd, 0) == page);
	close(fd);
}

void touch_backwards(const struct buffer *buf)
{
	for (size_t offset = buf->length; offset > 0; offset -= buf->page)
		*(volatile uint8_t *)(buf->data + offset - buf->page) = 1;
}

void drain_lists(void)
{
	write_text("/proc/sys/vm/drop_caches", "1");
}

void page_out(const struct buffer *buf)
{
	long start = time(NULL);

	do {
		CHECK(time(NULL) - start <= wait_seconds(), "nothing reclaims the memory");
		drain_lists();
		CHECK(madvise(buf->data, buf->length, MADV_PAGEOUT) == 0);
	} while (present_pages(buf->data, buf->length));
}

void record_frames(const struct buffer *buf, uint64_t *frames)
{
	long start = time(NULL);

	for (size_t i = 0; i < buf->length / PAGE; i++) {
		/* One that compaction is moving has none for a moment; one that is gone stays so. */
		while (!(frames[i] = page_frame(buf->data + i * PAGE)))
			CHECK(time(NULL) - start <= wait_seconds(), "a page is nowhere");
	}
}

size_t moved_frames(const struct buffer *buf, const uint64_t *frames)
{
	size_t moved = 0;

	for (size_t i = 0; i < buf->length / PAGE; i++)
		moved += page_frame(buf->data + i * PAGE) != frames[i];
	return moved;
}

int __hugetlb_reserve(size_t count)
{
	char text[32];
	uint64_t available;
	int ret;

	if (access(NR_HUGE_PAGES, W_OK) < 0)
		return -errno;
	available = read_number(FREE_HUGE_PAGES);
	if (available >= count)
		return 0;
	snprintf(text, sizeof(text), "%zu",
		 (size_t)(read_number(NR_HUGE_PAGES) + count - available));
	ret = __write_text(NR_HUGE_PAGES, text);
	if (ret)
		return ret;
	return read_number(FREE_HUGE_PAGES) < count ? -ENOMEM : 0;
}

void hugetlb_release(void)
{
	write_text(NR_HUGE_PAGES, "0");
}

/* A multiplicative hash (Knuth, 6.4): neighbouring offsets differ in every bit. */
static uint8_t paint_byte(size_t offset, uint32_t seed)
{
	return (uint32_t)((offset + 1) * 2654435761u + seed * 40503u) >> 24;
}

void paint(void *data, size_t length, uint32_t seed)
{
	uint8_t *bytes = data;

	for (size_t i = 0; i < length; i++)
		bytes[i] = paint_byte(i, seed);
}

size_t painted(const void *data, size_t length, uint32_t seed)
{
	const uint8_t *bytes = data;
	size_t i;

	for (i = 0; i < length && bytes[i] == paint_byte(i, seed); i++)
		;
	return i;
}

size_t filled(const void *data, size_t length, uint8_t byte)
{
	const uint8_t *bytes = data;
	size_t i;

	for (i = 0; i < length && bytes[i] == byte; i++)
		;
	return i;
}
