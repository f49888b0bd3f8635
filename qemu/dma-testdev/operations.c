/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dma-testdev: what descriptors do
 *
 * An operation works through its operands page by page. Each of its steps is
 * one access to memory, and all progress is kept in the queue, so that a step
 * that stalls can be made again later.
 */
#include "qemu/osdep.h"
#include "qemu/crc32c.h"
#include "dma-testdev.h"

typedef struct Operation {
    uint16_t flags;     /* the ones it takes, besides F_IRQ */
    bool has_src;
    bool has_dst;
    DmaResult (*pass)(DmaTestdevQueue *q);
} Operation;

static DmaResult finish(DmaTestdevQueue *q, uint32_t status, uint64_t fault_va)
{
    q->cpl.status = status;
    q->cpl.fault_va = fault_va;
    return DMA_OK;
}

/* The access of the payload at @va did not succeed, at least not yet. */
static DmaResult payload_result(DmaTestdevQueue *q, DmaResult result,
                                uint64_t va, uint32_t abort_status)
{
    switch (result) {
    case DMA_ABORTED:
        return finish(q, abort_status, va);
    case DMA_BUS_ERROR:
        return finish(q, DMA_TESTDEV_BUS_ERROR, va);
    default:
        return result;
    }
}

static uint32_t page_left(uint64_t va)
{
    return DMA_TESTDEV_PAGE_SIZE - va % DMA_TESTDEV_PAGE_SIZE;
}

/* Read the next element of a list. True: the operation goes on. */
static bool cursor_next_segment(DmaTestdevQueue *q, DmaCursor *c,
                                DmaResult *result)
{
    struct dma_testdev_sge sge;

    if (!c->list_left) {
        *result = finish(q, DMA_TESTDEV_BAD_LENGTH, 0);
        return false;
    }
    *result = dma_testdev_read(q, DMA_RING, c->list_va, &sge, sizeof(sge));
    if (*result == DMA_ABORTED || *result == DMA_BUS_ERROR) {
        *result = finish(q, DMA_TESTDEV_SG_ABORT, c->list_va);
    }
    if (q->cpl.status != DMA_TESTDEV_PENDING || *result != DMA_OK) {
        return false;
    }

    c->list_va += sizeof(sge);
    c->list_left--;
    c->va = le64_to_cpu(sge.va);
    c->segment_left = le64_to_cpu(sge.length);
    if (!c->segment_left || c->va + c->segment_left - 1 < c->va) {
        *result = finish(q, DMA_TESTDEV_BAD_LENGTH, 0);
        return false;
    }
    return true;
}

/*
 * Find the next bytes of @c that one access can reach. False: there are none,
 * or not now, and *result is the pass's.
 */
static bool cursor_chunk(DmaTestdevQueue *q, DmaCursor *c, uint32_t *length,
                         DmaResult *result)
{
    if (!q->budget) {
        *result = DMA_AGAIN;
        return false;
    }
    q->budget--;
    if (!c->segment_left && !cursor_next_segment(q, c, result)) {
        return false;
    }
    *length = MIN(MIN(c->segment_left, c->left), page_left(c->va));
    return true;
}

static void cursor_advance(DmaCursor *c, uint32_t length)
{
    c->va += length;
    c->segment_left -= length;
    c->left -= length;
}

static void cursor_set(DmaCursor *c, uint64_t operand,
                       const struct dma_testdev_desc *desc)
{
    if (desc->flags & DMA_TESTDEV_F_SG) {
        *c = (DmaCursor) {
            .left = desc->length,
            .list_va = operand,
            .list_left = desc->operand2,
        };
    } else {
        *c = (DmaCursor) {
            .va = operand,
            .left = desc->length,
            .segment_left = desc->length,
        };
    }
}

static uint8_t *fifo_head(DmaFifo *fifo)
{
    return fifo->data + fifo->start;
}

static void fifo_drop(DmaFifo *fifo, uint32_t length)
{
    fifo->start += length;
    fifo->length -= length;
}

/* Where a page more can be put; holds less than a page already */
static uint8_t *fifo_tail(DmaFifo *fifo)
{
    memmove(fifo->data, fifo_head(fifo), fifo->length);
    fifo->start = 0;
    return fifo->data + fifo->length;
}

/* Read the next page of @c. True: it is in @fifo. */
static bool read_page(DmaTestdevQueue *q, DmaCursor *c, DmaFifo *fifo,
                      DmaResult *result)
{
    uint32_t length;

    if (!cursor_chunk(q, c, &length, result)) {
        return false;
    }
    *result = dma_testdev_read(q, DMA_PAYLOAD, c->va, fifo_tail(fifo), length);
    if (*result != DMA_OK) {
        *result = payload_result(q, *result, c->va, DMA_TESTDEV_READ_ABORT);
        return false;
    }
    fifo->length += length;
    cursor_advance(c, length);
    return true;
}

static DmaResult pass_nop(DmaTestdevQueue *q)
{
    return DMA_OK;
}

