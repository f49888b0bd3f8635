/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dma-testdev: registers, operations, statuses and counters
 *
 * The SMMU is off, so that addresses are physical.
 */
#include "qemu/osdep.h"
#include "qemu/bitops.h"
#include "hw/pci/pci_regs.h"
#include "smmuv3-rig.h"

#define ECAM (0x4010000000ULL + (RIG_DEVFN << 12))

typedef struct dma_testdev_desc Desc;

static Rig *rig_bypass(const char *args)
{
    Rig *rig = rig_new_args(args, 5);

    rig_smmu_write(rig, SMMU_CR0, 0);
    rig_queue(rig, 0, 0, NULL);
    return rig;
}

static uint32_t control_read(Rig *rig, uint32_t offset)
{
    return qpci_io_readl(rig->dev, rig->control, offset);
}

static void control_write(Rig *rig, uint32_t offset, uint32_t value)
{
    qpci_io_writel(rig->dev, rig->control, offset, value);
}

static uint32_t doorbell_read(Rig *rig, uint32_t offset)
{
    return qpci_io_readl(rig->dev, rig->doorbell, offset);
}

static void doorbell_write(Rig *rig, uint32_t offset, uint32_t value)
{
    qpci_io_writel(rig->dev, rig->doorbell, offset, value);
}

/* Bytes that tell where they belong */
static void fill(Rig *rig, uint64_t addr, int length, int seed)
{
    g_autofree uint8_t *bytes = g_malloc(length);
    int i;

    for (i = 0; i < length; i++) {
        bytes[i] = i * 7 + (i >> 8) + seed;
    }
    qtest_memwrite(rig->qts, addr, bytes, length);
}

static bool same(Rig *rig, uint64_t a, uint64_t b, int length)
{
    g_autofree uint8_t *a_bytes = g_malloc(length);
    g_autofree uint8_t *b_bytes = g_malloc(length);

    qtest_memread(rig->qts, a, a_bytes, length);
    qtest_memread(rig->qts, b, b_bytes, length);
    return memcmp(a_bytes, b_bytes, length) == 0;
}

static void test_identity(void)
{
    Rig *rig = rig_bypass("");

    g_assert_cmphex(control_read(rig, DMA_TESTDEV_ID), ==,
                    DMA_TESTDEV_ID_MAGIC);
    g_assert_cmphex(control_read(rig, DMA_TESTDEV_VERSION), ==,
                    DMA_TESTDEV_VERSION_1_0);
    g_assert_cmphex(control_read(rig, DMA_TESTDEV_OPS), ==,
                    (1 << DMA_TESTDEV_NR_OPS) - 1);
    g_assert_cmpint(control_read(rig, DMA_TESTDEV_QUEUES), ==, RIG_QUEUES);
    g_assert_cmpint(control_read(rig, DMA_TESTDEV_PASID_BITS), ==, 16);
    g_assert_cmphex(qtest_readw(rig->qts, ECAM), ==, DMA_TESTDEV_VENDOR_ID);
    g_assert_cmphex(qtest_readw(rig->qts, ECAM + 2), ==,
                    DMA_TESTDEV_DEVICE_ID);
    rig_free(rig);
}

static void test_pasid_capability(void)
{
    Rig *rig = rig_bypass("-global dma-testdev.pasid-bits=9 ");

    g_assert_cmphex(qtest_readl(rig->qts, ECAM + 0x100), ==, 0x0001001b);
    g_assert_cmphex(qtest_readw(rig->qts, ECAM + 0x104), ==, 9 << 8 | 6);
    g_assert_cmpint(control_read(rig, DMA_TESTDEV_PASID_BITS), ==, 9);
    control_write(rig, DMA_TESTDEV_QUEUE(1), 0xffffffff);
    g_assert_cmphex(control_read(rig, DMA_TESTDEV_QUEUE(1)), ==, 0xe00001ff);

    /* Not while the queue is enabled */
    control_write(rig, DMA_TESTDEV_QUEUE(0), 5);
    g_assert_cmphex(control_read(rig, DMA_TESTDEV_QUEUE(0)), ==, 0);

    /* The capability is disabled: no transaction with a PASID leaves. */
    qtest_writew(rig->qts, ECAM + 0x106, 0);
    rig_queue(rig, 2, DMA_TESTDEV_QUEUE_PASID_VALID | 1, NULL);
    rig_submit(rig, 2, (Desc) {});
    rig_wait(rig, 2, DMA_TESTDEV_ERROR | DMA_TESTDEV_ERROR_SQ_ABORT << 8);
    rig_free(rig);
}

