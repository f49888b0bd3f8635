/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SMMUv3 substreams: which CD translates which transaction, what the events
 * say, and what the caches may remember
 */
#include "qemu/osdep.h"
#include "qemu/bitops.h"
#include "smmuv3-rig.h"

#define ARGS "-global arm-smmuv3.ssidsize=12 "
#define RECORD ((Cd) { .r = true })

/* Which page does the space of @ssid have at USUAL_VA? */
static void map_page(Usual *u, int ssid, uint64_t pa)
{
    rig_map(u->rig, &u->space[ssid], USUAL_VA, pa | PTE_PAGE);
}

/* Write by DMA and see whether it arrived at @pa, and nowhere else. */
static void check_reaches(Usual *u, int queue, uint64_t pa)
{
    qtest_writeb(u->rig->qts, pa, 0);
    g_assert_cmpint(rig_dma_write(u->rig, queue, USUAL_VA), ==,
                    DMA_TESTDEV_OK);
    g_assert_cmphex(qtest_readb(u->rig->qts, pa), ==, 0xa5);
}

static void test_idr(void)
{
    Rig *rig = rig_new("ssidsize=12", NULL);

    g_assert_cmpint(extract32(rig_smmu_read(rig, SMMU_IDR1), 6, 5), ==, 12);
    g_assert_cmpint(extract32(rig_smmu_read(rig, SMMU_IDR0), 19, 1), ==, 1);
    rig_free(rig);

    rig = rig_new(NULL, NULL);
    g_assert_cmpint(extract32(rig_smmu_read(rig, SMMU_IDR1), 6, 5), ==, 0);
    g_assert_cmpint(extract32(rig_smmu_read(rig, SMMU_IDR0), 19, 1), ==, 0);
    rig_free(rig);
}

static void test_linear(void)
{
    Usual *u = usual_new(ARGS, RECORD);
    uint64_t other = rig_alloc(u->rig, RIG_PAGE);

    map_page(u, 1, u->page);
    map_page(u, 2, other);
    check_reaches(u, 0, u->page);
    g_assert_cmphex(qtest_readb(u->rig->qts, other), ==, 0);
    check_reaches(u, 1, other);
    /* Nothing is mapped for SSID 3. */
    g_assert_cmpint(rig_dma_write(u->rig, 2, USUAL_VA), ==,
                    DMA_TESTDEV_WRITE_ABORT);
    rig_expect(u->rig, EVT_F_TRANSLATION);
    usual_free(u);
}

/* Let SSID 1's CD be at @ssid in the second level of a two-level table. */
static void two_levels(int s1fmt, int leaf_bits, uint32_t ssid)
{
    Usual *u = usual_new(ARGS, RECORD);
    Rig *rig = u->rig;
    uint64_t l1 = rig_alloc(rig, RIG_PAGE);
    uint64_t leaf = rig_alloc(rig, 64 << leaf_bits);

    map_page(u, 1, u->page);
    qtest_writeq(rig->qts, l1 + (ssid >> leaf_bits) * 8, leaf | 1);
    rig_cd(rig, leaf, ssid & ((1 << leaf_bits) - 1), &u->cd[1]);
    u->ste.s1fmt = s1fmt;
    u->ste.s1cdmax = 12;
    u->ste.s1contextptr = l1;
    usual_update(u);

    rig_queue(rig, 3, DMA_TESTDEV_QUEUE_PASID_VALID | ssid, &u->space[1]);
    check_reaches(u, 3, u->page);
    rig_expect_none(rig);

    /* The same index of another leaf: its L1CD is invalid. */
    rig_set(rig, "inject-pasid", ssid ^ (1 << leaf_bits));
    rig_submit(rig, 3, (struct dma_testdev_desc) {});
    rig_wait(rig, 3, DMA_TESTDEV_ERROR | DMA_TESTDEV_ERROR_SQ_ABORT << 8);
    g_assert_cmphex(rig_expect(rig, EVT_C_BAD_SUBSTREAMID).ssid, ==,
                    ssid ^ (1 << leaf_bits));
    usual_free(u);
}

static void test_4k_leaf(void)
{
    two_levels(S1FMT_4K, 6, 5 << 6 | 33);
}

static void test_64k_leaf(void)
{
    two_levels(S1FMT_64K, 10, 2 << 10 | 777);
}

