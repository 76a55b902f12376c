#define _POSIX_C_SOURCE 200809L
#include "serve/server.h"

#include "base/report.h"
#include "serve/exchange.h"
#include "serve/listen.h"
#include "serve/http_library.h"
#include "serve/reply.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { HEADERS_MOST = 32768, SWEEP_NANOSECONDS = 50000000 };

/* Moments in which those whose requests were given up can still be told so. */
enum { FAREWELL = 20 };

/* libmicrohttpd's messages are about what clients do wrong. */
static void ignore(void *context, const char *format, va_list arguments)
{
    (void)context;
    (void)format;
    (void)arguments;
}

static int start_daemon(struct server *server, int listening)
{
    const struct limits *limits = &server->options->offer.limits;

    server->daemon =
        MHD_start_daemon(MHD_USE_POLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0, NULL, NULL,
                         exchange_access, server, MHD_OPTION_EXTERNAL_LOGGER, ignore, NULL, MHD_OPTION_LISTEN_SOCKET, listening,
                         MHD_OPTION_NOTIFY_COMPLETED, exchange_completed, server, MHD_OPTION_CONNECTION_LIMIT, limits->connections,
                         MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)limits->timeout + 1, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
                         (size_t)HEADERS_MOST, MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_END);
    return server->daemon ? 0 : error("serve: cannot start the HTTP server: %s", strerror(errno));
}

/* Waits a moment for SIGTERM or SIGINT: whether one came. */
static int signalled(const sigset_t *ends)
{
    const struct timespec moment = { 0, SWEEP_NANOSECONDS };

    return sigtimedwait(ends, NULL, &moment) > 0;
}

/* Answers what is in flight. A second signal, or the end of the time for it, ends that. */
static void drain(struct server *server, const sigset_t *ends)
{
    double deadline = queue_clock() + server->options->offer.limits.grace;

    server->draining = 1;
    close(MHD_quiesce_daemon(server->daemon));
    while (server->open && queue_clock() < deadline && !signalled(ends))
        queue_expire(server->queue, queue_clock());
}

static int serve(struct server *server, int listening, const struct text *url, const sigset_t *ends)
{
    if (start_daemon(server, listening)) {
        close(listening);
        return -1;
    }
    note("serving at %s", url->data);
    while (!signalled(ends))
        queue_expire(server->queue, queue_clock());
    note("stopping");
    drain(server, ends);
    queue_stop(server->queue);
    for (int k = 0; server->open && k < FAREWELL; k++)
        signalled(ends);
    MHD_stop_daemon(server->daemon);
    return 0;
}

int server_run(const struct server_options *options)
{
    struct server server = { .options = options, .start = queue_clock() };
    struct text url = { 0 };
    int loopback = 0, result = -1, listening;
    sigset_t ends, old;

    if (http_library_load())
        return -1;
    listening = listen_at(options->listen, &url, &loopback);
    if (listening < 0)
        return -1;
    if (!loopback && !options->key_count)
        warning("other machines can reach %s, and it needs no API key; see --api-keys", url.data);
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    pthread_sigmask(SIG_BLOCK, &ends, &old);
    server.no_memory = reply_no_memory();
    server.queue = queue_start(options->workers, options->offer.limits.queue, options->offer.models[0].nmt, &server.metrics);
    if (server.queue) {
        result = serve(&server, listening, &url, &ends);
        queue_stop(server.queue);
        queue_free(server.queue);
    } else {
        close(listening);
    }
    if (server.no_memory)
        MHD_destroy_response(server.no_memory);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    text_release(&url);
    return result;
}
