// SPDX-License-Identifier: MIT
/*
 * Mappings that change under the device, between descriptors and in the middle of
 * one. No pin is involved.
 */
#include <sys/mman.h>
#include <unistd.h>

#include "harness.h"

#include "buffer.h"
#include "child.h"
#include "cpus.h"
#include "crc32c.h"
#include "testdev.h"

#define FAULTS	16	/* pages of the buffer */
#define ROUNDS	20
#define FORKS	10	/* one of which must be over before the stall is */
/* Transactions that reach each page, of a COMPARE of two buffers too, wherever they begin. */
#define TWO_PASSES	(4 * FAULTS)
#define STALE	0xee	/* what the device writes where nobody may find it */
#define FRESH	0x09	/* what whoever gets frames writes to them */

FIXTURE(change) {
	struct testdev dev;
	struct buffer buf;
};

FIXTURE_SETUP(change)
{
	struct dma_testdev_cpl cpl;

	testdev_open(&self->dev);
	buffer_map(&self->buf, BUFFER_ANON, FAULTS * PAGE);
	/* So that every translation is in the SMMU's caches when the mapping changes. */
	cpl = testdev_fill(&self->dev, self->buf.data, self->buf.length, 0x01);
	ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
	ASSERT_EQ(FAULTS, cpl.stalls);
}

FIXTURE_TEARDOWN(change)
{
	testdev_close(&self->dev);
	buffer_unmap(&self->buf);
}

TEST_F(change, dma_stops_at_a_hole)
{
	uint8_t *hole = self->buf.data + 5 * PAGE;
	struct dma_testdev_cpl cpl;

	ASSERT_EQ(0, munmap(hole, PAGE));
	cpl = testdev_fill(&self->dev, self->buf.data, self->buf.length, 0x02);
	ASSERT_EQ(DMA_TESTDEV_WRITE_ABORT, cpl.status);
	ASSERT_EQ((uintptr_t)hole, cpl.fault_va);
	ASSERT_EQ(5 * PAGE, cpl.bytes_done);
	ASSERT_EQ(5 * PAGE, filled(self->buf.data, 5 * PAGE, 0x02));
	ASSERT_EQ(10 * PAGE, filled(hole + PAGE, 10 * PAGE, 0x01));
}

TEST_F(change, readonly_memory_is_read_but_not_written)
{
	struct dma_testdev_cpl cpl;

	ASSERT_EQ(0, mprotect(self->buf.data, self->buf.length, PROT_READ));
	cpl = testdev_fill(&self->dev, self->buf.data, self->buf.length, 0x02);
	ASSERT_EQ(DMA_TESTDEV_WRITE_ABORT, cpl.status);
	ASSERT_EQ((uintptr_t)self->buf.data, cpl.fault_va);
	ASSERT_EQ(0, cpl.bytes_done);
	cpl = testdev_checksum(&self->dev, self->buf.data, self->buf.length);
	ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
	ASSERT_EQ(crc32c(self->buf.data, self->buf.length), cpl.result);
	ASSERT_EQ(self->buf.length, filled(self->buf.data, self->buf.length, 0x01));
}

TEST_F(change, dontneed_makes_every_page_stall_again)
{
	struct dma_testdev_cpl cpl;

	ASSERT_EQ(0, madvise(self->buf.data, self->buf.length, MADV_DONTNEED));
	cpl = testdev_touch(&self->dev, self->buf.data, self->buf.length, 0);
	ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
	ASSERT_EQ(FAULTS, cpl.stalls);
	ASSERT_EQ(self->buf.length, filled(self->buf.data, self->buf.length, 0));
}

TEST_F(change, new_mapping_at_the_address_is_what_dma_reaches)
{
	struct dma_testdev_cpl cpl;
	struct buffer other;

	buffer_map(&other, BUFFER_ANON, self->buf.length);
	paint(other.data, other.length, 7);
	ASSERT_EQ(self->buf.data, mremap(other.data, other.length, other.length,
					 MREMAP_MAYMOVE | MREMAP_FIXED, self->buf.data));
	cpl = testdev_checksum(&self->dev, self->buf.data, self->buf.length);
	ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
	ASSERT_EQ(self->buf.length, painted(self->buf.data, self->buf.length, 7));
	ASSERT_EQ(crc32c(self->buf.data, self->buf.length), cpl.result);
	cpl = testdev_fill(&self->dev, other.data, PAGE, 0x03);
	ASSERT_EQ(DMA_TESTDEV_WRITE_ABORT, cpl.status);
}

