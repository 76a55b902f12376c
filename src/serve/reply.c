#define _DEFAULT_SOURCE
#include "serve/reply.h"

#include "base/report.h"
#include "serve/answer.h"
#include "serve/guard.h"
#include "serve/routes.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

static const char locked[] = "default-src 'none'; frame-ancestors 'none'";

static void add_headers(struct MHD_Response *response, const char *type, const char *policy)
{
    if (type)
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    MHD_add_response_header(response, "Content-Security-Policy", policy);
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    MHD_add_response_header(response, "X-Frame-Options", "DENY");
    MHD_add_response_header(response, "Referrer-Policy", "no-referrer");
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
}

static void add_cors(const struct exchange *exchange, struct MHD_Response *response)
{
    const char *cors = exchange->server->options->cors;

    if (!cors) {
        MHD_add_response_header(response, "Cross-Origin-Resource-Policy", "same-origin");
        return;
    }
    MHD_add_response_header(response, "Access-Control-Allow-Origin", cors);
    if (strcmp(cors, "*") != 0)
        MHD_add_response_header(response, MHD_HTTP_HEADER_VARY, "Origin");
    if (strcmp(exchange->method, "OPTIONS") == 0) {
        MHD_add_response_header(response, "Access-Control-Allow-Methods", "GET, POST, OPTIONS");
        MHD_add_response_header(response, "Access-Control-Allow-Headers", "Content-Type, Authorization, X-API-Key");
        MHD_add_response_header(response, "Access-Control-Max-Age", "600");
    }
}

/* Releases the response. */
static enum MHD_Result queue_response(struct exchange *exchange, int code, struct MHD_Response *response)
{
    enum MHD_Result result;

    add_cors(exchange, response);
    if (exchange->server->draining)
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    if (code == MHD_HTTP_METHOD_NOT_ALLOWED)
        MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, route_methods(exchange->route));
    if (code == MHD_HTTP_TOO_MANY_REQUESTS || code == MHD_HTTP_SERVICE_UNAVAILABLE)
        MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, "1");
    if (code == MHD_HTTP_UNAUTHORIZED)
        MHD_add_response_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Bearer");
    exchange->code = code;
    exchange->stage = STAGE_REPLY;
    result = MHD_queue_response(exchange->connection, (unsigned)code, response);
    MHD_destroy_response(response);
    return result;
}

/* The bytes, which the response takes over. */
static struct MHD_Response *response_of(struct text *text)
{
    struct MHD_Response *response;

    text_add_string(text, "");
    response = MHD_create_response_from_buffer(text->length, text->data, MHD_RESPMEM_MUST_FREE);
    if (!response)
        die("out of memory");
    *text = (struct text){ 0 };
    return response;
}

enum MHD_Result reply_text(struct exchange *exchange, int code, const char *type, struct text *text)
{
    struct MHD_Response *response;

    exchange->sent = text->length;
    response = response_of(text);
    add_headers(response, type, locked);
    return queue_response(exchange, code, response);
}

enum MHD_Result reply_json(struct exchange *exchange, int code, struct json *json)
{
    text_add_string(&json->text, "\n");
    return reply_text(exchange, code, "application/json", &json->text);
}

enum MHD_Result reply_refusal(struct exchange *exchange, const struct refusal *refusal)
{
    struct json json = { 0 };

    json_open(&json, NULL, '{');
    json_string(&json, "error", refusal->text);
    json_close(&json, '}');
    return reply_json(exchange, refusal->code, &json);
}

enum MHD_Result reply_empty(struct exchange *exchange, int code)
{
    struct text nothing = { 0 };
    struct MHD_Response *response;

    text_add_string(&nothing, "");
    response = response_of(&nothing);
    add_headers(response, NULL, locked);
    return queue_response(exchange, code, response);
}

/* ---- the page ---- */

/* 128 random bits in hexadecimal. 0, or -1. */
static int make_nonce(char nonce[33])
{
    unsigned char bytes[16];

    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
        return -1;
    for (size_t i = 0; i < sizeof bytes; i++)
        snprintf(nonce + 2 * i, 3, "%02x", bytes[i]);
    return 0;
}

enum MHD_Result reply_page(struct exchange *exchange)
{
    static const char mark[] = "@NONCE@";
    struct MHD_Response *response;
    struct text page = { 0 };
    char nonce[33], policy[256];

    if (make_nonce(nonce))
        return reply_refusal(exchange, &(struct refusal){ 503, "no random numbers yet; try again" });
    for (const char *at = exchange->server->options->page, *next; *at; at = next) {
        const char *found = strstr(at, mark);

        text_add(&page, at, found ? (size_t)(found - at) : strlen(at));
        if (found)
            text_add_string(&page, nonce);
        next = found ? found + strlen(mark) : at + strlen(at);
    }
    snprintf(policy, sizeof policy,
             "default-src 'none'; connect-src 'self'; script-src 'nonce-%s'; style-src 'nonce-%s'; img-src data:; base-uri 'none'; "
             "form-action 'none'; frame-ancestors 'none'",
             nonce, nonce);
    exchange->sent = page.length;
    response = response_of(&page);
    add_headers(response, "text/html; charset=utf-8", policy);
    return queue_response(exchange, MHD_HTTP_OK, response);
}

/* ---- the stream ---- */

static void sleep_until_ready(void *context)
{
    struct exchange *exchange = context;

    MHD_suspend_connection(exchange->connection);
}

/* Makes the next line, if there is one: 1; or waits: 0. */
static int next_line(void *context)
{
    struct exchange *exchange = context;
    struct asked *asked = exchange->asked;
    struct json json = { 0 };
    int over;
    size_t ready = queue_ready(exchange->server->queue, &asked->job, exchange->seen, &over, sleep_until_ready);

    if (ready > exchange->seen) {
        answer_line(asked, exchange->seen++, &json);
    } else if (over) {
        answer_end(asked, &json);
        exchange->over = 1;
    } else {
        return 0;
    }
    text_add_string(&json.text, "\n");
    text_release(&exchange->line);
    exchange->line = json.text;
    exchange->line_at = 0;
    return 1;
}

static ssize_t read_stream(void *context, uint64_t position, char *buffer, size_t room)
{
    struct exchange *exchange = context;
    struct report_capture capture = { .text = "" };
    size_t count;

    (void)position;
    if (exchange->line_at == exchange->line.length) {
        int made = exchange->over ? -1 : guard(&capture, next_line, exchange);

        if (exchange->over && made < 0)
            return MHD_CONTENT_READER_END_OF_STREAM;
        if (made <= 0)
            return made ? MHD_CONTENT_READER_END_WITH_ERROR : 0;
    }
    count = exchange->line.length - exchange->line_at;
    count = count < room ? count : room;
    memcpy(buffer, exchange->line.data + exchange->line_at, count);
    exchange->line_at += count;
    exchange->sent += count;
    return (ssize_t)count;
}

enum MHD_Result reply_stream(struct exchange *exchange)
{
    struct MHD_Response *response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 16384, read_stream, exchange, NULL);

    if (!response)
        die("out of memory");
    add_headers(response, "application/x-ndjson", locked);
    MHD_add_response_header(response, "X-Accel-Buffering", "no");
    return queue_response(exchange, MHD_HTTP_OK, response);
}

struct MHD_Response *reply_no_memory(void)
{
    static char text[] = "{\"error\": \"out of memory\"}\n";
    struct MHD_Response *response = MHD_create_response_from_buffer(strlen(text), text, MHD_RESPMEM_PERSISTENT);

    if (response) {
        add_headers(response, "application/json", locked);
        MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, "1");
    }
    return response;
}
