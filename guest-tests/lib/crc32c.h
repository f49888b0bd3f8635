/* SPDX-License-Identifier: MIT */
#ifndef PINLAB_CRC32C_H
#define PINLAB_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* CRC-32C (Castagnoli, RFC 3720 appendix B.4) of @length bytes. */
uint32_t crc32c(const void *data, size_t length);

#endif
