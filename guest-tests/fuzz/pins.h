/* SPDX-License-Identifier: MIT */
/*
 * The model's pins: what they promise, and what is charged for them.
 */
#ifndef PINLAB_FUZZ_PINS_H
#define PINLAB_FUZZ_PINS_H

#include "model.h"

/* Pages charged to the address space, and to its user. */
unsigned int model_charge(const struct model *model);
/* Whether pins promise that a device finds all of it without a fault. */
bool model_promised(const struct model *model, uint32_t at, uint32_t bytes, bool write);

/* The operations return 0 or -errno. */
int model_pin_range(struct model *model, const struct operation *op);
int model_unpin_range(struct model *model, const struct operation *op);
/* The file is gone, and its pins with it. */
void model_release(struct model *model, unsigned int object);

#endif
