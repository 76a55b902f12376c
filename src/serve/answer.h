/* answer: what the translations of a request look like: JSON. */
#ifndef NMT_SERVE_ANSWER_H
#define NMT_SERVE_ANSWER_H

#include "base/json.h"
#include "serve/ask.h"

/* The whole answer, once all results are there. */
void answer_libre(const struct asked *asked, struct json *json);
void answer_ours(const struct asked *asked, struct json *json);

/* One line of a stream: unit i; or the last one: how many there were, or what went wrong. */
void answer_line(const struct asked *asked, size_t i, struct json *json);
void answer_end(const struct asked *asked, struct json *json);

/* GET /languages and /v1/models. */
void answer_languages(const struct offer *offer, struct json *json);
void answer_models(const struct offer *offer, struct json *json);

#endif
