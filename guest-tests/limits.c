// SPDX-License-Identifier: MIT
/*
 * What a pin costs its user: RLIMIT_MEMLOCK, CAP_IPC_LOCK, VmPin, and whose
 * account it is.
 */
#include <linux/capability.h>
#include <linux/io_uring.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "harness.h"

#include "buffer.h"
#include "child.h"
#include "mempin.h"
#include "privilege.h"
#include "proc.h"

#define LIMIT	4	/* pages that the user may lock */

FIXTURE(limits) {
	struct buffer buf;
	uid_t user;
};

FIXTURE_SETUP(limits)
{
	SKIP_WITHOUT_MEMPINFD();
	SKIP_BEFORE_V4("accounting");
	buffer_map(&self->buf, BUFFER_ANON, 4 * LIMIT * PAGE);
	self->user = fresh_user();
	limit_locked_memory(LIMIT * PAGE);
}

FIXTURE_TEARDOWN(limits)
{
	buffer_unmap(&self->buf);
}

TEST_F(limits, no_limit_at_all_is_eperm)
{
	int fd;

	limit_locked_memory(0);
	become_user(self->user);
	fd = mempinfd(0);
	ASSERT_EQ(-EPERM, __pin(fd, self->buf.data, 1, PIN_R, NULL));
	ASSERT_EQ(0, pinned_pages());
}

TEST_F(limits, limit_is_exact)
{
	uint64_t id;
	int fd;

	become_user(self->user);
	fd = mempinfd(0);
	ASSERT_EQ(-ENOMEM, __pin(fd, self->buf.data, (LIMIT + 1) * PAGE, PIN_W, NULL));
	ASSERT_EQ(0, pinned_pages());
	id = pin(fd, self->buf.data, LIMIT * PAGE, PIN_W);
	ASSERT_EQ(LIMIT, pinned_pages());
	ASSERT_EQ(-ENOMEM, __pin(fd, self->buf.data, 1, PIN_W, NULL));
	ASSERT_EQ(LIMIT, pinned_pages());
	unpin(fd, id);
	ASSERT_EQ(0, pinned_pages());
	pin(fd, self->buf.data, LIMIT * PAGE, PIN_W);
}

/* What counts are pages, not bytes: two bytes can be two pages. */
TEST_F(limits, pages_are_charged_not_bytes)
{
	int fd;

	limit_locked_memory(2 * PAGE - 1);
	become_user(self->user);
	fd = mempinfd(0);
	ASSERT_EQ(-ENOMEM, __pin(fd, self->buf.data + PAGE - 1, 2, PIN_W, NULL));
	pin(fd, self->buf.data + PAGE - 1, 1, PIN_W);
	ASSERT_EQ(1, pinned_pages());
}

TEST_F(limits, overlapping_pins_are_charged_each)
{
	int fd;

	become_user(self->user);
	fd = mempinfd(0);
	for (int i = 0; i < LIMIT; i++)
		pin(fd, self->buf.data, PAGE, PIN_W);
	ASSERT_EQ(LIMIT, pinned_pages());
	ASSERT_EQ(-ENOMEM, __pin(fd, self->buf.data, PAGE, PIN_W, NULL));
}

TEST_F(limits, failed_pin_is_charged_nothing)
{
	int fd;

	become_user(self->user);
	fd = mempinfd(0);
	ASSERT_EQ(0, munmap(self->buf.data + 2 * PAGE, PAGE));
	for (int i = 0; i < 10; i++) {
		ASSERT_EQ(-EFAULT, __pin(fd, self->buf.data, LIMIT * PAGE, PIN_W, NULL));
	}
	ASSERT_EQ(0, pinned_pages());
	pin(fd, self->buf.data + 3 * PAGE, LIMIT * PAGE, PIN_W);
}

TEST_F(limits, cap_ipc_lock_is_not_limited)
{
	int fd;

	limit_locked_memory(0);
	become_user_with(self->user, CAP_IPC_LOCK);
	fd = mempinfd(0);
	pin(fd, self->buf.data, 2 * LIMIT * PAGE, PIN_W);
	ASSERT_EQ(2 * LIMIT, pinned_pages());

	set_capability(CAP_IPC_LOCK, false);
	ASSERT_EQ(-EPERM, __pin(fd, self->buf.data, PAGE, PIN_W, NULL));
	ASSERT_EQ(2 * LIMIT, pinned_pages());
}

