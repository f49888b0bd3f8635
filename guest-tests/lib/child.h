/* SPDX-License-Identifier: MIT */
/*
 * Forked children that act step by step with their parent.
 */
#ifndef PINLAB_CHILD_H
#define PINLAB_CHILD_H

#include <sys/types.h>

/* One end of a conversation between a parent and its child. */
struct peer {
	pid_t pid;		/* in the parent: of the child */
	int socket;		/* Unix datagram, so files can be sent along */
};

/* Starts a child that runs @body and exits with what it returns. */
struct peer child_start(int (*body)(struct peer *parent, void *arg), void *arg);
/* Waits for the child to exit by itself; asserts that it did, and returns its status. */
int child_finish(struct peer *child);
/* Ends the child with SIGKILL and waits until it is gone. */
void child_kill(struct peer *child);

void peer_send(struct peer *peer, long value);
/* Asserts that the other side sends something in time. */
long peer_receive(struct peer *peer);
void peer_send_file(struct peer *peer, int fd);
int peer_receive_file(struct peer *peer);

/* Runs @body in a child of its own and returns what it returned. */
long in_child(long (*body)(void *arg), void *arg);

#endif
