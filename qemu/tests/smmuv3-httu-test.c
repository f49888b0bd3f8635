/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SMMUv3 hardware updates of the access flag and dirty state (IHI 0070, 3.13)
 */
#include "qemu/osdep.h"
#include "qemu/bitops.h"
#include "smmuv3-rig.h"

#define HTTU(n) "-global arm-smmuv3.ssidsize=4 -global arm-smmuv3.httu=" #n " "
#define NONE ((Cd) { .r = true })
#define HA   ((Cd) { .r = true, .ha = true })
#define HD   ((Cd) { .r = true, .hd = true })
#define HAHD ((Cd) { .r = true, .ha = true, .hd = true })

static void map(Usual *u, uint64_t set, uint64_t clear)
{
    rig_map(u->rig, &u->space[1], USUAL_VA,
            (u->page | PTE_PAGE | set) & ~clear);
    rig_tlbi_all(u->rig);
}

/* What the descriptor has become, without the address */
static uint64_t flags(Usual *u)
{
    return rig_pte(u->rig, &u->space[1], USUAL_VA) &
           (PTE_AF | PTE_AP_RO | PTE_DBM);
}

static void check_read(Usual *u, uint32_t status, uint64_t expected)
{
    g_assert_cmpint(rig_dma_read(u->rig, 0, USUAL_VA), ==, status);
    g_assert_cmphex(flags(u), ==, expected);
}

static void check_write(Usual *u, uint32_t status, uint64_t expected)
{
    g_assert_cmpint(rig_dma_write(u->rig, 0, USUAL_VA), ==, status);
    g_assert_cmphex(flags(u), ==, expected);
}

static void test_idr(void)
{
    static const char *const properties[] = { "httu=0", "httu=1", "httu=2" };
    int i;

    for (i = 0; i < ARRAY_SIZE(properties); i++) {
        Rig *rig = rig_new(properties[i], NULL);

        g_assert_cmpint(extract32(rig_smmu_read(rig, SMMU_IDR0), 6, 2), ==, i);
        rig_free(rig);
    }
}

static void check_bad_cd(const char *args, Cd cd)
{
    Usual *u = usual_new(args, cd);

    rig_submit(u->rig, 0, (struct dma_testdev_desc) {});
    rig_wait(u->rig, 0, DMA_TESTDEV_ERROR | DMA_TESTDEV_ERROR_SQ_ABORT << 8);
    rig_expect(u->rig, EVT_C_BAD_CD);
    usual_free(u);
}

static void check_bad_ste(const char *args, bool s2ha, bool s2hd)
{
    Usual *u = usual_new(args, NONE);

    u->ste.config = CONFIG_NESTED;
    u->ste.s2ha = s2ha;
    u->ste.s2hd = s2hd;
    usual_update(u);
    rig_submit(u->rig, 0, (struct dma_testdev_desc) {});
    rig_wait(u->rig, 0, DMA_TESTDEV_ERROR | DMA_TESTDEV_ERROR_SQ_ABORT << 8);
    rig_expect(u->rig, EVT_C_BAD_STE);
    usual_free(u);
}

static void test_illegal(void)
{
    check_bad_cd(HTTU(0), HA);
    check_bad_cd(HTTU(0), HD);
    check_bad_cd(HTTU(1), HD);
    check_bad_cd(HTTU(1), HAHD);
    check_bad_ste(HTTU(0), true, false);
    check_bad_ste(HTTU(0), false, true);
    check_bad_ste(HTTU(1), true, true);
}

/* HTTU that exists and is not enabled changes nothing. */
static void test_not_enabled(void)
{
    Usual *u = usual_new(HTTU(2), NONE);

    map(u, PTE_DBM | PTE_AP_RO, PTE_AF);
    check_read(u, DMA_TESTDEV_READ_ABORT, PTE_DBM | PTE_AP_RO);
    rig_expect(u->rig, EVT_F_ACCESS);
    map(u, PTE_DBM | PTE_AP_RO, 0);
    check_write(u, DMA_TESTDEV_WRITE_ABORT, PTE_DBM | PTE_AP_RO | PTE_AF);
    rig_expect(u->rig, EVT_F_PERMISSION);
    usual_free(u);
}

