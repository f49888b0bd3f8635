// SPDX-License-Identifier: MIT
/*
 * Negative controls: what the matrix must notice.
 */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "matrix.h"

static void spoil_a_byte(struct cell *cell)
{
	cell->object.data[PAGE + 1] ^= 1;
}

/* What the CPU has put right again by the time that anybody looks, only a busy device sees. */
static void spoil_for_a_moment(struct cell *cell)
{
	spoil_a_byte(cell);
	await_pass(cell);
	spoil_a_byte(cell);
}

/* The object is once more what it was a moment ago, as if the device had written elsewhere. */
static void lose_writes(struct cell *cell)
{
	size_t length = cell->object.length;
	uint8_t *copy = malloc(length);

	CHECK(copy);
	memcpy(copy, cell->object.data, length);
	do
		await_pass(cell);
	while (cell->busy && !memcmp(copy, cell->object.data, length));
	memcpy(cell->object.data, copy, length);
	free(copy);
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

static bool unless_busy(struct cell *cell)
{
	return !cell->busy;
}

const struct event control_events[] = {
	{ .name = "control: a wrong byte", .control = true, .happen = spoil_a_byte,
	  .happened = always },
	{ .name = "control: a wrong byte for a moment", .control = true, .backing = BACKING_FILE,
	  .happen = spoil_for_a_moment, .happened = always },
	{ .name = "control: lost writes", .control = true, .happen = lose_writes,
	  .happened = always },
	{ .name = "control: nothing happens", .control = true, .happen = do_nothing,
	  .happened = twin_moved },
	{ .name = "control: nothing happens to a busy device", .control = true,
	  .happen = do_nothing, .happened = unless_busy },
	{ 0 },
};
