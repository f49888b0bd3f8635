/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SMMUv3 event queue: stalls that find no room, and events that are lost
 */
#include "qemu/osdep.h"
#include "smmuv3-rig.h"

#define SSIDS "-global arm-smmuv3.ssidsize=4 "
#define ON SSIDS "-global arm-smmuv3.stall=on "
#define STALL ((Cd) { .r = true, .s = true })
#define OVFLG (1u << 31)

/* An event queue of two entries */
static Usual *small(const char *args, Cd cd)
{
    Usual *u = g_new0(Usual, 1);

    u->rig = rig_new_args(args, 1);
    usual_setup(u, cd);
    return u;
}

static void submit_write(Usual *u, int queue)
{
    rig_submit(u->rig, queue, (struct dma_testdev_desc) {
        .op = DMA_TESTDEV_FILL, .dst = USUAL_VA, .length = 1,
    });
}

static void stall(Usual *u, int queue)
{
    submit_write(u, queue);
    rig_wait(u->rig, queue, DMA_TESTDEV_STALLED);
}

static void map_all(Usual *u)
{
    int ssid;

    for (ssid = 1; ssid < RIG_QUEUES; ssid++) {
        rig_map(u->rig, &u->space[ssid], USUAL_VA, u->page | PTE_PAGE);
    }
}

/* Let the device take up what was resumed. */
static void settle(Usual *u)
{
    int i;

    for (i = 0; i < 20; i++) {
        qtest_clock_step(u->rig->qts, 1000);
    }
}

/* Answer the next event with @action; the queue that it was of */
static int answer(Usual *u, int action)
{
    Event event = rig_expect(u->rig, EVT_F_TRANSLATION);

    g_assert_true(event.stall);
    rig_resume(u->rig, event.sid, event.stag, action);
    return event.ssid - 1;
}

static void test_full(void)
{
    Usual *u = small(ON, STALL);
    Event first, second, third;

    stall(u, 0);
    stall(u, 1);
    stall(u, 2);
    g_assert_cmpint(rig_smmu_count(u->rig, "stalls"), ==, 2);
    g_assert_cmpint(rig_smmu_count(u->rig, "unrecorded-stalls"), ==, 1);
    /* A stalled transaction is not lost, so nothing has overflown. */
    g_assert_cmphex(rig_smmu_read(u->rig, SMMU_EVENTQ_PROD) & OVFLG, ==, 0);

    first = rig_expect(u->rig, EVT_F_TRANSLATION);
    settle(u);
    second = rig_expect(u->rig, EVT_F_TRANSLATION);
    third = rig_expect(u->rig, EVT_F_TRANSLATION);
    rig_expect_none(u->rig);
    g_assert_cmphex(first.ssid, ==, 1);
    g_assert_cmphex(second.ssid, ==, 2);
    g_assert_cmphex(third.ssid, ==, 3);
    g_assert_true(third.stall);
    g_assert_cmphex(third.stag, !=, first.stag);
    g_assert_cmphex(third.stag, !=, second.stag);

    map_all(u);
    rig_resume(u->rig, u->rig->sid, third.stag, RESUME_RETRY);
    g_assert_cmpint(rig_cpl(u->rig, 2).status, ==, DMA_TESTDEV_OK);
    rig_resume(u->rig, u->rig->sid, first.stag, RESUME_RETRY);
    g_assert_cmpint(rig_cpl(u->rig, 0).status, ==, DMA_TESTDEV_OK);
    rig_resume(u->rig, u->rig->sid, second.stag, RESUME_RETRY);
    g_assert_cmpint(rig_cpl(u->rig, 1).status, ==, DMA_TESTDEV_OK);
    usual_free(u);
}

/* What waits for room is retried as though it had just arrived. */
static void test_full_mapped_meanwhile(void)
{
    Usual *u = small(ON, STALL);

    stall(u, 0);
    stall(u, 1);
    stall(u, 2);
    map_all(u);
    g_assert_cmpint(answer(u, RESUME_RETRY), ==, 0);
    g_assert_cmpint(rig_cpl(u->rig, 2).status, ==, DMA_TESTDEV_OK);
    g_assert_cmpint(answer(u, RESUME_RETRY), ==, 1);
    settle(u);
    rig_expect_none(u->rig);
    usual_free(u);
}

