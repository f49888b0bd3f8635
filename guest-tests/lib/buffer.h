/* SPDX-License-Identifier: MIT */
/*
 * Memory of every kind, for the device to reach and for pins to hold.
 */
#ifndef PINLAB_BUFFER_H
#define PINLAB_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGE		((size_t)4096)
#define HUGE_PAGE	((size_t)2 << 20)

enum buffer_kind {
	BUFFER_ANON,		/* private anonymous, base pages only */
	BUFFER_THP,		/* private anonymous, aligned and advised for huge pages */
	BUFFER_SHMEM,		/* shared anonymous */
	BUFFER_MEMFD,		/* shared mapping of a memfd */
	BUFFER_MEMFD_THP,	/* the same, aligned and advised for huge pages */
	BUFFER_MEMFD_PRIVATE,	/* private mapping of a memfd */
	BUFFER_HUGETLB,		/* private anonymous of the hugetlb pool */
	BUFFER_HUGETLB_SHARED,
	BUFFER_HUGETLB_MEMFD,	/* shared mapping of a memfd of the hugetlb pool */
};

/* A mapping between two inaccessible neighbours; not touched until somebody does. */
struct buffer {
	uint8_t *data;
	size_t length;
	size_t page;		/* bytes that one fault brings in */
	int fd;			/* memfd, or -1 */
	uint8_t *reserved;	/* the mapping with its neighbours */
	size_t reserved_length;
};

/* Maps @length bytes, a multiple of the kind's page; returns 0 or -errno. */
int __buffer_map(struct buffer *buf, enum buffer_kind kind, size_t length);
void buffer_map(struct buffer *buf, enum buffer_kind kind, size_t length);
void buffer_unmap(struct buffer *buf);

/* Has the first page of a file, which it closes, in place of another page. */
void replace_page(uint8_t *page, int protection, int fd);
/* Touches the pages from the last to the first: hardly any two become neighbours in memory. */
void touch_backwards(const struct buffer *buf);

/* Puts pages that were only just touched on the kernel's lists, where it looks for them. Needs root. */
void drain_lists(void);
/*
 * Has the kernel reclaim all of it; asserts that it does. A page that somebody happens to look at
 * is left where it is at first. Needs root.
 */
void page_out(const struct buffer *buf);

/*
 * Stores the page frame behind each page; asserts that all are present, those that are on the
 * move in a moment. Needs CAP_SYS_ADMIN.
 */
void record_frames(const struct buffer *buf, uint64_t *frames);
/* Pages that are no longer where record_frames() found them. */
size_t moved_frames(const struct buffer *buf, const uint64_t *frames);

/* The page after the buffer, never mapped. */
uint8_t *buffer_end(const struct buffer *buf);

/* Makes the hugetlb pool hold at least @count free pages; returns 0 or -errno. */
int __hugetlb_reserve(size_t count);
/* Gives back what the pool holds, for all who have reserved. */
void hugetlb_release(void);

/* Bytes that tell by their values where they belong and which @seed made them. */
void paint(void *data, size_t length, uint32_t seed);
/* Offset of the first byte that paint() would not have left so, or @length. */
size_t painted(const void *data, size_t length, uint32_t seed);
/* Offset of the first byte that is not @byte, or @length. */
size_t filled(const void *data, size_t length, uint8_t byte);

#endif
