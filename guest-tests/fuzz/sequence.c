// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "check.h"
#include "episode.h"

#define MOST_OPERATIONS	100000
/* Something is wrong already: to wait for each attempt as for the first would leave no time. */
#define SHRINK_PATIENCE	200

struct sequence sequence_draw(uint64_t *random, size_t nr)
{
	struct sequence sequence = { calloc(nr, sizeof(struct operation)), nr };

	CHECK(sequence.ops);
	for (size_t i = 0; i < nr; i++)
		sequence.ops[i] = operation_draw(random);
	return sequence;
}

void sequence_print(const struct sequence *sequence)
{
	char text[OPERATION_TEXT];

	for (size_t i = 0; i < sequence->nr; i++) {
		operation_print(&sequence->ops[i], text);
		printf("# fuzz: %s\n", text);
	}
}

struct sequence sequence_read(const char *path)
{
	struct sequence sequence = { calloc(MOST_OPERATIONS, sizeof(struct operation)), 0 };
	FILE *file = fopen(path, "r");
	size_t size = 0;
	char *line = NULL;

	CHECK(sequence.ops && file, "%s", path);
	/* A comment may be longer than any operation: the first says what was found. */
	while (getline(&line, &size, file) >= 0) {
		if (line[0] == '#' || line[0] == '\n')
			continue;
		CHECK(sequence.nr < MOST_OPERATIONS, "%s: too long", path);
		CHECK(operation_parse(line, &sequence.ops[sequence.nr]), "%s: no operation: %s",
		      path, line);
		sequence.nr++;
	}
	free(line);
	fclose(file);
	return sequence;
}

void sequence_free(struct sequence *sequence)
{
	free(sequence->ops);
	*sequence = (struct sequence) { NULL, 0 };
}

static bool is_late(long deadline)
{
	struct timespec now;

	CHECK(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
	return now.tv_sec >= deadline;
}

/* Whether the same is found without operations @from to @from + @nr; if so they are gone. */
static bool dispensable(struct sequence *sequence, size_t from, size_t nr,
			const struct finding *finding)
{
	struct sequence rest = { malloc(sequence->nr * sizeof(struct operation)), 0 };
	struct finding found;

	CHECK(rest.ops);
	for (size_t i = 0; i < sequence->nr; i++)
		if (i < from || i >= from + nr)
			rest.ops[rest.nr++] = sequence->ops[i];
	found = episode_run(&rest, SHRINK_PATIENCE);
	if (!found.found || strcmp(found.what, finding->what)) {
		sequence_free(&rest);
		return false;
	}
	sequence_free(sequence);
	*sequence = rest;
	return true;
}

/*
 * One pass over all parts of @nr operations; returns whether any could go. The last stays, even
 * if the same is found without: a file to replay has an operation.
 */
static bool remove_parts(struct sequence *sequence, size_t nr, const struct finding *finding,
			 long deadline)
{
	bool removed = false;

	for (size_t from = 0; from < sequence->nr && !is_late(deadline);) {
		size_t left = sequence->nr - from, part = nr < left ? nr : left;

		if (part < sequence->nr && dispensable(sequence, from, part, finding))
			removed = true;
		else
			from += nr;
	}
	return removed;
}

/* As delta debugging does it (Zeller, Hildebrandt 2002), without testing the parts alone. */
void sequence_shrink(struct sequence *sequence, const struct finding *finding, long deadline)
{
	size_t nr;

	/* What comes after the operation that failed has not been run. */
	if (finding->step < sequence->nr)
		sequence->nr = finding->step + 1;
	for (nr = (sequence->nr + 1) / 2; nr > 1; nr = (nr + 1) / 2)
		remove_parts(sequence, nr, finding, deadline);
	while (!is_late(deadline) && remove_parts(sequence, 1, finding, deadline))
		;
}
