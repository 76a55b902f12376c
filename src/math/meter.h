/* meter: where a worker's time goes. A worker is always in one part; entering another returns the one before, to go back to:
 *
 *     const char *before = meter_enter(meter, METER_PRODUCTS);
 *     …
 *     meter_enter(meter, before);
 *
 * Whoever does the work names the part, so this file knows no layer. Reading the clock costs some 25 ns, and is done a few thousand
 * times per update. */
#ifndef NMT_MATH_METER_H
#define NMT_MATH_METER_H

/* The parts of the floors up to this one. A part is recognised by its pointer: use one constant per part. */
extern const char METER_ELEMENTWISE[], METER_PRODUCTS[];

enum { METER_PARTS = 8 };

struct meter {
    int current, count;
    double since; /* when the current part was entered */
    struct {
        const char *name;
        double seconds;
    } parts[METER_PARTS]; /* in the order in which they were first entered; the program has fewer than fit */
};

/* Seconds of a clock that never goes back. */
double meter_clock(void);

/* Returns the part that was left. */
const char *meter_enter(struct meter *meter, const char *part);

/* All parts back to zero, from now on, in METER_ELEMENTWISE. */
void meter_reset(struct meter *meter);

#endif