/* Otherwise what root pins would count against whatever else runs as root. */
TEST_F(limits, cap_ipc_lock_is_not_charged_to_the_user)
{
	int fd;

	become_user_with(self->user, CAP_IPC_LOCK);
	fd = mempinfd(0);
	pin(fd, self->buf.data, LIMIT * PAGE, PIN_W);
	set_capability(CAP_IPC_LOCK, false);
	pin(fd, self->buf.data, LIMIT * PAGE, PIN_W);
	ASSERT_EQ(2 * LIMIT, pinned_pages());
	ASSERT_EQ(-ENOMEM, __pin(fd, self->buf.data, PAGE, PIN_W, NULL));
}

/* Root of a user namespace of one's own is not privileged here. */
TEST_F(limits, capability_in_a_user_namespace_does_not_count)
{
	int fd;

	become_user(self->user);
	ASSERT_EQ(0, unshare(CLONE_NEWUSER));
	fd = mempinfd(0);
	ASSERT_EQ(-ENOMEM, __pin(fd, self->buf.data, (LIMIT + 1) * PAGE, PIN_W, NULL));
	limit_locked_memory(0);
	ASSERT_EQ(-EPERM, __pin(fd, self->buf.data, PAGE, PIN_W, NULL));
	ASSERT_EQ(0, pinned_pages());
}

TEST_F(limits, files_of_one_user_add_up)
{
	int first, second;

	become_user(self->user);
	first = mempinfd(0);
	second = mempinfd(0);
	pin(first, self->buf.data, (LIMIT - 1) * PAGE, PIN_W);
	ASSERT_EQ(-ENOMEM, __pin(second, self->buf.data, 2 * PAGE, PIN_W, NULL));
	pin(second, self->buf.data, PAGE, PIN_W);
	ASSERT_EQ(LIMIT, pinned_pages());
	close(first);
	ASSERT_EQ(1, pinned_pages());
	pin(second, self->buf.data, (LIMIT - 1) * PAGE, PIN_W);
}

/* In a child: tries to pin as many pages as it is told, until it is told none. */
static int pin_on_request(struct peer *parent, void *arg)
{
	struct buffer *buf = arg;
	int fd = mempinfd(0);
	long pages;

	while ((pages = peer_receive(parent)))
		peer_send(parent, __pin(fd, buf->data, pages * PAGE, PIN_W, NULL));
	return 0;
}

static long ask(struct peer *child, long pages)
{
	peer_send(child, pages);
	return peer_receive(child);
}

static void dismiss(struct peer *child)
{
	peer_send(child, 0);
	CHECK(child_finish(child) == 0);
}

/* Otherwise fork() would multiply the limit. */
TEST_F(limits, processes_of_one_user_add_up)
{
	struct peer child;
	int fd;

	become_user(self->user);
	child = child_start(pin_on_request, &self->buf);
	fd = mempinfd(0);
	ASSERT_EQ(0, ask(&child, LIMIT - 1));
	ASSERT_EQ(-ENOMEM, __pin(fd, self->buf.data, 2 * PAGE, PIN_W, NULL));
	pin(fd, self->buf.data, PAGE, PIN_W);
	ASSERT_EQ(-ENOMEM, ask(&child, 1));
	ASSERT_EQ(1, pinned_pages());

	dismiss(&child);
	pin(fd, self->buf.data, (LIMIT - 1) * PAGE, PIN_W);
}

TEST_F(limits, users_do_not_add_up)
{
	struct peer child;
	int fd;

	ASSERT_EQ(0, setresuid(self->user + 1, self->user + 1, 0));
	child = child_start(pin_on_request, &self->buf);
	ASSERT_EQ(0, ask(&child, LIMIT));
	ASSERT_EQ(0, seteuid(0));
	become_user(self->user);
	fd = mempinfd(0);
	pin(fd, self->buf.data, LIMIT * PAGE, PIN_W);
	dismiss(&child);
}

TEST_F(limits, lowering_the_limit_keeps_pins_and_refuses_new_ones)
{
	uint64_t id;
	int fd;

	become_user(self->user);
	fd = mempinfd(0);
	id = pin(fd, self->buf.data, 3 * PAGE, PIN_W);
	limit_locked_memory(2 * PAGE);
	ASSERT_EQ(3, pinned_pages());
	ASSERT_EQ(-ENOMEM, __pin(fd, self->buf.data, PAGE, PIN_W, NULL));
	unpin(fd, id);
	pin(fd, self->buf.data, 2 * PAGE, PIN_W);
	ASSERT_EQ(-ENOMEM, __pin(fd, self->buf.data, PAGE, PIN_W, NULL));
}

struct account {
	struct buffer *buf;
	uid_t user;
};

/* In a child: as the account's user, how many pages are still free. */
static long free_pages(void *arg)
{
	struct account *account = arg;
	long pages = 0;
	int fd;

	become_user(account->user);
	fd = mempinfd(0);
	while (__pin(fd, account->buf->data, PAGE, PIN_W, NULL) == 0)
		pages++;
	return pages;
}

