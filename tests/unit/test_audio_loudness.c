/* Loudness, limiter, noise floor and waveform. */
#include "tests/unit/audio_fixture.h"

#include <unistd.h>
#include "audio/child/floor.h"
#include "audio/child/limiter.h"
#include "audio/child/loudness.h"
#include "audio/child/normalise.h"
#include "audio/child/scratch.h"
#include "audio/child/waveform.h"

enum { RATE = 48000, BLOCK = 1000 };

static const AVChannelLayout STEREO = AV_CHANNEL_LAYOUT_STEREO;

static uint32_t random_state = 1;

static float noise(void)
{
    random_state = random_state * 1664525u + 1013904223u;
    return (float)(int32_t)random_state / 2147483648.0f;
}

/* Speech's shape, roughly: bursts of noise and tone with sharp peaks. */
static float sound_at(int64_t i, float level)
{
    const double t = (double)i / RATE;
    const double burst = fmax(0.0, sin(6.2831853 * 1.5 * t));
    const float click = i % 9000 < 3 ? 2.0f : 1.0f;

    return level * click * (float)burst *
           (0.6f * (float)sin(6.2831853 * 220 * t) + 0.4f * noise());
}

static AVFrame *block_of(int64_t at, int count, float level)
{
    AVFrame *block = fixture_block(RATE, &STEREO, at, count);

    for (int i = 0; i < count; i++) {
        const float x = sound_at(at + i, level);

        ((float *)(void *)block->extended_data[0])[i] = x;
        ((float *)(void *)block->extended_data[1])[i] = -0.7f * x;
    }
    return block;
}

struct normalised {
    struct loudness *after;
    int64_t frames;
};

static int take(void *ctx, const AVFrame *block, struct err *reterr)
{
    struct normalised *n = ctx;

    n->frames += block->nb_samples;
    return loudness_add(n->after, block, reterr);
}

/* Returns the loudness of what comes out of some seconds at `level`. */
static double normalised_from(float level, int64_t frames, double *ret_true_peak)
{
    const int fd = fixture_file();
    struct scratch *kept;
    struct loudness *before;
    struct normalised n = { NULL, 0 };
    double lufs;

    assert_int_equal(scratch_open(fd, RATE, &STEREO, &kept, NULL), 0);
    assert_int_equal(loudness_open(RATE, &STEREO, true, &before, NULL), 0);
    assert_int_equal(loudness_open(RATE, &STEREO, true, &n.after, NULL), 0);
    for (int64_t at = 0; at < frames; at += BLOCK) {
        const int count = frames - at < BLOCK ? (int)(frames - at) : BLOCK;
        AVFrame *block = block_of(at, count, level);

        assert_int_equal(loudness_add(before, block, NULL), 0);
        assert_int_equal(scratch_write(kept, block, NULL), 0);
        av_frame_free(&block);
    }
    assert_int_equal(normalise(kept, before, RATE, &STEREO, take, &n, NULL), 0);
    assert_int_equal(n.frames, frames);
    lufs = loudness_lufs(n.after);
    *ret_true_peak = 20.0 * log10(loudness_peak(n.after) + 1e-9);
    loudness_close(&before);
    loudness_close(&n.after);
    scratch_close(&kept);
    (void)close(fd);
    return lufs;
}

static void any_level_comes_to_the_target_under_the_ceiling(void **state)
{
    const float levels[] = { 0.02f, 0.05f, 0.2f, 1.0f, 3.0f };

    (void)state;
    for (size_t i = 0; i < UNIT_COUNT(levels); i++) {
        double true_peak;
        const double lufs = normalised_from(levels[i], 8 * RATE + 777, &true_peak);

        if (fabs(lufs + 16.0) > 0.2 || true_peak > -1.0)
            fail_msg("level %.2f: %.2f LUFS, %.2f dBTP", (double)levels[i], lufs,
                     true_peak);
    }
}

static void what_cannot_be_measured_stays_as_it_is(void **state)
{
    double true_peak;

    (void)state;
    assert_true(normalised_from(0.0f, RATE, &true_peak) <= -70.0);
    assert_true(true_peak < -100.0);
    assert_true(normalised_from(0.1f, 300, &true_peak) <= -70.0);
    assert_true(true_peak < -10.0); /* not raised */
    (void)normalised_from(0.1f, 1, &true_peak);
    /* 30 dB at most: noise of nothing is not made loud. */
    assert_true(normalised_from(0.0005f, 4 * RATE, &true_peak) < -20.0);
}

/* A sine of a known level: 997 Hz at -23 dBFS in both channels has -23 LUFS (EBU Tech
 * 3341). */
static void a_reference_tone_reads_as_the_standard_says(void **state)
{
    struct loudness *l;

    (void)state;
    assert_int_equal(loudness_open(RATE, &STEREO, true, &l, NULL), 0);
    for (int64_t at = 0; at < 20 * RATE; at += BLOCK) {
        AVFrame *block = fixture_block(RATE, &STEREO, at, BLOCK);

        for (int i = 0; i < BLOCK; i++) {
            const double x = pow(10, -23 / 20.0) *
                             sin(6.283185307179586 * 997 * (double)(at + i) / RATE);

            for (int c = 0; c < 2; c++)
                ((float *)(void *)block->extended_data[c])[i] = (float)x;
        }
        assert_int_equal(loudness_add(l, block, NULL), 0);
        av_frame_free(&block);
    }
    assert_true(fabs(loudness_lufs(l) + 23.0) < 0.1);
    assert_true(fabs(20 * log10(loudness_peak(l)) + 23.0) < 0.1);
    loudness_close(&l);
}

