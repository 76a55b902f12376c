#define _POSIX_C_SOURCE 200809L
#include "base/cluster.h"

#include "base/hash.h"
#include "base/memory.h"
#include "base/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef NMT_MPI
#include <errno.h>
#include <mpi.h>
#include <sched.h>
#include <time.h>
#include <unistd.h>
#endif

/* The launchers' variables: the number of processes that they started, and one that is there only under the launcher. */
static const struct launcher {
    const char *size, *sign;
} launchers[] = {
    { "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK" }, /* mpirun of Open MPI */
    { "PMI_SIZE", "PMI_RANK" },                         /* mpiexec of MPICH and its kin, srun --mpi=pmi2 */
    { "SLURM_STEP_NUM_TASKS", "PMIX_RANK" },            /* srun --mpi=pmix */
};

static int processes = 1, rank, member, has_agreed;

int cluster_launched(void)
{
    for (size_t i = 0; i < sizeof launchers / sizeof *launchers; i++) {
        const char *size = getenv(launchers[i].size);

        if (size && getenv(launchers[i].sign) && atoi(size) > 1)
            return 1;
    }
    return 0;
}

int cluster_count(void)
{
    return processes;
}

int cluster_rank(void)
{
    return rank;
}

#ifndef NMT_MPI

int cluster_join(const char *version)
{
    (void)version;
    return error("this program was built for one process; build it with make MPI=1, or start it without a launcher");
}

void cluster_leave(void)
{
}

const char *cluster_name(int number)
{
    (void)number;
    return "this process";
}

void cluster_watch(const volatile sig_atomic_t *signal, const char *remedy)
{
    (void)signal;
    (void)remedy;
}

void cluster_send(int to, const void *data, size_t bytes)
{
    (void)to;
    (void)data;
    (void)bytes;
}

void cluster_receive(int from, void *data, size_t bytes)
{
    (void)from;
    (void)data;
    (void)bytes;
}

void cluster_wait(void)
{
}

void cluster_progress(void)
{
}

#else

/* PROGRESS: one in so many calls of cluster_progress looks after the transfers. */
enum { NAME = 80, TAG = 1, SPINS = 2000, PROGRESS = 8 };

/* The most that one message carries: MPI counts bytes by int. */
#define MESSAGE ((size_t)1 << 30)

/* How long a process may be silent after a signal, in seconds. */
#define PATIENCE 60.0

/* What the processes know of each other. */
struct peer {
    char name[NAME], host[NAME];
    long id;
    uint64_t version;
};

static int joined;
static struct peer *peers;
static MPI_Request *requests;
static int *partners; /* [request_count]: of each request */
static int request_count, request_room;
static const volatile sig_atomic_t *watched;
static const char *remedy_of;

const char *cluster_name(int number)
{
    return peers[number].name;
}

void cluster_watch(const volatile sig_atomic_t *signal, const char *remedy)
{
    watched = signal;
    remedy_of = remedy;
}

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

/* One of the transfers' partners, preferably one that is known to have died: then *dead is set. */
static int suspect(const int *partner, int count, int *dead)
{
    *dead = 0;
    for (int i = 0; i < count; i++) {
        const struct peer *peer = &peers[partner[i]];

        if (requests[i] != MPI_REQUEST_NULL && strcmp(peer->host, peers[rank].host) == 0 && kill((pid_t)peer->id, 0) &&
            errno == ESRCH) {
            *dead = 1;
            return partner[i];
        }
    }
    for (int i = 0; i < count; i++)
        if (requests[i] != MPI_REQUEST_NULL)
            return partner[i];
    return -1;
}

/* Ends the program if a process that is waited for has died, or has been silent for too long after a signal. */
static void check_peers(double *signalled)
{
    int dead, who = suspect(partners, request_count, &dead);

    if (watched && *watched && *signalled < 0)
        *signalled = now();
    if (who < 0 || (!dead && (*signalled < 0 || now() - *signalled < PATIENCE)))
        return;
    if (rank == 0 || who == 0)
        die("%s %s; %s", peers[who].name, dead ? "has died" : "does not answer", remedy_of ? remedy_of : "start again");
    quit(EXIT_FAILED);
}

static void pause_a_little(int *spins)
{
    const struct timespec pause = { 0, 20000 };

    if (++*spins < SPINS)
        sched_yield();
    else
        nanosleep(&pause, NULL);
}

void cluster_wait(void)
{
    int done = 0, spins = 0;
    double checked = now(), signalled = -1;

    while (request_count) {
        MPI_Testall(request_count, requests, &done, MPI_STATUSES_IGNORE);
        if (done)
            break;
        pause_a_little(&spins);
        if (spins >= SPINS && now() - checked > 0.2) {
            check_peers(&signalled);
            checked = now();
        }
    }
    request_count = 0;
}

void cluster_progress(void)
{
    static unsigned calls;
    int done;

    if (request_count && calls++ % PROGRESS == 0)
        MPI_Testall(request_count, requests, &done, MPI_STATUSES_IGNORE);
}

static MPI_Request *new_request(int partner)
{
    if (request_count == request_room) {
        request_room = 2 * request_room + 16;
        requests = memory_resize(requests, (size_t)request_room, sizeof *requests);
        partners = memory_resize(partners, (size_t)request_room, sizeof *partners);
    }
    partners[request_count] = partner;
    return &requests[request_count++];
}

