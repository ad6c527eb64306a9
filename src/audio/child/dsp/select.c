#include "audio/child/dsp/select.h"

#include <assert.h>

static void swap(float *a, float *b)
{
    const float kept = *a;

    *a = *b;
    *b = kept;
}

/* The middle one of the ends and the middle: sorted numbers are no bad case. */
static float pivot_of(const float *values, ptrdiff_t low, ptrdiff_t high)
{
    const float a = values[low], b = values[low + (high - low) / 2], c = values[high];

    if (a < b)
        return b < c ? b : a < c ? c : a;
    return a < c ? a : b < c ? c : b;
}

float select_rank(float *values, size_t count, size_t rank)
{
    const ptrdiff_t wanted = (ptrdiff_t)rank;
    ptrdiff_t low = 0, high = (ptrdiff_t)count - 1;

    assert(rank < count);
    while (low < high) {
        const float pivot = pivot_of(values, low, high);
        ptrdiff_t left = low, right = high;

        while (left <= right) {
            while (values[left] < pivot)
                left++;
            while (pivot < values[right])
                right--;
            if (left <= right)
                swap(&values[left++], &values[right--]);
        }
        /* low..right are at most the pivot, left..high at least, what is between equals it.
         */
        if (right < wanted)
            low = left;
        if (wanted < left)
            high = right;
    }
    return values[rank];
}
