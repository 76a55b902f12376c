#define _POSIX_C_SOURCE 200809L
#include "base/signals.h"

#include "base/report.h"

#include <pthread.h>
#include <string.h>
#include <unistd.h>

enum { STACK = 64 << 10 };

static void *listener(void *context)
{
    (void)context;
    for (;;)
        pause();
    return NULL;
}

int signals_listen(void)
{
    pthread_attr_t attributes;
    pthread_t thread;
    sigset_t heard;
    int failed;

    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, STACK);
    failed = pthread_create(&thread, &attributes, listener, NULL);
    pthread_attr_destroy(&attributes);
    if (failed)
        return error("a thread for signals cannot be started: %s", strerror(failed));
    sigemptyset(&heard);
    sigaddset(&heard, SIGINT);
    sigaddset(&heard, SIGTERM);
    sigaddset(&heard, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &heard, NULL);
    return 0;
}

void signals_block(sigset_t *before)
{
    sigset_t all;

    sigfillset(&all);
    sigdelset(&all, SIGSEGV);
    sigdelset(&all, SIGBUS);
    sigdelset(&all, SIGFPE);
    sigdelset(&all, SIGILL);
    sigdelset(&all, SIGTRAP);
    sigdelset(&all, SIGABRT);
    sigdelset(&all, SIGSYS);
    pthread_sigmask(SIG_BLOCK, &all, before);
}
