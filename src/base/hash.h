/* hash: many bytes to 64 bits, for tables and checksums; not against forgery. */
#ifndef NMT_BASE_HASH_H
#define NMT_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

/* A value to begin with (FNV's). */
#define HASH_START UINT64_C(0xCBF29CE484222325)

/* Goes on from `hash` over `size` bytes as 64-bit words w, the last one filled up with zeros:
 *
 *     h <- (h xor w) * 9E3779B97F4A7C15 (hexadecimal);  h <- h xor (h >> 32)
 *
 * It is FNV-1a by words, with a shift that carries the high bits down, where multiplication alone never brings them. Each step is one
 * to one in h and in w, so one different word always ends in a different h. */
uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t size);

#endif
