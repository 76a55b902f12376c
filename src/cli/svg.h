/* svg: what the pictures of cli/ share. */
#ifndef NMT_CLI_SVG_H
#define NMT_CLI_SVG_H

#include <stdio.h>

/* Prints text of any origin as the content of an element: markup as character references, control characters and invalid UTF-8 as
 * json_escape (base/json.h) has them. */
void svg_text(FILE *stream, const char *text);

#endif
