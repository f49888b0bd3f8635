// SPDX-License-Identifier: MIT
/*
 * What events are made of, and what proves that they took place.
 */
#include <sys/mman.h>
#include <time.h>

#include "check.h"
#include "limit.h"
#include "matrix.h"
#include "node.h"
#include "proc.h"

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

bool advise_buffer(struct buffer *buf, int advice)
{
	return madvise(buf->data, buf->length, advice) == 0;
}

void advise(struct cell *cell, int advice)
{
	cell->refused = !advise_buffer(&cell->object, advice);
	advise_buffer(&cell->twin, advice);
}

long event_end(long start)
{
	/* What comes before and after it has to be over in time as well. */
	return start + test_seconds() * 2 / 5;
}

bool too_long(long start)
{
	return time(NULL) >= event_end(start);
}

const char *one_node(void)
{
	return two_nodes() ? NULL : "the machine has one NUMA node (numa=fake=2)";
}

void allocate_anywhere(struct cell *cell)
{
	(void)cell;
	allocate_on(-1);
}
