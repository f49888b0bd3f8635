/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A bare-metal SMMUv3 with dma-testdev behind it, for qtests
 */
#include "qemu/osdep.h"
#include "qemu/bitops.h"
#include "hw/pci/pci_regs.h"
#include "qobject/qdict.h"
#include "smmuv3-rig.h"

#define SMMU_BASE        0x09050000ULL
#define ECAM_BASE        0x4010000000ULL
#define RAM_BASE         0x40000000ULL
#define RAM_SIZE         (256 * 1024 * 1024)
#define PASID_CTRL       0x106

#define STRTAB_LOG2      8
#define CMDQ_LOG2        8
#define SMMU_STRTAB_BASE 0x80
#define SMMU_STRTAB_CFG  0x88
#define SMMU_CMDQ_BASE   0x90
#define SMMU_EVENTQ_BASE 0xa0

#define RING_LOG2        4
#define CPL_SIZE         sizeof(struct dma_testdev_cpl)

uint32_t rig_smmu_read(Rig *rig, uint32_t offset)
{
    return qtest_readl(rig->qts, SMMU_BASE + offset);
}

void rig_smmu_write(Rig *rig, uint32_t offset, uint32_t value)
{
    qtest_writel(rig->qts, SMMU_BASE + offset, value);
}

uint64_t rig_alloc(Rig *rig, uint64_t size)
{
    uint64_t addr = ROUND_UP(rig->next, pow2ceil(size));

    rig->next = addr + size;
    g_assert_cmphex(rig->next, <=, RAM_BASE + RAM_SIZE);
    qtest_memset(rig->qts, addr, 0, size);
    return addr;
}

static void start_smmu(Rig *rig)
{
    rig->strtab = rig_alloc(rig, 64 << STRTAB_LOG2);
    rig->cmdq = rig_alloc(rig, 16 << CMDQ_LOG2);
    rig->evtq = rig_alloc(rig, 32 << rig->evtq_log2);

    qtest_writeq(rig->qts, SMMU_BASE + SMMU_STRTAB_BASE, rig->strtab);
    rig_smmu_write(rig, SMMU_STRTAB_CFG, STRTAB_LOG2);
    qtest_writeq(rig->qts, SMMU_BASE + SMMU_CMDQ_BASE, rig->cmdq | CMDQ_LOG2);
    qtest_writeq(rig->qts, SMMU_BASE + SMMU_EVENTQ_BASE,
                 rig->evtq | rig->evtq_log2);
    rig_smmu_write(rig, SMMU_CR0, CR0_CMDQEN | CR0_EVENTQEN | CR0_SMMUEN);
}

static void start_device(Rig *rig)
{
    qpci_init_generic(&rig->bus, rig->qts, NULL, false);
    rig->dev = qpci_device_find(&rig->bus.bus, RIG_DEVFN);
    g_assert(rig->dev);
    qpci_device_enable(rig->dev);
    rig->control = qpci_iomap(rig->dev, DMA_TESTDEV_BAR_CONTROL, NULL);
    rig->doorbell = qpci_iomap(rig->dev, DMA_TESTDEV_BAR_DOORBELL, NULL);
    /* Enable the PASID capability, with all that it can ask for */
    qtest_writew(rig->qts, ECAM_BASE + (RIG_DEVFN << 12) + PASID_CTRL, 7);
}

Rig *rig_new_args(const char *args, int evtq_log2)
{
    Rig *rig = g_new0(Rig, 1);

    rig->args = g_strdup_printf("-M virt,gic-version=3,iommu=smmuv3 -m 256M "
                                "-nodefaults -device dma-testdev,id=td,"
                                "addr=1.0,queues=%d %s", RIG_QUEUES, args);
    rig->qts = qtest_init(rig->args);
    rig->sid = RIG_DEVFN;
    rig->evtq_log2 = evtq_log2;
    rig->next = RAM_BASE + 16 * 1024 * 1024;
    start_smmu(rig);
    start_device(rig);
    return rig;
}

Rig *rig_new(const char *property, ...)
{
    g_autoptr(GString) args = g_string_new("");
    va_list ap;

    va_start(ap, property);
    for (; property; property = va_arg(ap, const char *)) {
        g_string_append_printf(args, "-global arm-smmuv3.%s ", property);
    }
    va_end(ap);
    return rig_new_args(args->str, 5);
}

