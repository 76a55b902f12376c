#include "search/sample.h"

#include "math/vec.h"
#include "text/vocab.h"

#include <math.h>

/* Restores the heap (the smallest number first) below position i. */
static void sift(double *heap, int count, int i)
{
    double moving = heap[i];

    for (int child; (child = 2 * i + 1) < count; i = child) {
        child += child + 1 < count && heap[child + 1] < heap[child];
        if (heap[child] >= moving)
            break;
        heap[i] = heap[child];
    }
    heap[i] = moving;
}

/* The k-th largest of x [V]; 0 < k ≤ V. */
static double kth_largest(const real *x, int V, int k, double *heap)
{
    for (int v = 0; v < k; v++)
        heap[v] = (double)x[v];
    for (int i = k / 2 - 1; i >= 0; i--)
        sift(heap, k, i);
    for (int v = k; v < V; v++)
        if ((double)x[v] > heap[0]) {
            heap[0] = (double)x[v];
            sift(heap, k, 0);
        }
    return heap[0];
}

int32_t sample_word(const struct sampling *sampling, const real *x, int V, double uniform, double *scratch)
{
    int truncated = sampling->top_k > 0 && sampling->top_k < V, last = VOCAB_END;
    double least = truncated ? kth_largest(x, V, sampling->top_k, scratch) : -INFINITY, most = (double)vec_maximum(x, V), sum = 0;

    for (int v = 0; v < V; v++) {
        scratch[v] = (double)x[v] >= least ? exp(((double)x[v] - most) / sampling->temperature) : 0;
        sum += scratch[v];
    }
    if (!isfinite(sum))
        return VOCAB_END;
    uniform *= sum;
    for (int v = 0; v < V; v++) {
        if (scratch[v] > 0)
            last = v;
        uniform -= scratch[v];
        if (uniform < 0)
            return last;
    }
    return last; /* the sum was rounded */
}
