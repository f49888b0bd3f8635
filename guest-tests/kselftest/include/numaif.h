/* SPDX-License-Identifier: MIT */
#ifndef PINLAB_NUMAIF_H
#define PINLAB_NUMAIF_H

#include <sys/syscall.h>
#include <unistd.h>

#ifndef MPOL_MF_MOVE_ALL
#define MPOL_MF_MOVE_ALL	(1 << 2)
#endif

static inline long move_pages(int pid, unsigned long count, void **pages, const int *nodes,
			      int *status, int flags)
{
	return syscall(SYS_move_pages, pid, count, pages, nodes, status, flags);
}

#endif
