#include "math/stored.h"

#include "math/clones.h"
#include "math/vec.h"

#include <assert.h>
#include <math.h>
#include <string.h>

int stored_fits(enum stored type, int columns)
{
    return type != STORED_Q8_0 || columns % Q8_0_NUMBERS == 0;
}

size_t stored_bytes(enum stored type, size_t count)
{
    switch (type) {
    case STORED_REAL: return count * sizeof(real);
    case STORED_BF16: return count * sizeof(uint16_t);
    case STORED_Q8_0: break;
    }
    assert(count % Q8_0_NUMBERS == 0);
    return count / Q8_0_NUMBERS * Q8_0_BYTES;
}

/* ---- 16-bit floats: a sign, 5 bits of exponent (bias 15), 10 bits of fraction ---- */

/* Of a finite one. Subnormal numbers are made from integers: workers treat subnormal floats as zero. */
INLINE float from_f16(uint16_t half)
{
    uint32_t magnitude = half & 0x7fffu, bits = (magnitude << 13) + (112u << 23);
    float value;

    memcpy(&value, &bits, sizeof value);
    value = magnitude < 0x400 ? (float)magnitude * 0x1p-24f : value;
    return half & 0x8000 ? -value : value;
}

/* Of a number >= 0, rounded to nearest even; below the normal numbers upwards, so that 127 of them are never less than the largest
 * number of a block. 0x7c00, infinity, where it is too large. */
static uint16_t to_f16(double value)
{
    int exponent;
    double fraction = frexp(value, &exponent) * 2048; /* 1024 to 2048 */

    if (value < 0x1p-14)
        return (uint16_t)ceil(value * 0x1p24);
    fraction = rint(fraction);
    if (fraction >= 2048) {
        fraction = 1024;
        exponent++;
    }
    return exponent > 16 ? 0x7c00 : (uint16_t)(((exponent + 14) << 10) + (int)fraction - 1024);
}

/* ---- reading ---- */

CLONES static void read_bf16(real *restrict to, const unsigned char *restrict from, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint16_t half;
        uint32_t bits;
        float value;

        memcpy(&half, from + 2 * i, sizeof half);
        bits = (uint32_t)half << 16;
        memcpy(&value, &bits, sizeof value);
        to[i] = (real)value;
    }
}

CLONES static void read_q8_0(real *restrict to, const unsigned char *restrict from, size_t count)
{
    for (size_t at = 0; at < count; at += Q8_0_NUMBERS, from += Q8_0_BYTES) {
        const signed char *q = (const signed char *)from + 2;
        uint16_t half;
        real scale;

        memcpy(&half, from, sizeof half);
        scale = (real)from_f16(half);
        if (count - at >= Q8_0_NUMBERS) {
            for (size_t i = 0; i < Q8_0_NUMBERS; i++)
                to[at + i] = scale * (real)q[i];
        } else {
            for (size_t i = 0; i < count - at; i++)
                to[at + i] = scale * (real)q[i];
        }
    }
}

void stored_read(real *to, const void *from, enum stored type, size_t first, size_t count)
{
    const unsigned char *at = (const unsigned char *)from + stored_bytes(type, first);

    switch (type) {
    case STORED_REAL: memcpy(to, at, count * sizeof *to); break;
    case STORED_BF16: read_bf16(to, at, count); break;
    case STORED_Q8_0: read_q8_0(to, at, count); break;
    }
}

/* ---- writing ---- */

static int write_bf16(unsigned char *to, const real *from, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        float value = (float)from[i];
        uint16_t half;

        vec_to_bf16(&half, &value, 1, 1, 1);
        memcpy(to + 2 * i, &half, sizeof half);
    }
    return 0;
}

static int write_q8_0(unsigned char *to, const real *from, size_t count)
{
    for (; count; count -= Q8_0_NUMBERS, from += Q8_0_NUMBERS, to += Q8_0_BYTES) {
        double most = 0, scale;
        uint16_t half;

        for (int i = 0; i < Q8_0_NUMBERS; i++) {
            double size = fabs((double)from[i]);

            most = size > most ? size : most; /* gcc 12 for arm64 fails to compile fmax in a loop */
        }
        half = to_f16(most / 127);
        if (half == 0x7c00)
            return -1;
        memcpy(to, &half, sizeof half);
        scale = (double)from_f16(half);
        for (int i = 0; i < Q8_0_NUMBERS; i++) {
            double q = scale > 0 ? rint((double)from[i] / scale) : 0;

            ((signed char *)to)[2 + i] = (signed char)fmax(-127, fmin(127, q));
        }
    }
    return 0;
}

int stored_write(void *to, enum stored type, const real *from, size_t count)
{
    switch (type) {
    case STORED_REAL: memcpy(to, from, count * sizeof *from); break;
    case STORED_BF16: return write_bf16(to, from, count);
    case STORED_Q8_0: return write_q8_0(to, from, count);
    }
    return 0;
}

/* ---- checking ---- */

int stored_sound(const void *from, enum stored type, size_t count)
{
    const unsigned char *at = from;
    int sound = 1;

    if (type == STORED_REAL)
        return vec_sound(from, count);
    if (type == STORED_BF16) {
        for (size_t i = 0; i < count; i++)
            sound &= ((at[2 * i + 1] & 0x7f) << 1 | at[2 * i] >> 7) < 127 + 64; /* the exponent */
    } else {
        for (size_t i = 0; i < count / Q8_0_NUMBERS; i++)
            sound &= (at[i * Q8_0_BYTES + 1] & 0x7c) != 0x7c;
    }
    return sound;
}
