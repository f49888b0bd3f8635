// SPDX-License-Identifier: MIT
/*
 * A process that is killed in the middle of DMA leaves nothing behind: no queue, no
 * translation, and no transaction that would still reach its memory.
 */
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"

#include "buffer.h"
#include "child.h"
#include "common_va.h"
#include "mempin.h"
#include "pasid.h"
#include "testdev.h"

#define ROUNDS	10

/*
 * In a process that follows at once, and in one that follows when the queue was given back and
 * the PASID is free as well. Returns whether the second has the PASID of one that was killed.
 */
static bool look_for_remains(uint64_t available, const struct pasids *killed)
{
	struct peer child = child_start(find_nothing_common, NULL);
	bool reused;

	CHECK(child_finish(&child) == 0);
	CHECK(testdev_given_back(available));
	pasids_settle();
	child = child_start(find_nothing_alone, NULL);
	reused = pasids_have(killed, peer_receive(&child));
	CHECK(child_finish(&child) == 0);
	CHECK(testdev_given_back(available));
	pasids_settle();
	return reused;
}

static int loop_until_killed(struct peer *parent, void *arg)
{
	struct testdev dev;
	uint32_t sequence;

	map_common();
	if (*(const bool *)arg)
		pin_common();
	testdev_open(&dev);
	sequence = testdev_submit(&dev, &(struct dma_testdev_desc) {
		.op = DMA_TESTDEV_TOUCH,
		.flags = DMA_TESTDEV_F_LOOP | DMA_TESTDEV_F_WRITE,
		.dst = (uintptr_t)COMMON_VA,
		.length = COMMON_LENGTH,
	});
	testdev_await_transactions(&dev, sequence, 1);
	peer_send(parent, pasid_in_use());
	/* Without a pin, keeps the loop stalling. */
	for (;;)
		madvise(COMMON_VA, COMMON_LENGTH, MADV_DONTNEED);
	return 1;
}

FIXTURE(in_a_loop) {
};

FIXTURE_VARIANT(in_a_loop) {
	bool pinned;
};

FIXTURE_VARIANT_ADD(in_a_loop, unpinned) { .pinned = false };
FIXTURE_VARIANT_ADD(in_a_loop, pinned) { .pinned = true };

FIXTURE_SETUP(in_a_loop)
{
	if (variant->pinned)
		SKIP_WITHOUT_MEMPINFD();
}

FIXTURE_TEARDOWN(in_a_loop)
{
}

TEST_F(in_a_loop, leaves_nothing_behind)
{
	const uint64_t available = testdev_available();
	bool pinned = variant->pinned;
	struct pasids killed = { 0 };
	unsigned int reused = 0;
	struct peer child;

	for (int round = 0; round < ROUNDS; round++) {
		child = child_start(loop_until_killed, &pinned);
		pasids_add(&killed, peer_receive(&child));
		child_kill(&child);
		reused += look_for_remains(available, &killed);
	}
	/* Else nobody could have inherited anything. */
	ASSERT_LT(0, reused);
}

/* Keeps others from this process's page tables most of the time: each call takes milliseconds. */
static void *hold_mmap_lock(void *arg)
{
	struct buffer large;

	buffer_map(&large, BUFFER_ANON, (size_t)64 << 20);
	memset(large.data, 1, large.length);
	CHECK(sem_post(arg) == 0);
	for (;;) {
		CHECK(mprotect(large.data, large.length, PROT_READ) == 0);
		CHECK(mprotect(large.data, large.length, PROT_READ | PROT_WRITE) == 0);
	}
	return NULL;
}

/* Whether the queue is found stalled, and still is a millisecond later. */
static bool stays_stalled(struct testdev *dev, uint32_t sequence)
{
	while (!testdev_done(dev, sequence)) {
		if (testdev_read(dev, DMA_TESTDEV_DB_STATE) != DMA_TESTDEV_STALLED)
			continue;
		usleep(1000);
		return testdev_read(dev, DMA_TESTDEV_DB_STATE) == DMA_TESTDEV_STALLED;
	}
	return false;
}

/* Returns only if no stall of many lasted. */
static int die_while_stalled(struct peer *parent, void *arg)
{
	struct dma_testdev_desc touch = {
		.op = DMA_TESTDEV_TOUCH,
		.flags = DMA_TESTDEV_F_WRITE,
		.dst = (uintptr_t)COMMON_VA,
		.length = PAGE,
	};
	struct testdev dev;
	pthread_t thread;
	uint32_t sequence;
	sem_t held;

	(void)arg;
	map_common();
	testdev_open(&dev);
	peer_send(parent, pasid_in_use());
	CHECK(sem_init(&held, 0, 0) == 0);
	CHECK(pthread_create(&thread, NULL, hold_mmap_lock, &held) == 0);
	CHECK(sem_wait(&held) == 0);
	for (int attempt = 0; attempt < 1000; attempt++) {
		sequence = testdev_submit(&dev, &touch);
		if (stays_stalled(&dev, sequence))
			kill(getpid(), SIGKILL);
		testdev_wait(&dev, sequence);
		CHECK(madvise(COMMON_VA, PAGE, MADV_DONTNEED) == 0);
	}
	return 1;
}

/* The page request is answered when nobody is left who made it. */
TEST(while_stalled_leaves_nothing_behind)
{
	const uint64_t available = testdev_available();
	struct pasids killed = { 0 };
	unsigned int reused = 0;
	struct peer child;
	int status;

	for (int round = 0; round < ROUNDS; round++) {
		child = child_start(die_while_stalled, NULL);
		pasids_add(&killed, peer_receive(&child));
		ASSERT_EQ(child.pid, waitpid(child.pid, &status, 0));
		ASSERT_TRUE(WIFSIGNALED(status)) TH_LOG("exited with %d", WEXITSTATUS(status));
		ASSERT_EQ(SIGKILL, WTERMSIG(status));
		ASSERT_EQ(0, close(child.socket));
		reused += look_for_remains(available, &killed);
	}
	ASSERT_LT(0, reused);
}

TEST_MAIN
