// SPDX-License-Identifier: MIT
#include <stdlib.h>

#include "check.h"
#include "limit.h"

#define WITHOUT_HARNESS	60

int test_seconds(void)
{
	const char *text = getenv("TEST_TIMEOUT");
	int seconds = text ? atoi(text) : WITHOUT_HARNESS;

	CHECK(seconds > 0, "TEST_TIMEOUT is \"%s\"", text);
	return seconds;
}

int wait_seconds(void)
{
	return (test_seconds() + 1) / 2;
}
