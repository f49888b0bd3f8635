/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SMMUv3 stall model: which faults stall, what their events say, and how they
 * end
 */
#include "qemu/osdep.h"
#include "qemu/bitops.h"
#include "smmuv3-rig.h"

#define ON "-global arm-smmuv3.ssidsize=4 -global arm-smmuv3.stall=on "
#define STALL ((Cd) { .r = true, .s = true })

#define FILL(va) ((struct dma_testdev_desc) { \
    .op = DMA_TESTDEV_FILL, .dst = (va), .length = 1, .operand = 0xa5, \
})

static void map_page(Usual *u, int queue)
{
    rig_map(u->rig, &u->space[queue + 1], USUAL_VA, u->page | PTE_PAGE);
}

/* A write of @queue stalls; the event */
static Event stalled_write(Usual *u, int queue)
{
    Event event;

    rig_submit(u->rig, queue, FILL(USUAL_VA));
    rig_wait(u->rig, queue, DMA_TESTDEV_STALLED);
    event = rig_expect(u->rig, EVT_F_TRANSLATION);
    g_assert_true(event.stall);
    return event;
}

static uint32_t finish(Usual *u, int queue, uint16_t stag, int action)
{
    rig_resume(u->rig, u->rig->sid, stag, action);
    return rig_cpl(u->rig, queue).status;
}

static void test_idr(void)
{
    static const struct {
        const char *property;
        int stall_model;
        int stall_max;
    } cases[] = {
        { "stall=on", 0, 1024 }, { "stall=off", 1, 0 },
        { "stall=forced", 2, 1024 },
    };
    int i;

    for (i = 0; i < ARRAY_SIZE(cases); i++) {
        Rig *rig = rig_new(cases[i].property, NULL);

        g_assert_cmpint(extract32(rig_smmu_read(rig, SMMU_IDR0), 24, 2), ==,
                        cases[i].stall_model);
        g_assert_cmpint(rig_smmu_read(rig, SMMU_IDR5) >> 16, ==,
                        cases[i].stall_max);
        rig_free(rig);
    }
}

static void test_retry(void)
{
    Usual *u = usual_new(ON, STALL);
    struct dma_testdev_cpl cpl;
    Event event = stalled_write(u, 1);

    g_assert_cmphex(event.sid, ==, u->rig->sid);
    g_assert_true(event.ssv);
    g_assert_cmphex(event.ssid, ==, 2);
    g_assert_cmphex(event.addr, ==, USUAL_VA);
    g_assert_false(event.rnw);
    g_assert_false(event.pnu);
    g_assert_false(event.ind);
    g_assert_false(event.s2);
    g_assert_cmpint(event.class, ==, CLASS_IN);

    map_page(u, 1);
    rig_resume(u->rig, u->rig->sid, event.stag, RESUME_RETRY);
    cpl = rig_cpl(u->rig, 1);
    g_assert_cmpint(cpl.status, ==, DMA_TESTDEV_OK);
    g_assert_cmpint(cpl.stalls, ==, 1);
    g_assert_cmpint(cpl.translations, ==, 1);
    g_assert_cmphex(qtest_readb(u->rig->qts, u->page), ==, 0xa5);
    g_assert_cmpint(rig_count(u->rig, "stalls"), ==, 1);
    g_assert_cmpint(rig_count(u->rig, "retries"), ==, 1);
    g_assert_cmpint(rig_count(u->rig, "transactions"), ==, 1);
    g_assert_cmpint(rig_smmu_count(u->rig, "stalls"), ==, 1);
    g_assert_cmpint(rig_smmu_count(u->rig, "retries"), ==, 1);
    rig_expect_none(u->rig);
    usual_free(u);
}

/* A retry is a new transaction: it can stall again. */
static void test_retry_in_vain(void)
{
    Usual *u = usual_new(ON, STALL);
    Event first = stalled_write(u, 0), second;

    rig_resume(u->rig, u->rig->sid, first.stag, RESUME_RETRY);
    qtest_clock_step(u->rig->qts, 1000);
    rig_wait(u->rig, 0, DMA_TESTDEV_STALLED);
    second = rig_expect(u->rig, EVT_F_TRANSLATION);
    g_assert_true(second.stall);
    map_page(u, 0);
    g_assert_cmpint(finish(u, 0, second.stag, RESUME_RETRY), ==,
                    DMA_TESTDEV_OK);
    g_assert_cmpint(rig_count(u->rig, "stalls"), ==, 2);
    usual_free(u);
}

