// SPDX-License-Identifier: MIT
/*
 * Random sequences of operations, each compared with what a model predicts:
 * errors, charges, bytes. A sequence that does not end as predicted is made as
 * short as it can be and printed. Sources: fuzz/.
 */
#include <stdlib.h>
#include <time.h>

#include "harness.h"

#include "disk.h"
#include "fuzz/episode.h"
#include "mempin.h"

/* What a sequence is cut into: a process each, so that one that fails is quickly run again. */
#define EPISODE_OPERATIONS	200
/* As many of them had something to do, then a sequence ends. */
#define SEQUENCE_OPERATIONS	5000

FIXTURE(sequence) {
	struct disk swap;
	long deadline;		/* of shrinking; what is left of the test's time is for saying so */
};

FIXTURE_VARIANT(sequence) {
	uint64_t seed;
	const char *file;	/* of operations, instead of a seed */
};

FIXTURE_VARIANT_ADD(sequence, seed_1) { .seed = 1 };
FIXTURE_VARIANT_ADD(sequence, seed_2) { .seed = 2 };
FIXTURE_VARIANT_ADD(sequence, seed_3) { .seed = 3 };
FIXTURE_VARIANT_ADD(sequence, seed_4) { .seed = 4 };
FIXTURE_VARIANT_ADD(sequence, seed_5) { .seed = 5 };
FIXTURE_VARIANT_ADD(sequence, seed_6) { .seed = 6 };
FIXTURE_VARIANT_ADD(sequence, seed_7) { .seed = 7 };
FIXTURE_VARIANT_ADD(sequence, seed_8) { .seed = 8 };
FIXTURE_VARIANT_ADD(sequence, seed_9) { .seed = 9 };
FIXTURE_VARIANT_ADD(sequence, seed_10) { .seed = 10 };
FIXTURE_VARIANT_ADD(sequence, seed_11) { .seed = 11 };
FIXTURE_VARIANT_ADD(sequence, seed_12) { .seed = 12 };
FIXTURE_VARIANT_ADD(sequence, seed_13) { .seed = 13 };
FIXTURE_VARIANT_ADD(sequence, seed_14) { .seed = 14 };
FIXTURE_VARIANT_ADD(sequence, seed_15) { .seed = 15 };
FIXTURE_VARIANT_ADD(sequence, seed_16) { .seed = 16 };
FIXTURE_VARIANT_ADD(sequence, seed_17) { .seed = 17 };
FIXTURE_VARIANT_ADD(sequence, seed_18) { .seed = 18 };
FIXTURE_VARIANT_ADD(sequence, seed_19) { .seed = 19 };
FIXTURE_VARIANT_ADD(sequence, seed_20) { .seed = 20 };
#define FIXED_SEEDS	20

static long now(void)
{
	struct timespec time;

	CHECK(clock_gettime(CLOCK_MONOTONIC, &time) == 0);
	return time.tv_sec;
}

FIXTURE_SETUP(sequence)
{
	self->deadline = now() + test_seconds() * 3 / 4;
	SKIP_WITHOUT_MEMPINFD();
	SKIP_BEFORE_V4("errors to predict");
	/* So that reclaim finds somewhere to go. */
	disk_create(&self->swap, 32 << 20);
	swap_on(&self->swap);
}

FIXTURE_TEARDOWN(sequence)
{
	swap_off(&self->swap);
	disk_remove(&self->swap);
}

static void report(struct sequence *sequence, const struct finding *finding, long deadline)
{
	size_t was = sequence->nr;

	sequence_shrink(sequence, finding, deadline);
	printf("# shrunk from %zu operations to %zu:\n", was, sequence->nr);
	sequence_print(sequence);
	fflush(stdout);
}

/* Runs episodes until @operations had something to do; returns how many had. */
static size_t run_episodes(uint64_t seed, struct finding *finding, long deadline)
{
	size_t performed = 0;

	while (performed < SEQUENCE_OPERATIONS && !finding->found) {
		struct sequence sequence = sequence_draw(&seed, EPISODE_OPERATIONS);

		*finding = episode_run(&sequence, patience());
		performed += finding->performed;
		if (finding->found)
			report(&sequence, finding, deadline);
		sequence_free(&sequence);
	}
	return performed;
}

static size_t run_file(const char *path, struct finding *finding, long deadline)
{
	struct sequence sequence = sequence_read(path);

	*finding = episode_run(&sequence, patience());
	if (finding->found)
		report(&sequence, finding, deadline);
	sequence_free(&sequence);
	return finding->performed;
}

TEST_F(sequence, ends_as_the_model_predicts)
{
	char text[sizeof(struct finding)] = "agreement";
	struct finding finding = { 0 };
	size_t performed = variant->file ? run_file(variant->file, &finding, self->deadline) :
			   run_episodes(variant->seed, &finding, self->deadline);

	if (finding.found)
		snprintf(text, sizeof(text), "%s: %s", finding.what, finding.detail);
	/* Asserted as text, so that the reason of the failure is what was found. */
	ASSERT_STREQ("agreement", text);
	ASSERT_LT(0, performed);
	printf("# %zu operations\n", performed);
}

/* Any seed is a variant, and the file REPLAY in the working directory is one. */
#define REPLAY		"replay.txt"
#define SEED		"sequence.seed_"

static void offer_variant(const char *name)
{
	static FIXTURE_VARIANT(sequence) asked_for;
	static struct __fixture_variant_metadata metadata = { .data = &asked_for };
	static char text[32];

	if (!strncmp(name, SEED, strlen(SEED)))
		asked_for.seed = strtoull(name + strlen(SEED), NULL, 10);
	else if (!strncmp(name, "sequence.replayed.", strlen("sequence.replayed.")))
		asked_for.file = REPLAY;
	else
		return;
	snprintf(text, sizeof(text), "seed_%llu", (unsigned long long)asked_for.seed);
	metadata.name = asked_for.file ? "replayed" : text;
	if (asked_for.file || asked_for.seed > FIXED_SEEDS || asked_for.seed < 1)
		__register_fixture_variant(&_sequence_fixture_object, &metadata);
}

int main(int argc, char **argv)
{
	if (argc > 2 && !strcmp(argv[1], AFTER_EXEC))
		return fuzz_after_exec(argv);
	for (int i = 1; i < argc; i++)
		offer_variant(argv[i]);
	return test_main(argc, argv);
}
