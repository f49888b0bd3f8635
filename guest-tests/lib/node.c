// SPDX-License-Identifier: MIT
#include <errno.h>
#include <linux/mempolicy.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "check.h"
#include "node.h"

bool two_nodes(void)
{
	return access("/sys/devices/system/node/node1", F_OK) == 0;
}

void allocate_on(int node)
{
	unsigned long nodes = node < 0 ? 0 : 1ul << node;

	CHECK(syscall(SYS_set_mempolicy, nodes ? MPOL_BIND : MPOL_DEFAULT, nodes ? &nodes : NULL,
		      nodes ? 8 : 0) == 0);
}

int move_to_node(const struct buffer *buf, int node)
{
	size_t count = buf->length / buf->page;
	int nodes[count], status[count];
	void *pages[count];

	for (size_t i = 0; i < count; i++) {
		pages[i] = buf->data + i * buf->page;
		nodes[i] = node;
		status[i] = -1;
	}
	if (syscall(SYS_move_pages, 0, count, pages, nodes, status, MPOL_MF_MOVE) < 0)
		return -errno;
	return status[0];
}

static void *wait_for_nothing(void *arg)
{
	(void)arg;
	for (;;)
		pause();
	return NULL;
}

void add_idle_thread(void)
{
	pthread_t thread;

	CHECK(pthread_create(&thread, NULL, wait_for_nothing, NULL) == 0);
}
