// SPDX-License-Identifier: MIT
/*
 * Pages are merged, copied on write, joined into huge ones and split.
 */
#include <sched.h>
#include <stdio.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "child.h"
#include "khugepaged.h"
#include "ksm.h"
#include "matrix.h"
#include "newer.h"
#include "proc.h"

static void merge(struct cell *cell)
{
	long start = time(NULL);

	advise(cell, MADV_MERGEABLE);
	ksm_start();
	while (merged_pages(&cell->twin) < cell->twin.length / PAGE - 1 && !too_long(start))
		sched_yield();
	/* The object has been looked at as well by then. */
	two_rounds_pass(KSM_ROUNDS, event_end(start));
	ksm_stop();
}

static bool twin_merged(struct cell *cell)
{
	return merged_pages(&cell->twin) > 0;
}

static void stay_small(struct cell *cell)
{
	advise_buffer(&cell->twin, MADV_NOHUGEPAGE);
	advise_buffer(&cell->object, MADV_NOHUGEPAGE);
}

static bool twin_is_huge(struct cell *cell)
{
	return smaps_kib(cell->twin.data, "AnonHugePages") > 0;
}

static bool twin_is_small(struct cell *cell)
{
	return !twin_is_huge(cell);
}

static void await_khugepaged(struct cell *cell)
{
	long start = time(NULL);

	advise(cell, MADV_HUGEPAGE);
	khugepaged_start();
	while (!twin_is_huge(cell) && !too_long(start))
		usleep(1000);
	two_rounds_pass(KHUGEPAGED_ROUNDS, event_end(start));
	khugepaged_stop();
}

static void collapse(struct cell *cell)
{
	advise(cell, MADV_HUGEPAGE);
	advise(cell, MADV_COLLAPSE);
}

static void ask_to_split(const struct buffer *buf)
{
	char text[96];

	snprintf(text, sizeof(text), "%d,%#lx,%#lx", getpid(), (unsigned long)buf->data,
		 (unsigned long)buf->data + buf->length);
	__write_text("/sys/kernel/debug/split_huge_pages", text);
}

static void split(struct cell *cell)
{
	CHECK(cell->protection->hugetlb || smaps_kib(cell->object.data, "AnonHugePages") > 0);
	CHECK(twin_is_huge(cell));
	ask_to_split(&cell->object);
	ask_to_split(&cell->twin);
}

/* What holds the object is gone with the parent: gup_test has one range for all processes. */
static int stay(struct peer *parent, void *arg)
{
	(void)arg;
	CHECK(close_range(STDERR_FILENO + 1, parent->socket - 1, 0) == 0);
	CHECK(close_range(parent->socket + 1, ~0U, 0) == 0);
	peer_send(parent, 0);
	/* Until the parent of both ends. */
	for (;;)
		pause();
	return 0;
}

/* The child stays: were it gone, its parent could have the pages back without a copy. */
static void fork_child(struct cell *cell)
{
	struct peer child = child_start(stay, cell);

	peer_receive(&child);
}

const struct event sharing_events[] = {
	{ .name = "KSM", .cause = KERNEL, .before = ALIKE, .after = ALIKE, .happen = merge,
	  .happened = twin_merged },
	{ .name = "khugepaged", .cause = KERNEL, .backing = BACKING_THP, .arrange = stay_small,
	  .happen = await_khugepaged, .happened = twin_is_huge },
	{ .name = "MADV_COLLAPSE", .cause = PROCESS, .backing = BACKING_THP, .arrange = stay_small,
	  .happen = collapse, .happened = twin_is_huge },
	{ .name = "THP split", .cause = KERNEL, .backing = BACKING_THP, .happen = split,
	  .happened = twin_is_small },
	{ .name = "fork, 4 KiB", .cause = PROCESS, .happen = fork_child, .happened = twin_stalled },
	{ .name = "fork, THP", .cause = PROCESS, .backing = BACKING_THP, .happen = fork_child,
	  .happened = twin_stalled },
	{ 0 },
};
