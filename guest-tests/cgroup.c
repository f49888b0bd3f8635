// SPDX-License-Identifier: MIT
/*
 * Pins and the memory cgroup: what is pinned and what records it stay charged as
 * long as it is held, and reclaim of the cgroup goes round it.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "harness.h"

#include "buffer.h"
#include "child.h"
#include "disk.h"
#include "mempin.h"
#include "proc.h"
#include "testdev.h"

#define ROOT	"/tmp/cgroup2"
#define SIZE	((size_t)8 << 20)
/* Charges are made in batches, and a process has memory besides its buffers. */
#define SLACK	((size_t)1 << 20)

struct group {
	char path[64];
};

static void group_path(const struct group *group, const char *file, char *path, size_t size)
{
	snprintf(path, size, "%s/%s", group->path, file);
}

static void group_write(const struct group *group, const char *file, const char *text)
{
	char path[128];

	group_path(group, file, path, sizeof(path));
	write_text(path, text);
}

static uint64_t group_charge(const struct group *group)
{
	char path[128];

	group_path(group, "memory.current", path, sizeof(path));
	return read_number(path);
}

static void group_create(struct group *group, const char *name)
{
	snprintf(group->path, sizeof(group->path), ROOT "/%s-%d", name, getpid());
	CHECK(mkdir(group->path, 0755) == 0);
}

FIXTURE(cgroup) {
	struct group group;
	struct buffer buf;
	uint64_t charge;
	int fd;
};

FIXTURE_SETUP(cgroup)
{
	SKIP_WITHOUT_MEMPINFD();
	SKIP_BEFORE_V4("accounting");
	CHECK(mkdir(ROOT, 0755) == 0 || errno == EEXIST);
	CHECK(mount("none", ROOT, "cgroup2", 0, NULL) == 0);
	write_text(ROOT "/cgroup.subtree_control", "+memory");
	group_create(&self->group, "pin");
	group_write(&self->group, "cgroup.procs", "0");
	buffer_map(&self->buf, BUFFER_ANON, SIZE);
	self->fd = mempinfd(MEMPINFD_CLOEXEC);
	self->charge = group_charge(&self->group);
}

FIXTURE_TEARDOWN(cgroup)
{
	close(self->fd);
	buffer_unmap(&self->buf);
	write_text(ROOT "/cgroup.procs", "0");
	EXPECT_EQ(0, rmdir(self->group.path));
	EXPECT_EQ(0, umount2(ROOT, MNT_DETACH));
}

TEST_F(cgroup, pinned_pages_stay_charged_after_munmap)
{
	uint64_t id = pin(self->fd, self->buf.data, self->buf.length, PIN_W);

	ASSERT_LE(self->charge + SIZE, group_charge(&self->group) + SLACK);
	ASSERT_EQ(0, munmap(self->buf.data, self->buf.length));
	ASSERT_LE(self->charge + SIZE, group_charge(&self->group) + SLACK);
	unpin(self->fd, id);
	ASSERT_GE(self->charge + SLACK, group_charge(&self->group));
}

/* Records cannot grow without bound at nobody's expense. */
TEST_F(cgroup, records_are_charged)
{
	enum { PINS = 30000 };
	uint64_t charge;

	pin(self->fd, self->buf.data, PAGE, PIN_W);
	charge = group_charge(&self->group);
	for (int i = 0; i < PINS; i++)
		pin(self->fd, self->buf.data, PAGE, PIN_W);
	/* A record has an address, a length and a page, at least. */
	ASSERT_LE(charge + PINS * 24, group_charge(&self->group));
	close(self->fd);
	ASSERT_GE(charge + SLACK, group_charge(&self->group));
}

/*
 * Maps the even pages of a file, then the odd ones: no page is followed by its
 * physical neighbour, and each needs a run of its own.
 */
