// SPDX-License-Identifier: MIT
#include <errno.h>

#include "mappings.h"
#include "mempin.h"
#include "pins.h"

unsigned int model_charge(const struct model *model)
{
	unsigned int pages = 0;

	for (int i = 0; i < OBJECTS; i++)
		pages += model->files[i].pages;
	return pages;
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

static unsigned int pages_of(uint32_t at, uint32_t bytes)
{
	return last_page(at, bytes) - at / PAGE + 1;
}

int model_pin_range(struct model *model, const struct operation *op)
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

int model_unpin_range(struct model *model, const struct operation *op)
{
	struct model_pin *pin = &model->pins[op->pin];

	if (!pin->live)
		return -ENOENT;
	pin->live = false;
	model->files[pin->file].pages -= pages_of(pin->at, pin->bytes);
	return 0;
}

void model_release(struct model *model, unsigned int object)
{
	model->files[object].pages = 0;
	for (int i = 0; i < PINS; i++)
		if (model->pins[i].file == object)
			model->pins[i].live = model->pins[i].known = false;
}
