/* input: sentence pairs as they are in their files, byte by byte. */
#ifndef NMT_CORPUS_INPUT_H
#define NMT_CORPUS_INPUT_H

#include "base/io.h"

/* Where pairs come from: source and target files, or `pairs`, one line "source TAB target" per pair, further columns ignored. */
struct corpus_files {
    const char *source, *target, *pairs;
    double weight; /* how often an epoch has each of these pairs, on average (corpus/plan.h); 0 is read as 1 */
    int synthetic; /* the source sides are translations by a machine: the tag (text/tokenizer.h) is put in front of them */
};

/* One reader per side, or one for both (pairs). */
struct input {
    struct reader readers[2];
    int count;
};

/* One side of a pair as it is in the file, valid until the next pair is read. */
struct raw {
    const char *text;
    size_t length;
    size_t offset; /* in its line */
    const struct reader *reader;
};

/* 0, or -1 after reporting. input_close is needed in either case. */
int input_open(struct input *input, const struct corpus_files *files);
void input_close(struct input *input);

/* The next pair: 1, 0 at the end, -1 after reporting. Unequal numbers of lines, and a line of pairs without a tab, are errors. */
int input_pair(struct input *input, struct raw raw[2]);

#endif
