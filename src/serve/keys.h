/* keys: who may use a server that has API keys. */
#ifndef NMT_SERVE_KEYS_H
#define NMT_SERVE_KEYS_H

#include "serve/exchange.h"

struct json_object;

/* Whether the request has one of the keys: in the header Authorization (Bearer) or X-API-Key, or in the field api_key (fields may be NULL).
 * 0, or -1 after refusing: 401 without a key, 403 with a wrong one. */
int keys_check(const struct exchange *exchange, struct json_object *fields, struct refusal *refusal);

#endif
