// SPDX-License-Identifier: MIT
/*
 * Two things at once, for a bounded number of rounds. What each round may end
 * in is checked, and that nothing is left at the end; the debug kernels' own
 * checks do the rest.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

#include "harness.h"

#include "buffer.h"
#include "child.h"
#include "mempin.h"
#include "proc.h"
#include "testdev.h"

#define PAGES	16
#define THREADS	4
#define ROUNDS	200

FIXTURE(race) {
	struct buffer buf;
	uint64_t held;
	int fd;
};

FIXTURE_SETUP(race)
{
	SKIP_WITHOUT_MEMPINFD();
	SKIP_BEFORE_V4("ids and accounting");
	self->held = pins_held();
	buffer_map(&self->buf, BUFFER_ANON, PAGES * PAGE);
	self->fd = mempinfd(MEMPINFD_CLOEXEC);
}

FIXTURE_TEARDOWN(race)
{
	close(self->fd);
	EXPECT_EQ(0, pinned_pages());
	EXPECT_EQ(self->held, pins_held());
	buffer_unmap(&self->buf);
}

/* What the threads of a test share. */
struct shared {
	struct buffer *buf;
	int fd;
	pthread_barrier_t start;
	atomic_bool stop;
	atomic_uint count;
	uint64_t id;
};

static void start_threads(pthread_t *threads, size_t nr, void *(*body)(void *),
			  struct shared *shared)
{
	for (size_t i = 0; i < nr; i++)
		CHECK(pthread_create(&threads[i], NULL, body, shared) == 0);
}

static void join_threads(pthread_t *threads, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		CHECK(pthread_join(threads[i], NULL) == 0);
}

static void *unpin_together(void *arg)
{
	struct shared *shared = arg;
	int ret;

	for (int round = 0; round < ROUNDS; round++) {
		pthread_barrier_wait(&shared->start);
		ret = __unpin(shared->fd, shared->id);
		CHECK(ret == 0 || ret == -ENOENT);
		shared->count += ret == 0;
		pthread_barrier_wait(&shared->start);
	}
	return NULL;
}

TEST_F(race, one_of_many_unpins_wins)
{
	struct shared shared = { .buf = &self->buf, .fd = self->fd };
	pthread_t threads[THREADS];

	pthread_barrier_init(&shared.start, NULL, THREADS + 1);
	start_threads(threads, THREADS, unpin_together, &shared);
	for (unsigned int round = 0; round < ROUNDS; round++) {
		shared.id = pin(self->fd, self->buf.data, self->buf.length, PIN_W);
		pthread_barrier_wait(&shared.start);
		pthread_barrier_wait(&shared.start);
		ASSERT_EQ(round + 1, shared.count);
		ASSERT_EQ(0, pinned_pages());
	}
	join_threads(threads, THREADS);
}

static void *pin_until_closed(void *arg)
{
	struct shared *shared = arg;
	int ret;

	pthread_barrier_wait(&shared->start);
	while ((ret = __pin(shared->fd, shared->buf->data, PAGE, PIN_W, NULL)) == 0)
		shared->count++;
	CHECK(ret == -EBADF);
	return NULL;
}

TEST_F(race, close_while_pinning)
{
	pthread_t threads[THREADS];

	for (int round = 0; round < 50; round++) {
		struct shared shared = { .buf = &self->buf, .fd = mempinfd(0) };

		pthread_barrier_init(&shared.start, NULL, THREADS + 1);
		start_threads(threads, THREADS, pin_until_closed, &shared);
		pthread_barrier_wait(&shared.start);
		while (!shared.count)
			sched_yield();
		close(shared.fd);
		join_threads(threads, THREADS);
		ASSERT_EQ(0, pinned_pages());
	}
}

