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
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "matrix.h"

int matrix_main(int argc, char **argv);

#define SWAP_BYTES	((size_t)64 << 20)
#define HUGE_PAGES	6

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

/* A string of JSON without what would have to be escaped. */
static void print_text(const char *name, const char *text)
{
	printf(",\"%s\":\"", name);
	for (; *text; text++)
		putchar(*text < ' ' || *text > '~' || *text == '"' || *text == '\\' ? ' ' : *text);
	putchar('"');
}

static const char *boolean(bool value)
{
	return value ? "true" : "false";
}

static void print_numbers(const struct measurement *quiet, const struct measurement *busy)
{
	printf(",\"pages\":%llu,\"stalls\":%llu,\"moved\":%llu,\"wrong\":%s,\"aborted\":%s",
	       (unsigned long long)quiet->pages, (unsigned long long)quiet->stalls,
	       (unsigned long long)quiet->moved, boolean(quiet->wrong || busy->wrong),
	       boolean(quiet->aborted || busy->aborted));
	printf(",\"during\":{\"stalls\":%llu,\"moved\":%llu,\"aborted\":%s,\"passes\":%llu}",
	       (unsigned long long)(busy->during_stalls + busy->stalls),
	       (unsigned long long)busy->moved, boolean(busy->during_aborts),
	       (unsigned long long)busy->passes);
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

/* What one run knows and the other does not, nobody knows of the cell. */
static void join(struct measurement *quiet, const struct measurement *busy)
{
	if (busy->outcome == quiet->outcome)
		return;
	quiet->outcome = busy->outcome == FAILED ? FAILED : INCONCLUSIVE;
	snprintf(quiet->reason, sizeof(quiet->reason), "while the device was busy: %.150s",
		 *busy->reason ? busy->reason : outcomes[busy->outcome]);
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
		if (quiet.outcome == MEASURED || quiet.outcome == PREVENTED) {
			busy = measure_once(event, protection, true);
			join(&quiet, &busy);
		}
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
