/* team: the worker threads' doors to the products. Worker i of an OpenMP region of `count` threads uses matmul[i]; with one worker
 * the calling thread does the work. */
#ifndef NMT_MATH_TEAM_H
#define NMT_MATH_TEAM_H

#include "math/matmul.h"

enum { TEAM_MOST = 256 };

struct team {
    int count;
    enum backend backend;
    enum precision precision;
    struct matmul *matmul[TEAM_MOST];
};

/* `threads` workers (0: as many as the machine has processors for this program). 0, or -1 after reporting that the backend or
 * precision cannot be had. */
int team_init(struct team *team, int threads, enum backend backend, enum precision precision);
void team_release(struct team *team);

#endif
