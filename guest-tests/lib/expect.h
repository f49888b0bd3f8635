/* SPDX-License-Identifier: MIT */
/*
 * What is counted outside the guest: a test says what must have been, and the
 * harness, which reads the counters over QMP, does not let it pass otherwise.
 */
#ifndef PINLAB_EXPECT_H
#define PINLAB_EXPECT_H

/* From the beginning to the end of the test; names as in docs/smmuv3.md. */
void expect_smmu(const char *counter, unsigned int count);
/* The same of the test device; names as in docs/dma-testdev.md. */
void expect_device(const char *counter, unsigned int count);

#endif
