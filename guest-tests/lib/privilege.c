// SPDX-License-Identifier: MIT
#include <grp.h>
#include <linux/capability.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "check.h"
#include "privilege.h"

#define FIRST_FRESH_USER 100000

void limit_locked_memory(size_t bytes)
{
	struct rlimit limit = { .rlim_cur = bytes, .rlim_max = bytes };

	CHECK(setrlimit(RLIMIT_MEMLOCK, &limit) == 0);
}

void become_user(uid_t user)
{
	CHECK(setgroups(0, NULL) == 0);
	CHECK(setresgid(user, user, user) == 0);
	CHECK(setresuid(user, user, user) == 0);
}

void become_user_with(uid_t user, int capability)
{
	CHECK(prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) == 0);
	become_user(user);
	set_capability(capability, true);
}

void set_capability(int capability, bool effective)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
	uint32_t bit = CAP_TO_MASK(capability);
	unsigned int word = CAP_TO_INDEX(capability);

	CHECK(syscall(SYS_capget, &header, data) == 0);
	if (effective)
		data[word].effective |= bit;
	else
		data[word].effective &= ~bit;
	CHECK(syscall(SYS_capset, &header, data) == 0);
}

uid_t fresh_user(void)
{
	/* Process ids do not repeat within a run, and so neither do these. */
	return FIRST_FRESH_USER + getpid();
}
