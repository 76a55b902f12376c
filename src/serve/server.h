/* server: translation over HTTP: a page and an API (README.md), on libmicrohttpd.
 *
 * One thread talks to all clients; it reads requests (ask.h), puts them into the queue (queue.h), suspends their connections, and writes
 * the answers when the workers have woken them. What runs out of memory is answered with 503; nothing that a client sends ends the
 * program. */
#ifndef NMT_SERVE_SERVER_H
#define NMT_SERVE_SERVER_H

#include "serve/ask.h"

#include <stdio.h>

struct server_options {
    struct offer offer;
    const char *listen; /* HOST:PORT, [HOST]:PORT or PORT; port 0: any that is free */
    int workers;
    const char *page;        /* HTML with @NONCE@ where a nonce of its scripts and styles belongs */
    const char *cors;        /* an origin, "*", or NULL */
    const char *const *keys; /* [key_count] one of which a request must have, if there are any */
    int key_count;
    FILE *log; /* JSON lines, or NULL */
};

/* Serves until SIGTERM or SIGINT, then finishes what is in flight. 0, or -1 after reporting. */
int server_run(const struct server_options *options);

#endif
