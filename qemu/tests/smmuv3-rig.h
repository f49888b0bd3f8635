/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A bare-metal SMMUv3 with dma-testdev behind it, for qtests
 *
 * The test is the guest: it writes stream tables, CDs and page tables, and it
 * reads the event queue. Field names are those of Arm IHI 0070.
 */
#ifndef SMMUV3_RIG_H
#define SMMUV3_RIG_H

#include "libqtest.h"
#include "libqos/generic-pcihost.h"
#include "hw/misc/dma-testdev/dma-testdev-regs.h"

#define RIG_PAGE     4096
#define RIG_BLOCK    (2 * 1024 * 1024)
#define RIG_DEVFN    QPCI_DEVFN(1, 0)
#define RIG_QUEUES   4
/* Nothing answers here */
#define RIG_HOLE     0x3000000000ULL

/* SMMU registers */
#define SMMU_IDR0        0x00
#define SMMU_IDR1        0x04
#define SMMU_IDR5        0x14
#define SMMU_CR0         0x20
#define SMMU_CR2         0x2c
#define SMMU_GERROR      0x60
#define SMMU_GERRORN     0x64
#define SMMU_CMDQ_PROD   0x98
#define SMMU_CMDQ_CONS   0x9c
#define SMMU_EVENTQ_PROD 0xa8
#define SMMU_EVENTQ_CONS 0xac

#define CR0_SMMUEN       (1u << 0)
#define CR0_EVENTQEN     (1u << 2)
#define CR0_CMDQEN       (1u << 3)

enum {
    EVT_C_BAD_STREAMID = 0x02,
    EVT_C_BAD_STE = 0x04,
    EVT_F_STREAM_DISABLED = 0x06,
    EVT_C_BAD_SUBSTREAMID = 0x08,
    EVT_F_CD_FETCH = 0x09,
    EVT_C_BAD_CD = 0x0a,
    EVT_F_WALK_EABT = 0x0b,
    EVT_F_TRANSLATION = 0x10,
    EVT_F_ADDR_SIZE = 0x11,
    EVT_F_ACCESS = 0x12,
    EVT_F_PERMISSION = 0x13,
};

enum { CLASS_CD, CLASS_TT, CLASS_IN };

enum { RESUME_TERMINATE, RESUME_RETRY, RESUME_ABORT };

enum { S1DSS_TERMINATE, S1DSS_BYPASS, S1DSS_SSID0 };

enum { S1FMT_LINEAR, S1FMT_4K, S1FMT_64K };

enum { CONFIG_ABORT = 0, CONFIG_BYPASS = 4, CONFIG_S1 = 5, CONFIG_S2 = 6,
       CONFIG_NESTED = 7 };

/* Descriptor attributes. A page is valid, accessed, readable and writable. */
#define PTE_VALID_BLOCK  1ULL
#define PTE_VALID_PAGE   3ULL
#define PTE_VALID_TABLE  3ULL
#define PTE_AP_USER      (1ULL << 6)
#define PTE_AP_RO        (1ULL << 7)
#define PTE_S2AP_R       (1ULL << 6)
#define PTE_S2AP_W       (1ULL << 7)
#define PTE_AF           (1ULL << 10)
#define PTE_DBM          (1ULL << 51)
#define PTE_PXN          (1ULL << 53)
#define PTE_UXN          (1ULL << 54)
#define PTE_PXN_TABLE    (1ULL << 59)
#define PTE_UXN_TABLE    (1ULL << 60)
#define PTE_AP_NO_USER_TABLE (1ULL << 61)
#define PTE_AP_RO_TABLE  (1ULL << 62)
#define PTE_PAGE         (PTE_VALID_PAGE | PTE_AF | PTE_AP_USER)
#define PTE_BLOCK        (PTE_VALID_BLOCK | PTE_AF | PTE_AP_USER)
#define PTE_S2_PAGE      (PTE_VALID_PAGE | PTE_AF | PTE_S2AP_R | PTE_S2AP_W)

typedef struct Ste {
    bool invalid;
    uint8_t config;
    uint8_t s1fmt;
    uint8_t s1cdmax;
    uint8_t s1dss;
    bool s1stalld;
    uint64_t s1contextptr;
    uint16_t s2vmid;
    uint64_t s2ttb;
    bool s2aa32;        /* S2AA64 == 0 */
    bool s2affd;
    bool s2ha;
    bool s2hd;
    bool s2s;
    bool s2r;
} Ste;

typedef struct Cd {
    bool invalid;
    uint64_t ttb0;
    uint64_t ttb1_64k;  /* 39 bits of the 64KiB granule; 0: disabled */
    uint16_t asid;
    uint8_t ips;
    bool tg0_64k;       /* 4KiB otherwise */
    bool affd, wxn, tbi0, pan, ha, hd;
    bool no_abort;      /* A == 0 */
    bool r;
    bool s;
    bool had0;
} Cd;

typedef struct Event {
    uint8_t type;
    bool ssv;
    uint32_t ssid;
    uint32_t sid;
    uint16_t stag;
    bool stall;
    bool pnu, ind, rnw, s2;
    uint8_t class;
    uint64_t addr;      /* InputAddr */
    uint64_t addr2;     /* IPA, or FetchAddr */
} Event;

