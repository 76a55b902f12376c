/* nmt.h: translation from other programs. A model is opened once and then translates any number of texts, in any number of threads at the
 * same time. Nothing is written to standard streams, and nothing ends the program: what fails returns an error as text.
 *
 *     char *error = NULL;
 *     struct nmt *model = nmt_open("fr.gguf", &error);
 *     struct nmt_result *results = model ? nmt_translate(model, texts, count, NULL, &error) : NULL;
 *
 * Link with `pkg-config --cflags --libs nmt`. Strings are UTF-8. */
#ifndef NMT_H
#define NMT_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define NMT_API __attribute__((visibility("default")))
#else
#define NMT_API
#endif

/* A model. */
struct nmt;

/* How to translate: a member that is 0 has its default. New versions add members at the end only: set all that you do not know to 0. */
struct nmt_options {
    int beam;                    /* hypotheses kept at each step; 1: greedy search (5) */
    int n_best;                  /* texts per result, at most beam (1) */
    int alignment;               /* 1: also the attention weights between words */
    int scores;                  /* 1: also log-probabilities; always so for more than one text */
    int max_length;              /* a text of more tokens is translated in pieces (150) */
    double length_penalty;       /* as nmt translate --length-penalty (1) */
    const char *const *prefixes; /* [count] how each translation begins, or NULL; a last word may go on */
    int split;                   /* 1: a text may hold several sentences; each is translated by itself */
    int tree;                    /* 1: also how the hypotheses of the search grew */
    int shortlist;               /* 1: search only among the words that the model's shortlist has for the source: faster */
    int reserved[5];
};

/* A continuation of a hypothesis that the search kept. */
struct nmt_node {
    int parent;             /* the node that it continues; -1: none */
    int end;                /* whether the hypothesis ended with it: its text is empty */
    double log_probability; /* nats, of all up to this one */
    const char *text;       /* the token, with the space in front of it: the model's, valid until nmt_close */
};

/* A translation. Of a blank text, an empty one. */
struct nmt_result {
    int count;                    /* texts, best first */
    char **texts;                 /* [count] */
    double *log_probability;      /* [count] nats, the end included; NULL if not asked for */
    int rows, columns;            /* words of texts[0] and of the source; 0 without alignment */
    char **target, **source;      /* [rows], [columns] */
    double *weights;              /* [rows * columns], row by row: each target word's row sums to 1 */
    double *word_log_probability; /* [rows] nats, of all tokens of each target word; NULL without alignment */
    int node_count;
    struct nmt_node *nodes; /* [node_count] parents first; none unless asked for, and of a text that was translated in pieces */
    void *reserved[4];
};

/* Opens a model file, or one that is in memory (the bytes are copied). NULL if that fails: *error (unless error is NULL) is then a text
 * that nmt_free_text releases. */
NMT_API struct nmt *nmt_open(const char *path, char **error);
NMT_API struct nmt *nmt_open_memory(const void *bytes, size_t length, char **error);

/* No call with the model may be in progress. NULL is allowed. */
NMT_API void nmt_close(struct nmt *model);

/* Translates `count` texts (options NULL: the defaults), by the calling thread. Returns results [count] for nmt_free; NULL if that fails, as
 * above. Results do not depend on other threads. A call that runs out of memory loses some of what it held, but returns. Meanwhile, the calling
 * thread blocks signals. */
NMT_API struct nmt_result *nmt_translate(struct nmt *model, const char *const *texts, size_t count,
                                         const struct nmt_options *options, char **error);
NMT_API void nmt_free(struct nmt_result *results, size_t count);
NMT_API void nmt_free_text(char *text);

/* The version that is linked. */
NMT_API const char *nmt_version(void);

#ifdef __cplusplus
}
#endif

#endif
