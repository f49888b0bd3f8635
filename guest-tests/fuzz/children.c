// SPDX-License-Identifier: MIT
/*
 * Forked children that keep what they had: memory as it was, files to hold and
 * not to use.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "holders.h"
#include "mappings.h"
#include "mempin.h"
#include "world.h"

enum answer {
	AGREES,
	BYTES_DIFFER,
	NOT_REFUSED,
	NOT_CLOSED,
};

static const char *const answers[] = {
	[BYTES_DIFFER] = "bytes that a child reads",
	[NOT_REFUSED] = "who may use a file",
	[NOT_CLOSED] = "which files exec closes",
};

#define WRITTEN_BYTES	64

/* What a child is told to do; fits in what is sent to it. */
struct order {
	uint32_t at;
	uint8_t kind;
	uint8_t object;
	uint8_t value;
	uint8_t id;
};

static long encode(struct order order)
{
	long value;

	_Static_assert(sizeof(value) == sizeof(order), "an order is one message");
	memcpy(&value, &order, sizeof(value));
	return value;
}

static struct order decode(long value)
{
	struct order order;

	memcpy(&order, &value, sizeof(order));
	return order;
}

/* Private memory is the child's own from now on, its model too; what is shared changes for all. */
static long write_own(struct world *world, struct order order)
{
	uint8_t bytes[WRITTEN_BYTES];
	uint32_t reach = WRITTEN_BYTES - order.at % WRITTEN_BYTES;

	if (model_reach(&world->model, order.at, reach, true) < reach)
		return AGREES;
	memset(bytes, order.value, reach);
	if (!cpu_write(ARENA + order.at, bytes, reach))
		return BYTES_DIFFER;
	if (model_in_common(&world->model, order.at / PAGE))
		model_write(&world->model, order.at, reach, bytes);
	return AGREES;
}

/* Small ids exist as soon as anything was pinned through the file. */
static long use(int fd, struct order order)
{
	static uint8_t own[PAGE];

	if (__pin(fd, own, sizeof(own), PIN_R, NULL) != -EACCES)
		return NOT_REFUSED;
	return __unpin(fd, order.id) == -EACCES ? AGREES : NOT_REFUSED;
}

/* What is in front of the files: the program, AFTER_EXEC, the socket, which files must be left. */
#define EXEC_WORDS	4

static void exec_self(struct world *world, struct peer *parent, struct order order)
{
	char words[EXEC_WORDS + OBJECTS][16] = { "fuzz", AFTER_EXEC };
	char *argv[EXEC_WORDS + OBJECTS + 1] = { NULL };
	int i;

	CHECK(fcntl(parent->socket, F_SETFD, 0) == 0);
	snprintf(words[2], sizeof(words[2]), "%d", parent->socket);
	snprintf(words[3], sizeof(words[3]), "%u", order.value);
	for (i = 0; i < OBJECTS; i++)
		snprintf(words[EXEC_WORDS + i], sizeof(words[0]), "%d", world->fds[i]);
	for (i = 0; i < EXEC_WORDS + OBJECTS; i++)
		argv[i] = words[i];
	execv("/proc/self/exe", argv);
	CHECK(false, "exec");
}

static long obey(struct world *world, struct peer *parent, struct order order)
{
	switch (order.kind) {
	case OP_CHILD_READ:
		return world_memory_agrees(world) ? AGREES : BYTES_DIFFER;
	case OP_CHILD_WRITE:
		return write_own(world, order);
	case OP_CHILD_USE:
		return use(world->fds[order.object], order);
	case OP_CHILD_CLOSE:
		CHECK(close(world->fds[order.object]) == 0);
		world->fds[order.object] = -1;
		return AGREES;
	case OP_PASS:
		world->fds[order.object] = peer_receive_file(parent);
		return AGREES;
	default:
		exec_self(world, parent, order);
		return AGREES;
	}
}

static int serve(struct peer *parent, void *arg)
{
	for (;;) {
		struct order order = decode(peer_receive(parent));

		if (order.kind == OP_EXIT)
			return 0;
		peer_send(parent, obey(arg, parent, order));
	}
}

int fuzz_after_exec(char **argv)
{
	static struct world world;
	struct peer parent = { .socket = atoi(argv[2]) };
	unsigned int left = atoi(argv[3]);
	long answer = AGREES;

	for (int i = 0; i < OBJECTS; i++) {
		world.fds[i] = atoi(argv[EXEC_WORDS + i]);
		if (world.fds[i] >= 0 && (fcntl(world.fds[i], F_GETFD) >= 0) != !!(left & 1u << i))
			answer = NOT_CLOSED;
	}
	peer_send(&parent, answer);
	return serve(&parent, &world);
}

static uint8_t id_of(const struct world *world, unsigned int object)
{
	for (int i = 0; i < PINS; i++)
		if (world->model.pins[i].known && world->model.pins[i].file == object)
			return world->ids[i];
	return 1;
}

/* The files that @child has when the model has taken its step. */
static uint8_t files_of(const struct model *model, unsigned int child)
{
	uint8_t files = 0;

	for (int i = 0; i < OBJECTS; i++)
		if (model->files[i].holders & 1u << child)
			files |= 1u << i;
	return files;
}

static struct order order_for(struct world *world, const struct operation *op)
{
	unsigned int object = op->kind == OP_PASS ? world->model.open[op->file] :
			      model_held_by(&world->model, op->child, op->file);
	struct order order = {
		.kind = op->kind,
		.at = op->at,
		.value = op->value,
		.object = object,
	};

	if (op->kind == OP_CHILD_USE)
		order.id = id_of(world, object);
	model_apply(&world->model, op);
	if (op->kind == OP_EXEC)
		order.value = files_of(&world->model, op->child);
	return order;
}

static void tell(struct world *world, const struct operation *op)
{
	struct peer *child = &world->children[op->child];
	struct order order = order_for(world, op);
	long answer;

	peer_send(child, encode(order));
	if (op->kind == OP_PASS)
		peer_send_file(child, world->fds[order.object]);
	if (op->kind == OP_EXIT) {
		CHECK(child_finish(child) == 0);
		return;
	}
	answer = peer_receive(child);
	if (answer != AGREES)
		disagree(world, operation_name(op->kind), "%s", answers[answer]);
}

/* The child's fds are the parent's of the moment; what the parent has closed it has not. */
void children_perform(struct world *world, const struct operation *op)
{
	if (op->kind != OP_FORK)
		return tell(world, op);
	model_apply(&world->model, op);
	world->children[op->child] = child_start(serve, world);
}