/* Every length around a page, and every way to be aligned to one */
static void test_copy(void)
{
    static const int lengths[] = { 1, 7, 64, 4095, 4096, 4097, 9000, 20000 };
    static const int offsets[] = { 0, 1, 8, 4095 };
    Rig *rig = rig_bypass("");
    uint64_t src = rig_alloc(rig, 8 * RIG_PAGE);
    uint64_t dst = rig_alloc(rig, 8 * RIG_PAGE);
    int i, j, k, seed = 0;

    for (i = 0; i < ARRAY_SIZE(lengths); i++) {
        for (j = 0; j < ARRAY_SIZE(offsets); j++) {
            for (k = 0; k < ARRAY_SIZE(offsets); k++) {
                uint64_t from = src + offsets[j], to = dst + offsets[k];
                struct dma_testdev_cpl cpl;

                fill(rig, src, 8 * RIG_PAGE, seed++);
                qtest_memset(rig->qts, dst, 0xee, 8 * RIG_PAGE);
                cpl = rig_run(rig, 0, (Desc) {
                    .op = DMA_TESTDEV_COPY, .src = from, .dst = to,
                    .length = lengths[i], .tag = seed,
                });
                g_assert_cmpint(cpl.status, ==, DMA_TESTDEV_OK);
                g_assert_cmpint(cpl.tag, ==, seed);
                g_assert_cmpint(cpl.bytes_done, ==, lengths[i]);
                g_assert_true(same(rig, from, to, lengths[i]));
                g_assert_cmphex(qtest_readb(rig->qts, to + lengths[i]), ==,
                                0xee);
                if (offsets[k]) {
                    g_assert_cmphex(qtest_readb(rig->qts, to - 1), ==, 0xee);
                }
            }
        }
    }
    rig_free(rig);
}

static void test_fill(void)
{
    Rig *rig = rig_bypass("");
    uint64_t dst = rig_alloc(rig, 4 * RIG_PAGE);
    struct dma_testdev_cpl cpl = rig_run(rig, 0, (Desc) {
        .op = DMA_TESTDEV_FILL, .dst = dst + 1, .length = 8192,
        .operand = 0x11223344,
    });

    g_assert_cmpint(cpl.status, ==, DMA_TESTDEV_OK);
    g_assert_cmpint(cpl.bytes_done, ==, 8192);
    g_assert_cmphex(qtest_readb(rig->qts, dst), ==, 0);
    g_assert_cmphex(qtest_readb(rig->qts, dst + 1), ==, 0x44);
    g_assert_cmphex(qtest_readb(rig->qts, dst + 8192), ==, 0x44);
    g_assert_cmphex(qtest_readb(rig->qts, dst + 8193), ==, 0);
    g_assert_true(same(rig, dst + 1, dst + 2, 8191));
    rig_free(rig);
}

