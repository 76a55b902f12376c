/* cluster: the processes of one run, over MPI. The only module that calls MPI.
 *
 * Without MPI (`make MPI=1` builds with it), or where no launcher (mpirun, srun) started several processes, there is one process, and
 * every function returns at once. Processes are numbered from 0; process 0 alone writes files and speaks: the others keep their
 * errors (report_keep) until cluster_agree.
 *
 * All functions that exchange anything must be called by all processes in the same order, by the main thread (MPI_THREAD_FUNNELED). If another
 * process has died, they say so in one line and end the program. */
#ifndef NMT_BASE_CLUSTER_H
#define NMT_BASE_CLUSTER_H

#include <signal.h>
#include <stddef.h>
#include <stdint.h>

/* Whether a launcher started this process as one of several. Cheap: it looks at the environment. */
int cluster_launched(void);

/* Starts MPI if cluster_launched(); takes about half a second. Further calls do nothing. 0, or -1 after reporting: a build without MPI,
 * or processes of different versions of the program. */
int cluster_join(const char *version);

/* From now on, each process is on its own: cluster_count() is 1, and each prints its own errors. */
void cluster_split(void);

/* 0; after cluster_split, the number of this process, from 1. */
int cluster_member(void);

/* Ends MPI; a process that ends without it ends the others, too. */
void cluster_leave(void);

int cluster_count(void); /* of processes */
int cluster_rank(void);  /* of this one */

/* "process 1 on HOST": for messages. */
const char *cluster_name(int rank);

/* A process that does not answer after this signal is given up, with this remedy in the message. */
void cluster_watch(const volatile sig_atomic_t *signal, const char *remedy);

/* The start of a transfer of `bytes` to or from another process; cluster_wait waits for the ends of all of them. Transfers between two
 * processes arrive in the order in which they were started. */
void cluster_send(int rank, const void *data, size_t bytes);
void cluster_receive(int rank, void *data, size_t bytes);
void cluster_wait(void);

/* Lets the transfers go on that have been started: MPI moves data only while it is called. Cheap, for use between computations. */
void cluster_progress(void);

/* all [count][bytes], of which this process has filled in its own: now all of them. */
void cluster_gather(void *all, size_t bytes);

/* The same for blocks of different sizes: returns the block of each process, one after the other, in one heap block, and sets
 * sizes [count]. */
char *cluster_gather_blocks(const void *block, size_t bytes, size_t *sizes);

/* Whether any process passes something other than 0. */
int cluster_any(int mine);

/* Process 0's data, for all. */
void cluster_give(void *data, size_t bytes);

/* A heap block of process 0 (bytes of it), as a heap block of all; the other processes pass NULL. */
char *cluster_give_block(char *block, size_t *bytes);

/* The end of a phase that may fail: each process gives its exit code (0: all went well). Kept errors that process 0 does not have
 * itself are printed. Returns 0 if all gave 0, otherwise the own code, or, if that is 0, another process's. */
int cluster_agree(int code);
int cluster_agreed(void); /* whether it has been called */

/* Something that must be equal in all processes. */
struct cluster_fact {
    const char *what;
    uint64_t hash;
};

/* 0 if the facts are equal in all processes, otherwise -1 after reporting the first that is not, and where. */
int cluster_compare(const struct cluster_fact *facts, int count);

#endif
