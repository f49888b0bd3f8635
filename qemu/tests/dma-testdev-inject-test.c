/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dma-testdev: what QMP can make it do wrong, behind an SMMU that stalls
 */
#include "qemu/osdep.h"
#include "qobject/qdict.h"
#include "smmuv3-rig.h"

#define ON "-global arm-smmuv3.ssidsize=4 -global arm-smmuv3.stall=on "
#define STALL ((Cd) { .r = true, .s = true })

static void map(Usual *u, int ssid)
{
    rig_map(u->rig, &u->space[ssid], USUAL_VA, u->page | PTE_PAGE);
}

static Event stalled_write(Usual *u, int queue)
{
    rig_submit(u->rig, queue, (struct dma_testdev_desc) {
        .op = DMA_TESTDEV_FILL, .dst = USUAL_VA, .length = 1,
    });
    rig_wait(u->rig, queue, DMA_TESTDEV_STALLED);
    return rig_expect(u->rig, EVT_F_TRANSLATION);
}

/* The third payload translation, wherever it is from */
static void test_abort(void)
{
    Usual *u = usual_new(ON, STALL);

    map(u, 1);
    map(u, 2);
    rig_set(u->rig, "inject-abort-in", 3);
    g_assert_cmpint(rig_dma_write(u->rig, 0, USUAL_VA), ==, DMA_TESTDEV_OK);
    g_assert_cmpint(rig_dma_write(u->rig, 1, USUAL_VA), ==, DMA_TESTDEV_OK);
    g_assert_cmpint(rig_dma_write(u->rig, 0, USUAL_VA), ==,
                    DMA_TESTDEV_WRITE_ABORT);
    g_assert_cmpint(rig_dma_write(u->rig, 0, USUAL_VA), ==, DMA_TESTDEV_OK);
    g_assert_cmpint(rig_count(u->rig, "aborts"), ==, 1);
    /* The SMMU has no part in it. */
    rig_expect_none(u->rig);
    usual_free(u);
}

static void test_queue(void)
{
    Usual *u = usual_new(ON, STALL);

    map(u, 1);
    map(u, 2);
    rig_set(u->rig, "inject-queue", 1);
    rig_set(u->rig, "inject-abort-in", 1);
    g_assert_cmpint(rig_dma_write(u->rig, 0, USUAL_VA), ==, DMA_TESTDEV_OK);
    g_assert_cmpint(rig_dma_write(u->rig, 1, USUAL_VA), ==,
                    DMA_TESTDEV_WRITE_ABORT);
    usual_free(u);
}

/* The SMMU has done its part, and the device hangs until it is stopped. */
static void test_drop_resume(void)
{
    Usual *u = usual_new(ON, STALL);
    Event event = stalled_write(u, 0);

    map(u, 1);
    rig_set(u->rig, "inject-drop-resumes", 1);
    rig_resume(u->rig, event.sid, event.stag, RESUME_RETRY);
    g_assert_cmpint(rig_smmu_count(u->rig, "retries"), ==, 1);
    qtest_clock_step(u->rig->qts, 1000000);
    g_assert_cmpint(rig_state(u->rig, 0), ==, DMA_TESTDEV_STALLED);
    rig_queue(u->rig, 0, DMA_TESTDEV_QUEUE_PASID_VALID | 1, &u->space[1]);
    g_assert_cmpint(rig_dma_write(u->rig, 0, USUAL_VA), ==, DMA_TESTDEV_OK);
    usual_free(u);
}

static void test_delay_resume(void)
{
    Usual *u = usual_new(ON, STALL);
    Event event = stalled_write(u, 0);

    map(u, 1);
    rig_set(u->rig, "inject-resume-delay-ns", 1000000);
    rig_resume(u->rig, event.sid, event.stag, RESUME_RETRY);
    qtest_clock_step(u->rig->qts, 999999);
    g_assert_cmpint(rig_count(u->rig, "translations"), ==, 0);
    qtest_clock_step(u->rig->qts, 2);
    g_assert_cmpint(rig_cpl(u->rig, 0).status, ==, DMA_TESTDEV_OK);
    usual_free(u);
}

/* A StreamID whose STE is not valid */
static void test_wrong_streamid(void)
{
    Usual *u = usual_new(ON, STALL);

    rig_set(u->rig, "inject-devfn", QPCI_DEVFN(5, 3));
    rig_submit(u->rig, 0, (struct dma_testdev_desc) {});
    rig_wait(u->rig, 0, DMA_TESTDEV_ERROR | DMA_TESTDEV_ERROR_SQ_ABORT << 8);
    g_assert_cmphex(rig_expect(u->rig, EVT_C_BAD_STE).sid, ==,
                    QPCI_DEVFN(5, 3));
    usual_free(u);
}

static void test_wrong_pasid(void)
{
    Usual *u = usual_new(ON, STALL);

    map(u, 2);
    rig_queue(u->rig, 0, DMA_TESTDEV_QUEUE_PASID_VALID | 1, &u->space[2]);
    rig_set(u->rig, "inject-pasid", 2);
    g_assert_cmpint(rig_dma_write(u->rig, 0, USUAL_VA), ==, DMA_TESTDEV_OK);

    rig_set(u->rig, "inject-pasid", 0xffff);
    rig_submit(u->rig, 1, (struct dma_testdev_desc) {});
    rig_wait(u->rig, 1, DMA_TESTDEV_ERROR | DMA_TESTDEV_ERROR_SQ_ABORT << 8);
    g_assert_cmphex(rig_expect(u->rig, EVT_C_BAD_SUBSTREAMID).ssid, ==,
                    0xffff);
    usual_free(u);
}

static void test_range(void)
{
    Usual *u = usual_new(ON, STALL);
    QDict *reply = qtest_qmp(u->rig->qts, "{'execute': 'qom-set', "
                             "'arguments': {'path': '/machine/peripheral/td',"
                             " 'property': 'inject-devfn', 'value': 256}}");

    g_assert_true(qdict_haskey(reply, "error"));
    qobject_unref(reply);
    usual_free(u);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    qtest_add_func("dma-testdev/inject/abort", test_abort);
    qtest_add_func("dma-testdev/inject/queue", test_queue);
    qtest_add_func("dma-testdev/inject/drop-resume", test_drop_resume);
    qtest_add_func("dma-testdev/inject/delay-resume", test_delay_resume);
    qtest_add_func("dma-testdev/inject/wrong-streamid", test_wrong_streamid);
    qtest_add_func("dma-testdev/inject/wrong-pasid", test_wrong_pasid);
    qtest_add_func("dma-testdev/inject/range", test_range);
    return g_test_run();
}