/* HD without HA behaves as neither. */
static void test_hd_alone(void)
{
    Usual *u = usual_new(HTTU(2), HD);

    map(u, PTE_DBM | PTE_AP_RO, 0);
    check_write(u, DMA_TESTDEV_WRITE_ABORT, PTE_DBM | PTE_AP_RO | PTE_AF);
    map(u, 0, PTE_AF);
    check_write(u, DMA_TESTDEV_WRITE_ABORT, 0);
    usual_free(u);
}

static void check_access(const char *args, Cd cd)
{
    Usual *u = usual_new(args, cd);

    map(u, 0, PTE_AF);
    check_read(u, DMA_TESTDEV_OK, PTE_AF);
    map(u, 0, PTE_AF);
    check_write(u, DMA_TESTDEV_OK, PTE_AF);
    /* An invalid descriptor is left alone. */
    map(u, 0, PTE_AF | 1);
    check_read(u, DMA_TESTDEV_READ_ABORT, 0);
    rig_expect(u->rig, EVT_F_TRANSLATION);
    usual_free(u);
}

static void test_access(void)
{
    check_access(HTTU(1), HA);
    check_access(HTTU(2), HA);
    check_access(HTTU(2), HAHD);
}

/* HA: AFFD is IGNORED, so that the flag is updated. */
static void test_affd(void)
{
    check_access(HTTU(1), (Cd) { .r = true, .ha = true, .affd = true });
}

/* With HA alone, writable-clean pages are read-only. */
static void test_access_only(void)
{
    Usual *u = usual_new(HTTU(2), HA);

    map(u, PTE_DBM | PTE_AP_RO, 0);
    check_write(u, DMA_TESTDEV_WRITE_ABORT, PTE_DBM | PTE_AP_RO | PTE_AF);
    rig_expect(u->rig, EVT_F_PERMISSION);
    usual_free(u);
}

static void test_dirty(void)
{
    Usual *u = usual_new(HTTU(2), HAHD);

    /* A read leaves the page clean, and the TLB entry read-only. */
    map(u, PTE_DBM | PTE_AP_RO, PTE_AF);
    check_read(u, DMA_TESTDEV_OK, PTE_DBM | PTE_AP_RO | PTE_AF);
    check_write(u, DMA_TESTDEV_OK, PTE_DBM | PTE_AF);
    map(u, PTE_DBM | PTE_AP_RO, PTE_AF);
    check_write(u, DMA_TESTDEV_OK, PTE_DBM | PTE_AF);
    /* Without DBM a read-only page is read-only. */
    map(u, PTE_AP_RO, 0);
    check_write(u, DMA_TESTDEV_WRITE_ABORT, PTE_AP_RO | PTE_AF);
    rig_expect(u->rig, EVT_F_PERMISSION);
    usual_free(u);
}

/* The table above takes the write permission away: nothing becomes dirty. */
static void test_dirty_table(void)
{
    Usual *u = usual_new(HTTU(2), HAHD);

    map(u, PTE_DBM | PTE_AP_RO, 0);
    rig_table_attrs(u->rig, &u->space[1], USUAL_VA, PTE_AP_RO_TABLE);
    check_write(u, DMA_TESTDEV_WRITE_ABORT, PTE_DBM | PTE_AP_RO | PTE_AF);
    rig_expect(u->rig, EVT_F_PERMISSION);
    usual_free(u);
}

/* Stage 1 and 2; stage 2 maps what stage 1 uses, and all at its own address. */
static Usual *nested(Space *ipa, Cd cd, bool s2ha, bool s2hd)
{
    Usual *u = usual_new(HTTU(2), cd);
    uint64_t addr;

    *ipa = rig_space(u->rig);
    for (addr = 0x41000000; addr < 0x41100000; addr += RIG_PAGE) {
        rig_map(u->rig, ipa, addr, addr | PTE_S2_PAGE);
    }
    u->ste.config = CONFIG_NESTED;
    u->ste.s2ttb = ipa->ttb;
    u->ste.s2ha = s2ha;
    u->ste.s2hd = s2hd;
    u->ste.s2r = true;
    usual_update(u);
    return u;
}

