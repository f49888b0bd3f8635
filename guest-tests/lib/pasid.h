/* SPDX-License-Identifier: MIT */
/*
 * PASIDs, which no process is told: what the driver has written to the device.
 */
#ifndef PINLAB_PASID_H
#define PINLAB_PASID_H

#include <stdbool.h>
#include <stdint.h>

/* The PASID of the only queue that is open; asserts that there is one. Needs root. */
uint32_t pasid_in_use(void);

/*
 * Waits until those of processes that have ended are likely to be free: the kernel frees one with
 * the address space, after a grace period, and once no CPU has that any more.
 */
void pasids_settle(void);

/* PASIDs that processes had. Linux gives the lowest that is free. */
struct pasids {
	uint64_t bits;
};

void pasids_add(struct pasids *had, uint32_t pasid);
bool pasids_have(const struct pasids *had, uint32_t pasid);

#endif