static int await_and_look(struct peer *parent, void *arg)
{
	struct buffer *buf = arg;

	peer_send(parent, 0);
	peer_receive(parent);
	return filled(buf->data, buf->length, 0x01) == buf->length ? 0 : 1;
}

/* Copy-on-write works for the device as for the CPU, at the price of a stall a page. */
TEST_F(change, write_after_fork_stalls_and_spares_the_child)
{
	struct peer child = child_start(await_and_look, &self->buf);
	struct dma_testdev_cpl cpl;

	peer_receive(&child);
	cpl = testdev_fill(&self->dev, self->buf.data, self->buf.length, 0x02);
	peer_send(&child, 0);
	ASSERT_EQ(0, child_finish(&child));
	ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
	ASSERT_EQ(FAULTS, cpl.stalls);
	ASSERT_EQ(self->buf.length, filled(self->buf.data, self->buf.length, 0x02));
}

static int look_at_the_past(struct peer *parent, void *arg)
{
	const struct buffer *buf = arg;
	size_t present = buf->length - PAGE;

	peer_send(parent, 0);
	peer_receive(parent);
	return filled(buf->data, PAGE, 0) == PAGE &&
	       filled(buf->data + PAGE, present, 0x01) == present ? 0 : 1;
}

/* Returns whether one stall on the first page began before the fork and went on after it. */
static bool fork_while_stalled(struct testdev *dev, struct buffer *buf, struct peer *child,
			       uint32_t *sequence)
{
	struct testdev_counters before, moved;
	struct held_cpus cpus;
	uint32_t state;

	memset(buf->data, 0x01, buf->length);
	CHECK(madvise(buf->data, PAGE, MADV_DONTNEED) == 0);
	before = testdev_counters(dev);
	/* Nobody handles the fault before they are given back, unless the fork takes too long. */
	hold_cpus(&cpus);
	*sequence = testdev_submit(dev, &(struct dma_testdev_desc) {
		.op = DMA_TESTDEV_FILL,
		.dst = (uintptr_t)buf->data,
		.length = buf->length,
		.operand = 0x02,
	});
	while (testdev_read(dev, DMA_TESTDEV_DB_STATE) != DMA_TESTDEV_STALLED &&
	       !testdev_done(dev, *sequence))
		;
	*child = child_start(look_at_the_past, buf);
	state = testdev_read(dev, DMA_TESTDEV_DB_STATE);
	moved = testdev_counters_since(dev, &before);
	give_cpus_back(&cpus);
	return state == DMA_TESTDEV_STALLED && moved.value[DMA_TESTDEV_STALLS] == 1 &&
	       moved.value[DMA_TESTDEV_RETRIES] == 0;
}

/* The page tables are copied first, then the page is brought in: only the parent has it. */
TEST_F(change, fork_while_stalled_spares_the_child)
{
	struct dma_testdev_cpl cpl;
	struct peer child;
	uint32_t sequence;
	int attempt = 1;

	/* If others had a share of the CPUs before the fork was over, it shows nothing. */
	while (!fork_while_stalled(&self->dev, &self->buf, &child, &sequence)) {
		child_kill(&child);
		testdev_wait(&self->dev, sequence);
		ASSERT_GT(FORKS, attempt++);
	}

	peer_receive(&child);
	cpl = testdev_wait(&self->dev, sequence);
	peer_send(&child, 0);
	ASSERT_EQ(0, child_finish(&child));
	ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
	ASSERT_EQ(FAULTS, cpl.stalls);
	ASSERT_EQ(self->buf.length, filled(self->buf.data, self->buf.length, 0x02));
}

/* Starts a descriptor with F_LOOP on the whole buffer; returns when every page was reached. */
static uint32_t start_loop(struct testdev *dev, const struct dma_testdev_desc *desc)
{
	uint32_t sequence = testdev_submit(dev, desc);

	testdev_await_transactions(dev, sequence, TWO_PASSES);
	return sequence;
}

static struct dma_testdev_desc touch_in_a_loop(const struct buffer *buf, unsigned int flags)
{
	return (struct dma_testdev_desc) {
		.op = DMA_TESTDEV_TOUCH,
		.flags = DMA_TESTDEV_F_LOOP | flags,
		.dst = (uintptr_t)buf->data,
		.length = buf->length,
	};
}

