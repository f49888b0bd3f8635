// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <linux/mempolicy.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "crc32c.h"
#include "matrix.h"
#include "proc.h"

#define EVENT_SECONDS	8
#define FILLED		0xe7

bool is_written(const struct cell *cell)
{
	return cell->event->backing != BACKING_FILE;
}

static unsigned int touch_flags(const struct cell *cell)
{
	return is_written(cell) ? DMA_TESTDEV_F_WRITE : 0;
}

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

static uint64_t *frames_of(const struct buffer *buf)
{
	uint64_t *frames = calloc(buf->length / PAGE, sizeof(*frames));

	CHECK(frames);
	record_frames(buf, frames);
	return frames;
}

static uint64_t touch(struct cell *cell, struct buffer *buf, bool *aborted)
{
	struct testdev *dev = buf == &cell->twin ? &cell->twin_dev : &cell->dev;
	struct dma_testdev_cpl cpl = testdev_touch(dev, buf->data, buf->length, touch_flags(cell));

	*aborted = cpl.status != DMA_TESTDEV_OK;
	return cpl.stalls;
}

uint64_t twin_stalls(struct cell *cell)
{
	bool aborted;
	uint64_t stalls = touch(cell, &cell->twin, &aborted);

	return stalls + aborted;
}

bool twin_stalled(struct cell *cell)
{
	return twin_stalls(cell) > 0;
}

bool twin_moved(struct cell *cell)
{
	return moved_frames(&cell->twin, cell->twin_frames) > 0;
}

bool twin_absent(struct cell *cell)
{
	return present_pages(cell->twin.data, cell->twin.length) == 0;
}

void advise_buffer(struct buffer *buf, int advice)
{
	if (madvise(buf->data, buf->length, advice) < 0)
		CHECK(errno != EFAULT);
}

void advise(struct cell *cell, int advice)
{
	advise_buffer(&cell->object, advice);
	advise_buffer(&cell->twin, advice);
}

void drain_lists(void)
{
	write_text("/proc/sys/vm/drop_caches", "1");
}

bool too_long(long start)
{
	return time(NULL) - start >= EVENT_SECONDS;
}

const char *one_node(void)
{
	return access("/sys/devices/system/node/node1", F_OK) < 0 ?
		       "the machine has one NUMA node (numa=fake=2)" : NULL;
}

void allocate_on(int node)
{
	unsigned long nodes = node < 0 ? 0 : 1ul << node;

	CHECK(syscall(SYS_set_mempolicy, nodes ? MPOL_BIND : MPOL_DEFAULT, nodes ? &nodes : NULL,
		      nodes ? 8 : 0) == 0);
}

/* The device goes over the object again and again until end_loop(). */
static uint32_t begin_loop(struct cell *cell)
{
	struct testdev_counters before = testdev_counters(&cell->dev);
	bool rewrites = cell->event->after == cell->event->before;
	uint32_t sequence;

	sequence = testdev_submit(&cell->dev, &(struct dma_testdev_desc) {
		.op = DMA_TESTDEV_TOUCH,
		.flags = DMA_TESTDEV_F_LOOP | (rewrites ? touch_flags(cell) : 0),
		.dst = (uintptr_t)cell->object.data,
		.length = cell->object.length,
	});
	while (testdev_counters_since(&cell->dev, &before).value[DMA_TESTDEV_TRANSACTIONS] <
	       2 * cell->object.length / PAGE)
		CHECK(!testdev_done(&cell->dev, sequence));
	return sequence;
}

static void end_loop(struct cell *cell, uint32_t sequence, struct measurement *result)
{
	struct dma_testdev_cpl cpl;

	testdev_write(&cell->dev, DMA_TESTDEV_DB_CONTROL, DMA_TESTDEV_CONTROL_STOP_LOOP);
	cpl = testdev_wait(&cell->dev, sequence);
	result->passes = cpl.passes;
	result->during_aborts = cpl.status != DMA_TESTDEV_OK;
}

static void let_happen(struct cell *cell, struct measurement *result)
{
	struct testdev_counters before;
	uint32_t sequence;

	if (!cell->busy) {
		cell->event->happen(cell);
		return;
	}
	sequence = begin_loop(cell);
	before = testdev_counters(&cell->dev);
	cell->event->happen(cell);
	result->during_stalls =
		testdev_counters_since(&cell->dev, &before).value[DMA_TESTDEV_STALLS];
	end_loop(cell, sequence, result);
}

