/* Blocks of sound, files without a name, and a way back from a file to samples. */
#ifndef TESTS_UNIT_AUDIO_FIXTURE_H
#define TESTS_UNIT_AUDIO_FIXTURE_H

#include <libavutil/frame.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "audio/child/sink.h"
#include "audio/child/source.h"
#include "tests/unit/unit.h"

static const int64_t HOUR_US = INT64_C(3600000000);

static inline int fixture_file(void)
{
    const int fd = memfd_create("test", MFD_CLOEXEC);

    assert_true(fd >= 0);
    return fd;
}

/* A block of a chord that differs from channel to channel, from frame `at` on. */
static inline AVFrame *fixture_block(int rate, const AVChannelLayout *layout, int64_t at,
                                     int count)
{
    AVFrame *block = av_frame_alloc();

    assert_non_null(block);
    block->format = AV_SAMPLE_FMT_FLTP;
    block->sample_rate = rate;
    block->nb_samples = count;
    assert_int_equal(av_channel_layout_copy(&block->ch_layout, layout), 0);
    assert_int_equal(av_frame_get_buffer(block, 0), 0);
    for (int c = 0; c < layout->nb_channels; c++) {
        float *plane = (float *)(void *)block->extended_data[c];

        for (int i = 0; i < count; i++) {
            const double t = (double)(at + i) / rate;

            plane[i] = (float)(0.3 * sin(6.2831853 * (300 + 70 * c) * t) +
                               0.1 * sin(6.2831853 * 1100 * t));
        }
    }
    return block;
}

/* Writes `frames` frames in blocks of a length that fits nothing. */
static inline void fixture_write(const struct sink_config *config, int64_t frames,
                                 struct sink_result *ret)
{
    struct sink *s = NULL;
    struct err err = { 0 };

    if (sink_open(config, &s, &err) != 0)
        fail_msg("%s: %s", config->format, err.text);
    for (int64_t at = 0; at < frames;) {
        const int count = frames - at < 1237 ? (int)(frames - at) : 1237;
        AVFrame *block = fixture_block(config->sample_rate_hz, config->layout, at, count);

        if (sink_write(s, block, &err) != 0)
            fail_msg("%s: %s", config->format, err.text);
        av_frame_free(&block);
        at += count;
    }
    if (sink_finish(s, ret, &err) != 0)
        fail_msg("%s: %s", config->format, err.text);
    sink_close(&s);
}

/* What a file decodes to. */
struct fixture_sound {
    struct audio_info info;
    int64_t frames;
    float *first; /* the first channel, `frames` long; free it */
};

static inline int fixture_read(int fd, struct fixture_sound *ret, struct err *err)
{
    struct source *s = NULL;
    const AVFrame *block;
    int rc = source_open(fd, 24 * HOUR_US, &s, err);

    *ret = (struct fixture_sound){ .frames = 0 };
    if (rc)
        return rc;
    while ((rc = source_next(s, &block, err)) == 0 && block) {
        const size_t count = (size_t)block->nb_samples;

        ret->first = realloc(ret->first, ((size_t)ret->frames + count) * sizeof(float));
        assert_non_null(ret->first);
        memcpy(ret->first + ret->frames, block->extended_data[0], count * sizeof(float));
        ret->frames += block->nb_samples;
    }
    ret->info = *source_info(s);
    source_close(&s);
    return rc;
}

#endif
