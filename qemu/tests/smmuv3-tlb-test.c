/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SMMUv3 TLB: what an invalidation must reach, by ASID and by address
 */
#include "qemu/osdep.h"
#include "qemu/bitops.h"
#include "smmuv3-rig.h"

#define ARGS "-global arm-smmuv3.ssidsize=4 "
#define RECORD ((Cd) { .r = true })

/* Where a write of @queue to @va arrives: @pa, or nowhere if 0 */
static void check_write(Usual *u, int queue, uint64_t va, uint64_t pa)
{
    uint32_t status;

    if (pa) {
        qtest_writeb(u->rig->qts, pa, 0);
    }
    status = rig_dma_write(u->rig, queue, va);
    g_assert_cmpint(status, ==,
                    pa ? DMA_TESTDEV_OK : DMA_TESTDEV_WRITE_ABORT);
    if (pa) {
        g_assert_cmphex(qtest_readb(u->rig->qts, pa), ==, 0xa5);
    }
}

static void map(Usual *u, int ssid, uint64_t va, uint64_t pa)
{
    rig_map(u->rig, &u->space[ssid], va, pa ? pa | PTE_PAGE : 0);
}

static void map_block(Usual *u, uint64_t va, uint64_t pa)
{
    rig_map_block(u->rig, &u->space[1], va, pa ? pa | PTE_BLOCK : 0);
}

/* Unmap without a command what is in the TLB: it is used on. */
static void leave_stale(Usual *u, int ssid, uint64_t va)
{
    map(u, ssid, va, u->page);
    check_write(u, ssid - 1, va, u->page);
    map(u, ssid, va, 0);
    check_write(u, ssid - 1, va, u->page);
}

/*
 * (@num + 1) << @scale pages of 4KiB of ASID 1 (4.4.1.1). As Linux does it:
 * with the level of the entries, @ttl, goes Leaf; SVA has neither.
 */
static void tlbi_range(Usual *u, uint64_t va, int num, int scale, int ttl)
{
    rig_cmd(u->rig, 0x12 | num << 12 | scale << 20, 1 << 16,
            (va & 0xfffff000) | 1 << 10 | ttl << 8 | (ttl ? 1 : 0), va >> 32);
}

/* This model keeps an entry until it is told otherwise; so must the tests. */
static void test_asid(void)
{
    Usual *u = usual_new(ARGS, RECORD);

    map(u, 1, USUAL_VA, u->page);
    map(u, 2, USUAL_VA, u->page);
    check_write(u, 0, USUAL_VA, u->page);
    check_write(u, 1, USUAL_VA, u->page);
    map(u, 1, USUAL_VA, 0);
    map(u, 2, USUAL_VA, 0);
    check_write(u, 0, USUAL_VA, u->page);

    rig_tlbi_asid(u->rig, 1);
    check_write(u, 0, USUAL_VA, 0);
    check_write(u, 1, USUAL_VA, u->page);
    rig_tlbi_asid(u->rig, 2);
    check_write(u, 1, USUAL_VA, 0);
    usual_free(u);
}

static void test_va(void)
{
    Usual *u = usual_new(ARGS, RECORD);
    uint64_t other = rig_alloc(u->rig, RIG_PAGE);

    map(u, 1, USUAL_VA, u->page);
    map(u, 1, USUAL_VA + RIG_PAGE, other);
    check_write(u, 0, USUAL_VA, u->page);
    check_write(u, 0, USUAL_VA + RIG_PAGE, other);
    map(u, 1, USUAL_VA, 0);
    map(u, 1, USUAL_VA + RIG_PAGE, 0);

    rig_tlbi_va(u->rig, 2, USUAL_VA);
    check_write(u, 0, USUAL_VA, u->page);
    rig_tlbi_va(u->rig, 1, USUAL_VA);
    check_write(u, 0, USUAL_VA, 0);
    check_write(u, 0, USUAL_VA + RIG_PAGE, other);
    rig_tlbi_va(u->rig, 1, USUAL_VA + RIG_PAGE);
    check_write(u, 0, USUAL_VA + RIG_PAGE, 0);
    usual_free(u);
}

