/* SPDX-License-Identifier: MIT */
/*
 * mm/gup_test.h of the kernel (CONFIG_GUP_TEST): long-term pins and nothing else, kept
 * until they are given back or the file is closed.
 */
#ifndef PINLAB_GUP_TEST_H
#define PINLAB_GUP_TEST_H

#include <linux/ioctl.h>
#include <stdint.h>

#define GUP_TEST_PATH			"/sys/kernel/debug/gup_test"

struct pin_longterm_test {
	uint64_t addr;
	uint64_t size;
	uint32_t flags;
};
#define PIN_LONGTERM_TEST_START		_IOW('g', 7, struct pin_longterm_test)
#define PIN_LONGTERM_TEST_STOP		_IO('g', 8)
#define PIN_LONGTERM_TEST_WRITE		1
#define PIN_LONGTERM_TEST_FAST		2

#endif
