/* info_page: a model file as a page: curves of its training, keys and tensors. */
#ifndef NMT_CLI_INFO_PAGE_H
#define NMT_CLI_INFO_PAGE_H

#include "file/gguf.h"

#include <stdio.h>

/* Errors are the stream's. 0, or -1 after reporting that the history in the file is damaged. */
int info_page(FILE *stream, const struct gguf *gguf);

#endif
