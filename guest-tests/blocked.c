// SPDX-License-Identifier: MIT
/*
 * DMA that must be blocked: each time the device is aborted, the SMMU records
 * the event for it, and the bytes around are what they were. The SMMU's records
 * are counted outside the guest.
 */
#include <sched.h>
#include <sys/klog.h>
#include <sys/mman.h>
#include <time.h>

#include "harness.h"

#include "buffer.h"
#include "child.h"
#include "expect.h"
#include "mempin.h"
#include "proc.h"
#include "registers.h"
#include "testdev.h"

/* The variant's memory between two pages of canary. */
FIXTURE(blocked) {
	struct testdev dev;
	struct buffer buf;
	uint8_t *middle;
};

FIXTURE_SETUP(blocked)
{
	testdev_open(&self->dev);
	buffer_map(&self->buf, BUFFER_ANON, 3 * PAGE);
	self->middle = self->buf.data + PAGE;
	paint(self->buf.data, self->buf.length, 9);
}

FIXTURE_TEARDOWN(blocked)
{
	testdev_close(&self->dev);
	buffer_unmap(&self->buf);
}

static bool canaries_sing(const struct buffer *buf)
{
	uint8_t whole[3 * PAGE];

	paint(whole, sizeof(whole), 9);
	return !memcmp(whole, buf->data, PAGE) &&
	       !memcmp(whole + 2 * PAGE, buf->data + 2 * PAGE, PAGE);
}

/* One transaction stalls, is recorded, and resumed with abort; no other event in the whole test. */
static void expect_one_fault(const char *type)
{
	expect_smmu("recorded", 1);
	expect_smmu(type, 1);
	expect_smmu("stalls", 1);
	expect_smmu("aborts", 1);
	expect_smmu("retries", 0);
	expect_smmu("discarded", 0);
	expect_device("aborts", 1);
	expect_device("stalls", 1);
	expect_device("ring-aborts", 0);
}

TEST_F(blocked, after_unpin_and_munmap)
{
	int fd;
	uint64_t id;
	struct dma_testdev_cpl cpl;

	SKIP_WITHOUT_MEMPINFD();
	fd = mempinfd(MEMPINFD_CLOEXEC);
	id = pin(fd, self->middle, PAGE, PIN_W);
	cpl = testdev_fill(&self->dev, self->middle, PAGE, 0x11);
	ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
	unpin(fd, id);
	ASSERT_EQ(0, munmap(self->middle, PAGE));

	cpl = testdev_fill(&self->dev, self->middle, PAGE, 0xff);
	ASSERT_EQ(DMA_TESTDEV_WRITE_ABORT, cpl.status);
	ASSERT_EQ((uintptr_t)self->middle, cpl.fault_va);
	ASSERT_EQ(0, cpl.bytes_done);
	ASSERT_TRUE(canaries_sing(&self->buf));
	expect_one_fault("f-translation");
	close(fd);
}

/* What the pin holds is not what the address names any more: reaching it would be no better. */
TEST_F(blocked, after_munmap_while_pinned)
{
	int fd;
	struct dma_testdev_cpl cpl;

	SKIP_WITHOUT_MEMPINFD();
	fd = mempinfd(MEMPINFD_CLOEXEC);
	pin(fd, self->middle, PAGE, PIN_W);
	ASSERT_EQ(0, munmap(self->middle, PAGE));

	cpl = testdev_fill(&self->dev, self->middle, PAGE, 0xff);
	ASSERT_EQ(DMA_TESTDEV_WRITE_ABORT, cpl.status);
	ASSERT_EQ(0, cpl.bytes_done);
	ASSERT_TRUE(canaries_sing(&self->buf));
	expect_one_fault("f-translation");
	close(fd);
}

TEST_F(blocked, beyond_the_mapping)
{
	struct dma_testdev_cpl cpl;

	ASSERT_EQ(0, munmap(self->middle, PAGE));
	cpl = testdev_fill(&self->dev, self->middle - 64, 64 + PAGE, 0xff);
	ASSERT_EQ(DMA_TESTDEV_WRITE_ABORT, cpl.status);
	ASSERT_EQ((uintptr_t)self->middle, cpl.fault_va);
	ASSERT_EQ(64, cpl.bytes_done);
	ASSERT_EQ(64, filled(self->middle - 64, 64, 0xff));
	ASSERT_EQ(PAGE - 64, painted(self->buf.data, PAGE - 64, 9));
	/* Behind the hole, nothing. */
	paint(self->buf.data, PAGE, 9);
	ASSERT_TRUE(canaries_sing(&self->buf));
	expect_one_fault("f-translation");
}

