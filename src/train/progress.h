/* progress: shows the progress of training: one live line on a terminal, plain lines elsewhere, JSON lines in the log. */
#ifndef NMT_TRAIN_PROGRESS_H
#define NMT_TRAIN_PROGRESS_H

#include "train/trainer.h"
#include "train/update.h"
#include "train/validate.h"

#include <stdio.h>

struct progress {
    FILE *log; /* NULL: none */
    const char *log_name;
    int live;                  /* stderr is a terminal */
    int line_open;             /* the live line is on the screen */
    double started, reported;  /* seconds */
    double every;              /* seconds between two reports */
    long tokens, since_tokens; /* target tokens of this run, and since the last report */
    double since_loss, since_norm;
    long since_updates;
    const struct process_time *times;    /* of each process so far */
    struct process_time *reported_times; /* [processes] at the last report; NULL with one process */
    int slow;                            /* a slow process has been named */
};

/* Opens the log (appending if `resumed`). 0, or -1 after reporting. */
int progress_open(struct progress *progress, const char *log, int resumed);

/* Counts an update, and reports if it is time. `left` = seconds until training ends, or negative if unknown. */
void progress_update(struct progress *progress, const struct trainer_state *state, const struct update *update, double rate,
                     double left);

void progress_validation(struct progress *progress, const struct history_entry *entry, int better);

/* Adds the alignment of the pair that is watched to the log. */
void progress_watch(struct progress *progress, long update, const struct alignment *alignment);

/* The average of the `count` best models. */
void progress_average(struct progress *progress, int count, const struct validation *result, int better);

/* Seconds since progress_open. */
double progress_seconds(const struct progress *progress);

/* Reports the last updates, ends the live line, closes and checks the log. 0, or -1 after reporting. */
int progress_close(struct progress *progress, const struct trainer_state *state, double rate);

/* Resident memory of the process in bytes: its peak so far; now (where the system does not say, the peak). */
size_t progress_memory(void);
size_t progress_memory_now(void);

#endif
