/* SPDX-License-Identifier: MIT */
/*
 * What counts as a hang. How long that is depends on the kernel, not on the test: one
 * that checks every access is many times slower. The harness knows, and says so.
 */
#ifndef PINLAB_LIMIT_H
#define PINLAB_LIMIT_H

/* How long a test may take, in seconds: TEST_TIMEOUT of the environment, or a minute. */
int test_seconds(void);
/* How long one wait may take, so that the test can still say what it waited for. */
int wait_seconds(void);

#endif
