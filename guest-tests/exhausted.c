// SPDX-License-Identifier: MIT
/*
 * What can run out in the whole system.
 */
#include "harness.h"

#include "child.h"
#include "mempin.h"
#include "privilege.h"
#include "proc.h"

#define MOST_FILES	"/proc/sys/fs/file-max"

FIXTURE(exhausted) {
	char most[32];
};

FIXTURE_SETUP(exhausted)
{
	SKIP_WITHOUT_MEMPINFD();
	snprintf(self->most, sizeof(self->most), "%llu",
		 (unsigned long long)read_number(MOST_FILES));
}

FIXTURE_TEARDOWN(exhausted)
{
	write_text(MOST_FILES, self->most);
}

static long open_as_user(void *arg)
{
	become_user(*(uid_t *)arg);
	return __mempinfd(0);
}

/* Who has CAP_SYS_ADMIN may open files beyond the limit. */
TEST_F(exhausted, no_free_file_is_enfile)
{
	uid_t user = fresh_user();
	int fd;

	ASSERT_LE(0, in_child(open_as_user, &user));
	write_text(MOST_FILES, "1");
	ASSERT_EQ(-ENFILE, in_child(open_as_user, &user));
	fd = __mempinfd(0);
	ASSERT_LE(0, fd);
	close(fd);
}

TEST_MAIN