static void test_abort(void)
{
    Usual *u = usual_new(ON, STALL);
    Event event = stalled_write(u, 0);

    map_page(u, 0);
    /* The translation is there by now, but nobody asks for it. */
    g_assert_cmpint(finish(u, 0, event.stag, RESUME_ABORT), ==,
                    DMA_TESTDEV_WRITE_ABORT);
    g_assert_cmphex(qtest_readb(u->rig->qts, u->page), ==, 0);
    g_assert_cmpint(rig_count(u->rig, "aborts"), ==, 1);
    g_assert_cmpint(rig_smmu_count(u->rig, "aborts"), ==, 1);
    usual_free(u);
}

/* With TERM_MODEL == 1, terminate without abort is abort all the same. */
static void test_terminate(void)
{
    Usual *u = usual_new(ON, STALL);
    Event event = stalled_write(u, 0);

    g_assert_cmpint(finish(u, 0, event.stag, RESUME_TERMINATE), ==,
                    DMA_TESTDEV_WRITE_ABORT);
    usual_free(u);
}

static void test_terminate_raz_wi(void)
{
    Usual *u = usual_new(ON "-global arm-smmuv3.raz-wi=on ", STALL);
    struct dma_testdev_cpl cpl;
    Event event = stalled_write(u, 0);

    g_assert_cmpint(extract32(rig_smmu_read(u->rig, SMMU_IDR0), 26, 1), ==, 0);
    map_page(u, 0);
    g_assert_cmpint(finish(u, 0, event.stag, RESUME_TERMINATE), ==,
                    DMA_TESTDEV_OK);
    g_assert_cmphex(qtest_readb(u->rig->qts, u->page), ==, 0);

    rig_submit(u->rig, 1, (struct dma_testdev_desc) {
        .op = DMA_TESTDEV_CHECKSUM, .src = USUAL_VA, .length = 4,
    });
    rig_wait(u->rig, 1, DMA_TESTDEV_STALLED);
    event = rig_expect(u->rig, EVT_F_TRANSLATION);
    g_assert_true(event.rnw);
    rig_resume(u->rig, u->rig->sid, event.stag, RESUME_TERMINATE);
    cpl = rig_cpl(u->rig, 1);
    g_assert_cmpint(cpl.status, ==, DMA_TESTDEV_OK);
    g_assert_cmphex(cpl.result, ==, 0x48674bc7); /* of four zeros */

    /* Ab == 1 still aborts. */
    event = stalled_write(u, 2);
    g_assert_cmpint(finish(u, 2, event.stag, RESUME_ABORT), ==,
                    DMA_TESTDEV_WRITE_ABORT);
    usual_free(u);
}

static void test_resume_ignored(void)
{
    Usual *u = usual_new(ON, STALL);
    Event event = stalled_write(u, 0);

    map_page(u, 0);
    rig_resume(u->rig, u->rig->sid, event.stag + 1, RESUME_RETRY);
    rig_resume(u->rig, u->rig->sid, 0xffff, RESUME_RETRY);
    rig_resume(u->rig, u->rig->sid + 1, event.stag, RESUME_ABORT);
    qtest_clock_step(u->rig->qts, 100000);
    g_assert_cmpint(rig_state(u->rig, 0), ==, DMA_TESTDEV_STALLED);
    g_assert_cmphex(rig_smmu_read(u->rig, SMMU_GERROR), ==, 0);
    g_assert_cmpint(rig_smmu_count(u->rig, "ignored-resumes"), ==, 3);

    g_assert_cmpint(finish(u, 0, event.stag, RESUME_RETRY), ==,
                    DMA_TESTDEV_OK);
    /* Once is enough. */
    rig_resume(u->rig, u->rig->sid, event.stag, RESUME_RETRY);
    g_assert_cmpint(rig_smmu_count(u->rig, "ignored-resumes"), ==, 4);
    usual_free(u);
}

/*
 * Software may answer a transaction that the device has forgotten. The answer
 * to @first ends no other stall, not that of @queue, which works.
 */
static void check_forgotten(Usual *u, Event first, int queue)
{
    Event second = stalled_write(u, queue);

    g_assert_cmphex(second.stag, !=, first.stag);
    rig_resume(u->rig, u->rig->sid, first.stag, RESUME_ABORT);
    g_assert_cmpint(rig_smmu_count(u->rig, "ignored-resumes"), ==, 0);
    qtest_clock_step(u->rig->qts, 100000);
    g_assert_cmpint(rig_state(u->rig, queue), ==, DMA_TESTDEV_STALLED);
    map_page(u, queue);
    g_assert_cmpint(finish(u, queue, second.stag, RESUME_RETRY), ==,
                    DMA_TESTDEV_OK);
    g_assert_cmphex(qtest_readb(u->rig->qts, u->page), ==, 0xa5);
    rig_expect_none(u->rig);
}

