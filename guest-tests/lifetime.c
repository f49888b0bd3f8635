// SPDX-License-Identifier: MIT
/*
 * How long a pin lasts: until it is unpinned or its file is gone, whatever
 * becomes of the mapping or the process.
 */
#include <fcntl.h>
#include <glob.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness.h"

#include "buffer.h"
#include "child.h"
#include "mempin.h"
#include "privilege.h"
#include "proc.h"
#include "testdev.h"

#define PAGES	8

FIXTURE(lifetime) {
	struct buffer buf;
	uint64_t held;
	int fd;
};

FIXTURE_SETUP(lifetime)
{
	SKIP_WITHOUT_MEMPINFD();
	SKIP_BEFORE_V4("accounting");
	self->held = pins_held();
	buffer_map(&self->buf, BUFFER_ANON, PAGES * PAGE);
	self->fd = mempinfd(MEMPINFD_CLOEXEC);
}

FIXTURE_TEARDOWN(lifetime)
{
	close(self->fd);
	EXPECT_EQ(0, pinned_pages());
	EXPECT_EQ(self->held, pins_held());
	buffer_unmap(&self->buf);
}

TEST_F(lifetime, close_releases_everything)
{
	for (int i = 0; i < PAGES; i++)
		pin(self->fd, self->buf.data, (i + 1) * PAGE, PIN_W);
	ASSERT_EQ(PAGES * (PAGES + 1) / 2, pinned_pages());
	ASSERT_EQ(self->held + pinned_pages(), pins_held());
	close(self->fd);
	ASSERT_EQ(0, pinned_pages());
	ASSERT_EQ(self->held, pins_held());
}

TEST_F(lifetime, last_duplicate_releases)
{
	int copy = dup(self->fd);
	uint64_t id;

	ASSERT_LE(0, copy);
	id = pin(self->fd, self->buf.data, PAGE, PIN_W);
	pin(copy, self->buf.data, PAGE, PIN_W);
	close(self->fd);
	ASSERT_EQ(2, pinned_pages());
	unpin(copy, id);
	ASSERT_EQ(1, pinned_pages());
	close(copy);
	ASSERT_EQ(0, pinned_pages());
}

static int pin_and_die(struct peer *parent, void *arg)
{
	int signal = *(int *)arg;
	struct buffer buf;

	buffer_map(&buf, BUFFER_ANON, PAGES * PAGE);
	pin(mempinfd(0), buf.data, buf.length, PIN_W);
	peer_send(parent, pinned_pages());
	if (signal)
		raise(signal);
	return 0;
}

FIXTURE(death) {
	uint64_t held;
};

FIXTURE_VARIANT(death) {
	int signal;
};

FIXTURE_VARIANT_ADD(death, exit) { .signal = 0 };
FIXTURE_VARIANT_ADD(death, sigkill) { .signal = SIGKILL };
FIXTURE_VARIANT_ADD(death, sigsegv) { .signal = SIGSEGV };

FIXTURE_SETUP(death)
{
	SKIP_WITHOUT_MEMPINFD();
	self->held = pins_held();
}

FIXTURE_TEARDOWN(death)
{
}

TEST_F(death, releases_everything)
{
	int signal = variant->signal;
	struct peer child = child_start(pin_and_die, &signal);
	int status;

	ASSERT_EQ(PAGES, peer_receive(&child));
	ASSERT_EQ(child.pid, waitpid(child.pid, &status, 0));
	ASSERT_EQ(signal, WIFSIGNALED(status) ? WTERMSIG(status) : 0);
	ASSERT_EQ(self->held, pins_held());
}

/* Unmapped, the pages are held and charged all the same. */
TEST_F(lifetime, munmap_does_not_unpin)
{
	uint64_t id = pin(self->fd, self->buf.data, self->buf.length, PIN_W);

	ASSERT_EQ(0, munmap(self->buf.data, self->buf.length));
	ASSERT_EQ(PAGES, pinned_pages());
	ASSERT_EQ(self->held + PAGES, pins_held());
	unpin(self->fd, id);
	ASSERT_EQ(0, pinned_pages());
	ASSERT_EQ(self->held, pins_held());
}

