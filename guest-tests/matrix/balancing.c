// SPDX-License-Identifier: MIT
/*
 * NUMA balancing unmaps pages to learn who uses them; to the device each is a fault.
 */
#include <time.h>

#include "check.h"
#include "matrix.h"
#include "node.h"
#include "proc.h"

#define SWITCH	"/proc/sys/kernel/numa_balancing"
#define ROUNDS_OFF	50

static void start_thread(struct cell *cell)
{
	(void)cell;
	add_idle_thread();
}

/* Balancing works on behalf of tasks that run, for so much of their own time. */
static void use_cpu(void)
{
	for (volatile unsigned int i = 0; i < 200000; i++)
		;
}

static bool hinted;

/*
 * On from here on: a look at the buffers before they are in use by the device would be one
 * less at the object or at the twin. One look is at all that the process has.
 */
static void await_hint(struct cell *cell)
{
	bool off = cell->protection->switches_off;
	long start = time(NULL);

	if (!off)
		write_text(SWITCH, "1");
	hinted = false;
	for (int round = 0; !hinted && !too_long(start); round++) {
		use_cpu();
		hinted = twin_stalls(cell) > 0;
		/* Long enough for what is switched on to have happened. */
		if (off && round == ROUNDS_OFF)
			break;
	}
	write_text(SWITCH, "0");
}

static bool twin_was_hinted(struct cell *cell)
{
	(void)cell;
	return hinted;
}

#define BALANCING(what, ...) \
	{ .name = "NUMA balancing, " what, .cause = KERNEL, .has_switch = true, \
	  .missing = one_node, .arrange = start_thread, .happen = await_hint, \
	  .happened = twin_was_hinted, __VA_ARGS__ }

const struct event numa_events[] = {
	BALANCING("4 KiB", .backing = BACKING_ANON),
	BALANCING("THP", .backing = BACKING_THP),
	BALANCING("shared", .backing = BACKING_SHMEM),
	{ 0 },
};
