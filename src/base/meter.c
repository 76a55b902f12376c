#define _POSIX_C_SOURCE 200809L
#include "base/meter.h"

#include <time.h>

const char *const meter_names[] = { "elementwise", "products", "attention", "softmax", "optimizer", "waiting" };

double meter_clock(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

enum meter_part meter_enter(struct meter *meter, enum meter_part part)
{
    enum meter_part before = meter->part;
    double now = meter_clock();

    meter->seconds[before] += now - meter->since;
    meter->since = now;
    meter->part = part;
    return before;
}

void meter_reset(struct meter *meter)
{
    *meter = (struct meter){ .since = meter_clock() };
}
