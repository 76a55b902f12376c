/* meter: the time that a worker spends on each part. A worker is always in one part; entering another returns the previous one:
 *
 *     const char *before = meter_enter(meter, METER_PRODUCTS);
 *     …
 *     meter_enter(meter, before);
 *
 * The caller names the part, so this file knows no layers. Reading the clock costs some 25 ns, and is done a few thousand
 * times per update. */
#ifndef NMT_MATH_METER_H
#define NMT_MATH_METER_H

/* The parts of this floor and lower ones. A part is identified by its pointer: use one constant per part. */
extern const char METER_ELEMENTWISE[], METER_PRODUCTS[];

enum { METER_PARTS = 20 };

struct meter {
    int current, count;
    double since; /* when the current part was entered */
    struct {
        const char *name;
        double seconds;
    } parts[METER_PARTS]; /* in the order in which they were first entered; the program has fewer than METER_PARTS */
};

/* Seconds of a clock that never goes back. */
double meter_clock(void);

/* Returns the part that was left. */
const char *meter_enter(struct meter *meter, const char *part);

/* Resets all parts to zero and enters METER_ELEMENTWISE. */
void meter_reset(struct meter *meter);

#endif
