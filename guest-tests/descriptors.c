// SPDX-License-Identifier: MIT
/*
 * Descriptors that the device refuses: each reason has its own status, and none of
 * them reaches memory. No pin is involved.
 */
#include "harness.h"

#include "buffer.h"
#include "testdev.h"

FIXTURE(refusal) {
	struct testdev dev;
	struct buffer buf;
};

FIXTURE_VARIANT(refusal) {
	struct dma_testdev_desc desc;
	enum dma_testdev_status status;
	bool unaligned;
};

FIXTURE_VARIANT_ADD(refusal, unknown_operation) {
	.desc = { .op = DMA_TESTDEV_NR_OPS, .length = 8 },
	.status = DMA_TESTDEV_BAD_OP,
};

FIXTURE_VARIANT_ADD(refusal, unknown_flag) {
	.desc = { .op = DMA_TESTDEV_FILL, .flags = DMA_TESTDEV_F_ALL + 1, .length = 8 },
	.status = DMA_TESTDEV_BAD_FLAGS,
};

FIXTURE_VARIANT_ADD(refusal, write_flag_on_fill) {
	.desc = { .op = DMA_TESTDEV_FILL, .flags = DMA_TESTDEV_F_WRITE, .length = 8 },
	.status = DMA_TESTDEV_BAD_FLAGS,
};

FIXTURE_VARIANT_ADD(refusal, no_length) {
	.desc = { .op = DMA_TESTDEV_FILL, .length = 0 },
	.status = DMA_TESTDEV_BAD_LENGTH,
};

FIXTURE_VARIANT_ADD(refusal, too_long) {
	.desc = { .op = DMA_TESTDEV_FILL, .length = DMA_TESTDEV_LENGTH_MAX + 1 },
	.status = DMA_TESTDEV_BAD_LENGTH,
};

FIXTURE_VARIANT_ADD(refusal, wrapping_range) {
	.desc = { .op = DMA_TESTDEV_CHECKSUM, .src = UINT64_MAX - 3, .length = 8 },
	.status = DMA_TESTDEV_BAD_LENGTH,
};

FIXTURE_VARIANT_ADD(refusal, unaligned_atomic) {
	.desc = { .op = DMA_TESTDEV_FETCH_ADD, .length = 8, .operand = 1 },
	.status = DMA_TESTDEV_BAD_ALIGNMENT,
	.unaligned = true,
};

FIXTURE_VARIANT_ADD(refusal, reserved_field) {
	.desc = { .op = DMA_TESTDEV_FILL, .length = 8, .reserved1 = 1 },
	.status = DMA_TESTDEV_BAD_RESERVED,
};

FIXTURE_SETUP(refusal)
{
	testdev_open(&self->dev);
	buffer_map(&self->buf, BUFFER_ANON, PAGE);
	paint(self->buf.data, PAGE, 3);
}

FIXTURE_TEARDOWN(refusal)
{
	testdev_close(&self->dev);
	buffer_unmap(&self->buf);
}

TEST_F(refusal, has_its_status_and_no_dma)
{
	struct testdev_counters before = testdev_counters(&self->dev);
	struct dma_testdev_desc desc = variant->desc;
	struct testdev_counters moved;
	struct dma_testdev_cpl cpl;

	desc.dst = (uintptr_t)self->buf.data + (variant->unaligned ? 4 : 0);
	cpl = testdev_run(&self->dev, &desc);
	moved = testdev_counters_since(&self->dev, &before);
	ASSERT_EQ(variant->status, cpl.status);
	ASSERT_EQ(0, cpl.bytes_done);
	ASSERT_EQ(0, moved.value[DMA_TESTDEV_TRANSACTIONS]);
	ASSERT_EQ(PAGE, painted(self->buf.data, PAGE, 3));

	cpl = testdev_fill(&self->dev, self->buf.data, PAGE, 0x77);
	ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
}

TEST_MAIN