static DmaResult pass_copy(DmaTestdevQueue *q)
{
    DmaResult result;
    uint32_t length;

    while (q->dst.left) {
        if (!cursor_chunk(q, &q->dst, &length, &result)) {
            return result;
        }
        while (q->src_fifo.length < length) {
            if (!read_page(q, &q->src, &q->src_fifo, &result)) {
                return result;
            }
        }
        result = dma_testdev_write(q, DMA_PAYLOAD, q->dst.va,
                                   fifo_head(&q->src_fifo), length);
        if (result != DMA_OK) {
            return payload_result(q, result, q->dst.va,
                                  DMA_TESTDEV_WRITE_ABORT);
        }
        fifo_drop(&q->src_fifo, length);
        cursor_advance(&q->dst, length);
        q->cpl.bytes_done += length;
    }
    return DMA_OK;
}

static DmaResult pass_fill(DmaTestdevQueue *q)
{
    uint8_t page[DMA_TESTDEV_PAGE_SIZE];
    DmaResult result;
    uint32_t length;

    memset(page, q->desc.operand, sizeof(page));
    while (q->dst.left) {
        if (!cursor_chunk(q, &q->dst, &length, &result)) {
            return result;
        }
        result = dma_testdev_write(q, DMA_PAYLOAD, q->dst.va, page, length);
        if (result != DMA_OK) {
            return payload_result(q, result, q->dst.va,
                                  DMA_TESTDEV_WRITE_ABORT);
        }
        cursor_advance(&q->dst, length);
        q->cpl.bytes_done += length;
    }
    return DMA_OK;
}

static void compare(DmaTestdevQueue *q, const uint8_t *src, const uint8_t *dst,
                    uint32_t length)
{
    uint32_t i;

    for (i = 0; i < length; i++) {
        if (src[i] == dst[i]) {
            continue;
        }
        if (!q->cpl.wrong_bytes) {
            q->cpl.result = q->offset + i;
        }
        if (q->cpl.wrong_bytes < UINT32_MAX) {
            q->cpl.wrong_bytes++;
        }
        dma_testdev_count(q, DMA_TESTDEV_WRONG_BYTES, 1);
    }
    q->offset += length;
    q->cpl.bytes_done += length;
}

static DmaResult pass_compare(DmaTestdevQueue *q)
{
    DmaResult result;

    while (q->offset < q->desc.length) {
        uint32_t length;

        if (!q->src_fifo.length &&
            !read_page(q, &q->src, &q->src_fifo, &result)) {
            return result;
        }
        if (!q->dst_fifo.length &&
            !read_page(q, &q->dst, &q->dst_fifo, &result)) {
            return result;
        }
        length = MIN(q->src_fifo.length, q->dst_fifo.length);
        compare(q, fifo_head(&q->src_fifo), fifo_head(&q->dst_fifo), length);
        fifo_drop(&q->src_fifo, length);
        fifo_drop(&q->dst_fifo, length);
    }
    return DMA_OK;
}

static DmaResult pass_checksum(DmaTestdevQueue *q)
{
    DmaResult result;

    while (q->src.left) {
        if (!read_page(q, &q->src, &q->src_fifo, &result)) {
            return result;
        }
        /* crc32c() inverts its result */
        q->crc = ~crc32c(q->crc, fifo_head(&q->src_fifo), q->src_fifo.length);
        q->cpl.bytes_done += q->src_fifo.length;
        fifo_drop(&q->src_fifo, q->src_fifo.length);
    }
    q->cpl.result = ~q->crc;
    return DMA_OK;
}

static DmaResult pass_touch(DmaTestdevQueue *q)
{
    bool is_write = q->desc.flags & DMA_TESTDEV_F_WRITE;
    DmaResult result;
    uint32_t length;
    uint8_t byte;

    while (q->dst.left) {
        if (!cursor_chunk(q, &q->dst, &length, &result)) {
            return result;
        }
        result = is_write ? dma_testdev_rewrite(q, q->dst.va) :
                 dma_testdev_read(q, DMA_PAYLOAD, q->dst.va, &byte, 1);
        if (result != DMA_OK) {
            return payload_result(q, result, q->dst.va,
                                  is_write ? DMA_TESTDEV_WRITE_ABORT :
                                             DMA_TESTDEV_READ_ABORT);
        }
        cursor_advance(&q->dst, length);
        q->cpl.bytes_done++;
    }
    return DMA_OK;
}

static DmaResult atomic_done(DmaTestdevQueue *q, DmaResult result,
                             uint64_t old)
{
    if (result != DMA_OK) {
        return payload_result(q, result, q->desc.dst, DMA_TESTDEV_WRITE_ABORT);
    }
    q->cpl.result = old;
    q->cpl.bytes_done += sizeof(old);
    return DMA_OK;
}

static DmaResult pass_fetch_add(DmaTestdevQueue *q)
{
    uint64_t old;
    DmaResult result = dma_testdev_fetch_add(q, q->desc.dst, q->desc.operand,
                                             &old);

    return atomic_done(q, result, old);
}

static DmaResult pass_compare_swap(DmaTestdevQueue *q)
{
    uint64_t old;
    DmaResult result = dma_testdev_compare_swap(q, q->desc.dst,
                                                q->desc.operand,
                                                q->desc.operand2, &old);

    return atomic_done(q, result, old);
}

