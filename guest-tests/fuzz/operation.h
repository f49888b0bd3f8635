/* SPDX-License-Identifier: MIT */
/*
 * What a process can do to memory, pins and the device, as data: a sequence of
 * operations can be drawn, shortened, printed, read back and run again.
 */
#ifndef PINLAB_FUZZ_OPERATION_H
#define PINLAB_FUZZ_OPERATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buffer.h"

#define ARENA_PAGES	32
#define ARENA_BYTES	(ARENA_PAGES * PAGE)
#define FILES		3
#define PINS		12
#define CHILDREN	2

enum operation_kind {
	OP_MAP,			/* new memory of zeros over whatever was there */
	OP_UNMAP,
	OP_PROTECT,
	OP_DISCARD,		/* MADV_DONTNEED */
	OP_RECLAIM,		/* MADV_PAGEOUT */
	OP_WRITE,		/* by the CPU, as the next */
	OP_READ,
	OP_OPEN,
	OP_CLOSE,
	OP_PIN,
	OP_UNPIN,
	OP_FILL,		/* by the device, as the next seven */
	OP_COPY,
	OP_CHECKSUM,
	OP_COMPARE,
	OP_FETCH_ADD,
	OP_COMPARE_SWAP,
	OP_TOUCH,
	OP_SCATTER,		/* FILL of two ranges, which a list names */
	OP_FORK,
	OP_CHILD_READ,		/* the child looks at all of its memory */
	OP_CHILD_WRITE,
	OP_CHILD_USE,		/* the child tries to pin and unpin with a file of the parent's */
	OP_CHILD_CLOSE,
	OP_PASS,		/* a file to a child, by SCM_RIGHTS */
	OP_EXEC,		/* by the child */
	OP_EXIT,		/* of the child */
	NR_OPERATIONS,
};

struct operation {
	enum operation_kind kind;
	uint32_t first;		/* page of the arena */
	uint32_t pages;
	uint32_t shared;	/* memory that children share */
	uint32_t prot;		/* 0 none, 1 read, 2 read and write */
	uint32_t at;		/* byte of the arena; what is written, or read if nothing is */
	uint32_t from;		/* byte of the arena; the second range of a list */
	uint32_t bytes;
	uint32_t value;		/* a byte */
	uint32_t file;
	uint32_t cloexec;
	uint32_t equal;		/* memory is as COMPARE_SWAP expects it */
	uint32_t write;		/* TOUCH rewrites what it reads */
	uint32_t pin;
	uint32_t flags;		/* MEMPINFD_PIN_* */
	uint32_t child;
};

#define OPERATION_TEXT	128

/* Draws an operation; equal states draw equal ones. */
struct operation operation_draw(uint64_t *random);
/* Writes the operation as text that operation_parse() understands. */
void operation_print(const struct operation *op, char text[OPERATION_TEXT]);
bool operation_parse(const char *text, struct operation *op);
const char *operation_name(enum operation_kind kind);

#endif
