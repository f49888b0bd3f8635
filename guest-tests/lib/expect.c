// SPDX-License-Identifier: MIT
#include <stdio.h>

#include "expect.h"

static void expect(const char *who, const char *counter, unsigned int count)
{
	printf("# expect %s %s %u\n", who, counter, count);
	fflush(stdout);
}

void expect_smmu(const char *counter, unsigned int count)
{
	expect("smmu", counter, count);
}

void expect_device(const char *counter, unsigned int count)
{
	expect("device", counter, count);
}
