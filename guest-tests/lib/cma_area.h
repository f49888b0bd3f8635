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
/* One of the area's files in debugfs. */
uint64_t cma_area_number(const struct cma_area *area, const char *name);
int __cma_area_write(const struct cma_area *area, const char *name, uint64_t value);

/* Takes pages of an area: they are lent only once most other memory of its node is in use. */
struct cma_borrower {
	const struct cma_area *area;
	struct buffer filler, pool;
	size_t offset;		/* what the pool has before it was looked at */
};

/* Until borrow_end(), new allocations of this process come from the area's node. */
void borrow_begin(struct cma_borrower *borrower, const struct cma_area *area);
/* Has an anonymous page of the area in place of another page. */
void borrow_page(struct cma_borrower *borrower, uint8_t *place);
void borrow_end(struct cma_borrower *borrower);

#endif
