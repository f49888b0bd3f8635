// SPDX-License-Identifier: MIT
/*
 * reseed <port>: waits for bytes from the host, makes the kernel's random
 * numbers depend on them, and answers. All guests that start from one snapshot
 * would else draw the same numbers, for SSH among other things.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/random.h>

#define SEED_BYTES 64

int reseed_main(int argc, char **argv);

/* The port delivers what was sent in pieces of its own choosing. */
static int read_seed(int port, char *seed)
{
	size_t had = 0;

	while (had < SEED_BYTES) {
		ssize_t got = read(port, seed + had, SEED_BYTES - had);

		if (got == 0)
			errno = EPIPE;
		if (got <= 0)
			return -1;
		had += got;
	}
	return 0;
}

/* RNDRESEEDCRNG: what was added counts from the next number on, not within a minute. */
static int add_to_pool(const char *seed)
{
	struct {
		int entropy_count;
		int buf_size;
		char buf[SEED_BYTES];
	} pool = { SEED_BYTES * 8, SEED_BYTES, {} };
	int random = open("/dev/urandom", O_WRONLY);

	memcpy(pool.buf, seed, SEED_BYTES);
	if (random < 0 || ioctl(random, RNDADDENTROPY, &pool))
		return -1;
	return ioctl(random, RNDRESEEDCRNG);
}

int reseed_main(int argc, char **argv)
{
	char seed[SEED_BYTES];
	int port;

	if (argc != 2) {
		fprintf(stderr, "usage: reseed <port>\n");
		return 2;
	}
	port = open(argv[1], O_RDWR);
	if (port < 0 || read_seed(port, seed) || add_to_pool(seed)) {
		perror("reseed");
		return 1;
	}
	return write(port, "reseeded\n", 9) == 9 ? 0 : 1;
}
