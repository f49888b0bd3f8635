/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dma-testdev: queues
 *
 * A queue runs from a timer of the virtual clock: it stands still with the
 * VM, and under icount its work happens at the same guest time in every run.
 */
#include "qemu/osdep.h"
#include "hw/pci/msix.h"
#include "dma-testdev.h"
#include "trace.h"

/* Pages in one go, so that the guest is not kept from running */
#define QUEUE_BUDGET 64
/* The same if accesses take modelled time: as little as makes progress */
#define QUEUE_BUDGET_TIMED 4
/* How long the guest has its turn, when there is more to do */
#define QUEUE_PAUSE_NS 1000
/* The same for a descriptor that does not end by itself */
#define QUEUE_LOOP_PAUSE_NS 50000

#define CPL_SEQUENCE_OFFSET offsetof(struct dma_testdev_cpl, sequence)

QEMU_BUILD_BUG_ON(sizeof(struct dma_testdev_desc) != 64);
QEMU_BUILD_BUG_ON(sizeof(struct dma_testdev_cpl) != 64);

void dma_testdev_queue_schedule(DmaTestdevQueue *q, int64_t delay_ns)
{
    timer_mod_ns(q->timer,
                 qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL) + delay_ns);
}

static void queue_error(DmaTestdevQueue *q, uint32_t error, uint64_t va)
{
    trace_dma_testdev_queue_error(q->index, error, va);
    q->state = DMA_TESTDEV_ERROR;
    q->error = error;
    q->error_va = va;
    timer_del(q->timer);
}

static uint64_t ring_entry(DmaTestdevQueue *q, uint64_t base)
{
    return base + (uint64_t)(q->head & ((1u << q->ring_log2) - 1)) * 64;
}

static bool ring_valid(DmaTestdevQueue *q)
{
    return q->ring_log2 <= DMA_TESTDEV_RING_LOG2_MAX &&
           q->tail - q->head <= 1u << q->ring_log2 &&
           !(q->sq_base % 64) && !(q->cq_base % 64);
}

static void desc_to_cpu(struct dma_testdev_desc *desc)
{
    desc->op = le16_to_cpu(desc->op);
    desc->flags = le16_to_cpu(desc->flags);
    desc->reserved0 = le32_to_cpu(desc->reserved0);
    desc->tag = le64_to_cpu(desc->tag);
    desc->src = le64_to_cpu(desc->src);
    desc->dst = le64_to_cpu(desc->dst);
    desc->length = le64_to_cpu(desc->length);
    desc->operand = le64_to_cpu(desc->operand);
    desc->operand2 = le64_to_cpu(desc->operand2);
    desc->reserved1 = le64_to_cpu(desc->reserved1);
}

static struct dma_testdev_cpl cpl_to_le(const struct dma_testdev_cpl *cpl)
{
    return (struct dma_testdev_cpl) {
        .tag = cpu_to_le64(cpl->tag),
        .status = cpu_to_le32(cpl->status),
        .stalls = cpu_to_le32(cpl->stalls),
        .bytes_done = cpu_to_le64(cpl->bytes_done),
        .fault_va = cpu_to_le64(cpl->fault_va),
        .result = cpu_to_le64(cpl->result),
        .stall_ns = cpu_to_le64(cpl->stall_ns),
        .translations = cpu_to_le32(cpl->translations),
        .passes = cpu_to_le32(cpl->passes),
        .wrong_bytes = cpu_to_le32(cpl->wrong_bytes),
    };
}

/* Let the time pass that accesses took. False: they took none. */
static bool queue_wait(DmaTestdevQueue *q)
{
    if (!q->cost_ns) {
        return false;
    }
    dma_testdev_queue_schedule(q, q->cost_ns);
    q->cost_ns = 0;
    return true;
}

static bool queue_timed(DmaTestdevQueue *q)
{
    return q->dev->latency_ns || q->dev->bytes_per_second;
}

/* The phases return false when the queue cannot go on now. */

static bool queue_fetch(DmaTestdevQueue *q)
{
    uint64_t va = ring_entry(q, q->sq_base);

    if (q->head == q->tail) {
        q->state = DMA_TESTDEV_IDLE;
        return false;
    }
    switch (dma_testdev_read(q, DMA_RING, va, &q->desc, sizeof(q->desc))) {
    case DMA_OK:
        break;
    case DMA_STALLED:
    case DMA_HALTED:
        return false;
    default:
        queue_error(q, DMA_TESTDEV_ERROR_SQ_ABORT, va);
        return false;
    }
    q->budget--;
    desc_to_cpu(&q->desc);
    trace_dma_testdev_fetch(q->index, q->head, q->desc.op, q->desc.flags,
                            q->desc.src, q->desc.dst, q->desc.length);
    q->phase = dma_testdev_begin(q) ? PHASE_EXECUTE : PHASE_COMPLETE;
    return true;
}

static bool queue_execute(DmaTestdevQueue *q)
{
    switch (dma_testdev_execute(q)) {
    case DMA_STALLED:
    case DMA_HALTED:
        return false;
    case DMA_AGAIN:
        return true;
    default:
        q->phase = PHASE_COMPLETE;
        return !queue_wait(q);
    }
}

static bool queue_write_cpl(DmaTestdevQueue *q, uint32_t offset,
                            const void *buf, uint32_t length)
{
    uint64_t va = ring_entry(q, q->cq_base) + offset;

    switch (dma_testdev_write(q, DMA_RING, va, buf, length)) {
    case DMA_OK:
        return true;
    case DMA_STALLED:
    case DMA_HALTED:
        return false;
    default:
        queue_error(q, DMA_TESTDEV_ERROR_CQ_ABORT, va);
        return false;
    }
}

