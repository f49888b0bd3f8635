// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "episode.h"
#include "limit.h"
#include "mempin.h"
#include "privilege.h"
#include "proc.h"

/* Beyond the last of any sequence: what is looked at once it is over. */
#define AFTERWARDS	SIZE_MAX

/* What the processes of an episode share, and whoever started it. */
struct common {
	struct finding finding;
	struct model_shared shared;
};

static struct common *map_common(void)
{
	struct common *common = mmap(NULL, sizeof(*common), PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	CHECK(common != MAP_FAILED);
	return common;
}

/* A user of its own, so that all that is charged to it was charged here. */
static void become_nobody_else(void)
{
	limit_locked_memory(LIMIT_PAGES * PAGE);
	become_user(fresh_user());
	/* procfs belongs to root for those who have changed their user. */
	CHECK(prctl(PR_SET_DUMPABLE, 1) == 0);
}

static void start(struct world *world, struct common *common)
{
	model_init(&world->model, &common->shared);
	world->finding = &common->finding;
	for (int i = 0; i < OBJECTS; i++)
		world->fds[i] = -1;
	testdev_open(&world->dev);
	become_nobody_else();
}

static void perform_all(struct world *world, enum operation_kind kind, unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++)
		world_perform(world, &(struct operation) { .kind = kind, .child = i, .file = i });
}

/* Needs that nothing is pinned: pins as much as the user may, and then one page more. */
static void check_limit(struct world *world)
{
	static const struct operation tries[] = {
		{ .kind = OP_MAP, .pages = ARENA_PAGES, .prot = 2 },
		{ .kind = OP_OPEN },
		{ .kind = OP_PIN, .pin = 0, .bytes = ARENA_BYTES, .flags = PIN_W },
		{ .kind = OP_PIN, .pin = 1, .bytes = (LIMIT_PAGES - ARENA_PAGES) * PAGE,
		  .flags = PIN_W },
		{ .kind = OP_PIN, .pin = 2, .bytes = 1, .flags = PIN_R },
		{ .kind = OP_CLOSE },
	};

	for (size_t i = 0; i < sizeof(tries) / sizeof(tries[0]); i++)
		world_perform(world, &tries[i]);
}

static void finish(struct world *world)
{
	if (!world_memory_agrees(world))
		disagree(world, "at the end", "bytes that the CPU reads");
	check_fdinfo(world);
	perform_all(world, OP_EXIT, CHILDREN);
	perform_all(world, OP_CLOSE, FILES);
	check_limit(world);
	testdev_close(&world->dev);
}

static void __attribute__((noreturn)) live(const struct sequence *sequence, struct common *common)
{
	static struct world world;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	alarm(wait_seconds() / 2 + 1);
	start(&world, common);
	for (size_t i = 0; i < sequence->nr; i++) {
		common->finding.step = i;
		world_perform(&world, &sequence->ops[i]);
	}
	common->finding.step = AFTERWARDS;
	finish(&world);
	_exit(0);
}

unsigned int patience(void)
{
	return (wait_seconds() / 4 + 1) * 1000;
}

static bool eventually_held(uint64_t count, unsigned int patience_ms)
{
	for (unsigned int ms = 0; pins_held() != count && ms < patience_ms; ms += 10)
		usleep(10000);
	return pins_held() == count;
}

/* The process has no say in this: its death, and what it leaves behind. */
static void look_from_outside(struct finding *finding, int status, uint64_t held,
			      unsigned int patience_ms)
{
	if (finding->found)
		return;
	if (status) {
		snprintf(finding->what, sizeof(finding->what), "the process survives");
		snprintf(finding->detail, sizeof(finding->detail), "wait status %#x", status);
	} else if (!eventually_held(held, patience_ms)) {
		snprintf(finding->what, sizeof(finding->what), "pages are pinned for ever");
		snprintf(finding->detail, sizeof(finding->detail), "%lld more than before",
			 (long long)(pins_held() - held));
	} else {
		return;
	}
	finding->found = true;
}

struct finding episode_run(const struct sequence *sequence, unsigned int patience_ms)
{
	struct common *common = map_common();
	uint64_t held = pins_held();
	struct finding finding;
	pid_t pid = fork();
	int status;

	CHECK(pid >= 0);
	if (pid == 0)
		live(sequence, common);
	CHECK(waitpid(pid, &status, 0) == pid);
	look_from_outside(&common->finding, status, held, patience_ms);
	finding = common->finding;
	munmap(common, sizeof(*common));
	return finding;
}