void rig_free(Rig *rig)
{
    g_free(rig->dev);
    qtest_quit(rig->qts);
    g_free(rig->args);
    g_free(rig);
}

static void wait_for_migration(QTestState *qts)
{
    for (;;) {
        QDict *reply = qtest_qmp(qts, "{'execute': 'query-migrate'}");
        QDict *result = qdict_get_qdict(reply, "return");
        g_autofree char *status =
            g_strdup(qdict_get_try_str(result, "status"));

        qobject_unref(reply);
        if (g_strcmp0(status, "completed") == 0) {
            return;
        }
        g_assert_cmpstr(status, !=, "failed");
        g_usleep(1000);
    }
}

void rig_migrate(Rig *rig)
{
    g_autofree char *path = g_strdup_printf("%s/smmuv3-rig-%d.state",
                                            g_get_tmp_dir(), getpid());
    g_autofree char *uri = g_strdup_printf("file:%s", path);
    g_autofree char *args = g_strdup_printf("%s -incoming defer", rig->args);
    QTestState *to = qtest_init(args);

    qtest_qmp_assert_success(rig->qts, "{'execute': 'migrate', "
                             "'arguments': {'uri': %s}}", uri);
    wait_for_migration(rig->qts);
    qtest_quit(rig->qts);
    rig->qts = to;
    rig->bus.bus.qts = to;
    qtest_qmp_assert_success(rig->qts, "{'execute': 'migrate-incoming', "
                             "'arguments': {'uri': %s}}", uri);
    wait_for_migration(rig->qts);
    unlink(path);
}

static void write_words(Rig *rig, uint64_t addr, const uint64_t *words, int nr)
{
    int i;

    for (i = 0; i < nr; i++) {
        qtest_writeq(rig->qts, addr + i * 8, words[i]);
    }
}

void rig_ste(Rig *rig, uint32_t sid, const Ste *ste)
{
    uint64_t words[8] = {
        [0] = (ste->invalid ? 0 : 1) | (uint64_t)ste->config << 1 |
              (uint64_t)ste->s1fmt << 4 | ste->s1contextptr |
              (uint64_t)ste->s1cdmax << 59,
        [1] = ste->s1dss | (uint64_t)ste->s1stalld << 27,
        /* S2T0SZ 25, S2SL0 1, S2TG 4KiB, S2PS 48 bits, S2AA64 */
        [2] = ste->s2vmid | 25ULL << 32 | 1ULL << 38 | 5ULL << 48 |
              (ste->s2aa32 ? 0 : 1ULL << 51) | (uint64_t)ste->s2affd << 53 |
              (uint64_t)ste->s2hd << 55 | (uint64_t)ste->s2ha << 56 |
              (uint64_t)ste->s2s << 57 | (uint64_t)ste->s2r << 58,
        [3] = ste->s2ttb,
    };

    write_words(rig, rig->strtab + sid * 64, words, 8);
}

uint64_t rig_cd_table(Rig *rig, int log2)
{
    return rig_alloc(rig, 64 << log2);
}

void rig_cd(Rig *rig, uint64_t table, uint32_t index, const Cd *cd)
{
    uint64_t words[8] = {
        /* T0SZ 25, T1SZ 25, TG1 64KiB, AA64 */
        [0] = 25 | (uint64_t)cd->tg0_64k << 6 | 25ULL << 16 | 3ULL << 22 |
              (cd->ttb1_64k ? 0 : 1ULL << 30 /* EPD1 */) |
              (cd->invalid ? 0 : 1ULL << 31) |
              (uint64_t)cd->ips << 32 | (uint64_t)cd->affd << 35 |
              (uint64_t)cd->wxn << 36 | (uint64_t)cd->tbi0 << 38 |
              (uint64_t)cd->pan << 40 | 1ULL << 41 |
              (uint64_t)cd->hd << 42 | (uint64_t)cd->ha << 43 |
              (uint64_t)cd->s << 44 | (uint64_t)cd->r << 45 |
              (cd->no_abort ? 0 : 1ULL << 46) | (uint64_t)cd->asid << 48,
        [1] = cd->ttb0 | (uint64_t)cd->had0 << 1,
        [2] = cd->ttb1_64k,
    };

    write_words(rig, table + index * 64, words, 8);
}

