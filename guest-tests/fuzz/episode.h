/* SPDX-License-Identifier: MIT */
/*
 * A sequence of operations in a process of its own, from nothing to nothing.
 */
#ifndef PINLAB_FUZZ_EPISODE_H
#define PINLAB_FUZZ_EPISODE_H

#include "world.h"

struct sequence {
	struct operation *ops;
	size_t nr;
};

/* Draws @nr operations. */
struct sequence sequence_draw(uint64_t *random, size_t nr);
/* Reads what sequence_print() wrote; lines that begin with '#' are ignored. */
struct sequence sequence_read(const char *path);
void sequence_print(const struct sequence *sequence);
void sequence_free(struct sequence *sequence);

/*
 * Runs the sequence and returns what came of it. Pages that are still pinned
 * @patience_ms after the process has ended count as leaked. Needs root.
 */
struct finding episode_run(const struct sequence *sequence, unsigned int patience_ms);
/* Longer than the slowest kernel takes. */
unsigned int patience(void);
/* Removes what the finding does not need, until @deadline (CLOCK_MONOTONIC seconds) at most. */
void sequence_shrink(struct sequence *sequence, const struct finding *finding, long deadline);

#endif
