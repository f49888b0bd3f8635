/* SPDX-License-Identifier: MIT */
#ifndef PINLAB_CHECK_H
#define PINLAB_CHECK_H

/* Ends the process with SIGABRT, which the harness reports as a failed test. */
void check_failed(const char *file, int line, const char *condition, const char *format, ...)
	__attribute__((noreturn, format(printf, 4, 5)));

/* Asserts where the harness's ASSERT_* cannot be used: in the library and in child processes. */
#define CHECK(condition, ...) \
	do { \
		if (!(condition)) \
			check_failed(__FILE__, __LINE__, #condition, " " __VA_ARGS__); \
	} while (0)

#endif
