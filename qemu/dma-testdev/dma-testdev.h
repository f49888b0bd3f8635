/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dma-testdev: what the parts of the device model share
 */
#ifndef HW_MISC_DMA_TESTDEV_H
#define HW_MISC_DMA_TESTDEV_H

#include "hw/pci/pci_device.h"
#include "qemu/timer.h"
#include "dma-testdev-regs.h"

#define TYPE_DMA_TESTDEV "dma-testdev"
OBJECT_DECLARE_SIMPLE_TYPE(DmaTestdevState, DMA_TESTDEV)

#define DMA_TESTDEV_PAGE_SIZE 4096

/* How an access of the device to memory went */
typedef enum DmaResult {
    DMA_OK,
    DMA_STALLED,        /* come back when the queue is resumed */
    DMA_AGAIN,          /* come back: the guest should have its turn */
    DMA_ABORTED,
    DMA_BUS_ERROR,
    DMA_HALTED,         /* by the access itself: leave the queue as it is */
} DmaResult;

/* Which counters an access belongs to */
typedef enum DmaKind {
    DMA_RING,           /* descriptors, completions, scatter-gather lists */
    DMA_PAYLOAD,
} DmaKind;

/* Where an operand is: one range, or a list of ranges in memory */
typedef struct DmaCursor {
    uint64_t va;
    uint64_t segment_left;
    uint64_t left;      /* bytes to go, in all segments */
    uint64_t list_va;   /* the next element */
    uint64_t list_left; /* elements; 0 if there is no list */
} DmaCursor;

/* Payload that was read and waits to be used */
typedef struct DmaFifo {
    uint8_t data[2 * DMA_TESTDEV_PAGE_SIZE];
    uint32_t start;
    uint32_t length;
} DmaFifo;

/* What QMP can do to the device, behind the guest's back */
typedef struct DmaInject {
    int64_t queue;              /* the only one affected; -1: every queue */
    int64_t abort_in;           /* abort the n-th payload translation */
    int64_t drop_resumes;       /* ignore the next n resumes */
    int64_t resume_delay_ns;    /* act on a resume only so much later */
    int64_t devfn;              /* be another function; -1: do not */
    int64_t pasid;              /* use another PASID; -1: do not */
} DmaInject;

typedef enum DmaPhase {
    PHASE_FETCH,
    PHASE_EXECUTE,
    PHASE_COMPLETE,
    PHASE_PUBLISH,
} DmaPhase;

typedef struct DmaTestdevQueue {
    DmaTestdevState *dev;
    uint32_t index;

    uint32_t pasid;
    uint32_t vector;
    uint64_t sq_base;
    uint64_t cq_base;
    uint32_t ring_log2;
    uint32_t tail;
    uint32_t head;
    uint32_t state;
    uint32_t error;
    uint64_t error_va;
    uint32_t stop_before; /* LOOP descriptors before this index end */
    uint32_t halts;     /* how often work was dropped, so that it can tell */
    uint64_t counters[DMA_TESTDEV_NR_COUNTERS];
    uint64_t snapshot[DMA_TESTDEV_NR_COUNTERS];

    /* The descriptor under way; all in host byte order */
    uint32_t phase;     /* DmaPhase */
    struct dma_testdev_desc desc;
    struct dma_testdev_cpl cpl;
    DmaCursor src;
    DmaCursor dst;
    DmaFifo src_fifo;
    DmaFifo dst_fifo;
    uint64_t offset;    /* COMPARE: bytes compared in this pass */
    uint32_t crc;

    QEMUTimer *timer;
    uint32_t budget;    /* pages left before the guest has its turn */
    uint64_t cost_ns;   /* time that accesses took and that is yet to pass */

    /* A transaction that the IOMMU holds, or has just let go of */
    IOMMUStall stall;
    uint32_t stall_kind;
    bool stalled;       /* for migration: stall is held by the IOMMU */
    int32_t stall_tag;
    int64_t stall_start_ns;
    bool resumed;
    uint32_t resume_response;
} DmaTestdevQueue;

