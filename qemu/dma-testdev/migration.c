/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dma-testdev: migration
 *
 * A queue is saved between two accesses, or with one that is stalled. The
 * IOMMU is loaded first, so that a stalled access finds its place there.
 */
#include "qemu/osdep.h"
#include "qemu/error-report.h"
#include "hw/pci/msix.h"
#include "migration/vmstate.h"
#include "dma-testdev.h"

static const VMStateDescription vmstate_desc = {
    .name = "dma-testdev/desc",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT16(op, struct dma_testdev_desc),
        VMSTATE_UINT16(flags, struct dma_testdev_desc),
        VMSTATE_UINT64(tag, struct dma_testdev_desc),
        VMSTATE_UINT64(src, struct dma_testdev_desc),
        VMSTATE_UINT64(dst, struct dma_testdev_desc),
        VMSTATE_UINT64(length, struct dma_testdev_desc),
        VMSTATE_UINT64(operand, struct dma_testdev_desc),
        VMSTATE_UINT64(operand2, struct dma_testdev_desc),
        VMSTATE_END_OF_LIST()
    }
};

static const VMStateDescription vmstate_cpl = {
    .name = "dma-testdev/cpl",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT64(tag, struct dma_testdev_cpl),
        VMSTATE_UINT32(status, struct dma_testdev_cpl),
        VMSTATE_UINT32(stalls, struct dma_testdev_cpl),
        VMSTATE_UINT64(bytes_done, struct dma_testdev_cpl),
        VMSTATE_UINT64(fault_va, struct dma_testdev_cpl),
        VMSTATE_UINT64(result, struct dma_testdev_cpl),
        VMSTATE_UINT64(stall_ns, struct dma_testdev_cpl),
        VMSTATE_UINT32(translations, struct dma_testdev_cpl),
        VMSTATE_UINT32(passes, struct dma_testdev_cpl),
        VMSTATE_UINT32(wrong_bytes, struct dma_testdev_cpl),
        VMSTATE_END_OF_LIST()
    }
};

static const VMStateDescription vmstate_cursor = {
    .name = "dma-testdev/cursor",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT64(va, DmaCursor),
        VMSTATE_UINT64(segment_left, DmaCursor),
        VMSTATE_UINT64(left, DmaCursor),
        VMSTATE_UINT64(list_va, DmaCursor),
        VMSTATE_UINT64(list_left, DmaCursor),
        VMSTATE_END_OF_LIST()
    }
};

static const VMStateDescription vmstate_fifo = {
    .name = "dma-testdev/fifo",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT8_ARRAY(data, DmaFifo, 2 * DMA_TESTDEV_PAGE_SIZE),
        VMSTATE_UINT32(start, DmaFifo),
        VMSTATE_UINT32(length, DmaFifo),
        VMSTATE_END_OF_LIST()
    }
};

static bool queue_work_needed(void *opaque)
{
    DmaTestdevQueue *q = opaque;

    return q->phase != PHASE_FETCH;
}

/* Only what has a source and a destination leaves bytes there between steps. */
static bool op_keeps_bytes(const DmaTestdevQueue *q)
{
    return q->desc.op == DMA_TESTDEV_COPY || q->desc.op == DMA_TESTDEV_COMPARE;
}

static bool fifo_valid(const DmaTestdevQueue *q, const DmaFifo *fifo)
{
    return fifo->start <= sizeof(fifo->data) &&
           fifo->length <= DMA_TESTDEV_PAGE_SIZE * 2 - 1 &&
           fifo->start + fifo->length <= sizeof(fifo->data) &&
           (!fifo->length || q->phase != PHASE_EXECUTE || op_keeps_bytes(q));
}

static bool queue_work_valid(const DmaTestdevQueue *q)
{
    return q->phase <= PHASE_PUBLISH &&
           (q->phase != PHASE_EXECUTE || q->desc.op < DMA_TESTDEV_NR_OPS) &&
           fifo_valid(q, &q->src_fifo) && fifo_valid(q, &q->dst_fifo);
}

static int queue_work_post_load(void *opaque, int version_id)
{
    return queue_work_valid(opaque) ? 0 : -EINVAL;
}

/* The descriptor under way */
static const VMStateDescription vmstate_queue_work = {
    .name = "dma-testdev/queue/work",
    .version_id = 1,
    .minimum_version_id = 1,
    .needed = queue_work_needed,
    .post_load = queue_work_post_load,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT32(phase, DmaTestdevQueue),
        VMSTATE_STRUCT(desc, DmaTestdevQueue, 1, vmstate_desc,
                       struct dma_testdev_desc),
        VMSTATE_STRUCT(cpl, DmaTestdevQueue, 1, vmstate_cpl,
                       struct dma_testdev_cpl),
        VMSTATE_STRUCT(src, DmaTestdevQueue, 1, vmstate_cursor, DmaCursor),
        VMSTATE_STRUCT(dst, DmaTestdevQueue, 1, vmstate_cursor, DmaCursor),
        VMSTATE_STRUCT(src_fifo, DmaTestdevQueue, 1, vmstate_fifo, DmaFifo),
        VMSTATE_STRUCT(dst_fifo, DmaTestdevQueue, 1, vmstate_fifo, DmaFifo),
        VMSTATE_UINT64(offset, DmaTestdevQueue),
        VMSTATE_UINT32(crc, DmaTestdevQueue),
        VMSTATE_END_OF_LIST()
    }
};