static void change_mapping(struct buffer *buf, unsigned int how)
{
	switch (how % 3) {
	case 0:
		CHECK(madvise(buf->data, buf->length, MADV_DONTNEED) == 0);
		break;
	case 1:
		CHECK(mprotect(buf->data, buf->length, PROT_NONE) == 0);
		CHECK(mprotect(buf->data, buf->length, PROT_READ | PROT_WRITE) == 0);
		break;
	case 2:
		CHECK(munmap(buf->data, buf->length) == 0);
		CHECK(mmap(buf->data, buf->length, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == buf->data);
		break;
	}
}

static void *change_until_stopped(void *arg)
{
	struct shared *shared = arg;

	for (unsigned int how = 0; !shared->stop; how++) {
		change_mapping(shared->buf, how);
		shared->count++;
	}
	return NULL;
}

TEST_F(race, mapping_changes_while_pinning)
{
	struct shared shared = { .buf = &self->buf };
	unsigned int pinned = 0, rounds = 0;
	pthread_t thread;
	uint64_t id;
	int ret;

	start_threads(&thread, 1, change_until_stopped, &shared);
	for (; rounds < 10 * ROUNDS || shared.count < ROUNDS; rounds++) {
		ret = __pin(self->fd, self->buf.data, self->buf.length, PIN_W, &id);
		ASSERT_TRUE(ret == 0 || ret == -EFAULT);
		if (ret)
			continue;
		ASSERT_EQ(PAGES, pinned_pages());
		unpin(self->fd, id);
		pinned++;
	}
	shared.stop = true;
	join_threads(&thread, 1);
	ASSERT_LT(0, pinned);
	ASSERT_EQ(0, pinned_pages());
}

static void *pin_at_random(void *arg)
{
	struct shared *shared = arg;
	unsigned int random = ++shared->count * 2654435761u;
	uint64_t ids[8] = { 0 };

	for (int round = 0; round < 4 * ROUNDS; round++) {
		unsigned int slot, first, nr;

		random = random * 1103515245 + 12345;
		slot = random >> 16 & 7;
		first = random >> 19 & 7;
		nr = 1 + (random >> 22 & 7);
		if (ids[slot])
			unpin(shared->fd, ids[slot]);
		ids[slot] = pin(shared->fd, shared->buf->data + first * PAGE, nr * PAGE,
				random & 1 << 26 ? PIN_W : PIN_R);
	}
	for (size_t slot = 0; slot < ARRAY_SIZE(ids); slot++)
		if (ids[slot])
			unpin(shared->fd, ids[slot]);
	return NULL;
}

TEST_F(race, many_threads_use_one_file)
{
	struct shared shared = { .buf = &self->buf, .fd = self->fd };
	pthread_t threads[THREADS];

	start_threads(threads, THREADS, pin_at_random, &shared);
	join_threads(threads, THREADS);
	ASSERT_EQ(0, pinned_pages());
	ASSERT_EQ(self->held, pins_held());
}

static void *pin_until_stopped(void *arg)
{
	struct shared *shared = arg;

	while (!shared->stop) {
		unpin(shared->fd, pin(shared->fd, shared->buf->data, shared->buf->length, PIN_W));
		shared->count++;
	}
	return NULL;
}

static int look_at_copy(struct peer *parent, void *arg)
{
	struct buffer *buf = arg;

	(void)parent;
	if (filled(buf->data, buf->length, 0x7a) != buf->length)
		return 1;
	memset(buf->data, 0, buf->length);
	return 0;
}

TEST_F(race, fork_while_pinning)
{
	struct shared shared = { .buf = &self->buf, .fd = self->fd };
	struct peer child;
	pthread_t thread;

	memset(self->buf.data, 0x7a, self->buf.length);
	start_threads(&thread, 1, pin_until_stopped, &shared);
	for (int round = 0; round < 50; round++) {
		unsigned int before = shared.count;

		child = child_start(look_at_copy, &self->buf);
		ASSERT_EQ(0, child_finish(&child));
		while (shared.count == before)
			sched_yield();
	}
	shared.stop = true;
	join_threads(&thread, 1);
	ASSERT_EQ(self->buf.length, filled(self->buf.data, self->buf.length, 0x7a));
}

static int exit_among_pins(struct peer *parent, void *arg)
{
	unsigned int *pins = arg;
	struct shared shared = { .fd = mempinfd(0) };
	pthread_t threads[THREADS];
	struct buffer buf;

	(void)parent;
	buffer_map(&buf, BUFFER_ANON, PAGES * PAGE);
	shared.buf = &buf;
	start_threads(threads, THREADS, pin_until_stopped, &shared);
	while (shared.count < *pins)
		sched_yield();
	/* Not by returning: the threads use this frame to their end. */
	_exit(0);
}

TEST_F(race, exit_while_pinning)
{
	struct peer child;

	for (unsigned int pins = 1; pins <= 30; pins++) {
		child = child_start(exit_among_pins, &pins);
		ASSERT_EQ(0, child_finish(&child));
		ASSERT_EQ(self->held, pins_held());
	}
}

static int pin_until_killed(struct peer *parent, void *arg)
{
	struct shared shared = { .fd = mempinfd(0) };
	pthread_t threads[THREADS];
	struct buffer buf;

	buffer_map(&buf, BUFFER_ANON, *(size_t *)arg);
	shared.buf = &buf;
	peer_send(parent, 0);
	start_threads(threads, THREADS, pin_until_stopped, &shared);
	join_threads(threads, THREADS);
	return 0;
}

TEST_F(race, killed_while_pinning)
{
	size_t length = PAGES * PAGE;
	struct peer child;

	for (int round = 0; round < 30; round++) {
		child = child_start(pin_until_killed, &length);
		peer_receive(&child);
		for (int i = 0; i < round; i++)
			sched_yield();
		child_kill(&child);
		ASSERT_EQ(self->held, pins_held());
	}
}

/* A pin that takes long enough to be killed in the middle of it, and rolled back. */
TEST_F(race, killed_in_the_middle_of_a_large_pin)
{
	size_t length = 64 << 20;
	struct peer child;

	for (int round = 0; round < 5; round++) {
		child = child_start(pin_until_killed, &length);
		peer_receive(&child);
		while (pins_held() < self->held + 1000)
			sched_yield();
		child_kill(&child);
		ASSERT_EQ(self->held, pins_held());
	}
}

/* Pinning and unpinning disturb neither running DMA nor its bytes. */
TEST_F(race, dma_while_pinning)
{
	struct testdev_counters before, moved;
	struct dma_testdev_cpl cpl;
	struct testdev dev;
	uint32_t sequence;

	testdev_open(&dev);
	paint(self->buf.data, self->buf.length / 2, 3);
	memcpy(self->buf.data + self->buf.length / 2, self->buf.data, self->buf.length / 2);
	before = testdev_counters(&dev);
	sequence = testdev_submit(&dev, &(struct dma_testdev_desc) {
		.op = DMA_TESTDEV_COMPARE,
		.flags = DMA_TESTDEV_F_LOOP,
		.src = (uintptr_t)self->buf.data,
		.dst = (uintptr_t)self->buf.data + self->buf.length / 2,
		.length = self->buf.length / 2,
	});
	for (unsigned int round = 0; round < 10 * ROUNDS; round++)
		unpin(self->fd, pin(self->fd, self->buf.data, self->buf.length, PIN_W));
	moved = testdev_counters_since(&dev, &before);
	ASSERT_LT(PAGES, moved.value[DMA_TESTDEV_TRANSACTIONS]);
	ASSERT_FALSE(testdev_done(&dev, sequence));
	testdev_write(&dev, DMA_TESTDEV_DB_CONTROL, DMA_TESTDEV_CONTROL_STOP_LOOP);
	cpl = testdev_wait(&dev, sequence);
	ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
	ASSERT_EQ(0, cpl.stalls);
	ASSERT_EQ(0, cpl.wrong_bytes);
	testdev_close(&dev);
}

TEST_MAIN
