/* SPDX-License-Identifier: MIT */
/*
 * What the manual pages say that the operations do: which error each ends in,
 * how many pages are charged, which bytes are where and who may reach them.
 * Makes no system call, and knows nothing of how the kernel does it. What it
 * is made of: mappings.h, pins.h, holders.h.
 */
#ifndef PINLAB_FUZZ_MODEL_H
#define PINLAB_FUZZ_MODEL_H

#include "operation.h"

/* RLIMIT_MEMLOCK, in pages. */
#define LIMIT_PAGES	40
/* Open files of all the processes together: one lives on in a child that has it. */
#define OBJECTS		8
#define NO_OBJECT	OBJECTS

/* Holders of a file: the parent, and each child. */
#define PARENT		(1u << CHILDREN)

enum memory { HOLE, PRIVATE, SHARED_MEMORY };

struct model_page {
	enum memory memory;
	unsigned int prot;
	uint32_t object;	/* of shared memory: which one is mapped here */
	uint32_t generation;	/* changes when a pin no longer says what is mapped here */
};

struct model_file {
	unsigned int holders;	/* 0: there is no such file */
	unsigned int cloexec;	/* holders that lose it on exec */
	unsigned int pages;	/* charged for its pins */
};

struct model_pin {
	bool known;		/* had an id, and its file is the same still */
	bool live;
	unsigned int file;	/* object */
	uint32_t at;
	uint32_t bytes;
	uint32_t flags;
	uint32_t generation[ARENA_PAGES];
};

struct model_child {
	bool present;
	bool execed;
};

/* What all processes see: the memory they share. */
struct model_shared {
	uint32_t object[ARENA_PAGES];	/* whose bytes these are; 0: the parent has none here */
	uint8_t bytes[ARENA_BYTES];
};

struct model {
	struct model_page pages[ARENA_PAGES];
	struct model_file files[OBJECTS];
	unsigned int open[FILES];	/* which file the parent has there, or NO_OBJECT */
	struct model_pin pins[PINS];
	struct model_child children[CHILDREN];
	uint32_t changes;
	struct model_shared *shared;
	uint8_t bytes[ARENA_BYTES];	/* of private memory */
};

void model_init(struct model *model, struct model_shared *shared);
/* Whether there is anything to do: no child answers that is not there. */
bool model_applies(const struct model *model, const struct operation *op);
/* What the operation returns, 0 or -errno; the model is then as memory is after it. */
int model_apply(struct model *model, const struct operation *op);

#endif
