/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dma-testdev: a PCIe function that DMAs by process virtual address, and
 * counts what happens to each of its accesses
 *
 * Guest software drives it through queues; each issues its transactions with
 * a PASID of its own. See docs/dma-testdev.md of pinlab for the registers.
 */
#include "qemu/osdep.h"
#include "qemu/log.h"
#include "qemu/units.h"
#include "qemu/module.h"
#include "qapi/error.h"
#include "qapi/visitor.h"
#include "hw/pci/msix.h"
#include "hw/pci/pcie.h"
#include "hw/qdev-properties.h"
#include "dma-testdev.h"
#include "trace.h"

#define PASID_CAP_OFFSET 0x100
#define PASID_CAP_SIZE   8
/* The width of MemTxAttrs.pid */
#define PASID_BITS_MAX   16

#define CONTROL_SIZE  (32 * KiB)
#define QUEUE_STRIDE  (DMA_TESTDEV_QUEUE(1) - DMA_TESTDEV_QUEUE(0))

QEMU_BUILD_BUG_ON(DMA_TESTDEV_QUEUE(DMA_TESTDEV_MAX_QUEUES) > CONTROL_SIZE);

/* In the order of enum dma_testdev_counter */
static const char *const counter_names[] = {
    "descriptors", "transactions", "translations", "stalls", "retries",
    "aborts", "ring-stalls", "ring-aborts", "bytes-read", "bytes-written",
    "stall-ns", "wrong-bytes",
};

QEMU_BUILD_BUG_ON(ARRAY_SIZE(counter_names) != DMA_TESTDEV_NR_COUNTERS);

/* Half of a 64-bit register, or of an array of them */
static uint32_t half(const uint64_t *values, hwaddr offset)
{
    return extract64(values[offset / 8], (offset % 8) * 8, 32);
}

static void set_half(uint64_t *value, hwaddr offset, uint32_t half)
{
    *value = deposit64(*value, (offset % 8) * 8, 32, half);
}

static uint32_t queue_state(DmaTestdevQueue *q)
{
    return q->state | q->error << 8;
}

static void bad_offset(const char *what, hwaddr offset)
{
    qemu_log_mask(LOG_GUEST_ERROR, "dma-testdev: %s at 0x%" HWADDR_PRIx "\n",
                  what, offset);
}

static void dma_testdev_do_reset(DmaTestdevState *s)
{
    int i;

    for (i = 0; i < s->nr_queues; i++) {
        DmaTestdevQueue *q = &s->queues[i];

        dma_testdev_queue_enable(q, false);
        dma_testdev_queue_reset(q);
        q->pasid = 0;
        q->vector = DMA_TESTDEV_QUEUE_VECTOR_NONE;
    }
    memset(s->counters, 0, sizeof(s->counters));
    memset(s->snapshot, 0, sizeof(s->snapshot));
}

/* BAR 0 */

static uint64_t queue_control_read(DmaTestdevQueue *q, hwaddr offset)
{
    switch (offset) {
    case DMA_TESTDEV_QUEUE_PASID:
        return q->pasid;
    case DMA_TESTDEV_QUEUE_ENABLE:
        return q->state != DMA_TESTDEV_STOPPED;
    case DMA_TESTDEV_QUEUE_STATE:
        return queue_state(q);
    case DMA_TESTDEV_QUEUE_VECTOR:
        return q->vector;
    default:
        bad_offset("read of queue control", offset);
        return 0;
    }
}

static void queue_control_write(DmaTestdevQueue *q, hwaddr offset,
                                uint32_t value)
{
    switch (offset) {
    case DMA_TESTDEV_QUEUE_PASID:
        /* Transactions that are under way have the PASID they began with. */
        if (q->state == DMA_TESTDEV_STOPPED) {
            q->pasid = value & (DMA_TESTDEV_QUEUE_PASID_VALID |
                                DMA_TESTDEV_QUEUE_PASID_PRIV |
                                DMA_TESTDEV_QUEUE_PASID_EXEC |
                                MAKE_64BIT_MASK(0, q->dev->pasid_bits));
        }
        break;
    case DMA_TESTDEV_QUEUE_ENABLE:
        dma_testdev_queue_enable(q, value & 1);
        break;
    case DMA_TESTDEV_QUEUE_VECTOR:
        q->vector = value;
        break;
    default:
        bad_offset("write of queue control", offset);
        break;
    }
}

