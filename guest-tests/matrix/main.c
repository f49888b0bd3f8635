// SPDX-License-Identifier: MIT
/*
 * matrix --list
 * matrix --prepare
 * matrix <event>/<protection>...
 *
 * The second gives a guest what events need: somewhere to swap to, cgroups, huge pages. The
 * third fills cells of the fault matrix, each in a process of its own, and prints a line of JSON
 * for each as soon as it is filled. A cell that does not end is ended.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "matrix.h"
#include "proc.h"

int matrix_main(int argc, char **argv);

#define CELL_SECONDS	20
#define SWAP_BYTES	((size_t)64 << 20)
#define HUGE_PAGES	4
/* How often an event may fail to take place. */
#define ATTEMPTS	4

static const struct event *const tables[] = {
	reclaim_events, moving_events, numa_events,    sharing_events,
	ageing_events,  asked_events,  leaving_events, control_events,
};
#define NR_TABLES	(sizeof(tables) / sizeof(tables[0]))

static const char *const outcomes[] = {
	[MEASURED] = "measured",
	[NOT_APPLICABLE] = "not applicable",
	[INCONCLUSIVE] = "inconclusive",
	[PREVENTED] = "prevented",
	[FAILED] = "failed",
};

static void list_cells(const struct event *event)
{
	for (unsigned int i = 0; i < nr_protections; i++)
		printf("{\"row\":\"%s\",\"column\":\"%s\",\"cause\":\"%s\",\"control\":%s}\n",
		       event->name, protections[i].name,
		       event->cause == KERNEL ? "kernel" : "process",
		       event->control ? "true" : "false");
}

static void list_all(void)
{
	for (size_t table = 0; table < NR_TABLES; table++)
		for (const struct event *event = tables[table]; event->name; event++)
			list_cells(event);
}

/* Whether the first @length characters of @text are @name. */
static bool is_named(const char *text, size_t length, const char *name)
{
	return strlen(name) == length && !strncmp(text, name, length);
}

static const struct event *find_event(const char *text, size_t length)
{
	for (size_t table = 0; table < NR_TABLES; table++)
		for (const struct event *event = tables[table]; event->name; event++)
			if (is_named(text, length, event->name))
				return event;
	return NULL;
}

static const struct protection *find_protection(const char *text)
{
	for (unsigned int i = 0; i < nr_protections; i++)
		if (!strcmp(text, protections[i].name))
			return &protections[i];
	return NULL;
}

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

	if (poll(&ended, 1, CELL_SECONDS * 1000) == 0) {
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

/* What events and protections set for the whole machine, and one that broke off leaves behind. */
static void restore_machine(void)
{
	__write_text("/proc/sys/kernel/numa_balancing", "0");
	__write_text("/proc/sys/vm/compact_unevictable_allowed", "1");
	__write_text("/sys/kernel/mm/ksm/run", "0");
	__write_text("/sys/kernel/mm/lru_gen/enabled", "0");
	__write_text("/sys/kernel/mm/transparent_hugepage/khugepaged/scan_sleep_millisecs",
		     "60000");
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

static struct measurement measure_once(const struct event *event,
				       const struct protection *protection, bool busy)
{
	struct measurement result = attempt(event, protection, busy);

	for (int more = 1; more < ATTEMPTS && result.outcome == INCONCLUSIVE; more++)
		result = attempt(event, protection, busy);
	return result;
}

/* A string of JSON without what would have to be escaped. */
static void print_text(const char *name, const char *text)
{
	printf(",\"%s\":\"", name);
	for (; *text; text++)
		putchar(*text < ' ' || *text > '~' || *text == '"' || *text == '\\' ? ' ' : *text);
	putchar('"');
}

static void print_numbers(const struct measurement *quiet, const struct measurement *busy)
{
	printf(",\"pages\":%llu,\"stalls\":%llu,\"moved\":%llu,\"wrong\":%s,\"aborted\":%s",
	       (unsigned long long)quiet->pages, (unsigned long long)quiet->stalls,
	       (unsigned long long)quiet->moved, quiet->wrong || busy->wrong ? "true" : "false",
	       quiet->aborted ? "true" : "false");
	if (busy->outcome != MEASURED && busy->outcome != PREVENTED)
		return;
	printf(",\"during\":{\"stalls\":%llu,\"aborted\":%s,\"passes\":%llu}",
	       (unsigned long long)busy->during_stalls,
	       busy->during_aborts ? "true" : "false", (unsigned long long)busy->passes);
}

static void print_cell(const struct event *event, const struct protection *protection,
		       const struct measurement *quiet, const struct measurement *busy)
{
	printf("{\"row\":\"%s\",\"column\":\"%s\"", event->name, protection->name);
	print_text("outcome", outcomes[quiet->outcome]);
	if (*quiet->reason)
		print_text("reason", quiet->reason);
	if (quiet->outcome == MEASURED || quiet->outcome == PREVENTED)
		print_numbers(quiet, busy);
	printf("}\n");
	fflush(stdout);
}

/* Once with a device that is idle while the event happens, once with one that is busy. */
static void fill_cell(const struct event *event, const struct protection *protection)
{
	const char *missing = event->missing ? event->missing() : NULL;
	struct measurement quiet = { .outcome = NOT_APPLICABLE }, busy = { 0 };

	if (missing) {
		snprintf(quiet.reason, sizeof(quiet.reason), "%s", missing);
	} else {
		quiet = measure_once(event, protection, false);
		if (quiet.outcome == MEASURED || quiet.outcome == PREVENTED)
			busy = measure_once(event, protection, true);
		if (busy.outcome == FAILED)
			quiet = busy;
	}
	print_cell(event, protection, &quiet, &busy);
}

static int fill_named(const char *name)
{
	const char *slash = strrchr(name, '/');
	const struct event *event = slash ? find_event(name, slash - name) : NULL;
	const struct protection *protection = slash ? find_protection(slash + 1) : NULL;

	if (!event || !protection) {
		fprintf(stderr, "there is no cell %s\n", name);
		return 2;
	}
	fill_cell(event, protection);
	return 0;
}

static void prepare_guest(void)
{
	struct disk swap;

	disk_create(&swap, SWAP_BYTES);
	swap_on(&swap);
	mount_groups();
	CHECK(__hugetlb_reserve(HUGE_PAGES) == 0);
	restore_machine();
}

int matrix_main(int argc, char **argv)
{
	int ret = 0;

	if (argc == 2 && !strcmp(argv[1], "--list")) {
		list_all();
		return 0;
	}
	if (argc == 2 && !strcmp(argv[1], "--prepare")) {
		prepare_guest();
		return 0;
	}
	for (int i = 1; i < argc && !ret; i++)
		ret = fill_named(argv[i]);
	return ret;
}
