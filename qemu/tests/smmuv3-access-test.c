/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SMMUv3 permissions: who may read, write and execute what, and PnU, InD and
 * RnW in the events of those who may not
 */
#include "qemu/osdep.h"
#include "smmuv3-rig.h"

#define ARGS "-global arm-smmuv3.ssidsize=4 "
#define RECORD ((Cd) { .r = true })

/* How a queue asks */
enum { USER, USER_EXEC, PRIV, PRIV_EXEC, NR_WAYS };

static const uint32_t ways[NR_WAYS] = {
    [USER] = 0,
    [USER_EXEC] = DMA_TESTDEV_QUEUE_PASID_EXEC,
    [PRIV] = DMA_TESTDEV_QUEUE_PASID_PRIV,
    [PRIV_EXEC] = DMA_TESTDEV_QUEUE_PASID_PRIV | DMA_TESTDEV_QUEUE_PASID_EXEC,
};

/* The rights to a page: a letter each for user and privileged */
typedef struct Rights {
    const char *user;
    const char *priv;
} Rights;

static bool access_allowed(Usual *u, int way, bool write)
{
    struct dma_testdev_desc desc = {
        .op = write ? DMA_TESTDEV_FILL : DMA_TESTDEV_TOUCH,
        .dst = USUAL_VA, .length = 1,
    };
    uint64_t user = way == USER || way == USER_EXEC ? PTE_AP_USER : 0;
    struct dma_testdev_cpl cpl;
    Event event;

    rig_queue(u->rig, 0, DMA_TESTDEV_QUEUE_PASID_VALID | 1 | ways[way],
              &u->space[1]);
    /* The queue reads its ring as it reads all else: it may have to execute. */
    rig_map(u->rig, &u->space[1], u->rig->queues[0].sq,
            u->rig->queues[0].sq | PTE_VALID_PAGE | PTE_AF | PTE_AP_RO | user);
    rig_map(u->rig, &u->space[1], u->rig->queues[0].cq,
            u->rig->queues[0].cq | PTE_VALID_PAGE | PTE_AF | user);
    rig_tlbi_all(u->rig);

    cpl = rig_run(u->rig, 0, desc);
    if (cpl.status == DMA_TESTDEV_OK) {
        rig_expect_none(u->rig);
        return true;
    }
    g_assert_cmpint(cpl.status, ==, write ? DMA_TESTDEV_WRITE_ABORT :
                                            DMA_TESTDEV_READ_ABORT);
    event = rig_expect(u->rig, EVT_F_PERMISSION);
    g_assert_cmpint(event.pnu, ==, way == PRIV || way == PRIV_EXEC);
    g_assert_cmpint(event.ind, ==,
                    (way == USER_EXEC || way == PRIV_EXEC) && !write);
    g_assert_cmpint(event.rnw, ==, !write);
    g_assert_cmpint(event.class, ==, CLASS_IN);
    g_assert_cmphex(event.addr, ==, USUAL_VA);
    return false;
}

static bool has(const char *rights, char right)
{
    return strchr(rights, right) != NULL;
}

static void check_rights(Usual *u, Rights rights)
{
    g_assert_cmpint(access_allowed(u, USER, false), ==, has(rights.user, 'r'));
    g_assert_cmpint(access_allowed(u, USER, true), ==, has(rights.user, 'w'));
    g_assert_cmpint(access_allowed(u, PRIV, false), ==,
                    has(rights.priv, 'r'));
    g_assert_cmpint(access_allowed(u, PRIV, true), ==, has(rights.priv, 'w'));
    g_assert_cmpint(access_allowed(u, USER_EXEC, false), ==,
                    has(rights.user, 'x'));
    g_assert_cmpint(access_allowed(u, PRIV_EXEC, false), ==,
                    has(rights.priv, 'x'));
    /* A write is data, whatever the queue says. */
    g_assert_cmpint(access_allowed(u, USER_EXEC, true), ==,
                    has(rights.user, 'w'));
}

static void check_pte(Usual *u, uint64_t attrs, Rights rights)
{
    rig_map(u->rig, &u->space[1], USUAL_VA,
            u->page | PTE_VALID_PAGE | PTE_AF | attrs);
    check_rights(u, rights);
}

static void test_ap(void)
{
    Usual *u = usual_new(ARGS, RECORD);

    /* What a user can write, the privileged cannot execute. */
    check_pte(u, PTE_AP_USER, (Rights) { "rwx", "rw" });
    check_pte(u, PTE_AP_USER | PTE_AP_RO, (Rights) { "rx", "rx" });
    /* And what they can only execute is for UXN to say. */
    check_pte(u, 0, (Rights) { "x", "rwx" });
    check_pte(u, PTE_AP_RO, (Rights) { "x", "rx" });
    check_pte(u, PTE_UXN, (Rights) { "", "rwx" });
    usual_free(u);
}

