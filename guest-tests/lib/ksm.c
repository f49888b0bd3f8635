// SPDX-License-Identifier: MIT
#include <errno.h>
#include <string.h>

#include "check.h"
#include "ksm.h"
#include "proc.h"

#define KSM	"/sys/kernel/mm/ksm/"

void ksm_start(void)
{
	write_text(KSM "sleep_millisecs", "1");
	write_text(KSM "pages_to_scan", "2000");
	write_text(KSM "run", "1");
}

/* Where there is no KSM, nothing is to be stopped. */
void ksm_stop(void)
{
	int ret = __write_text(KSM "run", "0");

	CHECK(ret == 0 || ret == -ENOENT, "%s", strerror(-ret));
}

void ksm_undo(void)
{
	write_text(KSM "run", "2");
	ksm_stop();
}

size_t merged_pages(const struct buffer *buf)
{
	uint64_t first = page_frame(buf->data);
	size_t merged = 0;

	for (size_t i = 1; i < buf->length / PAGE; i++)
		merged += page_frame(buf->data + i * PAGE) == first;
	return merged;
}
