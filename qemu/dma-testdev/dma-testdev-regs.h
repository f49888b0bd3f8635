/* SPDX-License-Identifier: MIT */
/*
 * dma-testdev: registers, descriptors and completions.
 *
 * The one definition that the device model, the kernel driver and the guest
 * programs share. Prose, reset values and limitations: docs/dma-testdev.md.
 * All fields are little-endian.
 */
#ifndef DMA_TESTDEV_REGS_H
#define DMA_TESTDEV_REGS_H

#ifdef __KERNEL__
#include <linux/types.h>
#else
#include <stdint.h>
#endif

/* The PCI vendor id range that QEMU's own devices use; id is ours. */
#define DMA_TESTDEV_VENDOR_ID		0x1b36
#define DMA_TESTDEV_DEVICE_ID		0x01d7

#define DMA_TESTDEV_BAR_CONTROL		0
#define DMA_TESTDEV_BAR_DOORBELL	2
#define DMA_TESTDEV_BAR_MSIX		4

#define DMA_TESTDEV_MAX_QUEUES		256
#define DMA_TESTDEV_RING_LOG2_MAX	12

/* BAR 0, privileged: only the driver maps it. */
#define DMA_TESTDEV_ID			0x000	/* RO, DMA_TESTDEV_ID_MAGIC */
#define DMA_TESTDEV_ID_MAGIC		0x56445444
#define DMA_TESTDEV_VERSION		0x004	/* RO, major << 16 | minor */
#define DMA_TESTDEV_VERSION_1_0		0x00010000
#define DMA_TESTDEV_OPS			0x008	/* RO, bit n: operation n exists */
#define DMA_TESTDEV_QUEUES		0x00c	/* RO */
#define DMA_TESTDEV_PASID_BITS		0x010	/* RO */
#define DMA_TESTDEV_RESET		0x014	/* WO, 1: stop every queue, clear all state */
#define DMA_TESTDEV_SNAPSHOT		0x018	/* WO, 1: latch the device counters */
#define DMA_TESTDEV_COUNTERS		0x100	/* RO, uint64_t[DMA_TESTDEV_NR_COUNTERS] */

/* BAR 0, one block a queue. */
#define DMA_TESTDEV_QUEUE(n)		(0x1000 + (n) * 0x40)
#define DMA_TESTDEV_QUEUE_PASID		0x00	/* bits 19:0, and the flags below */
#define DMA_TESTDEV_QUEUE_PASID_VALID	(1u << 31)	/* clear: no PASID prefix */
#define DMA_TESTDEV_QUEUE_PASID_PRIV	(1u << 30)	/* privileged mode requested */
#define DMA_TESTDEV_QUEUE_PASID_EXEC	(1u << 29)	/* reads request execution */
#define DMA_TESTDEV_QUEUE_ENABLE	0x04	/* 0 stops: no DMA after the write returns */
#define DMA_TESTDEV_QUEUE_STATE		0x08	/* RO, as DMA_TESTDEV_DB_STATE */
#define DMA_TESTDEV_QUEUE_VECTOR	0x0c	/* MSI-X vector, or _NONE */
#define DMA_TESTDEV_QUEUE_VECTOR_NONE	0xffffffffu

/* BAR 2, one page a queue, mapped into the process that owns the queue. */
#define DMA_TESTDEV_DB_PAGE_SIZE	0x1000
#define DMA_TESTDEV_DB_SQ_BASE		0x00	/* 64 bit, VA of the descriptors */
#define DMA_TESTDEV_DB_CQ_BASE		0x08	/* 64 bit, VA of the completions */
#define DMA_TESTDEV_DB_RING_LOG2	0x10	/* entries = 1 << n, both rings */
#define DMA_TESTDEV_DB_TAIL		0x14	/* free-running producer count; the doorbell */
#define DMA_TESTDEV_DB_HEAD		0x18	/* RO, free-running count of completions */
#define DMA_TESTDEV_DB_STATE		0x1c	/* RO, enum dma_testdev_state | error << 8 */
#define DMA_TESTDEV_DB_CONTROL		0x20	/* WO, DMA_TESTDEV_CONTROL_* */
#define DMA_TESTDEV_CONTROL_RESET	(1u << 0)	/* drop all work, head = tail = 0 */
#define DMA_TESTDEV_CONTROL_STOP_LOOP	(1u << 1)	/* end LOOP descriptors after this pass */
#define DMA_TESTDEV_DB_SNAPSHOT		0x24	/* WO, 1: latch this queue's counters */
#define DMA_TESTDEV_DB_ERROR_VA		0x28	/* RO, 64 bit, what put the queue in ERROR */
#define DMA_TESTDEV_DB_COUNTERS		0x100	/* RO, uint64_t[DMA_TESTDEV_NR_COUNTERS] */

enum dma_testdev_state {
	DMA_TESTDEV_STOPPED,	/* not enabled by the driver */
	DMA_TESTDEV_IDLE,
	DMA_TESTDEV_BUSY,
	DMA_TESTDEV_STALLED,	/* a transaction waits for CMD_RESUME */
	DMA_TESTDEV_ERROR,	/* rings unusable until CONTROL_RESET */
};

