// SPDX-License-Identifier: MIT
#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "program32.h"

#define BASE		0x10000u
#define ENTRY		(BASE + (uint32_t)offsetof(struct image, code))
/* svc #0, in the A32 instruction set */
#define CODE		0xef000000u

/* The registers of a 32-bit task as ptrace(2) shows them: struct user_regs of its kernel. */
struct registers {
	uint32_t r[16];
	uint32_t cpsr;
	uint32_t orig_r0;
};
#define PC	15

/* The whole program. It needs no linker, and so no toolchain for 32 bits either. */
struct image {
	Elf32_Ehdr header;
	Elf32_Phdr segment;
	uint32_t code;
};

static const struct image image = {
	.header = {
		.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS32, ELFDATA2LSB, EV_CURRENT },
		.e_type = ET_EXEC,
		.e_machine = EM_ARM,
		.e_version = EV_CURRENT,
		.e_entry = ENTRY,
		.e_phoff = offsetof(struct image, segment),
		.e_flags = EF_ARM_EABI_VER5,
		.e_ehsize = sizeof(Elf32_Ehdr),
		.e_phentsize = sizeof(Elf32_Phdr),
		.e_phnum = 1,
	},
	.segment = {
		.p_type = PT_LOAD,
		.p_vaddr = BASE,
		.p_filesz = sizeof(struct image),
		.p_memsz = PROGRAM32_DATA + PROGRAM32_DATA_SIZE - BASE,
		.p_flags = PF_R | PF_W | PF_X,
		.p_align = 4096,
	},
	.code = CODE,
};

static void become_program(int file)
{
	char path[32], *const none[] = { NULL };

	snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	ptrace(PTRACE_TRACEME, 0, NULL, NULL);
	execve(path, none, none);
	_exit(errno);
}

/* Waits until the program stops, and returns whether it is still there. */
static bool wait_for_stop(const struct program32 *program, int *status)
{
	CHECK(waitpid(program->pid, status, 0) == program->pid);
	return WIFSTOPPED(*status);
}

int __program32_start(struct program32 *program)
{
	int file = memfd_create("program32", MFD_CLOEXEC), status;

	CHECK(file >= 0);
	CHECK(write(file, &image, sizeof(image)) == sizeof(image));
	program->pid = fork();
	CHECK(program->pid >= 0);
	if (program->pid == 0)
		become_program(file);
	close(file);
	if (!wait_for_stop(program, &status))
		return -WEXITSTATUS(status);
	CHECK(WSTOPSIG(status) == SIGTRAP);
	return 0;
}

void program32_end(struct program32 *program)
{
	CHECK(kill(program->pid, SIGKILL) == 0);
	CHECK(waitpid(program->pid, NULL, 0) == program->pid);
}

static void move_registers(struct program32 *program, int request, struct registers *registers)
{
	struct iovec set = { registers, sizeof(*registers) };

	CHECK(ptrace(request, program->pid, (void *)NT_PRSTATUS, &set) == 0);
	CHECK(set.iov_len == sizeof(*registers), "not a 32-bit program");
}

/* Once into the system call, once out of it. */
static void run_to_system_call(struct program32 *program)
{
	int status;

	CHECK(ptrace(PTRACE_SYSCALL, program->pid, NULL, NULL) == 0);
	CHECK(wait_for_stop(program, &status) && WSTOPSIG(status) == SIGTRAP);
}

int32_t program32_call(struct program32 *program, uint32_t number, uint32_t first,
		       uint32_t second, uint32_t third)
{
	struct registers registers;

	move_registers(program, PTRACE_GETREGSET, &registers);
	registers.r[0] = first;
	registers.r[1] = second;
	registers.r[2] = third;
	registers.r[7] = number;
	registers.r[PC] = ENTRY;
	move_registers(program, PTRACE_SETREGSET, &registers);
	run_to_system_call(program);
	run_to_system_call(program);
	move_registers(program, PTRACE_GETREGSET, &registers);
	return registers.r[0];
}

void program32_write(struct program32 *program, uint32_t address, const void *data, size_t size)
{
	struct iovec here = { (void *)data, size };
	struct iovec there = { (void *)(uintptr_t)address, size };

	CHECK(process_vm_writev(program->pid, &here, 1, &there, 1, 0) == (ssize_t)size);
}

void program32_read(struct program32 *program, uint32_t address, void *data, size_t size)
{
	struct iovec here = { data, size };
	struct iovec there = { (void *)(uintptr_t)address, size };

	CHECK(process_vm_readv(program->pid, &here, 1, &there, 1, 0) == (ssize_t)size);
}
