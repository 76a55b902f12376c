#include "search/repeat.h"

/* The number of ids from `at` on that equal the one `n` places further on, at most `most`. */
static int equal_run(const int32_t *ids, int count, int at, int n, int most)
{
    int length = 0;

    while (length < most && at + length + n < count && ids[at + length] == ids[at + length + n])
        length++;
    return length;
}

/* Copies of a phrase of n tokens that are allowed in a row. */
static int allowed(int n, int limit, int copies)
{
    int most = n == 1 ? 2 * limit : limit;

    return copies > most ? copies : most;
}

int repeat_copies(const int32_t *source, int count)
{
    int copies = 1;

    for (int n = 1; n <= REPEAT_LONGEST && 2 * n <= count; n++)
        for (int at = 0; at + n < count;) {
            int length = equal_run(source, count, at, n, count);

            if (length / n + 1 > copies)
                copies = length / n + 1;
            at += length + 1;
        }
    return copies;
}

int repeat_window(int limit, int copies)
{
    int one = allowed(1, limit, copies), longest = REPEAT_LONGEST * (allowed(REPEAT_LONGEST, limit, copies) + 1);

    return one > longest ? one : longest;
}

int repeat_forbidden(const int32_t *last, int count, int limit, int copies, int32_t *forbidden)
{
    int found = 0;

    /* n · allowed pairs of equal ids, n places apart, make one copy too many; the last pair is the one to come. */
    for (int n = 1; n <= REPEAT_LONGEST && n <= count; n++) {
        int wanted = n * allowed(n, limit, copies) - 1;

        if (equal_run(last, count, 0, n, wanted) == wanted)
            forbidden[found++] = last[n - 1];
    }
    return found;
}
