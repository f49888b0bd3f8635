/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dma-testdev: faults and timing that are set over QMP
 *
 * Each setting is an integer property of the device, which can be given on
 * the command line or changed at any time. None of them is guest state: they
 * survive a reset, and do not migrate.
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qapi/visitor.h"
#include "hw/pci/pci_bus.h"
#include "dma-testdev.h"
#include "trace.h"

typedef struct Setting {
    const char *name;
    size_t offset;
    int64_t min;
    int64_t max;
} Setting;

#define SETTING(n, field, lo, hi) \
    { n, offsetof(DmaTestdevState, field), lo, hi }

static const Setting settings[] = {
    SETTING("latency-ns", latency_ns, 0, NANOSECONDS_PER_SECOND),
    SETTING("bytes-per-second", bytes_per_second, 0, INT64_MAX),
    SETTING("inject-queue", inject.queue, -1, DMA_TESTDEV_MAX_QUEUES - 1),
    SETTING("inject-abort-in", inject.abort_in, 0, INT64_MAX),
    SETTING("inject-drop-resumes", inject.drop_resumes, 0, INT64_MAX),
    SETTING("inject-resume-delay-ns", inject.resume_delay_ns, 0,
            60 * NANOSECONDS_PER_SECOND),
    SETTING("inject-devfn", inject.devfn, -1, PCI_DEVFN_MAX - 1),
    SETTING("inject-pasid", inject.pasid, -1, UINT16_MAX),
};

static int64_t *setting_value(Object *obj, const Setting *setting)
{
    return (int64_t *)((char *)DMA_TESTDEV(obj) + setting->offset);
}

static void get_setting(Object *obj, Visitor *v, const char *name,
                        void *opaque, Error **errp)
{
    int64_t value = *setting_value(obj, opaque);

    visit_type_int64(v, name, &value, errp);
}

static void set_setting(Object *obj, Visitor *v, const char *name,
                        void *opaque, Error **errp)
{
    const Setting *setting = opaque;
    int64_t value;

    if (!visit_type_int64(v, name, &value, errp)) {
        return;
    }
    if (value < setting->min || value > setting->max) {
        error_setg(errp, "%s must be from %" PRId64 " to %" PRId64, name,
                   setting->min, setting->max);
        return;
    }
    *setting_value(obj, setting) = value;
}

void dma_testdev_inject_class_init(ObjectClass *klass)
{
    int i;

    for (i = 0; i < ARRAY_SIZE(settings); i++) {
        object_class_property_add(klass, settings[i].name, "int64",
                                  get_setting, set_setting, NULL,
                                  (void *)&settings[i]);
    }
}

void dma_testdev_inject_init(DmaTestdevState *s)
{
    s->inject = (DmaInject) { .queue = -1, .devfn = -1, .pasid = -1 };
}

static bool affected(DmaTestdevQueue *q)
{
    int64_t queue = q->dev->inject.queue;

    return queue < 0 || queue == q->index;
}

/* Count down; true when it is this one's turn */
static bool is_last(int64_t *left)
{
    return *left > 0 && --*left == 0;
}

bool dma_testdev_inject_abort(DmaTestdevQueue *q)
{
    if (!affected(q) || !is_last(&q->dev->inject.abort_in)) {
        return false;
    }
    trace_dma_testdev_inject(q->index, "abort");
    return true;
}

bool dma_testdev_inject_drop_resume(DmaTestdevQueue *q)
{
    if (!affected(q) || q->dev->inject.drop_resumes <= 0) {
        return false;
    }
    q->dev->inject.drop_resumes--;
    trace_dma_testdev_inject(q->index, "drop resume");
    return true;
}

int64_t dma_testdev_inject_resume_delay(DmaTestdevQueue *q)
{
    return affected(q) ? q->dev->inject.resume_delay_ns : 0;
}

AddressSpace *dma_testdev_inject_as(DmaTestdevQueue *q)
{
    PCIDevice *pdev = PCI_DEVICE(q->dev);
    PCIBus *bus = pci_get_bus(pdev);

    if (affected(q) && q->dev->inject.devfn >= 0 && bus->iommu_ops) {
        return bus->iommu_ops->get_address_space(bus, bus->iommu_opaque,
                                                 q->dev->inject.devfn);
    }
    return pci_device_iommu_address_space(pdev);
}

uint32_t dma_testdev_inject_pasid(DmaTestdevQueue *q)
{
    if (affected(q) && q->dev->inject.pasid >= 0) {
        return DMA_TESTDEV_QUEUE_PASID_VALID | q->dev->inject.pasid;
    }
    return q->pasid;
}