/* A new mapping at the address is not what was pinned. */
TEST_F(lifetime, new_mapping_is_not_the_pinned_one)
{
	uint64_t id = pin(self->fd, self->buf.data, self->buf.length, PIN_W);
	uint64_t frame = page_frame(self->buf.data);
	struct buffer fresh;

	buffer_map(&fresh, BUFFER_ANON, self->buf.length);
	memset(fresh.data, 0x2a, fresh.length);
	ASSERT_EQ(self->buf.data, mremap(fresh.data, fresh.length, fresh.length,
					 MREMAP_MAYMOVE | MREMAP_FIXED, self->buf.data));
	ASSERT_NE(frame, page_frame(self->buf.data));
	unpin(self->fd, id);
	ASSERT_EQ(self->held, pins_held());
	ASSERT_EQ(self->buf.length, filled(self->buf.data, self->buf.length, 0x2a));
}

/* What moves is the address; the page stays pinned, and DMA follows the new address. */
TEST_F(lifetime, mremap_takes_the_pinned_pages_along)
{
	uint64_t id = pin(self->fd, self->buf.data, self->buf.length, PIN_W);
	uint64_t frame = page_frame(self->buf.data);
	struct dma_testdev_cpl cpl;
	struct testdev dev;
	struct buffer place;

	testdev_open(&dev);
	buffer_map(&place, BUFFER_ANON, self->buf.length);
	ASSERT_EQ(place.data, mremap(self->buf.data, self->buf.length, self->buf.length,
				     MREMAP_MAYMOVE | MREMAP_FIXED, place.data));
	ASSERT_EQ(frame, page_frame(place.data));
	ASSERT_EQ(PAGES, pinned_pages());
	cpl = testdev_fill(&dev, place.data, place.length, 0x0d);
	ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
	ASSERT_EQ(place.length, filled(place.data, place.length, 0x0d));
	cpl = testdev_fill(&dev, self->buf.data, self->buf.length, 0x0e);
	ASSERT_EQ(DMA_TESTDEV_WRITE_ABORT, cpl.status);
	unpin(self->fd, id);
	ASSERT_EQ(self->held, pins_held());
	testdev_close(&dev);
	buffer_unmap(&place);
}

TEST_F(lifetime, madvise_dontneed_gives_up_the_mapping_only)
{
	uint64_t frame, id;

	memset(self->buf.data, 1, self->buf.length);
	id = pin(self->fd, self->buf.data, self->buf.length, PIN_W);
	frame = page_frame(self->buf.data);
	ASSERT_EQ(0, madvise(self->buf.data, self->buf.length, MADV_DONTNEED));
	ASSERT_EQ(PAGES, pinned_pages());
	ASSERT_EQ(0, *(volatile uint8_t *)self->buf.data);
	ASSERT_NE(frame, page_frame(self->buf.data));
	unpin(self->fd, id);
}

TEST_F(lifetime, overlapping_pins_are_independent)
{
	uint64_t frame, whole, part, same;

	whole = pin(self->fd, self->buf.data, self->buf.length, PIN_W);
	part = pin(self->fd, self->buf.data + PAGE, 2 * PAGE, PIN_R);
	same = pin(self->fd, self->buf.data, self->buf.length, PIN_W);
	frame = page_frame(self->buf.data + PAGE);
	ASSERT_EQ(2 * PAGES + 2, pinned_pages());
	unpin(self->fd, whole);
	ASSERT_EQ(PAGES + 2, pinned_pages());
	unpin(self->fd, same);
	ASSERT_EQ(2, pinned_pages());
	ASSERT_EQ(self->held + 2, pins_held());
	ASSERT_EQ(frame, page_frame(self->buf.data + PAGE));
	ASSERT_EQ(-ENOENT, __unpin(self->fd, whole));
	unpin(self->fd, part);
	ASSERT_EQ(self->held, pins_held());
}

