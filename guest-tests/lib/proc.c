// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "proc.h"

/* Admin-guide/mm/pagemap: bit 63 present, bits 54:0 the frame. */
#define PAGEMAP_PRESENT	(1ull << 63)
#define PAGEMAP_FRAME	((1ull << 55) - 1)

static bool field_value(const char *line, const char *field, uint64_t *value)
{
	size_t length = strlen(field);

	return !strncmp(line, field, length) && line[length] == ':' &&
	       sscanf(line + length + 1, "%" SCNu64, value) == 1;
}

static uint64_t file_field(const char *path, const char *field)
{
	FILE *file = fopen(path, "r");
	uint64_t value = 0;
	bool found = false;
	char line[256];

	CHECK(file, "%s", path);
	while (!found && fgets(line, sizeof(line), file))
		found = field_value(line, field, &value);
	fclose(file);
	CHECK(found, "%s in %s", field, path);
	return value;
}

uint64_t status_kib(const char *field)
{
	return file_field("/proc/self/status", field);
}

uint64_t meminfo_kib(const char *field)
{
	return file_field("/proc/meminfo", field);
}

uint64_t pinned_pages(void)
{
	return status_kib("VmPin") * 1024 / getpagesize();
}

uint64_t smaps_kib(const void *addr, const char *field)
{
	FILE *file = fopen("/proc/self/smaps", "r");
	uint64_t start, end, value = 0;
	bool inside = false, found = false;
	char line[512];

	CHECK(file);
	while (!found && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " ", &start, &end) == 2)
			inside = start <= (uintptr_t)addr && (uintptr_t)addr < end;
		else
			found = inside && field_value(line, field, &value);
	}
	fclose(file);
	CHECK(found, "%s of %p in smaps", field, addr);
	return value;
}

void refresh_vmstat(void)
{
	int fd = open("/proc/sys/vm/stat_refresh", O_RDONLY | O_CLOEXEC);
	char byte;

	CHECK(fd >= 0);
	CHECK(read(fd, &byte, 1) >= 0);
	close(fd);
}

uint64_t vmstat(const char *name)
{
	uint64_t value = 0;
	bool found = false;
	char key[128];
	FILE *file;

	refresh_vmstat();
	file = fopen("/proc/vmstat", "r");
	CHECK(file);
	while (!found && fscanf(file, "%127s %" SCNu64, key, &value) == 2)
		found = !strcmp(key, name);
	fclose(file);
	CHECK(found, "%s in /proc/vmstat", name);
	return value;
}

uint64_t pins_held(void)
{
	return vmstat("nr_foll_pin_acquired") - vmstat("nr_foll_pin_released");
}

/* "14:  35081  0  GICv3 106 Edge  arm-smmu-v3-evtq": a count for each CPU. */
static uint64_t sum_counts(char *line)
{
	char *next = strchr(line, ':') + 1;
	uint64_t sum = 0;
	char *end;

	for (;;) {
		sum += strtoull(next, &end, 10);
		if (end == next)
			return sum;
		next = end;
	}
}

uint64_t interrupts(const char *name)
{
	FILE *file = fopen("/proc/interrupts", "r");
	bool found = false;
	uint64_t sum = 0;
	char line[512];

	CHECK(file);
	while (!found && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = 0;
		found = strlen(line) > strlen(name) &&
			!strcmp(line + strlen(line) - strlen(name), name);
		if (found)
			sum = sum_counts(line);
	}
	fclose(file);
	CHECK(found, "%s in /proc/interrupts", name);
	return sum;
}

static uint64_t pagemap_entry(int fd, uintptr_t addr)
{
	uint64_t entry;

	CHECK(pread(fd, &entry, sizeof(entry), addr / getpagesize() * sizeof(entry)) ==
	      sizeof(entry));
	return entry & PAGEMAP_PRESENT ? entry & PAGEMAP_FRAME : 0;
}

uint64_t slab_object_size(const char *cache)
{
	FILE *file = fopen("/proc/slabinfo", "r");
	unsigned long long size = 0, found;
	char line[512], name[64];

	/* Name, objects in use, objects, bytes of one: slabinfo(5). */
	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "%63s %*u %*u %llu", name, &found) == 2 && !strcmp(name, cache))
			size = found;
	if (file)
		fclose(file);
	return size;
}

uint64_t page_frame(const void *addr)
{
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	uint64_t frame;

	CHECK(fd >= 0);
	frame = pagemap_entry(fd, (uintptr_t)addr);
	close(fd);
	return frame;
}

size_t present_pages(const void *addr, size_t len)
{
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	size_t count = 0;

	CHECK(fd >= 0);
	for (size_t offset = 0; offset < len; offset += getpagesize())
		count += pagemap_entry(fd, (uintptr_t)addr + offset) != 0;
	close(fd);
	return count;
}

int __write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int ret = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

void write_text(const char *path, const char *text)
{
	int ret = __write_text(path, text);

	CHECK(ret == 0, "write %s to %s: %s", text, path, strerror(-ret));
}

uint64_t read_number(const char *path)
{
	FILE *file = fopen(path, "r");
	uint64_t value;

	CHECK(file, "%s", path);
	CHECK(fscanf(file, "%" SCNu64, &value) == 1, "%s", path);
	fclose(file);
	return value;
}

void read_choice(const char *path, char *choice, size_t size)
{
	FILE *file = fopen(path, "r");
	char word[64];

	CHECK(file, "%s", path);
	do
		CHECK(fscanf(file, "%63s", word) == 1, "no choice in %s", path);
	while (*word != '[');
	fclose(file);
	CHECK(snprintf(choice, size, "%.*s", (int)strlen(word) - 2, word + 1) < (int)size);
}

bool two_rounds_pass(const char *rounds, time_t end)
{
	uint64_t before = read_number(rounds);

	while (read_number(rounds) < before + 2 && time(NULL) < end)
		sched_yield();
	return read_number(rounds) >= before + 2;
}
