// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "dma-testdev-regs.h"
#include "registers.h"

#define RESOURCES	"/sys/bus/pci/devices/0000:00:01.0/"

static volatile uint8_t *map_resource(const char *path, size_t offset, size_t bytes)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	void *mapped;

	CHECK(fd >= 0, "%s", path);
	mapped = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, offset);
	CHECK(mapped != MAP_FAILED, "%s", path);
	close(fd);
	return mapped;
}

volatile uint8_t *map_control(void)
{
	return map_resource(RESOURCES "resource0", 0, CONTROL_BYTES);
}

uint32_t control_read(volatile uint8_t *control, unsigned int reg)
{
	return *(volatile uint32_t *)(control + reg);
}

volatile uint8_t *map_doorbell(unsigned int queue)
{
	return map_resource(RESOURCES "resource2", queue * DMA_TESTDEV_DB_PAGE_SIZE,
			    DMA_TESTDEV_DB_PAGE_SIZE);
}
