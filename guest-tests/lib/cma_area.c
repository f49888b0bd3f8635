// SPDX-License-Identifier: MIT
#include <dirent.h>
#include <stdio.h>

#include "check.h"
#include "cma_area.h"
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

void use_memory_until_lent(const struct cma_area *area, struct buffer *filler)
{
	buffer_map(filler, BUFFER_THP, meminfo_kib("MemTotal") * 1024 & -HUGE_PAGE);
	for (size_t offset = 0; offset < filler->length; offset += HUGE_PAGE) {
		CHECK(meminfo_kib("MemAvailable") > 16 * 1024, "nothing of the area was lent");
		filler->data[offset] = 1;
		if (cma_area_has(area, page_frame(filler->data + offset)))
			return;
	}
}
