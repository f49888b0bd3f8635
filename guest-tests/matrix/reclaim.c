// SPDX-License-Identifier: MIT
/*
 * The kernel wants memory back.
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "matrix.h"
#include "proc.h"

static void do_nothing(struct cell *cell)
{
	(void)cell;
}

/*
 * A page that somebody happens to look at is left where it is, and so is one that was only just
 * touched on another CPU: the call looks through its own CPU's list alone.
 */
static void page_both_out(struct cell *cell)
{
	long start = time(NULL);

	do {
		drain_lists();
		advise(cell, MADV_PAGEOUT);
	} while (!twin_absent(cell) && !too_long(start));
}

static void read_all(const struct buffer *buf)
{
	for (size_t offset = 0; offset < buf->length; offset += PAGE)
		(void)*(volatile uint8_t *)(buf->data + offset);
}

/* Pages that came back from swap and were not changed since have a copy there. */
static void visit_swap(struct cell *cell)
{
	page_both_out(cell);
	read_all(&cell->object);
	read_all(&cell->twin);
}

/* Once the twin is gone: what the device used last has more marks to lose. */
#define MORE_PASSES	4

/* The first pass only clears marks of use: until the twin is gone, or the limit is reached. */
static void press(struct cell *cell, void (*pass)(struct cell *cell))
{
	long start = time(NULL);

	drain_lists();
	while (!twin_absent(cell) && !too_long(start))
		pass(cell);
	for (int more = 0; more < MORE_PASSES; more++) {
		renew_statistics(cell);
		pass(cell);
	}
}

static void ask_group(struct cell *cell)
{
	__group_write(cell, "memory.reclaim", "16M");
}

static void reclaim_group(struct cell *cell)
{
	press(cell, ask_group);
}

static void squeeze_group(struct cell *cell)
{
	__group_write(cell, "memory.high", "4K");
	__group_write(cell, "memory.high", "max");
}

static void limit_group(struct cell *cell)
{
	press(cell, squeeze_group);
}

/* Pages of the twin's file that are in memory, mapped or not. */
static size_t cached_pages(const struct buffer *twin)
{
	unsigned char present[SMALL / PAGE];
	size_t cached = 0;
	void *anew = mmap(NULL, SMALL, PROT_READ, MAP_SHARED, twin->fd, 0);

	CHECK(anew != MAP_FAILED);
	CHECK(mincore(anew, SMALL, present) == 0);
	CHECK(munmap(anew, SMALL) == 0);
	for (size_t i = 0; i < SMALL / PAGE; i++)
		cached += present[i] & 1;
	return cached;
}

static bool dropped;

/* A page that is mapped stays, with a protection or without: the twin is one that is not. */
static void drop_caches(struct cell *cell)
{
	long start = time(NULL);

	CHECK(munmap(cell->twin.data, cell->twin.length) == 0);
	CHECK(cached_pages(&cell->twin) == SMALL / PAGE);
	do {
		write_text("/proc/sys/vm/drop_caches", "3");
		dropped = cached_pages(&cell->twin) == 0;
	} while (!dropped && !too_long(start));
}

static bool caches_dropped(struct cell *cell)
{
	(void)cell;
	return dropped;
}

const struct event reclaim_events[] = {
	{ .name = "first touch", .cause = KERNEL, .before = UNTOUCHED, .after = ZERO,
	  .happen = do_nothing, .happened = twin_stalled },
	{ .name = "reclaim anon: MADV_PAGEOUT", .cause = KERNEL, .happen = page_both_out,
	  .happened = twin_absent },
	{ .name = "reclaim anon with a copy in swap: MADV_PAGEOUT", .cause = KERNEL,
	  .settle = visit_swap, .happen = page_both_out, .happened = twin_absent },
	{ .name = "reclaim THP: MADV_PAGEOUT", .cause = KERNEL, .backing = BACKING_THP,
	  .happen = page_both_out, .happened = twin_absent },
	{ .name = "reclaim shmem: MADV_PAGEOUT", .cause = KERNEL, .backing = BACKING_SHMEM,
	  .happen = page_both_out, .happened = twin_absent },
	{ .name = "reclaim file: MADV_PAGEOUT", .cause = KERNEL, .backing = BACKING_FILE,
	  .happen = page_both_out, .happened = twin_absent },
	{ .name = "reclaim anon: memory.reclaim", .cause = KERNEL, .prepare = enter_group,
	  .happen = reclaim_group, .happened = twin_absent },
	{ .name = "reclaim shmem: memory.reclaim", .cause = KERNEL, .backing = BACKING_SHMEM,
	  .prepare = enter_group, .happen = reclaim_group, .happened = twin_absent },
	{ .name = "reclaim file: memory.reclaim", .cause = KERNEL, .backing = BACKING_FILE,
	  .prepare = enter_group, .happen = reclaim_group, .happened = twin_absent },
	{ .name = "reclaim file: drop_caches", .cause = KERNEL, .backing = BACKING_FILE,
	  .happen = drop_caches, .happened = caches_dropped },
	{ .name = "memcg limit: memory.high", .cause = KERNEL, .prepare = enter_group,
	  .happen = limit_group, .happened = twin_absent },
	{ 0 },
};
