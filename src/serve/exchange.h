/* exchange: one request and its answer, and the server that all of them belong to. Private to the server: only the thread that talks to
 * clients touches an exchange. */
#ifndef NMT_SERVE_EXCHANGE_H
#define NMT_SERVE_EXCHANGE_H

#include "base/memory.h"
#include "serve/server.h"

#include <microhttpd.h>
#include <stdatomic.h>

struct route;

struct server {
    const struct server_options *options;
    struct MHD_Daemon *daemon;
    struct MHD_Response *no_memory; /* made in advance */
    struct queue *queue;
    struct metrics metrics;
    struct exchange *first; /* those that are open */
    atomic_size_t open;     /* how many */
    atomic_int draining;    /* no new requests */
    double start;
};

/* Where a request is: its body is read; its job waits for its results, or for the connection's next turn; the answer is on its way. */
enum stage { STAGE_BODY, STAGE_JOB, STAGE_REPLY };

struct exchange {
    struct server *server;
    struct MHD_Connection *connection;
    struct exchange *next, *before;
    const struct route *route; /* NULL: no such path */
    char method[16], path[128], client[64];
    double start;
    enum stage stage;
    struct text body;
    size_t skipped; /* bytes of the body behind the limit */
    struct asked *asked;
    int code;         /* 0: no answer yet */
    size_t sent;      /* bytes of the answer */
    size_t seen;      /* results that the stream has */
    struct text line; /* what the stream is writing: its bytes from line_at on are left */
    size_t line_at;
    int over; /* the stream has its last line */
};

/* For libmicrohttpd: every call about a request; its end. */
enum MHD_Result exchange_access(void *context, struct MHD_Connection *connection, const char *url, const char *method,
                                const char *version, const char *data, size_t *size, void **own); /* parameters: libmicrohttpd's */
void exchange_completed(void *context, struct MHD_Connection *connection, void **own, enum MHD_RequestTerminationCode why);

/* Puts the job of the exchange into the queue. 0; or -1 after refusing. */
int exchange_enqueue(struct exchange *exchange, struct refusal *refusal);

#endif
