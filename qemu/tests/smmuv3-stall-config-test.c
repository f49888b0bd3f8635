/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SMMUv3: CD.{A,R,S}, STE.S1STALLD and STE.{S2R,S2S} in each fault model, and
 * the events of each fault at each stage
 */
#include "qemu/osdep.h"
#include "qemu/bitops.h"
#include "smmuv3-rig.h"

#define SSIDS "-global arm-smmuv3.ssidsize=4 "
#define OFF SSIDS
#define ON SSIDS "-global arm-smmuv3.stall=on "
#define FORCED SSIDS "-global arm-smmuv3.stall=forced "
#define RAZ_WI SSIDS "-global arm-smmuv3.raz-wi=on "
#define STALL ((Cd) { .r = true, .s = true })
#define RECORD ((Cd) { .r = true })

/* The configuration is refused with @type. */
static void check_illegal(const char *args, Cd cd, void (*change)(Ste *),
                          int type)
{
    Usual *u = usual_new(args, cd);
    Event event;

    if (change) {
        change(&u->ste);
        usual_update(u);
    }
    rig_submit(u->rig, 0, (struct dma_testdev_desc) {});
    rig_wait(u->rig, 0, DMA_TESTDEV_ERROR | DMA_TESTDEV_ERROR_SQ_ABORT << 8);
    event = rig_expect(u->rig, type);
    g_assert_true(event.ssv);
    g_assert_cmphex(event.ssid, ==, 1);
    usual_free(u);
}

/* What a fault does: the event, if any, in @event */
typedef enum Outcome { ABORTS, STALLS, RAZ } Outcome;

static void check_fault(const char *args, Cd cd, void (*change)(Ste *),
                        Outcome outcome, bool recorded)
{
    Usual *u = usual_new(args, cd);
    Event event;

    if (change) {
        change(&u->ste);
        usual_update(u);
    }
    if (outcome == STALLS) {
        rig_submit(u->rig, 0, (struct dma_testdev_desc) {
            .op = DMA_TESTDEV_TOUCH, .dst = USUAL_VA, .length = 1,
        });
        rig_wait(u->rig, 0, DMA_TESTDEV_STALLED);
    } else {
        g_assert_cmpint(rig_dma_read(u->rig, 0, USUAL_VA), ==,
                        outcome == RAZ ? DMA_TESTDEV_OK :
                                         DMA_TESTDEV_READ_ABORT);
    }
    if (recorded) {
        event = rig_expect(u->rig, EVT_F_TRANSLATION);
        g_assert_cmpint(event.stall, ==, outcome == STALLS);
    }
    rig_expect_none(u->rig);
    usual_free(u);
}

static void set_s1stalld(Ste *ste)
{
    ste->s1stalld = true;
}

static void set_s2(Ste *ste)
{
    ste->config = CONFIG_S2;
}

static void set_s2s(Ste *ste)
{
    ste->config = CONFIG_S2;
    ste->s2s = true;
}

static void test_off(void)
{
    check_fault(OFF, RECORD, NULL, ABORTS, true);
    check_fault(OFF, (Cd) {}, NULL, ABORTS, false);
    check_illegal(OFF, STALL, NULL, EVT_C_BAD_CD);
    check_illegal(OFF, RECORD, set_s1stalld, EVT_C_BAD_STE);
    check_illegal(OFF, RECORD, set_s2s, EVT_C_BAD_STE);
    check_illegal(OFF, (Cd) { .r = true, .no_abort = true }, NULL,
                  EVT_C_BAD_CD);
}

static void test_on(void)
{
    check_fault(ON, RECORD, NULL, ABORTS, true);
    check_fault(ON, (Cd) {}, NULL, ABORTS, false);
    check_fault(ON, STALL, NULL, STALLS, true);
    /* The effective value of R is 1. */
    check_fault(ON, (Cd) { .s = true }, NULL, STALLS, true);
    check_fault(ON, RECORD, set_s1stalld, ABORTS, true);
    check_illegal(ON, STALL, set_s1stalld, EVT_C_BAD_CD);
}

