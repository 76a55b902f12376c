/* ask: from the body of a request to the texts that it asks for: LibreTranslate's /translate, and ours, /v1/translate (README.md). */
#ifndef NMT_SERVE_ASK_H
#define NMT_SERVE_ASK_H

#include "serve/queue.h"

struct json_object;

/* A model that is served. */
struct served {
    char *name;
    struct nmt *nmt;
    char *source, *target; /* codes of its languages, or NULL */
    int aligns, lists;     /* whether it has alignments; a shortlist */
};

struct limits {
    size_t body;       /* bytes of a body */
    size_t characters; /* of all texts of a request */
    size_t texts;      /* of a request */
    int beam;          /* largest */
    int max_length;    /* tokens: longer texts are translated in pieces */
    size_t queue;      /* requests that wait */
    size_t per_client; /* requests of one address at the same time */
    unsigned connections;
    double timeout; /* seconds that a request may wait for a worker, and a client may leave a connection idle */
    double grace;   /* seconds to finish what is in flight at the end */
};

/* What is offered. */
struct offer {
    const struct served *models; /* [model_count] */
    int model_count;
    int beam, shortlist; /* where a request does not say */
    struct limits limits;
};

/* One text of the job: a text of the request, or a sentence of one. */
struct unit {
    char *before; /* white space in front of it */
    size_t of;    /* the text's number */
};

struct asked {
    struct job job; /* the first member: see asked_of */
    const struct served *model;
    struct unit *units; /* [job.count] */
    size_t text_count, unit_room, text_room;
    int list;                         /* several texts were given, or one in an array */
    int libre, split, stream, n_best; /* n_best: 0 where it was not asked for */
};

/* Why a request is refused. */
struct refusal {
    int code;
    char text[256];
};

/* -1, with a reason of at most one line. */
int refuse(struct refusal *refusal, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Reads the fields of a request. 0, or -1 after refusing. To be released in either case. */
int ask_libre(struct asked *asked, const struct offer *offer, struct json_object *fields, struct refusal *refusal);
int ask_ours(struct asked *asked, const struct offer *offer, struct json_object *fields, struct refusal *refusal);
void asked_release(struct asked *asked);

#endif