static void test_withdrawn(void)
{
    Usual *u = usual_new(ON, STALL);
    Event first = stalled_write(u, 0);

    qpci_io_writel(u->rig->dev, u->rig->control, DMA_TESTDEV_QUEUE(0) +
                   DMA_TESTDEV_QUEUE_ENABLE, 0);
    g_assert_cmpint(rig_state(u->rig, 0), ==, DMA_TESTDEV_STOPPED);
    check_forgotten(u, first, 1);
    g_assert_cmpint(rig_state(u->rig, 0), ==, DMA_TESTDEV_STOPPED);
    usual_free(u);
}

/* A queue that is reset while it is enabled stays so. */
static void test_reset(void)
{
    Usual *u = usual_new(ON, STALL);
    Event first = stalled_write(u, 0);

    qpci_io_writel(u->rig->dev, u->rig->doorbell, DMA_TESTDEV_DB_CONTROL,
                   DMA_TESTDEV_CONTROL_RESET);
    g_assert_cmpint(rig_state(u->rig, 0), ==, DMA_TESTDEV_IDLE);
    rig_rings(u->rig, 0, &u->space[1]);
    check_forgotten(u, first, 0);
    usual_free(u);
}

static void test_reset_device(void)
{
    Usual *u = usual_new(ON, STALL);
    Event first = stalled_write(u, 0);

    qpci_io_writel(u->rig->dev, u->rig->control, DMA_TESTDEV_RESET, 1);
    g_assert_cmpint(rig_state(u->rig, 0), ==, DMA_TESTDEV_STOPPED);
    rig_queue(u->rig, 0, DMA_TESTDEV_QUEUE_PASID_VALID | 1, &u->space[1]);
    check_forgotten(u, first, 0);
    usual_free(u);
}

static void test_others_go_on(void)
{
    Usual *u = usual_new(ON, STALL);

    map_page(u, 1);
    stalled_write(u, 0);
    g_assert_cmpint(rig_dma_write(u->rig, 1, USUAL_VA), ==, DMA_TESTDEV_OK);
    g_assert_cmpint(rig_state(u->rig, 0), ==, DMA_TESTDEV_STALLED);
    usual_free(u);
}

/* Queue 1 is another function, of another stream. */
static void test_stall_term(void)
{
    Usual *u = usual_new(ON, STALL);
    uint32_t other = QPCI_DEVFN(9, 0);
    Event event;

    rig_ste(u->rig, other, &u->ste);
    rig_cfgi_ste(u->rig, other);
    stalled_write(u, 0);
    stalled_write(u, 2);
    rig_set(u->rig, "inject-queue", 1);
    rig_set(u->rig, "inject-devfn", other);
    event = stalled_write(u, 1);
    g_assert_cmphex(event.sid, ==, other);

    rig_stall_term(u->rig, u->rig->sid);
    g_assert_cmpint(rig_cpl(u->rig, 0).status, ==, DMA_TESTDEV_WRITE_ABORT);
    g_assert_cmpint(rig_cpl(u->rig, 2).status, ==, DMA_TESTDEV_WRITE_ABORT);
    g_assert_cmpint(rig_state(u->rig, 1), ==, DMA_TESTDEV_STALLED);
    rig_stall_term(u->rig, other);
    g_assert_cmpint(rig_cpl(u->rig, 1).status, ==, DMA_TESTDEV_WRITE_ABORT);
    usual_free(u);
}

static void test_smmuen(void)
{
    Usual *u = usual_new(ON, STALL);
    Event event = stalled_write(u, 0);

    rig_smmu_write(u->rig, SMMU_CR0, CR0_CMDQEN | CR0_EVENTQEN);
    /* Without translation, the completion is written by PA; the same here. */
    g_assert_cmpint(rig_cpl(u->rig, 0).status, ==, DMA_TESTDEV_WRITE_ABORT);
    rig_resume(u->rig, u->rig->sid, event.stag, RESUME_RETRY);
    g_assert_cmpint(rig_smmu_count(u->rig, "ignored-resumes"), ==, 1);
    usual_free(u);
}

