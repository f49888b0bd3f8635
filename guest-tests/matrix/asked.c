// SPDX-License-Identifier: MIT
/*
 * The process gives its pages up, or changes what may be done to them.
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "matrix.h"
#include "newer.h"
#include "proc.h"
#include "uffd.h"

static void dontneed(struct cell *cell)
{
	advise(cell, MADV_DONTNEED);
}

static void free_lazily(struct cell *cell)
{
	drain_lists();
	advise(cell, MADV_FREE);
	drain_lists();
}

static bool twin_is_lazy(struct cell *cell)
{
	return smaps_kib(cell->twin.data, "LazyFree") > 0;
}

static bool refused;

/* Both ways, with a look at the twin in between. */
static void forbid_and_allow(struct cell *cell)
{
	struct buffer *both[] = { &cell->object, &cell->twin };

	for (int i = 0; i < 2; i++)
		CHECK(mprotect(both[i]->data, both[i]->length, PROT_READ) == 0);
	refused = twin_stalled(cell);
	for (int i = 0; i < 2; i++)
		CHECK(mprotect(both[i]->data, both[i]->length, PROT_READ | PROT_WRITE) == 0);
}

static bool twin_was_refused(struct cell *cell)
{
	(void)cell;
	return refused;
}

static void map_anew(struct buffer *buf)
{
	int huge = buf->page == HUGE_PAGE ? MAP_HUGETLB : 0;

	CHECK(munmap(buf->data, buf->length) == 0);
	CHECK(mmap(buf->data, buf->length, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | huge, -1, 0) == buf->data);
	if (!huge)
		CHECK(madvise(buf->data, buf->length, MADV_NOHUGEPAGE) == 0);
}

static void unmap_and_map(struct cell *cell)
{
	map_anew(&cell->object);
	map_anew(&cell->twin);
}

static void move_mapping(struct buffer *buf)
{
	struct buffer place;

	buffer_map(&place, buf->page == HUGE_PAGE ? BUFFER_HUGETLB : BUFFER_ANON, buf->length);
	CHECK(mremap(buf->data, buf->length, buf->length, MREMAP_MAYMOVE | MREMAP_FIXED,
		     place.data) == place.data);
	*buf = place;
}

static uint8_t *twin_before;

static void remap(struct cell *cell)
{
	twin_before = cell->twin.data;
	move_mapping(&cell->object);
	move_mapping(&cell->twin);
}

static bool twin_left(struct cell *cell)
{
	return cell->twin.data != twin_before && !present_pages(twin_before, cell->twin.length);
}

static void truncate_file(struct cell *cell)
{
	struct buffer *both[] = { &cell->object, &cell->twin };

	for (int i = 0; i < 2; i++) {
		CHECK(ftruncate(both[i]->fd, 0) == 0);
		CHECK(ftruncate(both[i]->fd, both[i]->length) == 0);
	}
}

static void punch(struct cell *cell)
{
	struct buffer *both[] = { &cell->object, &cell->twin };

	for (int i = 0; i < 2; i++)
		CHECK(fallocate(both[i]->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
				both[i]->length) == 0);
}

static int object_uffd, twin_uffd;

static void watch_both(struct cell *cell)
{
	object_uffd = __watch_writes(&cell->object);
	twin_uffd = __watch_writes(&cell->twin);
	if (object_uffd < 0)
		cell->unsuited = "this kernel does not write-protect hugetlb pages by userfaultfd";
}

static void protect_and_not(struct cell *cell)
{
	protect_writes(object_uffd, &cell->object, true);
	protect_writes(twin_uffd, &cell->twin, true);
	refused = twin_stalled(cell);
	protect_writes(object_uffd, &cell->object, false);
	protect_writes(twin_uffd, &cell->twin, false);
}

static const char *no_write_protection(void)
{
	int uffd = __uffd(UFFD_FEATURE_PAGEFAULT_FLAG_WP);

	if (uffd < 0)
		return "arm64 has no userfaultfd write protection in this kernel";
	close(uffd);
	return NULL;
}

const struct event asked_events[] = {
	{ .name = "MADV_DONTNEED", .cause = PROCESS, .after = ZERO, .happen = dontneed,
	  .happened = twin_stalled },
	{ .name = "MADV_FREE", .cause = PROCESS, .after = PAINTED_OR_ZERO, .happen = free_lazily,
	  .happened = twin_is_lazy },
	{ .name = "mprotect to read-only and back", .cause = PROCESS, .happen = forbid_and_allow,
	  .happened = twin_was_refused },
	{ .name = "munmap and mmap", .cause = PROCESS, .after = ZERO, .happen = unmap_and_map,
	  .happened = twin_stalled },
	{ .name = "mremap", .cause = PROCESS, .happen = remap, .happened = twin_left },
	{ .name = "ftruncate", .cause = PROCESS, .backing = BACKING_MEMFD, .after = ZERO,
	  .happen = truncate_file, .happened = twin_stalled },
	{ .name = "punch hole", .cause = PROCESS, .backing = BACKING_MEMFD, .after = ZERO,
	  .happen = punch, .happened = twin_stalled },
	{ .name = "userfaultfd write protection", .cause = PROCESS,
	  .missing = no_write_protection, .arrange = watch_both, .happen = protect_and_not,
	  .happened = twin_was_refused },
	{ 0 },
};
