// SPDX-License-Identifier: MIT
/*
 * Every allocation and every copy inside an operation fails in turn
 * (/proc/self/fail-nth): the operation then fails, and leaves nothing behind.
 * Needs a kernel that can inject faults, such as the debug flavour.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "harness.h"

#include "buffer.h"
#include "mempin.h"
#include "proc.h"

#define FAIL_NTH	"/proc/self/fail-nth"
#define DEBUGFS		"/tmp/debugfs"
#define MOST_FAILURES	500	/* of one operation; far more than any has */
#define PAGES		600	/* several chunks of records if no two are neighbours */

FIXTURE(fail_nth) {
	struct buffer buf;
	uint64_t held;
	int control;
	int fd;
};

static void allow_faults(const char *kind, const char *const *settings)
{
	char path[128];

	for (; *settings; settings += 2) {
		snprintf(path, sizeof(path), DEBUGFS "/%s/%s", kind, settings[0]);
		write_text(path, settings[1]);
	}
}

/* Otherwise what may sleep and the pages of users are spared, and each failure is logged at length. */
static void prepare_faults(void)
{
	static const char *const slab[] = { "ignore-gfp-wait", "N", "verbose", "0", NULL };
	static const char *const page[] = { "ignore-gfp-wait", "N", "ignore-gfp-highmem", "N",
					    "min-order", "0", "verbose", "0", NULL };
	static const char *const copy[] = { "verbose", "0", NULL };

	CHECK(mkdir(DEBUGFS, 0755) == 0 || errno == EEXIST);
	CHECK(mount("none", DEBUGFS, "debugfs", 0, NULL) == 0);
	allow_faults("failslab", slab);
	allow_faults("fail_page_alloc", page);
	allow_faults("fail_usercopy", copy);
	CHECK(umount(DEBUGFS) == 0);
}

FIXTURE_SETUP(fail_nth)
{
	SKIP_WITHOUT_MEMPINFD();
	SKIP_BEFORE_V4("errors to speak of");
	self->control = open(FAIL_NTH, O_RDWR | O_CLOEXEC);
	if (self->control < 0)
		SKIP(return, "this kernel injects no faults (CONFIG_FAULT_INJECTION)");
	prepare_faults();
	self->held = pins_held();
	buffer_map(&self->buf, BUFFER_ANON, PAGES * PAGE);
	touch_backwards(&self->buf);
	self->fd = mempinfd(MEMPINFD_CLOEXEC);
}

FIXTURE_TEARDOWN(fail_nth)
{
	close(self->fd);
	close(self->control);
	EXPECT_EQ(0, pinned_pages());
	EXPECT_EQ(self->held, pins_held());
	buffer_unmap(&self->buf);
}

/* The @n-th thing that can fail in this task, from now on, will. */
static void arm(int control, unsigned int n)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", n);
	CHECK(pwrite(control, text, strlen(text), 0) == (ssize_t)strlen(text));
}

/*
 * Whether the armed failure happened; none is armed any more. If it is still
 * to come, it may be one of these two that fails: they copy as well.
 */
static bool disarm(int control)
{
	char text[16] = { 0 };
	bool failed;

	if (pread(control, text, sizeof(text) - 1, 0) < 0) {
		CHECK(errno == EFAULT);
		return false;
	}
	failed = atoi(text) == 0;
	CHECK(pwrite(control, "0", 1, 0) == 1 || errno == EFAULT);
	return failed;
}

TEST_F(fail_nth, open)
{
	unsigned int n;
	bool failed;
	int fd;

	for (n = 1; n < MOST_FAILURES; n++) {
		arm(self->control, n);
		fd = __mempinfd(0);
		failed = disarm(self->control);
		if (fd >= 0)
			close(fd);
		else
			ASSERT_EQ(-ENOMEM, fd);
		if (!failed)
			break;
	}
	ASSERT_LE(0, fd);
	ASSERT_LT(1, n);
	ASSERT_GT(MOST_FAILURES, n);
}

TEST_F(fail_nth, pin)
{
	static const size_t lengths[] = { PAGE, 20 * PAGE, PAGES * PAGE };
	unsigned int refused = 0;

	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		unsigned int n;
		bool failed;

		for (n = 1; n < MOST_FAILURES; n++) {
			uint64_t id = 0;
			int ret;

			arm(self->control, n);
			ret = __pin(self->fd, self->buf.data, lengths[i], PIN_W, &id);
			failed = disarm(self->control);
			if (ret == 0) {
				unpin(self->fd, id);
			} else {
				ASSERT_TRUE(ret == -ENOMEM || ret == -EFAULT);
				refused++;
			}
			ASSERT_EQ(0, pinned_pages());
			ASSERT_EQ(self->held, pins_held());
			if (!failed)
				break;
		}
		ASSERT_LT(1, n);
		ASSERT_GT(MOST_FAILURES, n);
	}
	ASSERT_LE(2 * ARRAY_SIZE(lengths), refused);
}

/* Pages that must be brought in first fail too. */
TEST_F(fail_nth, pin_of_untouched_memory)
{
	unsigned int n, refused = 0;
	bool failed;

	for (n = 1; n < MOST_FAILURES; n++) {
		int ret;

		ASSERT_EQ(0, madvise(self->buf.data, self->buf.length, MADV_DONTNEED));
		arm(self->control, n);
		ret = __pin(self->fd, self->buf.data, 20 * PAGE, PIN_W, NULL);
		failed = disarm(self->control);
		if (!failed)
			break;
		if (ret) {
			refused++;
			ASSERT_EQ(0, pinned_pages());
			ASSERT_EQ(self->held, pins_held());
			continue;
		}
		close(self->fd);
		self->fd = mempinfd(MEMPINFD_CLOEXEC);
	}
	/* A page that cannot be had ends a round of GUP; where pages came before it, the next one succeeds. */
	ASSERT_LT(20, n);
	ASSERT_LT(0, refused);
	ASSERT_GT(MOST_FAILURES, n);
}

/* Releasing may not depend on memory: only the copy of the argument can fail. */
TEST_F(fail_nth, unpin)
{
	unsigned int n;
	uint64_t id;
	bool failed;
	int ret;

	for (n = 1; n < MOST_FAILURES; n++) {
		id = pin(self->fd, self->buf.data, self->buf.length, PIN_W);
		arm(self->control, n);
		ret = __unpin(self->fd, id);
		failed = disarm(self->control);
		if (!failed)
			break;
		if (ret) {
			ASSERT_EQ(-EFAULT, ret);
			ASSERT_EQ(PAGES, pinned_pages());
			unpin(self->fd, id);
		}
		ASSERT_EQ(0, pinned_pages());
	}
	ASSERT_EQ(0, ret);
	ASSERT_GT(MOST_FAILURES, n);
}

TEST_F(fail_nth, close)
{
	unsigned int n;
	bool failed;

	for (n = 1; n < MOST_FAILURES; n++) {
		int fd = mempinfd(0);

		pin(fd, self->buf.data, self->buf.length, PIN_W);
		pin(fd, self->buf.data, PAGE, PIN_W);
		arm(self->control, n);
		close(fd);
		failed = disarm(self->control);
		ASSERT_EQ(0, pinned_pages());
		ASSERT_EQ(self->held, pins_held());
		if (!failed)
			break;
	}
	ASSERT_GT(MOST_FAILURES, n);
}

TEST_MAIN