static uint64_t control_read(void *opaque, hwaddr offset, unsigned size)
{
    DmaTestdevState *s = opaque;

    if (offset >= DMA_TESTDEV_QUEUE(0) &&
        offset < DMA_TESTDEV_QUEUE(s->nr_queues)) {
        hwaddr in_queues = offset - DMA_TESTDEV_QUEUE(0);

        return queue_control_read(&s->queues[in_queues / QUEUE_STRIDE],
                                  in_queues % QUEUE_STRIDE);
    }
    if (offset >= DMA_TESTDEV_COUNTERS &&
        offset < DMA_TESTDEV_COUNTERS + sizeof(s->snapshot)) {
        return half(s->snapshot, offset - DMA_TESTDEV_COUNTERS);
    }

    switch (offset) {
    case DMA_TESTDEV_ID:
        return DMA_TESTDEV_ID_MAGIC;
    case DMA_TESTDEV_VERSION:
        return DMA_TESTDEV_VERSION_1_0;
    case DMA_TESTDEV_OPS:
        return MAKE_64BIT_MASK(0, DMA_TESTDEV_NR_OPS);
    case DMA_TESTDEV_QUEUES:
        return s->nr_queues;
    case DMA_TESTDEV_PASID_BITS:
        return s->pasid_bits;
    default:
        bad_offset("read of control", offset);
        return 0;
    }
}

static void control_write(void *opaque, hwaddr offset, uint64_t value,
                          unsigned size)
{
    DmaTestdevState *s = opaque;

    if (offset >= DMA_TESTDEV_QUEUE(0) &&
        offset < DMA_TESTDEV_QUEUE(s->nr_queues)) {
        hwaddr in_queues = offset - DMA_TESTDEV_QUEUE(0);

        queue_control_write(&s->queues[in_queues / QUEUE_STRIDE],
                            in_queues % QUEUE_STRIDE, value);
        return;
    }

    switch (offset) {
    case DMA_TESTDEV_RESET:
        if (value & 1) {
            dma_testdev_do_reset(s);
        }
        break;
    case DMA_TESTDEV_SNAPSHOT:
        if (value & 1) {
            memcpy(s->snapshot, s->counters, sizeof(s->snapshot));
        }
        break;
    default:
        bad_offset("write of control", offset);
        break;
    }
}

/* BAR 2 */

static uint64_t doorbell_read(void *opaque, hwaddr offset, unsigned size)
{
    DmaTestdevState *s = opaque;
    uint32_t index = offset / DMA_TESTDEV_DB_PAGE_SIZE;
    DmaTestdevQueue *q;

    if (index >= s->nr_queues) {
        bad_offset("read of doorbell", offset);
        return 0;
    }
    q = &s->queues[index];
    offset %= DMA_TESTDEV_DB_PAGE_SIZE;

    if (offset >= DMA_TESTDEV_DB_COUNTERS &&
        offset < DMA_TESTDEV_DB_COUNTERS + sizeof(q->snapshot)) {
        return half(q->snapshot, offset - DMA_TESTDEV_DB_COUNTERS);
    }

    switch (offset) {
    case DMA_TESTDEV_DB_SQ_BASE:
    case DMA_TESTDEV_DB_SQ_BASE + 4:
        return half(&q->sq_base, offset - DMA_TESTDEV_DB_SQ_BASE);
    case DMA_TESTDEV_DB_CQ_BASE:
    case DMA_TESTDEV_DB_CQ_BASE + 4:
        return half(&q->cq_base, offset - DMA_TESTDEV_DB_CQ_BASE);
    case DMA_TESTDEV_DB_RING_LOG2:
        return q->ring_log2;
    case DMA_TESTDEV_DB_TAIL:
        return q->tail;
    case DMA_TESTDEV_DB_HEAD:
        return q->head;
    case DMA_TESTDEV_DB_STATE:
        return queue_state(q);
    case DMA_TESTDEV_DB_ERROR_VA:
    case DMA_TESTDEV_DB_ERROR_VA + 4:
        return half(&q->error_va, offset - DMA_TESTDEV_DB_ERROR_VA);
    default:
        bad_offset("read of doorbell", offset);
        return 0;
    }
}

