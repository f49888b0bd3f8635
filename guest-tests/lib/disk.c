// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/swap.h>
#include <unistd.h>

#include "check.h"
#include "disk.h"
#include "proc.h"

#define PAGE_BYTES	4096
#define SWAP_MAGIC	"SWAPSPACE2"

/* include/linux/swap.h, union swap_header. */
struct swap_info {
	uint32_t version;
	uint32_t last_page;
	uint32_t nr_badpages;
};
#define SWAP_INFO_OFFSET	1024

void disk_create(struct disk *disk, size_t bytes)
{
	char attribute[64], text[32];

	/* Reading it makes a disk. */
	disk->index = read_number("/sys/class/zram-control/hot_add");
	snprintf(disk->path, sizeof(disk->path), "/dev/zram%u", disk->index);
	snprintf(attribute, sizeof(attribute), "/sys/block/zram%u/disksize", disk->index);
	snprintf(text, sizeof(text), "%zu", bytes);
	write_text(attribute, text);
}

void disk_remove(struct disk *disk)
{
	char text[32];

	snprintf(text, sizeof(text), "%u", disk->index);
	write_text("/sys/class/zram-control/hot_remove", text);
}

void swap_on(struct disk *disk)
{
	uint8_t header[PAGE_BYTES] = { 0 };
	int fd = open(disk->path, O_RDWR | O_CLOEXEC);
	struct swap_info info = { .version = 1 };
	off_t size;

	CHECK(fd >= 0);
	size = lseek(fd, 0, SEEK_END);
	CHECK(size > PAGE_BYTES);
	info.last_page = size / PAGE_BYTES - 1;
	memcpy(header + SWAP_INFO_OFFSET, &info, sizeof(info));
	memcpy(header + PAGE_BYTES - strlen(SWAP_MAGIC), SWAP_MAGIC, strlen(SWAP_MAGIC));
	CHECK(pwrite(fd, header, PAGE_BYTES, 0) == PAGE_BYTES);
	CHECK(fsync(fd) == 0);
	close(fd);
	CHECK(swapon(disk->path, 0) == 0);
}

void swap_off(struct disk *disk)
{
	CHECK(swapoff(disk->path) == 0);
}