static void test_compare(void)
{
    Rig *rig = rig_bypass("");
    uint64_t a = rig_alloc(rig, 4 * RIG_PAGE), b = rig_alloc(rig, 4 * RIG_PAGE);
    Desc desc = {
        .op = DMA_TESTDEV_COMPARE, .src = a + 3, .dst = b + 4001,
        .length = 9000,
    };
    struct dma_testdev_cpl cpl;

    fill(rig, a + 3, 9000, 1);
    fill(rig, b + 4001, 9000, 1);
    cpl = rig_run(rig, 0, desc);
    g_assert_cmpint(cpl.status, ==, DMA_TESTDEV_OK);
    g_assert_cmpint(cpl.result, ==, 9000);
    g_assert_cmpint(cpl.wrong_bytes, ==, 0);

    qtest_writeb(rig->qts, b + 4001 + 5000,
                 qtest_readb(rig->qts, b + 4001 + 5000) ^ 1);
    qtest_writeb(rig->qts, b + 4001 + 8999,
                 qtest_readb(rig->qts, b + 4001 + 8999) ^ 1);
    cpl = rig_run(rig, 0, desc);
    g_assert_cmpint(cpl.status, ==, DMA_TESTDEV_MISMATCH);
    g_assert_cmpint(cpl.result, ==, 5000);
    g_assert_cmpint(cpl.wrong_bytes, ==, 2);
    g_assert_cmpint(cpl.bytes_done, ==, 9000);
    g_assert_cmpint(rig_count(rig, "wrong-bytes"), ==, 2);
    rig_free(rig);
}

static void test_checksum(void)
{
    Rig *rig = rig_bypass("");
    uint64_t src = rig_alloc(rig, 2 * RIG_PAGE) + RIG_PAGE - 4;
    struct dma_testdev_cpl cpl;

    qtest_memwrite(rig->qts, src, "123456789", 9);
    cpl = rig_run(rig, 0, (Desc) {
        .op = DMA_TESTDEV_CHECKSUM, .src = src, .length = 9,
    });
    g_assert_cmpint(cpl.status, ==, DMA_TESTDEV_OK);
    /* The check value of CRC-32C */
    g_assert_cmphex(cpl.result, ==, 0xe3069283);
    g_assert_cmpint(cpl.bytes_done, ==, 9);
    rig_free(rig);
}

static void test_atomics(void)
{
    Rig *rig = rig_bypass("");
    uint64_t addr = rig_alloc(rig, 8);
    Desc swap = {
        .op = DMA_TESTDEV_COMPARE_SWAP, .dst = addr, .operand = 42,
        .operand2 = 77,
    };
    struct dma_testdev_cpl cpl;

    qtest_writeq(rig->qts, addr, 40);
    cpl = rig_run(rig, 0, (Desc) {
        .op = DMA_TESTDEV_FETCH_ADD, .dst = addr, .operand = 2,
    });
    g_assert_cmpint(cpl.status, ==, DMA_TESTDEV_OK);
    g_assert_cmpint(cpl.result, ==, 40);
    g_assert_cmpint(qtest_readq(rig->qts, addr), ==, 42);

    g_assert_cmpint(rig_run(rig, 0, swap).result, ==, 42);
    g_assert_cmpint(qtest_readq(rig->qts, addr), ==, 77);
    g_assert_cmpint(rig_run(rig, 0, swap).result, ==, 77);
    g_assert_cmpint(qtest_readq(rig->qts, addr), ==, 77);
    g_assert_cmpint(rig_count(rig, "bytes-written"), ==, 24);
    rig_free(rig);
}

/* What a descriptor that reaches device registers ends with */
static void check_bus_error(Rig *rig, Desc desc)
{
    struct dma_testdev_cpl cpl = rig_run(rig, 0, desc);

    g_assert_cmpint(cpl.status, ==, DMA_TESTDEV_BUS_ERROR);
    g_assert_cmphex(cpl.fault_va, ==, desc.dst);
    g_assert_cmpint(doorbell_read(rig, DMA_TESTDEV_DB_HEAD), ==,
                    rig->queues[0].tail);
}

/* No buffer stands in for registers: they are not memory. */
static void test_atomics_of_registers(void)
{
    Rig *rig = rig_bypass("");
    uint32_t command = qpci_config_readl(rig->dev, PCI_COMMAND);

    check_bus_error(rig, (Desc) {
        .op = DMA_TESTDEV_FETCH_ADD, .dst = ECAM + PCI_COMMAND - 4,
    });
    check_bus_error(rig, (Desc) {
        .op = DMA_TESTDEV_TOUCH, .dst = ECAM + PCI_COMMAND, .length = 1,
        .flags = DMA_TESTDEV_F_WRITE,
    });
    g_assert_cmphex(qpci_config_readl(rig->dev, PCI_COMMAND), ==, command);
    rig_free(rig);
}