/* The rings must not move under a queue that works on them. */
static void queue_ring_write(DmaTestdevQueue *q, hwaddr offset, uint32_t value)
{
    if (q->state != DMA_TESTDEV_STOPPED && q->state != DMA_TESTDEV_IDLE) {
        bad_offset("write of ring registers in use", offset);
        return;
    }
    switch (offset) {
    case DMA_TESTDEV_DB_SQ_BASE:
    case DMA_TESTDEV_DB_SQ_BASE + 4:
        set_half(&q->sq_base, offset - DMA_TESTDEV_DB_SQ_BASE, value);
        break;
    case DMA_TESTDEV_DB_CQ_BASE:
    case DMA_TESTDEV_DB_CQ_BASE + 4:
        set_half(&q->cq_base, offset - DMA_TESTDEV_DB_CQ_BASE, value);
        break;
    case DMA_TESTDEV_DB_RING_LOG2:
        q->ring_log2 = value;
        break;
    }
}

static void queue_doorbell_control(DmaTestdevQueue *q, uint32_t value)
{
    if (value & DMA_TESTDEV_CONTROL_RESET) {
        dma_testdev_queue_reset(q);
    } else if (value & DMA_TESTDEV_CONTROL_STOP_LOOP) {
        dma_testdev_queue_stop_loop(q);
    }
}

static void doorbell_write(void *opaque, hwaddr offset, uint64_t value,
                           unsigned size)
{
    DmaTestdevState *s = opaque;
    uint32_t index = offset / DMA_TESTDEV_DB_PAGE_SIZE;
    DmaTestdevQueue *q;

    if (index >= s->nr_queues) {
        bad_offset("write of doorbell", offset);
        return;
    }
    q = &s->queues[index];
    offset %= DMA_TESTDEV_DB_PAGE_SIZE;

    switch (offset) {
    case DMA_TESTDEV_DB_SQ_BASE:
    case DMA_TESTDEV_DB_SQ_BASE + 4:
    case DMA_TESTDEV_DB_CQ_BASE:
    case DMA_TESTDEV_DB_CQ_BASE + 4:
    case DMA_TESTDEV_DB_RING_LOG2:
        queue_ring_write(q, offset, value);
        break;
    case DMA_TESTDEV_DB_TAIL:
        dma_testdev_queue_doorbell(q, value);
        break;
    case DMA_TESTDEV_DB_CONTROL:
        queue_doorbell_control(q, value);
        break;
    case DMA_TESTDEV_DB_SNAPSHOT:
        if (value & 1) {
            memcpy(q->snapshot, q->counters, sizeof(q->snapshot));
        }
        break;
    default:
        bad_offset("write of doorbell", offset);
        break;
    }
}

/* An access of 64 bits is two of 32, the lower half first. */
static const MemoryRegionOps control_ops = {
    .read = control_read,
    .write = control_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = { .min_access_size = 4, .max_access_size = 8 },
    .impl = { .min_access_size = 4, .max_access_size = 4 },
};

static const MemoryRegionOps doorbell_ops = {
    .read = doorbell_read,
    .write = doorbell_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = { .min_access_size = 4, .max_access_size = 8 },
    .impl = { .min_access_size = 4, .max_access_size = 4 },
};