static void test_forced(void)
{
    check_fault(FORCED, STALL, NULL, STALLS, true);
    check_illegal(FORCED, RECORD, NULL, EVT_C_BAD_CD);
    check_illegal(FORCED, STALL, set_s1stalld, EVT_C_BAD_STE);
    check_illegal(FORCED, STALL, set_s2, EVT_C_BAD_STE);
}

static void test_raz_wi(void)
{
    check_fault(RAZ_WI, (Cd) { .r = true, .no_abort = true }, NULL, RAZ, true);
    check_fault(RAZ_WI, (Cd) { .no_abort = true }, NULL, RAZ, false);
    check_fault(RAZ_WI, RECORD, NULL, ABORTS, true);
}

/*
 * Every fault that can stall: make @pte out of the page, and write or read.
 * A CD of 32 bits of output makes any page of 1 << 36 an address size fault.
 */
static void check_fault_type(uint64_t pte_clear, uint64_t pte_set,
                             int type, bool write)
{
    Usual *u = usual_new(ON, STALL);
    Event event;

    u->cd[1].ips = 0;
    usual_update(u);
    rig_map(u->rig, &u->space[1], USUAL_VA,
            ((u->page | PTE_PAGE) & ~pte_clear) | pte_set);
    rig_submit(u->rig, 0, (struct dma_testdev_desc) {
        .op = write ? DMA_TESTDEV_FILL : DMA_TESTDEV_TOUCH,
        .dst = USUAL_VA + 0x123, .length = 1,
    });
    rig_wait(u->rig, 0, DMA_TESTDEV_STALLED);
    event = rig_expect(u->rig, type);
    g_assert_true(event.stall);
    g_assert_true(event.ssv);
    g_assert_cmphex(event.ssid, ==, 1);
    g_assert_cmphex(event.sid, ==, u->rig->sid);
    g_assert_cmpint(event.rnw, ==, !write);
    g_assert_cmpint(event.class, ==, CLASS_IN);
    g_assert_false(event.s2);
    g_assert_cmphex(event.addr, ==, USUAL_VA + 0x123);

    rig_map(u->rig, &u->space[1], USUAL_VA, u->page | PTE_PAGE);
    rig_resume(u->rig, u->rig->sid, event.stag, RESUME_RETRY);
    g_assert_cmpint(rig_cpl(u->rig, 0).status, ==, DMA_TESTDEV_OK);
    usual_free(u);
}

static void test_fault_types(void)
{
    check_fault_type(1, 0, EVT_F_TRANSLATION, false);
    check_fault_type(1, 0, EVT_F_TRANSLATION, true);
    check_fault_type(PTE_AF, 0, EVT_F_ACCESS, false);
    check_fault_type(0, PTE_AP_RO, EVT_F_PERMISSION, true);
    check_fault_type(0, 1ULL << 36, EVT_F_ADDR_SIZE, false);
}

/* An external abort of the walk does not stall. */
static void test_walk_eabt(void)
{
    Usual *u = usual_new(ON, STALL);
    Space *space = &u->space[1];
    uint64_t table = space->ttb + extract64(USUAL_VA, 30, 9) * 8;
    Event event;

    /* What the rings have in the same gigabyte stays in the TLB. */
    g_assert_cmpint(rig_dma_read(u->rig, 0, u->rig->queues[0].sq), ==,
                    DMA_TESTDEV_OK);
    g_assert_cmpint(rig_dma_write(u->rig, 0, u->rig->queues[0].cq + 2048), ==,
                    DMA_TESTDEV_OK);
    qtest_writeq(u->rig->qts, table, RIG_HOLE | PTE_VALID_TABLE);
    g_assert_cmpint(rig_dma_read(u->rig, 0, USUAL_VA), ==,
                    DMA_TESTDEV_READ_ABORT);
    event = rig_expect(u->rig, EVT_F_WALK_EABT);
    g_assert_false(event.stall);
    g_assert_cmpint(event.class, ==, CLASS_TT);
    g_assert_cmphex(event.addr, ==, USUAL_VA);
    g_assert_cmphex(event.addr2, ==,
                    RIG_HOLE + extract64(USUAL_VA, 21, 9) * 8);
    usual_free(u);
}