#define CLEAN (PTE_VALID_PAGE | PTE_S2AP_R | PTE_DBM)

static void test_stage_2(void)
{
    Space ipa;
    Usual *u = nested(&ipa, NONE, true, true);
    uint64_t clean = u->page | CLEAN;

    map(u, 0, 0);
    rig_map(u->rig, &ipa, u->page, clean);
    g_assert_cmpint(rig_dma_read(u->rig, 0, USUAL_VA), ==, DMA_TESTDEV_OK);
    g_assert_cmphex(rig_pte(u->rig, &ipa, u->page), ==, clean | PTE_AF);
    g_assert_cmpint(rig_dma_write(u->rig, 0, USUAL_VA), ==, DMA_TESTDEV_OK);
    g_assert_cmphex(rig_pte(u->rig, &ipa, u->page), ==,
                    clean | PTE_AF | PTE_S2AP_W);
    usual_free(u);
}

static void test_stage_2_access_only(void)
{
    Space ipa;
    Usual *u = nested(&ipa, NONE, true, false);
    uint64_t clean = u->page | CLEAN;

    map(u, 0, 0);
    rig_map(u->rig, &ipa, u->page, clean);
    g_assert_cmpint(rig_dma_read(u->rig, 0, USUAL_VA), ==, DMA_TESTDEV_OK);
    g_assert_cmphex(rig_pte(u->rig, &ipa, u->page), ==, clean | PTE_AF);
    g_assert_cmpint(rig_dma_write(u->rig, 0, USUAL_VA), ==,
                    DMA_TESTDEV_WRITE_ABORT);
    g_assert_true(rig_expect(u->rig, EVT_F_PERMISSION).s2);
    usual_free(u);
}

/* An update of a stage 1 descriptor is a write of its IPA. */
static void test_nested_update(void)
{
    Space ipa;
    Usual *u = nested(&ipa, HA, true, true);
    uint64_t level1 = u->space[1].ttb, level2, table;
    Event event;

    map(u, 0, PTE_AF);
    level2 = qtest_readq(u->rig->qts, level1 +
                         extract64(USUAL_VA, 30, 9) * 8) & ~0xfffULL;
    table = qtest_readq(u->rig->qts, level2 +
                        extract64(USUAL_VA, 21, 9) * 8) & ~0xfffULL;
    rig_map(u->rig, &ipa, table, (table | PTE_S2_PAGE) & ~PTE_S2AP_W);
    rig_tlbi_all(u->rig);
    check_read(u, DMA_TESTDEV_READ_ABORT, 0);
    event = rig_expect(u->rig, EVT_F_PERMISSION);
    g_assert_true(event.s2);
    g_assert_cmpint(event.class, ==, CLASS_TT);
    g_assert_cmphex(event.addr2, ==, table);

    /* Writable-clean is enough, and becomes dirty. */
    rig_map(u->rig, &ipa, table, table | CLEAN);
    rig_tlbi_all(u->rig);
    check_read(u, DMA_TESTDEV_OK, PTE_AF);
    g_assert_cmphex(rig_pte(u->rig, &ipa, table), ==,
                    table | CLEAN | PTE_AF | PTE_S2AP_W);
    usual_free(u);
}

