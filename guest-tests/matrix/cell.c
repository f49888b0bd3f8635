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

/* The device goes over the object again and again until end_loop(). */
static uint32_t begin_loop(struct cell *cell)
{
	struct testdev_counters before = testdev_counters(&cell->dev);
	bool rewrites = cell->event->after == cell->event->before;
	uint32_t sequence;

	sequence = testdev_submit(&cell->dev, &(struct dma_testdev_desc) {
		.op = DMA_TESTDEV_TOUCH,
		.flags = DMA_TESTDEV_F_LOOP | (rewrites ? touch_flags(cell) : 0),
		.dst = (uintptr_t)cell->object.data,
		.length = cell->object.length,
	});
	while (testdev_counters_since(&cell->dev, &before).value[DMA_TESTDEV_TRANSACTIONS] <
	       2 * cell->object.length / PAGE)
		CHECK(!testdev_done(&cell->dev, sequence));
	return sequence;
}

static void end_loop(struct cell *cell, uint32_t sequence, struct measurement *result)
{
	struct dma_testdev_cpl cpl;

	testdev_write(&cell->dev, DMA_TESTDEV_DB_CONTROL, DMA_TESTDEV_CONTROL_STOP_LOOP);
	cpl = testdev_wait(&cell->dev, sequence);
	result->passes = cpl.passes;
	result->during_aborts = cpl.status != DMA_TESTDEV_OK;
}

static void let_happen(struct cell *cell, struct measurement *result)
{
	struct testdev_counters before;
	uint32_t sequence;

	if (!cell->busy) {
		cell->event->happen(cell);
		return;
	}
	sequence = begin_loop(cell);
	before = testdev_counters(&cell->dev);
	cell->event->happen(cell);
	result->during_stalls =
		testdev_counters_since(&cell->dev, &before).value[DMA_TESTDEV_STALLS];
	end_loop(cell, sequence, result);
}

static bool page_is(const struct buffer *buf, const uint8_t *painting, size_t offset,
		    enum contents contents)
{
	const uint8_t *page = buf->data + offset;

	switch (contents) {
	case PAINTED:
		return !memcmp(page, painting + offset, PAGE);
	case ALIKE:
		return filled(page, PAGE, ALIKE_BYTE) == PAGE;
	case PAINTED_OR_ZERO:
		return !memcmp(page, painting + offset, PAGE) || filled(page, PAGE, 0) == PAGE;
	default:
		return filled(page, PAGE, 0) == PAGE;
	}
}

static bool contents_are(const struct buffer *buf, enum contents contents)
{
	uint8_t *painting = malloc(buf->length);
	size_t offset = 0;

	CHECK(painting);
	paint(painting, buf->length, SEED_OBJECT);
	while (offset < buf->length && page_is(buf, painting, offset, contents))
		offset += PAGE;
	free(painting);
	return offset == buf->length;
}

/* Whether CPU and device agree on the bytes, and these are the right ones. */
static bool bytes_are_right(struct cell *cell)
{
	struct buffer *buf = &cell->object;
	struct dma_testdev_cpl cpl = testdev_checksum(&cell->dev, buf->data, buf->length);

	if (cpl.status != DMA_TESTDEV_OK || cpl.result != crc32c(buf->data, buf->length))
		return false;
	if (!contents_are(buf, cell->refused ? cell->event->before : cell->event->after))
		return false;
	if (!is_written(cell))
		return true;
	cpl = testdev_fill(&cell->dev, buf->data, buf->length, FILLED);
	return cpl.status == DMA_TESTDEV_OK && filled(buf->data, buf->length, FILLED) == buf->length;
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
	if (result->aborted)
		return;
	if (cell->object_frames)
		result->moved = moved_frames(&cell->object, cell->object_frames);
	result->wrong = !bytes_are_right(cell);
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