/* A stage of translation with 4KiB pages and 39 bits: three levels */
typedef struct Space {
    uint64_t ttb;
} Space;

typedef struct RigQueue {
    uint64_t sq;        /* PA, and VA, of the rings */
    uint64_t cq;
    uint32_t tail;
} RigQueue;

typedef struct Rig {
    QTestState *qts;
    char *args;
    QGenericPCIBus bus;
    QPCIDevice *dev;
    QPCIBar control;
    QPCIBar doorbell;
    uint32_t sid;
    uint64_t next;      /* free memory */
    uint64_t strtab;
    uint64_t cmdq;
    uint64_t evtq;
    int evtq_log2;
    uint32_t cmd_prod;
    uint32_t evt_cons;
    RigQueue queues[RIG_QUEUES];
} Rig;

/* Properties of the SMMU: "ssidsize=16", ... ; NULL ends the list */
Rig *rig_new(const char *property, ...) G_GNUC_NULL_TERMINATED;
/* The same, with more QEMU arguments and an event queue of 1 << log2 entries */
Rig *rig_new_args(const char *args, int evtq_log2);
void rig_free(Rig *rig);
/* Go on in another QEMU, which has loaded the state of this one */
void rig_migrate(Rig *rig);

uint64_t rig_alloc(Rig *rig, uint64_t size);
uint32_t rig_smmu_read(Rig *rig, uint32_t offset);
void rig_smmu_write(Rig *rig, uint32_t offset, uint32_t value);

void rig_ste(Rig *rig, uint32_t sid, const Ste *ste);
void rig_cd(Rig *rig, uint64_t table, uint32_t index, const Cd *cd);
/* A linear table of 1 << log2 CDs, all invalid */
uint64_t rig_cd_table(Rig *rig, int log2);
Space rig_space(Rig *rig);
void rig_map(Rig *rig, Space *space, uint64_t va, uint64_t pte);
/* The same with the level above, for a block: a table there is forgotten */
void rig_map_block(Rig *rig, Space *space, uint64_t va, uint64_t pte);
uint64_t rig_pte(Rig *rig, Space *space, uint64_t va);
/* Change the attributes of the table descriptor at the level above the page */
void rig_table_attrs(Rig *rig, Space *space, uint64_t va, uint64_t attrs);

void rig_cmd(Rig *rig, uint32_t w0, uint32_t w1, uint32_t w2, uint32_t w3);
void rig_cfgi_ste(Rig *rig, uint32_t sid);
void rig_cfgi_cd(Rig *rig, uint32_t sid, uint32_t ssid);
void rig_cfgi_cd_all(Rig *rig, uint32_t sid);
void rig_tlbi_all(Rig *rig);
void rig_tlbi_asid(Rig *rig, uint16_t asid);
void rig_tlbi_va(Rig *rig, uint16_t asid, uint64_t va);
void rig_resume(Rig *rig, uint32_t sid, uint16_t stag, int action);
void rig_stall_term(Rig *rig, uint32_t sid);

/* The next event, if there is one */
bool rig_event(Rig *rig, Event *event);
/* The next event, which must be of this type */
Event rig_expect(Rig *rig, int type);
void rig_expect_none(Rig *rig);

/* Reset @queue and give it new rings, mapped in @space at their PA, if any */
void rig_rings(Rig *rig, int queue, Space *space);
/* The same for a queue that is stopped meanwhile and has another PASID then */
void rig_queue(Rig *rig, int queue, int pasid_flags, Space *space);
void rig_submit(Rig *rig, int queue, struct dma_testdev_desc desc);
uint32_t rig_state(Rig *rig, int queue);
/* Let the device work until @queue is in @state */
void rig_wait(Rig *rig, int queue, uint32_t state);
/* The completion of the last descriptor; waits for it */
struct dma_testdev_cpl rig_cpl(Rig *rig, int queue);
struct dma_testdev_cpl rig_run(Rig *rig, int queue,
                               struct dma_testdev_desc desc);
/* Read or write one byte by DMA: the status */
uint32_t rig_dma_read(Rig *rig, int queue, uint64_t va);
uint32_t rig_dma_write(Rig *rig, int queue, uint64_t va);

int64_t rig_count(Rig *rig, const char *name);
int64_t rig_smmu_count(Rig *rig, const char *name);
void rig_set(Rig *rig, const char *property, int64_t value);

/*
 * The usual: stage 1 with CDs in a linear table, one space and ASID for each of
 * the SSIDs 1 to 3, and queue n - 1 with SSID n.
 */
typedef struct Usual {
    Rig *rig;
    Ste ste;
    Cd cd[RIG_QUEUES];
    uint64_t cd_table;
    Space space[RIG_QUEUES];
    uint64_t page;      /* a page of memory with nothing in it, not mapped */
} Usual;

#define USUAL_VA 0x40000000ULL

/* Fills in @u, which has @u->rig; @cd is what all CDs have in common */
void usual_setup(Usual *u, Cd cd);
/* Write the STE and the CDs again and invalidate everything */
void usual_update(Usual *u);
Usual *usual_new(const char *args, Cd cd);
void usual_free(Usual *u);

#endif
