/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dma-testdev: access to memory, a page at a time
 *
 * Every access is one translation and then one access to what the address
 * translates to. dma_memory_rw() would split an access that faults into pieces
 * and fault for each of them.
 */
#include "qemu/osdep.h"
#include "qemu/atomic.h"
#include "hw/pci/pci.h"
#include "exec/address-spaces.h"
#include "dma-testdev.h"
#include "trace.h"

static uint16_t pasid_control(DmaTestdevState *s)
{
    return pci_get_word(PCI_DEVICE(s)->config + s->pasid_cap +
                        PCI_PASID_CTRL);
}

/* DMA of a process has its rights, unless the driver says more. */
static MemTxAttrs queue_attrs(DmaTestdevQueue *q)
{
    uint32_t pasid = dma_testdev_inject_pasid(q);
    uint16_t control = pasid_control(q->dev);

    if (!(pasid & DMA_TESTDEV_QUEUE_PASID_VALID)) {
        return (MemTxAttrs) {
            .requester_id = pci_requester_id(PCI_DEVICE(q->dev)),
            .user = 1,
        };
    }
    return (MemTxAttrs) {
        .requester_id = pci_requester_id(PCI_DEVICE(q->dev)),
        .pid_valid = 1,
        .pid = pasid,
        .user = !(pasid & DMA_TESTDEV_QUEUE_PASID_PRIV) ||
                !(control & PCI_PASID_CTRL_PRIV),
        .insn = (pasid & DMA_TESTDEV_QUEUE_PASID_EXEC) &&
                (control & PCI_PASID_CTRL_EXEC),
    };
}

/* May the function issue such a transaction at all? */
static bool queue_may_master(DmaTestdevQueue *q)
{
    PCIDevice *pdev = PCI_DEVICE(q->dev);
    uint16_t command = pci_get_word(pdev->config + PCI_COMMAND);

    return (command & PCI_COMMAND_MASTER) &&
           (!(q->pasid & DMA_TESTDEV_QUEUE_PASID_VALID) ||
            (pasid_control(q->dev) & PCI_PASID_CTRL_ENABLE));
}

/* The modelled time that a payload transaction takes */
static void queue_spend(DmaTestdevQueue *q, uint32_t length)
{
    DmaTestdevState *s = q->dev;

    q->cost_ns += s->latency_ns;
    if (s->bytes_per_second) {
        /* At most a page: the product fits. */
        q->cost_ns += (uint64_t)length * NANOSECONDS_PER_SECOND /
                      s->bytes_per_second;
    }
}

static void queue_resume(IOMMUStall *stall, IOMMUResume response)
{
    DmaTestdevQueue *q = container_of(stall, DmaTestdevQueue, stall);
    int64_t stall_ns = qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL) -
                       q->stall_start_ns;

    trace_dma_testdev_resume(q->index, response, stall_ns);
    if (dma_testdev_inject_drop_resume(q)) {
        return;
    }
    q->resumed = true;
    q->resume_response = response;
    q->state = DMA_TESTDEV_BUSY;
    if (q->stall_kind == DMA_PAYLOAD) {
        q->cpl.stall_ns += stall_ns;
        dma_testdev_count(q, DMA_TESTDEV_STALL_NS, stall_ns);
        if (response == IOMMU_RESUME_RETRY) {
            dma_testdev_count(q, DMA_TESTDEV_RETRIES, 1);
        }
    }
    dma_testdev_queue_schedule(q, dma_testdev_inject_resume_delay(q));
}

void dma_testdev_init_stall(DmaTestdevQueue *q)
{
    q->stall.resume = queue_resume;
}

void dma_testdev_drop_stall(DmaTestdevQueue *q)
{
    memory_region_iommu_drop_stall(&q->stall);
    q->resumed = false;
}

static void queue_stalled(DmaTestdevQueue *q, DmaKind kind, uint64_t va)
{
    trace_dma_testdev_stall(q->index, va, kind);
    q->state = DMA_TESTDEV_STALLED;
    q->stall_kind = kind;
    q->stall_start_ns = qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL);
    if (kind == DMA_PAYLOAD) {
        q->cpl.stalls++;
        dma_testdev_count(q, DMA_TESTDEV_STALLS, 1);
    } else {
        dma_testdev_count(q, DMA_TESTDEV_RING_STALLS, 1);
    }
}

