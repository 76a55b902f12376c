#define _POSIX_C_SOURCE 200809L
#include "serve/exchange.h"

#include "base/json.h"
#include "base/report.h"
#include "serve/guard.h"
#include "serve/keys.h"
#include "serve/reply.h"
#include "serve/routes.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Bytes behind the limit that are read to be able to answer; then the connection is closed. */
enum { SKIPPED_MOST = 16 << 20 };

/* ---- begin ---- */

static void read_client(struct exchange *exchange)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(exchange->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const void *address = info ? info->client_addr : NULL;

    if (info && info->client_addr->sa_family == AF_INET)
        inet_ntop(AF_INET, &((const struct sockaddr_in *)address)->sin_addr, exchange->client, sizeof exchange->client);
    else if (info && info->client_addr->sa_family == AF_INET6)
        inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)address)->sin6_addr, exchange->client, sizeof exchange->client);
}

/* NULL if there is no memory. */
static struct exchange *begin(struct server *server, struct MHD_Connection *connection, const char *url, const char *method)
{
    struct exchange *exchange = calloc(1, sizeof *exchange);

    if (!exchange)
        return NULL;
    exchange->server = server;
    exchange->connection = connection;
    exchange->start = queue_clock();
    snprintf(exchange->method, sizeof exchange->method, "%s", method);
    snprintf(exchange->path, sizeof exchange->path, "%s", url);
    exchange->route = route_find(url);
    read_client(exchange);
    exchange->next = server->first;
    if (server->first)
        server->first->before = exchange;
    server->first = exchange;
    server->open++;
    return exchange;
}

/* ---- body ---- */

static enum MHD_Result add_body(struct exchange *exchange, const char *data, size_t size)
{
    const struct limits *limits = &exchange->server->options->offer.limits;
    size_t room = limits->body - exchange->body.length, kept = size < room ? size : room;

    if (!exchange->route || !route_allows(exchange->route, exchange->method))
        kept = 0;
    exchange->skipped += size - kept;
    if (exchange->skipped > SKIPPED_MOST || queue_clock() - exchange->start > limits->timeout)
        return MHD_NO;
    text_add(&exchange->body, data, kept);
    return MHD_YES;
}

/* ---- queue ---- */

static void wake(void *context)
{
    MHD_resume_connection(((struct exchange *)context)->connection);
}

static size_t count_client(const struct exchange *exchange)
{
    size_t count = 0;

    for (const struct exchange *other = exchange->server->first; other; other = other->next)
        count += other->asked && strcmp(other->client, exchange->client) == 0;
    return count;
}

int exchange_enqueue(struct exchange *exchange, struct refusal *refusal)
{
    struct server *server = exchange->server;
    const struct limits *limits = &server->options->offer.limits;
    struct job *job = &exchange->asked->job;

    if (count_client(exchange) > limits->per_client)
        return refuse(refusal, 429, "%zu requests of this address are already in progress", limits->per_client);
    if (queue_count(server->queue).jobs >= limits->queue)
        return refuse(refusal, 503, "%zu requests are already waiting", limits->queue);
    job->wake = wake;
    job->context = exchange;
    job->patience = limits->timeout;
    job->deadline = queue_clock() + limits->timeout;
    job->results = memory_new(job->count, sizeof *job->results);
    exchange->stage = STAGE_JOB;
    MHD_suspend_connection(exchange->connection);
    if (queue_add(server->queue, job)) {
        MHD_resume_connection(exchange->connection);
        return refuse(refusal, 503, "the server is stopping");
    }
    return 0;
}

/* ---- answer ---- */

static enum MHD_Result answer(struct exchange *exchange)
{
    const struct route *route = exchange->route;
    const struct server_options *options = exchange->server->options;
    struct refusal refusal;

    if (!route)
        refuse(&refusal, 404, "there is no such path; see /v1/models, /languages and README.md");
    else if (strcmp(exchange->method, "OPTIONS") == 0 && options->cors)
        return reply_empty(exchange, 204);
    else if (!route_allows(route, exchange->method))
        refuse(&refusal, 405, "expected %s", route_methods(route));
    else if (exchange->skipped)
        refuse(&refusal, 413, "the body has more than %zu bytes", options->offer.limits.body);
    else if (route->needs_key && !route->translates && keys_check(exchange, NULL, &refusal))
        return reply_refusal(exchange, &refusal);
    else
        return route->answer(exchange);
    return reply_refusal(exchange, &refusal);
}

