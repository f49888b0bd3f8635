// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "dma-testdev-regs.h"
#include "pasid.h"

#define CONTROL		"/sys/bus/pci/devices/0000:00:01.0/resource0"
#define CONTROL_BYTES	0x8000

static volatile uint8_t *map_control(void)
{
	int fd = open(CONTROL, O_RDWR | O_CLOEXEC);
	void *control;

	CHECK(fd >= 0, CONTROL);
	control = mmap(NULL, CONTROL_BYTES, PROT_READ, MAP_SHARED, fd, 0);
	CHECK(control != MAP_FAILED, CONTROL);
	close(fd);
	return control;
}

static uint32_t control_read(volatile uint8_t *control, unsigned int reg)
{
	return *(volatile uint32_t *)(control + reg);
}

uint32_t pasid_in_use(void)
{
	volatile uint8_t *control = map_control();
	unsigned int queues = control_read(control, DMA_TESTDEV_QUEUES);
	uint32_t used = 0;

	for (unsigned int i = 0; i < queues; i++) {
		uint32_t pasid = control_read(control, DMA_TESTDEV_QUEUE(i) +
					      DMA_TESTDEV_QUEUE_PASID);

		CHECK(!pasid || !used, "two queues are open");
		used |= pasid;
	}
	CHECK(used & DMA_TESTDEV_QUEUE_PASID_VALID, "no queue is open");
	CHECK(munmap((void *)control, CONTROL_BYTES) == 0);
	return used & ~DMA_TESTDEV_QUEUE_PASID_VALID;
}

static uint64_t bit_of(uint32_t pasid)
{
	CHECK(pasid < 64, "PASID %u", pasid);
	return 1ull << pasid;
}

void pasids_add(struct pasids *had, uint32_t pasid)
{
	had->bits |= bit_of(pasid);
}

bool pasids_have(const struct pasids *had, uint32_t pasid)
{
	return had->bits & bit_of(pasid);
}
