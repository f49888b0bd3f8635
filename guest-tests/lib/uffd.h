/* SPDX-License-Identifier: MIT */
/*
 * userfaultfd(2): faults in a buffer are told to user space, which then decides, until
 * the file is closed.
 */
#ifndef PINLAB_UFFD_H
#define PINLAB_UFFD_H

#include <stdbool.h>
#include <stdint.h>

#include "buffer.h"

/* A file that is told of nothing yet; -EINVAL where the kernel lacks one of UFFD_FEATURE_*. */
int __uffd(uint64_t features);

/* A file that is told of pages which are not there. */
int watch_missing(const struct buffer *buf, uint64_t features);

/* A file that can protect the buffer from writes, or -errno where it is not memory for that. */
int __watch_writes(const struct buffer *buf);
int watch_writes(const struct buffer *buf);
void protect_writes(int uffd, const struct buffer *buf, bool on);

#endif