/* Of all ASIDs (4.4.4.1) */
static void test_all(void)
{
    Usual *u = usual_new(ARGS, RECORD);

    leave_stale(u, 1, USUAL_VA);
    leave_stale(u, 2, USUAL_VA + RIG_PAGE);
    rig_tlbi_all(u->rig);
    check_write(u, 0, USUAL_VA, 0);
    check_write(u, 1, USUAL_VA + RIG_PAGE, 0);
    usual_free(u);
}

static void test_range(void)
{
    Usual *u = usual_new(ARGS, RECORD);
    int i;

    for (i = 0; i < 6; i++) {
        leave_stale(u, 1, USUAL_VA + i * RIG_PAGE);
    }
    tlbi_range(u, USUAL_VA + RIG_PAGE, 3, 0, 0);
    for (i = 0; i < 6; i++) {
        check_write(u, 0, USUAL_VA + i * RIG_PAGE,
                    i >= 1 && i < 5 ? 0 : u->page);
    }
    usual_free(u);
}

/* A range from page 1 on: its ends, its middle, and what is next to it */
static void check_range(int num, int scale, int ttl)
{
    Usual *u = usual_new(ARGS, RECORD);
    int pages = (num + 1) << scale;
    int in[] = { 1, (pages + 1) / 2, pages }, out[] = { 0, pages + 1 };
    int i;

    for (i = 0; i < ARRAY_SIZE(in); i++) {
        leave_stale(u, 1, USUAL_VA + in[i] * RIG_PAGE);
    }
    for (i = 0; i < ARRAY_SIZE(out); i++) {
        leave_stale(u, 1, USUAL_VA + out[i] * RIG_PAGE);
    }
    tlbi_range(u, USUAL_VA + RIG_PAGE, num, scale, ttl);
    for (i = 0; i < ARRAY_SIZE(in); i++) {
        check_write(u, 0, USUAL_VA + in[i] * RIG_PAGE, 0);
    }
    for (i = 0; i < ARRAY_SIZE(out); i++) {
        check_write(u, 0, USUAL_VA + out[i] * RIG_PAGE, u->page);
    }
    usual_free(u);
}

/* A large munmap(): 96 pages, and three times 2MiB */
static void test_range_scale(void)
{
    check_range(2, 5, 0);
    check_range(2, 9, 0);
}

static void test_ttl_page(void)
{
    check_range(0, 0, 3);
    check_range(2, 5, 3);
}

/* Two blocks in the TLB, mapped no more; the PA of the first */
static uint64_t leave_stale_blocks(Usual *u)
{
    uint64_t pa = rig_alloc(u->rig, 2 * RIG_BLOCK), offset;

    for (offset = 0; offset < 2 * RIG_BLOCK; offset += RIG_BLOCK) {
        map_block(u, USUAL_VA + offset, pa + offset);
        check_write(u, 0, USUAL_VA + offset, pa + offset);
        map_block(u, USUAL_VA + offset, 0);
        /* Of this page nobody has heard before. */
        check_write(u, 0, USUAL_VA + offset + RIG_BLOCK - RIG_PAGE,
                    pa + offset + RIG_BLOCK - RIG_PAGE);
    }
    return pa;
}

static void check_first_gone(Usual *u, uint64_t pa)
{
    check_write(u, 0, USUAL_VA, 0);
    check_write(u, 0, USUAL_VA + RIG_BLOCK - RIG_PAGE, 0);
    check_write(u, 0, USUAL_VA + RIG_BLOCK, pa + RIG_BLOCK);
}

/* The address need not be where the entry begins (4.4). */
static void test_block(void)
{
    Usual *u = usual_new(ARGS, RECORD);
    uint64_t pa = leave_stale_blocks(u);

    rig_tlbi_va(u->rig, 1, USUAL_VA + 5 * RIG_PAGE);
    check_first_gone(u, pa);
    usual_free(u);
}

