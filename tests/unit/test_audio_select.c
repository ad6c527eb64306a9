#include "audio/child/dsp/select.h"

#include <stdlib.h>
#include <string.h>
#include "tests/unit/unit.h"

enum { COUNT_MAX = 300 };

static int compare_floats(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;

    return (x > y) - (x < y);
}

/* Every rank of `count` numbers against the sorted ones; nothing may get lost either. */
static void check(const float *values, size_t count)
{
    float sorted[COUNT_MAX], left[COUNT_MAX];

    memcpy(sorted, values, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, compare_floats);
    for (size_t rank = 0; rank < count; rank++) {
        memcpy(left, values, count * sizeof *left);
        assert_true(select_rank(left, count, rank) == sorted[rank]);
        qsort(left, count, sizeof *left, compare_floats);
        assert_memory_equal(left, sorted, count * sizeof *left);
    }
}

static void any_order_gives_what_sorting_gives(void **state)
{
    float values[COUNT_MAX];

    (void)state;
    srand(5);
    for (size_t count = 1; count < 40; count++) {
        for (size_t i = 0; i < count; i++)
            values[i] = (float)(rand() % 1000);
        check(values, count);
    }
    for (size_t i = 0; i < COUNT_MAX; i++)
        values[i] = (float)rand();
    check(values, COUNT_MAX);
}

static void equal_and_ordered_numbers_are_no_trap(void **state)
{
    float values[COUNT_MAX];

    (void)state;
    for (int kind = 0; kind < 4; kind++) {
        for (int i = 0; i < COUNT_MAX; i++)
            values[i] = kind == 0 ? 7.0f : (float)(kind == 1 ? i : kind == 2 ? -i : i % 3);
        check(values, COUNT_MAX);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_order_gives_what_sorting_gives),
        cmocka_unit_test(equal_and_ordered_numbers_are_no_trap),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
