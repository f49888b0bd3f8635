// SPDX-License-Identifier: MIT
/*
 * What the kernel says in procfs of the pins it holds.
 */
#include <inttypes.h>
#include <stdio.h>

#include "check.h"
#include "mempin.h"
#include "pins.h"
#include "proc.h"
#include "world.h"

/* Reading procfs takes as long as many of the other operations together. */
static bool may_change_charge(enum operation_kind kind)
{
	switch (kind) {
	case OP_UNMAP:
	case OP_CLOSE:
	case OP_PIN:
	case OP_UNPIN:
	case OP_FORK:
	case OP_CHILD_USE:
	case OP_CHILD_CLOSE:
	case OP_EXEC:
	case OP_EXIT:
		return true;
	default:
		return false;
	}
}

void check_charge(struct world *world, const struct operation *op)
{
	char detail[sizeof(world->finding->detail)];
	uint64_t pages;

	if (!may_change_charge(op->kind))
		return;
	pages = pinned_pages();
	snprintf(detail, sizeof(detail), "%u pages in the model, %" PRIu64 " in the kernel",
		 model_charge(&world->model), pages);
	if (pages != model_charge(&world->model))
		disagree(world, detail, "VmPin after %s", operation_name(op->kind));
}

static bool listed(struct world *world, unsigned int object, const char *line)
{
	uint64_t id, addr, bytes;
	char access[3];

	if (sscanf(line, "pin: %" SCNu64 " %" SCNx64 " %" SCNu64 " %2s", &id, &addr, &bytes,
		   access) != 4)
		return false;
	for (int i = 0; i < PINS; i++) {
		struct model_pin *pin = &world->model.pins[i];

		if (pin->live && pin->file == object && world->ids[i] == id)
			return addr == (uintptr_t)ARENA + pin->at && bytes == pin->bytes &&
			       (access[1] == 'w') == !!(pin->flags & PIN_W);
	}
	return false;
}

static unsigned int live_pins(const struct model *model, unsigned int object)
{
	unsigned int count = 0;

	for (int i = 0; i < PINS; i++)
		count += model->pins[i].live && model->pins[i].file == object;
	return count;
}

static void check_listing(struct world *world, unsigned int object)
{
	unsigned int lines = 0;
	char path[64], line[160];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", world->fds[object]);
	file = fopen(path, "r");
	CHECK(file, "%s", path);
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "pin: %*u") == EOF || line[0] != 'p' || line[2] != 'n')
			continue;
		if (!listed(world, object, line))
			disagree(world, line, "a pin in fdinfo");
		lines++;
	}
	fclose(file);
	if (lines != live_pins(&world->model, object))
		disagree(world, "as many as are listed", "how many pins are in fdinfo");
}

void check_fdinfo(struct world *world)
{
	for (unsigned int object = 0; object < OBJECTS; object++)
		if (world->model.files[object].holders & PARENT)
			check_listing(world, object);
}
