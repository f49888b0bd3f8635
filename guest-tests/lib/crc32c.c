// SPDX-License-Identifier: MIT
#include "crc32c.h"

#define CRC32C_POLYNOMIAL_REVERSED 0x82f63b78u

static uint32_t table[256];

static void fill_table(void)
{
	for (uint32_t byte = 0; byte < 256; byte++) {
		uint32_t crc = byte;

		for (int bit = 0; bit < 8; bit++)
			crc = (crc >> 1) ^ (crc & 1 ? CRC32C_POLYNOMIAL_REVERSED : 0);
		table[byte] = crc;
	}
}

uint32_t crc32c(const void *data, size_t length)
{
	const uint8_t *bytes = data;
	uint32_t crc = ~0u;

	if (!table[1])
		fill_table();
	for (size_t i = 0; i < length; i++)
		crc = (crc >> 8) ^ table[(crc ^ bytes[i]) & 0xff];
	return ~crc;
}