struct access {
    struct exchange *exchange;
    const char *data;
    size_t *size;
    enum MHD_Result result; /* out */
};

static int go_on(void *context)
{
    struct access *access = context;
    struct exchange *exchange = access->exchange;

    access->result = MHD_YES;
    if (exchange->stage == STAGE_BODY && *access->size) {
        access->result = add_body(exchange, access->data, *access->size);
        *access->size = 0;
    } else if (exchange->stage == STAGE_BODY) {
        access->result = answer(exchange);
    } else if (exchange->stage == STAGE_JOB) {
        access->result = route_finish(exchange);
    }
    return 0;
}

/* parameters: libmicrohttpd's. */
enum MHD_Result exchange_access(void *context, struct MHD_Connection *connection, const char *url, const char *method,
                                const char *version, const char *data, size_t *size, void **own)
{
    struct server *server = context;
    struct report_capture capture = { .text = "" };
    struct access access = { *own, data, size, MHD_YES };

    (void)version;
    if (!access.exchange) {
        struct exchange *exchange = begin(server, connection, url, method);

        *own = exchange;
        return exchange ? MHD_YES : MHD_NO;
    }
    if (guard(&capture, go_on, &access) == 0)
        return access.result;
    *size = 0;
    access.exchange->asked = NULL; /* lost: it may be half built */
    access.exchange->body = (struct text){ 0 };
    access.exchange->code = 503;
    access.exchange->stage = STAGE_REPLY;
    return server->no_memory ? MHD_queue_response(connection, 503, server->no_memory) : MHD_NO;
}

/* ---- end ---- */

/* One line about a request that was answered. Never of its texts. */
static int log_line(void *context)
{
    const struct exchange *exchange = context;
    struct timespec now;
    struct tm fields;
    struct json json = { 0 };
    char time[64];

    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &fields);
    snprintf(time + strftime(time, 32, "%Y-%m-%dT%H:%M:%S", &fields), 8, ".%03dZ", (int)(now.tv_nsec / 1000000));
    json_open(&json, NULL, '{');
    json_string(&json, "time", time);
    json_string(&json, "client", exchange->client);
    json_string(&json, "method", exchange->method);
    json_string(&json, "path", exchange->path);
    json_integer(&json, "status", exchange->code);
    json_real(&json, "milliseconds", (queue_clock() - exchange->start) * 1e3, 6);
    json_integer(&json, "bytes", (long)exchange->sent);
    if (exchange->asked)
        json_integer(&json, "texts", (long)exchange->asked->text_count);
    json_close(&json, '}');
    json_print(&json, exchange->server->options->log);
    fflush(exchange->server->options->log);
    json_release(&json);
    return 0;
}

static void release_asked(struct job *job)
{
    struct asked *asked = (struct asked *)(void *)job; /* its first member */

    asked_release(asked);
    free(asked);
}

void exchange_completed(void *context, struct MHD_Connection *connection, void **own, enum MHD_RequestTerminationCode why)
{
    struct exchange *exchange = *own;
    struct server *server = context;
    struct report_capture capture = { .text = "" };

    (void)connection;
    (void)why;
    if (!exchange)
        return;
    *own = NULL;
    if (exchange->code)
        metrics_request(&server->metrics, route_number(exchange->route), exchange->code,
                        exchange->route && exchange->route->translates && exchange->code == 200, queue_clock() - exchange->start);
    if (server->options->log)
        guard(&capture, log_line, exchange);
    if (exchange->asked)
        queue_drop(server->queue, &exchange->asked->job, release_asked);
    if (exchange->before)
        exchange->before->next = exchange->next;
    else
        server->first = exchange->next;
    if (exchange->next)
        exchange->next->before = exchange->before;
    text_release(&exchange->body);
    text_release(&exchange->line);
    free(exchange);
    server->open--;
}
