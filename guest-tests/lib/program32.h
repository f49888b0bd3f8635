/* SPDX-License-Identifier: MIT */
/*
 * A 32-bit program that makes the system calls which its parent tells it to.
 */
#ifndef PINLAB_PROGRAM32_H
#define PINLAB_PROGRAM32_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct program32 {
	pid_t pid;
};

/* Memory of the program that is of no use to itself: zeros, to read and to write. */
#define PROGRAM32_DATA		0x20000u
#define PROGRAM32_DATA_SIZE	0x10000u

/* Starts one under ptrace, or returns -errno where the CPU or the kernel runs no such program. */
int __program32_start(struct program32 *program);
void program32_end(struct program32 *program);

/* The system call @number of 32-bit Arm, with up to three arguments; returns what it returns. */
int32_t program32_call(struct program32 *program, uint32_t number, uint32_t first,
		       uint32_t second, uint32_t third);

void program32_write(struct program32 *program, uint32_t address, const void *data, size_t size);
void program32_read(struct program32 *program, uint32_t address, void *data, size_t size);

#endif