/* CMD_STALL_TERM reaches what waits for room. */
static void test_full_stall_term(void)
{
    Usual *u = small(ON, STALL);

    stall(u, 0);
    stall(u, 1);
    stall(u, 2);
    rig_stall_term(u->rig, u->rig->sid);
    g_assert_cmpint(rig_cpl(u->rig, 2).status, ==, DMA_TESTDEV_WRITE_ABORT);
    g_assert_cmpint(rig_cpl(u->rig, 0).status, ==, DMA_TESTDEV_WRITE_ABORT);
    usual_free(u);
}

/* A device that forgets a transaction that waits for room */
static void test_full_withdrawn(void)
{
    Usual *u = small(ON, STALL);

    stall(u, 0);
    stall(u, 1);
    stall(u, 2);
    qpci_io_writel(u->rig->dev, u->rig->control, DMA_TESTDEV_QUEUE(2) +
                   DMA_TESTDEV_QUEUE_ENABLE, 0);
    g_assert_cmpint(answer(u, RESUME_ABORT), ==, 0);
    g_assert_cmpint(answer(u, RESUME_ABORT), ==, 1);
    settle(u);
    rig_expect_none(u->rig);
    g_assert_cmpint(rig_state(u->rig, 2), ==, DMA_TESTDEV_STOPPED);
    usual_free(u);
}

static void test_disabled(void)
{
    Usual *u = usual_new(ON, STALL);

    rig_smmu_write(u->rig, SMMU_CR0, CR0_CMDQEN | CR0_SMMUEN);
    stall(u, 0);
    rig_expect_none(u->rig);
    rig_smmu_write(u->rig, SMMU_CR0, CR0_CMDQEN | CR0_SMMUEN | CR0_EVENTQEN);
    settle(u);
    map_all(u);
    g_assert_cmpint(answer(u, RESUME_RETRY), ==, 0);
    g_assert_cmpint(rig_cpl(u->rig, 0).status, ==, DMA_TESTDEV_OK);
    usual_free(u);
}

static void test_stall_max(void)
{
    Usual *u = usual_new(ON "-global arm-smmuv3.stall-max=1 ", STALL);

    g_assert_cmpint(rig_smmu_read(u->rig, SMMU_IDR5) >> 16, ==, 1);
    stall(u, 0);
    stall(u, 1);
    g_assert_cmpint(rig_smmu_count(u->rig, "stalls"), ==, 1);
    g_assert_cmpint(answer(u, RESUME_ABORT), ==, 0);
    settle(u);
    g_assert_cmpint(answer(u, RESUME_ABORT), ==, 1);
    settle(u);
    rig_expect_none(u->rig);
    usual_free(u);
}

/* Terminated transactions lose their events, and software is told so once. */
static void test_overflow(void)
{
    Usual *u = small(SSIDS, (Cd) { .r = true });
    uint32_t prod;
    int i;

    for (i = 0; i < 2; i++) {
        g_assert_cmpint(rig_dma_write(u->rig, i, USUAL_VA), ==,
                        DMA_TESTDEV_WRITE_ABORT);
    }
    prod = rig_smmu_read(u->rig, SMMU_EVENTQ_PROD);
    g_assert_cmphex(prod & OVFLG, ==, 0);

    rig_dma_write(u->rig, 2, USUAL_VA);
    g_assert_cmphex(rig_smmu_read(u->rig, SMMU_EVENTQ_PROD), ==, prod | OVFLG);
    /* The overflow is not acknowledged: it stays as it is. */
    rig_dma_write(u->rig, 2, USUAL_VA);
    g_assert_cmphex(rig_smmu_read(u->rig, SMMU_EVENTQ_PROD), ==, prod | OVFLG);
    g_assert_cmpint(rig_smmu_count(u->rig, "discarded"), ==, 2);
    g_assert_cmphex(rig_smmu_read(u->rig, SMMU_GERROR), ==, 0);

    /* Acknowledge. A third event can be recorded, and the flag stays. */
    rig_smmu_write(u->rig, SMMU_EVENTQ_CONS, OVFLG);
    g_assert_cmphex(rig_expect(u->rig, EVT_F_TRANSLATION).ssid, ==, 1);
    g_assert_cmphex(rig_expect(u->rig, EVT_F_TRANSLATION).ssid, ==, 2);
    rig_dma_write(u->rig, 2, USUAL_VA);
    g_assert_cmphex(rig_smmu_read(u->rig, SMMU_EVENTQ_PROD) & OVFLG, ==,
                    OVFLG);
    g_assert_cmphex(rig_expect(u->rig, EVT_F_TRANSLATION).ssid, ==, 3);

    /* The next overflow toggles it back. */
    for (i = 0; i < 3; i++) {
        rig_dma_write(u->rig, i, USUAL_VA);
    }
    g_assert_cmphex(rig_smmu_read(u->rig, SMMU_EVENTQ_PROD) & OVFLG, ==, 0);
    usual_free(u);
}