/* A process could map its doorbell page for its own queue. */
static void test_own_doorbell(void)
{
    Rig *rig = rig_bypass("");
    int bar = PCI_BASE_ADDRESS_0 + 4 * DMA_TESTDEV_BAR_DOORBELL;
    uint64_t doorbell = qpci_config_readl(rig->dev, bar) & ~0xf;
    uint64_t src = rig_alloc(rig, 4);

    doorbell |= (uint64_t)qpci_config_readl(rig->dev, bar + 4) << 32;
    qtest_writel(rig->qts, src, DMA_TESTDEV_CONTROL_RESET);
    check_bus_error(rig, (Desc) {
        .op = DMA_TESTDEV_COPY, .src = src, .length = 4,
        .dst = doorbell + DMA_TESTDEV_DB_CONTROL,
    });
    g_assert_cmpint(rig_run(rig, 0, (Desc) {}).status, ==, DMA_TESTDEV_OK);
    rig_free(rig);
}

static void test_touch(void)
{
    Rig *rig = rig_bypass("");
    uint64_t addr = rig_alloc(rig, 4 * RIG_PAGE);
    Desc desc = {
        .op = DMA_TESTDEV_TOUCH, .dst = addr + 4000, .length = 4000 + 4096,
    };

    fill(rig, addr, 4 * RIG_PAGE, 5);
    g_assert_cmpint(rig_run(rig, 0, desc).bytes_done, ==, 3);
    g_assert_cmpint(rig_count(rig, "bytes-read"), ==, 3);
    g_assert_cmpint(rig_count(rig, "bytes-written"), ==, 0);
    desc.flags = DMA_TESTDEV_F_WRITE;
    g_assert_cmpint(rig_run(rig, 0, desc).bytes_done, ==, 3);
    g_assert_cmpint(rig_count(rig, "bytes-written"), ==, 3);
    g_assert_cmphex(qtest_readb(rig->qts, addr + 4000), ==,
                    (uint8_t)(4000 * 7 + (4000 >> 8) + 5));
    rig_free(rig);
}

static void test_refusals(void)
{
    Rig *rig = rig_bypass("");
    uint64_t addr = rig_alloc(rig, RIG_PAGE);
    const struct {
        Desc desc;
        int status;
    } cases[] = {
        { { .op = DMA_TESTDEV_NR_OPS }, DMA_TESTDEV_BAD_OP },
        { { .flags = 0x10 }, DMA_TESTDEV_BAD_FLAGS },
        { { .flags = DMA_TESTDEV_F_LOOP }, DMA_TESTDEV_BAD_FLAGS },
        { { .op = DMA_TESTDEV_FILL, .flags = DMA_TESTDEV_F_WRITE,
            .dst = addr, .length = 1 }, DMA_TESTDEV_BAD_FLAGS },
        { { .op = DMA_TESTDEV_FETCH_ADD, .flags = DMA_TESTDEV_F_SG,
            .dst = addr }, DMA_TESTDEV_BAD_FLAGS },
        { { .reserved0 = 1 }, DMA_TESTDEV_BAD_RESERVED },
        { { .reserved1 = 1 }, DMA_TESTDEV_BAD_RESERVED },
        { { .op = DMA_TESTDEV_FILL, .dst = addr }, DMA_TESTDEV_BAD_LENGTH },
        { { .op = DMA_TESTDEV_FILL, .dst = addr,
            .length = DMA_TESTDEV_LENGTH_MAX + 1 }, DMA_TESTDEV_BAD_LENGTH },
        { { .op = DMA_TESTDEV_CHECKSUM, .src = -1ULL, .length = 2 },
          DMA_TESTDEV_BAD_LENGTH },
        { { .op = DMA_TESTDEV_FETCH_ADD, .dst = addr + 4 },
          DMA_TESTDEV_BAD_ALIGNMENT },
        { { .op = DMA_TESTDEV_COMPARE_SWAP, .dst = addr + 1 },
          DMA_TESTDEV_BAD_ALIGNMENT },
        { { .op = DMA_TESTDEV_FILL, .flags = DMA_TESTDEV_F_SG,
            .dst = addr + 8, .length = 1, .operand2 = 1 },
          DMA_TESTDEV_BAD_ALIGNMENT },
        { { .op = DMA_TESTDEV_FILL, .dst = RIG_HOLE, .length = 1 },
          DMA_TESTDEV_BUS_ERROR },
        { { .op = DMA_TESTDEV_CHECKSUM, .src = RIG_HOLE, .length = 1 },
          DMA_TESTDEV_BUS_ERROR },
        { { .op = DMA_TESTDEV_NOP, .length = 99 }, DMA_TESTDEV_OK },
    };
    int i;

    for (i = 0; i < ARRAY_SIZE(cases); i++) {
        struct dma_testdev_cpl cpl = rig_run(rig, 0, cases[i].desc);

        g_assert_cmpint(cpl.status, ==, cases[i].status);
        g_assert_cmphex(cpl.fault_va, ==,
                        cpl.status == DMA_TESTDEV_BUS_ERROR ? RIG_HOLE : 0);
    }
    g_assert_cmpint(rig_count(rig, "descriptors"), ==, i);
    g_assert_cmphex(qtest_readq(rig->qts, addr), ==, 0);
    rig_free(rig);
}