static struct dma_testdev_desc fill_in_a_loop(const struct buffer *buf)
{
	return (struct dma_testdev_desc) {
		.op = DMA_TESTDEV_FILL,
		.flags = DMA_TESTDEV_F_LOOP,
		.dst = (uintptr_t)buf->data,
		.length = buf->length,
		.operand = STALE,
	};
}

/* New memory, in the frames that were given back last and in others. */
static void take_frames(struct buffer *owner)
{
	buffer_map(owner, BUFFER_ANON, 2 * FAULTS * PAGE);
	memset(owner->data, FRESH, owner->length);
}

/* How many of the @old frames are behind @owner now. */
static size_t reused_frames(const struct buffer *owner, const uint64_t old[FAULTS])
{
	uint64_t frames[2 * FAULTS];
	size_t reused = 0;

	record_frames(owner, frames);
	for (size_t i = 0; i < ARRAY_SIZE(frames); i++)
		for (size_t j = 0; j < FAULTS; j++)
			reused += frames[i] == old[j];
	return reused;
}

/* Whether the device is refused at each page, tried one by one. */
static bool each_page_aborts(struct testdev *dev, const struct buffer *buf)
{
	for (size_t offset = 0; offset < buf->length; offset += PAGE)
		if (testdev_fill(dev, buf->data + offset, PAGE, STALE).status !=
		    DMA_TESTDEV_WRITE_ABORT)
			return false;
	return true;
}

/*
 * The device was refused within @old, which is gone, and is at each of its pages: where one fill
 * ended says nothing of the others. Whoever has the frames now keeps the bytes.
 */
static void check_refused(struct testdev *dev, const struct buffer *old,
			  const struct dma_testdev_cpl *cpl, const struct buffer *owner)
{
	CHECK(cpl->status == DMA_TESTDEV_WRITE_ABORT, "status %u", cpl->status);
	CHECK(cpl->fault_va >= (uintptr_t)old->data);
	CHECK(cpl->fault_va < (uintptr_t)buffer_end(old));
	CHECK(each_page_aborts(dev, old));
	CHECK(filled(owner->data, owner->length, FRESH) == owner->length);
}

/* The device writes all the time, and not a byte to whoever gets the frames. */
TEST_F(change, munmap_ends_a_running_loop)
{
	struct buffer old, owner;
	uint64_t frames[FAULTS];
	struct dma_testdev_desc fill;
	struct dma_testdev_cpl cpl;
	uint32_t sequence;
	size_t reused = 0;

	for (int round = 0; round < ROUNDS; round++) {
		buffer_map(&old, BUFFER_ANON, FAULTS * PAGE);
		memset(old.data, 0x01, old.length);
		record_frames(&old, frames);
		fill = fill_in_a_loop(&old);
		sequence = start_loop(&self->dev, &fill);
		ASSERT_EQ(0, munmap(old.data, old.length));
		take_frames(&owner);
		cpl = testdev_wait(&self->dev, sequence);
		check_refused(&self->dev, &old, &cpl, &owner);
		ASSERT_LT(0, cpl.passes);
		reused += reused_frames(&owner, frames);
		buffer_unmap(&owner);
		buffer_unmap(&old);
	}
	/* Else nobody was there to be harmed. */
	ASSERT_LT(0, reused);
}

/*
 * The copies of private pages are given back and the file's pages take their place, with
 * the same bytes: only in frames that are somebody else's would the device find others.
 */
