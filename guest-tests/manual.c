// SPDX-License-Identifier: MIT
/*
 * The example of the manual page, mempinfd(2), as it is printed there.
 */
#include <inttypes.h>
#include <sys/wait.h>

#include "harness.h"

#include "mempin.h"
#include "proc.h"

/* The example's main(), renamed by the Makefile. */
int mempinfd_example(void);

TEST(example_shows_the_pin_it_made)
{
	uint64_t held, addr;
	char output[4096] = "", *line;
	size_t length = 0;
	ssize_t got;
	int pipes[2];
	int status;
	pid_t pid;

	SKIP_WITHOUT_MEMPINFD();
	held = pins_held();
	ASSERT_EQ(0, pipe(pipes));
	pid = fork();
	ASSERT_LE(0, pid);
	if (pid == 0) {
		dup2(pipes[1], STDOUT_FILENO);
		mempinfd_example();
		_exit(255);
	}
	close(pipes[1]);
	while ((got = read(pipes[0], output + length, sizeof(output) - 1 - length)) > 0)
		length += got;
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_TRUE(WIFEXITED(status));
	ASSERT_EQ(0, WEXITSTATUS(status));
	line = strstr(output, "pin:");
	ASSERT_NE(NULL, line);
	ASSERT_EQ(1, sscanf(line, "pin:\t1 0x%" SCNx64 " 65536 rw\n", &addr));
	ASSERT_EQ(held, pins_held());
}

TEST_MAIN