/* QMP: what the counters are now, without the guest's help */

static bool visit_counters(Visitor *v, const char *name,
                           const uint64_t *counters, Error **errp)
{
    bool ok = visit_start_struct(v, name, NULL, 0, errp);
    int i;

    if (!ok) {
        return false;
    }
    for (i = 0; ok && i < DMA_TESTDEV_NR_COUNTERS; i++) {
        uint64_t value = counters[i];

        ok = visit_type_uint64(v, counter_names[i], &value, errp);
    }
    ok = ok && visit_check_struct(v, errp);
    visit_end_struct(v, NULL);
    return ok;
}

static void get_counters(Object *obj, Visitor *v, const char *name,
                         void *opaque, Error **errp)
{
    visit_counters(v, name, DMA_TESTDEV(obj)->counters, errp);
}

static void get_queue_counters(Object *obj, Visitor *v, const char *name,
                               void *opaque, Error **errp)
{
    DmaTestdevState *s = DMA_TESTDEV(obj);
    bool ok = visit_start_list(v, name, NULL, 0, errp);
    int i;

    if (!ok) {
        return;
    }
    for (i = 0; ok && s->queues && i < s->nr_queues; i++) {
        ok = visit_counters(v, NULL, s->queues[i].counters, errp);
    }
    visit_end_list(v, NULL);
}

static void add_pasid_capability(DmaTestdevState *s)
{
    PCIDevice *pdev = PCI_DEVICE(s);

    s->pasid_cap = PASID_CAP_OFFSET;
    pcie_add_capability(pdev, PCI_EXT_CAP_ID_PASID, 1, s->pasid_cap,
                        PASID_CAP_SIZE);
    pci_set_word(pdev->config + s->pasid_cap + PCI_PASID_CAP,
                 s->pasid_bits << 8 | PCI_PASID_CAP_EXEC | PCI_PASID_CAP_PRIV);
    pci_set_word(pdev->wmask + s->pasid_cap + PCI_PASID_CTRL,
                 PCI_PASID_CTRL_ENABLE | PCI_PASID_CTRL_EXEC |
                 PCI_PASID_CTRL_PRIV);
}

static bool dma_testdev_check_properties(DmaTestdevState *s, Error **errp)
{
    if (!s->nr_queues || s->nr_queues > DMA_TESTDEV_MAX_QUEUES) {
        error_setg(errp, "queues must be from 1 to %d",
                   DMA_TESTDEV_MAX_QUEUES);
        return false;
    }
    if (!s->pasid_bits || s->pasid_bits > PASID_BITS_MAX) {
        error_setg(errp, "pasid-bits must be from 1 to %d", PASID_BITS_MAX);
        return false;
    }
    return true;
}

static void dma_testdev_realize(PCIDevice *pdev, Error **errp)
{
    DmaTestdevState *s = DMA_TESTDEV(pdev);
    int i;

    if (!dma_testdev_check_properties(s, errp)) {
        return;
    }
    if (pcie_endpoint_cap_init(pdev, 0) < 0) {
        error_setg(errp, "%s needs a PCIe bus", TYPE_DMA_TESTDEV);
        return;
    }
    if (msix_init_exclusive_bar(pdev, s->nr_queues, DMA_TESTDEV_BAR_MSIX,
                                errp)) {
        pcie_cap_exit(pdev);
        return;
    }
    for (i = 0; i < s->nr_queues; i++) {
        msix_vector_use(pdev, i);
    }
    add_pasid_capability(s);

    memory_region_init_io(&s->control, OBJECT(s), &control_ops, s,
                          "dma-testdev-control", CONTROL_SIZE);
    pci_register_bar(pdev, DMA_TESTDEV_BAR_CONTROL,
                     PCI_BASE_ADDRESS_SPACE_MEMORY, &s->control);
    memory_region_init_io(&s->doorbell, OBJECT(s), &doorbell_ops, s,
                          "dma-testdev-doorbell",
                          pow2ceil(s->nr_queues) * DMA_TESTDEV_DB_PAGE_SIZE);
    pci_register_bar(pdev, DMA_TESTDEV_BAR_DOORBELL,
                     PCI_BASE_ADDRESS_SPACE_MEMORY |
                     PCI_BASE_ADDRESS_MEM_TYPE_64, &s->doorbell);

    s->queues = g_new0(DmaTestdevQueue, s->nr_queues);
    for (i = 0; i < s->nr_queues; i++) {
        dma_testdev_queue_init(s, i);
    }
}

