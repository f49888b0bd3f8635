// SPDX-License-Identifier: MIT
/*
 * Who may use a file and who only keeps it alive: after fork, exec, vfork,
 * SCM_RIGHTS and pidfd_getfd; and who may not create one.
 */
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>

#include "harness.h"

#include "buffer.h"
#include "child.h"
#include "mempin.h"
#include "proc.h"
#include "testdev.h"

#define PAGES	4
/* argv[1] of a program that holds a file it inherited through exec. */
#define AFTER_EXEC "--after-exec"

FIXTURE(sharing) {
	struct testdev dev;
	struct buffer buf;
	uint64_t held;
	uint64_t id;
	int fd;
};

FIXTURE_SETUP(sharing)
{
	SKIP_WITHOUT_MEMPINFD();
	SKIP_BEFORE_V4("owner");
	self->held = pins_held();
	testdev_open(&self->dev);
	buffer_map(&self->buf, BUFFER_ANON, PAGES * PAGE);
	self->fd = mempinfd(0);
	self->id = pin(self->fd, self->buf.data, self->buf.length, PIN_W);
}

static bool eventually_held(uint64_t count)
{
	time_t end = time(NULL) + wait_seconds();

	while (pins_held() != count && time(NULL) < end)
		sched_yield();
	return pins_held() == count;
}

FIXTURE_TEARDOWN(sharing)
{
	close(self->fd);
	EXPECT_TRUE(eventually_held(self->held));
	testdev_close(&self->dev);
	buffer_unmap(&self->buf);
}

/* The pin is whole: the device writes to the buffer without a stall. */
static bool still_pinned(struct testdev *dev, struct buffer *buf)
{
	struct dma_testdev_cpl cpl = testdev_fill(dev, buf->data, buf->length, 0x5f);

	return cpl.status == DMA_TESTDEV_OK && cpl.stalls == 0 &&
	       filled(buf->data, buf->length, 0x5f) == buf->length && pinned_pages() == PAGES;
}

/* In another address space: every operation is refused, and changes nothing. */
static void check_refused(int fd, uint64_t id)
{
	uint64_t pinned = pinned_pages();
	struct buffer own;
	int own_fd;

	buffer_map(&own, BUFFER_ANON, PAGE);
	CHECK(__pin(fd, own.data, PAGE, PIN_W, NULL) == -EACCES);
	CHECK(__unpin(fd, id) == -EACCES);
	CHECK(ioctl(fd, _IO(MEMPINFD_IOC_MAGIC, 0xff), NULL) == -1 && errno == EACCES);
	CHECK(pinned_pages() == pinned);
	/* A file of its own works as usual. */
	own_fd = mempinfd(MEMPINFD_CLOEXEC);
	pin(own_fd, own.data, PAGE, PIN_W);
	CHECK(pinned_pages() == pinned + 1);
	close(own_fd);
	buffer_unmap(&own);
}

struct inherited {
	int fd;
	uint64_t id;
};

static int be_refused(struct peer *parent, void *arg)
{
	struct inherited *file = arg;

	(void)parent;
	check_refused(file->fd, file->id);
	return 0;
}

TEST_F(sharing, forked_child_is_refused)
{
	struct inherited file = { self->fd, self->id };
	struct peer child = child_start(be_refused, &file);

	ASSERT_EQ(0, child_finish(&child));
	ASSERT_TRUE(still_pinned(&self->dev, &self->buf));
	unpin(self->fd, self->id);
}

static int hold_until_told(struct peer *parent, void *arg)
{
	(void)arg;
	peer_receive(parent);
	return 0;
}

/* A child that merely has the file keeps the parent's pins. */
TEST_F(sharing, forked_child_keeps_the_pins_alive)
{
	struct peer child = child_start(hold_until_told, NULL);

	close(self->fd);
	ASSERT_EQ(self->held + PAGES, pins_held());
	ASSERT_TRUE(still_pinned(&self->dev, &self->buf));
	peer_send(&child, 0);
	ASSERT_EQ(0, child_finish(&child));
	ASSERT_EQ(self->held, pins_held());
	ASSERT_EQ(0, pinned_pages());
}

