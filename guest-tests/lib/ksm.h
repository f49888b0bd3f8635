/* SPDX-License-Identifier: MIT */
/*
 * KSM makes one page of many with the same contents. Needs root.
 */
#ifndef PINLAB_KSM_H
#define PINLAB_KSM_H

#include "buffer.h"

/* A number: whole rounds, in each of which all advised memory was looked at. */
#define KSM_ROUNDS	"/sys/kernel/mm/ksm/full_scans"

/* Looks at memory with MADV_MERGEABLE, as fast as it can. */
void ksm_start(void);
/* What was merged stays so. */
void ksm_stop(void);
/* Stops too, and gives every page back to its owner. */
void ksm_undo(void);

/* Pages of the buffer that share the frame of its first. */
size_t merged_pages(const struct buffer *buf);

#endif
