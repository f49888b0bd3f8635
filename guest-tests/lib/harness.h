/* SPDX-License-Identifier: MIT */
/*
 * The kernel's test harness, and a listing of the tests it would run.
 */
#ifndef PINLAB_HARNESS_H
#define PINLAB_HARNESS_H

#include "kselftest_harness.h"

#include "check.h"
#include "limit.h"

/*
 * Where a test stands in its source; the kernel's harness does not keep that.
 * The locations of all programs are in one table.
 */
struct test_location {
	const char *fixture;
	const char *test;
	const char *file;
	unsigned long line;
};

extern const struct test_location __start_test_locations[];
extern const struct test_location __stop_test_locations[];

#define LOCATE_TEST(fixture_name, test_name) \
	static const struct test_location fixture_name##_##test_name##_location \
		__attribute__((section("test_locations"), used, aligned(8))) = \
		{ #fixture_name, #test_name, __FILE__, __LINE__ };

#undef TEST
#define TEST(test_name) \
	LOCATE_TEST(global, test_name) \
	__TEST_IMPL(test_name, -1)

#undef TEST_F
#define TEST_F(fixture_name, test_name) \
	LOCATE_TEST(fixture_name, test_name) \
	__TEST_F_IMPL(fixture_name, test_name, -1, TEST_TIMEOUT_DEFAULT)

static void list_test(const char *fixture, const char *variant, const char *test)
{
	const struct test_location *location;

	printf("%s.%s%s%s", fixture, variant, variant[0] ? "." : "", test);
	for (location = __start_test_locations; location < __stop_test_locations; location++)
		if (!strcmp(location->file, __BASE_FILE__) &&
		    !strcmp(location->fixture, fixture) && !strcmp(location->test, test))
			printf("\t%s:%lu", location->file, location->line);
	printf("\n");
}

/* One line a test, in the order of running: the name that -r takes, tab, file:line. */
static void list_tests(void)
{
	struct __fixture_variant_metadata none = { .name = "" };
	struct __fixture_variant_metadata *variant;
	struct __fixture_metadata *fixture;
	struct __test_metadata *test;

	for (fixture = __fixture_list; fixture; fixture = fixture->next)
		for (variant = fixture->variant ?: &none; variant; variant = variant->next)
			for (test = fixture->tests; test; test = test->next)
				list_test(fixture->name, variant->name, test->name);
}

/* A test that hangs ends before the harness outside gives up the whole guest. */
static void limit_tests(void)
{
	struct __fixture_metadata *fixture;
	struct __test_metadata *test;

	for (fixture = __fixture_list; fixture; fixture = fixture->next)
		for (test = fixture->tests; test; test = test->next)
			test->timeout = test_seconds() * 9 / 10 ?: 1;
}

/* The program's main(): lists its tests with --list, else is the kernel's harness. */
static int test_main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "--list")) {
		list_tests();
		return 0;
	}
	limit_tests();
	return test_harness_run(argc, argv);
}

#define TEST_MAIN \
	int main(int argc, char **argv) \
	{ \
		return test_main(argc, argv); \
	}

#endif
