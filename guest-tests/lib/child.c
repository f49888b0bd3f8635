// SPDX-License-Identifier: MIT
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "child.h"
#include "limit.h"

struct peer child_start(int (*body)(struct peer *parent, void *arg), void *arg)
{
	struct peer child, parent = { 0 };
	int sockets[2];

	CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) == 0);
	child.socket = sockets[0];
	parent.socket = sockets[1];
	child.pid = fork();
	CHECK(child.pid >= 0);
	if (child.pid == 0) {
		/* A test that ends early must not leave children behind. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(child.socket);
		_exit(body(&parent, arg));
	}
	close(parent.socket);
	return child;
}

int child_finish(struct peer *child)
{
	int status;

	CHECK(waitpid(child->pid, &status, 0) == child->pid);
	close(child->socket);
	CHECK(WIFEXITED(status), "the child ended with wait status %#x", status);
	return WEXITSTATUS(status);
}

void child_kill(struct peer *child)
{
	int status;

	CHECK(kill(child->pid, SIGKILL) == 0);
	CHECK(waitpid(child->pid, &status, 0) == child->pid);
	close(child->socket);
}

void peer_send(struct peer *peer, long value)
{
	CHECK(send(peer->socket, &value, sizeof(value), MSG_NOSIGNAL) == sizeof(value));
}

static void await_message(struct peer *peer)
{
	struct pollfd poller = { .fd = peer->socket, .events = POLLIN };

	CHECK(poll(&poller, 1, wait_seconds() * 1000) == 1,
	      "awaiting the other process for %d s", wait_seconds());
}

long peer_receive(struct peer *peer)
{
	long value;

	await_message(peer);
	CHECK(recv(peer->socket, &value, sizeof(value), 0) == sizeof(value),
	      "the other process is gone");
	return value;
}

union file_message {
	char buffer[CMSG_SPACE(sizeof(int))];
	struct cmsghdr align;
};

static struct msghdr file_header(union file_message *control, struct iovec *payload)
{
	memset(control, 0, sizeof(*control));
	return (struct msghdr) {
		.msg_iov = payload,
		.msg_iovlen = 1,
		.msg_control = control->buffer,
		.msg_controllen = sizeof(control->buffer),
	};
}

void peer_send_file(struct peer *peer, int fd)
{
	char byte = 0;
	struct iovec payload = { &byte, 1 };
	union file_message control;
	struct msghdr header = file_header(&control, &payload);
	struct cmsghdr *message = CMSG_FIRSTHDR(&header);

	message->cmsg_level = SOL_SOCKET;
	message->cmsg_type = SCM_RIGHTS;
	message->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(message), &fd, sizeof(fd));
	CHECK(sendmsg(peer->socket, &header, MSG_NOSIGNAL) == 1);
}

int peer_receive_file(struct peer *peer)
{
	char byte;
	struct iovec payload = { &byte, 1 };
	union file_message control;
	struct msghdr header = file_header(&control, &payload);
	struct cmsghdr *message;
	int fd;

	await_message(peer);
	CHECK(recvmsg(peer->socket, &header, MSG_CMSG_CLOEXEC) == 1);
	message = CMSG_FIRSTHDR(&header);
	CHECK(message && message->cmsg_type == SCM_RIGHTS);
	memcpy(&fd, CMSG_DATA(message), sizeof(fd));
	return fd;
}

struct call {
	long (*body)(void *arg);
	void *arg;
};

static int report_call(struct peer *parent, void *arg)
{
	struct call *call = arg;

	peer_send(parent, call->body(call->arg));
	return 0;
}

long in_child(long (*body)(void *arg), void *arg)
{
	struct call call = { body, arg };
	struct peer child = child_start(report_call, &call);
	long value = peer_receive(&child);

	CHECK(child_finish(&child) == 0);
	return value;
}
