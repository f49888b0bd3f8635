// SPDX-License-Identifier: MIT
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
