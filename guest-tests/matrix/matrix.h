/* SPDX-License-Identifier: MIT */
/*
 * The fault matrix: one event, one protection, one buffer, and what the device saw of it.
 */
#ifndef PINLAB_MATRIX_H
#define PINLAB_MATRIX_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "buffer.h"
#include "disk.h"
#include "testdev.h"

/* What a buffer is made of. With the protection MAP_HUGETLB it is the hugetlb kind nearest to it. */
enum backing {
	BACKING_ANON,
	BACKING_THP,
	BACKING_SHMEM,
	BACKING_MEMFD,
	BACKING_FILE,		/* shared mapping of a disk, which the device only reads */
};

/* What a buffer holds before the event, and what it may hold after it. */
enum contents {
	PAINTED,		/* paint() */
	ALIKE,			/* every page the same, for KSM */
	UNTOUCHED,		/* nobody has touched it: zero */
	ZERO,			/* after: zero */
	PAINTED_OR_ZERO,	/* after: each page either */
};

/* Who makes the event happen on a machine that runs. */
enum cause {
	KERNEL,			/* the kernel by itself */
	PROCESS,		/* a process that asks for it by name */
};

struct cell;

struct event {
	const char *name;
	enum cause cause;
	enum backing backing;
	enum contents before;
	enum contents after;
	/* Left out unless it is asked for by its full name: shows that the matrix notices. */
	bool control;
	/* A sysctl switches it off for the whole machine, so that the twin cannot tell. */
	bool has_switch;
	/* Why this kernel cannot have the event, or NULL; optional. */
	const char *(*missing)(void);
	/* Before there are buffers, unless it maps them itself; optional. */
	void (*prepare)(struct cell *cell);
	/* Before they are touched for the first time; optional. */
	void (*arrange)(struct cell *cell);
	/* Once they are, and before the protection; optional. */
	void (*settle)(struct cell *cell);
	/* Lets the event happen to object and twin alike. */
	void (*happen)(struct cell *cell);
	/* Whether it did, to judge by the twin. */
	bool (*happened)(struct cell *cell);
};

/* Each ends with an event that has no name. */
extern const struct event reclaim_events[], moving_events[], numa_events[], sharing_events[],
	ageing_events[], asked_events[], leaving_events[], control_events[];

struct protection {
	const char *name;
	/* The buffer is of the hugetlb pool. */
	bool hugetlb;
	/* Turns the switches of events that have one. */
	bool switches_off;
	/* Returns 0 or -errno. */
	int (*protect)(struct cell *cell);
};

extern const struct protection protections[];
extern const unsigned int nr_protections;

#define SMALL		(16 * PAGE)
#define SEED_OBJECT	1
#define SEED_TWIN	2
#define ALIKE_BYTE	0x44

/* What is done to one buffer, the object, and to an equal one without the protection, its twin. */
struct cell {
	const struct event *event;
	const struct protection *protection;
	bool busy;		/* the device uses the object throughout the event */
	struct testdev dev;
	struct testdev twin_dev;	/* the first is busy in its loop */
	struct buffer object;
	struct buffer twin;
	uint64_t *object_frames;
	uint64_t *twin_frames;
	struct disk disks[2];	/* behind object and twin, where they are files */
	char group[64];		/* the cgroup that the process is in, or "" */
	bool refused;		/* the kernel does not do to the object what was asked for */
	const char *unsuited;	/* why the event cannot be had for this memory, or NULL */
	uint32_t loop;		/* the descriptor of a busy device */
	uint16_t *order;	/* whose contents each page of the object has then, or NULL */
};

enum outcome {
	MEASURED,
	NOT_APPLICABLE,		/* this protection cannot be had for this memory */
	INCONCLUSIVE,		/* nothing shows that the event took place */
	PREVENTED,		/* the protection switches the event off */
	FAILED,			/* the cell broke off */
};

struct measurement {
	enum outcome outcome;
	char reason[200];
	uint64_t pages;		/* of 4 KiB that the device touches */
	uint64_t stalls;	/* when the device touches them again after the event */
	uint64_t moved;		/* pages that are no longer where they were */
	bool wrong;		/* the device or the CPU saw bytes that do not belong there */
	bool aborted;		/* the device was refused */
	/* From the event on, of a busy device; passes that it made over the object. */
	uint64_t during_stalls, during_aborts, passes;
};

/* cell.c */

/* Runs the cell in this process, from its buffers to the verdict. */
void run_cell(struct cell *cell, struct measurement *result);
/* Whether the device writes to the buffers, or only reads them. */
bool is_written(const struct cell *cell);
/* Stalls of the device as it goes over one of the buffers. */
uint64_t touch(struct cell *cell, struct buffer *buf, bool *aborted);

/* loop.c */

/* The device goes over the object again and again until end_loop(). */
void begin_loop(struct cell *cell);
void end_loop(struct cell *cell, struct measurement *result);
/* A device that is busy goes over all of the object. */
void await_pass(struct cell *cell);

/* attempt.c */

/* Measures a cell in a process of its own, again if the event did not take place. */
struct measurement measure_once(const struct event *event, const struct protection *protection,
				bool busy);
/* What events and protections set for the whole machine becomes what it was. */
void restore_machine(void);

/* memory.c */

void map_buffers(struct cell *cell);
void fill_buffers(struct cell *cell);

/* twin.c */

/* Stalls and aborts of the twin, as the device touches it the way it touches the object. */
uint64_t twin_stalls(struct cell *cell);
bool twin_stalled(struct cell *cell);
bool twin_moved(struct cell *cell);
bool twin_absent(struct cell *cell);
/* Asks for @advice on both; the kernel may refuse it, as it does for some kinds of memory. */
void advise(struct cell *cell, int advice);
bool advise_buffer(struct buffer *buf, int advice);
/* The limit of one event that began when time(NULL) was @start, and whether it has been reached. */
long event_end(long start);
bool too_long(long start);
/* Why nothing can move between NUMA nodes, or NULL. */
const char *one_node(void);
/* The end of allocate_on(). */
void allocate_anywhere(struct cell *cell);

/* group.c: a memory cgroup of this process's own, which leave_group() of its parent removes. */

void mount_groups(void);
void enter_group(struct cell *cell);
void renew_statistics(struct cell *cell);
int __group_write(struct cell *cell, const char *file, const char *text);
void leave_group(pid_t pid);

#endif
