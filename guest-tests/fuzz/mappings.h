/* SPDX-License-Identifier: MIT */
/*
 * The model's memory: what is mapped where, who may reach it, and which bytes it holds.
 */
#ifndef PINLAB_FUZZ_MAPPINGS_H
#define PINLAB_FUZZ_MAPPINGS_H

#include "model.h"

static inline uint32_t last_page(uint32_t at, uint32_t bytes)
{
	return (at + bytes - 1) / PAGE;
}

/* How many bytes from @at on, @bytes at most, this process may read, or write. */
uint32_t model_reach(const struct model *model, uint32_t at, uint32_t bytes, bool write);
/* In a child: whether the page, if it is shared memory, is what the parent has there as well. */
bool model_in_common(const struct model *model, uint32_t page);

void model_read(const struct model *model, uint32_t at, uint32_t bytes, uint8_t *to);
void model_write(struct model *model, uint32_t at, uint32_t bytes, const uint8_t *from);

/* The operations; those that can fail return 0 or -errno. */
void model_map(struct model *model, const struct operation *op);
void model_unmap(struct model *model, const struct operation *op);
int model_protect(struct model *model, const struct operation *op);
int model_discard(struct model *model, const struct operation *op);
int model_reclaim(const struct model *model, const struct operation *op);

#endif
