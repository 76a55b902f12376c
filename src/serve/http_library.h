/* http_library: the functions of libmicrohttpd that nmt serve uses, under their own names (microhttpd.h). The library is loaded by the server
 * alone: it brings others along (GnuTLS), which would make every start of the program 2 ms longer and 4 MB larger. */
#ifndef NMT_SERVE_HTTP_LIBRARY_H
#define NMT_SERVE_HTTP_LIBRARY_H

/* To be called before all others. 0, or -1 after reporting that the library is missing. */
int http_library_load(void);

#endif
