/* SPDX-License-Identifier: MIT */
/*
 * The process that operations happen to, beside the model of it. What the two do
 * not agree on ends the process, after it has said so.
 */
#ifndef PINLAB_FUZZ_WORLD_H
#define PINLAB_FUZZ_WORLD_H

#include "child.h"
#include "model.h"
#include "testdev.h"

/* An address that nothing else in a small static program has. */
#define ARENA		((uint8_t *)0x300000000000)

/* What is seen by whoever started the process, too. */
struct finding {
	bool found;
	size_t step;		/* index of the operation that was under way */
	size_t performed;	/* operations so far that had something to do */
	char what[64];		/* the kind of disagreement: equal causes say it alike */
	char detail[160];
};

struct world {
	struct model model;
	struct testdev dev;
	struct finding *finding;
	int fds[OBJECTS];
	uint64_t ids[PINS];
	struct peer children[CHILDREN];
	uint8_t scratch[ARENA_BYTES];
};

/* Says what the model and the kernel do not agree on, and ends the process. */
void disagree(struct world *world, const char *detail, const char *what, ...)
	__attribute__((noreturn, format(printf, 3, 4)));

/* Performs an operation and compares what comes of it. */
void world_perform(struct world *world, const struct operation *op);
/* Whether all bytes of the arena are what the model says, and no other can be reached. */
bool world_memory_agrees(struct world *world);
/* Reads, or writes, as the process itself; false if that is a segmentation fault. */
bool cpu_read(void *to, const uint8_t *from, size_t bytes);
bool cpu_write(uint8_t *to, const void *from, size_t bytes);

/* Performs what the device does, and compares its completion. */
void device_perform(struct world *world, const struct operation *op);

/* What a child of the process does. */
void children_perform(struct world *world, const struct operation *op);
/* The child after exec: serves on with the files that it still has. */
int fuzz_after_exec(char **argv);
#define AFTER_EXEC	"--after-exec"

/* Whether the kernel counts the pins that the model counts. */
void check_charge(struct world *world, const struct operation *op);
void check_fdinfo(struct world *world);

#endif