TEST_F(change, no_page_that_was_given_back_is_read)
{
	struct buffer copies, owner;
	uint64_t frames[FAULTS];
	struct dma_testdev_cpl cpl;
	uint32_t sequence;
	size_t reused = 0;

	paint(self->buf.data, self->buf.length, 5);
	buffer_map(&copies, BUFFER_MEMFD_PRIVATE, FAULTS * PAGE);
	ASSERT_EQ(copies.length, pwrite(copies.fd, self->buf.data, copies.length, 0));
	paint(copies.data, copies.length, 5);
	sequence = start_loop(&self->dev, &(struct dma_testdev_desc) {
		.op = DMA_TESTDEV_COMPARE,
		.flags = DMA_TESTDEV_F_LOOP,
		.src = (uintptr_t)copies.data,
		.dst = (uintptr_t)self->buf.data,
		.length = copies.length,
	});
	for (int round = 0; round < ROUNDS; round++) {
		/* Copies each page, if it is the file's. */
		paint(copies.data, copies.length, 5);
		testdev_await_transactions(&self->dev, sequence, TWO_PASSES);
		record_frames(&copies, frames);
		ASSERT_EQ(0, madvise(copies.data, copies.length, MADV_DONTNEED));
		take_frames(&owner);
		testdev_await_transactions(&self->dev, sequence, TWO_PASSES);
		reused += reused_frames(&owner, frames);
		buffer_unmap(&owner);
	}
	testdev_write(&self->dev, DMA_TESTDEV_DB_CONTROL, DMA_TESTDEV_CONTROL_STOP_LOOP);
	cpl = testdev_wait(&self->dev, sequence);
	ASSERT_EQ(0, cpl.wrong_bytes);
	ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
	ASSERT_LE(ROUNDS, cpl.stalls);
	ASSERT_LT(0, reused);
	buffer_unmap(&copies);
}

static int exit_at_once(struct peer *parent, void *arg)
{
	(void)parent;
	(void)arg;
	return 0;
}

/* Each fork write-protects what the device writes; each page is copied or given back. */
TEST_F(change, loop_goes_on_while_the_process_forks)
{
	struct dma_testdev_desc touch = touch_in_a_loop(&self->buf, DMA_TESTDEV_F_WRITE);
	uint32_t sequence = start_loop(&self->dev, &touch);
	struct testdev_counters before;
	struct dma_testdev_cpl cpl;
	struct peer child;

	for (int round = 0; round < 10; round++) {
		before = testdev_counters(&self->dev);
		child = child_start(exit_at_once, NULL);
		while (!testdev_counters_since(&self->dev, &before).value[DMA_TESTDEV_STALLS]) {
			ASSERT_FALSE(testdev_done(&self->dev, sequence));
		}
		ASSERT_EQ(0, child_finish(&child));
	}
	testdev_write(&self->dev, DMA_TESTDEV_DB_CONTROL, DMA_TESTDEV_CONTROL_STOP_LOOP);
	cpl = testdev_wait(&self->dev, sequence);
	ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
	ASSERT_LE(10, cpl.stalls);
	ASSERT_EQ(self->buf.length, filled(self->buf.data, self->buf.length, 0x01));
}

/* The page goes for good while a transaction on it waits. */
TEST_F(change, munmap_while_stalled_ends_in_an_abort)
{
	struct buffer old, owner;
	struct dma_testdev_desc fill;
	struct dma_testdev_cpl cpl;
	uint32_t sequence;

	for (int round = 0; round < ROUNDS; round++) {
		buffer_map(&old, BUFFER_ANON, FAULTS * PAGE);
		fill = fill_in_a_loop(&old);
		sequence = testdev_submit(&self->dev, &fill);
		/* From one round to the next, a little further into the buffer. */
		for (int i = 0; i < round; i++)
			testdev_read(&self->dev, DMA_TESTDEV_DB_STATE);
		ASSERT_EQ(0, munmap(old.data, old.length));
		take_frames(&owner);
		cpl = testdev_wait(&self->dev, sequence);
		check_refused(&self->dev, &old, &cpl, &owner);
		buffer_unmap(&owner);
		buffer_unmap(&old);
	}
}

TEST_F(change, loop_goes_on_while_pages_come_and_go)
{
	struct dma_testdev_desc touch = touch_in_a_loop(&self->buf, 0);
	uint32_t sequence = start_loop(&self->dev, &touch);
	struct testdev_counters before;
	struct dma_testdev_cpl cpl;

	for (int round = 0; round < ROUNDS; round++) {
		before = testdev_counters(&self->dev);
		ASSERT_EQ(0, madvise(self->buf.data, self->buf.length, MADV_DONTNEED));
		while (!testdev_counters_since(&self->dev, &before).value[DMA_TESTDEV_STALLS]) {
			ASSERT_FALSE(testdev_done(&self->dev, sequence));
		}
	}
	testdev_write(&self->dev, DMA_TESTDEV_DB_CONTROL, DMA_TESTDEV_CONTROL_STOP_LOOP);
	cpl = testdev_wait(&self->dev, sequence);
	ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
	ASSERT_LE(ROUNDS, cpl.stalls);
}

TEST_MAIN
