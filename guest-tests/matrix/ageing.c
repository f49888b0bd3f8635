// SPDX-License-Identifier: MIT
/*
 * Somebody wants to know which pages are in use, and clears the marks of use.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "matrix.h"
#include "newer.h"
#include "proc.h"

#define IDLE_BITMAP	"/sys/kernel/mm/page_idle/bitmap"
#define LRU_GEN		"/sys/kernel/mm/lru_gen/enabled"
#define LRU_GEN_COMMAND	"/sys/kernel/debug/lru_gen"

/* Eight bytes of the bitmap, for 64 frames, are read and written at once. */
static bool is_idle(int bitmap, uint64_t frame)
{
	uint64_t bits;

	CHECK(pread(bitmap, &bits, sizeof(bits), frame / 64 * 8) == sizeof(bits));
	return bits >> frame % 64 & 1;
}

static void mark_idle(int bitmap, const uint64_t *frames, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint64_t bit = 1ull << frames[i] % 64;

		CHECK(pwrite(bitmap, &bit, sizeof(bit), frames[i] / 64 * 8) == sizeof(bit));
	}
}

static bool idle;

static void track_idle(struct cell *cell)
{
	int bitmap = open(IDLE_BITMAP, O_RDWR | O_CLOEXEC);

	CHECK(bitmap >= 0);
	drain_lists();
	mark_idle(bitmap, cell->object_frames, cell->object.length / PAGE);
	mark_idle(bitmap, cell->twin_frames, cell->twin.length / PAGE);
	idle = is_idle(bitmap, cell->twin_frames[0]);
	close(bitmap);
}

static bool twin_was_idle(struct cell *cell)
{
	(void)cell;
	return idle;
}

static uint64_t referenced_before, referenced_after;

static void clear_refs(struct cell *cell)
{
	referenced_before = smaps_kib(cell->twin.data, "Referenced");
	write_text("/proc/self/clear_refs", "1");
	referenced_after = smaps_kib(cell->twin.data, "Referenced");
}

static void cool_down(struct cell *cell)
{
	referenced_before = smaps_kib(cell->twin.data, "Referenced");
	advise(cell, MADV_COLD);
	referenced_after = smaps_kib(cell->twin.data, "Referenced");
}

static bool twin_was_aged(struct cell *cell)
{
	(void)cell;
	return referenced_after < referenced_before;
}

/* A cgroup as debugfs lists it, and its generations on one node. */
struct generations {
	unsigned int group;
	unsigned long oldest[2], newest[2];
};

static void read_generations(struct cell *cell, struct generations *found)
{
	FILE *file = fopen(LRU_GEN_COMMAND, "r");
	const char *name = strrchr(cell->group, '/');
	bool inside = false;
	char line[256], path[128];
	unsigned int id, node = 0;
	unsigned long generation;

	CHECK(file);
	*found = (struct generations) { 0 };
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "memcg %u %127s", &id, path) == 2) {
			inside = !strcmp(path, name);
			found->group = inside ? id : found->group;
		} else if (sscanf(line, " node %u", &node) == 1) {
			CHECK(node < 2);
			found->oldest[node] = inside ? 0 : found->oldest[node];
		} else if (inside && sscanf(line, "%lu", &generation) == 1) {
			found->oldest[node] = found->oldest[node] ?: generation;
			found->newest[node] = generation;
		}
	}
	fclose(file);
	CHECK(found->group, "%s in " LRU_GEN_COMMAND, name);
}

static void command(char what, unsigned int group, unsigned int node, unsigned long generation)
{
	char text[96];

	snprintf(text, sizeof(text), "%c %u %u %lu 200 1", what, group, node, generation);
	__write_text(LRU_GEN_COMMAND, text);
}

static void use_generations(struct cell *cell)
{
	write_text(LRU_GEN, "7");
	enter_group(cell);
}

/* Two new generations, and the older ones are looked through: what is in use stays. */
static void age(struct cell *cell)
{
	struct generations found;

	drain_lists();
	referenced_before = smaps_kib(cell->twin.data, "Referenced");
	for (unsigned int node = 0; node < 2; node++) {
		for (int i = 0; i < 2; i++) {
			read_generations(cell, &found);
			command('+', found.group, node, found.newest[node]);
		}
		read_generations(cell, &found);
		if (found.newest[node] >= 2)
			command('-', found.group, node, found.newest[node] - 2);
	}
	referenced_after = smaps_kib(cell->twin.data, "Referenced");
	write_text(LRU_GEN, "0");
}

static const char *no_generations(void)
{
	return access(LRU_GEN, F_OK) < 0 ? "the kernel has no MGLRU" : NULL;
}

const struct event ageing_events[] = {
	{ .name = "idle page tracking", .cause = KERNEL, .happen = track_idle,
	  .happened = twin_was_idle },
	{ .name = "MGLRU ageing", .cause = KERNEL, .missing = no_generations,
	  .prepare = use_generations, .happen = age, .happened = twin_was_aged },
	{ .name = "MADV_COLD", .cause = PROCESS, .happen = cool_down, .happened = twin_was_aged },
	{ .name = "clear_refs", .cause = PROCESS, .happen = clear_refs, .happened = twin_was_aged },
	{ 0 },
};