static void write_list(Rig *rig, uint64_t addr, const uint64_t *words, int nr)
{
    int i;

    for (i = 0; i < nr; i++) {
        qtest_writeq(rig->qts, addr + i * 8, words[i]);
    }
}

static void test_scatter_gather(void)
{
    Rig *rig = rig_bypass("");
    uint64_t src = rig_alloc(rig, 4 * RIG_PAGE);
    uint64_t dst = rig_alloc(rig, 4 * RIG_PAGE);
    uint64_t lists = rig_alloc(rig, RIG_PAGE);
    Desc desc = {
        .op = DMA_TESTDEV_COPY, .flags = DMA_TESTDEV_F_SG,
        .src = lists, .dst = lists + 64, .length = 10000, .operand2 = 2,
    };
    struct dma_testdev_cpl cpl;

    fill(rig, src, 10000, 3);
    write_list(rig, lists, (uint64_t[]) { src, 3000, src + 3000, 7000 }, 4);
    write_list(rig, lists + 64,
               (uint64_t[]) { dst + 9, 1, dst + 10, 10000 }, 4);
    cpl = rig_run(rig, 0, desc);
    g_assert_cmpint(cpl.status, ==, DMA_TESTDEV_OK);
    g_assert_true(same(rig, src, dst + 9, 10000));

    /* A list that does not cover the length: what there is was copied. */
    desc.length = 10001;
    cpl = rig_run(rig, 0, desc);
    g_assert_cmpint(cpl.status, ==, DMA_TESTDEV_BAD_LENGTH);

    qtest_writeq(rig->qts, lists + 8, 0);
    cpl = rig_run(rig, 0, desc);
    g_assert_cmpint(cpl.status, ==, DMA_TESTDEV_BAD_LENGTH);
    g_assert_cmpint(cpl.bytes_done, ==, 0);

    desc.src = RIG_HOLE;
    cpl = rig_run(rig, 0, desc);
    g_assert_cmpint(cpl.status, ==, DMA_TESTDEV_SG_ABORT);
    g_assert_cmphex(cpl.fault_va, ==, RIG_HOLE);
    rig_free(rig);
}

