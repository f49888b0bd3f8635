/* SPDX-License-Identifier: MIT */
/*
 * What the kernel says about this process and about itself.
 */
#ifndef PINLAB_PROC_H
#define PINLAB_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

/* A field of /proc/self/status, in KiB. */
uint64_t status_kib(const char *field);
/* VmPin in pages. */
uint64_t pinned_pages(void);
/* A field of the mapping that holds @addr in /proc/self/smaps, in KiB. */
uint64_t smaps_kib(const void *addr, const char *field);
/* A line of /proc/meminfo, in KiB. */
uint64_t meminfo_kib(const char *field);
/* Makes every CPU give up the counts, and the free pages, that it keeps to itself. */
void refresh_vmstat(void);
/* A line of /proc/vmstat, up to date on every CPU. Needs root. */
uint64_t vmstat(const char *name);
/* Pages that are pinned in the whole system, each as often as it is pinned. */
uint64_t pins_held(void);
/* Interrupts so far, on all CPUs, of the line in /proc/interrupts that ends in @name. */
uint64_t interrupts(const char *name);
/* Bytes that an object of a slab cache takes with what debugging adds, or 0 where that is not told. */
uint64_t slab_object_size(const char *cache);
/* The page frame behind @addr, or 0 if it is not present. Needs CAP_SYS_ADMIN. */
uint64_t page_frame(const void *addr);
/* Pages of [@addr, @addr + @len) that have a page frame of their own. */
size_t present_pages(const void *addr, size_t len);

/* Writes @text to a file of procfs or sysfs; returns 0 or -errno. */
int __write_text(const char *path, const char *text);
void write_text(const char *path, const char *text);
uint64_t read_number(const char *path);
/* The one in brackets of the words in a file, each of which may be written to it. */
void read_choice(const char *path, char *choice, size_t size);
/*
 * Waits for two whole rounds of what counts them in a file, as KSM: in the second it has looked at
 * all there is now. Returns whether they were over before time(NULL) was @end.
 */
bool two_rounds_pass(const char *rounds, time_t end);

#endif
