/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SMMUv3 and dma-testdev: what migrates while transactions are stalled
 */
#include "qemu/osdep.h"
#include "smmuv3-rig.h"

#define ON "-global arm-smmuv3.ssidsize=4 -global arm-smmuv3.stall=on "
#define STALL ((Cd) { .r = true, .s = true })

static void stall(Usual *u, int queue)
{
    rig_submit(u->rig, queue, (struct dma_testdev_desc) {
        .op = DMA_TESTDEV_FILL, .dst = USUAL_VA, .length = 1, .tag = 77,
        .operand = 0xa5,
    });
    rig_wait(u->rig, queue, DMA_TESTDEV_STALLED);
}

static void map(Usual *u, int queue)
{
    rig_map(u->rig, &u->space[queue + 1], USUAL_VA, u->page | PTE_PAGE);
}

static void test_idle(void)
{
    Usual *u = usual_new(ON, STALL);

    map(u, 0);
    g_assert_cmpint(rig_dma_write(u->rig, 0, USUAL_VA), ==, DMA_TESTDEV_OK);
    rig_migrate(u->rig);
    g_assert_cmpint(rig_count(u->rig, "descriptors"), ==, 1);
    g_assert_cmpint(rig_dma_write(u->rig, 0, USUAL_VA), ==, DMA_TESTDEV_OK);
    g_assert_cmpint(rig_count(u->rig, "descriptors"), ==, 2);
    rig_expect_none(u->rig);
    usual_free(u);
}

static void test_stalled(void)
{
    Usual *u = usual_new(ON, STALL);
    struct dma_testdev_cpl cpl;
    Event first, second;

    stall(u, 0);
    stall(u, 1);
    first = rig_expect(u->rig, EVT_F_TRANSLATION);
    rig_migrate(u->rig);
    second = rig_expect(u->rig, EVT_F_TRANSLATION);
    g_assert_cmpint(rig_state(u->rig, 0), ==, DMA_TESTDEV_STALLED);
    g_assert_cmpint(rig_smmu_count(u->rig, "stalls"), ==, 2);

    map(u, 0);
    rig_resume(u->rig, first.sid, first.stag, RESUME_RETRY);
    cpl = rig_cpl(u->rig, 0);
    g_assert_cmpint(cpl.status, ==, DMA_TESTDEV_OK);
    g_assert_cmpint(cpl.stalls, ==, 1);
    g_assert_cmpint(cpl.tag, ==, 77);
    g_assert_cmphex(qtest_readb(u->rig->qts, u->page), ==, 0xa5);

    g_assert_cmpint(rig_state(u->rig, 1), ==, DMA_TESTDEV_STALLED);
    rig_resume(u->rig, second.sid, second.stag, RESUME_ABORT);
    g_assert_cmpint(rig_cpl(u->rig, 1).status, ==, DMA_TESTDEV_WRITE_ABORT);
    g_assert_cmpint(rig_smmu_count(u->rig, "retries"), ==, 1);
    g_assert_cmpint(rig_smmu_count(u->rig, "aborts"), ==, 1);
    rig_expect_none(u->rig);
    usual_free(u);
}

/* STAGs that are in use stay in use, even without a device behind them. */
static void test_withdrawn(void)
{
    Usual *u = usual_new(ON "-global arm-smmuv3.stall-max=2 ", STALL);
    Event first, second;

    stall(u, 0);
    first = rig_expect(u->rig, EVT_F_TRANSLATION);
    qpci_io_writel(u->rig->dev, u->rig->control, DMA_TESTDEV_QUEUE(0) +
                   DMA_TESTDEV_QUEUE_ENABLE, 0);
    rig_migrate(u->rig);
    stall(u, 1);
    second = rig_expect(u->rig, EVT_F_TRANSLATION);
    g_assert_cmphex(second.stag, !=, first.stag);
    /* Both are taken now. */
    stall(u, 2);
    rig_expect_none(u->rig);
    rig_resume(u->rig, first.sid, first.stag, RESUME_ABORT);
    g_assert_cmpint(rig_state(u->rig, 1), ==, DMA_TESTDEV_STALLED);
    rig_wait(u->rig, 2, DMA_TESTDEV_STALLED);
    g_assert_cmphex(rig_expect(u->rig, EVT_F_TRANSLATION).ssid, ==, 3);
    usual_free(u);
}