TEST_F(blocked, write_to_read_only_memory)
{
	struct dma_testdev_cpl cpl;
	uint8_t was[PAGE];

	memcpy(was, self->middle, PAGE);
	ASSERT_EQ(0, mprotect(self->middle, PAGE, PROT_READ));
	cpl = testdev_fill(&self->dev, self->middle, PAGE, 0xff);
	ASSERT_EQ(DMA_TESTDEV_WRITE_ABORT, cpl.status);
	ASSERT_EQ((uintptr_t)self->middle, cpl.fault_va);
	ASSERT_EQ(0, memcmp(was, self->middle, PAGE));
	ASSERT_TRUE(canaries_sing(&self->buf));
	expect_one_fault("f-permission");
}

/*
 * A queue that nobody opened, programmed past the driver: what a device does that
 * confuses its PASIDs. Rings and memory are at the same addresses in all processes.
 */
#define SHARED_VA	((uint8_t *)0x200000000000)
#define SHARED_PAGES	5	/* descriptors, completions, canary, target, canary */
#define TARGET		(SHARED_VA + 3 * PAGE)
/* Linux gives PASIDs from 1 on. */
#define PASID_OF_NOBODY	0xfff0u
#define C_BAD_SUBSTREAMID "event 0x08 received"
#define C_BAD_CD	"event 0x0a received"

FIXTURE(pasid) {
	volatile uint8_t *control;
	volatile uint8_t *doorbell;
	unsigned int queue;
	uint32_t tail;
	uint64_t available;
	int memory;
};

static void map_shared(int memory)
{
	CHECK(mmap(SHARED_VA, SHARED_PAGES * PAGE, PROT_READ | PROT_WRITE,
		   MAP_SHARED | MAP_FIXED_NOREPLACE | MAP_POPULATE, memory, 0) == SHARED_VA);
}

static void queue_write(volatile uint8_t *control, unsigned int queue, unsigned int reg,
			uint32_t value)
{
	*(volatile uint32_t *)(control + DMA_TESTDEV_QUEUE(queue) + reg) = value;
}

FIXTURE_SETUP(pasid)
{
	self->memory = memfd_create("shared", MFD_CLOEXEC);
	ASSERT_LE(0, self->memory);
	ASSERT_EQ(0, ftruncate(self->memory, SHARED_PAGES * PAGE));
	self->available = testdev_available();
	self->control = map_control();
	/* The driver gives them out from the first on. */
	self->queue = control_read(self->control, DMA_TESTDEV_QUEUES) - 1;
	self->doorbell = map_doorbell(self->queue);
	map_shared(self->memory);
	paint(SHARED_VA, SHARED_PAGES * PAGE, 4);
	self->tail = 0;
}

FIXTURE_TEARDOWN(pasid)
{
	queue_write(self->control, self->queue, DMA_TESTDEV_QUEUE_ENABLE, 0);
	queue_write(self->control, self->queue, DMA_TESTDEV_QUEUE_PASID, 0);
	*(volatile uint32_t *)(self->doorbell + DMA_TESTDEV_DB_CONTROL) = DMA_TESTDEV_CONTROL_RESET;
	munmap(SHARED_VA, SHARED_PAGES * PAGE);
	close(self->memory);
}

/* Lets the queue access the address space of @pasid, with fresh rings. */
static void queue_use(struct testdev *rogue, FIXTURE_DATA(pasid) *self, uint32_t pasid)
{
	*rogue = (struct testdev) {
		.doorbell = self->doorbell,
		.sq = (void *)SHARED_VA,
		.cq = (void *)(SHARED_VA + PAGE),
	};
	queue_write(self->control, self->queue, DMA_TESTDEV_QUEUE_ENABLE, 0);
	queue_write(self->control, self->queue, DMA_TESTDEV_QUEUE_PASID,
		    pasid | DMA_TESTDEV_QUEUE_PASID_VALID);
	queue_write(self->control, self->queue, DMA_TESTDEV_QUEUE_VECTOR,
		    DMA_TESTDEV_QUEUE_VECTOR_NONE);
	queue_write(self->control, self->queue, DMA_TESTDEV_QUEUE_ENABLE, 1);
	testdev_reset(rogue);
}

static struct dma_testdev_desc fill_target(void)
{
	return (struct dma_testdev_desc) {
		.op = DMA_TESTDEV_FILL,
		.dst = (uintptr_t)TARGET,
		.length = PAGE,
		.operand = 0xee,
	};
}

