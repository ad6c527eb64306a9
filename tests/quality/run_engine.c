/* run_engine TYPE RATE CHANNELS STRENGTH [BLOCK]: an engine by itself, without decoding or
 * sandbox: interleaved 32-bit floats from the standard input to the standard output. Says
 * on the standard error how many seconds of processor time the engine took. */
#include <libavutil/channel_layout.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "audio/audio.h"
#include "audio/child/engine.h"

static double busy_s(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static AVFrame *block_read(const struct engine_input *input, size_t frames)
{
    const size_t channels = (size_t)input->layout->nb_channels;
    float *samples = malloc(frames * channels * sizeof *samples);
    const size_t got = samples ? fread(samples, channels * sizeof *samples, frames, stdin)
                               : 0;
    AVFrame *block = got ? av_frame_alloc() : NULL;

    if (block) {
        block->format = AV_SAMPLE_FMT_FLTP;
        block->sample_rate = input->sample_rate_hz;
        block->nb_samples = (int)got;
        if (av_channel_layout_copy(&block->ch_layout, input->layout) < 0 ||
            av_frame_get_buffer(block, 0) < 0)
            av_frame_free(&block);
    }
    for (size_t c = 0; block && c < channels; c++) {
        float *plane = (float *)(void *)block->extended_data[c];

        for (size_t i = 0; i < got; i++)
            plane[i] = samples[i * channels + c];
    }
    free(samples);
    return block;
}

static void block_write(const AVFrame *block)
{
    for (int i = 0; i < block->nb_samples; i++) {
        for (int c = 0; c < block->ch_layout.nb_channels; c++)
            (void)fwrite(block->extended_data[c] + (size_t)i * sizeof(float), sizeof(float),
                         1, stdout);
    }
}

static int run(struct engine *e, const struct engine_input *input, size_t frames,
               double *ret_busy_s, struct err *err)
{
    const AVFrame *result;
    AVFrame *block;
    int rc, is_last;

    do {
        double started;

        block = block_read(input, frames);
        is_last = !block;
        started = busy_s();
        rc = engine_push(e, block, err);
        *ret_busy_s += busy_s() - started;
        while (rc == 0 && (rc = engine_pull(e, &result, err)) == 0 && result)
            block_write(result);
        av_frame_free(&block);
    } while (rc == 0 && !is_last);
    return rc;
}

int main(int argc, char **argv)
{
    static const char *const strengths[] = { "normal", "light", "strong" };
    AVChannelLayout layout = { 0 };
    struct engine_input input = { .layout = &layout };
    struct engine *e = NULL;
    struct err err = { 0 };
    double busy = 0.0;
    int rc;

    if (argc < 5)
        return 2;
    input.sample_rate_hz = atoi(argv[2]);
    av_channel_layout_default(&layout, atoi(argv[3]));
    for (int i = 0; i < 3; i++) {
        if (strcmp(argv[4], strengths[i]) == 0)
            input.strength = (enum audio_strength)i;
    }
    rc = engine_open(argv[1], &input, &e, &err);
    if (rc == 0)
        rc = run(e, &input, argc > 5 ? (size_t)atoi(argv[5]) : 4096, &busy, &err);
    engine_close(&e);
    if (rc)
        (void)fprintf(stderr, "%s\n", err.text);
    else
        (void)fprintf(stderr, "%.6f\n", busy);
    return rc ? 1 : 0;
}
