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

/* Of the pages that are in use once the area is lent, one in about twenty is part of it. */
#define POOL		(4096 * PAGE)

#define PIECES		32

static struct cma_area area;

static const char *no_area(void)
{
	return cma_area_find(&area) ? NULL : "the machine has no CMA area (cma=64M)";
}

/* The node whose memory the area is part of, by the zone that counts its pages. */
static int node_of_area(void)
{
	FILE *file = fopen("/proc/zoneinfo", "r");
	unsigned long count = 0;
	char line[256];
	int node = 0;

	CHECK(file);
	while (!count && fgets(line, sizeof(line), file)) {
		sscanf(line, "Node %d,", &node);
		sscanf(line, " cma %lu", &count);
	}
	fclose(file);
	CHECK(count);
	return node;
}

/* Moves the next page of the pool that is of the area, from @offset on, to @place. */
static size_t take_lent_page(struct buffer *pool, size_t offset, uint8_t *place)
{
	for (; offset < pool->length; offset += PAGE) {
		pool->data[offset] = 1;
		if (!cma_area_has(&area, page_frame(pool->data + offset)))
			continue;
		CHECK(mremap(pool->data + offset, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
			     place) == place);
		return offset + PAGE;
	}
	check_failed(__FILE__, __LINE__, "a page of the area", " none in %zu", pool->length);
}

/* Object and twin consist of pages of the area, but for an object of the hugetlb pool. */
static void lend(struct cell *cell)
{
	struct buffer filler, pool;
	size_t offset = 0;

	allocate_on(node_of_area());
	buffer_map(&pool, BUFFER_ANON, POOL);
	use_memory_until_lent(&area, &filler);
	refresh_vmstat();
	for (size_t i = 0; i < SMALL; i += PAGE) {
		if (!cell->protection->hugetlb)
			offset = take_lent_page(&pool, offset, cell->object.data + i);
		offset = take_lent_page(&pool, offset, cell->twin.data + i);
	}
	buffer_unmap(&pool);
	buffer_unmap(&filler);
	allocate_on(-1);
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
	(void)cell;
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