/* The user who opened the file is charged and gets it back, whoever unpins. */
TEST_F(limits, user_who_opened_the_file_is_uncharged)
{
	struct account opener = { &self->buf, self->user };
	struct account other = { &self->buf, self->user + 1 };
	uint64_t id;
	int fd;

	ASSERT_EQ(0, setresuid(opener.user, opener.user, 0));
	fd = mempinfd(0);
	id = pin(fd, self->buf.data, 3 * PAGE, PIN_W);
	ASSERT_EQ(0, seteuid(0));
	ASSERT_EQ(0, setresuid(other.user, 0, 0));

	ASSERT_EQ(LIMIT - 3, in_child(free_pages, &opener));
	ASSERT_EQ(LIMIT, in_child(free_pages, &other));
	unpin(fd, id);
	ASSERT_EQ(0, pinned_pages());
	ASSERT_EQ(LIMIT, in_child(free_pages, &opener));
	ASSERT_EQ(LIMIT, in_child(free_pages, &other));
}

/* What was not charged is not returned. */
TEST_F(limits, capability_lost_before_unpin_does_not_underflow)
{
	uint64_t id;
	int fd;

	become_user_with(self->user, CAP_IPC_LOCK);
	fd = mempinfd(0);
	id = pin(fd, self->buf.data, 2 * LIMIT * PAGE, PIN_W);
	set_capability(CAP_IPC_LOCK, false);
	unpin(fd, id);
	ASSERT_EQ(0, pinned_pages());
	pin(fd, self->buf.data, LIMIT * PAGE, PIN_W);
	ASSERT_EQ(-ENOMEM, __pin(fd, self->buf.data, PAGE, PIN_W, NULL));
}

/* What was charged is returned. */
TEST_F(limits, capability_gained_before_unpin_returns_the_charge)
{
	uint64_t id;
	int fd;

	become_user_with(self->user, CAP_IPC_LOCK);
	set_capability(CAP_IPC_LOCK, false);
	fd = mempinfd(0);
	id = pin(fd, self->buf.data, LIMIT * PAGE, PIN_W);
	set_capability(CAP_IPC_LOCK, true);
	unpin(fd, id);
	ASSERT_EQ(0, pinned_pages());
	set_capability(CAP_IPC_LOCK, false);
	pin(fd, self->buf.data, LIMIT * PAGE, PIN_W);
	ASSERT_EQ(-ENOMEM, __pin(fd, self->buf.data, PAGE, PIN_W, NULL));
}

TEST_F(limits, io_uring_buffers_share_the_account)
{
	struct io_uring_params params = { 0 };
	struct iovec range = { self->buf.data, 3 * PAGE };
	int ring, fd;

	become_user(self->user);
	ring = syscall(SYS_io_uring_setup, 1, &params);
	ASSERT_LE(0, ring);
	ASSERT_EQ(0, syscall(SYS_io_uring_register, ring, IORING_REGISTER_BUFFERS, &range, 1));
	fd = mempinfd(0);
	ASSERT_EQ(-ENOMEM, __pin(fd, self->buf.data, (LIMIT - 2) * PAGE, PIN_W, NULL));
	pin(fd, self->buf.data, (LIMIT - 3) * PAGE, PIN_W);
	ASSERT_EQ(LIMIT, pinned_pages());
}

TEST_F(limits, vmpin_is_exact_and_vmlck_untouched)
{
	uint64_t locked = status_kib("VmLck");
	uint64_t first, second;
	int fd = mempinfd(0);

	first = pin(fd, self->buf.data, 3 * PAGE, PIN_W);
	second = pin(fd, self->buf.data + PAGE / 2, 2 * PAGE, PIN_R);
	ASSERT_EQ(6 * PAGE / 1024, status_kib("VmPin"));
	ASSERT_EQ(-EFAULT, __pin(fd, buffer_end(&self->buf) - PAGE, 2 * PAGE, PIN_W, NULL));
	ASSERT_EQ(6 * PAGE / 1024, status_kib("VmPin"));
	unpin(fd, first);
	ASSERT_EQ(3 * PAGE / 1024, status_kib("VmPin"));
	unpin(fd, second);
	ASSERT_EQ(0, status_kib("VmPin"));
	pin(fd, self->buf.data, self->buf.length, PIN_W);
	ASSERT_EQ(self->buf.length / 1024, status_kib("VmPin"));
	close(fd);
	ASSERT_EQ(0, status_kib("VmPin"));
	ASSERT_EQ(locked, status_kib("VmLck"));
}

TEST_MAIN