/* Memory refuses the event: a global error, and no events until it is over. */
static void test_write_abort(void)
{
    Usual *u = usual_new(ON, STALL);

    qtest_writeq(u->rig->qts, 0x09050000 + 0xa0, RIG_HOLE | 5);
    submit_write(u, 0);
    rig_wait(u->rig, 0, DMA_TESTDEV_STALLED);
    g_assert_cmphex(rig_smmu_read(u->rig, SMMU_GERROR), ==, 1 << 2);
    g_assert_cmphex(rig_smmu_read(u->rig, SMMU_EVENTQ_PROD), ==, 0);

    qtest_writeq(u->rig->qts, 0x09050000 + 0xa0, u->rig->evtq | 5);
    stall(u, 1);
    rig_expect_none(u->rig);
    rig_smmu_write(u->rig, SMMU_GERRORN, 1 << 2);
    settle(u);
    g_assert_cmpint(answer(u, RESUME_ABORT), ==, 1);

    /* The event of queue 0 is lost; only this can end the stall. */
    rig_expect_none(u->rig);
    rig_stall_term(u->rig, u->rig->sid);
    g_assert_cmpint(rig_cpl(u->rig, 0).status, ==, DMA_TESTDEV_WRITE_ABORT);
    usual_free(u);
}

/* The SMMU's own registers refuse it, too: an event is not to change them. */
static void test_own_registers(void)
{
    Usual *u = usual_new(ON, STALL);
    uint32_t base = rig_smmu_read(u->rig, 0x80 /* STRTAB_BASE */);

    qtest_writeq(u->rig->qts, 0x09050000 + 0xa0, 0x09050000 + 0x80);
    submit_write(u, 0);
    rig_wait(u->rig, 0, DMA_TESTDEV_STALLED);
    g_assert_cmphex(rig_smmu_read(u->rig, SMMU_GERROR), ==, 1 << 2);
    g_assert_cmphex(rig_smmu_read(u->rig, 0x80), ==, base);
    /* It has no event, but it is a stall and ends as one. */
    g_assert_cmpint(rig_smmu_count(u->rig, "recorded"), ==, 0);
    g_assert_cmpint(rig_smmu_count(u->rig, "stalls"), ==, 1);
    rig_stall_term(u->rig, u->rig->sid);
    g_assert_cmpint(rig_cpl(u->rig, 0).status, ==, DMA_TESTDEV_WRITE_ABORT);
    g_assert_cmpint(rig_smmu_count(u->rig, "aborts"), ==, 1);
    usual_free(u);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    qtest_add_func("smmuv3/eventq/full", test_full);
    qtest_add_func("smmuv3/eventq/full-mapped-meanwhile",
                   test_full_mapped_meanwhile);
    qtest_add_func("smmuv3/eventq/full-stall-term", test_full_stall_term);
    qtest_add_func("smmuv3/eventq/full-withdrawn", test_full_withdrawn);
    qtest_add_func("smmuv3/eventq/disabled", test_disabled);
    qtest_add_func("smmuv3/eventq/stall-max", test_stall_max);
    qtest_add_func("smmuv3/eventq/overflow", test_overflow);
    qtest_add_func("smmuv3/eventq/write-abort", test_write_abort);
    qtest_add_func("smmuv3/eventq/own-registers", test_own_registers);
    return g_test_run();
}