static void test_unrecorded(void)
{
    Usual *u = g_new0(Usual, 1);

    u->rig = rig_new_args(ON, 1);
    usual_setup(u, STALL);
    stall(u, 0);
    stall(u, 1);
    stall(u, 2);
    rig_migrate(u->rig);
    g_assert_cmphex(rig_expect(u->rig, EVT_F_TRANSLATION).ssid, ==, 1);
    rig_wait(u->rig, 2, DMA_TESTDEV_STALLED);
    g_assert_cmphex(rig_expect(u->rig, EVT_F_TRANSLATION).ssid, ==, 2);
    g_assert_cmphex(rig_expect(u->rig, EVT_F_TRANSLATION).ssid, ==, 3);
    usual_free(u);
}

/* In the middle of a copy whose pages are not aligned alike */
static void test_half_done(void)
{
    Usual *u = usual_new(ON, STALL);
    uint64_t src = rig_alloc(u->rig, 4 * RIG_PAGE);
    uint64_t dst = rig_alloc(u->rig, 4 * RIG_PAGE);
    uint64_t to = USUAL_VA + 0x100000 + 100;
    struct dma_testdev_cpl cpl;
    Event event;
    int i;

    for (i = 0; i < 3 * RIG_PAGE; i += 8) {
        qtest_writeq(u->rig->qts, src + i, i * 0x123456789abcdefULL);
    }
    for (i = 0; i < 4; i++) {
        rig_map(u->rig, &u->space[1], USUAL_VA + i * RIG_PAGE,
                (src + i * RIG_PAGE) | PTE_PAGE);
        if (i != 1) {
            rig_map(u->rig, &u->space[1], to - 100 + i * RIG_PAGE,
                    (dst + i * RIG_PAGE) | PTE_PAGE);
        }
    }
    rig_submit(u->rig, 0, (struct dma_testdev_desc) {
        .op = DMA_TESTDEV_COPY, .src = USUAL_VA, .dst = to,
        .length = 3 * RIG_PAGE,
    });
    rig_wait(u->rig, 0, DMA_TESTDEV_STALLED);
    event = rig_expect(u->rig, EVT_F_TRANSLATION);
    g_assert_cmphex(event.addr, ==, to - 100 + RIG_PAGE);

    rig_migrate(u->rig);
    rig_map(u->rig, &u->space[1], to - 100 + RIG_PAGE,
            (dst + RIG_PAGE) | PTE_PAGE);
    rig_resume(u->rig, event.sid, event.stag, RESUME_RETRY);
    cpl = rig_cpl(u->rig, 0);
    g_assert_cmpint(cpl.status, ==, DMA_TESTDEV_OK);
    g_assert_cmpint(cpl.bytes_done, ==, 3 * RIG_PAGE);
    for (i = 0; i < 3 * RIG_PAGE; i += 8) {
        g_assert_cmphex(qtest_readq(u->rig->qts, dst + 100 + i), ==,
                        i * 0x123456789abcdefULL);
    }
    usual_free(u);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    qtest_add_func("smmuv3/migration/idle", test_idle);
    qtest_add_func("smmuv3/migration/stalled", test_stalled);
    qtest_add_func("smmuv3/migration/withdrawn", test_withdrawn);
    qtest_add_func("smmuv3/migration/unrecorded", test_unrecorded);
    qtest_add_func("smmuv3/migration/half-done", test_half_done);
    return g_test_run();
}