Space rig_space(Rig *rig)
{
    return (Space) { .ttb = rig_alloc(rig, RIG_PAGE) };
}

/* The address of the descriptor of @va at @level; levels 1 to 3 */
static uint64_t pte_addr(Rig *rig, Space *space, uint64_t va, int level)
{
    uint64_t table = space->ttb;
    int i;

    for (i = 1; ; i++) {
        uint64_t addr = table + extract64(va, 12 + (3 - i) * 9, 9) * 8;
        uint64_t pte;

        if (i == level) {
            return addr;
        }
        pte = qtest_readq(rig->qts, addr);
        if (!pte) {
            pte = rig_alloc(rig, RIG_PAGE) | PTE_VALID_TABLE;
            qtest_writeq(rig->qts, addr, pte);
        }
        table = pte & MAKE_64BIT_MASK(12, 36);
    }
}

void rig_map(Rig *rig, Space *space, uint64_t va, uint64_t pte)
{
    qtest_writeq(rig->qts, pte_addr(rig, space, va, 3), pte);
}

void rig_map_block(Rig *rig, Space *space, uint64_t va, uint64_t pte)
{
    qtest_writeq(rig->qts, pte_addr(rig, space, va, 2), pte);
}

uint64_t rig_pte(Rig *rig, Space *space, uint64_t va)
{
    return qtest_readq(rig->qts, pte_addr(rig, space, va, 3));
}

void rig_table_attrs(Rig *rig, Space *space, uint64_t va, uint64_t attrs)
{
    uint64_t addr = pte_addr(rig, space, va, 2);
    uint64_t pte = qtest_readq(rig->qts, addr) & MAKE_64BIT_MASK(0, 48);

    qtest_writeq(rig->qts, addr, pte | attrs);
}

void rig_cmd(Rig *rig, uint32_t w0, uint32_t w1, uint32_t w2, uint32_t w3)
{
    uint64_t addr = rig->cmdq +
                    (rig->cmd_prod & ((1 << CMDQ_LOG2) - 1)) * 16;

    qtest_writel(rig->qts, addr, w0);
    qtest_writel(rig->qts, addr + 4, w1);
    qtest_writel(rig->qts, addr + 8, w2);
    qtest_writel(rig->qts, addr + 12, w3);
    rig->cmd_prod = (rig->cmd_prod + 1) & ((2 << CMDQ_LOG2) - 1);
    rig_smmu_write(rig, SMMU_CMDQ_PROD, rig->cmd_prod);
}

void rig_cfgi_ste(Rig *rig, uint32_t sid)
{
    rig_cmd(rig, 0x03, sid, 0, 0);
}

void rig_cfgi_cd(Rig *rig, uint32_t sid, uint32_t ssid)
{
    rig_cmd(rig, 0x05 | ssid << 12, sid, 1, 0);
}

void rig_cfgi_cd_all(Rig *rig, uint32_t sid)
{
    rig_cmd(rig, 0x06, sid, 0, 0);
}

void rig_tlbi_all(Rig *rig)
{
    rig_cmd(rig, 0x30, 0, 0, 0);
}

void rig_tlbi_asid(Rig *rig, uint16_t asid)
{
    rig_cmd(rig, 0x11, (uint32_t)asid << 16, 0, 0);
}

void rig_tlbi_va(Rig *rig, uint16_t asid, uint64_t va)
{
    rig_cmd(rig, 0x12, (uint32_t)asid << 16, va & 0xfffff000, va >> 32);
}

void rig_resume(Rig *rig, uint32_t sid, uint16_t stag, int action)
{
    rig_cmd(rig, 0x44 | action << 12, sid, stag, 0);
}

void rig_stall_term(Rig *rig, uint32_t sid)
{
    rig_cmd(rig, 0x45, sid, 0, 0);
}