/* Stage 1 and 2: all that stage 1 uses is identity mapped but @missing. */
static Usual *nested(Space *ipa, Ste flags, uint64_t missing)
{
    Usual *u = usual_new(ON, RECORD);
    uint64_t addr;

    *ipa = rig_space(u->rig);
    for (addr = 0x41000000; addr < 0x41100000; addr += RIG_PAGE) {
        if (addr != missing) {
            rig_map(u->rig, ipa, addr, addr | PTE_S2_PAGE);
        }
    }
    u->ste.config = CONFIG_NESTED;
    u->ste.s2ttb = ipa->ttb;
    u->ste.s2s = flags.s2s;
    u->ste.s2r = flags.s2r;
    usual_update(u);
    return u;
}

/* USUAL_VA is mapped, to an IPA that is not. */
static void check_nested_in(Ste flags, bool stalls, bool recorded)
{
    Space ipa;
    Usual *u = nested(&ipa, flags, 0);
    Event event;

    rig_map(u->rig, &u->space[1], USUAL_VA, 0x50000000 | PTE_PAGE);
    rig_submit(u->rig, 0, (struct dma_testdev_desc) {
        .op = DMA_TESTDEV_FILL, .dst = USUAL_VA + 8, .length = 1,
    });
    rig_wait(u->rig, 0, stalls ? DMA_TESTDEV_STALLED : DMA_TESTDEV_IDLE);
    if (recorded) {
        event = rig_expect(u->rig, EVT_F_TRANSLATION);
        g_assert_cmpint(event.stall, ==, stalls);
        g_assert_true(event.s2);
        g_assert_cmpint(event.class, ==, CLASS_IN);
        g_assert_false(event.rnw);
        g_assert_cmphex(event.addr, ==, USUAL_VA + 8);
        g_assert_cmphex(event.addr2, ==, 0x50000000);
    }
    rig_expect_none(u->rig);
    if (stalls) {
        rig_map(u->rig, &ipa, 0x50000000, u->page | PTE_S2_PAGE);
        rig_resume(u->rig, u->rig->sid, event.stag, RESUME_RETRY);
        g_assert_cmpint(rig_cpl(u->rig, 0).status, ==, DMA_TESTDEV_OK);
    }
    usual_free(u);
}

static void test_nested_in(void)
{
    check_nested_in((Ste) { .s2s = true, .s2r = true }, true, true);
    check_nested_in((Ste) { .s2s = true }, true, true);
    check_nested_in((Ste) { .s2r = true }, false, true);
    check_nested_in((Ste) {}, false, false);
}

/* The CD, or a table of stage 1, is at an IPA without translation. */
static void check_nested_fetch(Usual *u, Space *ipa, uint64_t missing,
                               int class)
{
    Event event;

    rig_map(u->rig, &u->space[1], USUAL_VA, u->page | PTE_PAGE);
    rig_submit(u->rig, 0, (struct dma_testdev_desc) {
        .op = DMA_TESTDEV_FILL, .dst = USUAL_VA, .length = 1,
    });
    rig_wait(u->rig, 0, DMA_TESTDEV_STALLED);
    event = rig_expect(u->rig, EVT_F_TRANSLATION);
    g_assert_true(event.stall);
    g_assert_true(event.s2);
    g_assert_cmpint(event.class, ==, class);
    g_assert_cmphex(event.addr2, ==, missing);

    rig_map(u->rig, ipa, missing, missing | PTE_S2_PAGE);
    rig_resume(u->rig, u->rig->sid, event.stag, RESUME_RETRY);
    g_assert_cmpint(rig_cpl(u->rig, 0).status, ==, DMA_TESTDEV_OK);
    usual_free(u);
}

