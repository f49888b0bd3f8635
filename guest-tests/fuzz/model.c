// SPDX-License-Identifier: MIT
#include <errno.h>
#include <string.h>

#include "mempin.h"
#include "model.h"

void model_init(struct model *model, struct model_shared *shared)
{
	memset(model, 0, sizeof(*model));
	memset(shared, 0, sizeof(*shared));
	model->shared = shared;
	for (int i = 0; i < FILES; i++)
		model->open[i] = NO_OBJECT;
}

static unsigned int free_object(const struct model *model)
{
	unsigned int object;

	for (object = 0; object < OBJECTS && model->files[object].holders; object++)
		;
	return object;
}

static bool child_holds(const struct model *model, unsigned int child, unsigned int object)
{
	return model->files[object].holders & 1u << child;
}

unsigned int model_held_by(const struct model *model, unsigned int child, unsigned int n)
{
	unsigned int held[OBJECTS], count = 0;

	for (unsigned int object = 0; object < OBJECTS; object++)
		if (child_holds(model, child, object))
			held[count++] = object;
	return count ? held[n % count] : NO_OBJECT;
}

static bool has_open(const struct model *model, const struct model_pin *pin)
{
	return model->files[pin->file].holders & PARENT;
}

bool model_applies(const struct model *model, const struct operation *op)
{
	const struct model_child *child = &model->children[op->child];
	const struct model_pin *pin = &model->pins[op->pin];
	unsigned int object = model->open[op->file];

	switch (op->kind) {
	case OP_OPEN:
		return object == NO_OBJECT && free_object(model) != NO_OBJECT;
	case OP_CLOSE:
		return object != NO_OBJECT;
	case OP_PIN:
		return object != NO_OBJECT && !pin->live;
	case OP_UNPIN:
		return pin->known && has_open(model, pin);
	case OP_FORK:
		return !child->present;
	case OP_CHILD_READ:
	case OP_CHILD_WRITE:
	case OP_EXEC:
		return child->present && !child->execed;
	case OP_CHILD_USE:
	case OP_CHILD_CLOSE:
		return child->present && model_held_by(model, op->child, op->file) != NO_OBJECT;
	case OP_PASS:
		return child->present && object != NO_OBJECT &&
		       !child_holds(model, op->child, object);
	case OP_EXIT:
		return child->present;
	default:
		return true;
	}
}

unsigned int model_charge(const struct model *model)
{
	unsigned int pages = 0;

	for (int i = 0; i < OBJECTS; i++)
		pages += model->files[i].pages;
	return pages;
}

static uint32_t last_page(uint32_t at, uint32_t bytes)
{
	return (at + bytes - 1) / PAGE;
}

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

static bool pin_covers(const struct model *model, const struct model_pin *pin, uint32_t page,
		       bool write)
{
	return pin->live && page >= pin->at / PAGE && page <= last_page(pin->at, pin->bytes) &&
	       pin->generation[page] == model->pages[page].generation &&
	       (!write || pin->flags & PIN_W);
}

