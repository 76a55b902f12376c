/* reply: answers over HTTP, with the headers that all of them have. */
#ifndef NMT_SERVE_REPLY_H
#define NMT_SERVE_REPLY_H

#include "base/json.h"
#include "serve/exchange.h"

/* Queues an answer of these bytes, which it takes over. All return MHD_YES, or MHD_NO when the connection must be closed. */
enum MHD_Result reply_text(struct exchange *exchange, int code, const char *type, struct text *text);
enum MHD_Result reply_json(struct exchange *exchange, int code, struct json *json);

/* {"error": …}; 429 and 503 with Retry-After. */
enum MHD_Result reply_refusal(struct exchange *exchange, const struct refusal *refusal);

enum MHD_Result reply_empty(struct exchange *exchange, int code);
enum MHD_Result reply_page(struct exchange *exchange);

/* Lines of JSON as results become ready. */
enum MHD_Result reply_stream(struct exchange *exchange);

/* The answer when memory is short, made in advance; NULL if there is none for it either. */
struct MHD_Response *reply_no_memory(void);

#endif
