// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

void check_failed(const char *file, int line, const char *condition, const char *format, ...)
{
	char message[512];
	int error = errno;
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	fprintf(stderr, "# %s:%d: failed: %s%s (errno %d: %s)\n", file, line, condition, message,
		error, strerror(error));
	abort();
}