static const Operation operations[] = {
    [DMA_TESTDEV_NOP] = { 0, false, false, pass_nop },
    [DMA_TESTDEV_COPY] = {
        DMA_TESTDEV_F_LOOP | DMA_TESTDEV_F_SG, true, true, pass_copy
    },
    [DMA_TESTDEV_FILL] = {
        DMA_TESTDEV_F_LOOP | DMA_TESTDEV_F_SG, false, true, pass_fill
    },
    [DMA_TESTDEV_COMPARE] = {
        DMA_TESTDEV_F_LOOP | DMA_TESTDEV_F_SG, true, true, pass_compare
    },
    [DMA_TESTDEV_CHECKSUM] = {
        DMA_TESTDEV_F_LOOP | DMA_TESTDEV_F_SG, true, false, pass_checksum
    },
    [DMA_TESTDEV_FETCH_ADD] = { 0, false, false, pass_fetch_add },
    [DMA_TESTDEV_COMPARE_SWAP] = { 0, false, false, pass_compare_swap },
    [DMA_TESTDEV_TOUCH] = {
        DMA_TESTDEV_F_LOOP | DMA_TESTDEV_F_SG | DMA_TESTDEV_F_WRITE,
        false, true, pass_touch
    },
};

QEMU_BUILD_BUG_ON(ARRAY_SIZE(operations) != DMA_TESTDEV_NR_OPS);

static bool range_bad(const struct dma_testdev_desc *desc, uint64_t operand)
{
    return !(desc->flags & DMA_TESTDEV_F_SG) &&
           operand + desc->length - 1 < operand;
}

static bool list_misaligned(const struct dma_testdev_desc *desc,
                            uint64_t operand)
{
    return (desc->flags & DMA_TESTDEV_F_SG) &&
           operand % sizeof(struct dma_testdev_sge);
}

static uint32_t check_ranges(const struct dma_testdev_desc *desc,
                             const Operation *op)
{
    if (!desc->length || desc->length > DMA_TESTDEV_LENGTH_MAX ||
        (op->has_src && range_bad(desc, desc->src)) ||
        (op->has_dst && range_bad(desc, desc->dst))) {
        return DMA_TESTDEV_BAD_LENGTH;
    }
    if ((op->has_src && list_misaligned(desc, desc->src)) ||
        (op->has_dst && list_misaligned(desc, desc->dst))) {
        return DMA_TESTDEV_BAD_ALIGNMENT;
    }
    return DMA_TESTDEV_PENDING;
}

static uint32_t check_desc(const struct dma_testdev_desc *desc)
{
    const Operation *op;

    if (desc->op >= DMA_TESTDEV_NR_OPS) {
        return DMA_TESTDEV_BAD_OP;
    }
    op = &operations[desc->op];
    if (desc->flags & ~(op->flags | DMA_TESTDEV_F_IRQ)) {
        return DMA_TESTDEV_BAD_FLAGS;
    }
    if (desc->reserved0 || desc->reserved1) {
        return DMA_TESTDEV_BAD_RESERVED;
    }
    if (op->has_src || op->has_dst) {
        return check_ranges(desc, op);
    }
    if (desc->op != DMA_TESTDEV_NOP && desc->dst % sizeof(uint64_t)) {
        return DMA_TESTDEV_BAD_ALIGNMENT;
    }
    return DMA_TESTDEV_PENDING;
}

static void begin_pass(DmaTestdevQueue *q)
{
    cursor_set(&q->src, q->desc.src, &q->desc);
    cursor_set(&q->dst, q->desc.dst, &q->desc);
    q->src_fifo.start = q->src_fifo.length = 0;
    q->dst_fifo.start = q->dst_fifo.length = 0;
    q->offset = 0;
    q->crc = UINT32_MAX;
}

bool dma_testdev_begin(DmaTestdevQueue *q)
{
    q->cpl = (struct dma_testdev_cpl) {
        .tag = q->desc.tag,
        .status = check_desc(&q->desc),
    };
    if (q->cpl.status != DMA_TESTDEV_PENDING) {
        return false;
    }
    if (q->desc.op == DMA_TESTDEV_COMPARE) {
        q->cpl.result = q->desc.length;
    }
    q->cpl.passes = !(q->desc.flags & DMA_TESTDEV_F_LOOP);
    begin_pass(q);
    return true;
}

static bool loop_goes_on(DmaTestdevQueue *q)
{
    return (int32_t)(q->stop_before - q->head) <= 0;
}

DmaResult dma_testdev_execute(DmaTestdevQueue *q)
{
    DmaResult result = operations[q->desc.op].pass(q);

    if (result != DMA_OK || q->cpl.status != DMA_TESTDEV_PENDING) {
        return result;
    }
    if (q->desc.flags & DMA_TESTDEV_F_LOOP) {
        q->cpl.passes++;
        if (loop_goes_on(q)) {
            begin_pass(q);
            return DMA_AGAIN;
        }
    }
    q->cpl.status = q->cpl.wrong_bytes ? DMA_TESTDEV_MISMATCH : DMA_TESTDEV_OK;
    return DMA_OK;
}