TEST_F(lifetime, thousands_of_pins_of_one_page)
{
	static uint64_t ids[4096];

	for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
		ids[i] = pin(self->fd, self->buf.data, PAGE, PIN_W);
	ASSERT_EQ(ARRAY_SIZE(ids), pinned_pages());
	for (size_t i = 0; i < ARRAY_SIZE(ids) / 2; i++)
		unpin(self->fd, ids[i * 2]);
	ASSERT_EQ(ARRAY_SIZE(ids) / 2, pinned_pages());
	ASSERT_EQ(self->held + ARRAY_SIZE(ids) / 2, pins_held());
}

/* Mappings of one page, side by side: who pins them all pins it as often. */
#define MAPPINGS	2048
/* A pin is 2^10 references, and a page must not have more than 2^30 of them. */
#define MOST_PINS	(1 << 20)
#define MOST_USERS	16

FIXTURE(referenced) {
	uint8_t *data;
	uint64_t held;
	int fds[MOST_USERS];
};

FIXTURE_VARIANT(referenced) {
	int users;
};

FIXTURE_VARIANT_ADD(referenced, by_one_user) { .users = 1 };
/* None of them holds enough for it. */
FIXTURE_VARIANT_ADD(referenced, by_many_users) { .users = MOST_USERS };

static uint8_t *map_one_page(size_t times)
{
	int fd = memfd_create("one page", MFD_CLOEXEC);
	uint8_t *data;

	CHECK(fd >= 0 && ftruncate(fd, PAGE) == 0);
	data = mmap(NULL, times * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(data != MAP_FAILED);
	for (size_t i = 0; i < times; i++)
		CHECK(mmap(data + i * PAGE, PAGE, PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_FIXED, fd, 0) != MAP_FAILED);
	close(fd);
	return data;
}

/* Pins are charged, as they would not be with the capability, and not limited. */
static void become_unlimited(void)
{
	limit_locked_memory(RLIM_INFINITY);
	set_capability(CAP_IPC_LOCK, false);
}

/* A file that is charged to @user, for root to use. */
static int file_of(uid_t user)
{
	int fd;

	CHECK(setresuid(user, 0, 0) == 0);
	fd = mempinfd(MEMPINFD_CLOEXEC);
	CHECK(setresuid(0, 0, 0) == 0);
	return fd;
}

FIXTURE_SETUP(referenced)
{
	SKIP_WITHOUT_MEMPINFD();
	SKIP_BEFORE_V4("limit of references");
	self->held = pins_held();
	self->data = map_one_page(MAPPINGS);
	become_unlimited();
	for (int i = 0; i < variant->users; i++)
		self->fds[i] = file_of(fresh_user() + i);
}

FIXTURE_TEARDOWN(referenced)
{
	for (int i = 0; i < variant->users; i++)
		close(self->fds[i]);
	EXPECT_EQ(0, pinned_pages());
	EXPECT_EQ(self->held, pins_held());
	munmap(self->data, MAPPINGS * PAGE);
}

/* Otherwise its reference count would overflow, of which the kernel warns. */
TEST_F(referenced, page_is_pinned_only_so_often)
{
	uint64_t first = 0, pins = 0;
	struct buffer other;
	int error;

	while (!(error = __pin(self->fds[pins % variant->users], self->data, MAPPINGS * PAGE,
			       PIN_W, pins ? NULL : &first))) {
		ASSERT_GT(MOST_PINS / MAPPINGS, ++pins);
	}
	ASSERT_EQ(-ENOMEM, error);
	ASSERT_EQ(MOST_PINS / MAPPINGS - 1, pins);
	ASSERT_EQ(pins * MAPPINGS, pinned_pages());
	ASSERT_EQ(self->held + pins * MAPPINGS, pins_held());

	/* One that is not that page can be pinned, and it can be once there is room. */
	buffer_map(&other, BUFFER_ANON, PAGE);
	unpin(self->fds[0], pin(self->fds[0], other.data, PAGE, PIN_W));
	buffer_unmap(&other);
	unpin(self->fds[0], first);
	pin(self->fds[0], self->data, MAPPINGS * PAGE, PIN_W);
	ASSERT_EQ(pins * MAPPINGS, pinned_pages());
}

struct listed {
	uint64_t id, addr, len;
	char access[4];
};

static size_t list_pins(int fd, struct listed *pins, size_t max)
{
	char path[64], line[256];
	size_t count = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	file = fopen(path, "r");
	CHECK(file);
	while (count < max && fgets(line, sizeof(line), file))
		count += sscanf(line, "pin:\t%" SCNu64 " %" SCNx64 " %" SCNu64 " %3s",
				&pins[count].id, &pins[count].addr, &pins[count].len,
				pins[count].access) == 4;
	fclose(file);
	return count;
}

TEST_F(lifetime, fdinfo_lists_what_is_held)
{
	uint64_t write = pin(self->fd, self->buf.data + 5, 100, PIN_W);
	uint64_t read = pin(self->fd, self->buf.data, self->buf.length, PIN_R);
	struct listed pins[4];

	ASSERT_EQ(2, list_pins(self->fd, pins, 4));
	ASSERT_EQ(write, pins[0].id);
	ASSERT_EQ((uintptr_t)self->buf.data + 5, pins[0].addr);
	ASSERT_EQ(100, pins[0].len);
	ASSERT_STREQ("rw", pins[0].access);
	ASSERT_EQ(read, pins[1].id);
	ASSERT_EQ((uintptr_t)self->buf.data, pins[1].addr);
	ASSERT_EQ(self->buf.length, pins[1].len);
	ASSERT_STREQ("r", pins[1].access);
	unpin(self->fd, write);
	ASSERT_EQ(1, list_pins(self->fd, pins, 4));
	ASSERT_EQ(read, pins[0].id);
}

/* Free pages on the lists that each CPU keeps: megabytes, and MemAvailable leaves them out. */
static uint64_t listed_per_cpu_kib(void)
{
	FILE *file = fopen("/proc/zoneinfo", "r");
	uint64_t pages, all = 0;
	char line[256];

	CHECK(file);
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, " count: %" SCNu64, &pages) == 1)
			all += pages;
	fclose(file);
	return all * (PAGE / 1024);
}

