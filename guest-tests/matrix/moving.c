// SPDX-License-Identifier: MIT
/*
 * Pages are moved to other places, and stay mapped where they are.
 */
#include <linux/mempolicy.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "matrix.h"
#include "node.h"
#include "proc.h"

#define FROM		0
#define TO		1
/* What lies between two pages of the buffers, and becomes a hole. */
#define GAP		(512 * PAGE)

static void touch_page(uint8_t *page)
{
	*(volatile uint8_t *)page = 1;
}

static void touch_gap(uint8_t *gap)
{
	for (size_t offset = 0; offset < GAP; offset += PAGE)
		touch_page(gap + offset);
}

/* Each page of the buffers among many that are given back: what compaction is for. */
static void scatter(struct cell *cell)
{
	size_t pages = cell->twin.length / PAGE, size = pages * GAP;
	uint8_t *gaps = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(gaps != MAP_FAILED);
	CHECK(madvise(gaps, size, MADV_NOHUGEPAGE) == 0);
	for (size_t i = 0; i < pages; i++) {
		touch_gap(gaps + i * GAP);
		touch_page(cell->object.data + i * cell->object.length / pages);
		touch_page(cell->twin.data + i * PAGE);
	}
	CHECK(munmap(gaps, size) == 0);
}

/* How far one run gets depends on where the holes happen to be; the buffers lie side by side. */
static bool twin_mostly_moved(struct cell *cell)
{
	return moved_frames(&cell->twin, cell->twin_frames) >= cell->twin.length / PAGE / 4;
}

static void compact(struct cell *cell)
{
	long start = time(NULL);

	for (int run = 0; run < 10 && !twin_mostly_moved(cell) && !too_long(start); run++) {
		/* Takes the holes out of the CPUs' own lists, where compaction cannot use them. */
		refresh_vmstat();
		write_text("/proc/sys/vm/compact_memory", "1");
	}
}

static void allocate_here(struct cell *cell)
{
	(void)cell;
	allocate_on(FROM);
}

static void move_pages(struct cell *cell)
{
	move_to_node(&cell->object, TO);
	move_to_node(&cell->twin, TO);
}

static void bind_there(struct buffer *buf)
{
	unsigned long nodes = 1ul << TO;

	syscall(SYS_mbind, buf->data, buf->length, MPOL_BIND, &nodes, 8, MPOL_MF_MOVE);
}

static void mbind(struct cell *cell)
{
	bind_there(&cell->object);
	bind_there(&cell->twin);
}

const struct event moving_events[] = {
	{ .name = "compaction, anon", .cause = KERNEL, .arrange = scatter, .happen = compact,
	  .happened = twin_mostly_moved },
	{ .name = "compaction, shmem", .cause = KERNEL, .backing = BACKING_SHMEM,
	  .arrange = scatter, .happen = compact, .happened = twin_mostly_moved },
	{ .name = "move_pages", .cause = PROCESS, .missing = one_node, .prepare = allocate_here,
	  .settle = allocate_anywhere, .happen = move_pages, .happened = twin_moved },
	{ .name = "mbind", .cause = PROCESS, .missing = one_node, .prepare = allocate_here,
	  .settle = allocate_anywhere, .happen = mbind, .happened = twin_moved },
	{ 0 },
};
