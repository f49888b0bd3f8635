// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <misc/uacce/uacce.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "limit.h"
#include "proc.h"
#include "testdev.h"

#define RING_BYTES	(TESTDEV_RING_ENTRIES * sizeof(struct dma_testdev_desc))

/* Memory written by the CPU is visible to the device before the doorbell is. */
static void write_barrier(void)
{
#ifdef __aarch64__
	__asm__ volatile("dmb oshst" ::: "memory");
#else
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
#endif
}

uint32_t testdev_read(struct testdev *dev, unsigned int reg)
{
	return *(volatile uint32_t *)(dev->doorbell + reg);
}

uint64_t testdev_read64(struct testdev *dev, unsigned int reg)
{
	return *(volatile uint64_t *)(dev->doorbell + reg);
}

void testdev_write(struct testdev *dev, unsigned int reg, uint32_t value)
{
	*(volatile uint32_t *)(dev->doorbell + reg) = value;
}

void testdev_write64(struct testdev *dev, unsigned int reg, uint64_t value)
{
	*(volatile uint64_t *)(dev->doorbell + reg) = value;
}

static void *map_ring(void)
{
	void *ring = mmap(NULL, RING_BYTES, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(ring != MAP_FAILED);
	/* Copy-on-write after a fork would make the rings themselves stall. */
	CHECK(madvise(ring, RING_BYTES, MADV_DONTFORK) == 0);
	memset(ring, 0, RING_BYTES);
	return ring;
}

uint64_t testdev_available(void)
{
	return read_number("/sys/class/uacce/dma_testdev-0/available_instances");
}

bool testdev_given_back(uint64_t available)
{
	time_t end = time(NULL) + wait_seconds();

	while (testdev_available() != available && time(NULL) < end)
		sched_yield();
	return testdev_available() == available;
}

void testdev_reset(struct testdev *dev)
{
	testdev_write(dev, DMA_TESTDEV_DB_CONTROL, DMA_TESTDEV_CONTROL_RESET);
	memset(dev->sq, 0, RING_BYTES);
	memset(dev->cq, 0, RING_BYTES);
	dev->tail = 0;
	write_barrier();
	testdev_write64(dev, DMA_TESTDEV_DB_SQ_BASE, (uintptr_t)dev->sq);
	testdev_write64(dev, DMA_TESTDEV_DB_CQ_BASE, (uintptr_t)dev->cq);
	testdev_write(dev, DMA_TESTDEV_DB_RING_LOG2, TESTDEV_RING_LOG2);
}

int __testdev_open(struct testdev *dev)
{
	void *doorbell;
	int error;

	dev->fd = open(TESTDEV_PATH, O_RDWR | O_CLOEXEC);
	if (dev->fd < 0)
		return -errno;
	doorbell = mmap(NULL, DMA_TESTDEV_DB_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
			dev->fd, 0);
	if (doorbell == MAP_FAILED)
		goto err_close;
	dev->doorbell = doorbell;
	if (ioctl(dev->fd, UACCE_CMD_START_Q) < 0)
		goto err_unmap;

	dev->sq = map_ring();
	dev->cq = map_ring();
	testdev_reset(dev);
	return 0;

err_unmap:
	error = errno;
	munmap(doorbell, DMA_TESTDEV_DB_PAGE_SIZE);
	errno = error;
err_close:
	error = errno;
	close(dev->fd);
	return -error;
}

void testdev_open(struct testdev *dev)
{
	int ret = __testdev_open(dev);

	CHECK(ret == 0, "open %s: %s", TESTDEV_PATH, strerror(-ret));
}

void testdev_close(struct testdev *dev)
{
	CHECK(munmap((void *)dev->doorbell, DMA_TESTDEV_DB_PAGE_SIZE) == 0);
	CHECK(close(dev->fd) == 0);
	CHECK(munmap(dev->sq, RING_BYTES) == 0);
	CHECK(munmap(dev->cq, RING_BYTES) == 0);
}

struct testdev_counters testdev_counters(struct testdev *dev)
{
	struct testdev_counters counters;

	testdev_write(dev, DMA_TESTDEV_DB_SNAPSHOT, 1);
	for (unsigned int i = 0; i < DMA_TESTDEV_NR_COUNTERS; i++)
		counters.value[i] = testdev_read64(dev, DMA_TESTDEV_DB_COUNTERS + 8 * i);
	return counters;
}

struct testdev_counters testdev_counters_since(struct testdev *dev,
					       const struct testdev_counters *before)
{
	struct testdev_counters now = testdev_counters(dev);

	for (unsigned int i = 0; i < DMA_TESTDEV_NR_COUNTERS; i++)
		now.value[i] -= before->value[i];
	return now;
}

uint32_t testdev_queue(struct testdev *dev, const struct dma_testdev_desc *desc)
{
	unsigned int slot = dev->tail % TESTDEV_RING_ENTRIES;

	dev->sq[slot] = *desc;
	dev->cq[slot].sequence = 0;
	return ++dev->tail;
}

void testdev_ring(struct testdev *dev)
{
	write_barrier();
	testdev_write(dev, DMA_TESTDEV_DB_TAIL, dev->tail);
}

uint32_t testdev_submit(struct testdev *dev, const struct dma_testdev_desc *desc)
{
	uint32_t sequence = testdev_queue(dev, desc);

	testdev_ring(dev);
	return sequence;
}

bool testdev_done(struct testdev *dev, uint32_t sequence)
{
	struct dma_testdev_cpl *cpl = &dev->cq[(sequence - 1) % TESTDEV_RING_ENTRIES];

	return __atomic_load_n(&cpl->sequence, __ATOMIC_ACQUIRE) == sequence;
}

void testdev_await_transactions(struct testdev *dev, uint32_t sequence, uint64_t count)
{
	struct testdev_counters before = testdev_counters(dev);

	while (testdev_counters_since(dev, &before).value[DMA_TESTDEV_TRANSACTIONS] < count)
		CHECK(!testdev_done(dev, sequence));
}

static time_t seconds(void)
{
	struct timespec now;

	CHECK(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
	return now.tv_sec;
}

struct dma_testdev_cpl testdev_wait(struct testdev *dev, uint32_t sequence)
{
	time_t start = seconds();
	unsigned int slot = (sequence - 1) % TESTDEV_RING_ENTRIES;

	while (!testdev_done(dev, sequence)) {
		uint32_t state = testdev_read(dev, DMA_TESTDEV_DB_STATE);

		CHECK((state & 0xff) != DMA_TESTDEV_ERROR && (state & 0xff) != DMA_TESTDEV_STOPPED,
		      "awaiting completion %u: queue state %#x, error va %#llx", sequence, state,
		      (unsigned long long)testdev_read64(dev, DMA_TESTDEV_DB_ERROR_VA));
		CHECK(seconds() - start <= wait_seconds(),
		      "awaiting completion %u for %d s: queue state %#x, head %u, tail %u",
		      sequence, wait_seconds(), state,
		      testdev_read(dev, DMA_TESTDEV_DB_HEAD), dev->tail);
		sched_yield();
	}
	CHECK(dev->cq[slot].tag == dev->sq[slot].tag);
	CHECK(dev->cq[slot].status != DMA_TESTDEV_PENDING);
	return dev->cq[slot];
}

struct dma_testdev_cpl testdev_run(struct testdev *dev, const struct dma_testdev_desc *desc)
{
	struct testdev_counters before = testdev_counters(dev);
	struct dma_testdev_cpl cpl = testdev_wait(dev, testdev_submit(dev, desc));
	struct testdev_counters moved = testdev_counters_since(dev, &before);
	uint64_t bytes = moved.value[DMA_TESTDEV_BYTES_READ] +
			 moved.value[DMA_TESTDEV_BYTES_WRITTEN];

	CHECK(moved.value[DMA_TESTDEV_DESCRIPTORS] == 1);
	CHECK(moved.value[DMA_TESTDEV_STALLS] == cpl.stalls);
	CHECK(moved.value[DMA_TESTDEV_TRANSLATIONS] == cpl.translations);
	if (desc->op != DMA_TESTDEV_NOP && cpl.status == DMA_TESTDEV_OK)
		CHECK(bytes >= cpl.bytes_done && cpl.bytes_done > 0 &&
		      moved.value[DMA_TESTDEV_TRANSACTIONS] > 0);
	return cpl;
}

static uint64_t next_tag(void)
{
	static uint64_t tag = 0x7461673000000000;

	return ++tag;
}

struct dma_testdev_cpl testdev_copy(struct testdev *dev, void *dst, const void *src, size_t len)
{
	return testdev_run(dev, &(struct dma_testdev_desc) {
		.op = DMA_TESTDEV_COPY,
		.tag = next_tag(),
		.src = (uintptr_t)src,
		.dst = (uintptr_t)dst,
		.length = len,
	});
}

struct dma_testdev_cpl testdev_fill(struct testdev *dev, void *dst, size_t len, uint8_t byte)
{
	return testdev_run(dev, &(struct dma_testdev_desc) {
		.op = DMA_TESTDEV_FILL,
		.tag = next_tag(),
		.dst = (uintptr_t)dst,
		.length = len,
		.operand = byte,
	});
}

struct dma_testdev_cpl testdev_compare(struct testdev *dev, const void *dst, const void *src,
				       size_t len)
{
	return testdev_run(dev, &(struct dma_testdev_desc) {
		.op = DMA_TESTDEV_COMPARE,
		.tag = next_tag(),
		.src = (uintptr_t)src,
		.dst = (uintptr_t)dst,
		.length = len,
	});
}

struct dma_testdev_cpl testdev_checksum(struct testdev *dev, const void *src, size_t len)
{
	return testdev_run(dev, &(struct dma_testdev_desc) {
		.op = DMA_TESTDEV_CHECKSUM,
		.tag = next_tag(),
		.src = (uintptr_t)src,
		.length = len,
	});
}

struct dma_testdev_cpl testdev_touch(struct testdev *dev, const void *dst, size_t len,
				     unsigned int flags)
{
	return testdev_run(dev, &(struct dma_testdev_desc) {
		.op = DMA_TESTDEV_TOUCH,
		.flags = flags,
		.tag = next_tag(),
		.dst = (uintptr_t)dst,
		.length = len,
	});
}