static int pin_and_exec(struct peer *parent, void *arg)
{
	unsigned int flags = *(unsigned int *)arg;
	char fd[16], id[32], socket[16];
	struct buffer buf;
	int file = mempinfd(flags);

	buffer_map(&buf, BUFFER_ANON, PAGES * PAGE);
	snprintf(fd, sizeof(fd), "%d", file);
	snprintf(id, sizeof(id), "%llu",
		 (unsigned long long)pin(file, buf.data, buf.length, PIN_W));
	CHECK(fcntl(parent->socket, F_SETFD, 0) == 0);
	snprintf(socket, sizeof(socket), "%d", parent->socket);
	execl("/proc/self/exe", "sharing", AFTER_EXEC, fd, id, socket, NULL);
	return 1;
}

/* The new program: says whether it has the file, and closes it when told. */
static int after_exec(char **argv)
{
	int fd = atoi(argv[2]);
	uint64_t id = strtoull(argv[3], NULL, 10);
	struct peer parent = { .socket = atoi(argv[4]) };

	if (fcntl(fd, F_GETFD) < 0) {
		peer_send(&parent, -errno);
		return 0;
	}
	check_refused(fd, id);
	peer_send(&parent, 0);
	peer_receive(&parent);
	close(fd);
	peer_send(&parent, 0);
	peer_receive(&parent);
	return 0;
}

TEST_F(sharing, exec_closes_a_cloexec_file)
{
	unsigned int flags = MEMPINFD_CLOEXEC;
	struct peer child = child_start(pin_and_exec, &flags);

	ASSERT_EQ(-EBADF, peer_receive(&child));
	ASSERT_EQ(self->held + PAGES, pins_held());
	ASSERT_EQ(0, child_finish(&child));
}

TEST_F(sharing, file_kept_across_exec_holds_but_cannot_be_used)
{
	unsigned int flags = 0;
	struct peer child = child_start(pin_and_exec, &flags);

	ASSERT_EQ(0, peer_receive(&child));
	ASSERT_EQ(self->held + 2 * PAGES, pins_held());
	peer_send(&child, 0);
	ASSERT_EQ(0, peer_receive(&child));
	ASSERT_EQ(self->held + PAGES, pins_held());
	peer_send(&child, 0);
	ASSERT_EQ(0, child_finish(&child));
}

static int receive_file(struct peer *parent, void *arg)
{
	struct inherited *file = arg;
	int fd;

	close(file->fd);
	fd = peer_receive_file(parent);
	check_refused(fd, file->id);
	peer_send(parent, 0);
	peer_receive(parent);
	return 0;
}

/* The receiver cannot use the file; whoever closes last releases the pins. */
TEST_F(sharing, receiver_of_a_passed_file_is_refused)
{
	struct inherited file = { self->fd, self->id };
	struct peer child = child_start(receive_file, &file);

	peer_send_file(&child, self->fd);
	ASSERT_EQ(0, peer_receive(&child));
	ASSERT_TRUE(still_pinned(&self->dev, &self->buf));
	close(self->fd);
	ASSERT_TRUE(still_pinned(&self->dev, &self->buf));
	peer_send(&child, 0);
	ASSERT_EQ(0, child_finish(&child));
	ASSERT_EQ(self->held, pins_held());
	ASSERT_EQ(0, pinned_pages());
}

static int take_file(struct peer *parent, void *arg)
{
	struct inherited *file = arg;
	int pidfd, fd;

	(void)parent;
	close(file->fd);
	pidfd = syscall(SYS_pidfd_open, getppid(), 0);
	CHECK(pidfd >= 0);
	fd = syscall(SYS_pidfd_getfd, pidfd, file->fd, 0);
	CHECK(fd >= 0);
	check_refused(fd, file->id);
	return 0;
}

