/* pages: the HTML files of cli/pages, compiled in (Makefile), and how their data come into them: each has @DATA@ once, in place of a JSON
 * text inside a script element. */
#ifndef NMT_CLI_PAGES_H
#define NMT_CLI_PAGES_H

#include "base/memory.h"

#include <stdio.h>

/* Each ends with a NUL. */
extern const unsigned char page_alignment[]; /* an array of sentences (cli/alignment_page.h) */
extern const unsigned char page_compare[];   /* one object (cli/cmd_compare.c) */
extern const unsigned char page_serve[];     /* no data: it asks the server (serve/server.h) */
extern const unsigned char page_film[];      /* part of a page: an array of runs with their alignments (cli/cmd_plot.c) */

/* What stands before the data, and behind them. Errors are the stream's. */
void pages_begin(FILE *stream, const unsigned char *page);
void pages_end(FILE *stream, const unsigned char *page);

/* JSON inside the script: no "<" appears as itself. */
void pages_print(FILE *stream, const struct text *json);

#endif