static void test_l2ptr_out_of_range(void)
{
    Usual *u = usual_new(ARGS, RECORD);
    uint64_t l1 = rig_alloc(u->rig, RIG_PAGE);

    qtest_writeq(u->rig->qts, l1, 1ULL << 50 | 1);
    u->ste.s1fmt = S1FMT_4K;
    u->ste.s1contextptr = l1;
    usual_update(u);
    rig_submit(u->rig, 0, (struct dma_testdev_desc) {});
    rig_wait(u->rig, 0, DMA_TESTDEV_ERROR | DMA_TESTDEV_ERROR_SQ_ABORT << 8);
    g_assert_cmphex(rig_expect(u->rig, EVT_C_BAD_SUBSTREAMID).ssid, ==, 1);
    usual_free(u);
}

/* The queue cannot read its ring; the event says why. */
static Event refused(Usual *u, int queue, int type)
{
    Event event;

    rig_submit(u->rig, queue, (struct dma_testdev_desc) {});
    rig_wait(u->rig, queue,
             DMA_TESTDEV_ERROR | DMA_TESTDEV_ERROR_SQ_ABORT << 8);
    event = rig_expect(u->rig, type);
    g_assert_cmphex(event.sid, ==, u->rig->sid);
    rig_expect_none(u->rig);
    return event;
}

static void check_bad_substreamid(Usual *u, int queue)
{
    Event event = refused(u, queue, EVT_C_BAD_SUBSTREAMID);

    g_assert_cmphex(event.ssid, ==, queue + 1);
    g_assert_false(event.ssv);
}

static void test_ssid_out_of_range(void)
{
    Usual *u = usual_new(ARGS, RECORD);

    u->ste.s1cdmax = 1;
    usual_update(u);
    map_page(u, 1, u->page);
    check_reaches(u, 0, u->page);
    check_bad_substreamid(u, 1);
    usual_free(u);
}

static void test_s1cdmax_0(void)
{
    Usual *u = usual_new(ARGS, RECORD);

    u->ste.s1cdmax = 0;
    usual_update(u);
    check_bad_substreamid(u, 0);
    usual_free(u);
}

static void test_s1cdmax_too_large(void)
{
    Usual *u = usual_new(ARGS, RECORD);
    Event event;

    u->ste.s1cdmax = 13;
    usual_update(u);
    event = refused(u, 0, EVT_C_BAD_STE);
    g_assert_true(event.ssv);
    g_assert_cmphex(event.ssid, ==, 1);
    usual_free(u);
}

static void test_no_stage_1(void)
{
    Usual *u = usual_new(ARGS, RECORD);

    u->ste.config = CONFIG_BYPASS;
    usual_update(u);
    check_bad_substreamid(u, 0);

    u->ste.config = CONFIG_S2;
    usual_update(u);
    check_bad_substreamid(u, 1);
    usual_free(u);
}

static void test_no_substreams(void)
{
    /* S1CDMax is IGNORED then, and so no reason for C_BAD_STE. */
    Usual *u = usual_new("", RECORD);

    check_bad_substreamid(u, 0);
    usual_free(u);
}

/* Queue 3 has no PASID; its rings are mapped nowhere but in @space. */
static void no_pasid(Usual *u, Space *space)
{
    rig_queue(u->rig, 3, 0, space);
}

static void s1dss_terminates(int s1dss)
{
    Usual *u = usual_new(ARGS, RECORD);
    Event event;

    u->ste.s1dss = s1dss;
    usual_update(u);
    no_pasid(u, NULL);
    event = refused(u, 3, EVT_F_STREAM_DISABLED);
    g_assert_false(event.ssv);

    map_page(u, 1, u->page);
    check_reaches(u, 0, u->page);
    usual_free(u);
}

static void test_s1dss_terminate(void)
{
    s1dss_terminates(S1DSS_TERMINATE);
}

static void test_s1dss_reserved(void)
{
    s1dss_terminates(3);
}

static void test_s1dss_bypass(void)
{
    Usual *u = usual_new(ARGS, RECORD);

    u->ste.s1dss = S1DSS_BYPASS;
    usual_update(u);
    no_pasid(u, NULL);
    g_assert_cmpint(rig_dma_write(u->rig, 3, u->page), ==, DMA_TESTDEV_OK);
    g_assert_cmphex(qtest_readb(u->rig->qts, u->page), ==, 0xa5);

    /* SSID 1 is still translated. */
    g_assert_cmpint(rig_dma_write(u->rig, 0, u->page), ==,
                    DMA_TESTDEV_WRITE_ABORT);
    usual_free(u);
}

