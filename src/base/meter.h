/* meter: where a worker's time goes. A worker is always in one part; entering another returns the one before, to go back to:
 *
 *     enum meter_part before = meter_enter(meter, METER_PRODUCTS);
 *     …
 *     meter_enter(meter, before);
 *
 * Reading the clock costs some 25 ns, and is done a few thousand times an update. */
#ifndef NMT_BASE_METER_H
#define NMT_BASE_METER_H

enum meter_part { METER_ELEMENTWISE, METER_PRODUCTS, METER_ATTENTION, METER_SOFTMAX, METER_OPTIMIZER, METER_WAITING, METER_PARTS };

/* Names in the order of the enum. */
extern const char *const meter_names[];

struct meter {
    enum meter_part part;
    double since; /* when the part was entered */
    double seconds[METER_PARTS];
};

/* Seconds of a clock that never goes back. */
double meter_clock(void);

enum meter_part meter_enter(struct meter *meter, enum meter_part part);

/* All parts back to zero, from now on. */
void meter_reset(struct meter *meter);

#endif
