// SPDX-License-Identifier: MIT
#include <dirent.h>
#include <stdio.h>
#include <sys/mman.h>

#include "check.h"
#include "cma_area.h"
#include "node.h"
#include "proc.h"

#define AREAS	"/sys/kernel/debug/cma"

uint64_t cma_area_number(const struct cma_area *area, const char *name)
{
	char path[320];

	snprintf(path, sizeof(path), "%s/%s", area->path, name);
	return read_number(path);
}

int __cma_area_write(const struct cma_area *area, const char *name, uint64_t value)
{
	char path[320], text[32];

	snprintf(path, sizeof(path), "%s/%s", area->path, name);
	snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
	return __write_text(path, text);
}

bool cma_area_find(struct cma_area *area)
{
	DIR *directory = opendir(AREAS);
	struct dirent *entry;

	if (!directory)
		return false;
	while ((entry = readdir(directory)) && entry->d_name[0] == '.')
		;
	if (entry)
		snprintf(area->path, sizeof(area->path), AREAS "/%s", entry->d_name);
	closedir(directory);
	if (!entry)
		return false;
	area->first = cma_area_number(area, "base_pfn");
	area->count = cma_area_number(area, "count");
	return true;
}

bool cma_area_has(const struct cma_area *area, uint64_t frame)
{
	return frame >= area->first && frame - area->first < area->count;
}

/* The node whose memory the areas are part of, by the zone that counts their pages. */
static int node_of_areas(void)
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

/* Touches the next @step bytes of @buf, and returns them. */
static uint8_t *use_memory(struct buffer *buf, size_t *offset, size_t step)
{
	uint8_t *page = buf->data + *offset;

	CHECK(*offset < buf->length);
	if (*offset % HUGE_PAGE == 0)
		CHECK(meminfo_kib("MemAvailable") > 16 * 1024, "nothing of the area was lent");
	*page = 1;
	*offset += step;
	return page;
}

void borrow_begin(struct cma_borrower *borrower, const struct cma_area *area)
{
	size_t all = meminfo_kib("MemTotal") * 1024 & -HUGE_PAGE, filled = 0;

	borrower->area = area;
	borrower->offset = 0;
	buffer_map(&borrower->filler, BUFFER_THP, all);
	buffer_map(&borrower->pool, BUFFER_ANON, all);
	allocate_on(node_of_areas());
	while (!cma_area_has(area, page_frame(use_memory(&borrower->filler, &filled, HUGE_PAGE))))
		;
}

/* Lists of free pages that each CPU keeps are used up first: nothing says when the area's turn is. */
void borrow_page(struct cma_borrower *borrower, uint8_t *place)
{
	uint8_t *page;

	do
		page = use_memory(&borrower->pool, &borrower->offset, PAGE);
	while (!cma_area_has(borrower->area, page_frame(page)));
	CHECK(mremap(page, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, place) == place);
}

void borrow_end(struct cma_borrower *borrower)
{
	buffer_unmap(&borrower->pool);
	buffer_unmap(&borrower->filler);
	allocate_on(-1);
}