void cluster_send(int to, const void *data, size_t bytes)
{
    const char *at = data;

    for (size_t from = 0; from < bytes; from += MESSAGE) {
        size_t left = bytes - from;

        MPI_Isend(at + from, (int)(left < MESSAGE ? left : MESSAGE), MPI_BYTE, to, TAG, MPI_COMM_WORLD, new_request(to));
    }
}

void cluster_receive(int from_rank, void *data, size_t bytes)
{
    char *at = data;

    for (size_t from = 0; from < bytes; from += MESSAGE) {
        size_t left = bytes - from;

        MPI_Irecv(at + from, (int)(left < MESSAGE ? left : MESSAGE), MPI_BYTE, from_rank, TAG, MPI_COMM_WORLD,
                  new_request(from_rank));
    }
}

int cluster_join(const char *version)
{
    int provided, length = 0;
    struct peer *me;
    char host[MPI_MAX_PROCESSOR_NAME];

    if (joined || !cluster_launched())
        return 0;
    /* Open MPI's own choice is one TCP connection to each process, which left a third of a network of 1 Gbit/s unused (SPEED.md). */
    setenv("OMPI_MCA_btl_tcp_links", "2", 0);
    MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &provided);
    joined = 1;
    MPI_Comm_size(MPI_COMM_WORLD, &processes);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Get_processor_name(host, &length);
    peers = memory_new((size_t)processes, sizeof *peers);
    me = &peers[rank];
    snprintf(me->host, sizeof me->host, "%.*s", (int)sizeof me->host - 1, host);
    snprintf(me->name, sizeof me->name, "process %d on %.*s", rank, 50, host);
    me->id = (long)getpid();
    me->version = hash_bytes(HASH_START, version, strlen(version));
    report_keep(rank > 0, me->name);
    cluster_gather(peers, sizeof *peers);
    if (provided < MPI_THREAD_FUNNELED)
        return error("this MPI does not allow threads (MPI_THREAD_FUNNELED)");
    for (int i = 1; i < processes; i++)
        if (peers[i].version != peers[0].version)
            return error("%s runs another version of nmt than process 0, which is %s; install the same on all", peers[i].name,
                         version);
    return 0;
}

void cluster_leave(void)
{
    if (joined)
        MPI_Finalize();
    joined = 0;
}

#endif

void cluster_gather(void *all, size_t bytes)
{
    char *blocks = all;

    for (int i = 0; i < processes; i++)
        if (i != rank) {
            cluster_receive(i, blocks + (size_t)i * bytes, bytes);
            cluster_send(i, blocks + (size_t)rank * bytes, bytes);
        }
    cluster_wait();
}

char *cluster_gather_blocks(const void *block, size_t bytes, size_t *lengths)
{
    size_t total = 0;
    char *all, *at;

    lengths[rank] = bytes;
    cluster_gather(lengths, sizeof *lengths);
    for (int i = 0; i < processes; i++)
        total += lengths[i];
    at = all = memory_new(total + 1, 1);
    for (int i = 0; i < processes; at += lengths[i++]) {
        if (i == rank) {
            if (bytes)
                memcpy(at, block, bytes);
            continue;
        }
        cluster_receive(i, at, lengths[i]);
        cluster_send(i, block, bytes);
    }
    cluster_wait();
    return all;
}

int cluster_any(int mine)
{
    int *all, any = mine;

    if (processes == 1)
        return mine;
    all = memory_new((size_t)processes, sizeof *all);
    all[rank] = mine;
    cluster_gather(all, sizeof *all);
    for (int i = 0; i < processes; i++)
        any |= all[i];
    free(all);
    return any != 0;
}

void cluster_give(void *data, size_t bytes)
{
    if (rank > 0)
        cluster_receive(0, data, bytes);
    for (int i = 1; rank == 0 && i < processes; i++)
        cluster_send(i, data, bytes);
    cluster_wait();
}

char *cluster_give_block(char *block, size_t *bytes)
{
    cluster_give(bytes, sizeof *bytes);
    if (rank > 0)
        block = memory_new(*bytes + 1, 1);
    cluster_give(block, *bytes);
    return block;
}

/* What a process says at the end of a phase. */
struct verdict {
    int code;
    uint64_t kept; /* hash of its error */
};

int cluster_agree(int code)
{
    struct verdict *all;
    const char *kept = report_kept();
    int result = code;

    has_agreed = 1;
    if (processes == 1)
        return code;
    all = memory_new((size_t)processes, sizeof *all);
    all[rank] = (struct verdict){ code, hash_bytes(HASH_START, kept, strlen(kept)) };
    cluster_gather(all, sizeof *all);
    if (code && rank > 0 && *kept && all[rank].kept != all[0].kept)
        report_print_kept();
    for (int i = 0; i < processes && !result; i++)
        result = all[i].code;
    free(all);
    return result;
}

int cluster_agreed(void)
{
    return has_agreed;
}

void cluster_split(void)
{
    report_keep(0, NULL);
    member = rank + 1;
    processes = 1;
    rank = 0;
}

int cluster_member(void)
{
    return member;
}

int cluster_compare(const struct cluster_fact *facts, int count)
{
    uint64_t *all = memory_new((size_t)processes * (size_t)count, sizeof *all);
    int result = 0;

    for (int k = 0; k < count; k++)
        all[rank * count + k] = facts[k].hash;
    cluster_gather(all, (size_t)count * sizeof *all);
    for (int k = 0; k < count && result == 0; k++)
        for (int i = 1; i < processes && result == 0; i++)
            if (all[i * count + k] != all[k])
                result = error("%s and process 0 differ in %s; give all processes the same files and options", cluster_name(i),
                               facts[k].what);
    free(all);
    return result;
}
