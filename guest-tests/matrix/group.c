// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "matrix.h"
#include "proc.h"

#define ROOT	"/tmp/matrix-groups"

void mount_groups(void)
{
	CHECK(mkdir(ROOT, 0755) == 0);
	CHECK(mount("none", ROOT, "cgroup2", 0, NULL) == 0);
	write_text(ROOT "/cgroup.subtree_control", "+memory");
}

static void name_group(char *path, size_t size, pid_t pid)
{
	snprintf(path, size, ROOT "/%d", pid);
}

void enter_group(struct cell *cell)
{
	name_group(cell->group, sizeof(cell->group), getpid());
	CHECK(mkdir(cell->group, 0755) == 0);
	CHECK(__group_write(cell, "cgroup.procs", "0") == 0);
}

/* Changes after which a reader of the statistics gets them anew: MEMCG_CHARGE_BATCH, on each CPU. */
#define FEW_CHANGES	64

/*
 * Whether reclaim looks for old pages among those in use, it decides by statistics that are up to
 * two seconds old, unless somebody has read them after many changes: so many are made here.
 */
void renew_statistics(struct cell *cell)
{
	size_t length = 4 * FEW_CHANGES * sysconf(_SC_NPROCESSORS_ONLN) * PAGE;
	struct buffer pages;
	char path[128], first;
	int file;

	buffer_map(&pages, BUFFER_ANON, length);
	memset(pages.data, 1, pages.length);
	buffer_unmap(&pages);
	snprintf(path, sizeof(path), "%s/memory.stat", cell->group);
	file = open(path, O_RDONLY | O_CLOEXEC);
	CHECK(file >= 0);
	CHECK(read(file, &first, sizeof(first)) == sizeof(first));
	close(file);
}

int __group_write(struct cell *cell, const char *file, const char *text)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", cell->group, file);
	return __write_text(path, text);
}

void leave_group(pid_t pid)
{
	char path[64];

	name_group(path, sizeof(path), pid);
	rmdir(path);
}
