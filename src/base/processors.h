/* processors: how many threads this program should start. */
#ifndef NMT_BASE_PROCESSORS_H
#define NMT_BASE_PROCESSORS_H

/* The number of processors that this program may use, at least 1: the smallest of its affinity mask, OpenMP's limit on threads
 * (OMP_THREAD_LIMIT) and the quotas of its control groups (containers), rounded up. */
int processors_available(void);

/* Whether `threads` threads, including this one, can run at a time: starts and ends them. (OpenMP itself ends the program when
 * it cannot start a thread.) 0, or -1 after reporting. */
int processors_try(int threads);

/* The processors that a control group's quota amounts to, rounded up: `text` is "QUOTA PERIOD" in microseconds, as cpu.max of
 * version 2 has it. 0 if there is no quota ("max", or -1 as version 1 has it) or the text is not valid. */
int processors_in_quota(const char *text);

/* The smallest quota of the groups that the file `membership` (/proc/self/cgroup) lists and of all groups above them, in the
 * hierarchies mounted below `root` (/sys/fs/cgroup). 0 if there is none. */
int processors_in_groups(const char *membership, const char *root);

#endif
