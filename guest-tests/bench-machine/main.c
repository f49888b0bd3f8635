// SPDX-License-Identifier: MIT
/*
 * Measures the machine, not the kernel. Runs as the first and only process of a guest;
 * the argument says what: "device", the DMA test device by SVA, or "port", a device
 * that every QEMU has, behind the SMMU without SubstreamIDs.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "buffer.h"
#include "check.h"
#include "testdev.h"

#define MIB		((size_t)1 << 20)
#define ROUNDS		5
#define FAULTS		2048	/* pages */
#define READ_BYTES	(16 * MIB)
#define READ_PASSES	16
#define PORT		"/dev/vport0p1"
#define PORT_WRITE	(32 << 10)	/* the most that the driver takes at once */
#define PORT_BYTES	(64 * MIB)

static uint64_t now_ns(void)
{
	struct timespec now;

	CHECK(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
	return now.tv_sec * 1000000000ull + now.tv_nsec;
}

static void print_measure(const char *what, uint64_t amount, uint64_t stall_ns, uint64_t ns)
{
	printf("measure\t%s\t%llu\t%llu\t%llu\n", what, (unsigned long long)amount,
	       (unsigned long long)stall_ns, (unsigned long long)ns);
}

static void load_driver(void)
{
	int fd = open("/dma_testdev.ko", O_RDONLY | O_CLOEXEC);

	CHECK(fd >= 0);
	CHECK(syscall(SYS_finit_module, fd, "", 0) == 0);
	close(fd);
}

static void measure_stalls(struct testdev *dev)
{
	for (int round = 0; round < ROUNDS; round++) {
		struct dma_testdev_cpl cpl;
		struct buffer buf;
		uint64_t start;

		buffer_map(&buf, BUFFER_ANON, FAULTS * PAGE);
		start = now_ns();
		cpl = testdev_touch(dev, buf.data, buf.length, DMA_TESTDEV_F_WRITE);
		print_measure("stalls", cpl.stalls, cpl.stall_ns, now_ns() - start);
		CHECK(cpl.status == DMA_TESTDEV_OK && cpl.stalls == FAULTS);
		buffer_unmap(&buf);
	}
}

static void measure_reads(struct testdev *dev)
{
	struct buffer buf;

	buffer_map(&buf, BUFFER_ANON, READ_BYTES);
	memset(buf.data, 0x5a, buf.length);
	for (int round = 0; round < ROUNDS; round++) {
		uint64_t start = now_ns();

		for (int pass = 0; pass < READ_PASSES; pass++) {
			struct dma_testdev_cpl cpl = testdev_checksum(dev, buf.data, buf.length);

			CHECK(cpl.status == DMA_TESTDEV_OK && cpl.stalls == 0);
		}
		print_measure("bytes", READ_PASSES * buf.length, 0, now_ns() - start);
	}
	buffer_unmap(&buf);
}

static void measure_device(void)
{
	struct testdev dev;

	load_driver();
	testdev_open(&dev);
	measure_stalls(&dev);
	measure_reads(&dev);
	testdev_close(&dev);
}

static void measure_port(void)
{
	int fd = open(PORT, O_WRONLY | O_CLOEXEC);
	char *data = calloc(1, PORT_WRITE);

	CHECK(fd >= 0 && data);
	for (int round = 0; round < ROUNDS; round++) {
		uint64_t start = now_ns();

		for (size_t done = 0; done < PORT_BYTES; done += PORT_WRITE)
			CHECK(write(fd, data, PORT_WRITE) == PORT_WRITE);
		print_measure("bytes", PORT_BYTES, 0, now_ns() - start);
	}
	free(data);
	close(fd);
}

int main(int argc, char **argv)
{
	static char output[1 << 16];

	/* Printed at the very end: the console must not take part. */
	setvbuf(stdout, output, _IOFBF, sizeof(output));
	CHECK(mount("dev", "/dev", "devtmpfs", 0, NULL) == 0);
	CHECK(argc == 2);
	if (strcmp(argv[1], "device") == 0)
		measure_device();
	else
		measure_port();
	printf("end of figures\n");
	fflush(stdout);
	reboot(RB_POWER_OFF);
}
