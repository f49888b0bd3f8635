/* SPDX-License-Identifier: MIT */
#ifndef PINLAB_PRIVILEGE_H
#define PINLAB_PRIVILEGE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Sets RLIMIT_MEMLOCK, soft and hard, of this process. */
void limit_locked_memory(size_t bytes);
/* Becomes @user for good: no capability is left. */
void become_user(uid_t user);
/* Becomes @user and keeps one capability of those it had. */
void become_user_with(uid_t user, int capability);
/* Gives up one capability, or takes it back where the permitted set still has it. */
void set_capability(int capability, bool effective);
/* A user that owns nothing: no locked memory is charged to it. */
uid_t fresh_user(void);

#endif