static IOMMUTranslateResult queue_translate_once(DmaTestdevQueue *q,
                                                 DmaKind kind, uint64_t va,
                                                 IOMMUAccessFlags flag,
                                                 IOMMUTLBEntry *entry)
{
    AddressSpace *as = dma_testdev_inject_as(q);
    IOMMUMemoryRegion *iommu_mr = memory_region_get_iommu(as->root);

    if (!queue_may_master(q)) {
        return IOMMU_ABORTED;
    }
    if (kind == DMA_PAYLOAD && dma_testdev_inject_abort(q)) {
        return IOMMU_ABORTED;
    }
    if (!iommu_mr) {
        *entry = (IOMMUTLBEntry) {
            .target_as = as,
            .translated_addr = va,
            .perm = IOMMU_RW,
        };
        return IOMMU_TRANSLATED;
    }
    return memory_region_iommu_translate_or_stall(iommu_mr, va, flag,
                                                  queue_attrs(q), &q->stall,
                                                  entry);
}

/*
 * Translate, or do with a stalled transaction what the IOMMU said. DMA_OK: the
 * access is to be made at @entry; if that has no address space, as RAZ/WI.
 */
static DmaResult queue_translate(DmaTestdevQueue *q, DmaKind kind,
                                 uint64_t va, IOMMUAccessFlags flag,
                                 IOMMUTLBEntry *entry)
{
    uint32_t halts = q->halts;
    IOMMUTranslateResult result;

    if (q->resumed && q->resume_response != IOMMU_RESUME_RETRY) {
        result = q->resume_response == IOMMU_RESUME_ABORT ?
                 IOMMU_ABORTED : IOMMU_RAZ_WI;
    } else {
        if (kind == DMA_PAYLOAD && !q->resumed) {
            dma_testdev_count(q, DMA_TESTDEV_TRANSACTIONS, 1);
        }
        result = queue_translate_once(q, kind, va, flag, entry);
        /* An event may have been written where it resets the device. */
        if (q->halts != halts) {
            dma_testdev_drop_stall(q);
            return DMA_HALTED;
        }
    }
    q->resumed = false;

    switch (result) {
    case IOMMU_TRANSLATED:
        if (kind == DMA_PAYLOAD) {
            q->cpl.translations++;
            dma_testdev_count(q, DMA_TESTDEV_TRANSLATIONS, 1);
        }
        return DMA_OK;
    case IOMMU_STALLED:
        queue_stalled(q, kind, va);
        return DMA_STALLED;
    case IOMMU_ABORTED:
        trace_dma_testdev_abort(q->index, va, kind);
        dma_testdev_count(q, kind == DMA_PAYLOAD ? DMA_TESTDEV_ABORTS :
                                                   DMA_TESTDEV_RING_ABORTS, 1);
        return DMA_ABORTED;
    case IOMMU_RAZ_WI:
        entry->target_as = NULL;
        return DMA_OK;
    }
    g_assert_not_reached();
}

static DmaResult queue_access(DmaTestdevQueue *q, DmaKind kind, uint64_t va,
                              void *buf, uint32_t length, bool is_write)
{
    uint32_t halts = q->halts;
    IOMMUTLBEntry entry;
    DmaResult result;
    MemTxResult ret;

    result = queue_translate(q, kind, va, is_write ? IOMMU_WO : IOMMU_RO,
                             &entry);
    if (result != DMA_OK) {
        return result;
    }
    if (!entry.target_as) {
        if (!is_write) {
            memset(buf, 0, length);
        }
        return DMA_OK;
    }

    ret = address_space_rw(entry.target_as, entry.translated_addr,
                           queue_attrs(q), buf, length, is_write);
    if (q->halts != halts) {
        return DMA_HALTED;
    }
    if (ret != MEMTX_OK) {
        return DMA_BUS_ERROR;
    }
    if (kind == DMA_PAYLOAD) {
        queue_spend(q, length);
        dma_testdev_count(q, is_write ? DMA_TESTDEV_BYTES_WRITTEN :
                                        DMA_TESTDEV_BYTES_READ, length);
    }
    return DMA_OK;
}

