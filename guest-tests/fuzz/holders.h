/* SPDX-License-Identifier: MIT */
/*
 * Who holds the model's files: the process that opened them, and children that were born
 * with them or were passed them. With its last holder a file is gone.
 */
#ifndef PINLAB_FUZZ_HOLDERS_H
#define PINLAB_FUZZ_HOLDERS_H

#include "model.h"

/* A file that nobody holds, or NO_OBJECT. */
unsigned int model_free_object(const struct model *model);
bool model_child_holds(const struct model *model, unsigned int child, unsigned int object);
/* The n-th, counted round, of the files that the child holds, or NO_OBJECT. */
unsigned int model_held_by(const struct model *model, unsigned int child, unsigned int n);

/* The operations. */
void model_open(struct model *model, const struct operation *op);
void model_close(struct model *model, const struct operation *op);
void model_fork(struct model *model, unsigned int child);
void model_child_close(struct model *model, const struct operation *op);
void model_pass(struct model *model, const struct operation *op);
void model_exec(struct model *model, unsigned int child);
void model_exit(struct model *model, unsigned int child);

#endif