static void the_limiter_only_delays_what_is_quiet(void **state)
{
    struct limiter *l;
    AVFrame *in = block_of(5000, 4000, 0.1f), *out = block_of(5000, 4000, 0.1f);
    int delay;

    (void)state;
    random_state = 1;
    av_frame_free(&out);
    out = av_frame_clone(in);
    assert_int_equal(av_frame_make_writable(out), 0);
    assert_int_equal(limiter_open(RATE, 2, 1.0, 0.9, &l, NULL), 0);
    delay = limiter_delay(l);
    assert_true(delay > 0 && delay < 400);
    limiter_run(l, out);
    for (int c = 0; c < 2; c++) {
        const float *from = (const float *)(const void *)in->extended_data[c];
        const float *to = (const float *)(const void *)out->extended_data[c];

        for (int i = 0; i < delay; i++)
            assert_true(to[i] == 0.0f);
        for (int i = delay; i < 4000; i++)
            assert_true(fabsf(to[i] - from[i - delay]) < 1e-6f);
    }
    limiter_close(&l);
    av_frame_free(&in);
    av_frame_free(&out);
}

static void the_floor_is_that_of_the_quiet_parts(void **state)
{
    static struct floor_meter f;

    (void)state;
    floor_init(&f, RATE);
    for (int64_t at = 0; at < 20 * RATE; at += BLOCK) {
        AVFrame *block = fixture_block(RATE, &STEREO, at, BLOCK);
        const int64_t second = at / RATE;
        /* 8 s of digital silence, 4 s of noise at -60 dBFS RMS, 8 s at -20 dBFS. */
        const float level = second < 8 ? 0.0f : second < 12 ? 0.001f : 0.1f;

        for (int i = 0; i < BLOCK; i++) {
            for (int c = 0; c < 2; c++)
                ((float *)(void *)block->extended_data[c])[i] = level * 1.7320508f *
                                                                noise();
        }
        floor_add(&f, block);
        av_frame_free(&block);
    }
    assert_true(floor_silent(&f) > 390 && floor_silent(&f) < 400);
    assert_true(fabs(floor_dbfs(&f, floor_silent(&f)) + 60.0) < 1.0);
    assert_true(floor_dbfs(&f, 0) == -120.0);
    assert_true(floor_dbfs(&f, 1000000) == -120.0);
}

/* Frame n has the value n / frames, so each bucket's edges are known. */
static void a_waveform_has_the_extremes_of_its_pieces(void **state)
{
    static struct waveform w;
    const int64_t lengths[] = { 1, 7, 2000, 2001, 32768, 32769, 1000003 };
    const AVChannelLayout mono = AV_CHANNEL_LAYOUT_MONO;
    int8_t pairs[4000];

    (void)state;
    for (size_t n = 0; n < UNIT_COUNT(lengths); n++) {
        const int64_t frames = lengths[n];
        int count;

        waveform_init(&w);
        for (int64_t at = 0; at < frames; at += BLOCK) {
            const int64_t left = frames - at;
            AVFrame *block = fixture_block(RATE, &mono, at,
                                           left < BLOCK ? (int)left : BLOCK);

            for (int i = 0; i < block->nb_samples; i++)
                ((float *)(void *)block->extended_data[0])[i] = (float)((double)(at + i) /
                                                                        (double)frames);
            waveform_add(&w, block);
            av_frame_free(&block);
        }
        count = waveform_write(&w, 2000, pairs);
        assert_int_equal(count, frames < 2000 ? frames : 2000);
        for (int b = 0; b < count; b++) {
            const double low = 127.0 * b / count, high = 127.0 * (b + 1) / count;

            assert_true(pairs[2 * b] <= pairs[2 * b + 1]);
            assert_true(fabs(pairs[2 * b] - low) <= 1.1);
            assert_true(count < 100 || fabs(pairs[2 * b + 1] - high) <= 1.1);
        }
    }
}

static void a_waveform_shows_both_signs_and_clipping(void **state)
{
    static struct waveform w;
    int8_t pairs[2];
    AVFrame *block = fixture_block(RATE, &STEREO, 0, 2);

    (void)state;
    for (int c = 0; c < 2; c++) {
        ((float *)(void *)block->extended_data[c])[0] = c ? -3.0f : 0.5f;
        ((float *)(void *)block->extended_data[c])[1] = 0.001f;
    }
    waveform_init(&w);
    waveform_add(&w, block);
    assert_int_equal(waveform_write(&w, 1, pairs), 1);
    assert_int_equal(pairs[0], -127);
    assert_int_equal(pairs[1], 64);
    av_frame_free(&block);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_level_comes_to_the_target_under_the_ceiling),
        cmocka_unit_test(what_cannot_be_measured_stays_as_it_is),
        cmocka_unit_test(a_reference_tone_reads_as_the_standard_says),
        cmocka_unit_test(the_limiter_only_delays_what_is_quiet),
        cmocka_unit_test(the_floor_is_that_of_the_quiet_parts),
        cmocka_unit_test(a_waveform_has_the_extremes_of_its_pieces),
        cmocka_unit_test(a_waveform_shows_both_signs_and_clipping),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
