// SPDX-License-Identifier: MIT
#include <errno.h>
#include <string.h>

#include "mappings.h"

static bool may_access(const struct model_page *page, bool write)
{
	return page->memory != HOLE && page->prot >= (write ? 2 : 1);
}

uint32_t model_reach(const struct model *model, uint32_t at, uint32_t bytes, bool write)
{
	uint32_t page;

	for (page = at / PAGE; page <= last_page(at, bytes); page++)
		if (!may_access(&model->pages[page], write))
			return page * PAGE > at ? page * PAGE - at : 0;
	return bytes;
}

static uint8_t *page_bytes(const struct model *model, uint32_t page)
{
	bool shared = model->pages[page].memory == SHARED_MEMORY;

	return (uint8_t *)(shared ? model->shared->bytes : model->bytes) + page * PAGE;
}

bool model_in_common(const struct model *model, uint32_t page)
{
	const struct model_page *mapped = &model->pages[page];

	return mapped->memory != SHARED_MEMORY || model->shared->object[page] == mapped->object;
}

static uint32_t piece(uint32_t at, uint32_t bytes)
{
	uint32_t left = PAGE - at % PAGE;

	return bytes < left ? bytes : left;
}

void model_read(const struct model *model, uint32_t at, uint32_t bytes, uint8_t *to)
{
	for (uint32_t n; bytes; at += n, to += n, bytes -= n) {
		n = piece(at, bytes);
		memcpy(to, page_bytes(model, at / PAGE) + at % PAGE, n);
	}
}

void model_write(struct model *model, uint32_t at, uint32_t bytes, const uint8_t *from)
{
	for (uint32_t n; bytes; at += n, from += n, bytes -= n) {
		n = piece(at, bytes);
		memcpy(page_bytes(model, at / PAGE) + at % PAGE, from, n);
	}
}

/* What pins promise ends where the process itself changes the mapping. */
static void change(struct model *model, uint32_t page, enum memory memory, unsigned int prot,
		   uint32_t object)
{
	model->pages[page] = (struct model_page) { memory, prot, object, ++model->changes };
	model->shared->object[page] = object;
}

void model_map(struct model *model, const struct operation *op)
{
	uint32_t object = op->shared ? ++model->changes : 0;

	for (uint32_t page = op->first; page < op->first + op->pages; page++) {
		change(model, page, op->shared ? SHARED_MEMORY : PRIVATE, op->prot, object);
		memset(page_bytes(model, page), 0, PAGE);
	}
}

void model_unmap(struct model *model, const struct operation *op)
{
	for (uint32_t page = op->first; page < op->first + op->pages; page++)
		change(model, page, HOLE, 0, 0);
}

/* mprotect(2) changes what is in front of a hole. */
int model_protect(struct model *model, const struct operation *op)
{
	for (uint32_t page = op->first; page < op->first + op->pages; page++) {
		struct model_page was = model->pages[page];

		if (was.memory == HOLE)
			return -ENOMEM;
		change(model, page, was.memory, op->prot, was.object);
	}
	return 0;
}

/* madvise(2) skips holes, and says so. */
static int hole_is_enomem(const struct model *model, const struct operation *op)
{
	for (uint32_t page = op->first; page < op->first + op->pages; page++)
		if (model->pages[page].memory == HOLE)
			return -ENOMEM;
	return 0;
}

int model_discard(struct model *model, const struct operation *op)
{
	for (uint32_t page = op->first; page < op->first + op->pages; page++) {
		struct model_page was = model->pages[page];

		if (was.memory == HOLE)
			continue;
		change(model, page, was.memory, was.prot, was.object);
		if (was.memory == PRIVATE)
			memset(page_bytes(model, page), 0, PAGE);
	}
	return hole_is_enomem(model, op);
}

int model_reclaim(const struct model *model, const struct operation *op)
{
	return hole_is_enomem(model, op);
}