/* What is available once no cache of the kernel, nor KASAN's quarantine, keeps freed objects. */
static uint64_t available_kib(void)
{
	uint64_t available, listed;
	glob_t caches;

	CHECK(glob("/sys/kernel/slab/*/shrink", 0, NULL, &caches) == 0);
	for (size_t i = 0; i < caches.gl_pathc; i++)
		CHECK(__write_text(caches.gl_pathv[i], "1") == 0);
	globfree(&caches);
	/* Pages that move between the two in the meantime would count twice, or not at all. */
	do {
		listed = listed_per_cpu_kib();
		available = meminfo_kib("MemAvailable");
	} while (llabs((long long)(listed_per_cpu_kib() - listed)) > 256);
	return available + listed;
}

/* Compaction takes free memory for a moment, others too; what has leaked does not come back. */
static bool comes_back(uint64_t kib)
{
	time_t end = time(NULL) + wait_seconds();
	bool back;

	while (!(back = available_kib() > kib) && time(NULL) < end)
		usleep(10000);
	return back;
}

TEST_F(lifetime, cycles_leave_no_memory_behind)
{
	uint64_t before;

	for (int i = 0; i < 1000; i++)
		unpin(self->fd, pin(self->fd, self->buf.data, self->buf.length, PIN_W));
	before = available_kib();
	for (int i = 0; i < 100000; i++)
		unpin(self->fd, pin(self->fd, self->buf.data, self->buf.length, PIN_W));
	/* A record that leaked each time would be 10 MiB; the rest of the system breathes. */
	ASSERT_TRUE(comes_back(before - 4 * 1024));
}

TEST_MAIN