static int queue_pre_save(void *opaque)
{
    DmaTestdevQueue *q = opaque;

    q->stalled = q->stall.iommu_mr;
    q->stall_tag = q->stalled ? q->stall.tag : -1;
    return 0;
}

static bool queue_adopt_stall(DmaTestdevQueue *q)
{
    AddressSpace *as = pci_device_iommu_address_space(PCI_DEVICE(q->dev));
    IOMMUMemoryRegion *iommu_mr = memory_region_get_iommu(as->root);

    return iommu_mr && memory_region_iommu_adopt_stall(iommu_mr, &q->stall,
                                                       q->stall_tag);
}

static int queue_post_load(void *opaque, int version_id)
{
    DmaTestdevQueue *q = opaque;

    if (q->state > DMA_TESTDEV_ERROR ||
        q->resume_response > IOMMU_RESUME_RAZ_WI) {
        return -EINVAL;
    }
    if ((q->state == DMA_TESTDEV_BUSY || q->state == DMA_TESTDEV_STALLED) &&
        q->ring_log2 > DMA_TESTDEV_RING_LOG2_MAX) {
        return -EINVAL;
    }
    if (q->stalled && !queue_adopt_stall(q)) {
        error_report("dma-testdev: the IOMMU does not know the stalled "
                     "transaction of queue %u", q->index);
        return -EINVAL;
    }
    return 0;
}

static const VMStateDescription vmstate_queue = {
    .name = "dma-testdev/queue",
    .version_id = 1,
    .minimum_version_id = 1,
    .pre_save = queue_pre_save,
    .post_load = queue_post_load,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT32(pasid, DmaTestdevQueue),
        VMSTATE_UINT32(vector, DmaTestdevQueue),
        VMSTATE_UINT64(sq_base, DmaTestdevQueue),
        VMSTATE_UINT64(cq_base, DmaTestdevQueue),
        VMSTATE_UINT32(ring_log2, DmaTestdevQueue),
        VMSTATE_UINT32(tail, DmaTestdevQueue),
        VMSTATE_UINT32(head, DmaTestdevQueue),
        VMSTATE_UINT32(state, DmaTestdevQueue),
        VMSTATE_UINT32(error, DmaTestdevQueue),
        VMSTATE_UINT64(error_va, DmaTestdevQueue),
        VMSTATE_UINT32(stop_before, DmaTestdevQueue),
        VMSTATE_UINT64_ARRAY(counters, DmaTestdevQueue,
                             DMA_TESTDEV_NR_COUNTERS),
        VMSTATE_UINT64_ARRAY(snapshot, DmaTestdevQueue,
                             DMA_TESTDEV_NR_COUNTERS),
        VMSTATE_TIMER_PTR(timer, DmaTestdevQueue),
        VMSTATE_UINT64(cost_ns, DmaTestdevQueue),
        VMSTATE_BOOL(stalled, DmaTestdevQueue),
        VMSTATE_INT32(stall_tag, DmaTestdevQueue),
        VMSTATE_UINT32(stall_kind, DmaTestdevQueue),
        VMSTATE_INT64(stall_start_ns, DmaTestdevQueue),
        VMSTATE_BOOL(resumed, DmaTestdevQueue),
        VMSTATE_UINT32(resume_response, DmaTestdevQueue),
        VMSTATE_END_OF_LIST()
    },
    .subsections = (const VMStateDescription * const []) {
        &vmstate_queue_work,
        NULL
    }
};

const VMStateDescription vmstate_dma_testdev = {
    .name = TYPE_DMA_TESTDEV,
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_PCI_DEVICE(parent_obj, DmaTestdevState),
        VMSTATE_MSIX(parent_obj, DmaTestdevState),
        VMSTATE_UINT32_EQUAL(nr_queues, DmaTestdevState,
                             "queues must be the same on both sides"),
        VMSTATE_UINT64_ARRAY(counters, DmaTestdevState,
                             DMA_TESTDEV_NR_COUNTERS),
        VMSTATE_UINT64_ARRAY(snapshot, DmaTestdevState,
                             DMA_TESTDEV_NR_COUNTERS),
        VMSTATE_STRUCT_VARRAY_POINTER_UINT32(queues, DmaTestdevState,
                                             nr_queues, vmstate_queue,
                                             DmaTestdevQueue),
        VMSTATE_END_OF_LIST()
    }
};
