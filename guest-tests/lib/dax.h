/* SPDX-License-Identifier: MIT */
/*
 * A file system on persistent memory, whose files are mapped without the page cache (DAX).
 */
#ifndef PINLAB_DAX_H
#define PINLAB_DAX_H

/* Makes and mounts one; returns 0, or -ENODEV if machine or kernel have no persistent memory. */
int dax_mount(void);
void dax_unmount(void);
/* A new file of one page on it; asserts that it is mapped without the page cache. */
int dax_file(void);

#endif
