/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SMMUv3 and addresses that are too large, or lead nowhere: which stage, which
 * class and which address the event names (IHI 0070, 3.4 and 7.3.12 to 7.3.14)
 */
#include "qemu/osdep.h"
#include "qemu/bitops.h"
#include "smmuv3-rig.h"

#define ARGS   "-global arm-smmuv3.ssidsize=4 "
#define RECORD ((Cd) { .r = true })
/* 40 bits: what stage 2 of the rig accepts, and no more than it can have */
#define OAS_40 ARGS "-global arm-smmuv3.oas=40 "
/* An IPA that only tests map */
#define IPA    0x50003000ULL

/* Stage 1 and 2, of which the latter leaves memory where it is */
static Usual *nested(const char *args, Cd cd, Space *ipa)
{
    Usual *u = usual_new(args, cd);
    uint64_t addr;

    *ipa = rig_space(u->rig);
    for (addr = 0x41000000; addr < 0x41200000; addr += RIG_PAGE) {
        rig_map(u->rig, ipa, addr, addr | PTE_S2_PAGE);
    }
    u->ste.config = CONFIG_NESTED;
    u->ste.s2ttb = ipa->ttb;
    u->ste.s2r = true;
    usual_update(u);
    return u;
}

static void read_aborts(Usual *u, int queue, uint64_t va)
{
    g_assert_cmpint(rig_dma_read(u->rig, queue, va), ==,
                    DMA_TESTDEV_READ_ABORT);
}

static Event expect(Usual *u, int type, bool s2, int class)
{
    Event event = rig_expect(u->rig, type);

    g_assert_cmpint(event.s2, ==, s2);
    g_assert_cmpint(event.class, ==, class);
    rig_expect_none(u->rig);
    return event;
}

/* Of a fault of stage 1 the class is always IN (7.3.13). */
static void test_table_stage_1(void)
{
    Usual *u = usual_new(ARGS, RECORD);

    rig_map(u->rig, &u->space[1], USUAL_VA, u->page | PTE_PAGE);
    rig_table_attrs(u->rig, &u->space[1], USUAL_VA, 1ULL << 44);
    read_aborts(u, 0, USUAL_VA);
    expect(u, EVT_F_ADDR_SIZE, false, CLASS_IN);
    usual_free(u);
}

/* CD.IPS is exceeded, not what stage 2 accepts: CD.R decides. */
static void test_table_nested(void)
{
    Space ipa;
    Usual *u = nested(ARGS, RECORD, &ipa);

    u->cd[1].ips = 1;
    u->ste.s2r = false;
    usual_update(u);
    rig_map(u->rig, &u->space[1], USUAL_VA, u->page | PTE_PAGE);
    rig_table_attrs(u->rig, &u->space[1], USUAL_VA, 1ULL << 36);
    read_aborts(u, 0, USUAL_VA);
    expect(u, EVT_F_ADDR_SIZE, false, CLASS_IN);

    u->cd[1].r = false;
    u->ste.s2r = true;
    usual_update(u);
    read_aborts(u, 0, USUAL_VA);
    rig_expect_none(u->rig);
    usual_free(u);
}

static void test_table_stage_2(void)
{
    Space ipa;
    Usual *u = nested(OAS_40, RECORD, &ipa);
    Event event;

    rig_map(u->rig, &u->space[1], USUAL_VA, IPA | PTE_PAGE);
    rig_map(u->rig, &ipa, IPA, u->page | PTE_S2_PAGE);
    rig_table_attrs(u->rig, &ipa, IPA, 1ULL << 40);
    read_aborts(u, 0, USUAL_VA);
    event = expect(u, EVT_F_ADDR_SIZE, true, CLASS_IN);
    g_assert_cmphex(event.addr2, ==, IPA);
    usual_free(u);
}

/* STE.S1ContextPtr: SMMUv3.1 has no choice but this with stage 1 alone. */
static void test_s1contextptr(void)
{
    Usual *u = usual_new(ARGS, RECORD);
    Space ipa = rig_space(u->rig);
    int config;

    u->ste.s1contextptr |= 1ULL << 44;
    u->ste.s2ttb = ipa.ttb;
    for (config = CONFIG_S1; config <= CONFIG_NESTED; config += 2) {
        u->ste.config = config;
        usual_update(u);
        rig_submit(u->rig, config == CONFIG_S1 ? 0 : 1,
                   (struct dma_testdev_desc) {});
        rig_wait(u->rig, config == CONFIG_S1 ? 0 : 1,
                 DMA_TESTDEV_ERROR | DMA_TESTDEV_ERROR_SQ_ABORT << 8);
        rig_expect(u->rig, EVT_C_BAD_STE);
        rig_expect_none(u->rig);
    }
    usual_free(u);
}