/* Stage 1 bypassed by S1DSS, stage 2 translates: the address is an IPA. */
static void test_s1dss_bypass_nested(void)
{
    Usual *u = usual_new(ARGS, RECORD);
    Space ipa = rig_space(u->rig);

    u->ste.s1dss = S1DSS_BYPASS;
    u->ste.config = CONFIG_NESTED;
    u->ste.s2ttb = ipa.ttb;
    usual_update(u);
    no_pasid(u, NULL);
    rig_map(u->rig, &ipa, u->rig->queues[3].sq,
            u->rig->queues[3].sq | PTE_S2_PAGE);
    rig_map(u->rig, &ipa, u->rig->queues[3].cq,
            u->rig->queues[3].cq | PTE_S2_PAGE);
    rig_map(u->rig, &ipa, USUAL_VA, u->page | PTE_S2_PAGE);
    check_reaches(u, 3, u->page);
    usual_free(u);
}

static void test_s1dss_ssid0(void)
{
    Usual *u = usual_new(ARGS, RECORD);
    Space space = rig_space(u->rig);
    Cd cd = u->cd[1];
    Event event;

    cd.ttb0 = space.ttb;
    cd.asid = 9;
    rig_cd(u->rig, u->cd_table, 0, &cd);
    u->ste.s1dss = S1DSS_SSID0;
    usual_update(u);
    no_pasid(u, &space);
    rig_map(u->rig, &space, USUAL_VA, u->page | PTE_PAGE);
    check_reaches(u, 3, u->page);

    /* Then SSID 0 is not for those who name it. */
    rig_queue(u->rig, 0, 0, NULL);
    rig_set(u->rig, "inject-queue", 0);
    rig_set(u->rig, "inject-pasid", 0);
    event = refused(u, 0, EVT_F_STREAM_DISABLED);
    g_assert_cmphex(event.ssid, ==, 0);
    usual_free(u);
}

/* With S1DSS other than SSID 0, CD 0 belongs to SSID 0. */
static void test_ssid_0(void)
{
    Usual *u = usual_new(ARGS, RECORD);

    rig_cd(u->rig, u->cd_table, 0, &u->cd[1]);
    rig_set(u->rig, "inject-pasid", 0);
    map_page(u, 1, u->page);
    check_reaches(u, 0, u->page);
    rig_expect_none(u->rig);
    usual_free(u);
}

static void test_bad_cd(void)
{
    Usual *u = usual_new(ARGS, RECORD);
    Event event;

    u->cd[2].invalid = true;
    usual_update(u);
    event = refused(u, 1, EVT_C_BAD_CD);
    g_assert_true(event.ssv);
    g_assert_cmphex(event.ssid, ==, 2);
    usual_free(u);
}

static void test_cd_fetch(void)
{
    Usual *u = usual_new(ARGS, RECORD);
    Event event;

    u->ste.s1contextptr = RIG_HOLE;
    usual_update(u);
    event = refused(u, 1, EVT_F_CD_FETCH);
    g_assert_true(event.ssv);
    g_assert_cmphex(event.ssid, ==, 2);
    g_assert_cmphex(event.addr2, ==, RIG_HOLE + 2 * 64);
    usual_free(u);
}

static void test_bad_streamid(void)
{
    Usual *u = usual_new(ARGS, RECORD);
    Event event;

    /* The stream table has entries for bus 0 only; devfn 255 is the last. */
    rig_set(u->rig, "inject-devfn", 255);
    rig_smmu_write(u->rig, 0x88, 7);
    rig_submit(u->rig, 0, (struct dma_testdev_desc) {});
    rig_wait(u->rig, 0, DMA_TESTDEV_ERROR | DMA_TESTDEV_ERROR_SQ_ABORT << 8);
    rig_expect_none(u->rig);

    rig_smmu_write(u->rig, SMMU_CR2, 2 /* RECINVSID */);
    rig_submit(u->rig, 1, (struct dma_testdev_desc) {});
    rig_wait(u->rig, 1, DMA_TESTDEV_ERROR | DMA_TESTDEV_ERROR_SQ_ABORT << 8);
    event = rig_expect(u->rig, EVT_C_BAD_STREAMID);
    g_assert_cmphex(event.sid, ==, 255);
    g_assert_true(event.ssv);
    g_assert_cmphex(event.ssid, ==, 2);
    usual_free(u);
}

