/* Both engines through their interface: lengths, numbers, channels, levels. */
#include "tests/unit/unit.h"

#include <float.h>
#include <libavutil/channel_layout.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "audio/child/engine.h"
#include "tests/unit/audio_signals.h"

static const char *const types[] = { "speech_enhancement", "noise_reduction" };

struct signal {
    float *samples; /* planar: channel by channel */
    int64_t frames;
    int channels, rate_hz;
};

static struct signal signal_new(int channels, int rate_hz, int64_t frames)
{
    const size_t count = (size_t)(channels * (frames + 1));

    return (struct signal){ calloc(count, sizeof(float)), frames, channels, rate_hz };
}

static AVFrame *block_of(const struct signal *s, int64_t at, int frames)
{
    AVFrame *f = av_frame_alloc();

    f->format = AV_SAMPLE_FMT_FLTP;
    f->sample_rate = s->rate_hz;
    f->nb_samples = frames;
    av_channel_layout_default(&f->ch_layout, s->channels);
    assert_int_equal(av_frame_get_buffer(f, 0), 0);
    for (int c = 0; c < s->channels; c++)
        memcpy(f->extended_data[c], s->samples + c * s->frames + at,
               (size_t)frames * sizeof(float));
    return f;
}

/* Takes all that is ready; returns the frames got so far. */
static int64_t drain(struct engine *e, struct signal *out, int64_t got)
{
    const AVFrame *result = NULL;

    while (engine_pull(e, &result, NULL) == 0 && result) {
        assert_int_equal(result->ch_layout.nb_channels, out->channels);
        assert_true(got + result->nb_samples <= out->frames);
        for (int c = 0; c < out->channels; c++)
            memcpy(out->samples + c * out->frames + got, result->extended_data[c],
                   (size_t)result->nb_samples * sizeof(float));
        got += result->nb_samples;
    }
    return got;
}

/* `in` through an engine in blocks of `block` frames; the result is as long. */
static struct signal run(const char *type, enum audio_strength strength,
                         const struct signal *in, int block)
{
    struct signal out = signal_new(in->channels, in->rate_hz, in->frames);
    AVChannelLayout layout = { 0 };
    struct engine *e = NULL;
    int64_t got = 0;

    av_channel_layout_default(&layout, in->channels);
    assert_int_equal(engine_open(type,
                                 &(struct engine_input){ .sample_rate_hz = in->rate_hz,
                                                         .layout = &layout,
                                                         .strength = strength },
                                 &e, NULL),
                     0);
    for (int64_t at = 0; at < in->frames; at += block) {
        const int64_t left = in->frames - at;
        AVFrame *f = block_of(in, at, left < block ? (int)left : block);

        assert_int_equal(engine_push(e, f, NULL), 0);
        av_frame_free(&f);
        got = drain(e, &out, got);
    }
    assert_int_equal(engine_push(e, NULL, NULL), 0);
    got = drain(e, &out, got);
    assert_int_equal(got, in->frames);
    engine_close(&e);
    assert_null(e);
    return out;
}

static struct signal voice(int channels, int rate_hz, int64_t frames, double noise)
{
    struct signal s = signal_new(channels, rate_hz, frames);

    for (int c = 0; c < channels; c++)
        signal_voice(s.samples + c * frames, (size_t)frames, rate_hz, noise * (c + 1));
    return s;
}

static double energy(const float *x, int64_t count)
{
    double sum = 0.0;

    for (int64_t i = 0; i < count; i++)
        sum += (double)x[i] * x[i];
    return sum;
}

static void any_length_comes_out_as_it_went_in(void **state)
{
    static const int rates[] = { 8000, 11025, 16000, 22050, 44100, 48000, 96000, 7350 };
    uint32_t seed = 2024;

    (void)state;
    for (int i = 0; i < 200; i++) {
        const int rate = rates[(size_t)i % UNIT_COUNT(rates)];
        const double longest = i % 20 == 0 ? 2.5 * rate : 0.25 * rate;
        const int64_t frames = 1 + (int64_t)(fabs(signal_random(&seed)) * longest);
        const int channels = 1 + (int)(fabs(signal_random(&seed)) * 2.5);
        const int block = 1 + (int)(fabs(signal_random(&seed)) * 6000);
        struct signal in = voice(channels, rate, frames, 0.01);
        struct signal out = run(types[i % 2], (enum audio_strength)(i % 3), &in, block);

        for (int64_t n = 0; n < channels * frames; n++)
            assert_true(isfinite(out.samples[n]));
        free(in.samples);
        free(out.samples);
    }
}

static void blocks_do_not_matter(void **state)
{
    struct signal in = voice(1, 22050, 60000, 0.02);

    (void)state;
    for (size_t t = 0; t < UNIT_COUNT(types); t++) {
        struct signal a = run(types[t], AUDIO_STRENGTH_NORMAL, &in, 60000);
        struct signal b = run(types[t], AUDIO_STRENGTH_NORMAL, &in, 1009);

        assert_memory_equal(a.samples, b.samples, 60000 * sizeof(float));
        free(a.samples);
        free(b.samples);
    }
    free(in.samples);
}

static void channels_do_not_touch_each_other(void **state)
{
    struct signal both = voice(2, 16000, 40000, 0.02);
    struct signal one = { both.samples + 40000, 40000, 1, 16000 };

    (void)state;
    for (size_t t = 0; t < UNIT_COUNT(types); t++) {
        struct signal a = run(types[t], AUDIO_STRENGTH_NORMAL, &both, 4096);
        struct signal b = run(types[t], AUDIO_STRENGTH_NORMAL, &one, 4096);

        assert_memory_equal(a.samples + 40000, b.samples, 40000 * sizeof(float));
        free(a.samples);
        free(b.samples);
    }
    free(both.samples);
}

