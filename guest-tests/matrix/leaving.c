// SPDX-License-Identifier: MIT
/*
 * The memory itself is needed elsewhere, or goes.
 */
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "cma_area.h"
#include "matrix.h"
#include "node.h"
#include "proc.h"

#define PIECES		32

static struct cma_area area;

static const char *no_area(void)
{
	return cma_area_find(&area) ? NULL : "the machine has no CMA area (cma=64M)";
}

/* The hugetlb pool was filled before, from other memory than is to leave. */
static bool is_elsewhere(struct cell *cell, const char *reason)
{
	if (cell->protection->hugetlb)
		cell->unsuited = reason;
	return cell->protection->hugetlb;
}

/* Object and twin consist of pages of the area. */
static void lend(struct cell *cell)
{
	struct cma_borrower borrower;

	if (is_elsewhere(cell, "no page of the hugetlb pool is in the CMA area"))
		return;
	borrow_begin(&borrower, &area);
	for (size_t i = 0; i < SMALL; i += PAGE) {
		borrow_page(&borrower, cell->object.data + i);
		borrow_page(&borrower, cell->twin.data + i);
	}
	borrow_end(&borrower);
}

/*
 * In pieces, so that what cannot be had does not spoil the rest, and these ever smaller: the last
 * pages of the area are the first that are lent.
 */
static void use_area_once(void)
{
	uint64_t had = 0;

	for (uint64_t piece = area.count / PIECES; piece > 0; piece /= 8)
		while (__cma_area_write(&area, "alloc", piece) == 0)
			had += piece;
	if (had > 0)
		CHECK(__cma_area_write(&area, "free", had) == 0);
}

/* A page that somebody happens to look at stays, and its piece with it. */
static void use_area(struct cell *cell)
{
	long start = time(NULL);

	do
		use_area_once();
	while (!twin_moved(cell) && !too_long(start));
}

#define BLOCKS	"/sys/devices/system/memory"

struct block {
	unsigned long number;
	int node;
};

static struct block spare;

static bool block_is(unsigned long number, const char *state)
{
	char path[96], line[32] = "";
	FILE *file;

	snprintf(path, sizeof(path), BLOCKS "/memory%lu/state", number);
	file = fopen(path, "r");
	CHECK(file);
	CHECK(fgets(line, sizeof(line), file));
	fclose(file);
	return !strncmp(line, state, strlen(state));
}

/* Memory that came after boot is not in use until somebody says so. */
static const char *no_spare_block(void)
{
	DIR *directory = opendir(BLOCKS);
	struct dirent *entry;
	unsigned long number;

	while (!spare.number && directory && (entry = readdir(directory)))
		if (sscanf(entry->d_name, "memory%lu", &number) == 1 &&
		    block_is(number, "offline"))
			spare.number = number;
	if (directory)
		closedir(directory);
	return spare.number ? NULL : "all memory was there at boot, and arm64 keeps that";
}

static int node_of_block(unsigned long number)
{
	char path[96];

	snprintf(path, sizeof(path), BLOCKS "/memory%lu/node1", number);
	return access(path, F_OK) == 0;
}

static int __set_block(const char *state)
{
	char path[96];

	snprintf(path, sizeof(path), BLOCKS "/memory%lu/state", spare.number);
	return __write_text(path, state);
}

/* What is movable is used first, and so the buffers are in the block. */
static void plug(struct cell *cell)
{
	if (is_elsewhere(cell, "no page of the hugetlb pool is in the memory that leaves"))
		return;
	if (block_is(spare.number, "offline"))
		CHECK(__set_block("online_movable") == 0);
	allocate_on(node_of_block(spare.number));
}

static void unplug(struct cell *cell)
{
	(void)cell;
	__set_block("offline");
}

static bool block_has_gone(struct cell *cell)
{
	return block_is(spare.number, "offline") && twin_moved(cell);
}

const struct event leaving_events[] = {
	{ .name = "cma_alloc", .cause = KERNEL, .missing = no_area, .arrange = lend,
	  .happen = use_area, .happened = twin_moved },
	{ .name = "memory hot-unplug", .cause = PROCESS, .missing = no_spare_block,
	  .prepare = plug, .settle = allocate_anywhere, .happen = unplug,
	  .happened = block_has_gone },
	{ 0 },
};
