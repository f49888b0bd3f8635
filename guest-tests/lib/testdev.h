/* SPDX-License-Identifier: MIT */
/*
 * A queue of the DMA test device, driven from user space: /dev/dma_testdev-0 is
 * a uacce device, so opening it binds this process's address space to a PASID.
 */
#ifndef PINLAB_TESTDEV_H
#define PINLAB_TESTDEV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dma-testdev-regs.h"

#define TESTDEV_PATH		"/dev/dma_testdev-0"
#define TESTDEV_RING_LOG2	6
#define TESTDEV_RING_ENTRIES	(1u << TESTDEV_RING_LOG2)

/* One open queue. Its rings are populated, and absent from forked children. */
struct testdev {
	int fd;
	volatile uint8_t *doorbell;
	struct dma_testdev_desc *sq;
	struct dma_testdev_cpl *cq;
	uint32_t tail;		/* free-running, as the device's */
};

struct testdev_counters {
	uint64_t value[DMA_TESTDEV_NR_COUNTERS];
};

/* Opens and starts a queue; returns 0 or -errno. */
int __testdev_open(struct testdev *dev);
void testdev_open(struct testdev *dev);
/* Stops the queue: no DMA of it happens after this returns. */
void testdev_close(struct testdev *dev);

/* Queues that nobody has open. */
uint64_t testdev_available(void);
/*
 * Waits until as many are available; returns whether they are. An I/O page fault that is
 * being handled keeps the address space of a dead process, and with it the mapped queue,
 * for a little longer.
 */
bool testdev_given_back(uint64_t available);

/* Returns the queue to the state after testdev_open(): all work is dropped. */
void testdev_reset(struct testdev *dev);

uint32_t testdev_read(struct testdev *dev, unsigned int reg);
uint64_t testdev_read64(struct testdev *dev, unsigned int reg);
void testdev_write(struct testdev *dev, unsigned int reg, uint32_t value);
void testdev_write64(struct testdev *dev, unsigned int reg, uint64_t value);

/* The queue's counters, all taken at one moment. */
struct testdev_counters testdev_counters(struct testdev *dev);
/* What happened on the queue since @before. */
struct testdev_counters testdev_counters_since(struct testdev *dev,
					       const struct testdev_counters *before);

/* Places a descriptor in the ring and tells the device; returns its sequence number. */
uint32_t testdev_submit(struct testdev *dev, const struct dma_testdev_desc *desc);
/* Places a descriptor in the ring, to be seen with the next testdev_ring(). */
uint32_t testdev_queue(struct testdev *dev, const struct dma_testdev_desc *desc);
void testdev_ring(struct testdev *dev);
bool testdev_done(struct testdev *dev, uint32_t sequence);
/* Waits until a running loop has made at least @count more transactions; asserts that it goes on. */
void testdev_await_transactions(struct testdev *dev, uint32_t sequence, uint64_t count);
/* Waits for a completion; asserts that it arrives and carries the tag of its descriptor. */
struct dma_testdev_cpl testdev_wait(struct testdev *dev, uint32_t sequence);

/*
 * Submits and waits. Asserts that the device really did it: that its own
 * counters moved by this descriptor and, if it succeeded, by its bytes.
 */
struct dma_testdev_cpl testdev_run(struct testdev *dev, const struct dma_testdev_desc *desc);

struct dma_testdev_cpl testdev_copy(struct testdev *dev, void *dst, const void *src, size_t len);
struct dma_testdev_cpl testdev_fill(struct testdev *dev, void *dst, size_t len, uint8_t byte);
struct dma_testdev_cpl testdev_compare(struct testdev *dev, const void *dst, const void *src,
				       size_t len);
struct dma_testdev_cpl testdev_checksum(struct testdev *dev, const void *src, size_t len);
/* Reads one byte of every page, or rewrites it with DMA_TESTDEV_F_WRITE in @flags. */
struct dma_testdev_cpl testdev_touch(struct testdev *dev, const void *dst, size_t len,
				     unsigned int flags);

#endif