/* Noise alone, which is all there is in the second half of each case. */
static void noise_falls_more_the_stronger_the_wish(void **state)
{
    struct signal in = voice(1, 16000, 96000, 0.0);
    uint32_t seed = 9;

    (void)state;
    for (int64_t i = 0; i < in.frames; i++)
        in.samples[i] = (float)((i < 48000 ? in.samples[i] : 0.0f) +
                                0.02 * signal_random(&seed));
    for (size_t t = 0; t < UNIT_COUNT(types); t++) {
        double left[3];

        for (int s = 0; s < 3; s++) {
            struct signal out = run(types[t], (enum audio_strength)s, &in, 4096);

            left[s] = energy(out.samples + 60000, 30000) /
                      energy(in.samples + 60000, 30000);
            free(out.samples);
        }
        assert_true(left[AUDIO_STRENGTH_LIGHT] < 0.5);
        assert_true(left[AUDIO_STRENGTH_NORMAL] < 0.6 * left[AUDIO_STRENGTH_LIGHT]);
        assert_true(left[AUDIO_STRENGTH_STRONG] < left[AUDIO_STRENGTH_NORMAL]);
    }
    free(in.samples);
}

static void silence_stays_silent(void **state)
{
    struct signal in = signal_new(1, 48000, 100000);

    (void)state;
    for (size_t t = 0; t < UNIT_COUNT(types); t++) {
        struct signal out = run(types[t], AUDIO_STRENGTH_NORMAL, &in, 4096);

        assert_true(energy(out.samples, out.frames) < 1e-9);
        free(out.samples);
    }
    free(in.samples);
}

static void what_is_no_number_is_refused(void **state)
{
    static const float odd[] = { NAN, INFINITY, -INFINITY };

    (void)state;
    for (size_t t = 0; t < UNIT_COUNT(types) * UNIT_COUNT(odd); t++) {
        struct signal in = voice(2, 16000, 5000, 0.01);
        AVChannelLayout layout = { 0 };
        struct engine *e = NULL;
        struct err err = { 0 };
        AVFrame *f;

        in.samples[5000 + 4321] = odd[t / 2];
        f = block_of(&in, 0, 5000);
        av_channel_layout_default(&layout, 2);
        assert_int_equal(engine_open(types[t % 2],
                                     &(struct engine_input){ .sample_rate_hz = 16000,
                                                             .layout = &layout },
                                     &e, NULL),
                         0);
        assert_int_equal(engine_push(e, f, &err), ERR_NOT_MEDIA);
        assert_true(strlen(err.text) > 0);
        av_frame_free(&f);
        engine_close(&e);
        free(in.samples);
    }
}

/* Three seconds that the noise is learned from, then one sample or all at that level. */
static void loud_comes_out_as_numbers(const char *type, float level, bool is_after_silence)
{
    const int64_t frames = 64000, at = 50000;
    struct signal in = is_after_silence ? signal_new(1, 16000, frames)
                                        : voice(1, 16000, frames, 0.02);
    struct signal out;

    for (int64_t n = at; n < (is_after_silence ? frames : at + 1); n++)
        in.samples[n] = level;
    out = run(type, AUDIO_STRENGTH_NORMAL, &in, 4096);
    for (int64_t n = 0; n < frames; n++)
        assert_true(isfinite(out.samples[n]));
    free(in.samples);
    free(out.samples);
}

/* Floats may go far past full scale; those scaled as integers do. */
static void numbers_of_any_size_stay_numbers(void **state)
{
    static const float levels[] = { 1.0f, 8388608.0f, 2147483648.0f, 1e20f, FLT_MAX };

    (void)state;
    for (size_t i = 0; i < UNIT_COUNT(levels) * UNIT_COUNT(types); i++) {
        const float level = levels[i / UNIT_COUNT(types)];

        loud_comes_out_as_numbers(types[i % UNIT_COUNT(types)], level, false);
        loud_comes_out_as_numbers(types[i % UNIT_COUNT(types)], -level, true);
    }
}

static void the_shortest_have_their_length(void **state)
{
    (void)state;
    for (int i = 0; i < 12; i++) {
        struct signal in = voice(1, i % 4 < 2 ? 8000 : 192000, 1 + i / 4, 0.02);
        struct signal out = run(types[i % 2], AUDIO_STRENGTH_NORMAL, &in, 4096);

        assert_true(isfinite(out.samples[0]));
        free(in.samples);
        free(out.samples);
    }
}

static void an_unknown_type_has_no_engine(void **state)
{
    AVChannelLayout layout = AV_CHANNEL_LAYOUT_MONO;
    struct engine *e = NULL;

    (void)state;
    assert_int_equal(
        engine_open("karaoke",
                    &(struct engine_input){ .sample_rate_hz = 16000, .layout = &layout },
                    &e, NULL),
        ERR_NOT_FOUND);
    assert_null(e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_length_comes_out_as_it_went_in),
        cmocka_unit_test(blocks_do_not_matter),
        cmocka_unit_test(channels_do_not_touch_each_other),
        cmocka_unit_test(noise_falls_more_the_stronger_the_wish),
        cmocka_unit_test(silence_stays_silent),
        cmocka_unit_test(what_is_no_number_is_refused),
        cmocka_unit_test(numbers_of_any_size_stay_numbers),
        cmocka_unit_test(the_shortest_have_their_length),
        cmocka_unit_test(an_unknown_type_has_no_engine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
