// SPDX-License-Identifier: MIT
/*
 * Pins and the memory cgroup: what is pinned and what records it stay charged as
 * long as it is held, and reclaim of the cgroup goes round it.
 */
#include <signal.h>
#include <stdlib.h>
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