static void test_xn(void)
{
    Usual *u = usual_new(ARGS, RECORD);

    check_pte(u, PTE_AP_USER | PTE_AP_RO | PTE_UXN, (Rights) { "r", "rx" });
    check_pte(u, PTE_AP_USER | PTE_AP_RO | PTE_PXN, (Rights) { "rx", "r" });
    usual_free(u);
}

static void test_wxn(void)
{
    Usual *u = usual_new(ARGS, (Cd) { .r = true, .wxn = true });

    check_pte(u, PTE_AP_USER, (Rights) { "rw", "rw" });
    check_pte(u, PTE_AP_USER | PTE_AP_RO, (Rights) { "rx", "rx" });
    /* What only the privileged can write: the others may execute it. */
    check_pte(u, 0, (Rights) { "x", "rw" });
    check_pte(u, PTE_AP_RO, (Rights) { "x", "rx" });
    usual_free(u);
}

/* The rings of the privileged are the privileged's alone here. */
static void test_pan(void)
{
    Usual *u = usual_new(ARGS, (Cd) { .r = true, .pan = true });

    check_pte(u, PTE_AP_USER | PTE_AP_RO, (Rights) { "rx", "x" });
    check_pte(u, 0, (Rights) { "x", "rwx" });
    usual_free(u);
}

static void check_table(Usual *u, uint64_t table_attrs, uint64_t attrs,
                        Rights rights)
{
    rig_map(u->rig, &u->space[1], USUAL_VA,
            u->page | PTE_VALID_PAGE | PTE_AF | attrs);
    rig_table_attrs(u->rig, &u->space[1], USUAL_VA, table_attrs);
    check_rights(u, rights);
}

static void test_table(void)
{
    Usual *u = usual_new(ARGS, RECORD);

    check_table(u, PTE_AP_RO_TABLE, PTE_AP_USER, (Rights) { "rx", "rx" });
    check_table(u, PTE_AP_NO_USER_TABLE, PTE_AP_USER,
                (Rights) { "x", "rwx" });
    check_table(u, PTE_UXN_TABLE, PTE_AP_USER | PTE_AP_RO,
                (Rights) { "r", "rx" });
    check_table(u, PTE_PXN_TABLE, PTE_AP_USER | PTE_AP_RO,
                (Rights) { "rx", "r" });
    usual_free(u);

    /* HAD0: table attributes do not count. */
    u = usual_new(ARGS, (Cd) { .r = true, .had0 = true });
    check_table(u, PTE_AP_RO_TABLE, PTE_AP_USER, (Rights) { "rwx", "rw" });
    usual_free(u);
}

/* A read must not leave a TLB entry that forgets about the table. */
static void test_table_tlb(void)
{
    Usual *u = usual_new(ARGS, RECORD);

    rig_map(u->rig, &u->space[1], USUAL_VA, u->page | PTE_PAGE);
    rig_table_attrs(u->rig, &u->space[1], USUAL_VA, PTE_AP_RO_TABLE);
    g_assert_cmpint(rig_dma_read(u->rig, 0, USUAL_VA), ==, DMA_TESTDEV_OK);
    g_assert_cmpint(rig_dma_write(u->rig, 0, USUAL_VA), ==,
                    DMA_TESTDEV_WRITE_ABORT);
    usual_free(u);
}

/* A page that is not there is a translation fault, whoever asks. */
static void test_priority(void)
{
    Usual *u = usual_new(ARGS, RECORD);

    rig_map(u->rig, &u->space[1], USUAL_VA + RIG_PAGE, u->page | PTE_PAGE);
    rig_table_attrs(u->rig, &u->space[1], USUAL_VA, PTE_AP_RO_TABLE);
    g_assert_cmpint(rig_dma_write(u->rig, 0, USUAL_VA), ==,
                    DMA_TESTDEV_WRITE_ABORT);
    rig_expect(u->rig, EVT_F_TRANSLATION);
    /* And AF comes before permission. */
    rig_map(u->rig, &u->space[1], USUAL_VA,
            (u->page | PTE_PAGE) & ~PTE_AF);
    g_assert_cmpint(rig_dma_write(u->rig, 0, USUAL_VA), ==,
                    DMA_TESTDEV_WRITE_ABORT);
    rig_expect(u->rig, EVT_F_ACCESS);
    usual_free(u);
}

static void test_affd(void)
{
    Usual *u = usual_new(ARGS, (Cd) { .r = true, .affd = true });

    rig_map(u->rig, &u->space[1], USUAL_VA,
            (u->page | PTE_PAGE) & ~PTE_AF);
    g_assert_cmpint(rig_dma_write(u->rig, 0, USUAL_VA), ==, DMA_TESTDEV_OK);
    usual_free(u);
}

