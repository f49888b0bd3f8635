// SPDX-License-Identifier: MIT
/*
 * Processes that use the device at the same time, at the same addresses, each
 * reach their own memory and nobody else's.
 */
#include <sched.h>
#include <sys/mman.h>
#include <time.h>

#include "harness.h"

#include "buffer.h"
#include "child.h"
#include "common_va.h"
#include "crc32c.h"
#include "mempin.h"
#include "pasid.h"
#include "proc.h"
#include "testdev.h"

/* Asserts that the device sees this process's bytes, and only changes them. */
static void use_own_memory(struct testdev *dev, uint32_t seed)
{
	struct dma_testdev_cpl cpl;

	paint(COMMON_VA, COMMON_LENGTH, seed);
	cpl = testdev_checksum(dev, COMMON_VA, COMMON_LENGTH);
	CHECK(cpl.status == DMA_TESTDEV_OK);
	CHECK(cpl.result == crc32c(COMMON_VA, COMMON_LENGTH));
	cpl = testdev_fill(dev, COMMON_VA, PAGE, seed);
	CHECK(cpl.status == DMA_TESTDEV_OK);
	CHECK(filled(COMMON_VA, PAGE, seed) == PAGE);
}

struct participant {
	uint32_t seed;
	bool pinned;
};

static void hold_common(const struct participant *self)
{
	if (self->pinned)
		pin_common();
}

static int participate(struct peer *parent, void *arg)
{
	const struct participant *self = arg;
	struct testdev dev;

	map_common();
	hold_common(self);
	testdev_open(&dev);
	use_own_memory(&dev, self->seed);
	peer_send(parent, 0);
	/* Everybody has written: what is here must still be this process's. */
	peer_receive(parent);
	CHECK(filled(COMMON_VA, PAGE, self->seed) == PAGE);
	use_own_memory(&dev, self->seed + 1);
	testdev_close(&dev);
	return 0;
}

static void run_participants(unsigned int count, bool pinned)
{
	struct participant participant = { .pinned = pinned };
	struct peer children[64];

	CHECK(count <= ARRAY_SIZE(children));
	for (unsigned int i = 0; i < count; i++) {
		participant.seed = 3 * i;
		children[i] = child_start(participate, &participant);
	}
	for (unsigned int i = 0; i < count; i++)
		peer_receive(&children[i]);
	for (unsigned int i = 0; i < count; i++)
		peer_send(&children[i], 0);
	for (unsigned int i = 0; i < count; i++)
		CHECK(child_finish(&children[i]) == 0);
}

FIXTURE(same_address) {
	uint64_t available;
};

FIXTURE_VARIANT(same_address) {
	bool pinned;
};

FIXTURE_VARIANT_ADD(same_address, unpinned) { .pinned = false };
FIXTURE_VARIANT_ADD(same_address, pinned) { .pinned = true };

FIXTURE_SETUP(same_address)
{
	if (variant->pinned)
		SKIP_WITHOUT_MEMPINFD();
	self->available = testdev_available();
}

/* Every queue is given back, in whichever way its process ended. */
FIXTURE_TEARDOWN(same_address)
{
	EXPECT_TRUE(testdev_given_back(self->available));
}

TEST_F(same_address, two_processes_reach_their_own_memory)
{
	run_participants(2, variant->pinned);
}

TEST_F(same_address, sixty_four_processes_reach_their_own_memory)
{
	ASSERT_LE(64, self->available);
	run_participants(64, variant->pinned);
}

/* Leaves a secret behind at the common address, in memory and in the SMMU's caches. */
static int leave_secret(struct peer *parent, void *arg)
{
	const struct participant *self = arg;
	struct testdev dev;

	map_common();
	hold_common(self);
	testdev_open(&dev);
	peer_send(parent, pasid_in_use());
	use_own_memory(&dev, self->seed);
	/* The queue, the pin and the memory go with the process. */
	return 0;
}

/* PASIDs and ASIDs are used again: a successor must not inherit translations. */
TEST_F(same_address, nothing_is_left_for_the_next_process)
{
	struct participant participant = { .seed = 77, .pinned = variant->pinned };
	struct pasids had = { 0 };
	unsigned int reused = 0;
	struct peer child;

	for (int round = 0; round < 20; round++) {
		child = child_start(leave_secret, &participant);
		pasids_add(&had, peer_receive(&child));
		ASSERT_EQ(0, child_finish(&child));
		ASSERT_TRUE(testdev_given_back(self->available));
		pasids_settle();
		child = child_start(find_nothing_alone, NULL);
		reused += pasids_have(&had, peer_receive(&child));
		ASSERT_EQ(0, child_finish(&child));
		/* Else these two could have different ones in each round, and never each other's. */
		pasids_settle();
	}
	/* Else nobody could have inherited anything. */
	ASSERT_LT(0, reused);
}

static int fail_to_use_inherited(struct peer *parent, void *arg)
{
	struct testdev *dev = arg;
	struct dma_testdev_cpl cpl;
	struct testdev own;

	(void)parent;
	/* The doorbell page is not inherited, and uacce maps it only once. */
	CHECK(mmap(NULL, DMA_TESTDEV_DB_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, dev->fd,
		   0) == MAP_FAILED);
	CHECK(errno == EEXIST);
	/* A queue of its own reaches the child's copy. */
	testdev_open(&own);
	cpl = testdev_fill(&own, COMMON_VA, COMMON_LENGTH, 0xcc);
	CHECK(cpl.status == DMA_TESTDEV_OK);
	CHECK(filled(COMMON_VA, COMMON_LENGTH, 0xcc) == COMMON_LENGTH);
	testdev_close(&own);
	return 0;
}

TEST_F(same_address, forked_child_reaches_its_copy_only)
{
	struct participant participant = { .pinned = variant->pinned };
	struct testdev dev;
	struct peer child;

	map_common();
	hold_common(&participant);
	testdev_open(&dev);
	use_own_memory(&dev, 5);
	memset(COMMON_VA, 0x11, COMMON_LENGTH);
	child = child_start(fail_to_use_inherited, &dev);
	ASSERT_EQ(0, child_finish(&child));
	ASSERT_EQ(COMMON_LENGTH, filled(COMMON_VA, COMMON_LENGTH, 0x11));
	use_own_memory(&dev, 6);
	testdev_close(&dev);
}

TEST_MAIN
