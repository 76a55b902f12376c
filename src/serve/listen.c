#define _DEFAULT_SOURCE
#include "serve/listen.h"

#include "base/report.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 1024, LONGEST = 255 };

/* Cuts the address. 0, or -1 after reporting. */
static int cut(const char *address, char host[LONGEST + 1], const char **port)
{
    const char *colon = strrchr(address, ':'), *start = address;
    size_t length = colon ? (size_t)(colon - address) : 0;

    *port = colon ? colon + 1 : address;
    if (length >= 2 && address[0] == '[' && address[length - 1] == ']') {
        start++;
        length -= 2;
    } else if (length && memchr(address, ':', length)) {
        return error("serve: --listen: %s: put an IPv6 address into brackets, as in [::1]:8080", address);
    }
    if (length > LONGEST || !**port || strspn(*port, "0123456789") != strlen(*port))
        return error("serve: --listen: %s is no address; expected HOST:PORT, as in 127.0.0.1:8080", address);
    if (colon && !length)
        return error("serve: --listen: %s has no host; 0.0.0.0%s would be all addresses of this machine", address, address);
    memcpy(host, start, length);
    host[length] = '\0';
    if (!colon)
        strcpy(host, "127.0.0.1");
    return 0;
}

static void describe(int socket_, struct text *url, int *loopback)
{
    struct sockaddr_storage bound;
    socklen_t size = sizeof bound;
    char host[NI_MAXHOST] = "", port[NI_MAXSERV] = "";
    const struct sockaddr_in *v4 = (const void *)&bound;
    const struct sockaddr_in6 *v6 = (const void *)&bound;

    if (getsockname(socket_, (void *)&bound, &size))
        return;
    getnameinfo((const void *)&bound, size, host, sizeof host, port, sizeof port, NI_NUMERICHOST | NI_NUMERICSERV);
    text_format(url, strchr(host, ':') ? "http://[%s]:%s/" : "http://%s:%s/", host, port);
    *loopback = bound.ss_family == AF_INET ? ntohl(v4->sin_addr.s_addr) >> 24 == 127 : IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
}

/* -1 with errno. */
static int open_socket(const struct addrinfo *at)
{
    int on = 1, problem, made = socket(at->ai_family, at->ai_socktype, at->ai_protocol);

    if (made < 0)
        return -1;
    setsockopt(made, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    fcntl(made, F_SETFD, FD_CLOEXEC);
    fcntl(made, F_SETFL, O_NONBLOCK);
    if (bind(made, at->ai_addr, at->ai_addrlen) == 0 && listen(made, BACKLOG) == 0)
        return made;
    problem = errno;
    close(made);
    errno = problem;
    return -1;
}

int listen_at(const char *address, struct text *url, int *loopback)
{
    const struct addrinfo hints = { .ai_flags = AI_PASSIVE, .ai_socktype = SOCK_STREAM };
    struct addrinfo *found;
    char host[LONGEST + 1];
    const char *port;
    int made, problem;

    if (cut(address, host, &port))
        return -1;
    problem = getaddrinfo(host, port, &hints, &found);
    if (problem)
        return error("serve: --listen: %s: %s", address, gai_strerror(problem));
    made = open_socket(found);
    freeaddrinfo(found);
    if (made < 0)
        return error("serve: --listen: %s: %s", address, strerror(errno));
    describe(made, url, loopback);
    return made;
}
