/* SPDX-License-Identifier: MIT */
/*
 * A CMA area, as debugfs shows it: memory that the kernel lends to programs until a
 * device needs a large piece of it.
 */
#ifndef PINLAB_CMA_AREA_H
#define PINLAB_CMA_AREA_H

#include <stdbool.h>
#include <stdint.h>

#include "buffer.h"

struct cma_area {
	char path[300];
	uint64_t first, count;	/* page frames */
};

/* Finds an area of this machine; returns false if it has none. */
bool cma_area_find(struct cma_area *area);
bool cma_area_has(const struct cma_area *area, uint64_t frame);
/*
 * Maps @filler and touches it until it has a page of the area: that is lent out only once
 * most other memory, of the node if allocate_on() names one, is in use.
 */
void use_memory_until_lent(const struct cma_area *area, struct buffer *filler);
/* One of the area's files in debugfs. */
uint64_t cma_area_number(const struct cma_area *area, const char *name);
int __cma_area_write(const struct cma_area *area, const char *name, uint64_t value);

#endif