bool rig_event(Rig *rig, Event *event)
{
    uint32_t wrap_mask = (2 << rig->evtq_log2) - 1;
    uint32_t prod = rig_smmu_read(rig, SMMU_EVENTQ_PROD);
    uint64_t w[4];
    uint64_t addr = rig->evtq +
                    (rig->evt_cons & ((1 << rig->evtq_log2) - 1)) * 32;
    int i;

    if ((prod & wrap_mask) == rig->evt_cons) {
        return false;
    }
    for (i = 0; i < 4; i++) {
        w[i] = qtest_readq(rig->qts, addr + i * 8);
    }
    *event = (Event) {
        .type = extract64(w[0], 0, 8),
        .ssv = extract64(w[0], 11, 1),
        .ssid = extract64(w[0], 12, 20),
        .sid = extract64(w[0], 32, 32),
        .stag = extract64(w[1], 0, 16),
        .stall = extract64(w[1], 31, 1),
        .pnu = extract64(w[1], 33, 1),
        .ind = extract64(w[1], 34, 1),
        .rnw = extract64(w[1], 35, 1),
        .s2 = extract64(w[1], 39, 1),
        .class = extract64(w[1], 40, 2),
        .addr = w[2],
        .addr2 = w[3],
    };
    rig->evt_cons = (rig->evt_cons + 1) & wrap_mask;
    /* Leave OVACKFLG as it is */
    rig_smmu_write(rig, SMMU_EVENTQ_CONS, rig->evt_cons |
                   (rig_smmu_read(rig, SMMU_EVENTQ_CONS) & (1u << 31)));
    return true;
}

Event rig_expect(Rig *rig, int type)
{
    Event event;

    g_assert_true(rig_event(rig, &event));
    g_assert_cmphex(event.type, ==, type);
    return event;
}

void rig_expect_none(Rig *rig)
{
    Event event = {};
    bool found = rig_event(rig, &event);

    g_assert_cmphex(event.type, ==, 0);
    g_assert_false(found);
}

static void control_write(Rig *rig, int queue, uint32_t reg, uint32_t value)
{
    qpci_io_writel(rig->dev, rig->control, DMA_TESTDEV_QUEUE(queue) + reg,
                   value);
}

static void doorbell_write(Rig *rig, int queue, uint32_t reg, uint32_t value)
{
    qpci_io_writel(rig->dev, rig->doorbell,
                   queue * DMA_TESTDEV_DB_PAGE_SIZE + reg, value);
}

void rig_rings(Rig *rig, int queue, Space *space)
{
    RigQueue *q = &rig->queues[queue];

    q->sq = rig_alloc(rig, RIG_PAGE);
    q->cq = rig_alloc(rig, RIG_PAGE);
    q->tail = 0;
    if (space) {
        rig_map(rig, space, q->sq, q->sq | PTE_PAGE);
        rig_map(rig, space, q->cq, q->cq | PTE_PAGE);
    }
    doorbell_write(rig, queue, DMA_TESTDEV_DB_CONTROL,
                   DMA_TESTDEV_CONTROL_RESET);
    doorbell_write(rig, queue, DMA_TESTDEV_DB_SQ_BASE, q->sq);
    doorbell_write(rig, queue, DMA_TESTDEV_DB_CQ_BASE, q->cq);
    doorbell_write(rig, queue, DMA_TESTDEV_DB_RING_LOG2, RING_LOG2);
}

void rig_queue(Rig *rig, int queue, int pasid_flags, Space *space)
{
    control_write(rig, queue, DMA_TESTDEV_QUEUE_ENABLE, 0);
    control_write(rig, queue, DMA_TESTDEV_QUEUE_PASID, pasid_flags);
    rig_rings(rig, queue, space);
    control_write(rig, queue, DMA_TESTDEV_QUEUE_ENABLE, 1);
}

void rig_submit(Rig *rig, int queue, struct dma_testdev_desc desc)
{
    RigQueue *q = &rig->queues[queue];
    uint64_t slot = (q->tail & ((1 << RING_LOG2) - 1)) * sizeof(desc);
    uint64_t words[8] = {
        desc.op | (uint64_t)desc.flags << 16 | (uint64_t)desc.reserved0 << 32,
        desc.tag, desc.src, desc.dst, desc.length, desc.operand,
        desc.operand2, desc.reserved1,
    };

    write_words(rig, q->sq + slot, words, 8);
    qtest_memset(rig->qts, q->cq + slot, 0, CPL_SIZE);
    doorbell_write(rig, queue, DMA_TESTDEV_DB_TAIL, ++q->tail);
}

uint32_t rig_state(Rig *rig, int queue)
{
    return qpci_io_readl(rig->dev, rig->doorbell,
                         queue * DMA_TESTDEV_DB_PAGE_SIZE +
                         DMA_TESTDEV_DB_STATE);
}

