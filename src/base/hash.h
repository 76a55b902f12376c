/* hash: a 64-bit hash of bytes, for tables and checksums; not cryptographic. */
#ifndef NMT_BASE_HASH_H
#define NMT_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

/* The initial value (FNV's). */
#define HASH_START UINT64_C(0xCBF29CE484222325)

/* Continues `hash` over `size` bytes as 64-bit words w, the last one padded with zeros:
 *
 *     h <- (h xor w) * 9E3779B97F4A7C15 (hexadecimal);  h <- h xor (h >> 32)
 *
 * This is FNV-1a by words, with a shift that carries high bits down, which multiplication alone never does. Each step is one to one
 * in h and in w, so a difference in one word always gives a different h. */
uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t size);

#endif
