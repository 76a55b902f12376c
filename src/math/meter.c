#define _POSIX_C_SOURCE 200809L
#include "math/meter.h"

#include <assert.h>
#include <time.h>

const char METER_ELEMENTWISE[] = "elementwise", METER_PRODUCTS[] = "products";

double meter_clock(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static int find(struct meter *meter, const char *part)
{
    for (int i = 0; i < meter->count; i++)
        if (meter->parts[i].name == part)
            return i;
    assert(meter->count < METER_PARTS);
    meter->parts[meter->count].name = part;
    return meter->count++;
}

const char *meter_enter(struct meter *meter, const char *part)
{
    int before = meter->current;
    double now = meter_clock();

    meter->parts[before].seconds += now - meter->since;
    meter->since = now;
    meter->current = find(meter, part);
    return meter->parts[before].name;
}

void meter_reset(struct meter *meter)
{
    *meter = (struct meter){ .since = meter_clock(), .count = 1, .parts = { { .name = METER_ELEMENTWISE } } };
}
