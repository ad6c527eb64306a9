#include "audio/child/dsp/unsteady.h"

#include <math.h>
#include <stdlib.h>
#include "tests/unit/unit.h"

enum { BINS = 257, HOPS = 400, LOW = 4, STEADY = 30, MOVED = 150 };

/* Gains of 0.2 after four seconds in which the estimate above bin 100 goes up and down by
 * `swing_db` every tenth of a second. */
static void run(float share_most, float swing_db, float *gain)
{
    struct unsteady u = { .bins = 0 };
    float noise[BINS];
    struct err err = { 0 };

    assert_int_equal(unsteady_init(&u, BINS, 31.25, 0.01, share_most, &err), 0);
    for (int t = 0; t < HOPS; t++) {
        const float db = t / 10 % 2 ? swing_db : 0.0f;

        for (int i = 0; i < BINS; i++) {
            noise[i] = 1e-4f * (i > 100 ? powf(10.0f, db / 10.0f) : 1.0f);
            gain[i] = 0.2f;
        }
        unsteady_spare(&u, noise, gain);
    }
    unsteady_release(&u);
}

static void steady_noise_is_not_spared(void **state)
{
    float gain[BINS];

    (void)state;
    run(0.7f, 0.0f, gain);
    for (int i = 0; i < BINS; i++)
        assert_true(gain[i] == 0.2f);
}

static void only_bins_that_wander_are_spared(void **state)
{
    float gain[BINS];

    (void)state;
    run(0.7f, 12.0f, gain);
    assert_true(gain[LOW] == 0.2f);
    assert_true(gain[STEADY] == 0.2f);
    assert_true(fabsf(gain[MOVED] - (0.2f + 0.7f * 0.8f)) < 1e-6f);
    run(0.35f, 12.0f, gain);
    assert_true(fabsf(gain[MOVED] - (0.2f + 0.35f * 0.8f)) < 1e-6f);
}

static void a_little_wandering_spares_a_little(void **state)
{
    float little[BINS], more[BINS];

    (void)state;
    run(0.7f, 1.6f, little);
    run(0.7f, 2.0f, more);
    assert_true(little[MOVED] > 0.2f);
    assert_true(more[MOVED] > little[MOVED]);
    assert_true(more[MOVED] < 0.76f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steady_noise_is_not_spared),
        cmocka_unit_test(only_bins_that_wander_are_spared),
        cmocka_unit_test(a_little_wandering_spares_a_little),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
