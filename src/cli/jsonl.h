/* jsonl: requests and answers of `nmt translate --format jsonl`: one JSON object per line. A request's "text" is translated; its other
 * members come back unchanged, with the answer's:
 *
 *     {"id":7,"text":"Two dogs."}      {"id":7,"text":"Two dogs.","translation":"Deux chiens."}
 *
 *     prefix     (in a request) with which the translation begins
 *     split      (in a request) true or false: whether its sentences are translated by themselves; without it, as --split says
 *     score      --scores: log-probability of the translation and its end, nats
 *     n_best     --n-best: [{"text", "score"}, …], best first
 *     alignment  --alignment -: {"source", "target", "weights"}, as in a JSON file of alignments
 *     error      instead of a translation: why there is none */
#ifndef NMT_CLI_JSONL_H
#define NMT_CLI_JSONL_H

#include "search/translate.h"

#include <stdio.h>

struct json_object;

struct request {
    struct json_object *object; /* never NULL once read */
    const char *text;           /* [length] UTF-8, borrowed from object; empty if there is an error */
    size_t length;
    const char *prefix; /* NULL: none */
    int split;          /* 1, 0, or -1: not given */
    int failed;
};

/* What answers have. */
struct answering {
    int score, n_best, alignment;
};

/* Reads a line, of which a string alone counts as {"text": string}. 0, or -1 after a warning: the request is then an answer with the
 * error. request_release in both cases. */
int request_read(struct request *request, const char *line, size_t length, long number);
void request_release(struct request *request);

/* Completes the request by its translation, unless it has an error, and prints it as one line. */
void request_answer(struct request *request, const struct translation *translation, const struct answering *answering,
                    FILE *stream);

#endif
