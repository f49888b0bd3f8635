// SPDX-License-Identifier: MIT
/*
 * Two NUMA nodes: neither the kernel by itself nor the process on request moves a pinned
 * page to the other one, and the device that uses it does not stall meanwhile. Each test
 * has a twin, the same memory without a pin, to show that the event took place.
 */
#include <linux/mempolicy.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>

#include "harness.h"

#include "buffer.h"
#include "mempin.h"
#include "node.h"
#include "proc.h"
#include "testdev.h"

#define BALANCING	"/proc/sys/kernel/numa_balancing"
#define HERE		0	/* where the pages are */
#define THERE		1	/* where they should go */

FIXTURE(numa) {
	struct testdev dev;
	struct buffer held;
	struct buffer twin;
	uint64_t *frames;
	int fd;
};

FIXTURE_VARIANT(numa) {
	enum buffer_kind kind;
	size_t length;
};

FIXTURE_VARIANT_ADD(numa, anon) { .kind = BUFFER_ANON, .length = 16 * PAGE };
FIXTURE_VARIANT_ADD(numa, thp) { .kind = BUFFER_THP, .length = HUGE_PAGE };
FIXTURE_VARIANT_ADD(numa, shmem) { .kind = BUFFER_SHMEM, .length = 16 * PAGE };

static int node_of(void *addr)
{
	int status = -1;

	CHECK(syscall(SYS_move_pages, 0, 1, &addr, NULL, &status, 0) == 0);
	return status;
}

FIXTURE_SETUP(numa)
{
	SKIP_WITHOUT_MEMPINFD();
	if (!two_nodes())
		SKIP(return, "this machine has one NUMA node (boot with numa=fake=2)");
	testdev_open(&self->dev);
	buffer_map(&self->held, variant->kind, variant->length);
	buffer_map(&self->twin, variant->kind, variant->length);
	allocate_on(HERE);
	paint(self->held.data, self->held.length, 1);
	paint(self->twin.data, self->twin.length, 2);
	allocate_on(-1);
	ASSERT_EQ(HERE, node_of(self->held.data));
	ASSERT_EQ(HERE, node_of(self->twin.data));
	self->fd = mempinfd(MEMPINFD_CLOEXEC);
	pin(self->fd, self->held.data, self->held.length, PIN_W);
	self->frames = calloc(self->held.length / PAGE, sizeof(*self->frames));
	ASSERT_NE(NULL, self->frames);
	record_frames(&self->held, self->frames);
}

FIXTURE_TEARDOWN(numa)
{
	write_text(BALANCING, "0");
	close(self->fd);
	testdev_close(&self->dev);
	buffer_unmap(&self->held);
	buffer_unmap(&self->twin);
	free(self->frames);
}

/* The device rewrites the pinned pages again and again until end_dma(). */
static uint32_t begin_dma(struct testdev *dev, struct buffer *buf)
{
	struct testdev_counters before = testdev_counters(dev);
	uint32_t sequence;

	sequence = testdev_submit(dev, &(struct dma_testdev_desc) {
		.op = DMA_TESTDEV_TOUCH,
		.flags = DMA_TESTDEV_F_LOOP | DMA_TESTDEV_F_WRITE,
		.dst = (uintptr_t)buf->data,
		.length = buf->length,
	});
	while (!testdev_counters_since(dev, &before).value[DMA_TESTDEV_BYTES_WRITTEN])
		CHECK(!testdev_done(dev, sequence));
	return sequence;
}

static struct dma_testdev_cpl end_dma(struct testdev *dev, uint32_t sequence)
{
	testdev_write(dev, DMA_TESTDEV_DB_CONTROL, DMA_TESTDEV_CONTROL_STOP_LOOP);
	return testdev_wait(dev, sequence);
}

TEST_F(numa, move_pages)
{
	uint32_t sequence = begin_dma(&self->dev, &self->held);
	struct dma_testdev_cpl cpl;

	ASSERT_EQ(THERE, move_to_node(&self->twin, THERE));
	ASSERT_EQ(THERE, node_of(self->twin.data));
	for (int round = 0; round < 20; round++) {
		ASSERT_NE(THERE, move_to_node(&self->held, THERE));
	}
	cpl = end_dma(&self->dev, sequence);
	ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
	ASSERT_EQ(0, cpl.stalls);
	ASSERT_EQ(0, moved_frames(&self->held, self->frames));
	ASSERT_EQ(self->held.length, painted(self->held.data, self->held.length, 1));
	ASSERT_EQ(self->twin.length, painted(self->twin.data, self->twin.length, 2));
}

static int bind_there(struct buffer *buf)
{
	unsigned long nodes = 1ul << THERE;

	return syscall(SYS_mbind, buf->data, buf->length, MPOL_BIND, &nodes, 8,
		       MPOL_MF_MOVE | MPOL_MF_STRICT) < 0 ? -errno : 0;
}

TEST_F(numa, mbind)
{
	uint32_t sequence = begin_dma(&self->dev, &self->held);
	struct dma_testdev_cpl cpl;

	ASSERT_EQ(0, bind_there(&self->twin));
	ASSERT_EQ(THERE, node_of(self->twin.data));
	/* Strict: the caller is told that pages stayed behind. */
	ASSERT_EQ(-EIO, bind_there(&self->held));
	cpl = end_dma(&self->dev, sequence);
	ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
	ASSERT_EQ(0, cpl.stalls);
	ASSERT_EQ(HERE, node_of(self->held.data));
	ASSERT_EQ(0, moved_frames(&self->held, self->frames));
	ASSERT_EQ(self->held.length, painted(self->held.data, self->held.length, 1));
}

/* Balancing works on behalf of tasks that run, each second of their own time. */
static void use_cpu(void)
{
	for (volatile unsigned int i = 0; i < 1000000; i++)
		;
}

/* Balancing unmaps pages to learn who uses them; to the device each is a fault. */
TEST_F(numa, balancing)
{
	time_t end = time(NULL) + wait_seconds();
	struct dma_testdev_cpl cpl;
	unsigned int hints = 0;

	add_idle_thread();
	write_text(BALANCING, "1");
	while (hints < 2 && time(NULL) < end) {
		use_cpu();
		cpl = testdev_touch(&self->dev, self->held.data, self->held.length,
				    DMA_TESTDEV_F_WRITE);
		ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
		ASSERT_EQ(0, cpl.stalls);
		cpl = testdev_touch(&self->dev, self->twin.data, self->twin.length, 0);
		ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
		hints += cpl.stalls > 0;
	}
	ASSERT_EQ(2, hints);
	cpl = testdev_touch(&self->dev, self->held.data, self->held.length, DMA_TESTDEV_F_WRITE);
	ASSERT_EQ(0, cpl.stalls);
	ASSERT_EQ(0, moved_frames(&self->held, self->frames));
	ASSERT_EQ(self->held.length, painted(self->held.data, self->held.length, 1));
}

TEST_MAIN