TEST_F(sharing, taker_by_pidfd_is_refused)
{
	struct inherited file = { self->fd, self->id };
	struct peer child = child_start(take_file, &file);

	ASSERT_EQ(0, child_finish(&child));
	ASSERT_TRUE(still_pinned(&self->dev, &self->buf));
}

/* The file outlives the address space that it pins for. */
static int pass_and_exit(struct peer *parent, void *arg)
{
	struct buffer buf;
	int fd = mempinfd(MEMPINFD_CLOEXEC);

	(void)arg;
	buffer_map(&buf, BUFFER_ANON, PAGES * PAGE);
	pin(fd, buf.data, buf.length, PIN_W);
	peer_send_file(parent, fd);
	return 0;
}

TEST_F(sharing, pins_outlive_their_process_in_a_passed_file)
{
	struct peer child = child_start(pass_and_exit, NULL);
	int fd = peer_receive_file(&child);

	ASSERT_EQ(0, child_finish(&child));
	ASSERT_EQ(self->held + 2 * PAGES, pins_held());
	check_refused(fd, 1);
	close(fd);
	ASSERT_EQ(self->held + PAGES, pins_held());
}

/* A file in flight on its own socket is garbage that the kernel must collect. */
TEST_F(sharing, file_in_flight_on_its_own_socket_is_released)
{
	struct peer ends[2];
	int sockets[2];

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_DGRAM, 0, sockets));
	ends[0] = (struct peer) { .socket = sockets[0] };
	ends[1] = (struct peer) { .socket = sockets[1] };
	peer_send_file(&ends[0], self->fd);
	peer_send_file(&ends[0], sockets[0]);
	peer_send_file(&ends[0], sockets[1]);
	close(self->fd);
	ASSERT_TRUE(still_pinned(&self->dev, &self->buf));
	close(sockets[0]);
	close(sockets[1]);
	/* Closing any Unix socket makes the kernel look for garbage. */
	close(socket(AF_UNIX, SOCK_DGRAM, 0));
	ASSERT_TRUE(eventually_held(self->held));
	ASSERT_EQ(0, pinned_pages());
}

struct same_space {
	struct buffer *buf;
	int fd;
	uint64_t id;
	int unpin_result;
	int pin_result;
};

static int use_as_own(void *arg)
{
	struct same_space *shared = arg;

	shared->unpin_result = __unpin(shared->fd, shared->id);
	shared->pin_result = __pin(shared->fd, shared->buf->data, shared->buf->length, PIN_W,
				   &shared->id);
	return 0;
}

/* As vfork() does it: another process, the same address space. */
TEST_F(sharing, child_in_the_same_address_space_is_an_equal)
{
	struct same_space shared = { &self->buf, self->fd, self->id, -1, -1 };
	static uint8_t stack[64 * 1024] __attribute__((aligned(16)));
	pid_t child;

	child = clone(use_as_own, stack + sizeof(stack), CLONE_VM | CLONE_VFORK | SIGCHLD,
		      &shared);
	ASSERT_LT(0, child);
	ASSERT_EQ(child, waitpid(child, NULL, 0));
	ASSERT_EQ(0, shared.unpin_result);
	ASSERT_EQ(0, shared.pin_result);
	ASSERT_NE(self->id, shared.id);
	ASSERT_TRUE(still_pinned(&self->dev, &self->buf));
	unpin(self->fd, shared.id);
}

static void filter_mempinfd(int error)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NR_MEMPINFD, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { ARRAY_SIZE(filter), filter };

	CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	CHECK(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
}

/* As seccomp has it: a file that is there already goes on to work. */
TEST_F(sharing, filter_refuses_new_files_only)
{
	filter_mempinfd(ENOSYS);
	ASSERT_EQ(-ENOSYS, __mempinfd(0));
	unpin(self->fd, self->id);
	pin(self->fd, self->buf.data, self->buf.length, PIN_W);
	ASSERT_TRUE(still_pinned(&self->dev, &self->buf));
}

int main(int argc, char **argv)
{
	if (argc == 5 && !strcmp(argv[1], AFTER_EXEC))
		return after_exec(argv);
	return test_main(argc, argv);
}
