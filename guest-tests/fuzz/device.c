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
	bool write;
	uint32_t reach;		/* bytes before the first that is refused */
};

struct expected {
	struct dma_testdev_desc desc;
	struct access accesses[2];
	int nr;
};

static uint64_t va(uint32_t at)
{
	return (uintptr_t)ARENA + at;
}

static void add_access(struct expected *expected, const struct model *model, uint32_t at,
		       uint32_t bytes, bool write)
{
	uint32_t reach = model_reach(model, at, bytes, write);

	expected->accesses[expected->nr++] = (struct access) { at, write, reach };
}

static struct expected expect(const struct model *model, const struct operation *op)
{
	static const uint16_t ops[NR_OPERATIONS] = {
		[OP_FILL] = DMA_TESTDEV_FILL,
		[OP_COPY] = DMA_TESTDEV_COPY,
		[OP_CHECKSUM] = DMA_TESTDEV_CHECKSUM,
		[OP_COMPARE] = DMA_TESTDEV_COMPARE,
		[OP_FETCH_ADD] = DMA_TESTDEV_FETCH_ADD,
	};
	struct expected expected = {
		.desc = { .op = ops[op->kind], .tag = 0x66757a7a, .length = op->bytes },
	};

	if (op->kind == OP_FETCH_ADD)
		expected.desc.length = 8;
	if (op->kind == OP_CHECKSUM || op->kind == OP_COPY || op->kind == OP_COMPARE) {
		uint32_t from = op->kind == OP_CHECKSUM ? op->at : op->from;

		expected.desc.src = va(from);
		add_access(&expected, model, from, op->bytes, false);
	}
	if (op->kind != OP_CHECKSUM) {
		expected.desc.dst = va(op->at);
		add_access(&expected, model, op->at, expected.desc.length,
			   op->kind != OP_COMPARE);
	}
	expected.desc.operand = op->value;
	return expected;
}

/* The access that was refused, or NULL if none had to be or it was not one of them. */
static const struct access *refused(const struct expected *expected,
				    const struct dma_testdev_cpl *cpl)
{
	for (int i = 0; i < expected->nr; i++) {
		const struct access *access = &expected->accesses[i];
		uint32_t status = access->write ? DMA_TESTDEV_WRITE_ABORT : DMA_TESTDEV_READ_ABORT;

		if (access->reach < expected->desc.length && cpl->status == status &&
		    cpl->fault_va == va(access->at + access->reach))
			return access;
	}
	return NULL;
}

static bool within_reach(const struct expected *expected)
{
	for (int i = 0; i < expected->nr; i++)
		if (expected->accesses[i].reach < expected->desc.length)
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

static uint64_t fetch_add(struct world *world, const struct operation *op)
{
	uint64_t old, new;

	model_read(&world->model, op->at, sizeof(old), (uint8_t *)&old);
	new = old + op->value;
	model_write(&world->model, op->at, sizeof(new), (uint8_t *)&new);
	return old;
}

/* Makes the model what the device has made of memory; returns the result that is due. */
static uint64_t apply(struct world *world, const struct operation *op, uint32_t done)
{
	switch (op->kind) {
	case OP_FILL:
		memset(world->scratch, op->value, done);
		model_write(&world->model, op->at, done, world->scratch);
		return 0;
	case OP_COPY:
		model_write(&world->model, op->at, done,
			    model_source(world, op->from, done));
		return 0;
	case OP_CHECKSUM:
		return crc32c(model_source(world, op->at, op->bytes), op->bytes);
	case OP_COMPARE:
		return first_difference(world, op);
	default:
		return fetch_add(world, op);
	}
}

static bool ends_well(struct world *world, const struct operation *op,
		      const struct dma_testdev_cpl *cpl)
{
	uint64_t result = apply(world, op, cpl->bytes_done);
	bool differs = op->kind == OP_COMPARE && result < op->bytes;

	return cpl->status == (differs ? DMA_TESTDEV_MISMATCH : DMA_TESTDEV_OK) &&
	       cpl->result == result;
}

/* Whole pages in front of the refused byte may be written, and nothing else. */
static bool ends_refused(struct world *world, const struct operation *op,
			 const struct expected *expected, const struct dma_testdev_cpl *cpl)
{
	const struct access *access = refused(expected, cpl);

	if (!access || cpl->bytes_done > access->reach)
		return false;
	if (op->kind == OP_FILL || op->kind == OP_COPY)
		apply(world, op, cpl->bytes_done);
	return true;
}

static bool promised(const struct world *world, const struct expected *expected)
{
	for (int i = 0; i < expected->nr; i++) {
		const struct access *access = &expected->accesses[i];

		if (!model_promised(&world->model, access->at, expected->desc.length,
				    access->write))
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
	if (reachable ? !ends_well(world, op, &cpl) : !ends_refused(world, op, &expected, &cpl))
		disagree_on_end(world, op, &cpl);
	if (reachable && cpl.stalls && promised(world, &expected))
		disagree(world, "the device stalled", "no faults on pinned memory");
}
