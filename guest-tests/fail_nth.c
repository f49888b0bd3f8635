// SPDX-License-Identifier: MIT
/*
 * Every allocation and every copy inside an operation fails in turn
 * (/proc/self/fail-nth): the operation then fails, and leaves nothing behind: no pin, no
 * charge to the process or its user, no memory. Needs a kernel that can inject faults,
 * such as the debug flavour.
 */
#include <fcntl.h>
#include <linux/capability.h>
#include <stdlib.h>

#include "harness.h"

#include "buffer.h"
#include "kmemleak.h"
#include "mempin.h"
#include "privilege.h"
#include "proc.h"

#define FAIL_NTH	"/proc/self/fail-nth"
#define DEBUGFS		"/sys/kernel/debug"
#define MOST_FAILURES	500	/* of one operation; far more than any has */
/* Several chunks of records if no two are neighbours; as many may be locked, and no more. */
#define PAGES		600

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

	allow_faults("failslab", slab);
	allow_faults("fail_page_alloc", page);
	allow_faults("fail_usercopy", copy);
}

/* A user who is limited, and may still read what only root may. */
static void limit_user(void)
{
	limit_locked_memory(PAGES * PAGE);
	CHECK(setresuid(fresh_user(), 0, 0) == 0);
	set_capability(CAP_IPC_LOCK, false);
}

FIXTURE_SETUP(fail_nth)
{
	SKIP_WITHOUT_MEMPINFD();
	SKIP_BEFORE_V4("errors to speak of");
	self->control = open(FAIL_NTH, O_RDWR | O_CLOEXEC);
	if (self->control < 0)
		SKIP(return, "this kernel injects no faults (CONFIG_FAULT_INJECTION)");
	prepare_faults();
	limit_user();
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

/* Whether the user may lock @pages more, and not one above. */
static bool room_is(int fd, struct buffer *buf, size_t pages)
{
	uint64_t id;

	if (__pin(fd, buf->data, (pages + 1) * PAGE, PIN_W, NULL) != -ENOMEM)
		return false;
	if (pages == 0)
		return true;
	if (__pin(fd, buf->data, pages * PAGE, PIN_W, &id) != 0)
		return false;
	unpin(fd, id);
	return true;
}

/* Asserts that @pages are pinned and charged, to the process as to its user. */
static void check_books(struct __test_metadata *_metadata, FIXTURE_DATA(fail_nth) *self,
			size_t pages)
{
	ASSERT_EQ(pages, pinned_pages());
	ASSERT_EQ(self->held + pages, pins_held());
	ASSERT_TRUE(room_is(self->fd, &self->buf, PAGES - pages));
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

static void fail_open(struct __test_metadata *_metadata, FIXTURE_DATA(fail_nth) *self)
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
		check_books(_metadata, self, 0);
		if (!failed)
			break;
	}
	ASSERT_LE(0, fd);
	ASSERT_LT(1, n);
	ASSERT_GT(MOST_FAILURES, n);
}

static void fail_pin(struct __test_metadata *_metadata, FIXTURE_DATA(fail_nth) *self)
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
			check_books(_metadata, self, 0);
			if (!failed)
				break;
		}
		ASSERT_LT(1, n);
		ASSERT_GT(MOST_FAILURES, n);
	}
	ASSERT_LE(2 * ARRAY_SIZE(lengths), refused);
}

/* Pages that must be brought in first fail too. */
static void fail_untouched(struct __test_metadata *_metadata, FIXTURE_DATA(fail_nth) *self)
{
	unsigned int n, refused = 0;
	bool failed;

	for (n = 1; n < MOST_FAILURES; n++) {
		uint64_t id = 0;
		int ret;

		ASSERT_EQ(0, madvise(self->buf.data, 20 * PAGE, MADV_DONTNEED));
		arm(self->control, n);
		ret = __pin(self->fd, self->buf.data, 20 * PAGE, PIN_W, &id);
		failed = disarm(self->control);
		if (ret == 0)
			unpin(self->fd, id);
		else
			refused++;
		check_books(_metadata, self, 0);
		if (!failed)
			break;
	}
	/* A page that cannot be had ends a round of GUP; where pages came before it, the next one succeeds. */
	ASSERT_LT(20, n);
	ASSERT_LT(0, refused);
	ASSERT_GT(MOST_FAILURES, n);
}

/* Releasing may not depend on memory: only the copy of the argument can fail. */
static void fail_unpin(struct __test_metadata *_metadata, FIXTURE_DATA(fail_nth) *self)
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
		if (ret) {
			ASSERT_EQ(-EFAULT, ret);
			check_books(_metadata, self, PAGES);
			unpin(self->fd, id);
		}
		check_books(_metadata, self, 0);
		if (!failed)
			break;
	}
	ASSERT_EQ(0, ret);
	ASSERT_GT(MOST_FAILURES, n);
}

static void fail_close(struct __test_metadata *_metadata, FIXTURE_DATA(fail_nth) *self)
{
	unsigned int n;
	bool failed;

	for (n = 1; n < MOST_FAILURES; n++) {
		int fd = mempinfd(0);

		pin(fd, self->buf.data, self->buf.length - PAGE, PIN_W);
		pin(fd, self->buf.data, PAGE, PIN_W);
		arm(self->control, n);
		close(fd);
		failed = disarm(self->control);
		check_books(_metadata, self, 0);
		if (!failed)
			break;
	}
	ASSERT_GT(MOST_FAILURES, n);
}

TEST_F(fail_nth, open)
{
	fail_open(_metadata, self);
}

TEST_F(fail_nth, pin)
{
	fail_pin(_metadata, self);
}

TEST_F(fail_nth, pin_of_untouched_memory)
{
	fail_untouched(_metadata, self);
}

TEST_F(fail_nth, unpin)
{
	fail_unpin(_metadata, self);
}

TEST_F(fail_nth, close)
{
	fail_close(_metadata, self);
}

/* One search for what all of them lose: it takes far longer than they do. */
TEST_F(fail_nth, leaves_no_memory_behind)
{
	SKIP_WITHOUT_KMEMLEAK();
	clear_leaks();
	fail_open(_metadata, self);
	fail_pin(_metadata, self);
	fail_untouched(_metadata, self);
	fail_unpin(_metadata, self);
	fail_close(_metadata, self);
	ASSERT_EQ(0, report_leaks());
}

TEST_MAIN