static bool queue_complete(DmaTestdevQueue *q)
{
    struct dma_testdev_cpl cpl = cpl_to_le(&q->cpl);

    if (!queue_write_cpl(q, 0, &cpl, CPL_SEQUENCE_OFFSET)) {
        return false;
    }
    q->phase = PHASE_PUBLISH;
    return true;
}

static bool queue_publish(DmaTestdevQueue *q)
{
    uint32_t sequence = cpu_to_le32(q->head + 1);
    uint32_t halts = q->halts;

    /* Whoever sees the sequence must see the rest. */
    smp_wmb();
    if (!queue_write_cpl(q, CPL_SEQUENCE_OFFSET, &sequence,
                         sizeof(sequence))) {
        return false;
    }
    trace_dma_testdev_complete(q->index, q->head, q->cpl.status,
                               q->cpl.bytes_done, q->cpl.stalls);
    dma_testdev_count(q, DMA_TESTDEV_DESCRIPTORS, 1);
    q->head++;
    q->phase = PHASE_FETCH;
    if ((q->desc.flags & DMA_TESTDEV_F_IRQ) && q->vector < q->dev->nr_queues) {
        msix_notify(PCI_DEVICE(q->dev), q->vector);
    }
    return q->halts == halts;
}

static bool queue_step(DmaTestdevQueue *q)
{
    switch (q->phase) {
    case PHASE_FETCH:
        return queue_fetch(q);
    case PHASE_EXECUTE:
        return queue_execute(q);
    case PHASE_COMPLETE:
        return queue_complete(q);
    case PHASE_PUBLISH:
        return queue_publish(q);
    }
    g_assert_not_reached();
}

static bool queue_loops(DmaTestdevQueue *q)
{
    return q->phase == PHASE_EXECUTE && (q->desc.flags & DMA_TESTDEV_F_LOOP);
}

static void queue_work(DmaTestdevQueue *q)
{
    q->budget = queue_timed(q) ? QUEUE_BUDGET_TIMED : QUEUE_BUDGET;
    while (q->budget) {
        if (!queue_step(q)) {
            return;
        }
    }
    if (!queue_wait(q)) {
        dma_testdev_queue_schedule(q, queue_loops(q) ? QUEUE_LOOP_PAUSE_NS :
                                                       QUEUE_PAUSE_NS);
    }
}

static void queue_run(void *opaque)
{
    DmaTestdevQueue *q = opaque;
    DmaTestdevState *dev = q->dev;
    MemReentrancyGuard *guard = &DEVICE(dev)->mem_reentrancy_guard;

    if (q->state != DMA_TESTDEV_BUSY) {
        return;
    }
    /* What the device writes may be the order to unplug it. */
    object_ref(OBJECT(dev));
    /*
     * A process can make the device access its own doorbell page. That ends
     * with a bus error, instead of changing the queue while it works.
     */
    guard->engaged_in_io = true;
    queue_work(q);
    guard->engaged_in_io = false;
    object_unref(OBJECT(dev));
}

/* Start on the work there is, if the queue is enabled and idle. */
static void queue_kick(DmaTestdevQueue *q)
{
    if (q->state == DMA_TESTDEV_STOPPED || q->state == DMA_TESTDEV_ERROR) {
        return;
    }
    if (!ring_valid(q)) {
        dma_testdev_drop_stall(q);
        queue_error(q, DMA_TESTDEV_ERROR_RING, 0);
        return;
    }
    if (q->state == DMA_TESTDEV_IDLE && q->head != q->tail) {
        q->state = DMA_TESTDEV_BUSY;
        dma_testdev_queue_schedule(q, 0);
    }
}

void dma_testdev_queue_doorbell(DmaTestdevQueue *q, uint32_t tail)
{
    q->tail = tail;
    queue_kick(q);
}

void dma_testdev_queue_stop_loop(DmaTestdevQueue *q)
{
    q->stop_before = q->tail;
}

/* Drop the descriptor under way, if any, as though it had not been fetched. */
static void queue_halt(DmaTestdevQueue *q)
{
    q->halts++;
    timer_del(q->timer);
    dma_testdev_drop_stall(q);
    q->phase = PHASE_FETCH;
    q->error = DMA_TESTDEV_ERROR_NONE;
    q->error_va = 0;
    q->cost_ns = 0;
}

void dma_testdev_queue_enable(DmaTestdevQueue *q, bool enable)
{
    if (enable == (q->state != DMA_TESTDEV_STOPPED)) {
        return;
    }
    trace_dma_testdev_enable(q->index, enable, q->pasid);
    queue_halt(q);
    q->state = enable ? DMA_TESTDEV_IDLE : DMA_TESTDEV_STOPPED;
    queue_kick(q);
}

void dma_testdev_queue_reset(DmaTestdevQueue *q)
{
    queue_halt(q);
    if (q->state != DMA_TESTDEV_STOPPED) {
        q->state = DMA_TESTDEV_IDLE;
    }
    q->sq_base = q->cq_base = 0;
    q->ring_log2 = 0;
    q->head = q->tail = q->stop_before = 0;
    memset(q->counters, 0, sizeof(q->counters));
    memset(q->snapshot, 0, sizeof(q->snapshot));
}

void dma_testdev_queue_init(DmaTestdevState *dev, uint32_t index)
{
    DmaTestdevQueue *q = &dev->queues[index];

    q->dev = dev;
    q->index = index;
    q->vector = DMA_TESTDEV_QUEUE_VECTOR_NONE;
    q->timer = timer_new_ns(QEMU_CLOCK_VIRTUAL, queue_run, q);
    dma_testdev_init_stall(q);
}

void dma_testdev_queue_cleanup(DmaTestdevQueue *q)
{
    timer_free(q->timer);
}