static void check_block_range(int page, int num, int scale, int ttl)
{
    Usual *u = usual_new(ARGS, RECORD);
    uint64_t pa = leave_stale_blocks(u);

    tlbi_range(u, USUAL_VA + page * RIG_PAGE, num, scale, ttl);
    check_first_gone(u, pa);
    usual_free(u);
}

static void test_block_range(void)
{
    check_block_range(5, 2, 0, 0);
    check_block_range(0, 0, 9, 0);
}

static void test_ttl_block(void)
{
    check_block_range(0, 0, 0, 2);
    check_block_range(0, 0, 9, 2);
}

/* Two substreams of one ASID share what is in the TLB. */
static void test_shared_asid(void)
{
    Usual *u = usual_new(ARGS, RECORD);

    u->cd[2].asid = 1;
    u->cd[2].ttb0 = u->cd[1].ttb0;
    usual_update(u);
    rig_queue(u->rig, 1, DMA_TESTDEV_QUEUE_PASID_VALID | 2, &u->space[1]);
    map(u, 1, USUAL_VA, u->page);
    check_write(u, 0, USUAL_VA, u->page);
    check_write(u, 1, USUAL_VA, u->page);
    map(u, 1, USUAL_VA, 0);
    rig_tlbi_va(u->rig, 1, USUAL_VA);
    check_write(u, 0, USUAL_VA, 0);
    check_write(u, 1, USUAL_VA, 0);
    usual_free(u);
}

/* The same SSID, later, for another process: its CD changes, the ASID too. */
static void test_ssid_reuse(void)
{
    Usual *u = usual_new(ARGS, RECORD);
    Cd old = u->cd[1];

    map(u, 1, USUAL_VA, u->page);
    check_write(u, 0, USUAL_VA, u->page);

    u->cd[1] = u->cd[2];
    rig_cd(u->rig, u->cd_table, 1, &u->cd[1]);
    rig_cfgi_cd(u->rig, u->rig->sid, 1);
    rig_queue(u->rig, 1, DMA_TESTDEV_QUEUE_PASID_VALID | 1, &u->space[2]);
    check_write(u, 1, USUAL_VA, 0);
    g_assert_cmphex(rig_expect(u->rig, EVT_F_TRANSLATION).ssid, ==, 1);

    rig_cd(u->rig, u->cd_table, 1, &old);
    rig_cfgi_cd(u->rig, u->rig->sid, 1);
    rig_queue(u->rig, 0, DMA_TESTDEV_QUEUE_PASID_VALID | 1, &u->space[1]);
    check_write(u, 0, USUAL_VA, u->page);
    usual_free(u);
}

/* With TBI0 the top byte is no part of the address, in the TLB neither. */
static void test_tagged(void)
{
    uint64_t tagged = USUAL_VA | 0xabULL << 56;
    Usual *u = usual_new(ARGS, RECORD);

    map(u, 1, USUAL_VA, u->page);
    check_write(u, 0, tagged, 0);
    g_assert_cmphex(rig_expect(u->rig, EVT_F_TRANSLATION).addr, ==, tagged);

    u->cd[1].tbi0 = true;
    usual_update(u);
    check_write(u, 0, tagged, u->page);
    map(u, 1, USUAL_VA, 0);
    rig_tlbi_va(u->rig, 1, USUAL_VA);
    check_write(u, 0, tagged, 0);
    /* The event has the address as it came. */
    g_assert_cmphex(rig_expect(u->rig, EVT_F_TRANSLATION).addr, ==, tagged);
    usual_free(u);
}

/* Rights may be added without an invalidation. */
static void test_made_writable(void)
{
    Usual *u = usual_new(ARGS, RECORD);

    rig_map(u->rig, &u->space[1], USUAL_VA, u->page | PTE_PAGE | PTE_AP_RO);
    g_assert_cmpint(rig_dma_read(u->rig, 0, USUAL_VA), ==, DMA_TESTDEV_OK);
    check_write(u, 0, USUAL_VA, 0);
    rig_expect(u->rig, EVT_F_PERMISSION);
    map(u, 1, USUAL_VA, u->page);
    check_write(u, 0, USUAL_VA, u->page);
    usual_free(u);
}

