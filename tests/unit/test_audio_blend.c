/* What decides between network, log-MMSE and the recording itself. */
#include "tests/unit/unit.h"

#include "audio/child/dsp/blend.h"
#include "audio/child/dsp/level.h"
#include "tests/unit/audio_signals.h"

static void weights_are_shares_and_change_evenly(void **state)
{
    (void)state;
    for (int narrow = 0; narrow < 2; narrow++) {
        for (int strength = 0; strength < 3; strength++) {
            struct blend_weights last = { -1.0f, -1.0f };

            for (double snr_db = -30.0; snr_db <= 90.0; snr_db += 0.1) {
                const struct blend_weights w = blend_weights_of(
                    snr_db, narrow, (enum audio_strength)strength);

                assert_true(w.network >= 0.0f && w.recording >= 0.0f);
                assert_true(w.network + w.recording <= 1.000001f);
                if (last.network >= 0.0f) {
                    assert_true(w.network <= last.network);     /* the cleaner, the less */
                    assert_true(w.recording >= last.recording); /* is changed */
                    assert_true(last.network - w.network < 0.01f);
                }
                last = w;
            }
        }
    }
}

static void noise_gets_the_network_and_clean_speech_itself(void **state)
{
    const struct blend_weights noisy = blend_weights_of(0.0, false, AUDIO_STRENGTH_NORMAL);
    const struct blend_weights clean = blend_weights_of(50.0, false, AUDIO_STRENGTH_NORMAL);

    (void)state;
    assert_true(noisy.network > 0.8f);
    assert_true(noisy.recording < 0.05f);
    assert_true(clean.network < 0.2f);
    assert_true(clean.recording > 0.7f);
}

static void the_ratio_of_speech_to_noise_is_found(void **state)
{
    float before[1000], after[1000];

    (void)state;
    for (int snr_db = -5; snr_db <= 60; snr_db += 5) {
        const float noise = (float)pow(10.0, -snr_db / 10.0);

        /* Speech of power 1 in every second frame on average; the denoiser is perfect. */
        for (int i = 0; i < 1000; i++) {
            after[i] = i / 10 % 2 ? 2.0f : 1e-9f * (float)(i + 1);
            before[i] = after[i] + noise;
        }
        assert_true(fabs(level_snr_db(before, after, 1000) - snr_db) < 1.5);
    }
}

/* A quiet background with a knock in every tenth frame: its pauses alone would pass as
 * clean. */
static void knocks_count_as_noise(void **state)
{
    float before[1000], after[1000];

    (void)state;
    for (int i = 0; i < 1000; i++) {
        after[i] = i % 2 ? 2.0f : 1e-6f * (float)(i + 1);
        before[i] = after[i] + 1e-8f + (i % 10 == 8 ? 10.0f : 0.0f);
    }
    assert_true(level_snr_db(before, after, 1000) < 3.0);
}

static void the_level_is_that_of_what_is_active(void **state)
{
    float powers[100];

    (void)state;
    for (int i = 0; i < 100; i++)
        powers[i] = i < 30 ? 0.04f : 1e-7f;
    assert_true(fabs(level_active_rms(powers, 100) - 0.2) < 1e-6);
    assert_true(level_active_rms(powers, 0) == 0.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weights_are_shares_and_change_evenly),
        cmocka_unit_test(noise_gets_the_network_and_clean_speech_itself),
        cmocka_unit_test(the_ratio_of_speech_to_noise_is_found),
        cmocka_unit_test(knocks_count_as_noise),
        cmocka_unit_test(the_level_is_that_of_what_is_active),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