struct DmaTestdevState {
    PCIDevice parent_obj;

    MemoryRegion control;
    MemoryRegion doorbell;
    uint32_t nr_queues;
    uint32_t pasid_bits;
    bool dma_can_stall;
    uint16_t pasid_cap;
    int64_t latency_ns;         /* of each payload transaction */
    int64_t bytes_per_second;   /* of a queue's payload; 0: no limit */
    DmaInject inject;

    uint64_t counters[DMA_TESTDEV_NR_COUNTERS];
    uint64_t snapshot[DMA_TESTDEV_NR_COUNTERS];
    DmaTestdevQueue *queues;
};

/* dma.c */

/*
 * Access guest memory for @q. [va, va + length) must not cross a page. If the
 * result is DMA_STALLED, the same access must be made again, and nothing else,
 * once the queue runs again. If it is DMA_HALTED, what was accessed has reset
 * the device or unplugged it.
 */
DmaResult dma_testdev_read(DmaTestdevQueue *q, DmaKind kind, uint64_t va,
                           void *buf, uint32_t length);
DmaResult dma_testdev_write(DmaTestdevQueue *q, DmaKind kind, uint64_t va,
                            const void *buf, uint32_t length);
/* Add to, or compare and swap, 8 bytes; or 'or' nothing to one byte */
DmaResult dma_testdev_fetch_add(DmaTestdevQueue *q, uint64_t va,
                                uint64_t operand, uint64_t *old);
DmaResult dma_testdev_compare_swap(DmaTestdevQueue *q, uint64_t va,
                                   uint64_t expected, uint64_t new,
                                   uint64_t *old);
DmaResult dma_testdev_rewrite(DmaTestdevQueue *q, uint64_t va);

/* Forget the transaction of @q that is stalled or was resumed, if any */
void dma_testdev_drop_stall(DmaTestdevQueue *q);
void dma_testdev_init_stall(DmaTestdevQueue *q);

/* inject.c */

void dma_testdev_inject_init(DmaTestdevState *s);
void dma_testdev_inject_class_init(ObjectClass *klass);
/* Is it the turn of this payload translation to be aborted? */
bool dma_testdev_inject_abort(DmaTestdevQueue *q);
/* Is this resume to be ignored? */
bool dma_testdev_inject_drop_resume(DmaTestdevQueue *q);
int64_t dma_testdev_inject_resume_delay(DmaTestdevQueue *q);
/* The address space and the PASID register that the queue uses */
AddressSpace *dma_testdev_inject_as(DmaTestdevQueue *q);
uint32_t dma_testdev_inject_pasid(DmaTestdevQueue *q);

/* migration.c */

extern const VMStateDescription vmstate_dma_testdev;

/* operations.c */

/* Check the descriptor and prepare to execute it; false: cpl.status says why */
bool dma_testdev_begin(DmaTestdevQueue *q);
/*
 * Execute as much of the descriptor as the budget allows. DMA_OK: finished,
 * cpl.status is set. DMA_STALLED, DMA_AGAIN: call again.
 */
DmaResult dma_testdev_execute(DmaTestdevQueue *q);

/* queue.c */

void dma_testdev_queue_init(DmaTestdevState *dev, uint32_t index);
void dma_testdev_queue_cleanup(DmaTestdevQueue *q);
void dma_testdev_queue_enable(DmaTestdevQueue *q, bool enable);
/* Drop all work and forget the rings and counters; stay enabled if so */
void dma_testdev_queue_reset(DmaTestdevQueue *q);
void dma_testdev_queue_doorbell(DmaTestdevQueue *q, uint32_t tail);
/* LOOP descriptors submitted so far end after the pass they are in */
void dma_testdev_queue_stop_loop(DmaTestdevQueue *q);
/* Let @q go on, after @delay_ns of virtual time */
void dma_testdev_queue_schedule(DmaTestdevQueue *q, int64_t delay_ns);

static inline void dma_testdev_count(DmaTestdevQueue *q, int counter,
                                     uint64_t n)
{
    q->counters[counter] += n;
    q->dev->counters[counter] += n;
}

#endif