static void *map_scattered(size_t length)
{
	int file = memfd_create("scattered", MFD_CLOEXEC);
	uint8_t *data = mmap(NULL, length, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t half = length / 2;

	CHECK(file >= 0 && data != MAP_FAILED);
	CHECK(posix_fallocate(file, 0, length) == 0);
	for (size_t offset = 0; offset < length; offset += PAGE)
		CHECK(mmap(data + offset / 2 / PAGE * PAGE + offset / PAGE % 2 * half, PAGE,
			   PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED | MAP_POPULATE, file,
			   offset) != MAP_FAILED);
	close(file);
	return data;
}

/* What records cost when @range is pinned until @total bytes are held. */
static int64_t records_cost(FIXTURE_DATA(cgroup) * self, void *range, size_t length, size_t total)
{
	uint64_t before;

	/* What the file needs only once. */
	unpin(self->fd, pin(self->fd, range, length, PIN_W));
	before = group_charge(&self->group);
	for (size_t held = 0; held < total; held += length)
		pin(self->fd, range, length, PIN_W);
	return group_charge(&self->group) - before;
}

TEST_F(cgroup, records_of_scattered_pages_are_within_2_mib_a_gib)
{
	const size_t gib = (size_t)1 << 30, length = 8 << 20;
	int64_t cost;

	if (slab_object_size("kmalloc-cg-4k") > PAGE)
		SKIP(return, "this kernel surrounds what it allocates with space to find overruns");
	cost = records_cost(self, map_scattered(length), length, 4 * gib);
	TH_LOG("%lld bytes for 4 GiB", (long long)cost);
	/* Six bytes a page. */
	ASSERT_LE(4 * gib / PAGE * 6, cost + SLACK);
	ASSERT_GE(4 * (2 << 20), cost);
}

/* However many ranges it takes: here as few huge pages each as there is a chunk for. */
TEST_F(cgroup, records_of_huge_pages_are_within_64_kib_a_gib)
{
	const size_t gib = (size_t)1 << 30, length = 12 << 20;
	struct buffer huge;
	int64_t cost;

	buffer_map(&huge, BUFFER_THP, length);
	memset(huge.data, 1, length);
	ASSERT_EQ(length / 1024, smaps_kib(huge.data, "AnonHugePages"));
	cost = records_cost(self, huge.data, length, 64 * gib);
	TH_LOG("%lld bytes for 64 GiB", (long long)cost);
	ASSERT_LT(0, cost);
	ASSERT_GE(64 * (64 << 10), cost);
	buffer_unmap(&huge);
}

TEST_F(cgroup, moving_between_pin_and_unpin_is_balanced)
{
	struct group other;
	uint64_t id, charge;

	group_create(&other, "other");
	id = pin(self->fd, self->buf.data, self->buf.length, PIN_W);
	group_write(&other, "cgroup.procs", "0");
	charge = group_charge(&other);
	/* Pages are charged where they were touched first. */
	ASSERT_LE(self->charge + SIZE, group_charge(&self->group) + SLACK);
	ASSERT_EQ(0, munmap(self->buf.data, self->buf.length));
	unpin(self->fd, id);
	ASSERT_GE(self->charge + SLACK, group_charge(&self->group));
	ASSERT_GE(charge + SLACK, group_charge(&other));
	group_write(&self->group, "cgroup.procs", "0");
	ASSERT_EQ(0, rmdir(other.path));
}

/* From -1000, which is never killed, to 1000, which is killed first. */
static void set_oom_score(const char *score)
{
	write_text("/proc/self/oom_score_adj", score);
}

/* In the middle of a pin the limit is reached, and nobody can be killed for it. */
TEST_F(cgroup, pin_beyond_the_limit_is_rolled_back)
{
	uint64_t held = pins_held();
	int ret;

	set_oom_score("-1000");
	group_write(&self->group, "memory.max", "6M");
	ret = __pin(self->fd, self->buf.data, self->buf.length, PIN_W, NULL);
	group_write(&self->group, "memory.max", "max");
	ASSERT_EQ(-ENOMEM, ret);
	ASSERT_LT(0, present_pages(self->buf.data, self->buf.length));
	ASSERT_EQ(0, pinned_pages());
	ASSERT_EQ(held, pins_held());
	pin(self->fd, self->buf.data, self->buf.length, PIN_W);
	ASSERT_EQ(SIZE / PAGE, pinned_pages());
}

/* Its name is on the list of reports that are no failure (harness/splat/allow.ts). */
static int pin_and_ask_for_too_much(struct peer *parent, void *arg)
{
	struct buffer *buf = arg;
	struct buffer more;

	(void)parent;
	CHECK(prctl(PR_SET_NAME, "oom-victim") == 0);
	set_oom_score("1000");
	pin(mempinfd(0), buf->data, buf->length / 2, PIN_W);
	buffer_map(&more, BUFFER_ANON, SIZE);
	memset(more.data, 1, more.length);
	return 0;
}

TEST_F(cgroup, pins_of_a_process_killed_for_memory_are_released)
{
	uint64_t held = pins_held();
	struct peer child;
	int status;

	set_oom_score("-1000");
	group_write(&self->group, "memory.max", "6M");
	child = child_start(pin_and_ask_for_too_much, &self->buf);
	ASSERT_EQ(child.pid, waitpid(child.pid, &status, 0));
	group_write(&self->group, "memory.max", "max");
	ASSERT_TRUE(WIFSIGNALED(status));
	ASSERT_EQ(SIGKILL, WTERMSIG(status));
	ASSERT_EQ(held, pins_held());
	ASSERT_GE(self->charge + SLACK, group_charge(&self->group));
}

TEST_F(cgroup, reclaim_goes_round_pinned_pages)
{
	uint64_t frame = 0, swapped = vmstat("pswpout");
	struct dma_testdev_cpl cpl;
	struct testdev dev;
	struct buffer twin;
	struct disk swap;

	testdev_open(&dev);
	disk_create(&swap, 64 << 20);
	swap_on(&swap);
	buffer_map(&twin, BUFFER_ANON, SIZE);
	memset(twin.data, 0x2e, twin.length);
	memset(self->buf.data, 0x2d, self->buf.length);
	pin(self->fd, self->buf.data, self->buf.length, PIN_W);
	frame = page_frame(self->buf.data);
	/* Not all of it can be had: then the write fails, having done what it could. */
	for (int round = 0; round < 10 && present_pages(twin.data, twin.length); round++) {
		char path[128];

		group_path(&self->group, "memory.reclaim", path, sizeof(path));
		__write_text(path, "8M");
	}
	ASSERT_EQ(0, present_pages(twin.data, twin.length));
	ASSERT_LE(swapped + SIZE / PAGE, vmstat("pswpout"));
	ASSERT_EQ(SIZE / PAGE, present_pages(self->buf.data, self->buf.length));
	ASSERT_EQ(frame, page_frame(self->buf.data));
	cpl = testdev_fill(&dev, self->buf.data, self->buf.length, 0x2f);
	ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
	ASSERT_EQ(0, cpl.stalls);
	ASSERT_EQ(twin.length, filled(twin.data, twin.length, 0x2e));
	buffer_unmap(&twin);
	swap_off(&swap);
	disk_remove(&swap);
	testdev_close(&dev);
}

TEST_MAIN
