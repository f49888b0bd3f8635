// SPDX-License-Identifier: MIT
/*
 * What a busy device does to the object while the event happens, in such a way that a byte that
 * is read wrong, and a write that is lost, can be seen.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "check.h"
#include "matrix.h"

#define ELEMENTS	3

/* In a page of the hugetlb pool: no event of the matrix touches one that is not the object. */
struct scratch {
	struct dma_testdev_sge from[ELEMENTS];
	struct dma_testdev_sge to[ELEMENTS];
	/* What the object holds, where the device only reads. */
	uint8_t reference[SMALL] __attribute__((aligned(PAGE)));
	uint8_t stash[PAGE] __attribute__((aligned(PAGE)));
};

static struct scratch *map_scratch(void)
{
	void *scratch = mmap(NULL, HUGE_PAGE, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);

	CHECK(scratch != MAP_FAILED);
	CHECK(madvise(scratch, HUGE_PAGE, MADV_DONTFORK) == 0);
	memset(scratch, 0, sizeof(struct scratch));
	return scratch;
}

static uint64_t pages_of(const struct cell *cell)
{
	return cell->object.length / PAGE;
}

/*
 * Each pass moves each page's contents to the page before it. A write that went elsewhere leaves a
 * page too many of one kind and one too few of another, and no later pass mends that.
 */
static struct dma_testdev_desc turn(const struct cell *cell, struct scratch *scratch)
{
	uint64_t first = (uintptr_t)cell->object.data, stash = (uintptr_t)scratch->stash;
	uint64_t rest = cell->object.length - PAGE;

	scratch->from[0] = (struct dma_testdev_sge) { first, PAGE };
	scratch->to[0] = (struct dma_testdev_sge) { stash, PAGE };
	scratch->from[1] = (struct dma_testdev_sge) { first + PAGE, rest };
	scratch->to[1] = (struct dma_testdev_sge) { first, rest };
	scratch->from[2] = (struct dma_testdev_sge) { stash, PAGE };
	scratch->to[2] = (struct dma_testdev_sge) { first + rest, PAGE };
	return (struct dma_testdev_desc) {
		.op = DMA_TESTDEV_COPY,
		.flags = DMA_TESTDEV_F_LOOP | DMA_TESTDEV_F_SG,
		.src = (uintptr_t)scratch->from,
		.dst = (uintptr_t)scratch->to,
		.length = cell->object.length + PAGE,
		.operand2 = ELEMENTS,
	};
}

/* For an object that the device does not write. */
static struct dma_testdev_desc compare(const struct cell *cell, struct scratch *scratch)
{
	CHECK(cell->object.length == sizeof(scratch->reference));
	paint(scratch->reference, sizeof(scratch->reference), SEED_OBJECT);
	return (struct dma_testdev_desc) {
		.op = DMA_TESTDEV_COMPARE,
		.flags = DMA_TESTDEV_F_LOOP,
		.src = (uintptr_t)cell->object.data,
		.dst = (uintptr_t)scratch->reference,
		.length = cell->object.length,
	};
}

/* For an object whose bytes are to change: right before the event, they may be wrong after it. */
static struct dma_testdev_desc look(const struct cell *cell)
{
	return (struct dma_testdev_desc) {
		.op = DMA_TESTDEV_TOUCH,
		.flags = DMA_TESTDEV_F_LOOP,
		.dst = (uintptr_t)cell->object.data,
		.length = cell->object.length,
	};
}

static struct dma_testdev_desc work_of(const struct cell *cell)
{
	if (cell->event->after != cell->event->before)
		return look(cell);
	return is_written(cell) ? turn(cell, map_scratch()) : compare(cell, map_scratch());
}

void await_pass(struct cell *cell)
{
	if (cell->busy)
		testdev_await_transactions(&cell->dev, cell->loop, 4 * (pages_of(cell) + 1));
}

void begin_loop(struct cell *cell)
{
	struct dma_testdev_desc work = work_of(cell);

	cell->loop = testdev_submit(&cell->dev, &work);
	await_pass(cell);
}

/* Which page's contents each page of the object has, once the device has copied @copies pages. */
static uint16_t *order_after(uint64_t count, uint64_t copies)
{
	uint16_t *order = calloc(count, sizeof(*order)), stash = 0;

	CHECK(order);
	for (uint64_t i = 0; i < count; i++)
		order[i] = i;
	/* As many passes as there are pages bring all of them home. */
	copies %= count * (count + 1);
	for (uint64_t i = 0; i < copies; i++) {
		uint64_t page = i % (count + 1);
		uint16_t contents = page < count ? order[page] : stash;

		*(page ? &order[page - 1] : &stash) = contents;
	}
	return order;
}

void end_loop(struct cell *cell, struct measurement *result)
{
	struct dma_testdev_cpl cpl;

	testdev_write(&cell->dev, DMA_TESTDEV_DB_CONTROL, DMA_TESTDEV_CONTROL_STOP_LOOP);
	cpl = testdev_wait(&cell->dev, cell->loop);
	result->passes = cpl.passes;
	result->during_aborts = cpl.status != DMA_TESTDEV_OK && cpl.status != DMA_TESTDEV_MISMATCH;
	result->wrong = cpl.wrong_bytes > 0;
	if (cell->event->after == cell->event->before && is_written(cell))
		cell->order = order_after(pages_of(cell), cpl.bytes_done / PAGE);
}
