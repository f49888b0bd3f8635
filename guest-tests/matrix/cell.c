// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "crc32c.h"
#include "matrix.h"
#include "proc.h"

#define FILLED		0xe7

bool is_written(const struct cell *cell)
{
	return cell->event->backing != BACKING_FILE;
}

static unsigned int touch_flags(const struct cell *cell)
{
	return is_written(cell) ? DMA_TESTDEV_F_WRITE : 0;
}

static uint64_t *frames_of(const struct buffer *buf)
{
	uint64_t *frames = calloc(buf->length / PAGE, sizeof(*frames));

	CHECK(frames);
	record_frames(buf, frames);
	return frames;
}

uint64_t touch(struct cell *cell, struct buffer *buf, bool *aborted)
{
	struct testdev *dev = buf == &cell->twin ? &cell->twin_dev : &cell->dev;
	struct dma_testdev_cpl cpl = testdev_touch(dev, buf->data, buf->length, touch_flags(cell));

	*aborted = cpl.status != DMA_TESTDEV_OK;
	return cpl.stalls;
}

/* What a busy device counts, it counts until it has gone over the object once more. */
static void let_happen(struct cell *cell, struct measurement *result)
{
	struct testdev_counters before;

	if (!cell->busy) {
		cell->event->happen(cell);
		return;
	}
	begin_loop(cell);
	before = testdev_counters(&cell->dev);
	cell->event->happen(cell);
	end_loop(cell, result);
	result->during_stalls =
		testdev_counters_since(&cell->dev, &before).value[DMA_TESTDEV_STALLS];
}

static bool page_is(const uint8_t *page, const uint8_t *painting, enum contents contents)
{
	switch (contents) {
	case PAINTED:
		return !memcmp(page, painting, PAGE);
	case ALIKE:
		return filled(page, PAGE, ALIKE_BYTE) == PAGE;
	case PAINTED_OR_ZERO:
		return !memcmp(page, painting, PAGE) || filled(page, PAGE, 0) == PAGE;
	default:
		return filled(page, PAGE, 0) == PAGE;
	}
}

/* A busy device has left the pages in another @order, if there is one. */
static bool contents_are(const struct buffer *buf, const uint16_t *order, enum contents contents)
{
	uint8_t *painting = malloc(buf->length);
	size_t pages = buf->length / PAGE, page = 0;

	CHECK(painting);
	paint(painting, buf->length, SEED_OBJECT);
	while (page < pages && page_is(buf->data + page * PAGE,
				       painting + (order ? order[page] : page) * PAGE, contents))
		page++;
	free(painting);
	return page == pages;
}

/* Whether the device reads what the CPU does, and the CPU what the device has written. */
static bool device_agrees(struct cell *cell)
{
	struct buffer *buf = &cell->object;
	struct dma_testdev_cpl cpl = testdev_checksum(&cell->dev, buf->data, buf->length);

	if (cpl.status != DMA_TESTDEV_OK || cpl.result != crc32c(buf->data, buf->length))
		return false;
	if (!is_written(cell))
		return true;
	cpl = testdev_fill(&cell->dev, buf->data, buf->length, FILLED);
	return cpl.status == DMA_TESTDEV_OK && filled(buf->data, buf->length, FILLED) == buf->length;
}

static bool bytes_are_right(struct cell *cell)
{
	const struct event *event = cell->event;

	return contents_are(&cell->object, cell->order,
			    cell->refused ? event->before : event->after);
}

static void set_outcome(struct measurement *result, enum outcome outcome, const char *reason)
{
	result->outcome = outcome;
	snprintf(result->reason, sizeof(result->reason), "%s", reason);
}

static void measure(struct cell *cell, struct measurement *result)
{
	result->pages = cell->object.length / PAGE;
	result->stalls = touch(cell, &cell->object, &result->aborted);
	if (cell->object_frames)
		result->moved = moved_frames(&cell->object, cell->object_frames);
	/* A device that is refused has been counted as such; the CPU still has a look. */
	if (!bytes_are_right(cell) || (!result->aborted && !device_agrees(cell)))
		result->wrong = true;
}

static void judge(struct cell *cell, struct measurement *result)
{
	if (cell->event->happened(cell))
		set_outcome(result, MEASURED, "");
	else if (cell->protection->switches_off && cell->event->has_switch)
		set_outcome(result, PREVENTED, "the twin was left alone as well");
	else
		set_outcome(result, INCONCLUSIVE, "the twin was left alone");
}

static void prepare(struct cell *cell)
{
	const struct event *event = cell->event;

	testdev_open(&cell->dev);
	testdev_open(&cell->twin_dev);
	if (event->prepare)
		event->prepare(cell);
	map_buffers(cell);
	if (event->arrange)
		event->arrange(cell);
	fill_buffers(cell);
	if (event->settle)
		event->settle(cell);
}

/* What the device finds after the event must not be what it never saw before. */
static void warm_up(struct cell *cell)
{
	bool aborted;

	if (cell->event->before == UNTOUCHED)
		return;
	touch(cell, &cell->twin, &aborted);
	CHECK(!aborted);
	touch(cell, &cell->object, &aborted);
	CHECK(!aborted);
	cell->object_frames = frames_of(&cell->object);
	cell->twin_frames = frames_of(&cell->twin);
}

void run_cell(struct cell *cell, struct measurement *result)
{
	int ret;

	if (cell->event->backing == BACKING_FILE && cell->protection->hugetlb) {
		set_outcome(result, NOT_APPLICABLE, "no file of a disk is of the hugetlb pool");
		return;
	}
	prepare(cell);
	if (cell->unsuited) {
		set_outcome(result, NOT_APPLICABLE, cell->unsuited);
		return;
	}
	ret = cell->protection->protect(cell);
	if (ret) {
		set_outcome(result, NOT_APPLICABLE, strerror(-ret));
		return;
	}
	warm_up(cell);
	let_happen(cell, result);
	measure(cell, result);
	judge(cell, result);
}