DmaResult dma_testdev_read(DmaTestdevQueue *q, DmaKind kind, uint64_t va,
                           void *buf, uint32_t length)
{
    return queue_access(q, kind, va, buf, length, false);
}

DmaResult dma_testdev_write(DmaTestdevQueue *q, DmaKind kind, uint64_t va,
                            const void *buf, uint32_t length)
{
    return queue_access(q, kind, va, (void *)buf, length, true);
}

/* Is this memory, where bytes can be changed in place? */
static bool is_memory(const IOMMUTLBEntry *entry, uint32_t length,
                      MemTxAttrs attrs)
{
    hwaddr offset, left = length;
    MemoryRegion *mr;

    RCU_READ_LOCK_GUARD();
    mr = address_space_translate(entry->target_as, entry->translated_addr,
                                 &offset, &left, true, attrs);
    return left >= length && memory_access_is_direct(mr, true, attrs);
}

typedef void AtomicFn(void *host, void *opaque);

/* Let @fn change @length bytes in place: vCPUs run meanwhile. */
static DmaResult queue_atomic(DmaTestdevQueue *q, uint64_t va, uint32_t length,
                              AtomicFn *fn, void *opaque)
{
    IOMMUTLBEntry entry;
    MemTxAttrs attrs = queue_attrs(q);
    hwaddr mapped = length;
    DmaResult result;
    void *host;

    result = queue_translate(q, DMA_PAYLOAD, va, IOMMU_RW, &entry);
    if (result != DMA_OK || !entry.target_as) {
        return result;
    }

    /* For anything else there would be a buffer, with nothing in it. */
    if (!is_memory(&entry, length, attrs)) {
        return DMA_BUS_ERROR;
    }
    host = address_space_map(entry.target_as, entry.translated_addr, &mapped,
                             true, attrs);
    if (!host || mapped < length) {
        if (host) {
            address_space_unmap(entry.target_as, host, mapped, true, 0);
        }
        return DMA_BUS_ERROR;
    }
    fn(host, opaque);
    address_space_unmap(entry.target_as, host, mapped, true, length);
    queue_spend(q, length);
    dma_testdev_count(q, DMA_TESTDEV_BYTES_READ, length);
    dma_testdev_count(q, DMA_TESTDEV_BYTES_WRITTEN, length);
    return DMA_OK;
}

typedef struct AtomicOperands {
    uint64_t expected;
    uint64_t value;
    uint64_t old;
} AtomicOperands;

/* A CAS loop: on a big-endian host the sum is not that of the bytes. */
static void atomic_fetch_add(void *host, void *opaque)
{
    AtomicOperands *o = opaque;
    uint64_t *p = host;
    uint64_t raw = qatomic_read(p), seen;

    for (;;) {
        uint64_t sum = cpu_to_le64(le64_to_cpu(raw) + o->value);

        seen = qatomic_cmpxchg(p, raw, sum);
        if (seen == raw) {
            break;
        }
        raw = seen;
    }
    o->old = le64_to_cpu(raw);
}

static void atomic_compare_swap(void *host, void *opaque)
{
    AtomicOperands *o = opaque;

    o->old = le64_to_cpu(qatomic_cmpxchg((uint64_t *)host,
                                         cpu_to_le64(o->expected),
                                         cpu_to_le64(o->value)));
}

static void atomic_rewrite(void *host, void *opaque)
{
    qatomic_fetch_or((uint8_t *)host, 0);
}

DmaResult dma_testdev_fetch_add(DmaTestdevQueue *q, uint64_t va,
                                uint64_t operand, uint64_t *old)
{
    AtomicOperands o = { .value = operand };
    DmaResult ret = queue_atomic(q, va, 8, atomic_fetch_add, &o);

    *old = o.old;
    return ret;
}

DmaResult dma_testdev_compare_swap(DmaTestdevQueue *q, uint64_t va,
                                   uint64_t expected, uint64_t new,
                                   uint64_t *old)
{
    AtomicOperands o = { .expected = expected, .value = new };
    DmaResult ret = queue_atomic(q, va, 8, atomic_compare_swap, &o);

    *old = o.old;
    return ret;
}

DmaResult dma_testdev_rewrite(DmaTestdevQueue *q, uint64_t va)
{
    return queue_atomic(q, va, 1, atomic_rewrite, NULL);
}
