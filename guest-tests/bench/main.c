// SPDX-License-Identifier: MIT
/*
 * Counts what holding memory costs. Runs as the first and only process of a guest: no
 * other can disturb the figures, and every boot does the same.
 */
#include <stdio.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <unistd.h>

#include "buffer.h"
#include "check.h"
#include "disk.h"
#include "holders.h"
#include "measure.h"
#include "mempin.h"

#define MIB		((size_t)1 << 20)
#define LARGEST		(64 * MIB)
#define ROUNDS		5
/* A fork needs more of them until one finds every allocation at hand. */
#define BYSTANDER_ROUNDS	20
#define MOST_RANGES	100000

struct backing {
	const char *name;
	enum buffer_kind kind;
};

static const struct backing backings[] = {
	{ "anon", BUFFER_ANON },	{ "thp", BUFFER_THP },	    { "hugetlb", BUFFER_HUGETLB },
	{ "shmem", BUFFER_SHMEM },	{ "memfd", BUFFER_MEMFD },
};
#define NR_BACKINGS	(sizeof(backings) / sizeof(backings[0]))

static const size_t lengths[] = { PAGE, 64 << 10, 2 * MIB, LARGEST };
#define NR_LENGTHS	(sizeof(lengths) / sizeof(lengths[0]))

static bool is_huge(enum buffer_kind kind)
{
	return kind == BUFFER_THP || kind == BUFFER_HUGETLB;
}

static bool is_reclaimed(enum buffer_kind kind)
{
	return kind != BUFFER_HUGETLB;
}

static void touch(struct buffer *buf)
{
	for (size_t offset = 0; offset < buf->length; offset += buf->page)
		*(volatile uint8_t *)(buf->data + offset) = 1;
}

struct cost {
	uint64_t hold, release;
};

static void hold_once(const struct holder *holder, struct buffer *buf, struct cost *least)
{
	uint64_t start = instructions();

	holder->do_hold(buf);
	keep_least(&least->hold, start);
	start = instructions();
	holder->do_release(buf);
	keep_least(&least->release, start);
}

static void print_cost(const struct holder *holder, const struct backing *backing,
		       const char *state, size_t length, const struct cost *least)
{
	print_figure(holder->hold, backing->name, state, length, least->hold);
	if (holder->release)
		print_figure(holder->release, backing->name, state, length, least->release);
}

static void count_present(const struct holder *holder, const struct backing *backing,
			  size_t length)
{
	struct cost least = { NOTHING_YET, NOTHING_YET };
	struct buffer buf;

	buffer_map(&buf, backing->kind, length);
	touch(&buf);
	for (int round = 0; round < ROUNDS; round++)
		hold_once(holder, &buf, &least);
	buffer_unmap(&buf);
	print_cost(holder, backing, "present", length, &least);
}

static void count_first_touch(const struct holder *holder, const struct backing *backing,
			      size_t length)
{
	struct cost least = { NOTHING_YET, NOTHING_YET };

	for (int round = 0; round < ROUNDS; round++) {
		struct buffer buf;

		buffer_map(&buf, backing->kind, length);
		hold_once(holder, &buf, &least);
		buffer_unmap(&buf);
	}
	print_cost(holder, backing, "first touch", length, &least);
}

static void count_holder(const struct holder *holder)
{
	for (size_t kind = 0; kind < NR_BACKINGS; kind++)
		for (size_t i = 0; i < NR_LENGTHS; i++) {
			if (is_huge(backings[kind].kind) && lengths[i] < HUGE_PAGE)
				continue;
			count_present(holder, &backings[kind], lengths[i]);
			count_first_touch(holder, &backings[kind], lengths[i]);
		}
}

/* One more pin of a page in a file that holds very many. */
static void count_ranges(void)
{
	struct buffer buf;
	int fd = mempinfd(MEMPINFD_CLOEXEC);
	size_t ranges = 0;

	buffer_map(&buf, BUFFER_ANON, 64 * PAGE);
	touch(&buf);
	for (size_t wanted = 1; wanted <= MOST_RANGES; wanted *= 10) {
		struct cost least = { NOTHING_YET, NOTHING_YET };

		for (; ranges + 1 < wanted; ranges++)
			pin(fd, buf.data + ranges % 64 * PAGE, PAGE, PIN_W);
		for (int round = 0; round < ROUNDS; round++) {
			uint64_t id, start = instructions();

			id = pin(fd, buf.data, PAGE, PIN_W);
			keep_least(&least.hold, start);
			start = instructions();
			unpin(fd, id);
			keep_least(&least.release, start);
		}
		print_figure("PIN", "anon", "one of so many ranges", wanted, least.hold);
		print_figure("UNPIN", "anon", "one of so many ranges", wanted, least.release);
	}
	close(fd);
	buffer_unmap(&buf);
}

static uint64_t fork_once(void)
{
	uint64_t least = NOTHING_YET, start = instructions();
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	keep_least(&least, start);
	CHECK(pid > 0);
	CHECK(waitpid(pid, NULL, 0) == pid);
	return least;
}

/* What a process pays that has never heard of pins. */
static void count_bystander(const struct backing *backing)
{
	uint64_t least_fork = NOTHING_YET, least_unmap = NOTHING_YET, least_reclaim = NOTHING_YET;

	for (int round = 0; round < BYSTANDER_ROUNDS; round++) {
		uint64_t start, cost;
		struct buffer buf;

		buffer_map(&buf, backing->kind, 2 * MIB);
		touch(&buf);
		cost = fork_once();
		least_fork = cost < least_fork ? cost : least_fork;
		if (is_reclaimed(backing->kind)) {
			start = instructions();
			CHECK(madvise(buf.data, buf.length, MADV_PAGEOUT) == 0);
			keep_least(&least_reclaim, start);
			touch(&buf);
		}
		start = instructions();
		CHECK(munmap(buf.data, buf.length) == 0);
		keep_least(&least_unmap, start);
		buffer_unmap(&buf);
	}
	print_figure("fork", backing->name, "never pinned", 2 * MIB, least_fork);
	print_figure("munmap", backing->name, "never pinned", 2 * MIB, least_unmap);
	if (is_reclaimed(backing->kind))
		print_figure("reclaim", backing->name, "never pinned", 2 * MIB, least_reclaim);
}

static void prepare_guest(void)
{
	struct disk swap;

	CHECK(mount("proc", "/proc", "proc", 0, NULL) == 0);
	CHECK(mount("sysfs", "/sys", "sysfs", 0, NULL) == 0);
	CHECK(mount("debugfs", "/sys/kernel/debug", "debugfs", 0, NULL) == 0);
	CHECK(mount("devtmpfs", "/dev", "devtmpfs", 0, NULL) == 0);
	CHECK(__hugetlb_reserve(LARGEST / HUGE_PAGE) == 0);
	disk_create(&swap, 64 * MIB);
	swap_on(&swap);
}

int main(void)
{
	static char output[1 << 20];

	/* Printed at the very end: the console's interrupts must not be counted. */
	setvbuf(stdout, output, _IOFBF, sizeof(output));
	prepare_guest();
	for (unsigned int i = 0; i < nr_holders; i++)
		if (holders[i].open())
			count_holder(&holders[i]);
	if (mempinfd_exists())
		count_ranges();
	for (size_t kind = 0; kind < NR_BACKINGS; kind++)
		count_bystander(&backings[kind]);
	printf("end of figures\n");
	fflush(stdout);
	reboot(RB_POWER_OFF);
}
