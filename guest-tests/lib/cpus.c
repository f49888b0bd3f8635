// SPDX-License-Identifier: MIT
#include "check.h"
#include "cpus.h"

static void move_to(int cpu)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	CHECK(sched_setaffinity(0, sizeof(one), &one) == 0);
}

void visit_cpus(void)
{
	cpu_set_t all;

	CHECK(sched_getaffinity(0, sizeof(all), &all) == 0);
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &all))
			move_to(cpu);
	CHECK(sched_setaffinity(0, sizeof(all), &all) == 0);
}

static void set_policy(int policy, int priority)
{
	struct sched_param parameters = { .sched_priority = priority };

	CHECK(sched_setscheduler(0, policy, &parameters) == 0);
}

/* Of the calling thread. */
static void be_first(int cpu)
{
	move_to(cpu);
	set_policy(SCHED_FIFO | SCHED_RESET_ON_FORK, sched_get_priority_max(SCHED_FIFO));
}

struct place {
	struct held_cpus *cpus;
	int cpu;
};

static void *spin(void *arg)
{
	struct place *place = arg;
	struct held_cpus *cpus = place->cpus;

	be_first(place->cpu);
	CHECK(sem_post(&cpus->held) == 0);
	while (!__atomic_load_n(&cpus->given_back, __ATOMIC_RELAXED))
		;
	return NULL;
}

static bool held_by_thread(const struct held_cpus *cpus, int cpu)
{
	return CPU_ISSET(cpu, &cpus->all) && cpu != sched_getcpu();
}

void hold_cpus(struct held_cpus *cpus)
{
	CHECK(sched_getaffinity(0, sizeof(cpus->all), &cpus->all) == 0);
	CHECK(sem_init(&cpus->held, 0, 0) == 0);
	cpus->given_back = false;
	be_first(sched_getcpu());
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		struct place place = { cpus, cpu };

		if (!held_by_thread(cpus, cpu))
			continue;
		CHECK(pthread_create(&cpus->threads[cpu], NULL, spin, &place) == 0);
		CHECK(sem_wait(&cpus->held) == 0);
	}
}

void give_cpus_back(struct held_cpus *cpus)
{
	__atomic_store_n(&cpus->given_back, true, __ATOMIC_RELAXED);
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (held_by_thread(cpus, cpu))
			CHECK(pthread_join(cpus->threads[cpu], NULL) == 0);
	CHECK(sched_setaffinity(0, sizeof(cpus->all), &cpus->all) == 0);
	set_policy(SCHED_OTHER, 0);
	CHECK(sem_destroy(&cpus->held) == 0);
}
