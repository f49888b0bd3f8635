/* SPDX-License-Identifier: MIT */
/*
 * What the kernel's own selftests use of libnuma, on the system calls that they
 * mean: no such library for the guest is needed to build them.
 */
#ifndef PINLAB_NUMA_H
#define PINLAB_NUMA_H

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

struct bitmask {
	int nodes;
};

/* Nodes are numbered from 0 on, without gaps. */
static struct bitmask numa_all_nodes;
static struct bitmask *const numa_all_nodes_ptr __attribute__((unused)) = &numa_all_nodes;

static inline int numa_available(void)
{
	char path[64];

	for (numa_all_nodes.nodes = 0;; numa_all_nodes.nodes++) {
		snprintf(path, sizeof(path), "/sys/devices/system/node/node%d",
			 numa_all_nodes.nodes);
		if (access(path, F_OK))
			return numa_all_nodes.nodes ? 0 : -1;
	}
}

static inline int numa_num_task_cpus(void)
{
	return sysconf(_SC_NPROCESSORS_ONLN);
}

static inline int numa_max_possible_node(void)
{
	return numa_all_nodes.nodes;
}

static inline int numa_bitmask_isbitset(const struct bitmask *mask, unsigned int node)
{
	return node < (unsigned int)mask->nodes;
}

#endif