/* STRTAB_BASE_CFG: two levels, of which the second has up to 64 STEs */
#define TWO_LEVELS (1u << 16 | 6u << 6 | 8)

static void check_span(Usual *u, int span, bool in_range)
{
    Rig *rig = u->rig;
    uint64_t level1 = rig_alloc(rig, RIG_PAGE);
    Event event;

    qtest_writeq(rig->qts, level1, rig->strtab | span);
    rig_smmu_write(rig, 0x80 /* STRTAB_BASE */, level1);
    rig_smmu_write(rig, 0x88, TWO_LEVELS);
    rig_cfgi_ste(rig, rig->sid);
    rig_queue(rig, 0, DMA_TESTDEV_QUEUE_PASID_VALID | 1, &u->space[1]);
    rig_submit(rig, 0, (struct dma_testdev_desc) {});
    if (in_range) {
        g_assert_cmpint(rig_cpl(rig, 0).status, ==, DMA_TESTDEV_OK);
    } else {
        rig_wait(rig, 0, DMA_TESTDEV_ERROR | DMA_TESTDEV_ERROR_SQ_ABORT << 8);
        event = rig_expect(rig, EVT_C_BAD_STREAMID);
        g_assert_cmphex(event.sid, ==, rig->sid);
    }
    rig_expect_none(rig);
}

/* 5.1: 2^(Span - 1) STEs. The device has StreamID 8. */
static void test_span(void)
{
    Usual *u = usual_new(ARGS, RECORD);

    rig_smmu_write(u->rig, SMMU_CR2, 2 /* RECINVSID */);
    g_assert_cmphex(u->rig->sid, ==, 8);
    check_span(u, 0, false);
    check_span(u, 4, false);
    check_span(u, 5, true);
    check_span(u, 7, true);
    check_span(u, 8, false);
    check_span(u, 31, false);
    usual_free(u);
}

/* IDR0.TTF says that there is AArch64 only (5.2). */
static void test_aarch32_stage_2(void)
{
    Usual *u = usual_new(ARGS, RECORD);

    u->ste.config = CONFIG_NESTED;
    u->ste.s2aa32 = true;
    usual_update(u);
    refused(u, 0, EVT_C_BAD_STE);
    usual_free(u);
}

/* Give SSID @ssid the space of SSID @from. */
static void switch_cd(Usual *u, int ssid, int from)
{
    Cd cd = u->cd[from];

    rig_cd(u->rig, u->cd_table, ssid, &cd);
}

static void test_cfgi_cd(void)
{
    Usual *u = usual_new(ARGS, RECORD);
    uint64_t other = rig_alloc(u->rig, RIG_PAGE);

    map_page(u, 1, u->page);
    map_page(u, 3, other);
    /* The rings of queues 0 and 1 stay reachable in the new space. */
    rig_queue(u->rig, 0, DMA_TESTDEV_QUEUE_PASID_VALID | 1, &u->space[1]);
    rig_map(u->rig, &u->space[3], u->rig->queues[0].sq,
            u->rig->queues[0].sq | PTE_PAGE);
    rig_map(u->rig, &u->space[3], u->rig->queues[0].cq,
            u->rig->queues[0].cq | PTE_PAGE);

    check_reaches(u, 0, u->page);
    switch_cd(u, 1, 3);
    rig_cfgi_cd(u->rig, u->rig->sid, 1);
    check_reaches(u, 0, other);

    switch_cd(u, 1, 1);
    /* Of another substream: this model keeps what it has. */
    rig_cfgi_cd(u->rig, u->rig->sid, 2);
    check_reaches(u, 0, other);
    rig_cfgi_cd_all(u->rig, u->rig->sid);
    check_reaches(u, 0, u->page);
    usual_free(u);
}

