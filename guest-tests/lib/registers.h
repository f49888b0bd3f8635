/* SPDX-License-Identifier: MIT */
/*
 * The device's registers, read and written past its driver. Needs root.
 */
#ifndef PINLAB_REGISTERS_H
#define PINLAB_REGISTERS_H

#include <stddef.h>
#include <stdint.h>

/* Of the whole device and of each queue, but for the doorbells. */
#define CONTROL_BYTES	0x8000

volatile uint8_t *map_control(void);
uint32_t control_read(volatile uint8_t *control, unsigned int reg);
/* The doorbell page of a queue, opened or not. */
volatile uint8_t *map_doorbell(unsigned int queue);

#endif