static void test_loop(void)
{
    Rig *rig = rig_bypass("");
    uint64_t a = rig_alloc(rig, RIG_PAGE), b = rig_alloc(rig, RIG_PAGE);
    struct dma_testdev_cpl cpl;
    Desc desc = {
        .op = DMA_TESTDEV_COMPARE, .flags = DMA_TESTDEV_F_LOOP,
        .src = a, .dst = b, .length = RIG_PAGE,
    };

    qtest_writeb(rig->qts, a + 17, 1);
    rig_submit(rig, 0, desc);
    qtest_clock_step(rig->qts, 1000);
    rig_wait(rig, 0, DMA_TESTDEV_BUSY);
    qtest_clock_step(rig->qts, 1000000);
    g_assert_cmpint(rig_state(rig, 0), ==, DMA_TESTDEV_BUSY);
    doorbell_write(rig, DMA_TESTDEV_DB_CONTROL, DMA_TESTDEV_CONTROL_STOP_LOOP);
    cpl = rig_cpl(rig, 0);
    g_assert_cmpint(cpl.status, ==, DMA_TESTDEV_MISMATCH);
    g_assert_cmpint(cpl.passes, >, 1);
    g_assert_cmpint(cpl.wrong_bytes, ==, cpl.passes);
    g_assert_cmpint(cpl.result, ==, 17);
    g_assert_cmpint(cpl.bytes_done, ==, (uint64_t)cpl.passes * RIG_PAGE);

    /* The stop was for what was submitted before it. */
    rig_submit(rig, 0, desc);
    qtest_clock_step(rig->qts, 1000000);
    g_assert_cmpint(rig_state(rig, 0), ==, DMA_TESTDEV_BUSY);
    /* An abort ends a loop, too. */
    rig_set(rig, "inject-abort-in", 1);
    cpl = rig_cpl(rig, 0);
    g_assert_cmpint(cpl.status, ==, DMA_TESTDEV_READ_ABORT);
    rig_free(rig);
}

/* One transaction for each page, direction and pass */
static void test_counters(void)
{
    Rig *rig = rig_bypass("");
    uint64_t src = rig_alloc(rig, 4 * RIG_PAGE);
    uint64_t dst = rig_alloc(rig, 4 * RIG_PAGE);

    rig_run(rig, 0, (Desc) {
        .op = DMA_TESTDEV_COPY, .src = src, .dst = dst + 100, .length = 8192,
    });
    g_assert_cmpint(rig_count(rig, "transactions"), ==, 2 + 3);
    g_assert_cmpint(rig_count(rig, "translations"), ==, 2 + 3);
    g_assert_cmpint(rig_count(rig, "bytes-read"), ==, 8192);
    g_assert_cmpint(rig_count(rig, "bytes-written"), ==, 8192);
    g_assert_cmpint(rig_count(rig, "descriptors"), ==, 1);

    /* A snapshot is of a moment. */
    g_assert_cmpint(control_read(rig, DMA_TESTDEV_COUNTERS), ==, 0);
    control_write(rig, DMA_TESTDEV_SNAPSHOT, 1);
    doorbell_write(rig, DMA_TESTDEV_DB_SNAPSHOT, 1);
    rig_run(rig, 0, (Desc) {});
    g_assert_cmpint(control_read(rig, DMA_TESTDEV_COUNTERS), ==, 1);
    g_assert_cmpint(doorbell_read(rig, DMA_TESTDEV_DB_COUNTERS), ==, 1);
    g_assert_cmpint(control_read(rig, DMA_TESTDEV_COUNTERS +
                                 DMA_TESTDEV_TRANSACTIONS * 8), ==, 5);
    g_assert_cmpint(doorbell_read(rig, DMA_TESTDEV_DB_COUNTERS +
                                  DMA_TESTDEV_BYTES_READ * 8), ==, 8192);

    doorbell_write(rig, DMA_TESTDEV_DB_CONTROL, DMA_TESTDEV_CONTROL_RESET);
    g_assert_cmpint(doorbell_read(rig, DMA_TESTDEV_DB_COUNTERS), ==, 0);
    g_assert_cmpint(rig_count(rig, "descriptors"), ==, 2);
    control_write(rig, DMA_TESTDEV_RESET, 1);
    g_assert_cmpint(rig_count(rig, "descriptors"), ==, 0);
    g_assert_cmpint(rig_state(rig, 0), ==, DMA_TESTDEV_STOPPED);
    g_assert_cmpint(control_read(rig, DMA_TESTDEV_COUNTERS), ==, 0);
    rig_free(rig);
}