bool model_promised(const struct model *model, uint32_t at, uint32_t bytes, bool write)
{
	for (uint32_t page = at / PAGE; page <= last_page(at, bytes); page++) {
		int i;

		for (i = 0; i < PINS && !pin_covers(model, &model->pins[i], page, write); i++)
			;
		if (i == PINS)
			return false;
	}
	return true;
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

static void map(struct model *model, const struct operation *op)
{
	uint32_t object = op->shared ? ++model->changes : 0;

	for (uint32_t page = op->first; page < op->first + op->pages; page++) {
		change(model, page, op->shared ? SHARED_MEMORY : PRIVATE, op->prot, object);
		memset(page_bytes(model, page), 0, PAGE);
	}
}

static void unmap(struct model *model, const struct operation *op)
{
	for (uint32_t page = op->first; page < op->first + op->pages; page++)
		change(model, page, HOLE, 0, 0);
}

/* mprotect(2) changes what is in front of a hole. */
static int protect(struct model *model, const struct operation *op)
{
	for (uint32_t page = op->first; page < op->first + op->pages; page++) {
		struct model_page was = model->pages[page];

		if (was.memory == HOLE)
			return -ENOMEM;
		change(model, page, was.memory, op->prot, was.object);
	}
	return 0;
}

static int hole_is_enomem(const struct model *model, const struct operation *op)
{
	for (uint32_t page = op->first; page < op->first + op->pages; page++)
		if (model->pages[page].memory == HOLE)
			return -ENOMEM;
	return 0;
}

/* madvise(2) skips holes, and says so. */
static int discard(struct model *model, const struct operation *op)
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

static void open_file(struct model *model, const struct operation *op)
{
	unsigned int object = free_object(model);

	model->open[op->file] = object;
	model->files[object] = (struct model_file) {
		.holders = PARENT,
		.cloexec = op->cloexec ? ~0u : 0,
	};
}

/* The last holder takes the pins along. */
static void drop(struct model *model, unsigned int object, unsigned int holder)
{
	struct model_file *file = &model->files[object];

	file->holders &= ~holder;
	if (file->holders)
		return;
	file->pages = 0;
	for (int i = 0; i < PINS; i++)
		if (model->pins[i].file == object)
			model->pins[i].live = model->pins[i].known = false;
}

static void close_file(struct model *model, const struct operation *op)
{
	drop(model, model->open[op->file], PARENT);
	model->open[op->file] = NO_OBJECT;
}

static unsigned int pages_of(uint32_t at, uint32_t bytes)
{
	return last_page(at, bytes) - at / PAGE + 1;
}

static int pin_range(struct model *model, const struct operation *op)
{
	unsigned int pages = pages_of(op->at, op->bytes), object = model->open[op->file];
	struct model_pin *pin = &model->pins[op->pin];

	if (model_charge(model) + pages > LIMIT_PAGES)
		return -ENOMEM;
	if (model_reach(model, op->at, op->bytes, op->flags & PIN_W) < op->bytes)
		return -EFAULT;
	*pin = (struct model_pin) { true, true, object, op->at, op->bytes, op->flags, { 0 } };
	for (uint32_t page = 0; page < ARENA_PAGES; page++)
		pin->generation[page] = model->pages[page].generation;
	model->files[object].pages += pages;
	return 0;
}

static int unpin_range(struct model *model, const struct operation *op)
{
	struct model_pin *pin = &model->pins[op->pin];

	if (!pin->live)
		return -ENOENT;
	pin->live = false;
	model->files[pin->file].pages -= pages_of(pin->at, pin->bytes);
	return 0;
}

static void inherit(struct model *model, unsigned int child)
{
	model->children[child] = (struct model_child) { .present = true };
	for (int i = 0; i < OBJECTS; i++) {
		struct model_file *file = &model->files[i];

		if (!(file->holders & PARENT))
			continue;
		file->holders |= 1u << child;
		file->cloexec &= ~(1u << child);
		if (file->cloexec & PARENT)
			file->cloexec |= 1u << child;
	}
}

/* What is passed arrives as close-on-exec. */
static void receive(struct model *model, const struct operation *op)
{
	struct model_file *file = &model->files[model->open[op->file]];

	file->holders |= 1u << op->child;
	file->cloexec |= 1u << op->child;
}

static void exec(struct model *model, unsigned int child)
{
	model->children[child].execed = true;
	for (int i = 0; i < OBJECTS; i++)
		if (child_holds(model, child, i) && model->files[i].cloexec & 1u << child)
			drop(model, i, 1u << child);
}

static void leave(struct model *model, unsigned int child)
{
	model->children[child].present = false;
	for (int i = 0; i < OBJECTS; i++)
		if (child_holds(model, child, i))
			drop(model, i, 1u << child);
}

int model_apply(struct model *model, const struct operation *op)
{
	switch (op->kind) {
	case OP_MAP:
		map(model, op);
		return 0;
	case OP_UNMAP:
		unmap(model, op);
		return 0;
	case OP_PROTECT:
		return protect(model, op);
	case OP_DISCARD:
		return discard(model, op);
	case OP_RECLAIM:
		return hole_is_enomem(model, op);
	case OP_OPEN:
		open_file(model, op);
		return 0;
	case OP_CLOSE:
		close_file(model, op);
		return 0;
	case OP_PIN:
		return pin_range(model, op);
	case OP_UNPIN:
		return unpin_range(model, op);
	case OP_FORK:
		inherit(model, op->child);
		return 0;
	case OP_CHILD_CLOSE:
		drop(model, model_held_by(model, op->child, op->file), 1u << op->child);
		return 0;
	case OP_PASS:
		receive(model, op);
		return 0;
	case OP_EXEC:
		exec(model, op->child);
		return 0;
	case OP_EXIT:
		leave(model, op->child);
		return 0;
	default:
		return 0;
	}
}
