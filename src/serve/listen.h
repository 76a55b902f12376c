/* listen: the socket of a server. */
#ifndef NMT_SERVE_LISTEN_H
#define NMT_SERVE_LISTEN_H

#include "base/memory.h"

/* A socket that listens at HOST:PORT, [HOST]:PORT or PORT (of 127.0.0.1); `url` gets what it is bound to. *loopback: only this machine
 * can reach it. -1 after reporting. */
int listen_at(const char *address, struct text *url, int *loopback);

#endif
