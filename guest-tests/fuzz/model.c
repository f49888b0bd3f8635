// SPDX-License-Identifier: MIT
#include <string.h>

#include "holders.h"
#include "mappings.h"
#include "model.h"
#include "pins.h"

void model_init(struct model *model, struct model_shared *shared)
{
	memset(model, 0, sizeof(*model));
	memset(shared, 0, sizeof(*shared));
	model->shared = shared;
	for (int i = 0; i < FILES; i++)
		model->open[i] = NO_OBJECT;
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
		return object == NO_OBJECT && model_free_object(model) != NO_OBJECT;
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
		       !model_child_holds(model, op->child, object);
	case OP_EXIT:
		return child->present;
	default:
		return true;
	}
}

int model_apply(struct model *model, const struct operation *op)
{
	switch (op->kind) {
	case OP_MAP:
		model_map(model, op);
		return 0;
	case OP_UNMAP:
		model_unmap(model, op);
		return 0;
	case OP_PROTECT:
		return model_protect(model, op);
	case OP_DISCARD:
		return model_discard(model, op);
	case OP_RECLAIM:
		return model_reclaim(model, op);
	case OP_OPEN:
		model_open(model, op);
		return 0;
	case OP_CLOSE:
		model_close(model, op);
		return 0;
	case OP_PIN:
		return model_pin_range(model, op);
	case OP_UNPIN:
		return model_unpin_range(model, op);
	case OP_FORK:
		model_fork(model, op->child);
		return 0;
	case OP_CHILD_CLOSE:
		model_child_close(model, op);
		return 0;
	case OP_PASS:
		model_pass(model, op);
		return 0;
	case OP_EXEC:
		model_exec(model, op->child);
		return 0;
	case OP_EXIT:
		model_exit(model, op->child);
		return 0;
	default:
		return 0;
	}
}
