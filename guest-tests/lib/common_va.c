// SPDX-License-Identifier: MIT
#include <sys/mman.h>

#include "check.h"
#include "common_va.h"
#include "mempin.h"
#include "pasid.h"
#include "testdev.h"

void map_common(void)
{
	CHECK(mmap(COMMON_VA, COMMON_LENGTH, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == COMMON_VA);
}

void pin_common(void)
{
	pin(mempinfd(MEMPINFD_CLOEXEC), COMMON_VA, COMMON_LENGTH, PIN_W);
}

static void find_nothing(struct testdev *dev)
{
	struct dma_testdev_cpl cpl;

	cpl = testdev_checksum(dev, COMMON_VA, COMMON_LENGTH);
	CHECK(cpl.status == DMA_TESTDEV_READ_ABORT);
	CHECK(cpl.bytes_done == 0);
	cpl = testdev_fill(dev, COMMON_VA, COMMON_LENGTH, 0xff);
	CHECK(cpl.status == DMA_TESTDEV_WRITE_ABORT);
}

int find_nothing_common(struct peer *parent, void *arg)
{
	struct testdev dev;

	(void)parent;
	(void)arg;
	testdev_open(&dev);
	find_nothing(&dev);
	testdev_close(&dev);
	return 0;
}

int find_nothing_alone(struct peer *parent, void *arg)
{
	struct testdev dev;

	(void)arg;
	testdev_open(&dev);
	peer_send(parent, pasid_in_use());
	find_nothing(&dev);
	testdev_close(&dev);
	return 0;
}
