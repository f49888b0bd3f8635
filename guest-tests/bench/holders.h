/* SPDX-License-Identifier: MIT */
/*
 * The ways in which a process can have its memory held, each as a pair of calls.
 */
#ifndef PINLAB_HOLDERS_H
#define PINLAB_HOLDERS_H

#include <stdbool.h>

#include "buffer.h"

struct holder {
	const char *hold;	/* name of the call */
	const char *release;	/* of the other, unless another holder has the same */
	/* Whether this kernel has it; called once, before the others. */
	bool (*open)(void);
	void (*do_hold)(struct buffer *buf);
	void (*do_release)(struct buffer *buf);
};

extern const struct holder holders[];
extern const unsigned int nr_holders;

#endif
