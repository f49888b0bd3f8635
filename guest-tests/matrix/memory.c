// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "matrix.h"

static enum buffer_kind kind_of(enum backing backing, bool hugetlb)
{
	switch (backing) {
	case BACKING_SHMEM:
		return hugetlb ? BUFFER_HUGETLB_SHARED : BUFFER_SHMEM;
	case BACKING_MEMFD:
		return hugetlb ? BUFFER_HUGETLB_MEMFD : BUFFER_MEMFD;
	case BACKING_THP:
		return hugetlb ? BUFFER_HUGETLB : BUFFER_THP;
	default:
		return hugetlb ? BUFFER_HUGETLB : BUFFER_ANON;
	}
}

/* A shared mapping of a disk of its own, its page cache clean. */
static void map_file(struct buffer *buf, struct disk *disk, size_t length, uint32_t seed)
{
	uint8_t *bytes = malloc(length);

	CHECK(bytes);
	paint(bytes, length, seed);
	disk_create(disk, length);
	*buf = (struct buffer) { .length = length, .page = PAGE };
	buf->fd = open(disk->path, O_RDWR | O_CLOEXEC);
	CHECK(buf->fd >= 0);
	CHECK(pwrite(buf->fd, bytes, length, 0) == (ssize_t)length);
	CHECK(fsync(buf->fd) == 0);
	free(bytes);
	buf->data = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, buf->fd, 0);
	CHECK(buf->data != MAP_FAILED);
}

static void map_buffer(struct cell *cell, struct buffer *buf, struct disk *disk, bool hugetlb)
{
	const struct event *event = cell->event;
	size_t length = hugetlb || event->backing == BACKING_THP ? HUGE_PAGE : SMALL;

	if (event->backing == BACKING_FILE)
		map_file(buf, disk, length, buf == &cell->object ? SEED_OBJECT : SEED_TWIN);
	else
		buffer_map(buf, kind_of(event->backing, hugetlb), length);
}

static void fill_buffer(struct cell *cell, struct buffer *buf, uint32_t seed)
{
	switch (cell->event->before) {
	case PAINTED:
		if (is_written(cell))
			paint(buf->data, buf->length, seed);
		return;
	case ALIKE:
		memset(buf->data, ALIKE_BYTE, buf->length);
		return;
	default:
		return;
	}
}

void map_buffers(struct cell *cell)
{
	map_buffer(cell, &cell->object, &cell->disks[0], cell->protection->hugetlb);
	map_buffer(cell, &cell->twin, &cell->disks[1], false);
}

void fill_buffers(struct cell *cell)
{
	fill_buffer(cell, &cell->object, SEED_OBJECT);
	fill_buffer(cell, &cell->twin, SEED_TWIN);
}
