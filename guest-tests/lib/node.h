/* SPDX-License-Identifier: MIT */
/*
 * NUMA nodes.
 */
#ifndef PINLAB_NODE_H
#define PINLAB_NODE_H

#include <stdbool.h>

#include "buffer.h"

/* Whether there is a node to move to (numa=fake=2). */
bool two_nodes(void);
/* New allocations of this process come from @node, or wherever the kernel likes with -1. */
void allocate_on(int node);
/* Asks for every page to move, and returns the node of the first then, or -errno if it stayed. */
int move_to_node(const struct buffer *buf, int node);
/* Balancing leaves the pages of a process with one thread alone where that thread runs. */
void add_idle_thread(void);

#endif
