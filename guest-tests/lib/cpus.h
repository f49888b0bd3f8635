/* SPDX-License-Identifier: MIT */
/*
 * All CPUs for one thread: what the kernel leaves to threads of its own, as the handling
 * of I/O page faults, waits meanwhile. For less than half a second: then the kernel gives
 * others a share. Needs CAP_SYS_NICE.
 */
#ifndef PINLAB_CPUS_H
#define PINLAB_CPUS_H

#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdbool.h>

struct held_cpus {
	cpu_set_t all;
	pthread_t threads[CPU_SETSIZE];
	sem_t held;
	bool given_back;
};

/*
 * Runs on each CPU for a moment: one that is idle may keep the address space of a process
 * that has ended until it runs another.
 */
void visit_cpus(void);

/* The caller keeps the CPU it is on; a child of it does not. It must not sleep. */
void hold_cpus(struct held_cpus *cpus);
void give_cpus_back(struct held_cpus *cpus);

#endif
