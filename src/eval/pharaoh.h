/* pharaoh: word alignments in Pharaoh format: one line per sentence, links separated by white space; "i-j" links source word i with
 * target word j (sure), and "i?j" is a possible link, in a gold standard only. Words are usually numbered from 0. */
#ifndef NMT_EVAL_PHARAOH_H
#define NMT_EVAL_PHARAOH_H

struct link {
    int source, target;
    int possible; /* only possible, not sure */
};

/* Zero-initialise, reuse any number of times, free items. */
struct links {
    struct link *items; /* by source word, then by target word; a link that is given twice counts once, as sure if it is so once */
    int count, room;
};

/* Replaces `links` by those of a line. `where` ("FILE:LINE") begins the message about a line that is not in Pharaoh format. 0, or -1 after
 * reporting. */
int pharaoh_read(const char *line, const char *where, int gold, struct links *links);

#endif
