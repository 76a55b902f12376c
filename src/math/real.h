/* real: the type of every number of the model. float; double in the test build (NMT_DOUBLE), where gradients are checked. */
#ifndef NMT_MATH_REAL_H
#define NMT_MATH_REAL_H

#ifdef NMT_DOUBLE
typedef double real;
#else
typedef float real;
#endif

#endif
