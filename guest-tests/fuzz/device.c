// SPDX-License-Identifier: MIT
/*
 * What the test device does, by its own account, beside what the model says of
 * the bytes it may reach.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "crc32c.h"
#include "mappings.h"
#include "pins.h"
#include "world.h"

/* An access of the operation: what the device reads, or writes. */
struct access {
	uint32_t at;
	uint32_t bytes;
	bool write;
	uint32_t reach;		/* bytes before the first that is refused */
	uint32_t before;	/* bytes of the operation that are done by then */
};

struct expected {
	struct dma_testdev_desc desc;
	struct access accesses[2];
	int nr;
};

#define WORD	sizeof(uint64_t)

static uint64_t va(uint32_t at)
{
	return (uintptr_t)ARENA + at;
}

static uint64_t model_word(const struct model *model, uint32_t at)
{
	uint64_t word;

	model_read(model, at, sizeof(word), (uint8_t *)&word);
	return word;
}

static const struct access *add_access(struct expected *expected, const struct model *model,
				       uint32_t at, uint32_t bytes, bool write)
{
	struct access *access = &expected->accesses[expected->nr++];

	*access = (struct access) { at, bytes, write, model_reach(model, at, bytes, write), 0 };
	return access;
}

/* The device gets to the second range only if it got through the first. */
static void scatter(struct expected *expected, const struct model *model,
		    const struct operation *op)
{
	static struct dma_testdev_sge list[2] __attribute__((aligned(16)));

	list[0] = (struct dma_testdev_sge) { va(op->at), op->bytes };
	list[1] = (struct dma_testdev_sge) { va(op->from), op->bytes };
	expected->desc.flags = DMA_TESTDEV_F_SG;
	expected->desc.dst = (uintptr_t)list;
	expected->desc.length = 2 * op->bytes;
	expected->desc.operand2 = 2;
	if (add_access(expected, model, op->at, op->bytes, true)->reach < op->bytes)
		return;
	add_access(expected, model, op->from, op->bytes, true);
	expected->accesses[1].before = op->bytes;
}

static struct expected expect(const struct model *model, const struct operation *op)
{
	static const uint16_t ops[NR_OPERATIONS] = {
		[OP_FILL] = DMA_TESTDEV_FILL,
		[OP_COPY] = DMA_TESTDEV_COPY,
		[OP_CHECKSUM] = DMA_TESTDEV_CHECKSUM,
		[OP_COMPARE] = DMA_TESTDEV_COMPARE,
		[OP_FETCH_ADD] = DMA_TESTDEV_FETCH_ADD,
		[OP_COMPARE_SWAP] = DMA_TESTDEV_COMPARE_SWAP,
		[OP_TOUCH] = DMA_TESTDEV_TOUCH,
		[OP_SCATTER] = DMA_TESTDEV_FILL,
	};
	struct expected expected = {
		.desc = {
			.op = ops[op->kind],
			.tag = 0x66757a7a,
			.dst = va(op->at),
			.length = op->bytes,
			.operand = op->value,
		},
	};
	struct dma_testdev_desc *desc = &expected.desc;

	switch (op->kind) {
	case OP_CHECKSUM:
		desc->src = va(op->at);
		desc->dst = 0;
		add_access(&expected, model, op->at, op->bytes, false);
		break;
	case OP_COPY:
	case OP_COMPARE:
		desc->src = va(op->from);
		add_access(&expected, model, op->from, op->bytes, false);
		add_access(&expected, model, op->at, op->bytes, op->kind == OP_COPY);
		break;
	case OP_COMPARE_SWAP:
		desc->operand = model_word(model, op->at) + !op->equal;
		desc->operand2 = op->value;
		desc->length = WORD;
		add_access(&expected, model, op->at, WORD, true);
		break;
	case OP_FETCH_ADD:
		desc->length = WORD;
		add_access(&expected, model, op->at, WORD, true);
		break;
	case OP_TOUCH:
		desc->flags = op->write ? DMA_TESTDEV_F_WRITE : 0;
		add_access(&expected, model, op->at, op->bytes, op->write);
		break;
	case OP_SCATTER:
		scatter(&expected, model, op);
		break;
	default:
		add_access(&expected, model, op->at, op->bytes, true);
	}
	return expected;
}

/* The access that was refused, or NULL if none had to be or it was not one of them. */
static const struct access *refused(const struct expected *expected,
				    const struct dma_testdev_cpl *cpl)
{
	for (int i = 0; i < expected->nr; i++) {
		const struct access *access = &expected->accesses[i];
		uint32_t status = access->write ? DMA_TESTDEV_WRITE_ABORT : DMA_TESTDEV_READ_ABORT;

		if (access->reach < access->bytes && cpl->status == status &&
		    cpl->fault_va == va(access->at + access->reach))
			return access;
	}
	return NULL;
}

static bool within_reach(const struct expected *expected)
{
	for (int i = 0; i < expected->nr; i++)
		if (expected->accesses[i].reach < expected->accesses[i].bytes)
			return false;
	return true;
}

