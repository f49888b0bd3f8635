/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dma-testdev: what its own DMA resets or unplugs is at rest from then on
 *
 * The device is behind a root port, whose registers it writes to in the ECAM.
 * The SMMU is off, so that addresses are physical.
 */
#include "qemu/osdep.h"
#include "qemu/timer.h"
#include "hw/pci/pci_regs.h"
#include "smmuv3-rig.h"

#define ECAM(bus, slot) (0x4010000000ULL + ((bus) << 20) + ((slot) << 15))
#define PORT     ECAM(0, 2)
#define DEVICE   ECAM(1, 0)
#define BRIDGE_CONTROL (PORT + PCI_BRIDGE_CONTROL)

/* Its BARs, in a megabyte of 32-bit memory that the port forwards */
#define WINDOW   0x20000000
#define CONTROL  WINDOW
#define MSIX     (WINDOW + 0x10000)
#define DOORBELL (WINDOW + 0x40000)

#define RING_LOG2 2

typedef struct Behind {
    Rig *rig;
    uint64_t sq;
    uint64_t cq;
    uint64_t page;      /* a page of memory with nothing in it */
} Behind;

static void set_bars(Rig *rig)
{
    qtest_writel(rig->qts, DEVICE + PCI_BASE_ADDRESS_0, CONTROL);
    qtest_writel(rig->qts, DEVICE + PCI_BASE_ADDRESS_2, DOORBELL);
    qtest_writel(rig->qts, DEVICE + PCI_BASE_ADDRESS_3, 0);
    qtest_writel(rig->qts, DEVICE + PCI_BASE_ADDRESS_4, MSIX);
    qtest_writew(rig->qts, DEVICE + PCI_COMMAND,
                 PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
}

static void set_port(Rig *rig)
{
    qtest_writeb(rig->qts, PORT + PCI_SECONDARY_BUS, 1);
    qtest_writeb(rig->qts, PORT + PCI_SUBORDINATE_BUS, 1);
    qtest_writew(rig->qts, PORT + PCI_MEMORY_BASE, WINDOW >> 16);
    qtest_writew(rig->qts, PORT + PCI_MEMORY_LIMIT, WINDOW >> 16);
    qtest_writew(rig->qts, PORT + PCI_COMMAND,
                 PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
}

/* So many queues that their memory is the kernel's again when it is freed */
static Behind *behind_new(void)
{
    Behind *b = g_new0(Behind, 1);
    Rig *rig = rig_new_args("-device pcie-root-port,id=top,chassis=1,addr=2.0 "
                            "-device dma-testdev,bus=top,queues=64", 5);

    b->rig = rig;
    rig_smmu_write(rig, SMMU_CR0, 0);
    set_port(rig);
    set_bars(rig);
    g_assert_cmphex(qtest_readl(rig->qts, CONTROL + DMA_TESTDEV_ID), ==,
                    DMA_TESTDEV_ID_MAGIC);
    b->sq = rig_alloc(rig, RIG_PAGE);
    b->cq = rig_alloc(rig, RIG_PAGE);
    b->page = rig_alloc(rig, RIG_PAGE);
    qtest_writeq(rig->qts, DOORBELL + DMA_TESTDEV_DB_SQ_BASE, b->sq);
    qtest_writeq(rig->qts, DOORBELL + DMA_TESTDEV_DB_CQ_BASE, b->cq);
    qtest_writel(rig->qts, DOORBELL + DMA_TESTDEV_DB_RING_LOG2, RING_LOG2);
    return b;
}

static void behind_free(Behind *b)
{
    rig_free(b->rig);
    g_free(b);
}

/* Let the device execute @desc, and then write to the page. */
static void run(Behind *b, struct dma_testdev_desc desc)
{
    struct dma_testdev_desc descs[] = {
        desc,
        { .op = DMA_TESTDEV_FILL, .dst = b->page, .length = 1,
          .operand = 0xa5 },
    };

    qtest_memwrite(b->rig->qts, b->sq, descs, sizeof(descs));
    qtest_writel(b->rig->qts, CONTROL + DMA_TESTDEV_QUEUE(0) +
                 DMA_TESTDEV_QUEUE_ENABLE, 1);
    qtest_writel(b->rig->qts, DOORBELL + DMA_TESTDEV_DB_TAIL,
                 ARRAY_SIZE(descs));
    qtest_clock_step(b->rig->qts, NANOSECONDS_PER_SECOND);
}

/* The device is as after a reset, whose last act was what reset it. */
static void check_reset(Behind *b)
{
    QTestState *qts = b->rig->qts;
    int i;

    qtest_writew(qts, BRIDGE_CONTROL, 0);
    set_bars(b->rig);
    g_assert_cmphex(qtest_readl(qts, DOORBELL + DMA_TESTDEV_DB_STATE), ==,
                    DMA_TESTDEV_STOPPED);
    g_assert_cmphex(qtest_readl(qts, DOORBELL + DMA_TESTDEV_DB_HEAD), ==, 0);
    qtest_writel(qts, CONTROL + DMA_TESTDEV_SNAPSHOT, 1);
    for (i = 0; i < DMA_TESTDEV_NR_COUNTERS; i++) {
        g_assert_cmpint(qtest_readq(qts, CONTROL + DMA_TESTDEV_COUNTERS +
                                    i * sizeof(uint64_t)), ==, 0);
    }
    g_assert_cmphex(qtest_readb(qts, b->page), ==, 0);
}

/* The payload of a descriptor resets the bus of the device. */
static void test_payload(void)
{
    Behind *b = behind_new();

    run(b, (struct dma_testdev_desc) {
        .op = DMA_TESTDEV_FILL, .dst = BRIDGE_CONTROL, .length = 1,
        .operand = PCI_BRIDGE_CTL_BUS_RESET,
    });
    check_reset(b);
    behind_free(b);
}

static uint8_t find_capability(Behind *b, uint64_t function, uint8_t id)
{
    uint8_t pos = qtest_readb(b->rig->qts, function + PCI_CAPABILITY_LIST);

    while (qtest_readb(b->rig->qts, function + pos) != id) {
        pos = qtest_readb(b->rig->qts, function + pos + 1);
        g_assert_cmphex(pos, !=, 0);
    }
    return pos;
}

/* The interrupt of a completion does. */
static void test_interrupt(void)
{
    Behind *b = behind_new();
    QTestState *qts = b->rig->qts;
    uint8_t msix = find_capability(b, DEVICE, PCI_CAP_ID_MSIX);
    uint64_t address = BRIDGE_CONTROL & ~3ULL;

    qtest_writel(qts, MSIX + PCI_MSIX_ENTRY_LOWER_ADDR, address);
    qtest_writel(qts, MSIX + PCI_MSIX_ENTRY_UPPER_ADDR, address >> 32);
    qtest_writel(qts, MSIX + PCI_MSIX_ENTRY_DATA,
                 PCI_BRIDGE_CTL_BUS_RESET << 16);
    qtest_writel(qts, MSIX + PCI_MSIX_ENTRY_VECTOR_CTRL, 0);
    qtest_writew(qts, DEVICE + msix + PCI_MSIX_FLAGS, PCI_MSIX_FLAGS_ENABLE);
    qtest_writel(qts, CONTROL + DMA_TESTDEV_QUEUE(0) +
                 DMA_TESTDEV_QUEUE_VECTOR, 0);
    run(b, (struct dma_testdev_desc) {
        .op = DMA_TESTDEV_NOP, .flags = DMA_TESTDEV_F_IRQ,
    });
    check_reset(b);
    behind_free(b);
}

/* The payload switches the slot off: the device is gone before it is done. */
static void test_unplug(void)
{
    Behind *b = behind_new();
    QTestState *qts = b->rig->qts;
    uint16_t off = PCI_EXP_SLTCTL_PWR_OFF | PCI_EXP_SLTCTL_PWR_IND_OFF;
    uint64_t from = rig_alloc(b->rig, RIG_PAGE);

    qtest_writew(qts, from, off);
    run(b, (struct dma_testdev_desc) {
        .op = DMA_TESTDEV_COPY, .src = from, .length = sizeof(off),
        .dst = PORT + find_capability(b, PORT, PCI_CAP_ID_EXP) +
               PCI_EXP_SLTCTL,
    });
    g_assert_cmphex(qtest_readw(qts, DEVICE), ==, 0xffff);
    g_assert_cmphex(qtest_readb(qts, b->page), ==, 0);
    /* QEMU and its other device live on. */
    rig_queue(b->rig, 0, 0, NULL);
    g_assert_cmpint(rig_dma_write(b->rig, 0, b->page), ==, DMA_TESTDEV_OK);
    behind_free(b);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    qtest_add_func("dma-testdev/halt/payload", test_payload);
    qtest_add_func("dma-testdev/halt/interrupt", test_interrupt);
    qtest_add_func("dma-testdev/halt/unplug", test_unplug);
    return g_test_run();
}
