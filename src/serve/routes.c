#define _POSIX_C_SOURCE 200809L
#include "serve/routes.h"

#include "base/json_read.h"
#include "base/report.h"
#include "serve/answer.h"
#include "serve/form.h"
#include "serve/keys.h"
#include "serve/reply.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- GET ---- */

static enum MHD_Result get_page(struct exchange *exchange)
{
    return reply_page(exchange);
}

static enum MHD_Result get_health(struct exchange *exchange)
{
    struct json json = { 0 };
    int draining = exchange->server->draining;

    json_open(&json, NULL, '{');
    json_string(&json, "status", draining ? "stopping" : "ok");
    json_close(&json, '}');
    return reply_json(exchange, draining ? 503 : 200, &json);
}

static enum MHD_Result get_languages(struct exchange *exchange)
{
    struct json json = { 0 };

    answer_languages(&exchange->server->options->offer, &json);
    return reply_json(exchange, 200, &json);
}

static enum MHD_Result get_models(struct exchange *exchange)
{
    struct json json = { 0 };

    answer_models(&exchange->server->options->offer, &json);
    return reply_json(exchange, 200, &json);
}

static enum MHD_Result get_metrics(struct exchange *exchange)
{
    struct server *server = exchange->server;
    const struct queue_counts counts = queue_count(server->queue);
    const char *paths[METRICS_PATHS];
    const struct metrics_now now = {
        paths, route_count(), counts.jobs, counts.texts, counts.translating, server->open, queue_clock() - server->start
    };
    struct text text = { 0 };

    route_paths(paths);
    metrics_print(&server->metrics, &now, &text);
    return reply_text(exchange, 200, "text/plain; version=0.0.4; charset=utf-8", &text);
}

/* ---- POST ---- */

static enum MHD_Result post_detect(struct exchange *exchange)
{
    return reply_refusal(exchange, &(struct refusal){ 501, "detecting languages is not offered; give source and target" });
}

/* The fields of the body: a JSON object, or those of a form. NULL after refusing. */
static struct json_object *read_fields(struct exchange *exchange, struct refusal *refusal)
{
    const char *type = MHD_lookup_connection_value(exchange->connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_TYPE), *problem;
    struct json_object *fields = NULL;
    size_t length = type ? strcspn(type, "; ") : 0;

    text_add_string(&exchange->body, "");
    if (length == strlen("application/x-www-form-urlencoded") &&
        strncasecmp(type, "application/x-www-form-urlencoded", length) == 0) {
        fields = form_read(exchange->body.data, exchange->body.length, &problem);
    } else if (!type || (length == strlen("application/json") && strncasecmp(type, "application/json", length) == 0)) {
        fields = json_read(exchange->body.data, exchange->body.length, &problem);
    } else {
        refuse(refusal, 415, "send application/json or application/x-www-form-urlencoded");
        return NULL;
    }
    if (!fields)
        refuse(refusal, 400, "the body is %s", problem);
    return fields;
}

/* Reads the request and puts it into the queue. 0, or -1 after refusing. */
static int take(struct exchange *exchange, int libre, struct refusal *refusal)
{
    const struct offer *offer = &exchange->server->options->offer;
    struct json_object *fields = read_fields(exchange, refusal);
    struct asked *asked;
    int failed;

    if (!fields)
        return -1;
    failed = keys_check(exchange, fields, refusal);
    asked = memory_new(1, sizeof *asked);
    if (!failed)
        failed = libre ? ask_libre(asked, offer, fields, refusal) : ask_ours(asked, offer, fields, refusal);
    json_object_put(fields);
    text_release(&exchange->body);
    exchange->asked = asked;
    return failed || exchange_enqueue(exchange, refusal) ? -1 : 0;
}

static enum MHD_Result post(struct exchange *exchange, int libre)
{
    struct refusal refusal;

    return take(exchange, libre, &refusal) ? reply_refusal(exchange, &refusal) : MHD_YES;
}

static enum MHD_Result post_libre(struct exchange *exchange)
{
    return post(exchange, 1);
}

static enum MHD_Result post_ours(struct exchange *exchange)
{
    return post(exchange, 0);
}

enum MHD_Result route_finish(struct exchange *exchange)
{
    const struct asked *asked = exchange->asked;
    struct json json = { 0 };
    struct refusal refusal;
    int over;

    if (asked->stream && (queue_ready(exchange->server->queue, &exchange->asked->job, 0, &over, NULL) || !over))
        return reply_stream(exchange);
    if (asked->job.state != JOB_GOOD) {
        refuse(&refusal, 503, "%s", asked->job.problem);
        return reply_refusal(exchange, &refusal);
    }
    if (asked->libre)
        answer_libre(asked, &json);
    else
        answer_ours(asked, &json);
    return reply_json(exchange, 200, &json);
}

/* ---- the table ---- */

static const struct route routes[] = {
    { "/", "GET", 0, 0, get_page },
    { "/translate", "POST", 1, 1, post_libre },
    { "/languages", "GET", 0, 0, get_languages },
    { "/detect", "POST", 0, 0, post_detect },
    { "/health", "GET", 0, 0, get_health },
    { "/metrics", "GET", 1, 0, get_metrics },
    { "/v1/translate", "POST", 1, 1, post_ours },
    { "/v1/models", "GET", 0, 0, get_models },
};

enum { ROUTES = sizeof routes / sizeof *routes };

const struct route *route_find(const char *path)
{
    for (int i = 0; i < ROUTES; i++)
        if (strcmp(path, routes[i].path) == 0)
            return &routes[i];
    return NULL;
}

int route_allows(const struct route *route, const char *method)
{
    return strcmp(method, route->method) == 0 || (strcmp(method, "HEAD") == 0 && strcmp(route->method, "GET") == 0);
}

const char *route_methods(const struct route *route)
{
    return route && strcmp(route->method, "POST") == 0 ? "POST" : "GET, HEAD";
}

int route_count(void)
{
    return ROUTES + 1;
}

int route_number(const struct route *route)
{
    return route ? (int)(route - routes) : ROUTES;
}

void route_paths(const char **paths)
{
    for (int i = 0; i < ROUTES; i++)
        paths[i] = routes[i].path;
    paths[ROUTES] = "other";
}
