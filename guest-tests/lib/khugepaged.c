// SPDX-License-Identifier: MIT
#include "khugepaged.h"
#include "proc.h"

#define KHUGEPAGED	"/sys/kernel/mm/transparent_hugepage/khugepaged/"

void khugepaged_start(void)
{
	write_text(KHUGEPAGED "alloc_sleep_millisecs", "5");
	write_text(KHUGEPAGED "pages_to_scan", "65536");
	/* Last: this is what wakes it. */
	write_text(KHUGEPAGED "scan_sleep_millisecs", "5");
}

void khugepaged_stop(void)
{
	write_text(KHUGEPAGED "scan_sleep_millisecs", "60000");
	write_text(KHUGEPAGED "alloc_sleep_millisecs", "60000");
	write_text(KHUGEPAGED "pages_to_scan", "4096");
}
