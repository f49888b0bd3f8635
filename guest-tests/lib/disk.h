/* SPDX-License-Identifier: MIT */
/*
 * Disks made of memory: for swap, and for files whose changes the kernel tracks.
 */
#ifndef PINLAB_DISK_H
#define PINLAB_DISK_H

#include <stddef.h>

struct disk {
	unsigned int index;
	char path[32];
};

/* A new zram disk of @bytes, all zero. */
void disk_create(struct disk *disk, size_t bytes);
void disk_remove(struct disk *disk);

/* Uses the disk as swap, until swap_off() brings everything back. */
void swap_on(struct disk *disk);
void swap_off(struct disk *disk);

#endif
