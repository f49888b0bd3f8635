// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "mappings.h"
#include "mempin.h"
#include "newer.h"
#include "world.h"

void disagree(struct world *world, const char *detail, const char *what, ...)
{
	struct finding *finding = world->finding;
	va_list args;

	va_start(args, what);
	vsnprintf(finding->what, sizeof(finding->what), what, args);
	va_end(args);
	snprintf(finding->detail, sizeof(finding->detail), "%s", detail);
	finding->found = true;
	_exit(1);
}

static sigjmp_buf no_access;

static void on_fault(int signal, siginfo_t *info, void *context)
{
	uint8_t *at = info->si_addr;

	(void)context;
	if (at >= ARENA && at < ARENA + ARENA_BYTES)
		siglongjmp(no_access, 1);
	/* Not what is being tested: happens again, with its usual end. */
	sigaction(signal, &(struct sigaction) { .sa_handler = SIG_DFL }, NULL);
}

static bool cpu_copy(void *to, const void *from, size_t bytes)
{
	struct sigaction action = {
		.sa_sigaction = on_fault,
		.sa_flags = SA_SIGINFO | SA_NODEFER,
	};

	if (sigsetjmp(no_access, 0))
		return false;
	CHECK(sigaction(SIGSEGV, &action, NULL) == 0);
	memcpy(to, from, bytes);
	return true;
}

bool cpu_read(void *to, const uint8_t *from, size_t bytes)
{
	return cpu_copy(to, from, bytes);
}

bool cpu_write(uint8_t *to, const void *from, size_t bytes)
{
	return cpu_copy(to, from, bytes);
}

static bool page_agrees(struct world *world, uint32_t page)
{
	uint8_t expected[PAGE];
	bool reached = cpu_read(world->scratch, ARENA + page * PAGE, PAGE);

	if (reached != (model_reach(&world->model, page * PAGE, PAGE, false) == PAGE))
		return false;
	if (!reached || !model_in_common(&world->model, page))
		return true;
	model_read(&world->model, page * PAGE, PAGE, expected);
	return !memcmp(expected, world->scratch, PAGE);
}

bool world_memory_agrees(struct world *world)
{
	uint32_t page;

	for (page = 0; page < ARENA_PAGES && page_agrees(world, page); page++)
		;
	return page == ARENA_PAGES;
}

static void read_by_cpu(struct world *world, const struct operation *op)
{
	uint32_t reach = model_reach(&world->model, op->at, op->bytes, false);
	uint8_t expected[ARENA_BYTES];

	if (cpu_read(world->scratch, ARENA + op->at, op->bytes) != (reach == op->bytes))
		disagree(world, reach == op->bytes ? "it cannot" : "it can",
			 "whether the CPU can read");
	if (reach < op->bytes)
		return;
	model_read(&world->model, op->at, op->bytes, expected);
	if (memcmp(expected, world->scratch, op->bytes))
		disagree(world, "they differ", "bytes that the CPU reads");
}

/* A write that faults in the middle leaves what came before it: how much is the C library's affair. */
static void write_by_cpu(struct world *world, const struct operation *op)
{
	uint32_t reach = model_reach(&world->model, op->at, op->bytes, true);
	uint8_t byte = op->value;

	memset(world->scratch, op->value, op->bytes);
	if (reach && !cpu_write(ARENA + op->at, world->scratch, reach))
		disagree(world, "it cannot", "whether the CPU can write");
	model_write(&world->model, op->at, reach, world->scratch);
	if (reach < op->bytes && cpu_write(ARENA + op->at + reach, &byte, 1))
		disagree(world, "it can", "whether the CPU can write");
}

static const int prots[] = { PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE };

static int map(const struct operation *op)
{
	int flags = MAP_ANONYMOUS | MAP_FIXED | (op->shared ? MAP_SHARED : MAP_PRIVATE);

	return mmap(ARENA + op->first * PAGE, op->pages * PAGE, prots[op->prot], flags, -1, 0) ==
	       MAP_FAILED ? -errno : 0;
}

static int open_file(struct world *world, const struct operation *op)
{
	int fd = __mempinfd(op->cloexec ? MEMPINFD_CLOEXEC : 0);

	if (fd < 0)
		return fd;
	world->fds[world->model.open[op->file]] = fd;
	return 0;
}

static int or_errno(int ret)
{
	return ret < 0 ? -errno : ret;
}

static int close_file(struct world *world, unsigned int object)
{
	int fd = world->fds[object];

	world->fds[object] = -1;
	return or_errno(close(fd));
}

/* The model has taken its step already, but for @object, which is gone from it after a close. */
static int call(struct world *world, const struct operation *op, unsigned int object)
{
	uint8_t *start = ARENA + op->first * PAGE;
	size_t length = op->pages * PAGE;

	switch (op->kind) {
	case OP_MAP:
		return map(op);
	case OP_UNMAP:
		return or_errno(munmap(start, length));
	case OP_PROTECT:
		return or_errno(mprotect(start, length, prots[op->prot]));
	case OP_DISCARD:
		return or_errno(madvise(start, length, MADV_DONTNEED));
	case OP_RECLAIM:
		return or_errno(madvise(start, length, MADV_PAGEOUT));
	case OP_OPEN:
		return open_file(world, op);
	case OP_CLOSE:
		return close_file(world, object);
	case OP_PIN:
		return __pin(world->fds[object], ARENA + op->at, op->bytes, op->flags,
			     &world->ids[op->pin]);
	case OP_UNPIN:
		return __unpin(world->fds[world->model.pins[op->pin].file], world->ids[op->pin]);
	default:
		CHECK(false, "%s is no system call", operation_name(op->kind));
	}
}

static void compare_call(struct world *world, const struct operation *op)
{
	unsigned int object = world->model.open[op->file];
	int expected = model_apply(&world->model, op);
	int got = call(world, op, object);
	char detail[sizeof(world->finding->detail)];

	snprintf(detail, sizeof(detail), "%s in the model, %s in the kernel", strerror(-expected),
		 strerror(-got));
	if (got != expected)
		disagree(world, detail, "result of %s", operation_name(op->kind));
}

static void perform(struct world *world, const struct operation *op)
{
	switch (op->kind) {
	case OP_READ:
		return read_by_cpu(world, op);
	case OP_WRITE:
		return write_by_cpu(world, op);
	case OP_FILL:
	case OP_COPY:
	case OP_CHECKSUM:
	case OP_COMPARE:
	case OP_FETCH_ADD:
	case OP_COMPARE_SWAP:
	case OP_TOUCH:
	case OP_SCATTER:
		return device_perform(world, op);
	default:
		if (op->kind >= OP_FORK)
			return children_perform(world, op);
		return compare_call(world, op);
	}
}

void world_perform(struct world *world, const struct operation *op)
{
	if (!model_applies(&world->model, op))
		return;
	perform(world, op);
	check_charge(world, op);
	world->finding->performed++;
}