static void check_error(Rig *rig, int error, uint64_t va)
{
    rig_wait(rig, 0, DMA_TESTDEV_ERROR | error << 8);
    g_assert_cmphex(doorbell_read(rig, DMA_TESTDEV_DB_ERROR_VA) |
                    (uint64_t)doorbell_read(rig, DMA_TESTDEV_DB_ERROR_VA + 4)
                    << 32, ==, va);
    rig_queue(rig, 0, 0, NULL);
    g_assert_cmpint(rig_run(rig, 0, (Desc) {}).status, ==, DMA_TESTDEV_OK);
}

static void test_queue_errors(void)
{
    Rig *rig = rig_bypass("");

    doorbell_write(rig, DMA_TESTDEV_DB_SQ_BASE, rig->queues[0].sq + 8);
    doorbell_write(rig, DMA_TESTDEV_DB_TAIL, 1);
    check_error(rig, DMA_TESTDEV_ERROR_RING, 0);

    doorbell_write(rig, DMA_TESTDEV_DB_RING_LOG2, 13);
    doorbell_write(rig, DMA_TESTDEV_DB_TAIL, 2);
    check_error(rig, DMA_TESTDEV_ERROR_RING, 0);

    doorbell_write(rig, DMA_TESTDEV_DB_TAIL, 1 + 17);
    check_error(rig, DMA_TESTDEV_ERROR_RING, 0);

    doorbell_write(rig, DMA_TESTDEV_DB_SQ_BASE, 0);
    doorbell_write(rig, DMA_TESTDEV_DB_SQ_BASE + 4, RIG_HOLE >> 32);
    doorbell_write(rig, DMA_TESTDEV_DB_TAIL, 2);
    check_error(rig, DMA_TESTDEV_ERROR_SQ_ABORT, RIG_HOLE + 64);

    doorbell_write(rig, DMA_TESTDEV_DB_CQ_BASE, 0);
    doorbell_write(rig, DMA_TESTDEV_DB_CQ_BASE + 4, RIG_HOLE >> 32);
    doorbell_write(rig, DMA_TESTDEV_DB_TAIL, 2);
    check_error(rig, DMA_TESTDEV_ERROR_CQ_ABORT, RIG_HOLE + 64);
    rig_free(rig);
}

/* The rings wrap, and the counts go on. */
static void test_wrap(void)
{
    Rig *rig = rig_bypass("");
    int i;

    for (i = 0; i < 40; i++) {
        g_assert_cmpint(rig_run(rig, 0, (Desc) { .tag = i }).tag, ==, i);
    }
    g_assert_cmpint(doorbell_read(rig, DMA_TESTDEV_DB_HEAD), ==, 40);
    rig_free(rig);
}

static void test_disable(void)
{
    Rig *rig = rig_bypass("");
    uint64_t dst = rig_alloc(rig, RIG_PAGE);

    rig_submit(rig, 0, (Desc) {
        .op = DMA_TESTDEV_TOUCH, .dst = dst, .length = 1,
        .flags = DMA_TESTDEV_F_LOOP,
    });
    qtest_clock_step(rig->qts, 100000);
    control_write(rig, DMA_TESTDEV_QUEUE(0) + DMA_TESTDEV_QUEUE_ENABLE, 0);
    g_assert_cmpint(rig_state(rig, 0), ==, DMA_TESTDEV_STOPPED);
    qtest_clock_step(rig->qts, 1000000);
    g_assert_cmpint(doorbell_read(rig, DMA_TESTDEV_DB_HEAD), ==, 0);

    /* No bus master, no DMA */
    rig_queue(rig, 0, 0, NULL);
    qpci_config_writew(rig->dev, PCI_COMMAND, PCI_COMMAND_MEMORY);
    rig_submit(rig, 0, (Desc) {});
    rig_wait(rig, 0, DMA_TESTDEV_ERROR | DMA_TESTDEV_ERROR_SQ_ABORT << 8);
    rig_free(rig);
}