static void check_cerror_ill(Rig *rig)
{
    g_assert_cmphex(rig_smmu_read(rig, SMMU_GERROR) & 1, ==, 1);
    g_assert_cmpint(extract32(rig_smmu_read(rig, SMMU_CMDQ_CONS), 24, 7), ==,
                    1);
}

static void test_commands_illegal(void)
{
    Rig *rig = rig_new("stall=off", NULL);

    g_assert_cmphex(rig_smmu_read(rig, SMMU_GERROR), ==, 0);
    rig_resume(rig, rig->sid, 0, RESUME_RETRY);
    check_cerror_ill(rig);
    rig_free(rig);

    rig = rig_new("stall=off", NULL);
    rig_stall_term(rig, rig->sid);
    check_cerror_ill(rig);
    rig_free(rig);
}

/* Of EL3, EL2, ATS and PRI: there is none, and no stall ends by them. */
static void test_commands_absent(void)
{
    static const uint8_t commands[] = {
        0x18, 0x1a, 0x20, 0x21, 0x22, 0x23, 0x40, 0x41,
    };
    int i;

    for (i = 0; i < ARRAY_SIZE(commands); i++) {
        Usual *u = usual_new(ON, STALL);

        stalled_write(u, 0);
        rig_cmd(u->rig, commands[i], u->rig->sid, 0, 0);
        check_cerror_ill(u->rig);
        qtest_clock_step(u->rig->qts, 100000);
        g_assert_cmpint(rig_state(u->rig, 0), ==, DMA_TESTDEV_STALLED);
        usual_free(u);
    }
}

/* Secure streams are not this command queue's business. */
static void test_ssec(void)
{
    Rig *rig = rig_new("stall=on", NULL);

    rig_cmd(rig, 0x44 | 1 << 10, rig->sid, 0, 0);
    check_cerror_ill(rig);
    rig_free(rig);
}

/* A device that cannot wait, the function's MSI, is not kept waiting. */
static void test_cannot_stall(void)
{
    Usual *u = usual_new(ON, STALL);
    Cd cd = u->cd[1];
    Event event;

    cd.ttb0 = rig_space(u->rig).ttb;
    cd.asid = 9;
    rig_cd(u->rig, u->cd_table, 0, &cd);
    u->ste.s1dss = S1DSS_SSID0;
    usual_update(u);
    qpci_msix_enable(u->rig->dev);
    qpci_io_writel(u->rig->dev, u->rig->dev->msix_table_bar, 0, 0x12345000);
    qpci_io_writel(u->rig->dev, u->rig->dev->msix_table_bar, 12, 0);
    qpci_io_writel(u->rig->dev, u->rig->control, DMA_TESTDEV_QUEUE(0) +
                   DMA_TESTDEV_QUEUE_VECTOR, 0);
    rig_run(u->rig, 0, (struct dma_testdev_desc) {
        .op = DMA_TESTDEV_NOP, .flags = DMA_TESTDEV_F_IRQ,
    });
    event = rig_expect(u->rig, EVT_F_TRANSLATION);
    g_assert_false(event.stall);
    g_assert_false(event.ssv);
    g_assert_cmphex(event.addr, ==, 0x12345000);
    usual_free(u);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    qtest_add_func("smmuv3/stall/idr", test_idr);
    qtest_add_func("smmuv3/stall/retry", test_retry);
    qtest_add_func("smmuv3/stall/retry-in-vain", test_retry_in_vain);
    qtest_add_func("smmuv3/stall/abort", test_abort);
    qtest_add_func("smmuv3/stall/terminate", test_terminate);
    qtest_add_func("smmuv3/stall/terminate-raz-wi", test_terminate_raz_wi);
    qtest_add_func("smmuv3/stall/resume-ignored", test_resume_ignored);
    qtest_add_func("smmuv3/stall/withdrawn", test_withdrawn);
    qtest_add_func("smmuv3/stall/reset", test_reset);
    qtest_add_func("smmuv3/stall/reset-device", test_reset_device);
    qtest_add_func("smmuv3/stall/others-go-on", test_others_go_on);
    qtest_add_func("smmuv3/stall/stall-term", test_stall_term);
    qtest_add_func("smmuv3/stall/smmuen", test_smmuen);
    qtest_add_func("smmuv3/stall/commands-illegal", test_commands_illegal);
    qtest_add_func("smmuv3/stall/commands-absent", test_commands_absent);
    qtest_add_func("smmuv3/stall/ssec", test_ssec);
    qtest_add_func("smmuv3/stall/cannot-stall", test_cannot_stall);
    return g_test_run();
}