static void test_no_tlb(void)
{
    Usual *u = usual_new(ARGS "-global arm-smmuv3.iotlb-size=0 ", RECORD);

    map(u, 1, USUAL_VA, u->page);
    check_write(u, 0, USUAL_VA, u->page);
    map(u, 1, USUAL_VA, 0);
    check_write(u, 0, USUAL_VA, 0);
    usual_free(u);
}

/* A page whose address has more than 48 bits does not exist in this machine. */
static void test_oas(void)
{
    static const struct {
        const char *property;
        int field;
    } cases[] = {
        { "oas=32", 0 }, { "oas=36", 1 }, { "oas=40", 2 }, { "oas=42", 3 },
        { "oas=44", 4 }, { "oas=48", 5 }, { "oas=52", 6 },
    };
    int i;

    for (i = 0; i < ARRAY_SIZE(cases); i++) {
        Rig *rig = rig_new(cases[i].property, NULL);

        g_assert_cmpint(rig_smmu_read(rig, SMMU_IDR5) & 7, ==,
                        cases[i].field);
        rig_free(rig);
    }
}

/* The effective IPS is the lesser of CD.IPS and OAS. */
static void test_oas_limits(void)
{
    Usual *u = usual_new(ARGS "-global arm-smmuv3.oas=36 ", RECORD);

    rig_map(u->rig, &u->space[1], USUAL_VA, 1ULL << 36 | PTE_PAGE);
    check_write(u, 0, USUAL_VA, 0);
    rig_expect(u->rig, EVT_F_ADDR_SIZE);
    usual_free(u);

    u = usual_new(ARGS "-global arm-smmuv3.oas=40 ", RECORD);
    rig_map(u->rig, &u->space[1], USUAL_VA, 1ULL << 37 | PTE_PAGE);
    g_assert_cmpint(rig_dma_write(u->rig, 0, USUAL_VA), ==,
                    DMA_TESTDEV_BUS_ERROR);
    rig_expect_none(u->rig);
    usual_free(u);
}

/* Only the 64KiB granule has more than 48 bits, whatever the other table's. */
static void test_oas_of_each_table(void)
{
    Usual *u = usual_new(ARGS "-global arm-smmuv3.oas=52 ", RECORD);

    u->cd[1].ips = 6;
    u->cd[1].ttb1_64k = 1ULL << 50;
    usual_update(u);
    g_assert_cmpint(rig_dma_read(u->rig, 0, UINT64_MAX << 39), ==,
                    DMA_TESTDEV_READ_ABORT);
    g_assert_cmphex(rig_expect(u->rig, EVT_F_WALK_EABT).addr2, ==,
                    1ULL << 50);
    usual_free(u);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    qtest_add_func("smmuv3/tlb/asid", test_asid);
    qtest_add_func("smmuv3/tlb/va", test_va);
    qtest_add_func("smmuv3/tlb/all", test_all);
    qtest_add_func("smmuv3/tlb/range", test_range);
    qtest_add_func("smmuv3/tlb/range-scale", test_range_scale);
    qtest_add_func("smmuv3/tlb/ttl-page", test_ttl_page);
    qtest_add_func("smmuv3/tlb/block", test_block);
    qtest_add_func("smmuv3/tlb/block-range", test_block_range);
    qtest_add_func("smmuv3/tlb/ttl-block", test_ttl_block);
    qtest_add_func("smmuv3/tlb/shared-asid", test_shared_asid);
    qtest_add_func("smmuv3/tlb/ssid-reuse", test_ssid_reuse);
    qtest_add_func("smmuv3/tlb/tagged", test_tagged);
    qtest_add_func("smmuv3/tlb/made-writable", test_made_writable);
    qtest_add_func("smmuv3/tlb/no-tlb", test_no_tlb);
    qtest_add_func("smmuv3/tlb/oas", test_oas);
    qtest_add_func("smmuv3/tlb/oas-limits", test_oas_limits);
    qtest_add_func("smmuv3/tlb/oas-of-each-table", test_oas_of_each_table);
    return g_test_run();
}
