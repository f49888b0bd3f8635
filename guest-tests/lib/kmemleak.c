// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <unistd.h>

#include "check.h"
#include "kmemleak.h"
#include "proc.h"

#define KMEMLEAK	"/sys/kernel/debug/kmemleak"
/* Younger objects are not reported: their address may be in a register (mm/kmemleak.c). */
#define MIN_AGE_SECONDS	5

bool kmemleak_exists(void)
{
	return eaccess(KMEMLEAK, W_OK) == 0;
}

void clear_leaks(void)
{
	write_text(KMEMLEAK, "scan");
	write_text(KMEMLEAK, "clear");
}

unsigned int report_leaks(void)
{
	unsigned int lines = 0;
	char line[256];
	FILE *file;

	sleep(MIN_AGE_SECONDS + 1);
	/* A pointer on its way from one place to another may be missed once, not twice. */
	write_text(KMEMLEAK, "scan");
	write_text(KMEMLEAK, "scan");
	file = fopen(KMEMLEAK, "r");
	CHECK(file);
	for (; fgets(line, sizeof(line), file); lines++)
		printf("# %s", line);
	fclose(file);
	return lines;
}
