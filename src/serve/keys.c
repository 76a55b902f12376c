#define _POSIX_C_SOURCE 200809L
#include "serve/keys.h"

#include <json-c/json.h>
#include <string.h>
#include <strings.h>

static const char *key_of(const struct exchange *exchange, struct json_object *fields)
{
    static const char bearer[] = "Bearer ";
    const char *header = MHD_lookup_connection_value(exchange->connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_AUTHORIZATION);
    struct json_object *field;

    if (header && strncasecmp(header, bearer, strlen(bearer)) == 0)
        return header + strlen(bearer);
    header = MHD_lookup_connection_value(exchange->connection, MHD_HEADER_KIND, "X-API-Key");
    if (header)
        return header;
    field = json_object_is_type(fields, json_type_object) ? json_object_object_get(fields, "api_key") : NULL;
    return json_object_is_type(field, json_type_string) ? json_object_get_string(field) : NULL;
}

/* In a time that does not depend on where they differ. */
static int equal(const char *key, const char *given, size_t length)
{
    size_t wanted = strlen(key);
    unsigned difference = wanted != length;

    for (size_t i = 0; i < wanted; i++)
        difference |= (unsigned)(unsigned char)key[i] ^ (unsigned)(unsigned char)given[length ? i % length : 0];
    return difference == 0;
}

int keys_check(const struct exchange *exchange, struct json_object *fields, struct refusal *refusal)
{
    const struct server_options *options = exchange->server->options;
    const char *given = options->key_count ? key_of(exchange, fields) : NULL;
    int good = 0;

    if (!options->key_count)
        return 0;
    if (!given)
        return refuse(refusal, 401, "an API key is needed: in the header Authorization: Bearer …, or as api_key");
    for (int i = 0; i < options->key_count; i++)
        good |= equal(options->keys[i], given, strlen(given));
    return good ? 0 : refuse(refusal, 403, "the API key is not valid");
}