/* The index leads out of range: no fault of stage 1, whatever stage 2 says. */
static void test_cd(void)
{
    Space ipa;
    Usual *u = nested(ARGS, RECORD, &ipa);

    u->ste.s1contextptr = (1ULL << 44) - 64;
    usual_update(u);
    rig_submit(u->rig, 0, (struct dma_testdev_desc) {});
    rig_wait(u->rig, 0, DMA_TESTDEV_ERROR | DMA_TESTDEV_ERROR_SQ_ABORT << 8);
    g_assert_cmphex(expect(u, EVT_F_TRANSLATION, true, CLASS_CD).addr2, ==,
                    1ULL << 44);
    usual_free(u);
}

/* Stage 2 alone: beyond IAS it is stage 1 that faults, and says so always. */
static void test_input(void)
{
    Usual *u = usual_new(ARGS, RECORD);
    Space ipa = rig_space(u->rig);
    Event event;

    u->ste.config = CONFIG_S2;
    u->ste.s2ttb = ipa.ttb;
    usual_update(u);
    rig_queue(u->rig, 3, 0, NULL);
    rig_map(u->rig, &ipa, u->rig->queues[3].sq,
            u->rig->queues[3].sq | PTE_S2_PAGE);
    rig_map(u->rig, &ipa, u->rig->queues[3].cq,
            u->rig->queues[3].cq | PTE_S2_PAGE);
    read_aborts(u, 3, 1ULL << 44);
    event = expect(u, EVT_F_ADDR_SIZE, false, CLASS_IN);
    g_assert_cmphex(event.addr, ==, 1ULL << 44);

    /* Below that, what STE.S2T0SZ leaves out is a fault of stage 2. */
    read_aborts(u, 3, (1ULL << 44) - 8);
    rig_expect_none(u->rig);
    u->ste.s2r = true;
    usual_update(u);
    read_aborts(u, 3, (1ULL << 44) - 8);
    event = expect(u, EVT_F_TRANSLATION, true, CLASS_IN);
    g_assert_cmphex(event.addr2, ==, (1ULL << 44) - RIG_PAGE);
    usual_free(u);
}

/* Stage 2 finds no descriptor for a table of stage 1: FetchAddr is a PA. */
static void test_walk_eabt(void)
{
    Space ipa;
    Usual *u = nested(ARGS, RECORD, &ipa);
    Event event;

    rig_map_block(u->rig, &u->space[1], USUAL_VA, IPA | PTE_VALID_TABLE);
    rig_map_block(u->rig, &ipa, IPA, RIG_HOLE | PTE_VALID_TABLE);
    read_aborts(u, 0, USUAL_VA);
    event = expect(u, EVT_F_WALK_EABT, true, CLASS_TT);
    g_assert_cmphex(event.addr, ==, USUAL_VA);
    g_assert_cmphex(event.addr2, ==, RIG_HOLE + extract64(IPA, 12, 9) * 8);

    /* It translates the address, and there is no memory behind it. */
    rig_map_block(u->rig, &ipa, IPA, 0);
    rig_map(u->rig, &ipa, IPA, RIG_HOLE | PTE_S2_PAGE);
    rig_tlbi_all(u->rig);
    read_aborts(u, 0, USUAL_VA);
    event = expect(u, EVT_F_WALK_EABT, false, CLASS_TT);
    g_assert_cmphex(event.addr2, ==, RIG_HOLE);
    usual_free(u);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    qtest_add_func("smmuv3/address/table-stage-1", test_table_stage_1);
    qtest_add_func("smmuv3/address/table-nested", test_table_nested);
    qtest_add_func("smmuv3/address/table-stage-2", test_table_stage_2);
    qtest_add_func("smmuv3/address/s1contextptr", test_s1contextptr);
    qtest_add_func("smmuv3/address/cd", test_cd);
    qtest_add_func("smmuv3/address/input", test_input);
    qtest_add_func("smmuv3/address/walk-eabt", test_walk_eabt);
    return g_test_run();
}
