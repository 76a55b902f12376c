/* routes: the paths of a server and what answers them. */
#ifndef NMT_SERVE_ROUTES_H
#define NMT_SERVE_ROUTES_H

#include "serve/exchange.h"

struct route {
    const char *path, *method; /* GET (HEAD, too) or POST */
    int needs_key;             /* if the server has keys */
    int translates;
    /* Answers, once the body is there. MHD_YES or MHD_NO; or MHD_YES without an answer: the job is in the queue. */
    enum MHD_Result (*answer)(struct exchange *exchange);
};

/* NULL if there is no such path. */
const struct route *route_find(const char *path);

/* Whether the route has the method. */
int route_allows(const struct route *route, const char *method);
const char *route_methods(const struct route *route);

/* For counting: the paths, the last of which stands for all others; a route's number among them (NULL: of others). */
int route_count(void);
int route_number(const struct route *route);
void route_paths(const char **paths); /* [route_count] */

/* The answer of an exchange whose job has ended. */
enum MHD_Result route_finish(struct exchange *exchange);

#endif