/* Waits until the queue is in the error that a refused descriptor leaves. */
static bool descriptor_refused(struct testdev *rogue)
{
	const uint32_t refused = DMA_TESTDEV_ERROR | DMA_TESTDEV_ERROR_SQ_ABORT << 8;
	struct dma_testdev_desc desc = fill_target();
	time_t end = time(NULL) + wait_seconds();

	testdev_submit(rogue, &desc);
	while (testdev_read(rogue, DMA_TESTDEV_DB_STATE) != refused && time(NULL) < end)
		sched_yield();
	return testdev_read(rogue, DMA_TESTDEV_DB_STATE) == refused &&
	       testdev_read64(rogue, DMA_TESTDEV_DB_ERROR_VA) == (uintptr_t)SHARED_VA;
}

/* All but the rings: page 2 to the end. */
static bool untouched(void)
{
	uint8_t whole[SHARED_PAGES * PAGE];

	paint(whole, sizeof(whole), 4);
	return !memcmp(whole + 2 * PAGE, SHARED_VA + 2 * PAGE, (SHARED_PAGES - 2) * PAGE);
}

static unsigned int logged(const char *text)
{
	static char log[1 << 20];
	int length = klogctl(3 /* SYSLOG_ACTION_READ_ALL */, log, sizeof(log) - 1);
	unsigned int count = 0;

	CHECK(length >= 0);
	log[length] = 0;
	for (char *at = log; (at = strstr(at, text)); at++)
		count++;
	return count;
}

static bool eventually_logged(const char *text, unsigned int count)
{
	time_t end = time(NULL) + wait_seconds();

	while (logged(text) != count && time(NULL) < end)
		sched_yield();
	return logged(text) == count;
}

/* Not a stall: what has no table to fault on cannot be resolved. */
static void expect_one_event(void)
{
	expect_smmu("recorded", 1);
	expect_smmu("stalls", 0);
	expect_smmu("f-translation", 0);
	expect_smmu("discarded", 0);
	expect_device("ring-aborts", 1);
	expect_device("aborts", 0);
}

TEST_F(pasid, of_nobody)
{
	unsigned int before = logged(C_BAD_SUBSTREAMID) + logged(C_BAD_CD);
	struct testdev rogue;

	queue_use(&rogue, self, PASID_OF_NOBODY);
	ASSERT_TRUE(descriptor_refused(&rogue));
	ASSERT_TRUE(untouched());
	/* Which of the two: whether the table has a second level for the number. */
	ASSERT_TRUE(eventually_logged(C_BAD_SUBSTREAMID, 1) || eventually_logged(C_BAD_CD, 1));
	ASSERT_EQ(before + 1, logged(C_BAD_SUBSTREAMID) + logged(C_BAD_CD));
	expect_one_event();
}

/* Binds the shared memory to a PASID until it is killed; says which. */
static int own_pasid(struct peer *parent, void *arg)
{
	const FIXTURE_DATA(pasid) *self = arg;
	struct testdev dev;

	/* The fork has inherited the mapping, not its page table entries: shared memory has none. */
	for (size_t page = 0; page < SHARED_PAGES; page++)
		*(volatile uint8_t *)(SHARED_VA + page * PAGE) = SHARED_VA[page * PAGE];
	testdev_open(&dev);
	for (unsigned int queue = 0; queue < self->queue; queue++)
		if (control_read(self->control, DMA_TESTDEV_QUEUE(queue) +
				 DMA_TESTDEV_QUEUE_PASID))
			peer_send(parent, control_read(self->control, DMA_TESTDEV_QUEUE(queue) +
						       DMA_TESTDEV_QUEUE_PASID));
	peer_receive(parent);
	return 0;
}

TEST_F(pasid, of_a_process_that_died)
{
	unsigned int before = logged(C_BAD_CD);
	struct dma_testdev_desc desc = fill_target();
	struct dma_testdev_cpl cpl;
	struct testdev rogue;
	struct peer owner;
	uint32_t pasid;

	owner = child_start(own_pasid, self);
	pasid = peer_receive(&owner) & 0xfffff;
	/* While the process lives, its PASID does reach its memory. */
	queue_use(&rogue, self, pasid);
	cpl = testdev_run(&rogue, &desc);
	ASSERT_EQ(DMA_TESTDEV_OK, cpl.status);
	ASSERT_EQ(PAGE, filled(TARGET, PAGE, 0xee));
	paint(SHARED_VA, SHARED_PAGES * PAGE, 4);

	child_kill(&owner);
	ASSERT_TRUE(testdev_given_back(self->available));
	queue_use(&rogue, self, pasid);
	ASSERT_TRUE(descriptor_refused(&rogue));
	ASSERT_TRUE(untouched());
	ASSERT_TRUE(eventually_logged(C_BAD_CD, before + 1));
	expect_one_event();
}

TEST_MAIN