/* CMD_CFGI_CD for index 0 reaches transactions without an SSID. */
static void test_cfgi_cd_0(void)
{
    Usual *u = usual_new(ARGS, RECORD);
    uint64_t other = rig_alloc(u->rig, RIG_PAGE);

    u->ste.s1dss = S1DSS_SSID0;
    switch_cd(u, 0, 1);
    usual_update(u);
    no_pasid(u, &u->space[1]);
    rig_map(u->rig, &u->space[3], u->rig->queues[3].sq,
            u->rig->queues[3].sq | PTE_PAGE);
    rig_map(u->rig, &u->space[3], u->rig->queues[3].cq,
            u->rig->queues[3].cq | PTE_PAGE);
    map_page(u, 1, u->page);
    map_page(u, 3, other);
    check_reaches(u, 3, u->page);
    switch_cd(u, 0, 3);
    rig_cfgi_cd(u->rig, u->rig->sid, 0);
    check_reaches(u, 3, other);
    usual_free(u);
}

/* CMD_CFGI_STE_RANGE with a range of 31 is CMD_CFGI_ALL (4.3.2). */
static void test_cfgi_all(void)
{
    Usual *u = usual_new(ARGS, RECORD);
    uint64_t other = rig_alloc(u->rig, RIG_PAGE);
    Cd none = { .invalid = true };
    int ssid;

    u->ste.s1dss = S1DSS_SSID0;
    switch_cd(u, 0, 1);
    usual_update(u);
    no_pasid(u, &u->space[1]);
    map_page(u, 1, u->page);
    map_page(u, 2, other);
    check_reaches(u, 0, u->page);
    check_reaches(u, 1, other);
    check_reaches(u, 3, u->page);
    for (ssid = 0; ssid < 3; ssid++) {
        rig_cd(u->rig, u->cd_table, ssid, &none);
    }

    /* StreamIDs 16 to 31. The device has StreamID 8. */
    rig_cmd(u->rig, 0x04, 16, 3, 0);
    check_reaches(u, 0, u->page);
    check_reaches(u, 1, other);
    check_reaches(u, 3, u->page);
    rig_cmd(u->rig, 0x04, 0, 31, 0);
    g_assert_cmphex(refused(u, 0, EVT_C_BAD_CD).ssid, ==, 1);
    g_assert_cmphex(refused(u, 1, EVT_C_BAD_CD).ssid, ==, 2);
    g_assert_false(refused(u, 3, EVT_C_BAD_CD).ssv);
    usual_free(u);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    qtest_add_func("smmuv3/substream/idr", test_idr);
    qtest_add_func("smmuv3/substream/linear", test_linear);
    qtest_add_func("smmuv3/substream/4k-leaf", test_4k_leaf);
    qtest_add_func("smmuv3/substream/64k-leaf", test_64k_leaf);
    qtest_add_func("smmuv3/substream/l2ptr-out-of-range",
                   test_l2ptr_out_of_range);
    qtest_add_func("smmuv3/substream/ssid-out-of-range",
                   test_ssid_out_of_range);
    qtest_add_func("smmuv3/substream/s1cdmax-0", test_s1cdmax_0);
    qtest_add_func("smmuv3/substream/s1cdmax-too-large",
                   test_s1cdmax_too_large);
    qtest_add_func("smmuv3/substream/no-stage-1", test_no_stage_1);
    qtest_add_func("smmuv3/substream/no-substreams", test_no_substreams);
    qtest_add_func("smmuv3/substream/s1dss-terminate", test_s1dss_terminate);
    qtest_add_func("smmuv3/substream/s1dss-reserved", test_s1dss_reserved);
    qtest_add_func("smmuv3/substream/s1dss-bypass", test_s1dss_bypass);
    qtest_add_func("smmuv3/substream/s1dss-bypass-nested",
                   test_s1dss_bypass_nested);
    qtest_add_func("smmuv3/substream/s1dss-ssid0", test_s1dss_ssid0);
    qtest_add_func("smmuv3/substream/ssid-0", test_ssid_0);
    qtest_add_func("smmuv3/substream/bad-cd", test_bad_cd);
    qtest_add_func("smmuv3/substream/cd-fetch", test_cd_fetch);
    qtest_add_func("smmuv3/substream/bad-streamid", test_bad_streamid);
    qtest_add_func("smmuv3/substream/span", test_span);
    qtest_add_func("smmuv3/substream/aarch32-stage-2", test_aarch32_stage_2);
    qtest_add_func("smmuv3/substream/cfgi-cd", test_cfgi_cd);
    qtest_add_func("smmuv3/substream/cfgi-cd-0", test_cfgi_cd_0);
    qtest_add_func("smmuv3/substream/cfgi-all", test_cfgi_all);
    return g_test_run();
}
