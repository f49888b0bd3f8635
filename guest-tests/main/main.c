// SPDX-License-Identifier: MIT
/*
 * One executable for all test programs, and for what the harness needs in the
 * guest besides: runs the one by whose name it is called.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define PROGRAM(name) int name##_main(int argc, char **argv);
PROGRAMS
PROGRAM(reseed)
PROGRAM(matrix)
#undef PROGRAM

struct program {
	const char *name;
	int (*main)(int argc, char **argv);
};

#define PROGRAM(name) { #name, name##_main },
static const struct program programs[] = { PROGRAMS PROGRAM(reseed) PROGRAM(matrix) };
#undef PROGRAM

int main(int argc, char **argv)
{
	size_t i, count = sizeof(programs) / sizeof(programs[0]);

	for (i = 0; i < count; i++)
		if (!strcmp(programs[i].name, program_invocation_short_name))
			return programs[i].main(argc, argv);
	fprintf(stderr, "there is no test program %s; call me by the name of one:\n",
		program_invocation_short_name);
	for (i = 0; i < count; i++)
		fprintf(stderr, "  %s\n", programs[i].name);
	return 2;
}