static bool page_is(const struct buffer *buf, const uint8_t *painting, size_t offset,
		    enum contents contents)
{
	const uint8_t *page = buf->data + offset;

	switch (contents) {
	case PAINTED:
		return !memcmp(page, painting + offset, PAGE);
	case ALIKE:
		return filled(page, PAGE, ALIKE_BYTE) == PAGE;
	case PAINTED_OR_ZERO:
		return !memcmp(page, painting + offset, PAGE) || filled(page, PAGE, 0) == PAGE;
	default:
		return filled(page, PAGE, 0) == PAGE;
	}
}

static bool contents_are(const struct buffer *buf, enum contents contents)
{
	uint8_t *painting = malloc(buf->length);
	size_t offset = 0;

	CHECK(painting);
	paint(painting, buf->length, SEED_OBJECT);
	while (offset < buf->length && page_is(buf, painting, offset, contents))
		offset += PAGE;
	free(painting);
	return offset == buf->length;
}

/* Whether CPU and device agree on the bytes, and these are the right ones. */
static bool bytes_are_right(struct cell *cell)
{
	struct buffer *buf = &cell->object;
	struct dma_testdev_cpl cpl = testdev_checksum(&cell->dev, buf->data, buf->length);

	if (cpl.status != DMA_TESTDEV_OK || cpl.result != crc32c(buf->data, buf->length))
		return false;
	if (!contents_are(buf, cell->event->after))
		return false;
	if (!is_written(cell))
		return true;
	cpl = testdev_fill(&cell->dev, buf->data, buf->length, FILLED);
	return cpl.status == DMA_TESTDEV_OK && filled(buf->data, buf->length, FILLED) == buf->length;
}

static void set_outcome(struct measurement *result, enum outcome outcome, const char *reason)
{
	result->outcome = outcome;
	snprintf(result->reason, sizeof(result->reason), "%s", reason);
}

static void measure(struct cell *cell, struct measurement *result)
{
	result->pages = cell->object.length / PAGE;
	result->stalls = touch(cell, &cell->object, &result->aborted);
	if (result->aborted)
		return;
	if (cell->object_frames)
		result->moved = moved_frames(&cell->object, cell->object_frames);
	result->wrong = !bytes_are_right(cell);
}

static void judge(struct cell *cell, struct measurement *result)
{
	if (cell->event->happened(cell))
		set_outcome(result, MEASURED, "");
	else if (cell->protection->switches_off)
		set_outcome(result, PREVENTED, "the twin was left alone as well");
	else
		set_outcome(result, INCONCLUSIVE, cell->reason ?: "the twin was left alone");
}

static void prepare(struct cell *cell)
{
	const struct event *event = cell->event;
	bool hugetlb = cell->protection->hugetlb;

	testdev_open(&cell->dev);
	testdev_open(&cell->twin_dev);
	if (event->prepare)
		event->prepare(cell);
	if (!cell->object.data) {
		map_buffer(cell, &cell->object, &cell->disks[0], hugetlb);
		map_buffer(cell, &cell->twin, &cell->disks[1], false);
	}
	if (event->arrange)
		event->arrange(cell);
	fill_buffer(cell, &cell->object, SEED_OBJECT);
	fill_buffer(cell, &cell->twin, SEED_TWIN);
	if (event->settle)
		event->settle(cell);
}

/* What the device finds after the event must not be what it never saw before. */
static void warm_up(struct cell *cell)
{
	bool aborted;

	if (cell->event->before == UNTOUCHED)
		return;
	touch(cell, &cell->twin, &aborted);
	CHECK(!aborted);
	touch(cell, &cell->object, &aborted);
	CHECK(!aborted);
	cell->object_frames = frames_of(&cell->object);
	cell->twin_frames = frames_of(&cell->twin);
}

void run_cell(struct cell *cell, struct measurement *result)
{
	int ret;

	if (cell->event->backing == BACKING_FILE && cell->protection->hugetlb) {
		set_outcome(result, NOT_APPLICABLE, "no file of a disk is of the hugetlb pool");
		return;
	}
	prepare(cell);
	ret = cell->protection->protect(cell);
	if (ret) {
		set_outcome(result, NOT_APPLICABLE, strerror(-ret));
		return;
	}
	warm_up(cell);
	let_happen(cell, result);
	measure(cell, result);
	judge(cell, result);
}