/* The device works when the virtual clock moves. */
void rig_wait(Rig *rig, int queue, uint32_t state)
{
    int i;

    for (i = 0; i < 10000; i++) {
        qtest_clock_step(rig->qts, 1000);
        if (rig_state(rig, queue) == state) {
            return;
        }
    }
    g_assert_cmphex(rig_state(rig, queue), ==, state);
}

struct dma_testdev_cpl rig_cpl(Rig *rig, int queue)
{
    RigQueue *q = &rig->queues[queue];
    uint32_t index = (q->tail - 1) & ((1 << RING_LOG2) - 1);
    struct dma_testdev_cpl cpl;

    rig_wait(rig, queue, DMA_TESTDEV_IDLE);
    /* The tests' host is little-endian or the test fails here. */
    qtest_memread(rig->qts, q->cq + index * CPL_SIZE, &cpl, CPL_SIZE);
    g_assert_cmpuint(cpl.sequence, ==, q->tail);
    return cpl;
}

struct dma_testdev_cpl rig_run(Rig *rig, int queue,
                               struct dma_testdev_desc desc)
{
    rig_submit(rig, queue, desc);
    return rig_cpl(rig, queue);
}

uint32_t rig_dma_read(Rig *rig, int queue, uint64_t va)
{
    return rig_run(rig, queue, (struct dma_testdev_desc) {
        .op = DMA_TESTDEV_TOUCH, .dst = va, .length = 1,
    }).status;
}

uint32_t rig_dma_write(Rig *rig, int queue, uint64_t va)
{
    return rig_run(rig, queue, (struct dma_testdev_desc) {
        .op = DMA_TESTDEV_FILL, .dst = va, .length = 1, .operand = 0xa5,
    }).status;
}

static int64_t qom_count(Rig *rig, const char *path, const char *property,
                         const char *name)
{
    QDict *reply = qtest_qmp(rig->qts, "{'execute': 'qom-get', 'arguments': "
                             "{'path': %s, 'property': %s}}", path, property);
    int64_t count = qdict_get_int(qdict_get_qdict(reply, "return"), name);

    qobject_unref(reply);
    return count;
}

int64_t rig_count(Rig *rig, const char *name)
{
    return qom_count(rig, "/machine/peripheral/td", "counters", name);
}

int64_t rig_smmu_count(Rig *rig, const char *name)
{
    return qom_count(rig, "/machine/smmuv3", "event-counters", name);
}

void rig_set(Rig *rig, const char *property, int64_t value)
{
    qtest_qmp_assert_success(rig->qts, "{'execute': 'qom-set', 'arguments': "
                             "{'path': '/machine/peripheral/td', "
                             "'property': %s, 'value': %" PRId64 "}}",
                             property, value);
}

void usual_update(Usual *u)
{
    int ssid;

    rig_ste(u->rig, u->rig->sid, &u->ste);
    for (ssid = 1; ssid < RIG_QUEUES; ssid++) {
        rig_cd(u->rig, u->cd_table, ssid, &u->cd[ssid]);
    }
    rig_cfgi_ste(u->rig, u->rig->sid);
    rig_tlbi_all(u->rig);
}

void usual_setup(Usual *u, Cd cd)
{
    Rig *rig = u->rig;
    int ssid;

    u->cd_table = rig_cd_table(rig, 4);
    u->ste = (Ste) {
        .config = CONFIG_S1, .s1cdmax = 4, .s1contextptr = u->cd_table,
    };
    for (ssid = 1; ssid < RIG_QUEUES; ssid++) {
        u->space[ssid] = rig_space(rig);
        u->cd[ssid] = cd;
        u->cd[ssid].ips = 5;
        u->cd[ssid].asid = ssid;
        u->cd[ssid].ttb0 = u->space[ssid].ttb;
        rig_queue(rig, ssid - 1, DMA_TESTDEV_QUEUE_PASID_VALID | ssid,
                  &u->space[ssid]);
    }
    u->page = rig_alloc(rig, RIG_PAGE);
    usual_update(u);
}

Usual *usual_new(const char *args, Cd cd)
{
    Usual *u = g_new0(Usual, 1);

    u->rig = rig_new_args(args, 5);
    usual_setup(u, cd);
    return u;
}

void usual_free(Usual *u)
{
    rig_free(u->rig);
    g_free(u);
}
