/* alignment_page: alignments for people: a self-contained HTML page, a figure, and JSON; and for a terminal.
 *
 * A sentence in the page is a JSON object: n, the line's number; s and t, the labels of source and target; p [t], log-probabilities; l, the
 * confidence: log-probability per token, coverage, absentmindedness out and in; e: 1 if the last labels are </s>; b, blocks of weights:
 * [first row, rows, first column, columns, code], a character per weight, A to _ (base64url) for 0 to 63 / 63. With all heads: h, of which each
 * is [place, layer, head, code], the place 0 where the target looks at the source, 1 the source at itself, 2 the target at itself. */
#ifndef NMT_CLI_ALIGNMENT_PAGE_H
#define NMT_CLI_ALIGNMENT_PAGE_H

#include "base/json.h"
#include "model/kinds.h"
#include "search/alignment.h"

#include <stdio.h>

/* Begins a page, adds a sentence, ends the page. Errors are the stream's. `heads`: NULL, or an array of all heads that page_head has
 * filled. */
void page_begin(FILE *stream);
void page_add(FILE *stream, const struct alignment *alignment, long sentence, const struct json *heads);
void page_head(struct json *heads, const struct attention_map *map, const struct alignment *alignment);
void page_end(FILE *stream);

/* A sentence as a JSON object, with all digits: number, source, target, weights [rows][columns], log_probability [rows], and the measures
 * of confidence. */
void alignment_json(FILE *stream, const struct alignment *alignment, long sentence);

/* A figure of a sentence, as an SVG file: rows are target words, columns source words, the darker the heavier. */
void alignment_svg(FILE *stream, const struct alignment *alignment);

/* The same on a terminal: shades of grey if `colour`, otherwise the characters ░▒▓█. */
void alignment_show(FILE *stream, const struct alignment *alignment, int colour);

#endif
