/* SPDX-License-Identifier: MIT */
/*
 * The interface of the third version of the series, of February 2021: no flags,
 * no ids, and a header of its own that no kernel ever shipped.
 */
#ifndef PINLAB_MEMPIN_V3_H
#define PINLAB_MEMPIN_V3_H

#include <linux/ioctl.h>
#include <linux/types.h>

struct mem_pin_address {
	__u64 addr;
	__u64 size;
};

#define MEM_CMD_PIN	_IOW('M', 0, struct mem_pin_address)
#define MEM_CMD_UNPIN	_IOW('M', 1, struct mem_pin_address)

#endif
