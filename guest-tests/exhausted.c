// SPDX-License-Identifier: MIT
/*
 * What can run out, in the whole system or in one file.
 */
#include "harness.h"

#include "buffer.h"
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

/* More than this test uses up. */
#define LAST_IDS	100

/* Here the ids outlast the machine; a kernel that begins near their end shows what comes then. */
TEST(no_free_id_is_enospc)
{
	struct buffer buf;
	uint64_t first;
	uint64_t count = 1;
	int fd, error;

	SKIP_WITHOUT_MEMPINFD();
	SKIP_BEFORE_V4("ids");
	buffer_map(&buf, BUFFER_ANON, PAGE);
	fd = mempinfd(0);
	first = pin(fd, buf.data, PAGE, PIN_R);
	if (first <= UINT64_MAX - LAST_IDS)
		SKIP(return, "a file has 2^64 ids, more than can be used up");
	while (!(error = __pin(fd, buf.data, PAGE, PIN_R, NULL))) {
		ASSERT_GE(LAST_IDS, ++count);
	}
	ASSERT_EQ(-ENOSPC, error);
	ASSERT_EQ(count, pinned_pages());
	/* An id that was given up is not given out again. */
	unpin(fd, first);
	ASSERT_EQ(-ENOSPC, __pin(fd, buf.data, PAGE, PIN_R, NULL));
	ASSERT_EQ(count - 1, pinned_pages());
	close(fd);
	ASSERT_EQ(0, pinned_pages());
}

TEST_MAIN