static void disagree_on_end(struct world *world, const struct operation *op,
			    const struct dma_testdev_cpl *cpl)
{
	char detail[sizeof(world->finding->detail)];

	snprintf(detail, sizeof(detail),
		 "status %u, at %#" PRIx64 ", %" PRIu64 " bytes done, result %#" PRIx64
		 ", %u stalls", cpl->status, cpl->fault_va, cpl->bytes_done, cpl->result,
		 cpl->stalls);
	disagree(world, detail, "completion of %s", operation_name(op->kind));
}

/* The bytes of the operation's source, as the model has them. */
static uint8_t *model_source(struct world *world, uint32_t at, uint32_t bytes)
{
	static uint8_t source[ARENA_BYTES];

	model_read(&world->model, at, bytes, source);
	return source;
}

static uint64_t first_difference(struct world *world, const struct operation *op)
{
	static uint8_t other[ARENA_BYTES];
	uint8_t *one = model_source(world, op->from, op->bytes);
	uint32_t i;

	model_read(&world->model, op->at, op->bytes, other);
	for (i = 0; i < op->bytes && one[i] == other[i]; i++)
		;
	return i;
}

static void model_fill(struct world *world, uint32_t at, uint32_t bytes, uint8_t byte)
{
	memset(world->scratch, byte, bytes);
	model_write(&world->model, at, bytes, world->scratch);
}

static uint64_t fetch_add(struct world *world, const struct operation *op)
{
	uint64_t old = model_word(&world->model, op->at), new = old + op->value;

	model_write(&world->model, op->at, sizeof(new), (uint8_t *)&new);
	return old;
}

static uint64_t compare_swap(struct world *world, const struct operation *op)
{
	uint64_t old = model_word(&world->model, op->at), new = op->equal ? op->value : old;

	model_write(&world->model, op->at, sizeof(new), (uint8_t *)&new);
	return old;
}

/* Makes the model what the device has made of memory; returns the result that is due. */
static uint64_t apply(struct world *world, const struct operation *op, uint32_t done)
{
	switch (op->kind) {
	case OP_FILL:
		model_fill(world, op->at, done, op->value);
		return 0;
	case OP_SCATTER:
		model_fill(world, op->at, done < op->bytes ? done : op->bytes, op->value);
		model_fill(world, op->from, done < op->bytes ? 0 : done - op->bytes, op->value);
		return 0;
	case OP_COPY:
		model_write(&world->model, op->at, done,
			    model_source(world, op->from, done));
		return 0;
	case OP_CHECKSUM:
		return crc32c(model_source(world, op->at, op->bytes), op->bytes);
	case OP_COMPARE:
		return first_difference(world, op);
	case OP_FETCH_ADD:
		return fetch_add(world, op);
	case OP_COMPARE_SWAP:
		return compare_swap(world, op);
	default:
		return 0;
	}
}

/* How much is done when so many bytes are: TOUCH counts a byte of each page. */
static uint64_t done(const struct operation *op, uint32_t bytes)
{
	if (op->kind != OP_TOUCH || !bytes)
		return bytes;
	return last_page(op->at, bytes) - op->at / PAGE + 1;
}

static bool ends_well(struct world *world, const struct operation *op,
		      const struct expected *expected, const struct dma_testdev_cpl *cpl)
{
	uint64_t result;
	bool differs;

	if (cpl->bytes_done != done(op, expected->desc.length))
		return false;
	result = apply(world, op, cpl->bytes_done);
	differs = op->kind == OP_COMPARE && result < op->bytes;
	return cpl->status == (differs ? DMA_TESTDEV_MISMATCH : DMA_TESTDEV_OK) &&
	       cpl->result == result;
}

/* Whole pages in front of the refused byte may be written, and nothing else. */
static bool ends_refused(struct world *world, const struct operation *op,
			 const struct expected *expected, const struct dma_testdev_cpl *cpl)
{
	const struct access *access = refused(expected, cpl);

	if (!access || cpl->bytes_done > done(op, access->before + access->reach))
		return false;
	if (op->kind == OP_FILL || op->kind == OP_COPY || op->kind == OP_SCATTER)
		apply(world, op, cpl->bytes_done);
	return true;
}

static bool promised(const struct world *world, const struct expected *expected)
{
	for (int i = 0; i < expected->nr; i++) {
		const struct access *access = &expected->accesses[i];

		if (!model_promised(&world->model, access->at, access->bytes, access->write))
			return false;
	}
	return true;
}

/* A copy onto itself may see what it has written: left out. */
static bool overlaps(const struct operation *op)
{
	return op->kind == OP_COPY && op->at < op->from + op->bytes &&
	       op->from < op->at + op->bytes;
}

void device_perform(struct world *world, const struct operation *op)
{
	struct expected expected = expect(&world->model, op);
	bool reachable = within_reach(&expected);
	struct dma_testdev_cpl cpl;

	if (overlaps(op))
		return;
	cpl = testdev_run(&world->dev, &expected.desc);
	if (reachable ? !ends_well(world, op, &expected, &cpl) :
			!ends_refused(world, op, &expected, &cpl))
		disagree_on_end(world, op, &cpl);
	if (reachable && cpl.stalls && promised(world, &expected))
		disagree(world, "the device stalled", "no faults on pinned memory");
}