static void dma_testdev_exit(PCIDevice *pdev)
{
    DmaTestdevState *s = DMA_TESTDEV(pdev);
    int i;

    /* One of them may be at work, and the cause of this. */
    for (i = 0; i < s->nr_queues; i++) {
        dma_testdev_queue_enable(&s->queues[i], false);
    }
    msix_unuse_all_vectors(pdev);
    msix_uninit_exclusive_bar(pdev);
    pcie_cap_exit(pdev);
}

static void dma_testdev_reset_hold(Object *obj, ResetType type)
{
    dma_testdev_do_reset(DMA_TESTDEV(obj));
}

static void dma_testdev_instance_init(Object *obj)
{
    dma_testdev_inject_init(DMA_TESTDEV(obj));
}

static void dma_testdev_instance_finalize(Object *obj)
{
    DmaTestdevState *s = DMA_TESTDEV(obj);
    int i;

    for (i = 0; s->queues && i < s->nr_queues; i++) {
        dma_testdev_queue_cleanup(&s->queues[i]);
    }
    g_free(s->queues);
}

static const Property dma_testdev_properties[] = {
    DEFINE_PROP_UINT32("queues", DmaTestdevState, nr_queues, 64),
    DEFINE_PROP_UINT32("pasid-bits", DmaTestdevState, pasid_bits,
                       PASID_BITS_MAX),
    /* Read by the machine, which tells the guest in the device tree */
    DEFINE_PROP_BOOL("dma-can-stall", DmaTestdevState, dma_can_stall, true),
};

static void dma_testdev_class_init(ObjectClass *klass, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    PCIDeviceClass *pc = PCI_DEVICE_CLASS(klass);
    ResettableClass *rc = RESETTABLE_CLASS(klass);

    pc->realize = dma_testdev_realize;
    pc->exit = dma_testdev_exit;
    pc->vendor_id = DMA_TESTDEV_VENDOR_ID;
    pc->device_id = DMA_TESTDEV_DEVICE_ID;
    pc->revision = 1;
    pc->class_id = 0x1200; /* processing accelerator */
    rc->phases.hold = dma_testdev_reset_hold;
    dc->desc = "DMA test device with PASIDs";
    dc->vmsd = &vmstate_dma_testdev;
    device_class_set_props(dc, dma_testdev_properties);
    set_bit(DEVICE_CATEGORY_MISC, dc->categories);

    dma_testdev_inject_class_init(klass);
    object_class_property_add(klass, "counters", "dma-testdev-counters",
                              get_counters, NULL, NULL, NULL);
    object_class_property_add(klass, "queue-counters",
                              "dma-testdev-counters[]",
                              get_queue_counters, NULL, NULL, NULL);
}

static const TypeInfo dma_testdev_info = {
    .name = TYPE_DMA_TESTDEV,
    .parent = TYPE_PCI_DEVICE,
    .instance_size = sizeof(DmaTestdevState),
    .instance_init = dma_testdev_instance_init,
    .instance_finalize = dma_testdev_instance_finalize,
    .class_init = dma_testdev_class_init,
    .interfaces = (InterfaceInfo[]) {
        { INTERFACE_PCIE_DEVICE },
        { }
    },
};

static void dma_testdev_register_types(void)
{
    type_register_static(&dma_testdev_info);
}

type_init(dma_testdev_register_types)
