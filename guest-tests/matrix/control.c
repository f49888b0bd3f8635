// SPDX-License-Identifier: MIT
/*
 * Negative controls: what the matrix must notice.
 */
#include "matrix.h"

static void spoil_a_byte(struct cell *cell)
{
	cell->object.data[PAGE + 1] ^= 1;
}

static void do_nothing(struct cell *cell)
{
	(void)cell;
}

static bool always(struct cell *cell)
{
	(void)cell;
	return true;
}

const struct event control_events[] = {
	{ .name = "control: a wrong byte", .control = true, .happen = spoil_a_byte,
	  .happened = always },
	{ .name = "control: nothing happens", .control = true, .happen = do_nothing,
	  .happened = twin_moved },
	{ 0 },
};