/* An atomic access needs both rights, and is a write in the event. */
static void test_atomic(void)
{
    struct dma_testdev_desc desc = {
        .op = DMA_TESTDEV_FETCH_ADD, .dst = USUAL_VA, .operand = 1,
    };
    Usual *u = usual_new(ARGS, RECORD);
    Event event;

    g_assert_cmpint(rig_run(u->rig, 0, desc).status, ==,
                    DMA_TESTDEV_WRITE_ABORT);
    g_assert_false(rig_expect(u->rig, EVT_F_TRANSLATION).rnw);

    rig_map(u->rig, &u->space[1], USUAL_VA, u->page | PTE_PAGE | PTE_AP_RO);
    g_assert_cmpint(rig_run(u->rig, 0, desc).status, ==,
                    DMA_TESTDEV_WRITE_ABORT);
    event = rig_expect(u->rig, EVT_F_PERMISSION);
    g_assert_false(event.rnw);
    usual_free(u);
}

/* Without a PASID there is no privilege to be had. */
static void test_no_pasid(void)
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
    rig_queue(u->rig, 3, DMA_TESTDEV_QUEUE_PASID_PRIV, &space);
    rig_map(u->rig, &space, USUAL_VA, u->page | PTE_VALID_PAGE | PTE_AF);
    g_assert_cmpint(rig_dma_read(u->rig, 3, USUAL_VA), ==,
                    DMA_TESTDEV_READ_ABORT);
    event = rig_expect(u->rig, EVT_F_PERMISSION);
    g_assert_false(event.pnu);
    g_assert_false(event.ssv);
    usual_free(u);
}

/* Stage 2: S2AP of read and write, and XN[1:0] */
static void test_stage_2(void)
{
    static const struct {
        uint64_t attrs;
        Rights rights;
    } cases[] = {
        { PTE_S2AP_R | PTE_S2AP_W, { "rwx", "rwx" } },
        { PTE_S2AP_R, { "rx", "rx" } },
        { PTE_S2AP_W, { "wx", "wx" } },
        { 0, { "x", "x" } },
        { 2ULL << 53, { "", "" } },
        { PTE_S2AP_R | 1ULL << 53, { "rx", "r" } },
        { PTE_S2AP_R | 2ULL << 53, { "r", "r" } },
        { PTE_S2AP_R | 3ULL << 53, { "r", "rx" } },
    };
    Usual *u = usual_new(ARGS, RECORD);
    Space ipa = rig_space(u->rig);
    uint64_t addr;
    int i;

    for (addr = 0x41000000; addr < 0x41200000; addr += RIG_PAGE) {
        rig_map(u->rig, &ipa, addr, addr | PTE_S2_PAGE);
    }
    u->ste.config = CONFIG_NESTED;
    u->ste.s2ttb = ipa.ttb;
    u->ste.s2r = true;
    usual_update(u);
    for (i = 0; i < ARRAY_SIZE(cases); i++) {
        Rights rights = cases[i].rights;

        rig_map(u->rig, &ipa, 0x50000000,
                u->page | PTE_VALID_PAGE | PTE_AF | cases[i].attrs);
        /* Stage 1 permits users all, and the privileged all but execution */
        rig_map(u->rig, &u->space[1], USUAL_VA, 0x50000000 | PTE_PAGE);
        g_assert_cmpint(access_allowed(u, USER, false), ==,
                        has(rights.user, 'r'));
        g_assert_cmpint(access_allowed(u, USER, true), ==,
                        has(rights.user, 'w'));
        g_assert_cmpint(access_allowed(u, USER_EXEC, false), ==,
                        has(rights.user, 'x'));
        rig_map(u->rig, &u->space[1], USUAL_VA,
                0x50000000 | PTE_VALID_PAGE | PTE_AF);
        g_assert_cmpint(access_allowed(u, PRIV, false), ==,
                        has(rights.priv, 'r'));
        g_assert_cmpint(access_allowed(u, PRIV_EXEC, false), ==,
                        has(rights.priv, 'x'));
    }
    usual_free(u);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    qtest_add_func("smmuv3/access/ap", test_ap);
    qtest_add_func("smmuv3/access/xn", test_xn);
    qtest_add_func("smmuv3/access/wxn", test_wxn);
    qtest_add_func("smmuv3/access/pan", test_pan);
    qtest_add_func("smmuv3/access/table", test_table);
    qtest_add_func("smmuv3/access/table-tlb", test_table_tlb);
    qtest_add_func("smmuv3/access/priority", test_priority);
    qtest_add_func("smmuv3/access/affd", test_affd);
    qtest_add_func("smmuv3/access/atomic", test_atomic);
    qtest_add_func("smmuv3/access/no-pasid", test_no_pasid);
    qtest_add_func("smmuv3/access/stage-2", test_stage_2);
    return g_test_run();
}
