/* SPDX-License-Identifier: MIT */
/*
 * khugepaged looks for memory that could be mapped by huge pages. Needs root.
 */
#ifndef PINLAB_KHUGEPAGED_H
#define PINLAB_KHUGEPAGED_H

/* A number: whole rounds, in each of which all advised memory was looked at. */
#define KHUGEPAGED_ROUNDS	"/sys/kernel/mm/transparent_hugepage/khugepaged/full_scans"

/* Looks at memory with MADV_HUGEPAGE, as fast as it can. */
void khugepaged_start(void);
/* So rarely that no test sees it. */
void khugepaged_stop(void);

#endif
