/* SPDX-License-Identifier: MIT */
/*
 * One address that several processes use at the same time, or one after the other.
 */
#ifndef PINLAB_COMMON_VA_H
#define PINLAB_COMMON_VA_H

#include "buffer.h"
#include "child.h"

/* An address that nothing else in a small static program has. */
#define COMMON_VA	((uint8_t *)0x200000000000)
#define COMMON_LENGTH	(16 * PAGE)

/* Maps private anonymous memory there, not touched. */
void map_common(void);
/* Pins it, to be written to, until the process ends. */
void pin_common(void);
/* Body of a child: asserts that the device finds nothing there, to read or to write. */
int find_nothing_common(struct peer *parent, void *arg);
/* The same where no other queue is open: sends its PASID first. Needs root. */
int find_nothing_alone(struct peer *parent, void *arg);

#endif
