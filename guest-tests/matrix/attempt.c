// SPDX-License-Identifier: MIT
/*
 * Each attempt at a cell is a process of its own, which must end.
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "khugepaged.h"
#include "ksm.h"
#include "limit.h"
#include "matrix.h"
#include "proc.h"

/* How often an event may fail to take place. */
#define ATTEMPTS	4

/* Both ends of what a cell's process says: to stderr, and in memory that it shares. */
struct running {
	pid_t pid;
	int pidfd;
	int messages;
	struct measurement *result;
};

static struct running start_cell(struct cell *cell)
{
	struct running run = { .messages = memfd_create("messages", MFD_CLOEXEC) };

	CHECK(run.messages >= 0);
	run.result = mmap(NULL, sizeof(*run.result), PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(run.result != MAP_FAILED);
	*run.result = (struct measurement) { .outcome = FAILED };
	run.pid = fork();
	CHECK(run.pid >= 0);
	if (run.pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(run.messages, STDERR_FILENO);
		run_cell(cell, run.result);
		_exit(0);
	}
	run.pidfd = syscall(SYS_pidfd_open, run.pid, 0);
	CHECK(run.pidfd >= 0);
	return run;
}

static void explain_failure(const struct running *run, const char *otherwise)
{
	struct measurement *result = run->result;
	ssize_t length = pread(run->messages, result->reason, sizeof(result->reason) - 1, 0);

	result->outcome = FAILED;
	result->reason[length > 0 ? length : 0] = 0;
	if (length <= 0)
		snprintf(result->reason, sizeof(result->reason), "%s", otherwise);
}

/* Not waited for if it cannot be ended: the next cell runs beside it. */
static struct measurement end_cell(struct running *run)
{
	struct pollfd ended = { .fd = run->pidfd, .events = POLLIN };
	struct measurement result;
	int status = 0;

	if (poll(&ended, 1, test_seconds() * 1000) == 0) {
		kill(run->pid, SIGKILL);
		explain_failure(run, "not over in time");
		poll(&ended, 1, 1000);
		waitpid(run->pid, NULL, WNOHANG);
	} else {
		CHECK(waitpid(run->pid, &status, 0) == run->pid);
		if (!WIFEXITED(status) || WEXITSTATUS(status))
			explain_failure(run, "ended by a signal");
	}
	leave_group(run->pid);
	result = *run->result;
	close(run->pidfd);
	close(run->messages);
	munmap(run->result, sizeof(*run->result));
	return result;
}

/* The disks behind files; the one that is in use as swap refuses to go. */
static void remove_disks(void)
{
	char text[16];

	for (int index = 0; index < 8; index++) {
		snprintf(text, sizeof(text), "%d", index);
		__write_text("/sys/class/zram-control/hot_remove", text);
	}
}

#define PACE	"/sys/kernel/debug/sched/numa_balancing/"

/* Its own pace is a second of each process's time; a process keeps the pace that it began with. */
static void hurry_numa_balancing(void)
{
	__write_text(PACE "scan_delay_ms", "1");
	__write_text(PACE "scan_period_min_ms", "10");
	__write_text(PACE "scan_period_max_ms", "20");
}

/* What events and protections set for the whole machine, and one that broke off leaves behind. */
void restore_machine(void)
{
	hurry_numa_balancing();
	__write_text("/proc/sys/kernel/numa_balancing", "0");
	__write_text("/proc/sys/vm/compact_unevictable_allowed", "1");
	ksm_stop();
	__write_text("/sys/kernel/mm/lru_gen/enabled", "0");
	khugepaged_stop();
	remove_disks();
}

static struct measurement attempt(const struct event *event,
				       const struct protection *protection, bool busy)
{
	struct cell cell = { .event = event, .protection = protection, .busy = busy };
	struct measurement result;
	struct running run;

	run = start_cell(&cell);
	result = end_cell(&run);
	restore_machine();
	return result;
}

struct measurement measure_once(const struct event *event,
				       const struct protection *protection, bool busy)
{
	struct measurement result = attempt(event, protection, busy);

	for (int more = 1; more < ATTEMPTS && result.outcome == INCONCLUSIVE; more++)
		result = attempt(event, protection, busy);
	return result;
}
