// SPDX-License-Identifier: MIT
/*
 * A page that user space provides (userfaultfd): the pin waits for it, alone, and a
 * fatal signal ends it.
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/ioctl.h>

#include "harness.h"

#include "buffer.h"
#include "child.h"
#include "mempin.h"
#include "newer.h"
#include "proc.h"
#include "uffd.h"

FIXTURE(awaited) {
	struct buffer buf;
	struct buffer other;
	int uffd;
	int fd;
};

static void await_fault(int uffd)
{
	struct uffd_msg message;

	CHECK(read(uffd, &message, sizeof(message)) == sizeof(message));
	CHECK(message.event == UFFD_EVENT_PAGEFAULT);
}

static void provide(int uffd, struct buffer *buf, const void *contents)
{
	struct uffdio_copy copy = {
		.dst = (uintptr_t)buf->data, .src = (uintptr_t)contents, .len = buf->length,
	};

	CHECK(ioctl(uffd, UFFDIO_COPY, &copy) == 0);
}

FIXTURE_SETUP(awaited)
{
	SKIP_WITHOUT_MEMPINFD();
	SKIP_BEFORE_V4("accounting");
	buffer_map(&self->buf, BUFFER_ANON, PAGE);
	buffer_map(&self->other, BUFFER_ANON, PAGE);
	self->uffd = watch_missing(&self->buf, 0);
	self->fd = mempinfd(MEMPINFD_CLOEXEC);
}

FIXTURE_TEARDOWN(awaited)
{
	close(self->fd);
	close(self->uffd);
	buffer_unmap(&self->buf);
	buffer_unmap(&self->other);
}

static volatile sig_atomic_t caught;

static void catch(int signal)
{
	(void)signal;
	caught = 1;
}

struct pinning {
	int fd;
	struct buffer *buf;
	uint64_t id;
	int result;
};

static void *pin_in_thread(void *arg)
{
	struct pinning *pinning = arg;

	pinning->result = __pin(pinning->fd, pinning->buf->data, pinning->buf->length, PIN_W,
				&pinning->id);
	return NULL;
}

/* While one thread waits, others use the file, and a caught signal changes nothing. */
TEST_F(awaited, delays_nobody_else_and_is_not_interrupted)
{
	struct sigaction action = { .sa_handler = catch };
	struct pinning pinning = { .fd = self->fd, .buf = &self->buf };
	pthread_t thread;

	paint(self->other.data, PAGE, 8);
	ASSERT_EQ(0, sigaction(SIGUSR1, &action, NULL));
	ASSERT_EQ(0, pthread_create(&thread, NULL, pin_in_thread, &pinning));
	await_fault(self->uffd);
	unpin(self->fd, pin(self->fd, self->other.data, PAGE, PIN_W));
	ASSERT_EQ(0, pthread_kill(thread, SIGUSR1));

	provide(self->uffd, &self->buf, self->other.data);
	ASSERT_EQ(0, pthread_join(thread, NULL));
	ASSERT_EQ(1, caught);
	ASSERT_EQ(0, pinning.result);
	ASSERT_EQ(1, pinned_pages());
	ASSERT_EQ(PAGE, painted(self->buf.data, PAGE, 8));
	unpin(self->fd, pinning.id);
}

static int pin_forever(struct peer *parent, void *arg)
{
	struct buffer buf;

	(void)arg;
	buffer_map(&buf, BUFFER_ANON, PAGE);
	peer_send_file(parent, watch_missing(&buf, 0));
	return __pin(mempinfd(0), buf.data, PAGE, PIN_W, NULL);
}

TEST_F(awaited, sigkill_ends_it)
{
	uint64_t held = pins_held();
	struct peer child = child_start(pin_forever, NULL);
	int uffd = peer_receive_file(&child);

	await_fault(uffd);
	child_kill(&child);
	ASSERT_EQ(held, pins_held());
	close(uffd);
}

TEST_MAIN
