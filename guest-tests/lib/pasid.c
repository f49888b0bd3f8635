// SPDX-License-Identifier: MIT
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "cpus.h"
#include "dma-testdev-regs.h"
#include "pasid.h"
#include "registers.h"

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

void pasids_settle(void)
{
	usleep(50000);
	visit_cpus();
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
