/* pages: the HTML files of cli/pages, compiled in (Makefile); each ends with a NUL. */
#ifndef NMT_CLI_PAGES_H
#define NMT_CLI_PAGES_H

/* A page of alignments; @DATA@ stands for a JSON array of sentences (cli/alignment_page.h). */
extern const unsigned char page_alignment[];

#endif