/* MSI-X into memory, where it can be seen */
static void test_interrupt(void)
{
    Rig *rig = rig_bypass("");
    uint64_t addr = rig_alloc(rig, RIG_PAGE);
    uint64_t table;

    qpci_msix_enable(rig->dev);
    table = rig->dev->msix_table_off + 2 * 16;
    qpci_io_writel(rig->dev, rig->dev->msix_table_bar, table, addr);
    qpci_io_writel(rig->dev, rig->dev->msix_table_bar, table + 4, addr >> 32);
    qpci_io_writel(rig->dev, rig->dev->msix_table_bar, table + 8, 0x1234);
    qpci_io_writel(rig->dev, rig->dev->msix_table_bar, table + 12, 0);
    control_write(rig, DMA_TESTDEV_QUEUE(0) + DMA_TESTDEV_QUEUE_VECTOR, 2);

    rig_run(rig, 0, (Desc) {});
    g_assert_cmphex(qtest_readl(rig->qts, addr), ==, 0);
    rig_run(rig, 0, (Desc) { .flags = DMA_TESTDEV_F_IRQ });
    g_assert_cmphex(qtest_readl(rig->qts, addr), ==, 0x1234);
    rig_free(rig);
}

/* How long a descriptor takes on the virtual clock, to 1 us */
static int64_t duration_ns(Rig *rig, Desc desc)
{
    int64_t ns = 0;

    rig_submit(rig, 0, desc);
    while (rig_state(rig, 0) == DMA_TESTDEV_BUSY) {
        qtest_clock_step(rig->qts, 1000);
        ns += 1000;
        g_assert_cmpint(ns, <, 100 * 1000 * 1000);
    }
    return ns;
}

static void test_timing(void)
{
    Rig *rig = rig_bypass("-global dma-testdev.latency-ns=0 ");
    uint64_t dst = rig_alloc(rig, 16 * RIG_PAGE);
    Desc desc = {
        .op = DMA_TESTDEV_FILL, .dst = dst, .length = 16 * RIG_PAGE,
    };
    int64_t ns;

    g_assert_cmpint(duration_ns(rig, desc), <=, 10000);
    rig_set(rig, "latency-ns", 50000);
    ns = duration_ns(rig, desc);
    g_assert_cmpint(ns, >=, 16 * 50000);
    g_assert_cmpint(ns, <=, 16 * 50000 + 20000);
    rig_set(rig, "latency-ns", 0);
    rig_set(rig, "bytes-per-second", 16 * RIG_PAGE * 1000);
    ns = duration_ns(rig, desc);
    g_assert_cmpint(ns, >=, 1000000);
    g_assert_cmpint(ns, <=, 1020000);
    /* 2^32 and more: some 15 us */
    rig_set(rig, "bytes-per-second", 1LL << 32);
    ns = duration_ns(rig, desc);
    g_assert_cmpint(ns, >=, 15000);
    g_assert_cmpint(ns, <=, 35000);
    rig_set(rig, "bytes-per-second", INT64_MAX);
    g_assert_cmpint(duration_ns(rig, desc), <=, 20000);
    rig_free(rig);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    qtest_add_func("dma-testdev/identity", test_identity);
    qtest_add_func("dma-testdev/pasid-capability", test_pasid_capability);
    qtest_add_func("dma-testdev/copy", test_copy);
    qtest_add_func("dma-testdev/fill", test_fill);
    qtest_add_func("dma-testdev/compare", test_compare);
    qtest_add_func("dma-testdev/checksum", test_checksum);
    qtest_add_func("dma-testdev/atomics", test_atomics);
    qtest_add_func("dma-testdev/atomics-of-registers",
                   test_atomics_of_registers);
    qtest_add_func("dma-testdev/own-doorbell", test_own_doorbell);
    qtest_add_func("dma-testdev/touch", test_touch);
    qtest_add_func("dma-testdev/refusals", test_refusals);
    qtest_add_func("dma-testdev/scatter-gather", test_scatter_gather);
    qtest_add_func("dma-testdev/loop", test_loop);
    qtest_add_func("dma-testdev/counters", test_counters);
    qtest_add_func("dma-testdev/queue-errors", test_queue_errors);
    qtest_add_func("dma-testdev/wrap", test_wrap);
    qtest_add_func("dma-testdev/disable", test_disable);
    qtest_add_func("dma-testdev/interrupt", test_interrupt);
    qtest_add_func("dma-testdev/timing", test_timing);
    return g_test_run();
}