/* Bits 15:8 of STATE while the state is DMA_TESTDEV_ERROR. */
enum dma_testdev_queue_error {
	DMA_TESTDEV_ERROR_NONE,
	DMA_TESTDEV_ERROR_SQ_ABORT,	/* the descriptor could not be read */
	DMA_TESTDEV_ERROR_CQ_ABORT,	/* the completion could not be written */
	DMA_TESTDEV_ERROR_RING,		/* base misaligned, size or tail out of range */
};

/* Counters: one set a device, one a queue, in this order. */
enum dma_testdev_counter {
	DMA_TESTDEV_DESCRIPTORS,	/* descriptors completed, whatever the status */
	DMA_TESTDEV_TRANSACTIONS,	/* payload DMA: one a page, direction and pass */
	DMA_TESTDEV_TRANSLATIONS,	/* payload translations that succeeded */
	DMA_TESTDEV_STALLS,		/* payload transactions that stalled */
	DMA_TESTDEV_RETRIES,		/* stalled payload transactions resumed with retry */
	DMA_TESTDEV_ABORTS,		/* payload transactions that were aborted */
	DMA_TESTDEV_RING_STALLS,	/* stalls of descriptor and completion access */
	DMA_TESTDEV_RING_ABORTS,
	DMA_TESTDEV_BYTES_READ,		/* payload */
	DMA_TESTDEV_BYTES_WRITTEN,
	DMA_TESTDEV_STALL_NS,		/* virtual clock, summed over payload stalls */
	DMA_TESTDEV_WRONG_BYTES,	/* found by COMPARE and by verifying LOOPs */
	DMA_TESTDEV_NR_COUNTERS,
};

enum dma_testdev_op {
	DMA_TESTDEV_NOP,
	DMA_TESTDEV_COPY,	/* src to dst; overlap behaves as memcpy, not memmove */
	DMA_TESTDEV_FILL,	/* dst = the low byte of operand, repeated */
	DMA_TESTDEV_COMPARE,	/* src with dst; result = offset of the first difference */
	DMA_TESTDEV_CHECKSUM,	/* result = CRC-32C of src */
	DMA_TESTDEV_FETCH_ADD,	/* 8 bytes at dst, naturally aligned; result = old value */
	DMA_TESTDEV_COMPARE_SWAP, /* operand = expected, operand2 = new; result = old value */
	DMA_TESTDEV_TOUCH,	/* read (or, with F_WRITE, rewrite) one byte of every page of dst */
	DMA_TESTDEV_NR_OPS,
};

/* dma_testdev_desc.flags */
#define DMA_TESTDEV_F_IRQ	(1u << 0)	/* MSI-X when complete */
#define DMA_TESTDEV_F_LOOP	(1u << 1)	/* repeat until STOP_LOOP; statuses add up */
#define DMA_TESTDEV_F_WRITE	(1u << 2)	/* TOUCH: store as well */
#define DMA_TESTDEV_F_SG	(1u << 3)	/* src and dst name dma_testdev_sge[operand2] */
#define DMA_TESTDEV_F_ALL	0xfu

struct dma_testdev_desc {
	uint16_t op;		/* enum dma_testdev_op */
	uint16_t flags;
	uint32_t reserved0;	/* zero */
	uint64_t tag;		/* returned in the completion */
	uint64_t src;		/* VA */
	uint64_t dst;		/* VA */
	uint64_t length;	/* bytes, 1 to DMA_TESTDEV_LENGTH_MAX */
	uint64_t operand;
	uint64_t operand2;
	uint64_t reserved1;	/* zero */
};
#define DMA_TESTDEV_LENGTH_MAX	(1ull << 32)

/* Scatter-gather element, an array of them in user memory. */
struct dma_testdev_sge {
	uint64_t va;
	uint64_t length;
};

enum dma_testdev_status {
	DMA_TESTDEV_PENDING,		/* never written by the device */
	DMA_TESTDEV_OK,
	DMA_TESTDEV_MISMATCH,		/* COMPARE found a difference */
	DMA_TESTDEV_BAD_OP,
	DMA_TESTDEV_BAD_FLAGS,		/* unknown flag, or not for this operation */
	DMA_TESTDEV_BAD_LENGTH,		/* 0, or above LENGTH_MAX, or wraps */
	DMA_TESTDEV_BAD_ALIGNMENT,	/* atomic not naturally aligned */
	DMA_TESTDEV_BAD_RESERVED,	/* a reserved field is not zero */
	DMA_TESTDEV_READ_ABORT,		/* the SMMU aborted a payload read */
	DMA_TESTDEV_WRITE_ABORT,	/* the SMMU aborted a payload write */
	DMA_TESTDEV_SG_ABORT,		/* the SMMU aborted the read of a list */
	DMA_TESTDEV_BUS_ERROR,		/* translated, but nothing answered at the PA */
	DMA_TESTDEV_NR_STATUSES,
};

struct dma_testdev_cpl {
	uint64_t tag;
	uint32_t status;	/* enum dma_testdev_status */
	uint32_t stalls;	/* payload stalls this descriptor took */
	uint64_t bytes_done;	/* payload bytes that arrived before the end */
	uint64_t fault_va;	/* payload VA that was aborted, else 0 */
	uint64_t result;
	uint64_t stall_ns;	/* virtual clock, from stall to resume, summed */
	uint32_t translations;	/* payload translations that succeeded */
	uint32_t passes;	/* LOOP: passes made; else 1 */
	uint32_t wrong_bytes;
	uint32_t sequence;	/* 1 + index of the descriptor; written last */
};

#endif
