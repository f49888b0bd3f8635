// SPDX-License-Identifier: MIT
#include "holders.h"
#include "pins.h"

unsigned int model_free_object(const struct model *model)
{
	unsigned int object;

	for (object = 0; object < OBJECTS && model->files[object].holders; object++)
		;
	return object;
}

bool model_child_holds(const struct model *model, unsigned int child, unsigned int object)
{
	return model->files[object].holders & 1u << child;
}

unsigned int model_held_by(const struct model *model, unsigned int child, unsigned int n)
{
	unsigned int held[OBJECTS], count = 0;

	for (unsigned int object = 0; object < OBJECTS; object++)
		if (model_child_holds(model, child, object))
			held[count++] = object;
	return count ? held[n % count] : NO_OBJECT;
}

void model_open(struct model *model, const struct operation *op)
{
	unsigned int object = model_free_object(model);

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
	if (!file->holders)
		model_release(model, object);
}

void model_close(struct model *model, const struct operation *op)
{
	drop(model, model->open[op->file], PARENT);
	model->open[op->file] = NO_OBJECT;
}

void model_fork(struct model *model, unsigned int child)
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

void model_child_close(struct model *model, const struct operation *op)
{
	drop(model, model_held_by(model, op->child, op->file), 1u << op->child);
}

/* What is passed arrives as close-on-exec. */
void model_pass(struct model *model, const struct operation *op)
{
	struct model_file *file = &model->files[model->open[op->file]];

	file->holders |= 1u << op->child;
	file->cloexec |= 1u << op->child;
}

void model_exec(struct model *model, unsigned int child)
{
	model->children[child].execed = true;
	for (int i = 0; i < OBJECTS; i++)
		if (model_child_holds(model, child, i) && model->files[i].cloexec & 1u << child)
			drop(model, i, 1u << child);
}

void model_exit(struct model *model, unsigned int child)
{
	model->children[child].present = false;
	for (int i = 0; i < OBJECTS; i++)
		if (model_child_holds(model, child, i))
			drop(model, i, 1u << child);
}
