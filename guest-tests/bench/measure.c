// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <time.h>

#include "check.h"
#include "measure.h"

uint64_t instructions(void)
{
	struct timespec now;

	CHECK(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
	return now.tv_sec * 1000000000ull + now.tv_nsec;
}

/* What two readings with nothing between them differ by, at least. */
static uint64_t clock_cost(void)
{
	static uint64_t cost = NOTHING_YET;

	for (int round = 0; cost == NOTHING_YET || round < 100; round++) {
		uint64_t start = instructions(), passed = instructions() - start;

		if (passed < cost)
			cost = passed;
	}
	return cost;
}

void keep_least(uint64_t *least, uint64_t start)
{
	uint64_t passed = instructions() - start, own = clock_cost();

	passed = passed > own ? passed - own : 0;
	if (passed < *least)
		*least = passed;
}

void print_figure(const char *operation, const char *backing, const char *state, size_t amount,
		  uint64_t figure)
{
	printf("figure\t%s\t%s\t%s\t%zu\t%llu\n", operation, backing, state, amount,
	       (unsigned long long)figure);
}