static void test_nested_cd(void)
{
    Space ipa;
    Usual *u = nested(&ipa, (Ste) { .s2s = true }, 0);
    uint64_t page = u->cd_table & ~0xfffULL;

    rig_map(u->rig, &ipa, page, 0);
    check_nested_fetch(u, &ipa, page, CLASS_CD);
}

static void test_nested_ttb(void)
{
    Space ipa;
    Usual *u = nested(&ipa, (Ste) { .s2s = true }, 0);

    rig_map(u->rig, &ipa, u->space[1].ttb, 0);
    check_nested_fetch(u, &ipa, u->space[1].ttb, CLASS_TT);
}

static void test_nested_table(void)
{
    Space ipa;
    Usual *u = nested(&ipa, (Ste) { .s2s = true }, 0);
    uint64_t level2 = qtest_readq(u->rig->qts, u->space[1].ttb +
                                  extract64(USUAL_VA, 30, 9) * 8) & ~0xfffULL;

    rig_map(u->rig, &ipa, level2, 0);
    check_nested_fetch(u, &ipa, level2, CLASS_TT);
}

/* Stage 2 alone, without an SSID */
static void test_stage_2_only(void)
{
    Usual *u = usual_new(ON, RECORD);
    Space ipa = rig_space(u->rig);
    Event event;

    u->ste.config = CONFIG_S2;
    u->ste.s2ttb = ipa.ttb;
    u->ste.s2s = true;
    usual_update(u);
    rig_queue(u->rig, 3, 0, NULL);
    rig_map(u->rig, &ipa, u->rig->queues[3].sq,
            u->rig->queues[3].sq | PTE_S2_PAGE);
    rig_map(u->rig, &ipa, u->rig->queues[3].cq,
            u->rig->queues[3].cq | PTE_S2_PAGE);
    /* In the TLB, but read-only: the fault is stage 2's all the same. */
    rig_map(u->rig, &ipa, USUAL_VA, (u->page | PTE_S2_PAGE) & ~PTE_S2AP_W);
    g_assert_cmpint(rig_dma_read(u->rig, 3, USUAL_VA), ==, DMA_TESTDEV_OK);
    rig_submit(u->rig, 3, (struct dma_testdev_desc) {
        .op = DMA_TESTDEV_FILL, .dst = USUAL_VA + 4, .length = 1,
    });
    rig_wait(u->rig, 3, DMA_TESTDEV_STALLED);
    event = rig_expect(u->rig, EVT_F_PERMISSION);
    g_assert_true(event.stall);
    g_assert_true(event.s2);
    g_assert_false(event.ssv);
    g_assert_cmpint(event.class, ==, CLASS_IN);
    g_assert_cmphex(event.addr, ==, USUAL_VA + 4);
    g_assert_cmphex(event.addr2, ==, USUAL_VA);
    usual_free(u);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    qtest_add_func("smmuv3/stall-config/off", test_off);
    qtest_add_func("smmuv3/stall-config/on", test_on);
    qtest_add_func("smmuv3/stall-config/forced", test_forced);
    qtest_add_func("smmuv3/stall-config/raz-wi", test_raz_wi);
    qtest_add_func("smmuv3/stall-config/fault-types", test_fault_types);
    qtest_add_func("smmuv3/stall-config/walk-eabt", test_walk_eabt);
    qtest_add_func("smmuv3/stall-config/nested-in", test_nested_in);
    qtest_add_func("smmuv3/stall-config/nested-cd", test_nested_cd);
    qtest_add_func("smmuv3/stall-config/nested-ttb", test_nested_ttb);
    qtest_add_func("smmuv3/stall-config/nested-table", test_nested_table);
    qtest_add_func("smmuv3/stall-config/stage-2-only", test_stage_2_only);
    return g_test_run();
}