/* A table of the 64KiB granule has 16 pages of stage 2, each somewhere else. */
static void test_nested_large_table(void)
{
    Space ipa;
    Usual *u = nested(&ipa, HA, true, true);
    QTestState *qts = u->rig->qts;
    RigQueue *q = &u->rig->queues[0];
    uint64_t level2 = rig_alloc(u->rig, 65536);
    uint64_t level3 = rig_alloc(u->rig, 65536);
    uint64_t second = rig_alloc(u->rig, RIG_PAGE);
    uint64_t rings[] = { q->sq, q->cq };
    uint64_t va = USUAL_VA + (1000 << 16) + extract64(u->page, 0, 16);
    uint64_t pte = (u->page & ~0xffffULL) | (PTE_PAGE & ~PTE_AF);
    uint64_t pte_addr = second + 1000 * 8 - RIG_PAGE;
    Event event;
    int i;

    qtest_writeq(qts, level2 + extract64(USUAL_VA, 29, 10) * 8,
                 level3 | PTE_VALID_TABLE);
    for (i = 0; i < ARRAY_SIZE(rings); i++) {
        qtest_writeq(qts, level3 + extract64(rings[i], 16, 9) * 8,
                     (rings[i] & ~0xffffULL) | PTE_PAGE);
    }
    rig_map(u->rig, &ipa, level3 + RIG_PAGE, second | PTE_S2_PAGE);
    qtest_writeq(qts, pte_addr, pte);
    u->cd[1].ttb0 = level2;
    u->cd[1].tg0_64k = true;
    usual_update(u);
    g_assert_cmpint(rig_dma_read(u->rig, 0, va), ==, DMA_TESTDEV_OK);
    g_assert_cmphex(qtest_readq(qts, pte_addr), ==, pte | PTE_AF);

    rig_map(u->rig, &ipa, level3 + RIG_PAGE, 0);
    rig_tlbi_all(u->rig);
    g_assert_cmpint(rig_dma_read(u->rig, 0, va), ==, DMA_TESTDEV_READ_ABORT);
    event = rig_expect(u->rig, EVT_F_TRANSLATION);
    g_assert_true(event.s2);
    g_assert_cmpint(event.class, ==, CLASS_TT);
    g_assert_cmphex(event.addr2, ==, level3 + RIG_PAGE);
    usual_free(u);
}

#define FLASH 0x04000000ULL

/* Common Flash Interface: program a word, then go back to reading */
static void program(QTestState *qts, uint64_t addr, uint32_t value)
{
    qtest_writel(qts, addr, 0x00400040);
    qtest_writel(qts, addr, value);
    qtest_writel(qts, addr, 0x00ff00ff);
}

/* 7.3.12: a descriptor that cannot be updated is an external abort. */
static void test_read_only_table(void)
{
    Usual *u = usual_new(HTTU(1), HA);
    uint64_t pte = u->page | (PTE_PAGE & ~PTE_AF), table;
    Event event;

    program(u->rig->qts, FLASH, pte);
    g_assert_cmphex(qtest_readq(u->rig->qts, FLASH), ==, pte);
    map(u, 0, 0);
    table = qtest_readq(u->rig->qts, u->space[1].ttb +
                        extract64(USUAL_VA, 30, 9) * 8) & ~0xfffULL;
    qtest_writeq(u->rig->qts, table + extract64(USUAL_VA, 21, 9) * 8,
                 FLASH | PTE_VALID_TABLE);
    rig_tlbi_all(u->rig);
    g_assert_cmpint(rig_dma_read(u->rig, 0, USUAL_VA), ==,
                    DMA_TESTDEV_READ_ABORT);
    event = rig_expect(u->rig, EVT_F_WALK_EABT);
    g_assert_cmpint(event.class, ==, CLASS_TT);
    g_assert_cmphex(event.addr2, ==, FLASH);
    usual_free(u);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    qtest_add_func("smmuv3/httu/idr", test_idr);
    qtest_add_func("smmuv3/httu/illegal", test_illegal);
    qtest_add_func("smmuv3/httu/not-enabled", test_not_enabled);
    qtest_add_func("smmuv3/httu/hd-alone", test_hd_alone);
    qtest_add_func("smmuv3/httu/access", test_access);
    qtest_add_func("smmuv3/httu/affd", test_affd);
    qtest_add_func("smmuv3/httu/access-only", test_access_only);
    qtest_add_func("smmuv3/httu/dirty", test_dirty);
    qtest_add_func("smmuv3/httu/dirty-table", test_dirty_table);
    qtest_add_func("smmuv3/httu/stage-2", test_stage_2);
    qtest_add_func("smmuv3/httu/stage-2-access-only",
                   test_stage_2_access_only);
    qtest_add_func("smmuv3/httu/nested-update", test_nested_update);
    qtest_add_func("smmuv3/httu/nested-large-table", test_nested_large_table);
    qtest_add_func("smmuv3/httu/read-only-table", test_read_only_table);
    return g_test_run();
}
