/* SPDX-License-Identifier: MIT */
/*
 * Instructions, not time: under -icount shift=0 the guest's clock advances by one
 * nanosecond an instruction, and stands still while the host does something else.
 */
#ifndef PINLAB_MEASURE_H
#define PINLAB_MEASURE_H

#include <stddef.h>
#include <stdint.h>

/* The clock, in instructions. */
uint64_t instructions(void);
/* Keeps in @least the smaller of it and what passed since @start, the clock's own cost left out. */
void keep_least(uint64_t *least, uint64_t start);

#define NOTHING_YET	UINT64_MAX

/*
 * One line of output: what was done, on which memory, in which state that was, how much
 * of it there was, and the instructions.
 */
void print_figure(const char *operation, const char *backing, const char *state, size_t amount,
		  uint64_t figure);

#endif
